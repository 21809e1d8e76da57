//! What a person is told to do now.

use crate::{
    actor::Actor,
    arn::TrailArn,
    console::{Console, Lookup, editable_role, is_of_identity_center, key_id, user_name},
    containment::{State, named},
    containment_notice,
    incident::Incident,
    kind::Kind,
    outcome::{Outcome, Severity},
    storm_summary::Storm,
    text::Clean,
    thing::Named,
    trail::Part,
};

const ASK_THE_OWNER: &str = "Ask the owner of the credentials, by another channel, whether they meant it. If not, treat them as stolen.";
const GOES_ON: &str = "It goes on. Now ";
const GOES_ON_IN_STORM: &str = "It goes on. Unless a notice says that the actor is contained, ";
const GOES_ON_CONTAINED: &str =
    "It goes on though the actor was contained: find out how they get in again, and ";
/// Of how many keys the deeds are to be looked at.
const KEYS: usize = 3;

/// One thing to do.
pub(crate) struct Step {
    /// What, and why.
    pub(crate) text: String,
    /// The words of the command that does it, none of which needs quoting; may be none.
    pub(crate) command: Vec<String>,
    /// The page of the console where it is done, if there is one.
    pub(crate) link: Option<String>,
}

impl Step {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            command: Vec::new(),
            link: None,
        }
    }

    /// With a command, its words separated by blanks.
    pub(crate) fn run(mut self, command: &str) -> Self {
        self.command = command.split(' ').map(str::to_owned).collect();
        self
    }

    pub(crate) fn open(mut self, link: Option<String>) -> Self {
        self.link = link;
        self
    }
}

/// The next steps, the most urgent first. Only what is ours, or can be nothing else
/// than it should be, goes into a command or a link.
pub(crate) fn next_steps(incident: &Incident) -> Vec<Step> {
    if incident.outcome.is_of_accounts() {
        return of_accounts(incident);
    }
    if let Some(storm) = &incident.storm {
        return of_storm(incident, storm);
    }
    let mut steps = look_and_mend(incident);
    match incident.outcome {
        _ if incident.severity == Severity::Info => {
            steps.push(Step::new("Nothing, if this change was expected."));
        }
        Outcome::LeftAlone => {
            steps.push(Step::new(
                "Nothing, if this is the work that the break-glass is for: it is healed by itself.",
            ));
            steps.push(Step::new("To end it now: take the entry out of break_glass, and terraform apply. The next sweep heals it."));
        }
        Outcome::Unconfirmed if incident.is_plain_stop() => {
            steps.push(Step::new(
                "Find out who sent this event: who may invoke the function?",
            ));
        }
        Outcome::Reported if incident.trail.arn.is_none() && incident.thing.is_none() => steps
            .push(Step::new(
                "Look at the organisation's trail from its management account, and at this call.",
            )),
        _ => {}
    }
    let trail = incident.place();
    let is_tampering = incident.severity != Severity::Info && !incident.is_unexplained();
    let contained = trail.as_ref().filter(|_| is_tampering);
    let contained = contained.and_then(|trail| containment_notice::steps(incident, trail));
    let is_at_it = incident.repetition.is_some() && incident.severity == Severity::Critical;
    if incident.is_unexplained() {
        if incident.outcome == Outcome::LeftAlone {
            return steps;
        }
        steps.extend(trail.iter().map(|trail| find_the_call(incident, trail)));
    } else if is_tampering {
        if let Some(contained) = contained {
            steps.extend(contained);
        } else if is_at_it {
            steps.push(take_away(incident, trail.as_ref(), GOES_ON));
        }
        steps.push(Step::new(ASK_THE_OWNER));
    }
    if let Some(trail) = &trail {
        steps.extend(deeds(incident, trail));
        if is_tampering && !is_at_it {
            steps.extend(lock_out(incident, trail, "If it is stolen, "));
        }
    }
    // Last: it gives back what an attacker wants.
    if is_tampering {
        steps.extend(containment_notice::undo(incident));
    }
    steps
}

