//! A role of the responder: which calls concern it, how it is observed, and how it differs
//! from what is declared. Nothing of it is healed: who may give a role permissions can do
//! whatever they allow.
//! Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html>.

use serde_json::{Map, Value, json};

use crate::{
    aws::Service,
    baseline::sha256,
    declaration::Declared,
    event::text,
    guard::{Handling, Read, Request, Speech, members, set},
    iam::{self, document},
    kind::{Change, Profile, Wanted},
    policy,
    trail::Part,
};

/// Its own inline policy, which bears its name: `Version`, and the SHA-256 of each
/// statement, by id. A parameter has no room for the statements themselves.
const POLICY: &str = "policy";
/// The names of all inline policies.
const POLICIES: &str = "policies";
/// The managed policies that are attached.
const ATTACHED: &str = "attached";
/// ARN of the permissions boundary.
const BOUNDARY: &str = "boundary";
/// Who may assume it.
const TRUST: &str = "trust";

pub(crate) const PROFILE: Profile = Profile {
    what: "role",
    title: "Role",
    source: ("aws.iam", "iam.amazonaws.com"),
    resource: "AwsIamRole",
    separator: '/',
    parameters: &["roleName"],
    scope: None,
    fields: &[POLICY, POLICIES, ATTACHED, BOUNDARY, TRUST],
    by_key: &[(POLICY, false)],
    changes: &[
        Change::new(
            "PutRolePolicy",
            Part::Of(POLICY),
            ["changed a policy of", "change a policy of"],
        ),
        Change::new(
            "PutRolePolicy",
            Part::Of(POLICIES),
            ["added a policy to", "add a policy to"],
        ),
        Change::new(
            "DeleteRolePolicy",
            Part::Of(POLICIES),
            ["deleted a policy of", "delete a policy of"],
        ),
        Change::new(
            "AttachRolePolicy",
            Part::Of(ATTACHED),
            ["attached a policy to", "attach a policy to"],
        ),
        Change::new(
            "DetachRolePolicy",
            Part::Of(ATTACHED),
            ["detached a policy from", "detach a policy from"],
        ),
        Change::new(
            "PutRolePermissionsBoundary",
            Part::Of(BOUNDARY),
            ["set the boundary of", "set the boundary of"],
        ),
        Change::new(
            "DeleteRolePermissionsBoundary",
            Part::Of(BOUNDARY),
            ["removed the boundary of", "remove the boundary of"],
        ),
        Change::new(
            "UpdateAssumeRolePolicy",
            Part::Of(TRUST),
            ["changed who may assume", "change who may assume"],
        ),
        Change::new("DeleteRole", Part::Existence, ["deleted", "delete"]),
        Change::new("CreateRole", Part::Existence, ["created", "create"]),
    ],
    own_calls: &[],
    normal,
    wanted,
    mends: |_, _| Vec::new(),
};

fn normal(field: &str, value: &Value) -> Value {
    match (field, value) {
        (TRUST, trust) => policy::normal(trust),
        (POLICIES | ATTACHED, Value::Array(all)) => {
            let mut all = all.clone();
            all.sort_by_cached_key(Value::to_string);
            all.into()
        }
        // A role without its policy has no statements.
        (POLICY, Value::Null) => json!({}),
        _ => value.clone(),
    }
}

