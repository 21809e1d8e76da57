//! Containment: who is meant by which record, and what is told of it.

use serde_json::{Value, json};
use trailkeeper::{
    config::Config,
    containment::{Hold, Part, Report, State, Target, Verdict, plan, revoked_before},
    event::Event,
    failure::CallError,
    group::Repetition,
    incident::Incident,
    moment::Moment,
    notice::Notice,
    outcome::{Outcome, Severity},
};

use crate::{
    events::{named, protected, recorded},
    notices::{of_change, of_stop},
    valid,
};

const OPEN: &str =
    r#"{"principals": ["user/*", "role/*"], "exempt": ["user/on-call", "role/ops/*"]}"#;
const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub const ROLE: &str = "arn:aws:iam::111122223333:role/ci/deploy";

fn now() -> Moment {
    Moment::parse("2026-11-24T05:06:09.500Z").unwrap()
}

/// As deployed, but for one variable.
fn config_with(name: &str, value: &str) -> Config {
    let config = Config::read(|asked| {
        let usual = match asked {
            "TRAILKEEPER_TRAILS" => format!("{}=/trailkeeper/t/{HASH}", protected()[0]),
            "TRAILKEEPER_TOPIC_ARN" => "arn:aws:sns:eu-central-1:111122223333:alerts".to_owned(),
            "TRAILKEEPER_MODE" => "enforce".to_owned(),
            "TRAILKEEPER_ROLE_ARN" => "arn:aws:iam::111122223333:role/responder".to_owned(),
            "TRAILKEEPER_INCIDENTS_TABLE" => "incidents".to_owned(),
            "TRAILKEEPER_CONTAINMENT" => OPEN.to_owned(),
            _ => String::new(),
        };
        Some(if asked == name {
            value.to_owned()
        } else {
            usual
        })
    });
    config.unwrap()
}

fn config() -> Config {
    config_with("", "")
}

/// The second time that the actor of `event` stops the trail.
fn second(event: &Value) -> Incident {
    let event = Event::parse(&event.to_string()).unwrap();
    again(of_stop(&event).remove(0))
}

fn again(incident: Incident) -> Incident {
    incident.repeated(Repetition {
        count: 2,
        since: Moment::parse("2026-11-24T04:46:10Z").unwrap(),
        untold: 0,
    })
}

fn planned(incident: &Incident) -> Verdict {
    plan(incident, 2, &config(), now())
}

fn refusal(incident: &Incident, config: &Config) -> &'static str {
    match plan(incident, 2, config, now()) {
        Verdict::Refused(why) => why,
        other => panic!("{other:?}"),
    }
}

fn target(incident: &Incident) -> Target {
    match planned(incident) {
        Verdict::Contain(target) => target,
        other => panic!("{other:?}"),
    }
}

/// The stop by this session, of a role or a user.
fn by(identity: Value) -> Value {
    let mut event = named("name-plain");
    event["detail"]["userIdentity"] = identity;
    event
}

pub fn by_role(arn: &str) -> Value {
    let name = arn.rsplit('/').next().unwrap();
    by(json!({
        "type": "AssumedRole", "accountId": "111122223333",
        "arn": format!("arn:aws:sts::111122223333:assumed-role/{name}/run-17"),
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role", "arn": arn, "accountId": "111122223333", "userName": name,
            },
            "attributes": {"creationDate": "2026-11-24T04:00:00Z", "mfaAuthenticated": "false"},
        },
    }))
}

pub fn by_user(arn: &str, key: &str) -> Value {
    let name = arn.rsplit('/').next();
    by(json!({
        "type": "IAMUser", "accountId": "111122223333", "arn": arn, "userName": name,
        "accessKeyId": key,
    }))
}

pub const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
pub const EVE: &str = "arn:aws:iam::111122223333:user/eve";

