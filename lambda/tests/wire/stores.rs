//! What the function keeps and looks up beside the trails: parameters, the table
//! of told incidents, the event history.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cloudtrail::Answer;

pub const TABLE: &str = "trailkeeper-incidents";
/// Records on a page of the event history.
const PAGE: usize = 50;

/// An item of a table, in DynamoDB's JSON.
pub type Item = BTreeMap<String, Value>;

/// `GetParameter`.
pub fn parameter(parameters: &BTreeMap<String, String>, asked: &Value) -> Answer {
    let name = asked["Name"].as_str().unwrap();
    let value = parameters.get(name).ok_or("ParameterNotFound")?;
    Ok(json!({"Parameter": {"Name": name, "Type": "String", "Value": value, "Version": 1}}))
}

/// `PutItem`, with the few conditions that are needed.
pub fn put_item(items: &mut BTreeMap<String, Item>, asked: &Value) -> Answer {
    if asked["TableName"] != TABLE {
        return Err("ResourceNotFoundException");
    }
    let item: Item = serde_json::from_value(asked["Item"].clone()).unwrap();
    let id = item["id"]["S"].as_str().unwrap().to_owned();
    check(items.get(&id), asked)?;
    items.insert(id, item);
    Ok(json!({}))
}

/// The condition of a write.
fn check(stored: Option<&Item>, asked: &Value) -> Result<(), &'static str> {
    if let Some(condition) = asked["ConditionExpression"].as_str() {
        let nothing = Item::new();
        let stored = stored.unwrap_or(&nothing);
        let mut holds = false;
        for alternative in condition.split(" OR ") {
            let mut all = true;
            for term in alternative.split(" AND ") {
                all &= is_true(term, stored, asked).ok_or("ValidationException")?;
            }
            holds |= all;
        }
        if !holds {
            return Err("ConditionalCheckFailedException");
        }
    }
    Ok(())
}

/// `GetItem`.
pub fn get_item(items: &BTreeMap<String, Item>, asked: &Value) -> Answer {
    if asked["TableName"] != TABLE {
        return Err("ResourceNotFoundException");
    }
    let item = items.get(asked["Key"]["id"]["S"].as_str().unwrap());
    Ok(item.map_or_else(|| json!({}), |item| json!({"Item": item})))
}

/// `UpdateItem`: `SET` of values and `if_not_exists`, `ADD`, and `REMOVE`.
pub fn update_item(items: &mut BTreeMap<String, Item>, asked: &Value) -> Answer {
    if asked["TableName"] != TABLE {
        return Err("ResourceNotFoundException");
    }
    let id = asked["Key"]["id"]["S"].as_str().unwrap().to_owned();
    let before = items.get(&id).cloned();
    check(before.as_ref(), asked)?;
    let mut item = before.clone().unwrap_or_default();
    item.insert("id".to_owned(), json!({"S": id}));
    let expression = asked["UpdateExpression"].as_str().unwrap();
    let expression = expression
        .replace(" ADD ", "\nADD ")
        .replace(" REMOVE ", "\nREMOVE ");
    let mut updated = Item::new();
    for clause in expression.lines() {
        let (verb, parts) = clause.split_once(' ').ok_or("ValidationException")?;
        // The comma in a function's brackets divides nothing.
        for part in parts.replace(", :", ",:").split(", ") {
            let name = change(&mut item, verb, part, asked).ok_or("ValidationException")?;
            updated.extend(item.get(&name).map(|value| (name, value.clone())));
        }
    }
    items.insert(id, item);
    Ok(match (asked["ReturnValues"].as_str(), before) {
        (Some("UPDATED_NEW"), _) => json!({"Attributes": updated}),
        (Some("ALL_OLD"), Some(before)) => json!({"Attributes": before}),
        _ => json!({}),
    })
}

/// Changes one attribute; its name.
fn change(item: &mut Item, verb: &str, part: &str, asked: &Value) -> Option<String> {
    let known = |name: &str| {
        let known = asked["ExpressionAttributeNames"][name].as_str();
        known.unwrap_or(name).to_owned()
    };
    let value = |name: &str| asked["ExpressionAttributeValues"].get(name).cloned();
    if verb == "REMOVE" {
        item.remove(&known(part));
        return Some(known(part));
    }
    let (name, value) = if verb == "SET" {
        let (name, what) = part.split_once(" = ")?;
        match what.strip_prefix("if_not_exists(") {
            None => (known(name), value(what)?),
            Some(rest) => {
                let (attribute, usual) = rest.trim_end_matches(')').split_once(',')?;
                let stored = item.get(&known(attribute)).cloned();
                (known(name), stored.or_else(|| value(usual))?)
            }
        }
    } else {
        let (name, given) = part.split_once(' ')?;
        let (name, given) = (known(name), value(given)?);
        let stored = item.get(&name);
        let changed = if let Some(number) = given["N"].as_str() {
            let was = stored.map_or(Some("0"), |stored| stored["N"].as_str())?;
            let sum: i64 = was.parse::<i64>().ok()? + number.parse::<i64>().ok()?;
            json!({"N": sum.to_string()})
        } else {
            let none = json!({"SS": []});
            let mut set = stored.unwrap_or(&none)["SS"].as_array()?.clone();
            let given = given["SS"].as_array()?;
            set.retain(|text| !given.contains(text));
            set.extend(given.iter().cloned());
            json!({"SS": set})
        };
        (name, changed)
    };
    // DynamoDB keeps no empty set.
    if value["SS"].as_array().is_some_and(Vec::is_empty) {
        return None;
    }
    item.insert(name.clone(), value);
    Some(name)
}

