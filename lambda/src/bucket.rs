//! The log bucket: which calls concern it, how it is observed, how it differs from what is
//! declared, and which calls heal it; and all calls to S3.
//!
//! Each field is one of the bucket's subresources, which is read and set as a whole.
//! Terraform declares it as it is set: a policy as an object, all else as XML, and what
//! is to be deleted if it is there as `null`.
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html>.

use futures_util::future::join_all;
use serde_json::{Map, Value};

use crate::{
    api::Api,
    aws::{Aws, Service},
    budget::Budget,
    declaration::{EXISTS, Mend},
    failure::CallError,
    kind::{Change, Profile},
    policy,
    rest_api::RestXml,
    thing::Thing,
    trail::{Drift, Observation, Part},
    xml,
};

/// The bucket's policy.
const POLICY: &str = "policy";
const ACCESS: &str = "public_access_block";
const VERSIONING: &str = "versioning";
const ENCRYPTION: &str = "encryption";
const LIFECYCLE: &str = "lifecycle";
const LOCK: &str = "object_lock";
const OWNERSHIP: &str = "ownership";
const NOTIFICATION: &str = "notification";
const REPLICATION: &str = "replication";
const LOGGING: &str = "logging";
/// Who pays for requests. CloudTrail delivers to no bucket where the requester does.
/// Source: <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html>.
const PAYMENT: &str = "request_payment";

/// The fields of a bucket.
const FIELDS: [&str; 11] = [
    POLICY,
    ACCESS,
    VERSIONING,
    ENCRYPTION,
    LIFECYCLE,
    LOCK,
    OWNERSHIP,
    NOTIFICATION,
    REPLICATION,
    LOGGING,
    PAYMENT,
];

pub(crate) const PROFILE: Profile = Profile {
    what: "log bucket",
    title: "Log bucket",
    source: ("aws.s3", "s3.amazonaws.com"),
    resource: "AwsS3Bucket",
    separator: ':',
    parameters: &["bucketName"],
    scope: None,
    fields: &FIELDS,
    by_key: &[],
    changes: &CHANGES,
    own_calls: &[
        "PutBucketPolicy",
        "PutBucketPublicAccessBlock",
        "PutBucketVersioning",
        "PutBucketEncryption",
        "PutBucketLifecycle",
        "PutBucketObjectLockConfiguration",
        "PutBucketOwnershipControls",
        "PutBucketNotification",
        "PutBucketReplication",
        "PutBucketLogging",
        "PutBucketRequestPayment",
    ],
    normal,
    wanted: |change, given, _, _| {
        let Part::Of(field) = change.part else {
            return None;
        };
        wanted(change, given).map(|wanted| vec![(field, wanted)])
    },
    mends: |drift, declared| {
        let field = declared.get(drift.field.as_str());
        mends(drift, field.map_or(&Value::Null, |field| &field.given))
    },
};

/// How a field is read and set.
struct Subresource {
    field: &'static str,
    query: &'static str,
    /// The calls, as in an IAM policy.
    get: &'static str,
    put: &'static str,
    /// S3's error code where there is none.
    absent: &'static str,
    /// What the parameters of the call are called in a record: the root of its XML.
    root: &'static str,
}

