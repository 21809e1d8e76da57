//! What was seen of the trail and of the notice after the attack. Pure: what comes
//! in has its moment with it, in milliseconds since the attack was accepted.

use time::OffsetDateTime;

use crate::{
    attack::Attack,
    error::{CallError, Kind},
    moment,
    notice::Notice,
    state::{Logging, Part, Reading},
};

/// CloudTrail is eventually consistent: a trail that never read as weakened counts
/// as restored only after it read as before for so long, unless something proves it.
const SETTLED_MS: i64 = 3_000;
/// After so many refusals in a row of the caller as such, looking on is of no use.
const REFUSALS: u32 = 3;

/// Something that was seen.
#[derive(Clone, Debug)]
pub enum Seen {
    /// The trail was read.
    Read {
        /// When the question was sent: until then at least, it was so.
        asked_ms: i64,
        /// When the answer was there: by then at the latest, it was so.
        answered_ms: i64,
        /// What the trail is.
        reading: Reading,
        /// Whether all was read that was saved, or only what is watched.
        is_whole: bool,
    },
    /// The trail could not be read.
    Unreadable(CallError),
    /// A notice about the attack arrived.
    Notice(i64, Notice),
    /// The queue could not be read.
    InboxFailed(CallError),
}

/// Who put the trail back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restorer {
    /// Not the drill: the responder, as far as the drill can know.
    Others,
    /// The drill itself.
    Drill,
}

/// Without logging, by the trail's own times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Milliseconds from stop to start.
    pub ms: i64,
    /// The times are in whole seconds, so `ms` is right to a second only.
    pub is_rough: bool,
    /// The stop, by AWS's clock.
    pub stop: OffsetDateTime,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Course {
    attack: Attack,
    saved: Reading,
    /// How long the attacking call took.
    pub attack_ms: i64,
    /// How often the trail was read.
    pub reads: u32,
    /// How often it could not be read.
    pub failed_reads: u32,
    /// When it was last seen weakened; `None` if it never was.
    pub weakened_until_ms: Option<i64>,
    /// Since when it reads as before; `None` if it does not.
    as_before_since_ms: Option<i64>,
    /// When it was first seen as before, and who put it back.
    pub restored: Option<(i64, Restorer)>,
    /// When a reading of all that was saved showed it as before.
    pub verified_ms: Option<i64>,
    /// In what it differed when last read.
    pub differs: Vec<Part>,
    /// The trail's own times.
    pub logging: Option<Logging>,
    /// The notice, and when it arrived.
    pub notice: Option<(i64, Notice)>,
    /// Why the queue is no longer read.
    pub inbox_error: Option<CallError>,
    /// Why the trail was not seen, the last time.
    pub read_error: Option<CallError>,
    refusals: u32,
    /// The signal that ended it.
    pub interrupted_by: Option<&'static str>,
}

impl Course {
    /// The beginning.
    #[must_use]
    pub fn new(attack: Attack, saved: Reading, attack_ms: i64) -> Self {
        Self {
            attack,
            saved,
            attack_ms,
            reads: 0,
            failed_reads: 0,
            weakened_until_ms: None,
            as_before_since_ms: None,
            restored: None,
            verified_ms: None,
            differs: Vec::new(),
            logging: None,
            notice: None,
            inbox_error: None,
            read_error: None,
            refusals: 0,
            interrupted_by: None,
        }
    }

    /// The trail as it was before the attack.
    #[must_use]
    pub fn saved(&self) -> &Reading {
        &self.saved
    }

    /// The attack.
    #[must_use]
    pub fn attack(&self) -> Attack {
        self.attack
    }

