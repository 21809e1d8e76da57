//! Every notice of every recorded event, and of one with each of its fields
//! mutated: it is valid whatever the record holds.

use serde_json::{Value, json};
use trailkeeper::{
    arn::TrailArn,
    baseline::{Baseline, Settings},
    break_glass::Exemption,
    decide::{Decision, decide},
    declaration::Declaration,
    dynamodb::{Entry, Field},
    event::Event,
    failure::CallError,
    group::{Group, Member, QUIET, WINDOW},
    incident::{Circumstances, Incident},
    kind::Kind,
    moment::Moment,
    notice::Notice,
    outcome::Outcome,
    reconcile::{BaselineProblem, Cause, Mode, Reconciliation},
    selectors::{EventSelector, Selectors},
    trail::{Drift, LoggingState, Observation, Part, drift},
};

use crate::{
    containment,
    events::{PROTECTED, named, protected, recorded, things},
    valid,
};

#[test]
fn every_notice_is_valid_whatever_the_record_holds() {
    for recorded in recorded() {
        check_notices(&recorded.name, &recorded.event);
    }
}

#[test]
fn a_field_that_is_missing_null_or_of_another_type_does_no_harm() {
    let event = named("identity-role-full");
    let mut paths = Vec::new();
    collect_paths(&event, &mut Vec::new(), &mut paths);
    assert!(paths.len() > 30, "only {} fields", paths.len());
    for path in paths {
        let replacements = [
            None,
            Some(Value::Null),
            Some(json!(17)),
            Some(json!(true)),
            Some(json!([])),
            Some(json!({"a": {"b": []}})),
            Some(json!("x".repeat(256 * 1024))),
            Some(json!("\u{0}\u{1b}[2J\r\n\u{202e}\u{1f608}<b>&\"'`")),
        ];
        for replacement in replacements {
            let mut changed = event.clone();
            replace(&mut changed, &path, replacement);
            check_decision(&path, &changed);
            check_notices(&path.join("."), &changed);
        }
    }
}

/// A protected trail at most, and none at all once the event's origin is changed.
fn check_decision(path: &[String], changed: &Value) {
    const ORIGIN: [&str; 8] = [
        "source",
        "detail-type",
        "account",
        "region",
        "detail",
        "detail.eventSource",
        "detail.eventName",
        "detail.awsRegion",
    ];
    let Ok(event) = Event::parse(&changed.to_string()) else {
        return;
    };
    if let Decision::Reconcile(trails, _) = decide(&event, &protected(), "111122223333") {
        let path = path.join(".");
        assert!(
            trails
                .iter()
                .all(|trail| PROTECTED.contains(&trail.as_str())),
            "{path}"
        );
        // A record without a region is taken at the envelope's word.
        let absent = path == "detail.awsRegion" && event.record.aws_region.is_none();
        assert!(
            absent || !ORIGIN.contains(&path.as_str()),
            "{path}: {changed}"
        );
    }
}

const UPDATE: &str = "update-several";

fn at(time: &str) -> Option<Moment> {
    Moment::parse(time)
}

/// A trail that was looked at once and, if it logs, is as declared.
pub fn done(
    is_logging: Option<bool>,
    started_at: Option<Moment>,
    stopped_at: Option<Moment>,
) -> Reconciliation {
    let state = LoggingState {
        is_logging,
        started_at,
        stopped_at,
    };
    Reconciliation {
        begun_at: at("2026-11-24T05:06:09.300Z").unwrap(),
        found: Vec::new(),
        left: if is_logging == Some(false) {
            vec![Drift::stopped()]
        } else {
            Vec::new()
        },
        left_alone: Vec::new(),
        is_exempt: false,
        break_glass: None,
        calls: vec!["cloudtrail:StartLogging"],
        would_call: Vec::new(),
        start_accepted_at: at("2026-11-24T05:06:09.310Z"),
        reads: 1,
        logging: is_logging.map(|_| state),
        verified_at: at("2026-11-24T05:06:09.350Z").filter(|_| is_logging == Some(true)),
        refused: Vec::new(),
        unread: Vec::new(),
        baseline: baseline(),
        baseline_problem: None,
        is_missing: false,
    }
}

const ABOUT: Circumstances = Circumstances {
    cause: Cause::Stop,
    mode: Mode::Enforce,
    is_expected: false,
    saw_stop: false,
};