const SUBRESOURCES: [Subresource; 11] = [
    Subresource {
        field: POLICY,
        query: "policy",
        get: "s3:GetBucketPolicy",
        put: "s3:PutBucketPolicy",
        absent: "NoSuchBucketPolicy",
        root: "bucketPolicy",
    },
    Subresource {
        field: ACCESS,
        query: "publicAccessBlock",
        get: "s3:GetBucketPublicAccessBlock",
        put: "s3:PutBucketPublicAccessBlock",
        absent: "NoSuchPublicAccessBlockConfiguration",
        root: "PublicAccessBlockConfiguration",
    },
    Subresource {
        field: VERSIONING,
        query: "versioning",
        get: "s3:GetBucketVersioning",
        put: "s3:PutBucketVersioning",
        absent: "",
        root: "VersioningConfiguration",
    },
    Subresource {
        field: ENCRYPTION,
        query: "encryption",
        get: "s3:GetEncryptionConfiguration",
        put: "s3:PutEncryptionConfiguration",
        absent: "ServerSideEncryptionConfigurationNotFoundError",
        root: "ServerSideEncryptionConfiguration",
    },
    Subresource {
        field: LIFECYCLE,
        query: "lifecycle",
        get: "s3:GetLifecycleConfiguration",
        put: "s3:PutLifecycleConfiguration",
        absent: "NoSuchLifecycleConfiguration",
        root: "LifecycleConfiguration",
    },
    Subresource {
        field: LOCK,
        query: "object-lock",
        get: "s3:GetBucketObjectLockConfiguration",
        put: "s3:PutBucketObjectLockConfiguration",
        absent: "ObjectLockConfigurationNotFoundError",
        root: "ObjectLockConfiguration",
    },
    Subresource {
        field: OWNERSHIP,
        query: "ownershipControls",
        get: "s3:GetBucketOwnershipControls",
        put: "s3:PutBucketOwnershipControls",
        absent: "OwnershipControlsNotFoundError",
        root: "OwnershipControls",
    },
    Subresource {
        field: NOTIFICATION,
        query: "notification",
        get: "s3:GetBucketNotification",
        put: "s3:PutBucketNotification",
        absent: "",
        root: "NotificationConfiguration",
    },
    Subresource {
        field: REPLICATION,
        query: "replication",
        get: "s3:GetReplicationConfiguration",
        put: "s3:PutReplicationConfiguration",
        absent: "ReplicationConfigurationNotFoundError",
        root: "ReplicationConfiguration",
    },
    Subresource {
        field: LOGGING,
        query: "logging",
        get: "s3:GetBucketLogging",
        put: "s3:PutBucketLogging",
        absent: "",
        root: "BucketLoggingStatus",
    },
    Subresource {
        field: PAYMENT,
        query: "requestPayment",
        get: "s3:GetBucketRequestPayment",
        put: "s3:PutBucketRequestPayment",
        absent: "",
        root: "RequestPaymentConfiguration",
    },
];

/// The call that makes a bucket again.
const CREATE: &str = "s3:CreateBucket";
/// The region of buckets that are made without naming one.
const DEFAULT_REGION: &str = "us-east-1";

/// What weakens nothing, and may be there without being declared: S3 writes it by itself.
const IGNORED: [&str; 2] = ["BlockedEncryptionTypes", "MfaDelete"];

/// With nothing in it, this sends every event to EventBridge.
const TO_EVENT_BUS: &str = "EventBridgeConfiguration";

/// The calls that can weaken a bucket, by their names in records.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html>.
const CHANGES: [Change; 19] = [
    Change::new("PutBucketPolicy", Part::Of(POLICY), CHANGED[0]),
    Change::new("DeleteBucketPolicy", Part::Of(POLICY), REMOVED[0]),
    Change::new("PutBucketPublicAccessBlock", Part::Of(ACCESS), CHANGED[1]),
    Change::new(
        "DeleteBucketPublicAccessBlock",
        Part::Of(ACCESS),
        REMOVED[1],
    ),
    Change::new("PutBucketVersioning", Part::Of(VERSIONING), CHANGED[2]),
    Change::new("PutBucketEncryption", Part::Of(ENCRYPTION), CHANGED[3]),
    Change::new("DeleteBucketEncryption", Part::Of(ENCRYPTION), REMOVED[2]),
    Change::new("PutBucketLifecycle", Part::Of(LIFECYCLE), CHANGED[4]),
    Change::new("DeleteBucketLifecycle", Part::Of(LIFECYCLE), REMOVED[3]),
    Change::new(
        "PutBucketObjectLockConfiguration",
        Part::Of(LOCK),
        CHANGED[5],
    ),
    Change::new(
        "PutBucketOwnershipControls",
        Part::Of(OWNERSHIP),
        CHANGED[6],
    ),
    Change::new(
        "DeleteBucketOwnershipControls",
        Part::Of(OWNERSHIP),
        REMOVED[4],
    ),
    Change::new("PutBucketNotification", Part::Of(NOTIFICATION), CHANGED[7]),
    Change::new("PutBucketReplication", Part::Of(REPLICATION), CHANGED[8]),
    Change::new("DeleteBucketReplication", Part::Of(REPLICATION), REMOVED[5]),
    Change::new("PutBucketLogging", Part::Of(LOGGING), CHANGED[9]),
    Change::new("PutBucketRequestPayment", Part::Of(PAYMENT), CHANGED[10]),
    Change::new("DeleteBucket", Part::Existence, ["deleted", "delete"]),
    Change::new("CreateBucket", Part::Existence, ["created", "create"]),
];