/// Of an actor's many incidents.
fn of_storm(incident: &Incident, storm: &Storm) -> Vec<Step> {
    let mut trails = storm.trails.iter();
    let trail = trails.find_map(|arn| arn.as_str().parse::<TrailArn>().ok());
    let is_contained = storm.containment.is_some_and(State::is_contained);
    let mut steps = Vec::new();
    if !storm.is_over {
        let why = match storm.containment {
            None => GOES_ON_IN_STORM,
            Some(_) if is_contained => GOES_ON_CONTAINED,
            Some(_) => GOES_ON,
        };
        steps.push(take_away(incident, trail.as_ref(), why));
    }
    steps.push(Step::new(ASK_THE_OWNER));
    if let Some(trail) = trail {
        if let [_] = &storm.trails[..] {
            let region = trail.region();
            let look = format!("aws cloudtrail get-trail-status --name {trail} --region {region}");
            steps.push(Step::new("Look:").run(&look));
        }
        let keys = storm.access_key_ids.iter().take(KEYS);
        let deeds = keys.filter_map(|key| Lookup::by_key(Some(key)));
        steps.extend(deeds.map(|by| look_up("See what else that key did:", &by, &trail)));
        if storm.is_over && !is_contained {
            steps.extend(lock_out(incident, &trail, "If it is stolen, "));
        }
    }
    steps.push(Step::new(
        "Every sweep looks at the trails. What it finds not as declared has a notice of its own.",
    ));
    steps
}

fn of_accounts(incident: &Incident) -> Vec<Step> {
    let steps: &[&str] = match incident.outcome {
        Outcome::Unreachable => &[
            "Is the account new? Then its part of Trailkeeper may not be deployed yet: look at the stack set's instances.",
            "Else somebody removed or changed the role that the problem above names: find the call in that account's event history, where IAM's calls are recorded, and treat its maker as an attacker.",
            "Deploy the account's part again, or add the account to excluded_accounts.",
        ],
        Outcome::AccountSuspended => {
            &["Nothing, if the account is meant to be closed; else find out who suspended it."]
        }
        _ => &[
            "Look at the function's log for what slowed the sweep or stood in its way.",
            "Set sweep_fan_out = true, or raise memory_size, if the organisation has grown.",
        ],
    };
    steps.iter().map(|step| Step::new(*step)).collect()
}

/// What shows what is wrong, and what brings it back.
fn look_and_mend(incident: &Incident) -> Vec<Step> {
    let failed = incident.outcome.is_failure();
    let reported = incident.outcome == Outcome::Reported;
    let open = failed
        || reported
        || incident.problem.is_some()
        || incident.outcome == Outcome::WouldRestore;
    let Some(trail) = incident.place().filter(|_| open) else {
        return Vec::new();
    };
    if let Some(thing) = &incident.thing {
        return look_and_mend_thing(incident, thing, &trail);
    }
    if incident.is_gone() {
        return vec![Step::new(
            "Make it again where it was declared: terraform apply.",
        )];
    }
    let region = trail.region();
    let differs = |part| incident.drift.iter().any(|drift| drift.part == part);
    let mut looks = Vec::new();
    if reported {
        looks.push("get-event-configuration --trail-name");
    }
    if differs(Part::Settings) || differs(Part::Tags) {
        looks.push("get-trail --name");
    }
    if differs(Part::EventSelectors) {
        looks.push("get-event-selectors --trail-name");
    }
    if differs(Part::InsightSelectors) {
        looks.push("get-insight-selectors --trail-name");
    }
    if looks.is_empty() || differs(Part::Logging) {
        looks.insert(0, "get-trail-status --name");
    }
    let mut steps = Vec::new();
    if failed && incident.verification.is_logging != Some(true) {
        let start = format!("aws cloudtrail start-logging --name {trail} --region {region}");
        steps.push(Step::new("Start it by hand:").run(&start));
    }
    for look in looks {
        let look = format!("aws cloudtrail {look} {trail} --region {region}");
        steps.push(Step::new("Look:").run(&look));
    }
    if let (Some(console), Some(last)) = (Console::of(&trail), steps.last_mut()) {
        last.link = Some(console.trail(&trail));
    }
    steps.push(Step::new(
        "Bring back what is missing or changed where it was declared: terraform apply.",
    ));
    steps
}

