//! The log bucket and the key of the trail that most tests are about, behind S3's and
//! KMS's protocols, and what is declared of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    aws::{AUDIT, Aws, refused},
    cloudtrail::Answer,
    declared::sha256,
    http::{Reply, Request},
};

pub const BUCKET: &str = "audit-logs";
pub const BUCKET_ARN: &str = "arn:aws:s3:::audit-logs";
pub const KEY: &str =
    "arn:aws:kms:eu-central-1:111122223333:key/3c1f7a0e-52d9-4b86-9e17-a4c8d0f2b6e5";
/// The key of the topic.
pub const TOPIC_KEY: &str =
    "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555";
pub const ALIAS: &str = "alias/audit-logs";

/// The fields of a bucket, the parts of its URL, and its XML as it is declared.
pub const XML: [(&str, &str, &str); 9] = [
    (
        "public_access_block",
        "publicAccessBlock",
        "<PublicAccessBlockConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><BlockPublicAcls>true</BlockPublicAcls><BlockPublicPolicy>true</BlockPublicPolicy></PublicAccessBlockConfiguration>",
    ),
    (
        "versioning",
        "versioning",
        "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    ),
    (
        "encryption",
        "encryption",
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
    ),
    (
        "lifecycle",
        "lifecycle",
        "<LifecycleConfiguration><Rule><ID>expire</ID><Filter></Filter><Status>Enabled</Status><Expiration><Days>365</Days></Expiration></Rule></LifecycleConfiguration>",
    ),
    (
        "object_lock",
        "object-lock",
        "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>30</Days></DefaultRetention></Rule></ObjectLockConfiguration>",
    ),
    (
        "ownership",
        "ownershipControls",
        "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>",
    ),
    ("notification", "notification", SETS_NOTHING[0]),
    ("logging", "logging", SETS_NOTHING[1]),
    ("request_payment", "requestPayment", SETS_NOTHING[2]),
];

const SETS_NOTHING: [&str; 3] = [
    "<NotificationConfiguration></NotificationConfiguration>",
    "<BucketLoggingStatus></BucketLoggingStatus>",
    "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>",
];

/// What S3 answers where there is none.
const ABSENT: [(&str, &str); 7] = [
    ("policy", "NoSuchBucketPolicy"),
    ("publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
    (
        "encryption",
        "ServerSideEncryptionConfigurationNotFoundError",
    ),
    ("lifecycle", "NoSuchLifecycleConfiguration"),
    ("object-lock", "ObjectLockConfigurationNotFoundError"),
    ("ownershipControls", "OwnershipControlsNotFoundError"),
    ("replication", "ReplicationConfigurationNotFoundError"),
];

/// The key.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub state: &'static str,
    pub policy: Value,
    pub is_rotated: bool,
    /// ARN of the key that the alias stands for.
    pub alias: Option<String>,
}

/// Both.
pub struct Things {
    /// `None` once it is gone.
    pub key: Option<Key>,
    /// That of the topic, which is always there.
    pub topic_key: Key,
    /// By the part of its URL; `None` once it is gone.
    pub bucket: Option<BTreeMap<String, String>>,
    /// Whose the bucket is.
    pub owner: String,
}

pub fn key_policy() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "Account", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    }]})
}