/// A stop with every outcome it can have.
pub fn of_stop(event: &Event) -> Vec<Incident> {
    let stop = at("2026-11-24T05:06:07.120Z");
    let start = at("2026-11-24T05:06:09.310Z");
    let earlier = at("2026-11-23T00:00:00Z");
    let mut unread = done(None, None, None);
    unread.unread = vec![CallError::new(
        "cloudtrail:GetTrailStatus",
        "AccessDeniedException",
        "not authorized",
        false,
    )];
    let trail = protected().remove(0);
    [
        done(Some(true), start, stop),
        done(Some(true), at("2026-11-24T05:06:08Z"), stop),
        done(Some(true), earlier, earlier),
        done(Some(false), earlier, stop),
        unread,
    ]
    .iter()
    .map(|done| Incident::reconciled(event, &trail, done, ABOUT).unwrap())
    .collect()
}

/// What the trail is declared to be.
fn baseline() -> Baseline {
    let trail = protected().remove(0);
    let text = |text: &str| Some(text.to_owned());
    let declared = Settings {
        s3_bucket_name: text("audit-logs"),
        kms_key_id: text(
            "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555",
        ),
        is_multi_region_trail: Some(true),
        ..Settings::default()
    };
    let tags = [("owner".to_owned(), "security".to_owned())].into();
    let selectors = Selectors::Basic(selectors("All"));
    Baseline::declaring(&trail, declared, Some(selectors), Some(vec![]), Some(tags))
}

fn selectors(kind: &str) -> Vec<EventSelector> {
    vec![serde_json::from_value(json!({"read_write_type": kind})).unwrap()]
}

/// What an attacker made of a trail, in words of his own.
pub fn weakened() -> Vec<Drift> {
    let text = |text: &str| Some(text.to_owned());
    let observed = Observation {
        settings: Some(Settings {
            s3_bucket_name: text("https://evil.example\r\nRESTORED: all is well"),
            kms_key_id: text(""),
            is_multi_region_trail: Some(false),
            ..Settings::default()
        }),
        selectors: Some(Selectors::Basic(selectors("ReadOnly"))),
        insight_selectors: Some(vec![]),
        tags: Some([("\u{202e}all is well".to_owned(), "x".repeat(9_000))].into()),
        ..Observation::default()
    };
    drift(&baseline(), &observed)
}

/// The same call with other parameters.
fn with(event: &Event, parameters: Option<Value>) -> Event {
    let mut event = event.clone();
    event.record.request_parameters = parameters.and_then(|given| given.as_object().cloned());
    event
}

/// A change with every outcome it can have.
pub fn of_change(event: &Event) -> Vec<Incident> {
    let trail = protected().remove(0);
    let about = Circumstances {
        cause: Cause::Change(Part::Settings),
        ..ABOUT
    };
    let untouched = Reconciliation {
        calls: Vec::new(),
        start_accepted_at: None,
        ..done(Some(true), at("2026-11-23T00:00:00Z"), None)
    };
    let restored = || Reconciliation {
        found: weakened(),
        calls: vec![
            "cloudtrail:UpdateTrail",
            "cloudtrail:PutEventSelectors",
            "cloudtrail:RemoveTags",
            "cloudtrail:AddTags",
        ],
        reads: 2,
        begun_at: at("2026-11-24T05:06:09.300Z").unwrap(),
        ..done(Some(true), at("2026-11-23T00:00:00Z"), None)
    };
    let still = Reconciliation {
        left: weakened().into_iter().take(1).collect(),
        verified_at: None,
        refused: vec![CallError::new(
            "cloudtrail:UpdateTrail",
            "InsufficientS3BucketPolicyException",
            "Incorrect S3 bucket policy",
            false,
        )],
        ..restored()
    };
    let seen = Reconciliation {
        calls: Vec::new(),
        would_call: vec![
            "cloudtrail:UpdateTrail",
            "cloudtrail:PutEventSelectors",
            "cloudtrail:RemoveTags",
            "cloudtrail:AddTags",
        ],
        left: weakened(),
        verified_at: None,
        ..restored()
    };
    let observing = Circumstances {
        mode: Mode::Observe,
        ..about
    };
    let sweeping = Circumstances {
        cause: Cause::Sweep,
        ..ABOUT
    };
    let made = |event: &Event, done: &Reconciliation, about| {
        Incident::reconciled(event, &trail, done, about).unwrap()
    };
    vec![
        made(event, &restored(), about),
        made(event, &still, about),
        made(event, &untouched, about),
        made(
            &with(
                event,
                Some(json!({"name": "audit", "isMultiRegionTrail": true})),
            ),
            &untouched,
            about,
        ),
        made(&with(event, None), &untouched, about),
        made(event, &seen, observing),
        Incident::reported(
            &Event::parse(&named("organization-access-disabled").to_string()).unwrap(),
            None,
        ),
        made(&Event::default(), &restored(), sweeping),
        made(event, &restored(), sweeping),
        made(
            event,
            &gone(),
            Circumstances {
                cause: Cause::Change(Part::Existence),
                ..about
            },
        ),
        made(event, &refused(), about),
        made(
            event,
            &made_again(),
            Circumstances {
                cause: Cause::Change(Part::Existence),
                ..about
            },
        ),
    ]
}