/// The same for what belongs to a trail.
fn look_and_mend_thing(incident: &Incident, thing: &Named, trail: &TrailArn) -> Vec<Step> {
    let mut steps = Vec::new();
    let kind = &thing.kind;
    let field = incident.drift.first().map(|drift| drift.field.as_str());
    let look = look_at(thing, field, trail.region());
    steps.push(Step::new("Look:").run(&look));
    if incident.is_gone() {
        steps.push(Step::new(match kind {
            Kind::LogBucket if incident.outcome.is_failure() => "If its name is taken, look whose it is: the name of a deleted bucket can be registered by anybody. Then point the trail to another one. Else make it again where it was declared: terraform apply.",
            Kind::LogBucket => "Make it again at once where it was declared, before somebody else registers its name: terraform apply.",
            Kind::Topic => "Make it again at once where it was declared: terraform apply. Until then no notice reaches anybody but by other ways.",
            Kind::Queue | Kind::LogGroup | Kind::Table | Kind::Alarms => "Make it again where it was declared: terraform apply.",
            Kind::Rule | Kind::Schedule | Kind::Function | Kind::Role | Kind::Guard => "Make it again at once where it was declared: terraform apply. Until then nobody may put a stopped trail back.",
            Kind::TopicKey => "Make a new one where it was declared, and give it to the topic: terraform apply. Until then no notice reaches anybody but by other ways.",
            Kind::LogKey => "Its logs cannot be read any more. Make a new key where it was declared: terraform apply.",
        }));
    } else {
        if *kind == Kind::LogBucket && incident.outcome == Outcome::Unverified {
            steps.push(Step::new("If access is denied, look whose it is: the name of a deleted bucket can be registered by anybody. Then point the trail to another one."));
        }
        if *kind == Kind::Topic && field == Some("subscriptions") {
            steps.push(Step::new("A mail address or an https endpoint that was subscribed again must be confirmed again: open the message that AWS sent it."));
        }
        steps.push(Step::new(
            "Bring back what is missing or changed where it was declared: terraform apply.",
        ));
    }
    steps
}

/// The command that shows `field` of `thing`.
fn look_at(thing: &Named, field: Option<&str>, region: &str) -> String {
    let Named {
        kind, arn, name, ..
    } = thing;
    match (kind, field) {
        (Kind::LogBucket, field) => {
            let command = match field {
                Some("public_access_block") => "get-public-access-block",
                Some("versioning") => "get-bucket-versioning",
                Some("encryption") => "get-bucket-encryption",
                Some("lifecycle") => "get-bucket-lifecycle-configuration",
                Some("object_lock") => "get-object-lock-configuration",
                Some("ownership") => "get-bucket-ownership-controls",
                Some("notification") => "get-bucket-notification-configuration",
                Some("replication") => "get-bucket-replication",
                Some("logging") => "get-bucket-logging",
                Some("exists") => "head-bucket",
                _ => "get-bucket-policy",
            };
            format!("aws s3api {command} --bucket {name} --region {region}")
        }
        (Kind::LogKey | Kind::TopicKey, Some("policy")) => {
            format!("aws kms get-key-policy --policy-name default --key-id {arn} --region {region}")
        }
        (Kind::LogKey | Kind::TopicKey, _) => {
            format!("aws kms describe-key --key-id {arn} --region {region}")
        }
        (Kind::Rule, Some("targets")) => {
            let bus = thing.scope();
            format!(
                "aws events list-targets-by-rule --rule {name} --event-bus-name {bus} --region {region}"
            )
        }
        (Kind::Rule, _) => {
            let bus = thing.scope();
            format!(
                "aws events describe-rule --name {name} --event-bus-name {bus} --region {region}"
            )
        }
        (Kind::Schedule, _) => {
            let group = thing.scope();
            format!(
                "aws scheduler get-schedule --name {name} --group-name {group} --region {region}"
            )
        }
        (Kind::Function, field) => {
            let command = match field {
                Some("permissions") => "get-policy",
                Some("retries") => "get-function-event-invoke-config",
                Some("concurrency") => "get-function-concurrency",
                _ => "get-function-configuration",
            };
            format!("aws lambda {command} --function-name {name} --region {region}")
        }
        (Kind::Role, field) => {
            let command = match field {
                Some("policy") => format!("get-role-policy --policy-name {name}"),
                Some("policies") => "list-role-policies".to_owned(),
                Some("attached") => "list-attached-role-policies".to_owned(),
                _ => "get-role".to_owned(),
            };
            format!("aws iam {command} --role-name {name}")
        }
        (Kind::Topic, Some("subscriptions" | "filters")) => {
            format!("aws sns list-subscriptions-by-topic --topic-arn {arn} --region {region}")
        }
        (Kind::Topic, _) => {
            format!("aws sns get-topic-attributes --topic-arn {arn} --region {region}")
        }
        (Kind::Alarms, _) => {
            let prefix = name.as_str().trim_end_matches('*');
            format!("aws cloudwatch describe-alarms --alarm-name-prefix {prefix} --region {region}")
        }
        (Kind::Queue, _) => {
            format!("aws sqs get-queue-url --queue-name {name} --region {region}")
        }
        (Kind::LogGroup, _) => {
            format!("aws logs describe-log-groups --log-group-name-prefix {name} --region {region}")
        }
        (Kind::Table, Some("policy")) => {
            format!("aws dynamodb get-resource-policy --resource-arn {arn} --region {region}")
        }
        (Kind::Table, _) => {
            format!("aws dynamodb describe-time-to-live --table-name {name} --region {region}")
        }
        (Kind::Guard, _) => {
            let name = arn
                .as_str()
                .split_once(":parameter")
                .map_or("", |(_, name)| name);
            format!("aws ssm get-parameter --name {name} --region {region}")
        }
    }
}