#[test]
fn a_user_is_contained_with_the_key_that_signed() {
    let user = target(&second(&by_user(
        "arn:aws:iam::111122223333:user/a/b/eve",
        KEY,
    )));
    assert_eq!(user.name, "eve");
    assert_eq!(user.key(), Some(KEY));
    assert!(user.is_held_by(&user.policy(now()), None));
    // A session's key cannot be switched off, and the policy is enough.
    let session = target(&second(&by_user(EVE, "ASIAIOSFODNN7EXAMPLE")));
    assert_eq!(session.hold, Hold::Everything { key: None });
}

#[test]
fn a_record_of_an_old_stop_contains_nobody() {
    let stop = second(&by_user(EVE, KEY));
    for later in [16, -16] {
        let then = now().before(-later * 60_000);
        let verdict = plan(&stop, 2, &config(), then);
        assert!(matches!(verdict, Verdict::Refused(why) if why.contains("15 minutes")));
    }
}

#[test]
fn no_record_revokes_sessions_of_the_future() {
    let mut event = by_role(ROLE);
    event["detail"]["userIdentity"]["sessionContext"]["attributes"]["creationDate"] =
        json!("2999-01-01T00:00:00Z");
    let policy = target(&second(&event)).policy(now());
    assert!(revoked_before(&policy) < Moment::parse("2026-11-24T05:15:00Z"));
}

#[test]
fn a_role_loses_the_sessions_until_now_and_no_later_ones() {
    let role = target(&second(&by_role(ROLE)));
    assert_eq!((role.name.as_str(), role.arn.as_str()), ("deploy", ROLE));
    let policy = role.policy(now());
    let before = Moment::parse("2026-11-24T05:06:10Z");
    assert_eq!(
        revoked_before(&policy),
        before,
        "the second under way included"
    );
    assert!(role.is_held_by(&policy, None));
    // Who has got a session since then is not held by it.
    let mut event = by_role(ROLE);
    let issued = "/detail/userIdentity/sessionContext/attributes/creationDate";
    *event.pointer_mut(issued).unwrap() = json!("2026-11-24T05:06:10Z");
    let later = target(&second(&event));
    assert!(!later.is_held_by(&policy, None));
    assert_eq!(
        revoked_before(&later.policy(now())),
        Moment::parse("2026-11-24T05:06:11Z"),
        "the two clocks may differ"
    );
    // Another policy under the name holds nobody.
    for other in [
        json!({}),
        json!([]),
        json!({"Statement": [{"Effect": "Deny"}]}),
    ] {
        assert!(!role.is_held_by(&other, None) && !role.is_held_by(&other, Some(&policy)));
    }
    let mut weaker = policy.clone();
    weaker["Statement"][0]["Action"] = json!("s3:*");
    assert!(!role.is_held_by(&weaker, Some(&policy)));
    assert_eq!(revoked_before(&weaker), None);
}

