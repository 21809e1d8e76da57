//! Every call that the function makes, failing in every way: `make faults` prints
//! what comes of it, and fails if a law is broken.

#![allow(clippy::print_stdout, reason = "the matrix is for people")]

mod cell;
mod columns;
mod report;
mod rows;

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use cell::Cell;

/// Cells side by side. Nearly all of their time is spent waiting.
const SIDE_BY_SIDE: usize = 96;

#[test]
#[ignore = "prints the matrix; run by `make faults`"]
fn fault_matrix() {
    let without_row = rows::without_row();
    assert!(
        without_row.is_empty(),
        "calls that have no row in matrix/rows.rs: {without_row:?}"
    );
    let begun = Instant::now();
    let only = env::var("FAULTS_ONLY").unwrap_or_default();
    let mut cells = cell::all();
    cells.retain(|(row, fault, _)| format!("{} {}", row.name, fault.name()).contains(&only));
    let total = cells.len();
    println!(
        "{total} cells; each with a deadline of {} s",
        cell::DEADLINE.as_secs()
    );
    let cells = Mutex::new(cells.into_iter());
    let done: Mutex<Vec<Cell>> = Mutex::new(Vec::new());
    let broken: Mutex<Vec<String>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let Some((row, fault, length)) = cells.lock().unwrap().next() else {
                        return;
                    };
                    match catch_unwind(AssertUnwindSafe(|| cell::run(row, fault, length))) {
                        Ok(cell) => done.lock().unwrap().push(cell),
                        Err(_) => broken.lock().unwrap().push(format!(
                            "{} {} {length:?}",
                            row.name,
                            fault.name()
                        )),
                    }
                }
            });
        }
        scope.spawn(|| {
            loop {
                thread::sleep(Duration::from_secs(5));
                let ready = done.lock().unwrap().len() + broken.lock().unwrap().len();
                println!("  {:>3} s: {ready} of {total}", begun.elapsed().as_secs());
                if ready == total {
                    return;
                }
            }
        });
    });
    let cells = done.into_inner().unwrap();
    println!("{}", report::matrix(&cells));
    println!("{}", report::groups(&cells));
    println!("{total} cells in {} s", begun.elapsed().as_secs());
    if let Ok(file) = env::var("FAULTS_TABLE") {
        fs::write(&file, report::document(&cells)).unwrap_or_else(|e| panic!("{file}: {e}"));
    }
    let mut wrong = broken.into_inner().unwrap();
    for cell in &cells {
        let name = format!(
            "{}, {}, {:?}",
            cell.row.name,
            cell.fault.name(),
            cell.length
        );
        wrong.extend(cell.wrong.iter().map(|why| format!("{name}: {why}")));
    }
    wrong.sort();
    assert!(wrong.is_empty(), "against the laws:\n{}", wrong.join("\n"));
}
