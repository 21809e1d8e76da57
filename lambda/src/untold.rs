//! Incidents whose notice could not be sent, until a later invocation sends it.

use std::sync::Mutex;

use crate::incident::Incident;

/// So many are kept: a few megabytes. A topic that is down for long must not fill the
/// memory. Half of the places are for what no later look finds again.
const MOST: usize = 1_000;

/// Incidents of sweeps and echoes whose notice could not be sent. A retry would not find
/// them again: what they tell of is healed.
#[derive(Default)]
pub(crate) struct Untold {
    kept: Mutex<Vec<Incident>>,
}

impl Untold {
    /// Keeps an incident; whether there was a place for it.
    pub(crate) fn keep(&self, incident: &Incident) -> bool {
        // What stays wrong is found by the next look.
        let most = if incident.fails() { MOST / 2 } else { MOST };
        let Ok(mut kept) = self.kept.lock() else {
            return false;
        };
        let has_place = kept.len() < most;
        if has_place {
            kept.push(incident.clone());
        }
        has_place
    }

    /// All of them, to be sent.
    pub(crate) fn take(&self) -> Vec<Incident> {
        let kept = self.kept.lock();
        kept.map_or_else(|_| Vec::new(), |mut kept| std::mem::take(&mut *kept))
    }

    /// Whether none waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.lock().is_ok_and(|kept| kept.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;

    #[test]
    fn a_topic_that_is_down_for_long_fills_no_memory() {
        let untold = Untold::default();
        let incident = |outcome| Incident::of_accounts(outcome, Vec::new(), String::new(), true);
        let keep = |outcome| {
            (0..MOST)
                .filter(|_| untold.keep(&incident(outcome)))
                .count()
        };
        assert_eq!(keep(Outcome::NotRestored), MOST / 2);
        assert_eq!(keep(Outcome::Restored), MOST / 2, "nobody finds them again");
        assert!(!untold.is_empty());
        assert_eq!(untold.take().len(), MOST);
        assert!(untold.is_empty());
    }
}
