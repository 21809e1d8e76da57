//! A schedule that runs the responder's sweeps: which calls concern it, how it is observed,
//! how it differs from what is declared, and which calls heal it. Each sets it as a whole.
//! Source: <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Operations.html>.

use serde_json::{Map, Value, json};

use crate::{
    aws::Service,
    declaration::{Declared, EXISTS, Mend},
    event::text,
    guard::{Handling, Read, Request, Speech, or_null, set},
    kind::{Change, Profile, Wanted},
    thing::Thing,
    trail::{Drift, Part},
};

/// Whether it is on.
const STATE: &str = "state";
/// How often it runs.
const EXPRESSION: &str = "expression";
/// Whom it invokes, with what, as whom.
const TARGET: &str = "target";
/// Within which time of its own it runs.
const WINDOW: &str = "window";
/// Before when it does not run, after when no more.
const START: &str = "start";
const END: &str = "end";
/// What its input is encrypted with: who disables that ends it.
const KEY: &str = "kms_key";
const DESCRIPTION: &str = "description";

/// The fields, and what the service calls them.
const FIELDS: [(&str, &str); 8] = [
    (STATE, "State"),
    (EXPRESSION, "ScheduleExpression"),
    (TARGET, "Target"),
    (WINDOW, "FlexibleTimeWindow"),
    (START, "StartDate"),
    (END, "EndDate"),
    (KEY, "KmsKeyArn"),
    (DESCRIPTION, "Description"),
];

const DELETE_GROUP: &str = "DeleteScheduleGroup";
/// The call that names the group of a schedule instead of it.
pub(crate) const OF_GROUP: Option<&str> = Some(DELETE_GROUP);

const CREATE_GROUP: &str = "scheduler:CreateScheduleGroup";
const CREATE: &str = "scheduler:CreateSchedule";
const UPDATE: &str = "scheduler:UpdateSchedule";

pub(crate) const PROFILE: Profile = Profile {
    what: "schedule",
    title: "Schedule",
    source: ("aws.scheduler", "scheduler.amazonaws.com"),
    resource: "Other",
    separator: '/',
    parameters: &["name"],
    scope: Some("groupName"),
    fields: &[
        STATE,
        EXPRESSION,
        TARGET,
        WINDOW,
        START,
        END,
        KEY,
        DESCRIPTION,
    ],
    by_key: &[(TARGET, false)],
    changes: &[
        Change::new("UpdateSchedule", Part::Of(STATE), ["changed", "change"]),
        Change::new("DeleteSchedule", Part::Existence, ["deleted", "delete"]),
        Change::new("CreateSchedule", Part::Existence, ["created", "create"]),
        Change::new(
            DELETE_GROUP,
            Part::Existence,
            ["deleted the group of", "delete the group of"],
        ),
    ],
    own_calls: &["UpdateSchedule", "CreateSchedule"],
    normal: |field, value| match (field, value) {
        (DESCRIPTION, Value::Null) => "".into(),
        _ => value.clone(),
    },
    wanted,
    mends,
};

/// Records hide inputs: a call that set state and interval as declared may have set
/// something else.
fn wanted(_: &Change, given: &Map<String, Value>, declared: &Declared, _: &str) -> Option<Wanted> {
    let state = text(given, "state").unwrap_or("ENABLED");
    let all = [
        (STATE, Value::from(state)),
        (EXPRESSION, given.get("scheduleExpression")?.clone()),
    ];
    let differs = |(field, wanted): &(&'static str, Value)| {
        let declared = declared.get(field);
        declared.is_some_and(|declared| declared.given != *wanted)
    };
    let all: Wanted = all.into_iter().filter(differs).collect();
    (!all.is_empty()).then_some(all)
}

fn mends(drift: &Drift, declared: &Declared) -> Vec<Mend> {
    let all = FIELDS.iter().filter_map(|(field, name)| {
        let value = &declared.get(field)?.given;
        (!value.is_null()).then(|| ((*name).to_owned(), value.clone()))
    });
    let all = Value::Object(all.collect());
    if drift.part == Part::Existence {
        // The group may be gone with it.
        return vec![
            Mend::new(CREATE_GROUP, EXISTS, Value::Null),
            Mend::new(CREATE, EXISTS, all),
        ];
    }
    let mut fields = PROFILE.fields.iter();
    let field = fields.find(|field| **field == drift.field);
    let mend = field.map(|field| Mend::new(UPDATE, field, all));
    mend.into_iter().collect()
}

pub(crate) const HANDLING: Handling = Handling {
    service: (Service::Scheduler, Speech::Rest),
    reads: &[Read {
        call: "scheduler:GetSchedule",
        request: |schedule| {
            let (name, group) = (schedule.name(), schedule.scope());
            Request::rest("GET", format!("/schedules/{name}?groupName={group}"))
        },
        absent: None,
        fields: &[
            (STATE, |answer| answer.get("State").cloned()),
            (EXPRESSION, |answer| {
                answer.get("ScheduleExpression").cloned()
            }),
            (TARGET, |answer| answer.get("Target").cloned()),
            (WINDOW, |answer| answer.get("FlexibleTimeWindow").cloned()),
            (START, |answer| Some(or_null(answer, "StartDate"))),
            (END, |answer| Some(or_null(answer, "EndDate"))),
            (KEY, |answer| Some(or_null(answer, "KmsKeyArn"))),
            (DESCRIPTION, |answer| Some(or_null(answer, "Description"))),
        ],
    }],
    missing: "ResourceNotFoundException",
    heal,
    needless: Some((CREATE_GROUP, "ConflictException")),
};

fn heal(schedule: &Thing, mend: &Mend) -> Request {
    let group = schedule.scope();
    if mend.call == CREATE_GROUP {
        return Request {
            to: ("POST", format!("/schedule-groups/{group}")),
            input: json!({}),
        };
    }
    let mut input = mend.value.clone();
    set(&mut input, "GroupName", json!(group));
    let method = if mend.call == CREATE { "POST" } else { "PUT" };
    Request {
        to: (method, format!("/schedules/{}", schedule.name())),
        input,
    }
}
