use serde_json::json;

use super::*;
use crate::{
    attack::Attack,
    course::Seen,
    notice::Notice,
    state::{Logging, Part, Reading},
};

const BUDGET: Duration = Duration::from_secs(30);

fn reading(is_on: bool) -> Reading {
    let logging = Logging {
        is_on,
        started_at: None,
        stopped_at: None,
    };
    Reading {
        logging: Some(logging),
        ..Reading::default()
    }
}

fn course(back_by: Option<Restorer>, outcome: Option<&str>) -> Course {
    let mut course = Course::new(Attack::Stop, reading(true), 5);
    let weakened = Seen::Read {
        asked_ms: 1,
        answered_ms: 2,
        reading: reading(false),
        is_whole: true,
    };
    course.take(weakened);
    if let Some(by) = back_by {
        course.take_back(3, 4, &reading(true), by);
    }
    if let Some(outcome) = outcome {
        let notice = Notice {
            subject: String::new(),
            outcome: outcome.to_owned(),
            severity: "high".to_owned(),
            actor: None,
            started_at: None,
            verified_at: None,
            calls: Vec::new(),
            document: json!({}),
        };
        course.take(Seen::Notice(5, notice));
    }
    course
}

#[test]
fn what_passes() {
    let others = Some(Restorer::Others);
    for (course, with_notice) in [
        (course(others, None), false),
        (course(others, Some("restored")), true),
        (course(others, Some("already_logging")), true),
    ] {
        assert_eq!(
            judge(&course, None, with_notice, BUDGET),
            (Verdict::Passed, Vec::new())
        );
    }
}

#[test]
fn what_fails_with_the_trail_as_before() {
    let others = Some(Restorer::Others);
    for (course, with_notice, reason) in [
        (
            course(Some(Restorer::Drill), None),
            false,
            "nobody put the trail back within 30 s",
        ),
        (course(others, None), true, "no notice came within 30 s"),
        (
            course(others, Some("not_restored")),
            true,
            "it says \"not_restored\"",
        ),
        (
            course(Some(Restorer::Drill), Some("would_restore")),
            true,
            "only observes",
        ),
    ] {
        let (verdict, reasons) = judge(&course, None, with_notice, BUDGET);
        assert_eq!(verdict, Verdict::Failed);
        assert!(reasons.join("; ").contains(reason), "{reasons:?}");
    }
}

#[test]
fn a_trail_that_is_not_proven_to_be_back_is_never_less_than_that() {
    let mut interrupted = course(None, Some("restored"));
    interrupted.interrupted_by = Some("SIGINT");
    for course in [course(None, None), interrupted] {
        let (verdict, reasons) = judge(&course, None, false, BUDGET);
        assert_eq!((verdict, verdict.exit_code()), (Verdict::MaybeWeakened, 3));
        assert!(reasons.join("").contains(Part::Logging.as_str()));
    }
    let mut blind = course(None, None);
    blind.take(Seen::Unreadable(CallError::new(
        "x",
        None,
        "connection refused",
    )));
    let (verdict, reasons) = judge(&blind, None, false, BUDGET);
    assert_eq!(verdict, Verdict::MaybeWeakened);
    assert!(reasons.join("").contains("connection refused"));
}

#[test]
fn an_interrupt_is_no_result() {
    let mut course = course(Some(Restorer::Drill), None);
    course.interrupted_by = Some("SIGTERM");
    assert_eq!(judge(&course, None, false, BUDGET).0, Verdict::NotRun);
}

#[test]
fn an_attack_that_was_refused_is_no_result_one_without_answer_may_have_been_made() {
    let refused = CallError::new("cloudtrail:StopLogging", Some("AccessDenied"), "no");
    let lost = CallError::new("cloudtrail:StopLogging", None, "timeout");
    let (back, not_back) = (course(Some(Restorer::Drill), None), course(None, None));
    assert_eq!(
        judge(&not_back, Some(&refused), false, BUDGET).0,
        Verdict::NotRun
    );
    assert_eq!(judge(&back, Some(&lost), false, BUDGET).0, Verdict::NotRun);
    assert_eq!(
        judge(&not_back, Some(&lost), false, BUDGET).0,
        Verdict::MaybeWeakened
    );
}