/// A stop that nobody but the trail's own times tells of.
fn unexplained_stop() -> Incident {
    let about = Circumstances {
        cause: Cause::Sweep,
        saw_stop: true,
        ..ABOUT
    };
    let stop = at("2026-11-24T05:06:07.120Z");
    let done = Reconciliation {
        begun_at: at("2026-11-24T05:25:00Z").unwrap(),
        verified_at: at("2026-11-24T05:25:00.040Z"),
        calls: Vec::new(),
        start_accepted_at: None,
        ..done(Some(true), at("2026-11-24T05:06:19.310Z"), stop)
    };
    Incident::reconciled(&Event::default(), &protected()[0], &done, about).unwrap()
}

/// What break-glass has to do with: a stop and a change that are left alone, how a
/// sweep reminds of it, one that heals something else, and one after the end.
fn of_break_glass(stop: &Event, update: &Event) -> Vec<Incident> {
    let trail = protected().remove(0);
    let exemption = Exemption {
        principal: "arn:aws:iam::{account}:user/eve*".to_owned(),
        reason: "CHG-2041: the logs move to another bucket".to_owned(),
        expires_at: at("2026-11-24T18:00:00Z").unwrap(),
    };
    let stopped_at = at("2026-11-24T05:06:07.120Z");
    let left = |drift: Vec<Drift>, is_exempt| Reconciliation {
        left: Vec::new(),
        left_alone: drift,
        is_exempt,
        break_glass: Some(exemption.clone()),
        calls: Vec::new(),
        start_accepted_at: None,
        verified_at: at("2026-11-24T05:06:09.350Z"),
        ..done(Some(true), at("2026-11-23T00:00:00Z"), None)
    };
    let stopped = |is_exempt| Reconciliation {
        logging: Some(LoggingState {
            is_logging: Some(false),
            started_at: at("2026-11-23T00:00:00Z"),
            stopped_at,
        }),
        ..left(vec![Drift::stopped()], is_exempt)
    };
    let mut settings = weakened();
    let others = settings.split_off(3);
    let in_part = Reconciliation {
        found: others,
        calls: vec![
            "cloudtrail:PutEventSelectors",
            "cloudtrail:RemoveTags",
            "cloudtrail:AddTags",
        ],
        ..left(settings.clone(), false)
    };
    let ended = Reconciliation {
        found: settings.clone(),
        calls: vec!["cloudtrail:UpdateTrail"],
        ..left(Vec::new(), false)
    };
    let by = |cause| Circumstances { cause, ..ABOUT };
    let none = &Event::default();
    [
        (stop, stopped(true), Cause::Change(Part::Logging)),
        (update, left(settings, true), Cause::Change(Part::Settings)),
        (none, stopped(false), Cause::Sweep),
        (none, in_part, Cause::Sweep),
        (none, ended, Cause::Sweep),
    ]
    .iter()
    .map(|(event, done, cause)| Incident::reconciled(event, &trail, done, by(*cause)).unwrap())
    .collect()
}

/// A deleted trail that cannot be made again.
fn gone() -> Reconciliation {
    let missing = Observation {
        is_missing: true,
        ..Observation::default()
    };
    let what = drift(&baseline(), &missing);
    Reconciliation {
        found: what.clone(),
        left: what,
        calls: vec!["cloudtrail:CreateTrail"],
        refused: vec![CallError::new(
            "cloudtrail:CreateTrail",
            "InsufficientS3BucketPolicyException",
            "Incorrect S3 bucket policy",
            false,
        )],
        start_accepted_at: None,
        is_missing: true,
        verified_at: None,
        ..done(None, None, None)
    }
}

/// A deleted trail that was made again.
fn made_again() -> Reconciliation {
    Reconciliation {
        found: gone().found,
        calls: vec!["cloudtrail:CreateTrail", "cloudtrail:StartLogging"],
        ..done(Some(true), at("2026-11-24T05:06:09.310Z"), None)
    }
}