pub fn bucket_policy() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "Writes", "Effect": "Allow", "Action": "s3:PutObject",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Resource": format!("{BUCKET_ARN}/*"),
    }]})
}

impl Default for Things {
    /// As declared.
    fn default() -> Self {
        let xml = XML.map(|(_, part, xml)| (part.to_owned(), xml.to_owned()));
        let mut bucket = BTreeMap::from(xml);
        bucket.insert("policy".to_owned(), bucket_policy().to_string());
        let key = Key {
            state: "Enabled",
            policy: key_policy(),
            is_rotated: true,
            alias: Some(KEY.to_owned()),
        };
        Self {
            topic_key: key.clone(),
            key: Some(key),
            bucket: Some(bucket),
            owner: "111122223333".to_owned(),
        }
    }
}

/// What is declared of the key.
pub fn key_document(restored: &[&str]) -> Value {
    json!({
        "schema": "trailkeeper.evidence", "version": 1, "arn": KEY, "restored": restored,
        "declared": {"state": "Enabled", "policy": key_policy(), "rotation": true, "alias": ALIAS},
    })
}

/// What is declared of the bucket; all of it is restored, but not the bucket itself.
pub fn bucket_document() -> Value {
    let mut declared = json!({"policy": bucket_policy(), "replication": null});
    for (field, _, xml) in XML {
        declared[field] = json!(xml);
    }
    let restored: Vec<&String> = declared.as_object().unwrap().keys().collect();
    json!({
        "schema": "trailkeeper.evidence", "version": 1, "arn": BUCKET_ARN,
        "restored": restored, "declared": declared,
    })
}

impl Aws {
    /// Both are under guard; the value of `TRAILKEEPER_EVIDENCE`.
    pub fn guard(&self, restored_of_key: &[&str]) -> String {
        self.guard_by(restored_of_key, &bucket_document())
    }

    /// The same, and the bucket is made again if it is gone.
    pub fn guard_existence(&self) -> String {
        let mut document = bucket_document();
        document["restored"]
            .as_array_mut()
            .unwrap()
            .push(json!("exists"));
        self.guard_by(&["state"], &document)
    }

    /// The same with this document of the bucket.
    pub fn guard_by(&self, restored_of_key: &[&str], of_bucket: &Value) -> String {
        let parameter = |arn: &str, document: &Value| {
            let text = document.to_string();
            let name = format!("/trailkeeper/evidence/{}", sha256(&text));
            self.state().parameters.insert(name.clone(), text);
            json!({"arn": arn, "trail_arn": AUDIT, "parameter": name})
        };
        let mut key = parameter(KEY, &key_document(restored_of_key));
        key["alias"] = json!(ALIAS);
        json!([parameter(BUCKET_ARN, of_bucket), key]).to_string()
    }

    /// The key now.
    pub fn key(&self) -> Option<Key> {
        self.state().things.key.clone()
    }

    /// A part of the bucket now.
    pub fn bucket(&self, part: &str) -> Option<String> {
        self.state().things.bucket.as_ref()?.get(part).cloned()
    }

    /// Sets a part of the bucket, or takes it away.
    pub fn set_bucket(&self, part: &str, value: Option<&str>) {
        let mut state = self.state();
        let bucket = state.things.bucket.as_mut().unwrap();
        match value {
            Some(value) => _ = bucket.insert(part.to_owned(), value.to_owned()),
            None => _ = bucket.remove(part),
        }
    }

    /// The calls of KMS and S3 that change something.
    pub fn repairs(&self) -> Vec<String> {
        let mut operations = self.operations();
        operations.retain(|operation| is_repair(operation));
        operations
    }

    /// Does to the key what a call of this name does.
    pub fn weaken_key(&self, call: &str) {
        let mut state = self.state();
        let key = state.things.key.as_mut().unwrap();
        match call {
            "PutKeyPolicy" => key.policy = json!({"Version": "2012-10-17", "Statement": []}),
            "DisableKeyRotation" => key.is_rotated = false,
            _ => key.state = "PendingDeletion",
        }
    }

    /// Whether both are as declared.
    pub fn has_its_things(&self) -> bool {
        let state = self.state();
        let declared = Things::default();
        let bucket = |things: &Things| {
            let mut bucket = things.bucket.clone().unwrap_or_default();
            let policy = bucket
                .remove("policy")
                .map(|text| serde_json::from_str(&text).unwrap());
            // What sets nothing is as good as none.
            bucket.retain(|_, xml| !SETS_NOTHING.contains(&xml.as_str()));
            (policy.unwrap_or(Value::Null), bucket)
        };
        state.things.key == declared.key && bucket(&state.things) == bucket(&declared)
    }
}

/// The call that makes the bucket.
pub const CREATE: &str = "PUT bucket";

/// Whether a call of KMS or S3 changes something.
pub fn is_repair(operation: &str) -> bool {
    let of_key = [
        "EnableKey",
        "CancelKeyDeletion",
        "PutKeyPolicy",
        "EnableKeyRotation",
    ];
    of_key.contains(&operation)
        || ["PUT ", "DELETE "]
            .iter()
            .any(|method| operation.starts_with(method))
}

/// What KMS answers.
pub fn kms(things: &mut Things, operation: &str, asked: &Value) -> Answer {
    let named = asked["KeyId"].as_str().unwrap();
    let is_alias = named.starts_with("alias/");
    let is_of_topic = named == TOPIC_KEY;
    assert!(
        is_alias || is_of_topic || named == KEY,
        "{operation} of {named}"
    );
    let Some(key) = &mut things.key else {
        return Err("NotFoundException");
    };
    let key = if is_of_topic {
        &mut things.topic_key
    } else {
        key
    };
    let is_pending = key.state == "PendingDeletion";
    let wrong_state = Err("KMSInvalidStateException");
    match operation {
        "DescribeKey" if is_alias => match key.alias.as_deref() {
            None => Err("NotFoundException"),
            Some(KEY) => Ok(json!({"KeyMetadata": {"Arn": KEY, "KeyState": key.state}})),
            // The role may not read other keys.
            Some(_) => Err("AccessDeniedException"),
        },
        "DescribeKey" => Ok(json!({"KeyMetadata": {"Arn": KEY, "KeyState": key.state}})),
        "GetKeyPolicy" => Ok(json!({"Policy": key.policy.to_string()})),
        "GetKeyRotationStatus" => Ok(json!({"KeyRotationEnabled": key.is_rotated && !is_pending})),
        "CancelKeyDeletion" if !is_pending => wrong_state,
        "EnableKey" if is_pending => wrong_state,
        "EnableKeyRotation" if key.state != "Enabled" => Err("DisabledException"),
        "CancelKeyDeletion" => {
            key.state = "Disabled";
            Ok(json!({"KeyId": KEY}))
        }
        "EnableKey" => {
            key.state = "Enabled";
            Ok(json!({}))
        }
        "EnableKeyRotation" => {
            key.is_rotated = true;
            Ok(json!({}))
        }
        "PutKeyPolicy" => {
            assert_eq!(asked["PolicyName"], "default");
            key.policy = serde_json::from_str(asked["Policy"].as_str().unwrap()).unwrap();
            Ok(json!({}))
        }
        other => panic!("a call that nobody should make: {other}"),
    }
}

/// The name of a call of S3's, `GET policy` for instance, or [`CREATE`]; `None` if it is
/// none.
pub fn operation(request: &Request) -> Option<String> {
    let path = request.path.as_str();
    let (path, part) = path.split_once('?').unwrap_or((path, "bucket"));
    let is_bucket = path.trim_start_matches('/') == BUCKET;
    is_bucket.then(|| format!("{} {part}", request.method))
}

/// A refusal as S3 sends it.
pub fn refused_by_s3(status: u16, code: &str) -> Reply {
    let body = format!("<Error><Code>{code}</Code><Message>for the test</Message></Error>");
    Reply::answer(status, body)
}

/// What S3 answers.
pub fn s3(things: &mut Things, operation: &str, request: &Request) -> Reply {
    let header = |name: &str| {
        let mut headers = request.headers.iter();
        let found = headers.find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(
        header("x-amz-content-sha256"),
        Some(sha256(&request.body).as_str())
    );
    let owner = header("x-amz-expected-bucket-owner");
    if operation == CREATE {
        assert_eq!(owner, None, "S3 takes no such header here");
        assert!(header("x-amz-checksum-sha256").is_none());
        let region = "<LocationConstraint>eu-central-1</LocationConstraint>";
        assert!(request.body.contains(region), "{}", request.body);
        return match &things.bucket {
            Some(_) if things.owner == "111122223333" => {
                refused_by_s3(409, "BucketAlreadyOwnedByYou")
            }
            Some(_) => refused_by_s3(409, "BucketAlreadyExists"),
            None => {
                things.bucket = Some(BTreeMap::new());
                Reply::answer(200, "")
            }
        };
    }
    let Some(bucket) = &mut things.bucket else {
        return refused_by_s3(404, "NoSuchBucket");
    };
    if owner != Some(things.owner.as_str()) {
        return refused_by_s3(403, "AccessDenied");
    }
    let (method, part) = operation.split_once(' ').unwrap();
    if method == "DELETE" {
        bucket.remove(part);
        return Reply::answer(204, "");
    }
    if method == "PUT" {
        let is_versioned = bucket
            .get("versioning")
            .is_some_and(|xml| xml.contains("Enabled"));
        if part == "object-lock" && !is_versioned {
            return refused_by_s3(409, "InvalidBucketState");
        }
        assert!(header("x-amz-checksum-sha256").is_some(), "{operation}");
        bucket.insert(part.to_owned(), request.body.clone());
        return Reply::answer(200, "");
    }
    match bucket.get(part) {
        Some(found) => Reply::answer(200, found.clone()),
        None if part == "versioning" => Reply::answer(200, "<VersioningConfiguration/>"),
        None if part == "notification" => Reply::answer(200, "<NotificationConfiguration/>"),
        None if part == "requestPayment" => Reply::answer(200, SETS_NOTHING[2]),
        None if part == "logging" => Reply::answer(200, "<BucketLoggingStatus/>"),
        None => {
            let mut absent = ABSENT.iter();
            let (_, code) = absent.find(|(known, _)| *known == part).unwrap();
            refused_by_s3(404, code)
        }
    }
}

/// A refusal as KMS sends it.
pub fn denied() -> Reply {
    refused(400, "AccessDeniedException")
}
