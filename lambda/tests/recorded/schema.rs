//! As much of JSON Schema as `docs/schema/notice-1.json` uses. A field that the schema
//! does not know is refused here, though the schema allows it to readers: so no field is
//! added without a word about it. `tests/unit/test_notices.py` checks the golden
//! documents with a whole implementation.

use std::{fs, path::PathBuf};

use serde_json::Value;

pub struct Schema(Value);

impl Schema {
    /// That of the notices.
    pub fn of_notices() -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(folder.join("../docs/schema/notice-1.json")).unwrap();
        Self(serde_json::from_str(&text).unwrap())
    }

    /// Whether `value` is as the schema says.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        self.matches(&self.0, value, "")
    }

    fn matches(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("{at}: {value} {what}"));
        if let Some(name) = schema["$ref"].as_str() {
            let target = self.0.pointer(name.trim_start_matches('#'));
            return self.matches(target.ok_or(name)?, value, at);
        }
        if let Some(constant) = schema.get("const") {
            return if constant == value {
                Ok(())
            } else {
                wrong("is not the constant")
            };
        }
        // Readers must expect others than the examples; here they are all.
        let allowed = schema.get("enum").or_else(|| schema.get("examples"));
        if let Some(allowed) = allowed.and_then(Value::as_array) {
            return if allowed.contains(value) {
                Ok(())
            } else {
                wrong("is none of these")
            };
        }
        let is_of = |kind: &Value| match kind.as_str() {
            Some("null") => value.is_null(),
            Some("boolean") => value.is_boolean(),
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("string") => value.is_string(),
            Some("array") => value.is_array(),
            Some("object") => value.is_object(),
            other => panic!("{other:?} is not known here"),
        };
        let fits = match &schema["type"] {
            Value::Null => true,
            Value::Array(kinds) => kinds.iter().any(is_of),
            kind => is_of(kind),
        };
        if !fits {
            return wrong("is of another type");
        }
        if let Some(items) = value.as_array().filter(|_| schema.get("items").is_some()) {
            for item in items {
                self.matches(&schema["items"], item, &format!("{at}[]"))?;
            }
        }
        let (Some(known), Some(fields)) = (schema["properties"].as_object(), value.as_object())
        else {
            return Ok(());
        };
        for name in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(name.as_str().unwrap_or_default()) {
                return wrong(&format!("lacks {name}"));
            }
        }
        for (name, field) in fields {
            let at = format!("{at}/{name}");
            let known = known
                .get(name)
                .ok_or(format!("{at} is not in the schema"))?;
            self.matches(known, field, &at)?;
        }
        Ok(())
    }
}