#[test]
fn who_is_never_contained_is_told_why() {
    let sso = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Admin_0123456789abcdef";
    let linked =
        "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX";
    let broken = format!("{ROLE}\n");
    let long = format!("arn:aws:iam::111122223333:role/{}", "a".repeat(65));
    for (event, why) in [
        (named("identity-root"), "root user"),
        (named("identity-root-with-session"), "root user"),
        (named("identity-assumed-root"), "root user"),
        (
            named("identity-federated-user"),
            "only IAM users and sessions",
        ),
        (named("identity-saml"), "only IAM users and sessions"),
        (
            named("identity-web-identity"),
            "only IAM users and sessions",
        ),
        (
            named("identity-identity-center"),
            "only IAM users and sessions",
        ),
        (named("identity-service"), "only IAM users and sessions"),
        (named("identity-account"), "only IAM users and sessions"),
        (named("identity-role-type"), "only IAM users and sessions"),
        (named("identity-role-arn-only"), "names no user or role"),
        (named("identity-user-without-arn"), "names no user or role"),
        (named("identity-user-name-differs"), "names no user or role"),
        (by_role(sso), "Identity Center"),
        (
            by_role(&sso.replace("aws-reserved/", "")),
            "Identity Center",
        ),
        (by_role(linked), "service-linked"),
        (
            by_role("arn:aws:iam::111122223333:role/responder"),
            "a responder's role",
        ),
        (
            by_role("arn:aws:iam::111122223333:role/ops/x"),
            "containment.exempt",
        ),
        (
            by_user("arn:aws:iam::111122223333:user/on-call", KEY),
            "containment.exempt",
        ),
        (
            by_role(&ROLE.replace("1111", "9999")),
            "names no user or role",
        ),
        (
            by_role(&ROLE.replace("aws:", "aws-cn:")),
            "names no user or role",
        ),
        (
            by_role(&ROLE.replace("role/ci", "user/ci")),
            "names no user or role",
        ),
        (
            by_role(&ROLE.replace("ci/deploy", "*")),
            "names no user or role",
        ),
        (
            by_role(&ROLE.replace("deploy", "de ploy")),
            "names no user or role",
        ),
        (
            by_role(&ROLE.replace("deploy", "")),
            "names no user or role",
        ),
        (
            by_role(&ROLE.replace("deploy", "de&Action=x")),
            "names no user or role",
        ),
        (
            by_role("arn:aws:iam::111122223333:role/"),
            "names no user or role",
        ),
        (by_role(&long), "names no user or role"),
        (by_role(""), "names no user or role"),
    ] {
        let incident = second(&event);
        let found = refusal(&incident, &config());
        assert!(found.contains(why), "{why}: {found}");
        assert_eq!(incident.severity, Severity::Critical);
    }
    // What surrounds the name is cut off by the reading of records, and is no part of it.
    assert_eq!(target(&second(&by_role(&broken))).arn, ROLE);
}

#[test]
fn who_may_change_the_trail_is_not_contained() {
    let incident = second(&by_role(ROLE));
    let placeholder = ROLE.replace("111122223333", "{account}");
    for principal in [ROLE, &placeholder] {
        let config = config_with("TRAILKEEPER_CHANGE_PRINCIPALS", principal);
        assert!(refusal(&incident, &config).contains("change_principals"));
        let config = config_with("TRAILKEEPER_PEER_ROLES", principal);
        assert!(refusal(&incident, &config).contains("a responder's role"));
    }
    let glass = |until: &str| {
        let principal = "arn:aws:iam::{account}:role/ci/*";
        let entry = json!([{"principal": principal, "reason": "x", "expires_at": until}]);
        config_with("TRAILKEEPER_BREAK_GLASS", &entry.to_string())
    };
    let in_force = glass("2026-11-24T06:00:00Z");
    assert!(refusal(&incident, &in_force).contains("break-glass"));
    let ended = plan(&incident, 2, &glass("2026-11-24T05:00:00Z"), now());
    assert!(matches!(ended, Verdict::Contain(_)));
}

#[test]
fn only_who_is_named_is_contained() {
    let only = |patterns: Value| {
        let rules = json!({"principals": patterns, "exempt": []});
        config_with("TRAILKEEPER_CONTAINMENT", &rules.to_string())
    };
    let (role, user) = (second(&by_role(ROLE)), second(&by_user(EVE, KEY)));
    assert!(refusal(&role, &only(json!(["user/*"]))).contains("containment.principals"));
    assert!(refusal(&user, &only(json!(["role/*", "user/ev"]))).contains("containment.principals"));
    let both = only(json!(["role/ci/*", "user/eve"]));
    for incident in [role, user] {
        let verdict = plan(&incident, 2, &both, now());
        assert!(matches!(verdict, Verdict::Contain(_)), "{verdict:?}");
    }
}

