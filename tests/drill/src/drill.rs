//! The drill itself, from the attack to a trail that is as before, or to the word
//! that nobody knows whether it is.

use std::{cell::RefCell, time::Duration};

use time::OffsetDateTime;
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    api::{InboxApi, TrailApi},
    arn::TrailArn,
    attack::{Attack, remedy},
    call::Call,
    course::{Course, Restorer, Seen},
    error::CallError,
    notice::{Notice, Wanted},
    screen::Screen,
    state::Reading,
};

/// Between two tries to put the trail back: CloudTrail takes about one change a second.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);
/// Between two questions after one that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// After so many failures in a row the queue is given up.
const INBOX_FAILURES: u32 = 3;
/// How often a person is told that the drill still waits.
const STILL_WAITING: Duration = Duration::from_secs(10);

/// What is to be done.
pub struct Drill<'a, T, I> {
    /// The trail's name.
    pub arn: &'a TrailArn,
    /// The attack.
    pub attack: Attack,
    /// Its call.
    pub call: Call,
    /// The trail before.
    pub saved: Reading,
    /// The time from the attack until everything must be seen.
    pub budget: Duration,
    /// The time that the drill itself takes to put the trail back.
    pub restore_limit: Duration,
    /// The trail.
    pub trail: &'a T,
    /// The queue; without it the notice is not followed.
    pub inbox: Option<&'a I>,
    /// What is told meanwhile.
    pub screen: &'a Screen,
}

/// Waiting on is of no use.
struct Hopeless;

/// How it went.
pub struct Ran {
    /// What was seen.
    pub course: Course,
    /// When the attack was accepted, by this machine's time of day.
    pub accepted_at: OffsetDateTime,
    /// Why the attack was not made, or not known to be.
    pub attack_error: Option<CallError>,
}

