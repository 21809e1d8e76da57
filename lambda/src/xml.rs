//! Small documents of XML as values, to be compared: an element is its text, or an object
//! of what is in it. Pure.

use aws_smithy_xml::decode::{Document, try_data};
use serde_json::{Map, Value};

/// Elements within each other that are read: what is deeper is none of a service's.
const DEEPEST: usize = 20;

/// What is in the element that `xml` consists of; `None` if it consists of none.
#[must_use]
pub(crate) fn content(xml: &str) -> Option<Value> {
    let xml = xml.trim_start_matches('\u{feff}').trim();
    let xml = match xml.strip_prefix("<?") {
        Some(declaration) => declaration.split_once("?>")?.1.trim_start(),
        None => xml,
    };
    let (_, value, rest) = element(xml, DEEPEST)?;
    rest.trim().is_empty().then_some(value)
}

/// The name and the content of the element that `xml` begins with, and what comes after.
fn element(xml: &str, depth: usize) -> Option<(&str, Value, &str)> {
    let (tag, mut rest) = xml.strip_prefix('<')?.split_once('>')?;
    let name = tag.split([' ', '\t', '\r', '\n', '/']).next()?;
    if name.is_empty() || depth == 0 {
        return None;
    }
    let mut text = String::new();
    let mut children = Map::new();
    let mut is_open = !tag.ends_with('/');
    while is_open {
        let at = rest.find('<')?;
        let (before, after) = rest.split_at(at);
        text.push_str(before);
        if let Some(end) = after.strip_prefix("</") {
            let (closed, after) = end.split_once('>')?;
            if closed.trim_end() != name {
                return None;
            }
            rest = after;
            is_open = false;
            continue;
        }
        let (child, value, after) = element(after, depth - 1)?;
        add(&mut children, child, value);
        rest = after;
    }
    let value = if children.is_empty() {
        Value::from(unescaped(text.trim())?)
    } else {
        Value::Object(children)
    };
    Some((name, value, rest))
}

/// The SDK's reader knows what stands for which character.
fn unescaped(text: &str) -> Option<String> {
    if !text.contains('&') {
        return Some(text.to_owned());
    }
    let xml = format!("<a>{text}</a>");
    let mut document = Document::new(&xml);
    let mut element = document.root_element().ok()?;
    try_data(&mut element).ok().map(String::from)
}

fn add(children: &mut Map<String, Value>, name: &str, value: Value) {
    match children.get_mut(name) {
        Some(Value::Array(all)) => all.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
        None => _ = children.insert(name.to_owned(), value),
    }
}

/// `value`, so that two that mean the same are equal: without what is empty or `ignored`,
/// in any order, and with texts for what records hold as numbers and booleans.
#[must_use]
pub(crate) fn normal(value: &Value, ignored: &[&str]) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => Value::from(value.to_string()),
        Value::String(text) if text.is_empty() => Value::Null,
        Value::Null | Value::String(_) => value.clone(),
        Value::Array(all) => {
            let all = all.iter().map(|one| normal(one, ignored));
            let mut all: Vec<Value> = all.filter(|one| !one.is_null()).collect();
            all.sort_by_cached_key(Value::to_string);
            match all.len() {
                0 => Value::Null,
                1 => all.remove(0),
                _ => Value::Array(all),
            }
        }
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| {
                !name.starts_with("xmlns") && !ignored.contains(&name.as_str())
            });
            let kept = kept.map(|(name, one)| (name.clone(), normal(one, ignored)));
            let kept: Map<String, Value> = kept.filter(|(_, one)| !one.is_null()).collect();
            if kept.is_empty() {
                Value::Null
            } else {
                Value::Object(kept)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn elements_become_fields() {
        let xml = r#"<?xml version="1.0" encoding="UTF-8"?>
            <Lifecycle xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
              <Rule><ID>a &amp; b</ID><Filter><Prefix/></Filter></Rule>
              <Rule><ID>c</ID></Rule><Rule/><Only >1</Only>
            </Lifecycle>"#;
        let expected = json!({
            "Rule": [{"ID": "a & b", "Filter": {"Prefix": ""}}, {"ID": "c"}, ""], "Only": "1",
        });
        assert_eq!(content(xml), Some(expected));
        assert_eq!(content("<A/>"), Some(json!("")));
    }

    #[test]
    fn what_is_no_document_is_none() {
        let deep = "<a>".repeat(1_000) + &"</a>".repeat(1_000);
        for none in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<>",
            "<a",
            "</a>",
            "<a>&x;</a>",
            &deep,
        ] {
            assert_eq!(content(none), None, "{none:.20}");
        }
    }

    #[test]
    fn what_means_the_same_is_equal() {
        let seen =
            content("<A xmlns=\"x\"><R><I>1</I><F><P></P></F></R><R><I>2</I></R><N>x</N></A>");
        let recorded = json!({"xmlns": "x", "R": [{"I": 2}, {"I": "1"}], "Z": {}});
        let normal = |value: &Value| normal(value, &["N"]);
        assert_eq!(seen.as_ref().map(normal), Some(normal(&recorded)));
        assert_eq!(
            normal(&json!({"R": [{"I": true}]})),
            json!({"R": {"I": "true"}})
        );
        assert_eq!(normal(&json!({"R": [{}, ""]})), Value::Null);
    }
}