/// A trail that logs, and whose baseline was tampered with.
fn refused() -> Reconciliation {
    Reconciliation {
        calls: Vec::new(),
        start_accepted_at: None,
        baseline_problem: Some(BaselineProblem {
            text: "the baseline, parameter /trailkeeper/t/audit/0123: its SHA-256 is 4567"
                .to_owned(),
            cause: "Tampered".to_owned(),
            is_retryable: false,
        }),
        ..done(Some(true), at("2026-11-23T00:00:00Z"), None)
    }
}

/// The event rendered with every outcome there is.
pub fn incidents(event: &Event) -> Vec<Incident> {
    let trail = protected().remove(0);
    let mut all = of_stop(event);
    all.extend(of_change(event));
    all.push(Incident::denied(event, Some(&trail)));
    all.push(Incident::denied(event, None));
    all.extend(of_break_glass(event, event));
    all.extend(of_things([event; 4]));
    all.extend(of_parts([event; 3]));
    let told = [
        &of_stop(event)[..1],
        &[Incident::denied(event, Some(&trail))],
    ]
    .concat();
    all.extend(told.iter().flat_map(of_group));
    all
}

/// A thing that was looked at because of `event`.
fn of_thing(
    event: &Event,
    kind: Kind,
    document: &Value,
    seen: &Observation,
    calls: &[&'static str],
) -> Incident {
    let thing = things()
        .into_iter()
        .find(|thing| thing.kind == kind)
        .unwrap();
    let declared = Declaration::parse(&document.to_string(), &thing).unwrap();
    let baseline = Baseline::of_thing(&thing.trail, declared);
    let found = drift(&baseline, seen);
    let is_healed = !calls.is_empty();
    let done = Reconciliation {
        left: if is_healed { Vec::new() } else { found.clone() },
        found,
        calls: calls.to_vec(),
        reads: 2,
        start_accepted_at: None,
        verified_at: at("2026-11-24T05:06:09.350Z").filter(|_| is_healed),
        logging: None,
        is_missing: seen.is_missing,
        baseline,
        ..done(None, None, None)
    };
    let about = Circumstances {
        cause: Cause::Change(Part::Of("policy")),
        ..ABOUT
    };
    Incident::reconciled(event, &thing.trail, &done, about)
        .unwrap()
        .of(&thing)
}

/// A bucket and a key that were put back, and what is left to people.
fn of_things(events: [&Event; 4]) -> Vec<Incident> {
    let document = |arn: &str, declared: Value| {
        let restored: Vec<String> = match declared.get("state") {
            Some(_) => vec!["state".to_owned()],
            None => declared.as_object().unwrap().keys().cloned().collect(),
        };
        json!({
            "schema": "trailkeeper.evidence", "version": 1, "arn": arn,
            "declared": declared, "restored": restored,
        })
    };
    let seen = |fields: &[(&'static str, Value)]| Observation {
        fields: fields.iter().cloned().collect(),
        ..Observation::default()
    };
    let [bucket, key] = [0, 1].map(|at| things()[at].arn.clone());
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "CloudTrailWritesLogs", "Effect": "Allow", "Action": "s3:PutObject",
        "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Resource": format!("{bucket}/*"),
    }]});
    let of_bucket_document = document(&bucket, json!({"policy": policy}));
    let of_key_document = document(&key, json!({"state": "Enabled", "policy": policy}));
    let gone = Observation {
        is_missing: true,
        ..Observation::default()
    };
    let hostile = json!({"Version": "https://evil.example\r\nRESTORED", "Statement": []});
    let is_enabled = ("state", json!("Enabled"));
    let [removed, scheduled, changed, deleted] = events;
    vec![
        of_thing(
            removed,
            Kind::LogBucket,
            &of_bucket_document,
            &seen(&[("policy", Value::Null)]),
            &["s3:PutBucketPolicy"],
        ),
        of_thing(
            scheduled,
            Kind::LogKey,
            &of_key_document,
            &seen(&[("state", json!("PendingDeletion"))]),
            &["kms:CancelKeyDeletion", "kms:EnableKey"],
        ),
        of_thing(
            changed,
            Kind::LogKey,
            &of_key_document,
            &seen(&[("policy", hostile), is_enabled]),
            &[],
        ),
        of_thing(deleted, Kind::LogBucket, &of_bucket_document, &gone, &[]),
    ]
}