#[test]
fn only_a_repeated_success_that_the_trail_bears_out_is_answered_so() {
    let stop = second(&by_user(EVE, KEY));
    let off = config_with("TRAILKEEPER_CONTAINMENT", "");
    assert_eq!(plan(&stop, 2, &off, now()), Verdict::NotMeant);
    assert_eq!(plan(&stop, 1, &config(), now()), Verdict::NotMeant);
    assert!(matches!(
        plan(&stop, 99, &config(), now()),
        Verdict::Contain(_)
    ));
    let event = Event::parse(&by_user(EVE, KEY).to_string()).unwrap();
    let update = Event::parse(&named("update-several").to_string()).unwrap();
    let denied = Incident::denied(&event, protected().first());
    let all = of_stop(&event)
        .into_iter()
        .chain([denied])
        .chain(of_change(&update));
    for incident in all.map(again) {
        let verdict = planned(&incident);
        let is_told = !matches!(verdict, Verdict::NotMeant);
        let is_meant = matches!(
            incident.outcome,
            Outcome::Restored
                | Outcome::AlreadyLogging
                | Outcome::AlreadyRestored
                | Outcome::WouldRestore
                | Outcome::Reported
        );
        assert_eq!(
            is_told,
            is_meant && incident.source == "event",
            "{incident:?}"
        );
        if matches!(
            incident.outcome,
            Outcome::AlreadyRestored | Outcome::Reported
        ) {
            assert!(matches!(verdict, Verdict::Refused(_)), "{verdict:?}");
        }
    }
    let mut expected = stop;
    expected.severity = Severity::Info;
    assert_eq!(planned(&expected), Verdict::NotMeant);
}

#[test]
fn what_somebody_else_changed_proves_nothing() {
    // What is found: bucket, key, region, selectors and tags.
    for (asked, is_proven) in [
        (Some(json!({"s3BucketName": "evil"})), true),
        (
            Some(json!({"kmsKeyId": "", "isMultiRegionTrail": true})),
            true,
        ),
        (Some(json!({"isMultiRegionTrail": true})), false),
        (Some(json!({"s3KeyPrefix": "x"})), false),
        (None, true),
    ] {
        let mut event = named("update-several");
        let detail = &mut event["detail"];
        detail["userIdentity"] = by_user(EVE, KEY)["detail"]["userIdentity"].clone();
        detail["requestParameters"] = asked.clone().unwrap_or_default();
        let event = Event::parse(&event.to_string()).unwrap();
        let restored = again(of_change(&event).remove(0));
        assert_eq!(restored.outcome, Outcome::Restored);
        match planned(&restored) {
            Verdict::Contain(_) => assert!(is_proven, "{asked:?}"),
            Verdict::Refused(why) => {
                assert!(!is_proven && why.contains("this call"), "{asked:?}: {why}");
            }
            Verdict::NotMeant => panic!("{asked:?}"),
        }
    }
}

fn read(call: Option<&'static str>) -> Part {
    Part {
        call,
        is_in_place: Some(true),
        is_left: true,
        ..Part::default()
    }
}

fn told(mut incident: Incident, report: Report) -> Incident {
    incident.severity = Severity::Critical;
    incident.containment = Some(report);
    incident
}

fn refused(call: &'static str, why: &str) -> String {
    CallError::new(call, "AccessDenied", why, false).to_string()
}

/// The reports that there can be about the actor of `incident`.
pub fn of_actor(incident: &Incident) -> Vec<Incident> {
    of_actor_with(
        incident,
        "User: arn:aws:sts::111122223333:assumed-role/responder/responder is not authorized to perform: CALL",
    )
}

/// The same if IAM says `why` where it refuses.
pub fn of_actor_with(incident: &Incident, why: &str) -> Vec<Incident> {
    let incident = again(incident.clone());
    let target = match planned(&incident) {
        Verdict::NotMeant => return Vec::new(),
        Verdict::Refused(why) => return vec![told(incident, Report::refused(why))],
        Verdict::Contain(target) => target,
    };
    let before = revoked_before(&target.policy(now()));
    let has_key = target.key().is_some();
    let put = if target.is_user() {
        "iam:PutUserPolicy"
    } else {
        "iam:PutRolePolicy"
    };
    let denied = |call| Part {
        is_in_place: Some(false),
        problem: Some(refused(call, &why.replace("CALL", call))),
        ..Part::default()
    };
    let off = read(Some("iam:UpdateAccessKey"));
    let report = |policy: &Part, before: Option<Moment>, key: &Part| {
        let key = Some(key).filter(|_| has_key);
        Report::done(&target, policy, before, key, "eu-central-1")
    };
    let done = report(&read(Some(put)), before, &off);
    let again = report(&read(None), before, &read(None));
    let failed = report(&denied(put), None, &off);
    let whole = report(&denied(put), None, &denied("iam:UpdateAccessKey"));
    let would = Report::would(&target);
    let reports = [done, failed, would, again, whole];
    reports.map(|report| told(incident.clone(), report)).into()
}

