//! The understudy's schedule, as the responder looks after it: told, and left to people,
//! who else could not destroy it.

use serde_json::{Value, json};

use crate::{
    answered,
    aws::{Aws, PUBLISH, now},
    guard::of,
    lambda::Function,
    parts::{SCHEDULE, VARIABLE, schedule_document},
};

fn document() -> Value {
    let mut document = schedule_document();
    document["restored"] = json!([]);
    document
}

fn guarded() -> (Aws, Function) {
    let aws = Aws::whole(Box::new(|_, _| None));
    let list = aws.guard_by_list(&[(SCHEDULE, document())]);
    let function = Function::start(&aws, &[(VARIABLE, &list)]);
    (aws, function)
}

fn sweep() -> Value {
    json!({"trailkeeper": "sweep"})
}

#[test]
fn disabled_or_gone_it_is_told_as_critical_and_left() {
    let disabled = json!({"name": "trailkeeper-sweep", "groupName": "trailkeeper", "state": "DISABLED",
                          "scheduleExpression": "rate(10 minutes)"});
    let update = of("scheduler", "UpdateSchedule", &disabled);
    for (is_gone, event) in [(false, update), (false, sweep()), (true, sweep())] {
        let (aws, function) = guarded();
        if is_gone {
            aws.state().parts.schedule = Value::Null;
        } else {
            aws.state().parts.schedule["State"] = json!("DISABLED");
        }
        let before = aws.parts();
        let answer = answered(function.invoke(&event));
        assert_eq!(answer, json!({"outcomes": ["reported"]}), "{event}");
        assert_eq!(aws.parts(), before);
        assert_eq!(aws.notice()["severity"], "critical");
        answered(function.invoke(&sweep()));
        // By the event, and by the sweeps once.
        let is_event = event != sweep();
        assert_eq!(aws.count(PUBLISH), 1 + usize::from(is_event), "{event}");
    }
}

#[test]
fn as_it_was_or_is_to_be_it_is_left_alone_while_it_is_deployed() {
    let (aws, function) = guarded();
    let mut new = document();
    new["declared"]["expression"] = json!("rate(5 minutes)");
    let parameter = aws.declare_part(SCHEDULE, &new);
    aws.state().support.written.insert(parameter, now() - 60.0);
    for expression in ["rate(10 minutes)", "rate(5 minutes)", "rate(365 days)"] {
        aws.state().parts.schedule["ScheduleExpression"] = json!(expression);
        answered(function.invoke(&sweep()));
        let is_neither = expression == "rate(365 days)";
        assert_eq!(aws.count(PUBLISH), usize::from(is_neither), "{expression}");
    }
}

#[test]
fn the_call_that_makes_it_what_is_declared_beside_is_told_as_critical() {
    let (aws, function) = guarded();
    let mut new = document();
    new["declared"]["expression"] = json!("rate(365 days)");
    let parameter = aws.declare_part(SCHEDULE, &new);
    aws.state().support.written.insert(parameter, now() - 60.0);
    aws.state().parts.schedule["ScheduleExpression"] = json!("rate(365 days)");
    let rare = json!({"name": "trailkeeper-sweep", "groupName": "trailkeeper", "state": "ENABLED",
                      "scheduleExpression": "rate(365 days)"});
    let answer = answered(function.invoke(&of("scheduler", "UpdateSchedule", &rare)));
    assert_eq!(answer, json!({"outcomes": ["unconfirmed"]}));
    assert_eq!(aws.notice()["severity"], "critical");
}
