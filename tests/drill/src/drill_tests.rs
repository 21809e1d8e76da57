use std::{cell::Cell, io::Write, rc::Rc};

use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;

use super::*;
use crate::{
    state::{Logging, Part},
    verdict::{Verdict, judge},
};

const ARN: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit";
const START: &str = "aws cloudtrail start-logging --name arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit --region eu-west-1";

/// A trail that somebody puts back, or nobody; and calls that fail in between.
#[derive(Default)]
struct Trail {
    stopped: Cell<Option<Instant>>,
    started: Cell<Option<Instant>>,
    healed_after: Option<Duration>,
    attack_fails: Option<CallError>,
    attack_works_all_the_same: bool,
    broken: Option<CallError>,
    broken_for: Option<Duration>,
    /// For so long after the attack, reads show the trail as it was before.
    stale_for: Duration,
    restore_fails: Option<CallError>,
    calls: RefCell<Vec<&'static str>>,
}

impl Trail {
    fn is_broken(&self) -> Result<(), CallError> {
        let since = self
            .stopped
            .get()
            .map(|at| at.elapsed())
            .unwrap_or_default();
        match &self.broken {
            Some(error) if self.broken_for.is_none_or(|limit| since < limit) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn is_on(&self) -> bool {
        let Some(stopped) = self.stopped.get() else {
            return true;
        };
        self.started.get().is_some()
            || self
                .healed_after
                .is_some_and(|after| stopped.elapsed() >= after)
    }
}

impl TrailApi for Trail {
    async fn read(&self, parts: &[Part]) -> Result<Reading, CallError> {
        assert_eq!(parts, [Part::Logging]);
        sleep(Duration::from_millis(250)).await;
        self.is_broken()?;
        let is_stale = self
            .stopped
            .get()
            .is_some_and(|at| at.elapsed() < self.stale_for);
        let logging = Logging {
            is_on: is_stale || self.is_on(),
            started_at: None,
            stopped_at: None,
        };
        Ok(Reading {
            logging: Some(logging),
            ..Reading::default()
        })
    }

    async fn attack(&self, call: &Call) -> Result<(), CallError> {
        self.calls.borrow_mut().push(call.operation());
        if self.attack_fails.is_none() || self.attack_works_all_the_same {
            self.stopped.set(Some(Instant::now()));
        }
        self.attack_fails.clone().map_or(Ok(()), Err)
    }

    async fn restore(&self, call: &Call) -> Result<(), CallError> {
        self.calls.borrow_mut().push(call.operation());
        self.is_broken()?;
        if let Some(error) = &self.restore_fails {
            return Err(error.clone());
        }
        self.started.set(Some(Instant::now()));
        Ok(())
    }
}

/// A queue with a notice after a while, and others after as long again; or one that
/// cannot be read.
struct Inbox {
    after: Duration,
    outcome: &'static str,
    outcome_of_others: &'static str,
    received: Cell<u32>,
    fails: bool,
}

impl InboxApi for Inbox {
    async fn receive(&self) -> Result<Vec<String>, CallError> {
        if self.fails {
            return Err(CallError::new(
                "sqs:ReceiveMessage",
                Some("AccessDenied"),
                "no",
            ));
        }
        sleep(self.after).await;
        let outcome = match self.received.replace(1) {
            0 => self.outcome,
            _ => self.outcome_of_others,
        };
        let document = json!({
            "schema": "trailkeeper.notice", "outcome": outcome, "trail": {"arn": ARN},
            "event": {"name": "StopLogging"},
        });
        let now = crate::moment::shown(OffsetDateTime::now_utc());
        let body = json!({"Message": document.to_string(), "Timestamp": now, "Subject": "HIGH"});
        Ok(vec!["no JSON".to_owned(), body.to_string()])
    }
}

#[derive(Clone, Default)]
struct Paper(Rc<RefCell<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(text)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs a drill of 30 s; signals come after so many milliseconds.
async fn ran(trail: &Trail, inbox: Option<&Inbox>, signals: &[u64]) -> (Verdict, Ran, String) {
    let paper = Paper::default();
    let screen = Screen::new(Box::new(paper.clone()), false);
    let arn: TrailArn = ARN.parse().unwrap();
    let logging = Logging {
        is_on: true,
        started_at: None,
        stopped_at: None,
    };
    let drill = Drill {
        arn: &arn,
        attack: Attack::Stop,
        call: Call::Stop,
        saved: Reading {
            logging: Some(logging),
            ..Reading::default()
        },
        budget: Duration::from_secs(30),
        restore_limit: Duration::from_secs(20),
        trail,
        inbox,
        screen: &screen,
    };
    let (sender, mut receiver) = unbounded_channel();
    let sending = async {
        for after in signals {
            sleep(Duration::from_millis(*after)).await;
            sender.send("SIGINT").unwrap();
        }
        std::future::pending::<()>().await;
    };
    let ran = tokio::select! {
        ran = drill.run(&mut receiver) => ran,
        () = sending => unreachable!(),
    };
    let (verdict, _) = judge(
        &ran.course,
        ran.attack_error.as_ref(),
        inbox.is_some(),
        drill.budget,
    );
    let text = String::from_utf8(paper.0.borrow().clone()).unwrap();
    (verdict, ran, text)
}

fn healed() -> Trail {
    Trail {
        healed_after: Some(Duration::from_millis(600)),
        ..Trail::default()
    }
}

fn expired() -> CallError {
    CallError::new(
        "cloudtrail:GetTrailStatus",
        Some("ExpiredTokenException"),
        "expired",
    )
}

fn unreachable() -> CallError {
    CallError::new("cloudtrail:GetTrailStatus", None, "connection refused")
}

fn inbox(after: u64, outcome: &'static str) -> Inbox {
    Inbox {
        after: Duration::from_secs(after),
        outcome,
        outcome_of_others: outcome,
        received: Cell::default(),
        fails: false,
    }
}

#[tokio::test(start_paused = true)]
async fn a_responder_that_answers_passes() {
    let trail = healed();
    let (verdict, ran, _) = ran(&trail, Some(&inbox(2, "restored")), &[]).await;
    assert_eq!(verdict, Verdict::Passed);
    assert_eq!(*trail.calls.borrow(), ["StopLogging"]);
    assert_eq!(ran.course.restored.unwrap().0, 750);
    assert_eq!(ran.course.weakened_until_ms, Some(250));
    assert_eq!(ran.course.notice.unwrap().0, 2_000);
}

#[tokio::test(start_paused = true)]
async fn a_responder_that_does_not_answer_fails_and_the_drill_starts_the_trail() {
    let trail = Trail::default();
    let (verdict, ran, text) = ran(&trail, None, &[]).await;
    assert_eq!(verdict, Verdict::Failed);
    assert_eq!(*trail.calls.borrow(), ["StopLogging", "StartLogging"]);
    assert!(ran.course.restored.unwrap().0 >= 30_000);
    assert!(
        text.contains("still: logging is off (10 s of 30 s)"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_notice_that_does_not_come_fails_within_the_budget() {
    let started = Instant::now();
    let (verdict, ..) = ran(&healed(), Some(&inbox(500, "restored")), &[]).await;
    assert_eq!(
        (verdict, started.elapsed().as_secs()),
        (Verdict::Failed, 30)
    );
}

#[tokio::test(start_paused = true)]
async fn a_notice_of_a_first_try_that_failed_is_not_the_last_word() {
    let queue = Inbox {
        outcome_of_others: "restored",
        ..inbox(4, "unverified")
    };
    let (verdict, ran, _) = ran(&healed(), Some(&queue), &[]).await;
    assert_eq!(verdict, Verdict::Passed);
    assert_eq!(ran.course.notice.unwrap().0, 8_000);

    let (verdict, ran, text) = self::ran(&healed(), Some(&inbox(4, "unverified")), &[]).await;
    assert_eq!(verdict, Verdict::Failed);
    assert_eq!(ran.course.notice.unwrap().1.outcome, "unverified");
    assert!(text.contains("no notice says so"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_cannot_be_read_fails_and_is_not_waited_for() {
    let started = Instant::now();
    let inbox = Inbox {
        fails: true,
        ..inbox(0, "")
    };
    let (verdict, ran, _) = ran(&healed(), Some(&inbox), &[]).await;
    assert_eq!(verdict, Verdict::Failed);
    assert!(ran.course.inbox_error.is_some() && started.elapsed().as_secs() < 10);
}

#[tokio::test(start_paused = true)]
async fn a_responder_that_only_observes_is_not_waited_for() {
    let trail = Trail::default();
    let started = Instant::now();
    let (verdict, ..) = ran(&trail, Some(&inbox(2, "would_restore")), &[]).await;
    assert_eq!(verdict, Verdict::Failed);
    assert_eq!(*trail.calls.borrow(), ["StopLogging", "StartLogging"]);
    assert!(started.elapsed().as_secs() < 5);
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_starts_the_trail() {
    let trail = Trail::default();
    let (verdict, ran, _) = ran(&trail, None, &[1_000]).await;
    assert_eq!(verdict, Verdict::NotRun);
    assert_eq!(*trail.calls.borrow(), ["StopLogging", "StartLogging"]);
    assert!(trail.is_on() && ran.course.interrupted_by == Some("SIGINT"));
}

#[tokio::test(start_paused = true)]
async fn more_interrupts_do_not_keep_the_trail_from_being_started() {
    let (broken, broken_for) = (Some(unreachable()), Some(Duration::from_secs(9)));
    let trail = Trail {
        broken,
        broken_for,
        ..Trail::default()
    };
    let (verdict, _, text) = ran(&trail, None, &[1_000, 1_000, 1_000]).await;
    assert!(trail.is_on());
    assert_eq!(verdict, Verdict::NotRun);
    assert!(
        text.contains(&format!(
            "not before the trail is back. By hand:\n{START}\n"
        )),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_network_is_never_a_trail_that_is_back() {
    let trail = Trail {
        broken: Some(unreachable()),
        ..healed()
    };
    let started = Instant::now();
    let (verdict, ran, text) = ran(&trail, None, &[]).await;
    assert_eq!(verdict, Verdict::MaybeWeakened);
    assert_eq!(started.elapsed().as_secs(), 50);
    assert!(ran.course.failed_reads > 20);
    assert!(text.contains(START));
}

#[tokio::test(start_paused = true)]
async fn a_network_that_comes_back_is_enough() {
    let (broken, broken_for) = (Some(unreachable()), Some(Duration::from_secs(5)));
    let trail = Trail {
        broken,
        broken_for,
        ..healed()
    };
    let (verdict, ran, _) = ran(&trail, None, &[]).await;
    // Old answers are told from new ones here only by their staying so.
    assert_eq!(verdict, Verdict::Passed);
    assert!(ran.course.restored.unwrap().0 >= 5_000);
}

#[tokio::test(start_paused = true)]
async fn expired_credentials_are_told_before_the_budget_is_spent() {
    let trail = Trail {
        broken: Some(expired()),
        ..Trail::default()
    };
    let started = Instant::now();
    let (verdict, ..) = ran(&trail, Some(&inbox(500, "restored")), &[]).await;
    assert_eq!(verdict, Verdict::MaybeWeakened);
    assert!(
        started.elapsed().as_secs() < 25,
        "the limit for the way back, and little more"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_attack_changes_nothing() {
    let refused = CallError::new(
        "cloudtrail:StopLogging",
        Some("AccessDeniedException"),
        "no",
    );
    let trail = Trail {
        attack_fails: Some(refused),
        ..Trail::default()
    };
    let (verdict, ..) = ran(&trail, None, &[]).await;
    assert_eq!((verdict, trail.is_on()), (Verdict::NotRun, true));
    assert_eq!(*trail.calls.borrow(), ["StopLogging"]);
}

#[tokio::test(start_paused = true)]
async fn an_attack_without_answer_is_undone() {
    let attack_fails = Some(CallError::new("cloudtrail:StopLogging", None, "timeout"));
    let trail = Trail {
        attack_fails,
        attack_works_all_the_same: true,
        ..Trail::default()
    };
    let (verdict, ..) = ran(&trail, None, &[]).await;
    assert_eq!((verdict, trail.is_on()), (Verdict::NotRun, true));
    assert_eq!(*trail.calls.borrow(), ["StopLogging", "StartLogging"]);
}

#[tokio::test(start_paused = true)]
async fn an_attack_that_aws_answers_with_a_fault_of_its_own_is_undone() {
    let fault = CallError::new("cloudtrail:StopLogging", Some("InternalFailure"), "").of_fault();
    let trail = Trail {
        attack_fails: Some(fault),
        attack_works_all_the_same: true,
        ..Trail::default()
    };
    let (verdict, ..) = ran(&trail, None, &[]).await;
    assert_eq!((verdict, trail.is_on()), (Verdict::NotRun, true));
    assert_eq!(*trail.calls.borrow(), ["StopLogging", "StartLogging"]);
}

#[tokio::test(start_paused = true)]
async fn an_old_answer_does_not_keep_an_interrupt_from_starting_the_trail() {
    let trail = Trail {
        stale_for: Duration::from_secs(2),
        ..Trail::default()
    };
    let (verdict, ran, _) = ran(&trail, None, &[600]).await;
    assert!(ran.course.reads > 1, "it was read as before");
    assert_eq!((verdict, trail.is_on()), (Verdict::NotRun, true));
    assert_eq!(*trail.calls.borrow(), ["StopLogging", "StartLogging"]);
}

#[tokio::test(start_paused = true)]
async fn an_old_answer_is_not_believed_if_the_start_was_refused() {
    let denied = CallError::new("cloudtrail:StartLogging", Some("AccessDenied"), "no");
    let trail = Trail {
        stale_for: Duration::from_secs(2),
        restore_fails: Some(denied),
        ..Trail::default()
    };
    let (verdict, ..) = ran(&trail, None, &[600]).await;
    assert_eq!((verdict, trail.is_on()), (Verdict::MaybeWeakened, false));
}
