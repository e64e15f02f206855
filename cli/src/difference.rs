//! What an amended charter changes, field by field.

use mutua_protocol::charter::Charter;
use serde::Serialize;
use serde_json::{Map, Value};

/// A field that differs, as it stands in the charters' JSON.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// Where: `policy.worst_grade`, `witnesses.3f1c...`.
    pub field: String,
    /// What stands there before; nothing if it is added.
    pub before: Option<Value>,
    /// What stands there afterwards; nothing if it is removed.
    pub after: Option<Value>,
}

/// The differences between two charters, in the order of their fields.
pub(crate) fn between(before: &Charter, after: &Charter) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(String::new(), &by_name(before), &by_name(after), &mut found);
    found
}

/// The charter's JSON with names in the place of positions, where the order says nothing.
fn by_name(charter: &Charter) -> Value {
    let mut value = serde_json::to_value(charter).unwrap_or_default();
    for (list, name) in [("roles", "role"), ("witnesses", "key")] {
        if let Some(Value::Array(items)) = value.get(list) {
            let named = items.iter().map(|item| {
                let mut item = item.clone();
                let name = item.as_object_mut().and_then(|fields| fields.remove(name));
                (name.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(), item)
            });
            value[list] = Value::Object(named.collect::<Map<_, _>>());
        }
    }
    value
}

fn compare(field: String, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        if let (Value::Array(old), Value::Array(new)) = (before, after) {
            return items(&field, old, new, found);
        }
        let (before, after) = (Some(before.clone()), Some(after.clone()));
        return found.push(Difference { field, before, after });
    };
    let place = |name: &str| if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
    for (name, before) in old {
        match new.get(name) {
            Some(after) => compare(place(name), before, after, found),
            None => found.push(Difference { field: place(name), before: Some(before.clone()), after: None }),
        }
    }
    for (name, after) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
        found.push(Difference { field: place(name), before: None, after: Some(after.clone()) });
    }
}

/// Lists by what is in them: keys, categories, grades.
fn items(field: &str, old: &[Value], new: &[Value], found: &mut Vec<Difference>) {
    let known = found.len();
    let gone = old.iter().filter(|item| !new.contains(item));
    let came = new.iter().filter(|item| !old.contains(item));
    found.extend(
        gone.map(|item| (Some(item.clone()), None))
            .chain(came.map(|item| (None, Some(item.clone()))))
            .map(|(before, after)| Difference { field: field.to_owned(), before, after }),
    );
    if found.len() == known {
        // The same in another order.
        let list = |items: &[Value]| Some(Value::Array(items.to_vec()));
        found.push(Difference { field: field.to_owned(), before: list(old), after: list(new) });
    }
}

/// A value in few words.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}