fn wanted(
    change: &Change,
    given: &Map<String, Value>,
    declared: &Declared,
    _: &str,
) -> Option<Wanted> {
    let listed = |field: &str| declared.get(field)?.given.as_array().cloned();
    let with = |mut all: Vec<Value>, one: &str| {
        if all.iter().all(|known| known != one) {
            all.push(one.into());
        }
        Value::from(all)
    };
    let without = |all: Vec<Value>, one: &str| -> Value {
        all.into_iter().filter(|known| known != one).collect()
    };
    Some(match change.name {
        "PutRolePolicy" => {
            let name = text(given, "policyName")?;
            let mut wanted = vec![(POLICIES, with(listed(POLICIES)?, name))];
            if Some(name) == text(given, "roleName") {
                let document = serde_json::from_str(text(given, "policyDocument")?).ok()?;
                wanted.push((POLICY, digests(&document)));
            }
            wanted
        }
        "DeleteRolePolicy" => {
            let name = text(given, "policyName")?;
            vec![(POLICIES, without(listed(POLICIES)?, name))]
        }
        "AttachRolePolicy" => {
            let arn = text(given, "policyArn")?;
            vec![(ATTACHED, with(listed(ATTACHED)?, arn))]
        }
        "DetachRolePolicy" => {
            let arn = text(given, "policyArn")?;
            vec![(ATTACHED, without(listed(ATTACHED)?, arn))]
        }
        "PutRolePermissionsBoundary" => {
            vec![(BOUNDARY, given.get("permissionsBoundary")?.clone())]
        }
        "DeleteRolePermissionsBoundary" => vec![(BOUNDARY, Value::Null)],
        "UpdateAssumeRolePolicy" => vec![(TRUST, given.get("policyDocument")?.clone())],
        _ => return None,
    })
}

/// A policy by the digests of its statements, as Terraform makes them: of JSON with sorted
/// keys and no blanks, in which what HTML knows is escaped. IAM keeps a policy as it was put.
/// Source: <https://developer.hashicorp.com/terraform/language/functions/jsonencode>.
fn digests(document: &Value) -> Value {
    let digest = |statement: &Value| {
        let text = statement.to_string();
        let escaped = [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026")];
        let escaped = escaped
            .iter()
            .fold(text, |text, (from, to)| text.replace(*from, to));
        Value::from(sha256(&escaped))
    };
    let mut all = json!({"Version": document.get("Version")});
    let statements = document.get("Statement").unwrap_or(&Value::Null);
    for (at, statement) in members(statements).into_iter().enumerate() {
        let id = statement.get("Sid").and_then(Value::as_str);
        let id = id.map_or_else(|| at.to_string(), str::to_owned);
        // Two of one id must not hide each other.
        let id = match all.get(&id) {
            Some(_) => format!("{id} {at}"),
            None => id,
        };
        set(&mut all, &id, digest(&statement));
    }
    all
}

pub(crate) const HANDLING: Handling = Handling {
    service: (Service::Iam, Speech::Query(iam::VERSION)),
    reads: &[
        Read {
            call: "iam:GetRole",
            request: |role| Request::json(json!({"RoleName": role.name()})),
            absent: None,
            fields: &[
                (TRUST, |answer| {
                    let role = answer.pointer("/GetRoleResult/Role")?;
                    document(role.get("AssumeRolePolicyDocument")?.as_str()?)
                }),
                (BOUNDARY, |answer| {
                    let role = answer.pointer("/GetRoleResult/Role")?;
                    let arn = role.pointer("/PermissionsBoundary/PermissionsBoundaryArn");
                    Some(arn.cloned().unwrap_or_default())
                }),
            ],
        },
        Read {
            call: "iam:GetRolePolicy",
            request: |role| {
                Request::json(json!({"RoleName": role.name(), "PolicyName": role.name()}))
            },
            absent: Some(iam::MISSING),
            fields: &[(POLICY, |answer| {
                let text = answer.pointer("/GetRolePolicyResult/PolicyDocument")?;
                Some(digests(&document(text.as_str()?)?))
            })],
        },
        Read {
            call: "iam:ListRolePolicies",
            request: |role| Request::json(json!({"RoleName": role.name()})),
            absent: None,
            fields: &[(POLICIES, |answer| {
                let names = answer.pointer("/ListRolePoliciesResult/PolicyNames")?;
                Some(members(names.get("member").unwrap_or(&Value::Null)).into())
            })],
        },
        Read {
            call: "iam:ListAttachedRolePolicies",
            request: |role| Request::json(json!({"RoleName": role.name()})),
            absent: None,
            fields: &[(ATTACHED, |answer| {
                let all = answer.pointer("/ListAttachedRolePoliciesResult/AttachedPolicies")?;
                let all = members(all.get("member").unwrap_or(&Value::Null));
                let arns = all.iter().map(|one| one.get("PolicyArn").cloned());
                arns.collect::<Option<Value>>()
            })],
        },
    ],
    missing: iam::MISSING,
    heal: |_, _| Request::json(Value::Null),
    needless: None,
};