fn find_the_call(incident: &Incident, trail: &TrailArn) -> Step {
    let by = match &incident.thing {
        Some(thing) => Lookup::by_name(thing.name.as_str()),
        None => Lookup::by_name(trail.name()),
    };
    look_up(
        "Find the call (a record can take 15 minutes to appear):",
        &by,
        trail,
    )
}

/// What else the actor did: with this key, and as this user with any key.
fn deeds(incident: &Incident, trail: &TrailArn) -> Vec<Step> {
    let by_key = Lookup::by_key(incident.actor.access_key_id.as_ref())
        .map(|by| look_up("See what else that key did:", &by, trail));
    let by_user = Lookup::by_user(&incident.actor)
        .map(|by| look_up("See what that user did with any key:", &by, trail));
    by_key.into_iter().chain(by_user).collect()
}

/// What stops whoever is at it; `why` begins the sentence.
fn take_away(incident: &Incident, trail: Option<&TrailArn>, why: &str) -> Step {
    let step = trail.and_then(|trail| lock_out(incident, trail, why));
    step.unwrap_or_else(|| Step::new(format!("{why}{}", by_kind(&incident.actor))))
}

/// What ends the access of such an actor, whoever it is.
/// Source: <https://docs.aws.amazon.com/singlesignon/latest/userguide/prereq-revoke-user-permissions.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_disable-perms.html>.
fn by_kind(actor: &Actor) -> &'static str {
    if actor.is_kind("Root") {
        "take the root user back: change its password, delete its access keys, remove MFA devices that are not yours. No policy of the account limits it; a service control policy of the organisation does."
    } else if actor.is_kind("IdentityCenterUser") || is_of_identity_center(actor) {
        "disable the user in IAM Identity Center, and end its sessions there. The role's sessions that have begun last on, 12 hours at most: deny them everything in the permission set, by aws:TokenIssueTime, or in a service control policy."
    } else if actor.is_kind("FederatedUser") {
        "attach AWSDenyAll to the IAM user that issued the session: it can do no more than that user. Switching off that user's keys does not end it."
    } else if actor.is_kind("AWSService") {
        "find out who has the service make these calls, and end that access."
    } else {
        "take these credentials away. An IAM user: deactivate its keys. A role: revoke its active sessions."
    }
}

/// What ends the actor's access; `why` begins the sentence.
fn lock_out(incident: &Incident, trail: &TrailArn, why: &str) -> Option<Step> {
    let actor = &incident.actor;
    let account = actor.account.as_ref().map(Clean::as_str);
    // The command and the page are those of the account that one is signed in to.
    if account != Some(trail.account()) || incident.outcome == Outcome::Unconfirmed {
        return None;
    }
    // Keys of sessions begin with ASIA, and cannot be switched off.
    let own_key = key_id(actor).filter(|key| key.starts_with("AKIA"));
    if let Some((key, user)) = own_key.zip(user_name(actor)) {
        let off = switch_off(user, key, trail.region());
        return Some(Step::new(format!("{why}switch the key off:")).run(&off));
    }
    let role = editable_role(actor)?;
    let link = Console::of(trail)?.revoke_sessions(role);
    Some(Step::new(format!("{why}revoke the role's sessions:")).open(Some(link)))
}

/// The command that does it. Without a region it would go to the partition of whoever
/// runs it.
pub(crate) fn switch_off(user: &str, key: &str, region: &str) -> String {
    let user = named("user", user);
    format!(
        "aws iam update-access-key {user} --access-key-id {key} --status Inactive --region {region}"
    )
}

fn look_up(text: &str, by: &Lookup, trail: &TrailArn) -> Step {
    let region = trail.region();
    let Lookup { attribute, value } = by;
    Step::new(text)
        .run(&format!("aws cloudtrail lookup-events --region {region} --lookup-attributes AttributeKey={attribute},AttributeValue={value}"))
        .open(Console::of(trail).map(|console| console.events(by)))
}

impl Incident {
    /// The trail's ARN, if it is known.
    #[must_use]
    pub fn trail_arn(&self) -> Option<TrailArn> {
        self.trail.arn.as_ref()?.as_str().parse().ok()
    }

    /// The trail's ARN; where there is none, that of one in the place of the thing.
    fn place(&self) -> Option<TrailArn> {
        let thing = self.thing.as_ref();
        self.trail_arn()
            .or_else(|| thing.map(|thing| thing.place.clone()))
    }
}