/// Parts of the responder: a rule that was put back, a function that is left to people, a
/// denied attempt.
fn of_parts(events: [&Event; 3]) -> Vec<Incident> {
    let part = |kind| things().into_iter().find(|thing| thing.kind == kind);
    let [rule, function] = [Kind::Rule, Kind::Function].map(|kind| part(kind).unwrap());
    let rule_document = json!({
        "schema": "trailkeeper.evidence", "version": 1, "arn": rule.arn,
        "declared": {"exists": true, "state": "ENABLED"}, "restored": ["exists", "state"],
    });
    let function_document = json!({
        "schema": "trailkeeper.evidence", "version": 1, "arn": function.arn, "restored": ["concurrency"],
        "declared": {"exists": true, "configuration": {"timeout": 60, "TRAILKEEPER_MODE": "enforce"}},
    });
    let seen = |field: &'static str, value: Value| Observation {
        fields: [(field, value)].into(),
        ..Observation::default()
    };
    let other = json!({
        "timeout": 1, "TRAILKEEPER_MODE": "observe", "AWS_ENDPOINT_URL": "http://evil.example\r\nRESTORED",
    });
    let [disabled, changed, denied] = events;
    vec![
        of_thing(
            disabled,
            Kind::Rule,
            &rule_document,
            &seen("state", json!("DISABLED")),
            &["events:PutRule"],
        ),
        of_thing(
            changed,
            Kind::Function,
            &function_document,
            &seen("configuration", other),
            &[],
        ),
        Incident::denied(denied, Some(&rule.trail)).of(&rule),
    ]
}

/// What a sweep of the organisation finds beside trails.
fn of_accounts() -> Vec<Incident> {
    let denied = CallError::new(
        "sts:AssumeRole",
        "AccessDenied",
        "User: arn:aws:sts::111122223333:assumed-role/trailkeeper-responder/trailkeeper-responder is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/trailkeeper-remediation",
        false,
    );
    let accounts = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    vec![
        Incident::of_accounts(
            Outcome::Unreachable,
            accounts(&["777788889999", "444455556666"]),
            denied.to_string(),
            false,
        ),
        Incident::of_accounts(
            Outcome::AccountSuspended,
            accounts(&["444455556666"]),
            "Organizations says SUSPENDED: nobody can look at their trails".to_owned(),
            false,
        ),
        Incident::of_accounts(
            Outcome::SweepIncomplete,
            Vec::new(),
            "organizations:ListAccounts failed: AccessDeniedException: not the management account's"
                .to_owned(),
            false,
        ),
    ]
}

fn parsed(name: &str) -> Event {
    Event::parse(&named(name).to_string()).unwrap()
}

/// The group of `number` incidents like this one, six seconds apart, with `more` kinds
/// of the last one, and what came of the actor's containment.
fn group(
    incident: &Incident,
    number: i64,
    more: &[&Incident],
    containment: Option<&str>,
) -> Option<Group> {
    let since = at("2026-11-24T05:06:10Z").unwrap().epoch_millis() / 1_000;
    let member = Member::of(incident)?;
    let mut entry: Entry = member.added(true).into_iter().collect();
    for (name, field) in more.iter().flat_map(|i| Member::of(i).unwrap().added(true)) {
        if let (Some(Field::Texts(texts)), Field::Texts(others)) = (entry.get_mut(&name), field) {
            texts.extend(others);
        }
    }
    let outcome = format!("outcome_{}", incident.outcome.as_str());
    for (name, number) in [
        ("incident_count", number),
        ("silent_count", number - 7),
        (&outcome, number),
        ("first_at", since),
        ("last_at", since + 6 * number),
    ] {
        entry.insert(name.to_owned(), Field::Number(number));
    }
    let ids = (1..number).map(|n| format!("0d6f1a52-7c9b-4f65-8c3e-{n:012x}"));
    if let Some(Field::Texts(texts)) = entry.get_mut("event_ids") {
        texts.extend(ids);
    }
    entry.insert("actor_json".to_owned(), Field::Text(member.actor()));
    entry.extend(containment.map(|state| {
        let state = Field::Text(state.to_owned());
        ("containment".to_owned(), state)
    }));
    Group::read(&entry)
}

/// The incident as the eighth, and the summaries of its group.
fn of_group(incident: &Incident) -> Vec<Incident> {
    let Some(group) = group(incident, 100, &[], None) else {
        return Vec::new();
    };
    let mut eighth = group.clone();
    (eighth.count, eighth.silent) = (8, 3);
    vec![
        incident.clone().repeated(eighth.repetition()),
        group.summary("group#0123", group.last_at + QUIET),
        group.summary("group#0123", group.last_at + QUIET - 1),
    ]
}

