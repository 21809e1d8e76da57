//! Security Hub, as far as it takes findings of the account's own: it refuses and ignores
//! what its documentation says.
//! <https://docs.aws.amazon.com/securityhub/latest/userguide/finding-update-batchimportfindings.html>
//! <https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html>

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trailkeeper::moment::Moment;

use crate::organization::HUB;

pub const IMPORT: &str = "BatchImportFindings";

/// Findings by their id, as whoever reads them sees them.
pub type Findings = BTreeMap<String, Value>;

/// What a provider may set; the rest is the customer's, or Security Hub's own.
const FIELDS: [&str; 16] = [
    "SchemaVersion",
    "Id",
    "ProductArn",
    "GeneratorId",
    "AwsAccountId",
    "CreatedAt",
    "UpdatedAt",
    "Title",
    "Description",
    "FindingProviderFields",
    "Resources",
    "ProductFields",
    "Compliance",
    "RecordState",
    "Remediation",
    "SourceUrl",
];

/// `BatchImportFindings`.
pub fn import(findings: &mut Findings, region: &str, asked: &Value) -> Value {
    let asked = asked["Findings"].as_array().unwrap();
    assert!((1..=100).contains(&asked.len()));
    let mut failed = Vec::new();
    for finding in asked {
        if let Err(why) = take(findings, region, finding) {
            failed.push(json!({
                "Id": finding["Id"], "ErrorCode": "InvalidInput", "ErrorMessage": why,
            }));
        }
    }
    json!({
        "FailedCount": failed.len(),
        "SuccessCount": asked.len() - failed.len(),
        "FailedFindings": failed,
    })
}

fn take(findings: &mut Findings, region: &str, finding: &Value) -> Result<(), String> {
    check(region, finding)?;
    let id = finding["Id"].as_str().unwrap().to_owned();
    let Some(known) = findings.get_mut(&id) else {
        let mut finding = finding.clone();
        finding["Workflow"] = json!({"Status": "NEW"});
        findings.insert(id, finding);
        return Ok(());
    };
    let at = |finding: &Value| Moment::parse(finding["UpdatedAt"].as_str().unwrap());
    // An update that is not newer is ignored.
    if at(finding) <= at(known) {
        return Ok(());
    }
    let passed = |finding: &Value| finding["Compliance"]["Status"] == "PASSED";
    let is_archived = |finding: &Value| finding["RecordState"] == "ARCHIVED";
    let is_open_again =
        (passed(known) && !passed(finding)) || (is_archived(known) && !is_archived(finding));
    if is_open_again && known["Workflow"]["Status"] != "SUPPRESSED" {
        known["Workflow"] = json!({"Status": "NEW"});
    }
    for (name, value) in finding.as_object().unwrap() {
        known[name] = value.clone();
    }
    Ok(())
}

fn check(region: &str, finding: &Value) -> Result<(), String> {
    let fields = finding.as_object().ok_or("no object")?;
    if let Some(other) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(format!("{other} is not for providers"));
    }
    let text = |path: &str| finding.pointer(path).and_then(Value::as_str);
    for (path, most) in [
        ("/Id", 512),
        ("/ProductArn", 2_048),
        ("/GeneratorId", 512),
        ("/Title", 256),
        ("/Description", 1_024),
        ("/FindingProviderFields/Severity/Label", 16),
        ("/FindingProviderFields/Severity/Original", 64),
        ("/FindingProviderFields/Types/0", 256),
        ("/Resources/0/Id", 512),
        ("/Resources/0/Type", 256),
    ] {
        let length = text(path).map_or(0, |text| text.chars().count());
        if !(1..=most).contains(&length) {
            return Err(format!("{path} has {length} characters"));
        }
    }
    let product = format!("arn:aws:securityhub:{region}:{HUB}:product/{HUB}/default");
    for (path, values) in [
        ("/SchemaVersion", &["2018-10-08"][..]),
        ("/AwsAccountId", &[HUB]),
        ("/ProductArn", &[product.as_str()]),
        (
            "/Compliance/Status",
            &["PASSED", "WARNING", "FAILED", "NOT_AVAILABLE"],
        ),
        ("/RecordState", &["ACTIVE", "ARCHIVED"]),
        (
            "/FindingProviderFields/Severity/Label",
            &["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"],
        ),
    ] {
        let found = text(path).unwrap_or_default();
        if !values.contains(&found) {
            return Err(format!("{path} is {found}"));
        }
    }
    for path in ["/CreatedAt", "/UpdatedAt"] {
        let time = text(path).and_then(Moment::parse);
        time.ok_or_else(|| format!("{path} is no time"))?;
    }
    let resources = finding["Resources"].as_array().map_or(0, Vec::len);
    let facts = finding["ProductFields"]
        .as_object()
        .ok_or("no ProductFields")?;
    let is_fact = |(name, value): (&String, &Value)| {
        let value = value.as_str().map(|value| value.chars().count());
        name.len() <= 128 && value.is_some_and(|length| length <= 2_048)
    };
    if resources > 32 || facts.len() > 50 || !facts.iter().all(is_fact) {
        return Err("too much of something".to_owned());
    }
    if finding.to_string().len() > 240 * 1024 {
        return Err("too large".to_owned());
    }
    Ok(())
}