impl<T: TrailApi, I: InboxApi> Drill<'_, T, I> {
    /// Attacks, follows, and puts the trail back if nobody else does. Signals end
    /// the waiting, never the way back.
    pub async fn run(&self, signals: &mut UnboundedReceiver<&'static str>) -> Ran {
        let sent = Instant::now();
        let wall = OffsetDateTime::now_utc();
        let attacked = self.trail.attack(&self.call).await;
        let zero = Instant::now();
        let attack_ms = millis(zero - sent);
        let accepted_at = wall + Duration::from_millis(attack_ms.unsigned_abs());
        let mut course = Course::new(self.attack, self.saved.clone(), attack_ms);
        match &attacked {
            Ok(()) => {
                let (operation, effect) = (self.call.operation(), self.attack.effect());
                self.screen.say(&format!("{operation} accepted: {effect}"));
                course = self.follow(course, zero, wall, signals).await;
            }
            Err(error) => self
                .screen
                .warn(&format!("the attack was not accepted: {error}")),
        }
        self.put_back(&mut course, zero, signals, attacked.as_ref().err())
            .await;
        Ran {
            course,
            accepted_at,
            attack_error: attacked.err(),
        }
    }

    /// Looks on until everything is seen, the budget is spent, or a signal comes.
    async fn follow(
        &self,
        course: Course,
        zero: Instant,
        since: OffsetDateTime,
        signals: &mut UnboundedReceiver<&'static str>,
    ) -> Course {
        let course = RefCell::new(course);
        let looking = async {
            let notice = self.watch_inbox(&course, zero, since);
            let _ = tokio::try_join!(self.watch_trail(&course, zero), notice);
        };
        let waiting = async {
            loop {
                sleep(STILL_WAITING).await;
                self.say_waiting(&course.borrow(), zero);
            }
        };
        let interrupted_by = tokio::select! {
            biased;
            () = looking => None,
            Some(signal) = signals.recv() => Some(signal),
            () = sleep_until(zero + self.budget) => None,
            () = waiting => None,
        };
        let mut course = course.into_inner();
        course.interrupted_by = interrupted_by;
        if let Some(signal) = interrupted_by {
            self.screen.warn(&format!("{signal}: the drill ends here"));
        } else if !course.is_complete(self.inbox.is_some()) {
            let seconds = zero.elapsed().as_secs();
            self.screen.warn(&format!(
                "{seconds} s after the attack, the drill stops waiting"
            ));
        }
        course
    }

    fn say_waiting(&self, course: &Course, zero: Instant) {
        let what = match (course.verified_ms, &course.read_error) {
            (Some(_), _) => "the trail is as before, no notice says so".to_owned(),
            (None, Some(_)) => "the trail cannot be seen".to_owned(),
            (None, None) => format!("still: {}", self.attack.effect()),
        };
        let (now, budget) = (zero.elapsed().as_secs(), self.budget.as_secs());
        self.screen.say(&format!("{what} ({now} s of {budget} s)"));
    }

    /// Asks again and again, until the trail is as before or it is of no use.
    async fn watch_trail(&self, course: &RefCell<Course>, zero: Instant) -> Result<(), Hopeless> {
        let all_is_watched = self.attack.watched() == self.attack.saved();
        loop {
            let is_whole = all_is_watched || course.borrow().is_worth_a_whole_reading();
            let parts = if is_whole {
                self.attack.saved()
            } else {
                self.attack.watched()
            };
            let asked_ms = millis(zero.elapsed());
            let answer = self.trail.read(parts).await;
            let answered_ms = millis(zero.elapsed());
            match answer {
                Ok(reading) => {
                    course.borrow_mut().take(Seen::Read {
                        asked_ms,
                        answered_ms,
                        reading,
                        is_whole,
                    });
                    if course.borrow().verified_ms.is_some() {
                        self.screen.say("the trail is as before, read back");
                        return Ok(());
                    }
                }
                Err(error) => {
                    if course.borrow().read_error.is_none() {
                        self.screen
                            .warn(&format!("the trail cannot be seen: {error}"));
                        self.screen
                            .warn(&format!("If this goes on: {}", self.commands().join("; ")));
                    }
                    course.borrow_mut().take(Seen::Unreadable(error));
                    sleep(AFTER_FAILURE).await;
                }
            }
            if course.borrow().is_hopeless() {
                return Err(Hopeless);
            }
        }
    }

    /// Fetches messages until a notice is among them that says how it ended.
    async fn watch_inbox(
        &self,
        course: &RefCell<Course>,
        zero: Instant,
        since: OffsetDateTime,
    ) -> Result<(), Hopeless> {
        let Some(inbox) = self.inbox else {
            return Ok(());
        };
        let wanted = Wanted {
            trail: self.arn,
            operation: self.call.operation(),
            since,
        };
        let mut failures = 0;
        while !course.borrow().is_last_notice() {
            match inbox.receive().await {
                Ok(bodies) => {
                    failures = 0;
                    let at = millis(zero.elapsed());
                    for notice in bodies.iter().filter_map(|body| Notice::read(body, wanted)) {
                        self.screen
                            .say(&format!("notice received: {}", notice.subject));
                        course.borrow_mut().take(Seen::Notice(at, notice));
                    }
                }
                Err(error) => {
                    failures += 1;
                    if failures == INBOX_FAILURES {
                        self.screen
                            .warn(&format!("the queue cannot be read: {error}"));
                        course.borrow_mut().take(Seen::InboxFailed(error));
                        return Ok(());
                    }
                    sleep(AFTER_FAILURE).await;
                }
            }
        }
        Ok(())
    }

    /// Reads whether the trail is as before, and makes it so, until it is or the
    /// limit is reached. A signal does not end this: it is told what it would leave.
    async fn put_back(
        &self,
        course: &mut Course,
        zero: Instant,
        signals: &mut UnboundedReceiver<&'static str>,
        attack_error: Option<&CallError>,
    ) {
        if course.verified_ms.is_some() || attack_error.is_some_and(CallError::is_certain) {
            return;
        }
        // What reads as before without a proof may be an old answer: a call too many
        // does no harm.
        let mut calls = if course.is_put_back() {
            Vec::new()
        } else {
            self.remedy()
        };
        let way_back = async {
            if !calls.is_empty() {
                self.screen.say("the drill puts the trail back itself");
            }
            let mut by = Restorer::Others;
            let mut is_sure = true;
            loop {
                if !calls.is_empty() {
                    (by, is_sure) = (Restorer::Drill, true);
                }
                for call in &calls {
                    match self.trail.restore(call).await {
                        Ok(()) => self.screen.say(&format!("{} accepted", call.operation())),
                        Err(error) => {
                            is_sure = false;
                            self.screen.warn(&error.to_string());
                        }
                    }
                }
                let asked_ms = millis(zero.elapsed());
                let answer = self.trail.read(self.attack.saved()).await;
                let answered_ms = millis(zero.elapsed());
                match answer {
                    Ok(reading) => {
                        calls = remedy(&self.saved, &reading);
                        if is_sure {
                            course.take_back(asked_ms, answered_ms, &reading, by);
                        } else {
                            course.take(Seen::Read {
                                asked_ms,
                                answered_ms,
                                reading,
                                is_whole: true,
                            });
                        }
                        if course.verified_ms.is_some() {
                            self.screen.say("the trail is as before, read back");
                            return;
                        }
                    }
                    Err(error) => {
                        self.screen.warn(&error.to_string());
                        course.take(Seen::Unreadable(error));
                    }
                }
                sleep(BETWEEN_TRIES).await;
            }
        };
        let told = async {
            while let Some(signal) = signals.recv().await {
                self.screen
                    .warn(&format!("{signal}: not before the trail is back. By hand:"));
                self.commands()
                    .iter()
                    .for_each(|command| self.screen.line(command));
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = way_back => {}
            () = sleep(self.restore_limit) => {}
            () = told => {}
        }
    }

    /// The calls that undo the attack.
    fn remedy(&self) -> Vec<Call> {
        remedy(&self.saved, &self.attack.aftermath(&self.saved))
    }

    /// The same for a person.
    fn commands(&self) -> Vec<String> {
        self.remedy()
            .iter()
            .map(|call| call.command(self.arn))
            .collect()
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "drill_tests.rs"]
mod tests;