/// An incident that is one of several, and the summaries of their groups.
fn of_storms(stop: &Event, denial: &Event) -> Vec<Incident> {
    let restored = of_stop(stop).remove(0);
    let denied = Incident::denied(denial, protected().first());
    let (of_stops, of_denials) = (of_group(&restored), of_group(&denied));
    let other = protected().remove(1);
    let elsewhere = Incident::reconciled(
        stop,
        &other,
        &done(
            Some(true),
            at("2026-11-24T05:06:09.310Z"),
            at("2026-11-24T05:06:07.120Z"),
        ),
        ABOUT,
    );
    let of_two = group(&restored, 600, &[&elsewhere.unwrap()], None).unwrap();
    let going_on = of_two.summary("group#0123", of_two.first_at + WINDOW);
    let repeated = [of_stops[0].clone(), of_denials[0].clone()];
    let contained = group(&restored, 100, &[], Some("contained")).unwrap();
    let contained = contained.summary("group#0123", contained.last_at + QUIET);
    let summaries = [
        of_stops[1].clone(),
        of_denials[1].clone(),
        going_on,
        contained,
    ];
    repeated.into_iter().chain(summaries).collect()
}

/// One incident of each kind.
pub fn of_each_kind() -> Vec<Incident> {
    let stop = Event::parse(&named("identity-role-full").to_string()).unwrap();
    let denial = Event::parse(&named("denied-null-parameters").to_string()).unwrap();
    let update = Event::parse(&named(UPDATE).to_string()).unwrap();
    of_stop(&stop)
        .into_iter()
        .chain([Incident::denied(&denial, protected().first())])
        .chain(of_change(&update))
        .chain([unexplained_stop()])
        .chain(of_accounts())
        .chain(of_break_glass(&stop, &update))
        .chain(of_things([
            &parsed("bucket-policy-removed"),
            &parsed("key-deletion-scheduled"),
            &parsed("key-policy-changed"),
            &parsed("bucket-deleted"),
        ]))
        .chain(of_parts([
            &parsed("rule-disabled"),
            &parsed("function-configuration-omitted"),
            &parsed("rule-denied"),
        ]))
        .chain(of_storms(&stop, &denial))
        .chain(containment::of_each_kind())
        .collect()
}

#[test]
fn a_subject_keeps_account_and_region_whatever_the_trails_name() {
    let event = Event::parse(&named("name-plain").to_string()).unwrap();
    let name = "a".repeat(128);
    let trail: TrailArn = PROTECTED[0].replace("audit", &name).parse().unwrap();
    for mut incident in incidents(&event) {
        if incident.trail.name.is_none() {
            continue;
        }
        incident.trail.name = Some(trail.name().into());
        if let Some(thing) = &mut incident.thing {
            thing.name = trail.name().into();
        }
        let subject = Notice::of(&incident).unwrap().subject;
        assert!(
            subject.ends_with("(111122223333, eu-central-1)"),
            "{subject}"
        );
        assert!(subject.contains("aaa..."), "{subject}");
    }
}

fn check_notices(name: &str, event: &Value) {
    let Ok(event) = Event::parse(&event.to_string()) else {
        return;
    };
    let all = incidents(&event);
    for incident in &all {
        valid::check(name, incident, 32 * 1024);
    }
    // A stop, and a denied attempt on a trail that the record does not name.
    for incident in all.iter().take(1).chain(all.last()) {
        for of_group in of_group(incident) {
            valid::check(name, &of_group, 64 * 1024);
        }
    }
}

fn collect_paths(value: &Value, at: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    if let Value::Object(fields) = value {
        for (name, field) in fields {
            at.push(name.clone());
            paths.push(at.clone());
            collect_paths(field, at, paths);
            at.pop();
        }
    }
}

fn replace(value: &mut Value, path: &[String], replacement: Option<Value>) {
    let Some(fields) = value.as_object_mut() else {
        return;
    };
    match (path, replacement) {
        ([last], None) => {
            fields.remove(last);
        }
        ([last], Some(new)) => {
            fields.insert(last.clone(), new);
        }
        ([first, rest @ ..], replacement) => {
            if let Some(inner) = fields.get_mut(first) {
                replace(inner, rest, replacement);
            }
        }
        ([], _) => {}
    }
}