/// One of each kind: a user, a role, one before, a role that cannot be edited, observed,
/// failed in part and as a whole.
pub fn of_each_kind() -> Vec<Incident> {
    let of = |event: Value| {
        let event = Event::parse(&event.to_string()).unwrap();
        of_actor(&of_stop(&event)[0])
    };
    let user = of(by_user(EVE, KEY));
    let role = of(by_role(ROLE));
    let sso = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Admin_0123456789abcdef";
    let refused = of(by_role(sso));
    let update = Event::parse(&named("update-several").to_string()).unwrap();
    let observed = of_change(&update)
        .into_iter()
        .find(|incident| incident.outcome == Outcome::WouldRestore);
    let observed = of_actor(&observed.unwrap());
    let [user, failed, ..] = &user[..] else {
        panic!("{user:?}");
    };
    let [role, _, _, before, whole] = &role[..] else {
        panic!("{role:?}");
    };
    [user, role, before, &refused[0], &observed[2], failed, whole]
        .map(Clone::clone)
        .into()
}

#[test]
fn only_what_is_there_or_may_be_is_taken_back() {
    let user = target(&second(&by_user(EVE, KEY)));
    let role = target(&second(&by_role(ROLE)));
    let on = format!(
        "aws iam update-access-key --user-name eve --access-key-id {KEY} --status Active --region eu-central-1"
    );
    let delete = "aws iam delete-user-policy --user-name eve --policy-name TrailkeeperContainment --region eu-central-1";
    let both = format!("{on} && {delete}");
    let nothing = Part::default();
    let unknown = Part {
        is_left: true,
        ..Part::default()
    };
    let undo = |target: &Target, policy: &Part, key: Option<&Part>| {
        Report::done(target, policy, None, key, "eu-central-1").undo
    };
    for (policy, key, wanted) in [
        (&read(None), &read(None), Some(&both)),
        (&unknown, &read(None), Some(&both)),
        (&read(None), &unknown, Some(&both)),
        (&unknown, &unknown, Some(&both)),
        (&nothing, &read(None), Some(&on)),
        (&nothing, &unknown, Some(&on)),
        (&read(None), &nothing, Some(&delete.to_owned())),
        (&unknown, &nothing, Some(&delete.to_owned())),
        (&nothing, &nothing, None),
    ] {
        let found = undo(&user, policy, Some(key));
        assert_eq!(found.as_ref(), wanted, "{policy:?} {key:?}");
    }
    let delete = "aws iam delete-role-policy --role-name deploy --policy-name TrailkeeperContainment --region eu-central-1";
    assert_eq!(undo(&role, &unknown, None).as_deref(), Some(delete));
    assert_eq!(undo(&role, &nothing, None), None);
}

#[test]
fn a_key_that_is_gone_was_not_read_as_inactive() {
    let user = target(&second(&by_user(EVE, KEY)));
    let gone = Part {
        is_gone: true,
        ..Part::default()
    };
    let put = read(Some("iam:PutUserPolicy"));
    let report = Report::done(&user, &put, None, Some(&gone), "eu-central-1");
    assert_eq!(report.state, State::Contained);
    assert_eq!((report.key_inactive, report.key_gone), (None, true));
    let mail = mail(&told(second(&by_user(EVE, KEY)), report));
    assert!(mail.contains(&format!("{KEY}: gone, IAM says")), "{mail}");
    assert!(!mail.contains("--status"), "{mail}");
}