    /// Takes in what was seen.
    pub fn take(&mut self, seen: Seen) {
        match seen {
            Seen::Read {
                asked_ms,
                answered_ms,
                reading,
                is_whole,
            } => {
                self.reads += 1;
                self.refusals = 0;
                self.read_error = None;
                self.logging = reading.logging.or(self.logging);
                self.differs = reading.differs_from(&self.saved);
                if self.differs.is_empty() {
                    let since = *self.as_before_since_ms.get_or_insert(answered_ms);
                    let is_settled = answered_ms - since >= SETTLED_MS;
                    if is_whole && (is_settled || self.is_proven()) {
                        self.restored.get_or_insert((since, Restorer::Others));
                        self.verified_ms.get_or_insert(answered_ms);
                    }
                } else {
                    self.weakened_until_ms = Some(asked_ms);
                    self.as_before_since_ms = None;
                    // It was put back and weakened again.
                    self.restored = None;
                    self.verified_ms = None;
                }
            }
            Seen::Unreadable(error) => {
                self.failed_reads += 1;
                let is_refused = matches!(error.kind, Kind::Credentials | Kind::Denied);
                self.refusals = if is_refused { self.refusals + 1 } else { 0 };
                self.read_error = Some(error);
            }
            Seen::Notice(at, notice) => {
                // The first try may have failed, and told so; the one that follows counts.
                if !self.is_told() {
                    self.notice = Some((at, notice));
                }
            }
            Seen::InboxFailed(error) => self.inbox_error = Some(error),
        }
    }

    /// Takes in a reading of all that was saved, made on the way back after the calls
    /// of `by`, all of which were accepted: then an old answer does no harm.
    pub fn take_back(&mut self, asked_ms: i64, answered_ms: i64, reading: &Reading, by: Restorer) {
        let since = self.as_before_since_ms;
        self.take(Seen::Read {
            asked_ms,
            answered_ms,
            reading: reading.clone(),
            is_whole: true,
        });
        if self.differs.is_empty() {
            let at = since
                .filter(|_| by == Restorer::Others)
                .unwrap_or(answered_ms);
            self.restored = Some((at, by));
            self.verified_ms = Some(answered_ms);
        }
    }

    /// Whether the trail was put back by others: it reads as before, and that is no old
    /// answer.
    #[must_use]
    pub fn is_put_back(&self) -> bool {
        self.as_before_since_ms.is_some() && self.is_proven()
    }

    /// Whether something shows that the attack took effect and is over, so that a
    /// trail that reads as before is not one of which the answer is old.
    fn is_proven(&self) -> bool {
        self.gap().is_some() || self.weakened_until_ms.is_some() || self.is_told()
    }

    /// Whether what is watched reads as before: time to read all.
    #[must_use]
    pub fn is_worth_a_whole_reading(&self) -> bool {
        self.as_before_since_ms.is_some() && self.verified_ms.is_none()
    }

    /// Whether all is seen that was waited for.
    #[must_use]
    pub fn is_complete(&self, with_notice: bool) -> bool {
        let has_notice = self.is_last_notice() || self.inbox_error.is_some();
        self.verified_ms.is_some() && (has_notice || !with_notice)
    }

    /// Whether a notice says that the trail is as declared again.
    fn is_told(&self) -> bool {
        let notice = self.notice.as_ref();
        notice.is_some_and(|(_, notice)| notice.says_restored())
    }

    /// Whether no other notice is waited for.
    #[must_use]
    pub fn is_last_notice(&self) -> bool {
        self.is_told() || self.is_left_alone()
    }

    /// Whether waiting on is of no use: nothing can be seen, or nobody will act.
    #[must_use]
    pub fn is_hopeless(&self) -> bool {
        self.refusals >= REFUSALS || self.is_left_alone()
    }

    /// Whether the notice says that nobody will put the trail back.
    #[must_use]
    pub fn is_left_alone(&self) -> bool {
        self.notice
            .as_ref()
            .is_some_and(|(_, notice)| notice.says_left_alone())
    }

    /// How long the trail did not log by its own times, which are AWS's; `None`
    /// if they do not tell.
    #[must_use]
    pub fn gap(&self) -> Option<Gap> {
        let Logging {
            is_on,
            started_at,
            stopped_at,
        } = self.logging?;
        let (start, stop) = (started_at?, stopped_at?);
        let before = self.saved.logging.and_then(|logging| logging.stopped_at);
        let is_new = self.attack == Attack::Stop && Some(stop) != before;
        (is_on && is_new && start >= stop).then(|| Gap {
            ms: moment::millis_between(stop, start),
            is_rough: moment::is_whole_second(stop) && moment::is_whole_second(start),
            stop,
        })
    }
}

#[cfg(test)]
#[path = "course_tests.rs"]
mod tests;