/// One term of a condition; `None` if it is of no kind known here.
fn is_true(term: &str, stored: &Item, asked: &Value) -> Option<bool> {
    let term = term.trim().trim_start_matches('(');
    let attribute = |name: &str| {
        let known = asked["ExpressionAttributeNames"][name].as_str();
        stored.get(known.unwrap_or(name))
    };
    let named = |prefix| {
        term.strip_prefix(prefix)
            .map(|name| name.trim_end_matches(')'))
    };
    if let Some(arguments) = named("NOT contains(") {
        let (set, text) = arguments.split_once(", ")?;
        let text = &asked["ExpressionAttributeValues"].get(text)?["S"];
        let stored = attribute(set).and_then(|set| set["SS"].as_array());
        return Some(!stored.is_some_and(|set| set.contains(text)));
    }
    if let Some(name) = named("attribute_not_exists(") {
        return Some(attribute(name).is_none());
    }
    if let Some(name) = named("attribute_exists(") {
        return Some(attribute(name).is_some());
    }
    let words: Vec<&str> = term.trim_end_matches(')').split_whitespace().collect();
    let [left, comparison, right] = words[..] else {
        return None;
    };
    let right = asked["ExpressionAttributeValues"].get(right)?;
    let Some(left) = attribute(left) else {
        return Some(false);
    };
    let number = |value: &Value| value["N"].as_str().and_then(|n| n.parse::<f64>().ok());
    match comparison {
        "=" => Some(left == right),
        "<" => Some(number(left)? < number(right)?),
        ">" => Some(number(left)? > number(right)?),
        _ => None,
    }
}

/// `LookupEvents`: the records of a region's calls, newest first, fifty to a page.
pub fn history(records: &[Value], region: &str, asked: &Value) -> Value {
    let attributes = asked["LookupAttributes"].as_array();
    let attribute = attributes.and_then(|all| all.first()).map(|attribute| {
        let text = |name: &str| attribute[name].as_str().unwrap().to_owned();
        (text("AttributeKey"), text("AttributeValue"))
    });
    let within = |record: &Value| {
        let time = epoch(record["eventTime"].as_str().unwrap());
        asked["StartTime"].as_f64().is_none_or(|from| time >= from)
            && asked["EndTime"].as_f64().is_none_or(|to| time <= to)
    };
    let meant = |record: &Value| match &attribute {
        None => true,
        Some((key, value)) => match key.as_str() {
            "EventName" => record["eventName"] == *value,
            "EventSource" => record["eventSource"] == *value,
            "ResourceName" => resources_of(record).contains(&value.as_str()),
            "AccessKeyId" => record["userIdentity"]["accessKeyId"] == *value,
            "Username" => user_of(record) == Some(value),
            other => panic!("LookupEvents by {other}"),
        },
    };
    let mut found: Vec<&Value> = records
        .iter()
        .filter(|record| record["awsRegion"] == region && within(record) && meant(record))
        .collect();
    found.sort_by_key(|record| std::cmp::Reverse(record["eventTime"].to_string()));
    let from: usize = asked["NextToken"]
        .as_str()
        .map_or(0, |token| token.parse().unwrap());
    let count = found.len();
    let events: Vec<Value> = found
        .into_iter()
        .skip(from)
        .take(PAGE)
        .map(|record| {
            json!({
                "EventId": record["eventID"],
                "EventName": record["eventName"],
                "EventSource": record["eventSource"],
                "EventTime": epoch(record["eventTime"].as_str().unwrap()),
                "ReadOnly": "false",
                "Username": user_of(record),
                "CloudTrailEvent": record.to_string(),
            })
        })
        .collect();
    let next = (from + PAGE < count).then(|| (from + PAGE).to_string());
    json!({"Events": events, "NextToken": next})
}

/// The trail that a call names, and the key that it made.
fn resources_of(record: &Value) -> Vec<&str> {
    let asked = &record["requestParameters"];
    let made = &record["responseElements"];
    let trail = ["name", "trailName", "resourceId"].map(|name| &asked[name]);
    let key = ["credentials", "accessKey"].map(|made_for| &made[made_for]["accessKeyId"]);
    let all = trail.into_iter().chain(key);
    all.filter_map(Value::as_str).collect()
}

/// The user's name, or the session's.
fn user_of(record: &Value) -> Option<&str> {
    let identity = &record["userIdentity"];
    let arn = identity["arn"].as_str().unwrap_or_default();
    let name = identity["userName"].as_str();
    name.or_else(|| arn.rsplit_once('/').map(|(_, name)| name))
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970")]
fn epoch(time: &str) -> f64 {
    let moment = trailkeeper::moment::Moment::parse(time).unwrap();
    moment.epoch_millis() as f64 / 1_000.0
}
