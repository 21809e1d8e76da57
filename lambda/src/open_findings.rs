//! Telling Security Hub: a finding for each incident, and one for each trail as long as
//! it is not as declared, which is resolved when a look shows that it is again.
//!
//! Security Hub could be asked which findings are open, but only with a permission to
//! read all of them. So the table remembers.

use std::collections::BTreeMap;

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

/// Findings as they were last sent, by what they are remembered as.
type Open = BTreeMap<String, Value>;

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
        let (open, read) = match self.open_findings(&trail, budget).await {
            Ok(open) => (open, Ok(())),
            Err(error) => (Open::new(), Err(error)),
        };
        if let Some(kind) = open_as(incident.outcome) {
            if let Some(earlier) = open.get(kind) {
                continue_from(&mut finding, earlier);
            }
            // First, so that nothing is open that nobody knows of.
            let text = finding.to_string();
            let incidents = self.incidents();
            let kept = incidents
                .keep_finding(trail.as_str(), kind, &text, budget)
                .await;
            let sent = self.security_hub().import(&[finding], budget).await;
            return sent.and(read).and(kept);
        }
        let seen = incident.timing.verified_at;
        let seen = seen.filter(|_| incident.verification.matches_baseline == Some(true));
        let own = finding.get("Id").cloned();
        let is_own = |earlier: &Value| earlier.get("Id") == own.as_ref();
        if let Some(earlier) = open.values().find(|earlier| is_own(earlier)) {
            continue_from(&mut finding, earlier);
        }
        let over = |earlier: &Value| resolved(earlier, seen?, now);
        let (mut findings, mut closed) = (vec![finding], Vec::new());
        for (kind, earlier) in &open {
            let Some(end) = over(earlier) else { continue };
            closed.push((kind, earlier));
            // The incident itself tells the end of its own.
            findings.extend(Some(end).filter(|_| !is_own(earlier)));
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
        for (kind, earlier) in &open {
            if let Some(end) = resolved(earlier, seen, now) {
                findings.push(end);
                closed.push((kind, earlier));
            }
        }
        if findings.is_empty() {
            return Ok(());
        }
        self.security_hub().import(&findings, budget).await?;
        info!(%trail, "its findings are resolved");
        self.close(trail, &closed, budget).await
    }

    async fn close(
        &self,
        trail: &TrailArn,
        closed: &[(&String, &Value)],
        budget: Budget,
    ) -> Result<(), CallError> {
        for (kind, earlier) in closed {
            let was = earlier.to_string();
            let incidents = self.incidents();
            incidents
                .close_finding(trail.as_str(), kind, &was, budget)
                .await?;
        }
        Ok(())
    }

    async fn open_findings(&self, trail: &TrailArn, budget: Budget) -> Result<Open, CallError> {
        let noted = self.incidents().findings(trail.as_str(), budget).await?;
        let read = |(kind, text): (String, String)| match serde_json::from_str(&text) {
            Ok(finding) => Some((kind, finding)),
            Err(error) => {
                warn!(%trail, %error, "what is remembered of a finding is not one");
                None
            }
        };
        Ok(noted.into_iter().filter_map(read).collect())
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