#[test]
fn a_user_whom_iam_does_not_know_may_have_another_name_by_now() {
    let user = target(&second(&by_user(EVE, KEY)));
    let gone = Part {
        is_gone: true,
        ..Part::default()
    };
    let report = Report::done(&user, &gone, None, Some(&gone), "eu-central-1");
    assert_eq!(report.state, State::Failed);
    assert_eq!((report.key_inactive, report.key_gone), (None, false));
    let mail = mail(&told(second(&by_user(EVE, KEY)), report));
    let find = format!("iam get-access-key-last-used --access-key-id {KEY} --region eu-central-1");
    let pasted = crate::golden::pasted(&mail);
    assert_eq!(pasted.first(), Some(&find), "{mail}");
    assert!(!mail.contains("AWSDenyAll"), "{mail}");
}

#[test]
fn who_cannot_be_contained_is_locked_out_as_their_kind_can_be() {
    let sso = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_A_0";
    for (event, what) in [
        (named("identity-root"), "take the root user back"),
        (named("identity-assumed-root"), "take the root user back"),
        (by_role(sso), "disable the user in IAM Identity Center"),
        (
            named("identity-identity-center"),
            "disable the user in IAM Identity Center",
        ),
        (named("identity-federated-user"), "attach AWSDenyAll"),
        (named("identity-service"), "find out who has the service"),
        (named("identity-account"), "take these credentials away"),
    ] {
        let mut incident = second(&event);
        incident.severity = Severity::Critical;
        let mail = mail(&incident);
        let mail = mail.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(mail.contains(&format!("It goes on. Now {what}")), "{mail}");
    }
}

fn mail(incident: &Incident) -> String {
    let notice = Notice::of(incident).unwrap();
    let message: Value = serde_json::from_str(&notice.message).unwrap();
    message["email"].as_str().unwrap().to_owned()
}

#[test]
fn whatever_the_record_holds_the_notice_is_valid_and_names_nobody_else() {
    let mut contained = 0;
    for recorded in recorded() {
        let Ok(event) = Event::parse(&recorded.event.to_string()) else {
            continue;
        };
        for incident in of_stop(&event).iter().flat_map(of_actor) {
            valid::check(&recorded.name, &incident, 32 * 1024);
            let report = incident.containment.as_ref().unwrap();
            let Some(principal) = &report.principal else {
                continue;
            };
            contained += 1;
            let actor = &incident.actor;
            let is_its = |arn: &Option<_>| arn.as_ref() == Some(principal);
            assert!(is_its(&actor.arn) || is_its(&actor.session_issuer_arn));
        }
    }
    assert!(contained > 100, "only {contained}");
}

#[test]
fn a_name_as_odd_as_iam_takes_stays_one_word_of_the_command() {
    let longest = format!("-{}@a,b=c+d.e_", "x".repeat(51));
    assert_eq!(longest.len(), 63);
    for name in ["eve@example.com", "--profile", "a=b,c", &longest] {
        let arn = format!("arn:aws:iam::111122223333:user/{name}");
        let event = Event::parse(&by_user(&arn, KEY).to_string()).unwrap();
        for incident in of_actor(&of_stop(&event)[0]) {
            valid::check(name, &incident, 32 * 1024);
            let report = incident.containment.as_ref().unwrap();
            let Some(undo) = &report.undo else {
                continue;
            };
            let is_whole = |between| undo.contains(&format!("--user-name{between}{name} "));
            let is_option = name.starts_with('-');
            assert!(is_whole(if is_option { '=' } else { ' ' }), "{undo}");
            let pasted = crate::golden::pasted(&mail(&incident));
            let wanted = undo.replace("aws ", "").replace(" && ", " ");
            assert_eq!(
                pasted.last(),
                Some(&wanted),
                "after all others: {pasted:#?}"
            );
        }
    }
}
