//! Figures, not verdicts: `make start-up` prints them.

#![allow(clippy::print_stdout, reason = "figures are for people")]

use std::time::{Duration, Instant};

use crate::{
    answered,
    aws::{Aws, START},
    lambda::{Function, peak_memory_kib},
    stop,
};

#[test]
#[ignore = "prints figures; run by `make start-up`"]
fn start_up() {
    const RUNS: usize = 41;
    let (mut cold, mut warm, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let aws = Aws::start(0.2, Box::new(|_, _| None));
        let begun = Instant::now();
        let function = Function::start(&aws, &[]);
        answered(function.invoke(&stop()));
        cold.push(start_seen(&aws) - begun);
        aws.stop_again();
        aws.state().calls.clear();
        let begun = Instant::now();
        answered(function.invoke(&stop()));
        warm.push(start_seen(&aws) - begun);
        memory.push(peak_memory_kib(&function));
    }
    println!("{RUNS} runs over plain HTTP on loopback: median (least, most)");
    println!(
        "process start to StartLogging on the wire: {}",
        show(&mut cold)
    );
    println!(
        "warm, event given out to StartLogging on the wire: {}",
        show(&mut warm)
    );
    memory.sort_unstable();
    println!(
        "peak memory: {} KiB ({}, {})",
        memory[RUNS / 2],
        memory[0],
        memory[RUNS - 1]
    );
}

fn start_seen(aws: &Aws) -> Instant {
    let state = aws.state();
    state
        .calls
        .iter()
        .find(|call| call.operation == START)
        .unwrap()
        .at
}

fn show(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let ms = |n: usize| times[n].as_secs_f64() * 1_000.0;
    format!(
        "{:.2} ms ({:.2}, {:.2})",
        ms(times.len() / 2),
        ms(0),
        ms(times.len() - 1)
    )
}
