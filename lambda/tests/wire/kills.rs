//! The function is killed at every stage, cold and warm; Lambda tries again with a
//! new process. The trail is restored, and somebody is told.

use std::{
    sync::mpsc::{Sender, channel},
    thread,
    time::Duration,
};

use serde_json::json;

use crate::{
    answered,
    aws::{AUDIT, Aws, Disturbance, PUBLISH, START},
    declared::basic,
    http::Reply,
    lambda::{Function, new_request_id},
    stop,
};

const DEADLINE: Duration = Duration::from_secs(20);

/// When the process ends, seen from a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// The call is on its way and never arrives.
    Before,
    /// The call is done; its answer finds nobody.
    After,
}

/// The call with this number (from 0) of those to come is the last thing that the
/// process does; `seen` is told.
fn last_call(aws: &Aws, number: usize, moment: Moment, seen: Sender<String>) {
    let mut left = number;
    aws.state().disturb = Some(Box::new(move |operation, _| {
        if left > 0 {
            left -= 1;
            return None;
        }
        // The reads come side by side: those that are sent beside it are lost too.
        let _ = seen.send(operation.to_owned());
        Some(match moment {
            Moment::Before => Disturbance::Instead(Reply::Hang),
            Moment::After => Disturbance::After(Reply::Hang),
        })
    }));
}

fn check(number: usize, moment: Moment, is_warm: bool) {
    let aws = Aws::whole(Box::new(|_, _| None));
    let function = Function::start(&aws, &[]);
    if is_warm {
        aws.stop_again();
        answered(function.invoke(&stop()));
        aws.state().calls.clear();
    }
    aws.state().world.stop(AUDIT, 0.2);
    let event = stop().to_string();
    let request_id = new_request_id();
    let (seen, killed_at) = channel();
    last_call(&aws, number, moment, seen);
    function.give_out(&request_id, event.clone(), DEADLINE);
    let call = killed_at.recv_timeout(DEADLINE).expect("so many calls");
    function.kill();
    aws.state().disturb = None;
    let what = format!("{moment:?} call {number}, {call}, warm {is_warm}");

    let trail = || aws.trail()["is_logging"] == true;
    let was_started = number > 0 || moment == Moment::After;
    assert_eq!(trail(), was_started, "{what}");

    // Lambda's retry: the same request, another process.
    let function = Function::start(&aws, &[]);
    answered(function.invoke_as(&request_id, event.clone(), DEADLINE));
    assert_eq!(aws.trail(), basic().state(), "{what}");
    let told = aws.accepted(PUBLISH);
    let was_told = call == PUBLISH && moment == Moment::After;
    let is_noted = number > 0 && aws.operations()[..=number].contains(&PUBLISH.to_owned());
    match (was_told, is_noted) {
        // That the notice arrived is not known yet: twice is better than not at all.
        (true, _) => assert_eq!(told, 2, "{what}"),
        (_, true) => assert!((1..=2).contains(&told), "{what}: {told}"),
        _ => assert_eq!(told, 1, "{what}"),
    }

    // A copy of the event is silent.
    answered(function.invoke_as(&new_request_id(), event, DEADLINE));
    assert_eq!(aws.accepted(PUBLISH), told, "{what}: a copy is told");
}

#[test]
fn a_function_that_is_killed_at_any_call_leaves_its_work_to_the_retry() {
    let calls = {
        let aws = Aws::start(0.2, Box::new(|_, _| None));
        let function = Function::start(&aws, &[]);
        answered(function.invoke(&stop()));
        assert_eq!(aws.operations()[0], START);
        let calls = aws.operations().len();
        aws.state().calls.clear();
        aws.stop_again();
        answered(function.invoke(&stop()));
        [calls, aws.operations().len()]
    };
    assert!(calls.iter().all(|calls| *calls > 7), "{calls:?}");
    thread::scope(|scope| {
        for (is_warm, calls) in [false, true].into_iter().zip(calls) {
            for number in 0..calls {
                for moment in [Moment::Before, Moment::After] {
                    scope.spawn(move || check(number, moment, is_warm));
                }
            }
        }
    });
}

/// A sweep has no event that a retry could bring again: what it healed and did not
/// tell is found by the stop time of the trail.
#[test]
fn a_sweep_that_is_killed_before_its_notice_is_made_good_by_the_next() {
    let aws = Aws::whole(Box::new(|_, _| None));
    aws.attack("StopLogging", &json!({"Name": "audit"}));
    let function = Function::start(&aws, &[]);
    let sweep = json!({"trailkeeper": "sweep"}).to_string();
    let (seen, killed_at) = channel();
    aws.state().disturb = Some(Box::new(move |operation, _| {
        (operation == PUBLISH).then(|| {
            let _ = seen.send(());
            Disturbance::Instead(Reply::Hang)
        })
    }));
    let request_id = new_request_id();
    function.give_out(&request_id, sweep.clone(), DEADLINE);
    killed_at.recv_timeout(DEADLINE).unwrap();
    function.kill();
    aws.state().disturb = None;
    assert_eq!(aws.trail(), basic().state());
    let before = aws.accepted(PUBLISH);

    let function = Function::start(&aws, &[]);
    answered(function.invoke_as(&request_id, sweep, DEADLINE));
    assert_eq!(aws.accepted(PUBLISH), before + 1);
    let notice = aws.documents().pop().unwrap();
    assert_eq!(notice["event"]["name"], "StopLogging", "{notice:#}");
}
