//! Telling Security Hub: a finding for each incident, and one for each trail as long as
//! it is not as declared, which is resolved when a look shows that it is again.
//!
//! Security Hub could be asked which findings are open, but only with a permission to
//! read all of them. So the table remembers.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;
use tracing::{info, warn};

use crate::{
    arn::TrailArn,
    asff::{Reporter, continue_from, finding, open_as, resolved},
    budget::Budget,
    failure::CallError,
    handler::Handler,
    incident::Incident,
    moment::Moment,
    securityhub::SecurityHub,
};

const PAUSE: Duration = Duration::from_millis(100);

/// A finding as it was last sent.
struct Kept {
    text: String,
    /// `null` if the text is none.
    finding: Value,
}

/// What is open, by what it is remembered as.
type Open = BTreeMap<String, Kept>;

impl Handler {
    /// Tells Security Hub of `incident`.
    ///
    /// # Errors
    /// If it was not told, or if what is open could not be read or remembered: then a
    /// later look would not resolve it.
    pub(crate) async fn report(
        &self,
        incident: &Incident,
        budget: Budget,
    ) -> Result<(), CallError> {
        let now = Moment::now();
        let mut finding = finding(incident, self.reporter(), now);
        let Some(trail) = incident.trail_arn() else {
            return self.security_hub().import(&[finding], budget).await;
        };
        if let Some(kind) = open_as(incident.outcome) {
            let (finding, kept) = self.keep_open(&trail, kind, finding, budget).await;
            let sent = self.security_hub().import(&[finding], budget).await;
            return sent.and(kept);
        }
        let (open, read) = match self.open_findings(&trail, budget).await {
            Ok(open) => (open, Ok(())),
            Err(error) => (Open::new(), Err(error)),
        };
        let seen = incident.timing.verified_at;
        let seen = seen.filter(|_| incident.verification.matches_baseline == Some(true));
        let own = finding.get("Id").cloned();
        let is_own = |kept: &Kept| kept.finding.get("Id") == own.as_ref();
        if let Some(earlier) = open.values().find(|kept| is_own(kept)) {
            continue_from(&mut finding, &earlier.finding);
        }
        let (mut findings, mut closed) = (vec![finding], Vec::new());
        for (kind, kept) in &open {
            let Some(end) = seen.and_then(|seen| resolved(&kept.finding, seen, now)) else {
                continue;
            };
            closed.push((kind, kept));
            // The incident itself tells the end of its own.
            findings.extend(Some(end).filter(|_| !is_own(kept)));
        }
        self.security_hub().import(&findings, budget).await?;
        self.close(&trail, &closed, budget).await?;
        read
    }

    /// Resolves what is open about `trail`, which a look showed as declared at `seen`.
    ///
    /// # Errors
    /// As above; the next sweep tries again.
    pub(crate) async fn settle(
        &self,
        trail: &TrailArn,
        seen: Moment,
        budget: Budget,
    ) -> Result<(), CallError> {
        let open = self.open_findings(trail, budget).await?;
        let now = Moment::now();
        let (mut findings, mut closed) = (Vec::new(), Vec::new());
        for (kind, kept) in &open {
            if let Some(end) = resolved(&kept.finding, seen, now) {
                findings.push(end);
                closed.push((kind, kept));
            }
        }
        if findings.is_empty() {
            return Ok(());
        }
        self.security_hub().import(&findings, budget).await?;
        info!(%trail, "its findings are resolved");
        self.close(trail, &closed, budget).await
    }

    /// Remembers that `finding` is open, before it is sent, so that none is open of which
    /// nobody knows. What is open already goes on: runs that find the same at the same
    /// time make one finding. Returns what to send, and whether it is remembered.
    async fn keep_open(
        &self,
        trail: &TrailArn,
        kind: &str,
        finding: Value,
        budget: Budget,
    ) -> (Value, Result<(), CallError>) {
        loop {
            let open = match self.open_findings(trail, budget).await {
                Ok(open) => open,
                Err(error) => return (finding, Err(error)),
            };
            let mut next = finding.clone();
            let mut was = "";
            if let Some(kept) = open.get(kind) {
                continue_from(&mut next, &kept.finding);
                was = &kept.text;
            }
            let text = next.to_string();
            let incidents = self.incidents();
            let kept = incidents
                .change_finding(trail.as_str(), kind, was, &text, budget)
                .await;
            let kept = match kept {
                Ok(false) if budget.sleep(PAUSE).await => continue,
                Ok(false) => {
                    let message = "other runs changed what is open each time";
                    let call = "dynamodb:UpdateItem";
                    Err(CallError::new(call, "Contended", message, true))
                }
                kept => kept.map(drop),
            };
            return (next, kept);
        }
    }

    /// Notes what is resolved. What is another one by now stays open.
    async fn close(
        &self,
        trail: &TrailArn,
        closed: &[(&String, &Kept)],
        budget: Budget,
    ) -> Result<(), CallError> {
        for (kind, kept) in closed {
            self.incidents()
                .change_finding(trail.as_str(), kind, &kept.text, "", budget)
                .await?;
        }
        Ok(())
    }

    async fn open_findings(&self, trail: &TrailArn, budget: Budget) -> Result<Open, CallError> {
        let noted = self.incidents().findings(trail.as_str(), budget).await?;
        let read = |(kind, text): (String, String)| {
            let finding = serde_json::from_str(&text).unwrap_or_else(|error| {
                warn!(%trail, %error, "what is remembered of a finding is not one");
                Value::Null
            });
            (kind, Kept { text, finding })
        };
        Ok(noted.into_iter().map(read).collect())
    }

    fn security_hub(&self) -> &SecurityHub {
        self.security_hub
            .get_or_init(|| SecurityHub::new(&self.aws, self.aws.region()))
    }

    fn reporter(&self) -> Reporter<'_> {
        let config = &self.config;
        Reporter {
            partition: config.partition(),
            region: self.aws.region(),
            account: config.account(),
        }
    }
}