/// What who made a call did, and what who was denied it tried to do.
type Words = [&'static str; 2];

const CHANGED: [Words; 11] = [
    ["changed the policy of", "change the policy of"],
    [
        "changed the public access block of",
        "change the public access block of",
    ],
    ["changed the versioning of", "change the versioning of"],
    ["changed the encryption of", "change the encryption of"],
    ["changed the lifecycle of", "change the lifecycle of"],
    ["changed the object lock of", "change the object lock of"],
    [
        "changed the ownership controls of",
        "change the ownership controls of",
    ],
    [
        "changed the notifications of",
        "change the notifications of",
    ],
    ["changed the replication of", "change the replication of"],
    [
        "changed the access logging of",
        "change the access logging of",
    ],
    [
        "changed who pays for requests to",
        "change who pays for requests to",
    ],
];
const REMOVED: [Words; 6] = [
    ["removed the policy of", "remove the policy of"],
    [
        "removed the public access block of",
        "remove the public access block of",
    ],
    ["removed the encryption of", "remove the encryption of"],
    ["removed the lifecycle of", "remove the lifecycle of"],
    [
        "removed the ownership controls of",
        "remove the ownership controls of",
    ],
    ["removed the replication of", "remove the replication of"],
];

/// A field as it is compared; `null` is none.
fn normal(field: &str, value: &Value) -> Value {
    let content = match value {
        _ if field == POLICY => return policy::normal(value),
        Value::String(text) => match xml::content(text) {
            Some(content) => content,
            None => return value.clone(),
        },
        other => other.clone(),
    };
    let mut normal = xml::normal(&content, &IGNORED);
    if field == NOTIFICATION && content.get(TO_EVENT_BUS).is_some() {
        let all = normal.as_object().cloned();
        let mut all = all.unwrap_or_default();
        all.entry(TO_EVENT_BUS).or_insert(Value::Bool(true));
        normal = Value::Object(all);
    }
    normal
}

/// What a call wanted the field to be; `None` if the record does not tell.
fn wanted(change: &Change, given: &Map<String, Value>) -> Option<Value> {
    if change.name.starts_with("Delete") {
        return Some(Value::Null);
    }
    let of_field = |sub: &&Subresource| Part::Of(sub.field) == change.part;
    let sub = SUBRESOURCES.iter().find(of_field)?;
    let wanted = given.get(sub.root)?;
    // A document with nothing in it is recorded as an empty text.
    let is_nothing = wanted.as_str() == Some("");
    Some(if is_nothing {
        Value::Null
    } else {
        wanted.clone()
    })
}

/// The call that heals a field that differs, or the one that makes a bucket again that
/// is gone: then all its fields differ, and are healed next.
fn mends(drift: &Drift, declared: &Value) -> Vec<Mend> {
    if drift.part == Part::Existence {
        return vec![Mend::new(CREATE, EXISTS, Value::Null)];
    }
    let of_field = |sub: &&Subresource| Part::Of(sub.field) == drift.part;
    let sub = SUBRESOURCES.iter().find(of_field);
    let mend = sub.map(|sub| Mend::new(sub.put, sub.field, declared.clone()));
    mend.into_iter().collect()
}

/// A client for the bucket of one account.
pub(crate) struct S3 {
    api: Api<RestXml>,
}

impl S3 {
    /// Builds the client for `bucket`.
    pub(crate) fn new(aws: &Aws, bucket: &Thing) -> Self {
        let rest = RestXml::of(&bucket.account);
        Self {
            api: Api::new(aws, Service::S3, &bucket.region, rest),
        }
    }

    /// Reads `fields` of `bucket`.
    pub(crate) async fn observe(
        &self,
        bucket: &Thing,
        fields: &[&'static str],
        budget: Budget,
    ) -> Observation {
        let wanted = SUBRESOURCES
            .iter()
            .filter(|sub| fields.contains(&sub.field));
        let reads = wanted.map(|sub| async move { (sub, self.read(bucket, sub, budget).await) });
        let mut seen = Observation::default();
        for (sub, read) in join_all(reads).await {
            if let Some(value) = seen.took(Some(read)) {
                seen.fields.insert(sub.field, value);
            }
        }
        seen
    }

    async fn read(
        &self,
        bucket: &Thing,
        sub: &Subresource,
        budget: Budget,
    ) -> Result<Value, CallError> {
        let target = target(bucket, sub);
        let call = self
            .api
            .call_at(sub.get, "GET", &target, String::new(), budget);
        match call.await {
            // A page of somebody on the way is no answer of S3's.
            Ok(body) if normal(sub.field, &Value::from(body.as_str())).is_string() => Err(
                CallError::new(sub.get, "UnusableAnswer", "it cannot be read", true),
            ),
            Ok(body) => Ok(Value::from(body)),
            Err(error) if error.has_code(sub.absent) => Ok(Value::Null),
            Err(error) => Err(error),
        }
    }

    /// Makes the call that heals.
    pub(crate) async fn heal(
        &self,
        bucket: &Thing,
        mend: &Mend,
        budget: Budget,
    ) -> Result<(), CallError> {
        if mend.field == EXISTS {
            return self.create(bucket, budget).await;
        }
        let mut all = SUBRESOURCES.iter();
        let Some(sub) = all.find(|sub| sub.field == mend.field) else {
            let why = "a bucket has no such field";
            return Err(CallError::new(mend.call, "NotSent", why, false));
        };
        let (method, body) = match &mend.value {
            Value::Null => ("DELETE", String::new()),
            Value::String(xml) => ("PUT", xml.clone()),
            policy => ("PUT", policy.to_string()),
        };
        let target = target(bucket, sub);
        let call = self.api.call_at(sub.put, method, &target, body, budget);
        call.await.map(drop)
    }

    /// Makes the bucket again. If somebody else has registered its name meanwhile, S3
    /// refuses. What this account has is left as it is.
    async fn create(&self, bucket: &Thing, budget: Budget) -> Result<(), CallError> {
        let region = &bucket.region;
        let body = if region == DEFAULT_REGION {
            String::new()
        } else {
            format!(
                "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
            )
        };
        let target = format!("/{}", bucket.name());
        let call = self.api.call_at(CREATE, "PUT", &target, body, budget);
        match call.await {
            // Somebody was faster: what is declared of it is put next.
            Err(error) if error.has_code("BucketAlreadyOwnedByYou") => Ok(()),
            answer => answer.map(drop),
        }
    }
}

/// Path and query. The bucket is in the path, as one connection serves all then.
fn target(bucket: &Thing, sub: &Subresource) -> String {
    format!("/{}?{}", bucket.name(), sub.query)
}
