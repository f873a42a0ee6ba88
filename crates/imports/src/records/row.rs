//! A row of a file, whatever its format: fields by path or by column.

use std::sync::Arc;

use serde_json::Value;

use super::mapping::plain;

/// Most texts that one path gives.
const TEXTS: usize = 2_000;

/// A row.
pub(crate) enum Row {
    /// An object of a JSON document.
    Json(Value),
    /// Cells that aren't empty, with the plain name of their column; several where a name is there several times. Names are
    /// shared, and empty cells not kept, so that a row costs what stands in it.
    Table(Vec<(Arc<str>, String)>),
}

impl Row {
    /// All texts that a path leads to and that aren't empty.
    pub(crate) fn texts(&self, path: &str) -> Vec<String> {
        match self {
            Row::Json(value) => texts_at(value, path),
            Row::Table(cells) => {
                let name = plain(path);
                let cells = cells.iter().filter(|(column, _)| **column == *name);
                cells.map(|(_, cell)| cell.trim()).filter(|cell| !is_none(cell)).map(str::to_owned).collect()
            }
        }
    }

    /// The texts of the first of these paths that has any.
    pub(crate) fn first(&self, paths: &[String]) -> Vec<String> {
        paths.iter().map(|path| self.texts(path)).find(|texts| !texts.is_empty()).unwrap_or_default()
    }

    /// Whether one of `a|b` is a field here, empty or not.
    pub(crate) fn has(&self, alternatives: &str) -> bool {
        alternatives.split('|').any(|path| match self {
            Row::Json(value) => is_there(value, path),
            Row::Table(cells) => {
                let name = plain(path);
                cells.iter().any(|(column, _)| **column == *name)
            }
        })
    }
}

/// What tools write where there is nothing.
fn is_none(cell: &str) -> bool {
    matches!(cell.to_ascii_lowercase().as_str(), "" | "-" | "--" | "n/a" | "none" | "null" | "(empty)")
}

/// A list in a document, or the document itself as one row.
pub(crate) fn list_at<'a>(document: &'a Value, path: &str) -> Option<&'a [Value]> {
    let found = if path.is_empty() { document } else { document.get(path)? };
    match found {
        Value::Array(rows) => Some(rows),
        Value::Object(_) if path.is_empty() => Some(std::slice::from_ref(found)),
        _ => None,
    }
}

fn is_there(value: &Value, path: &str) -> bool {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let (Value::Object(fields), name) = (value, name.trim_end_matches("[]")) else { return false };
    match fields.get(name) {
        None => false,
        Some(_) if rest.is_empty() => true,
        Some(next) => is_there(next, rest),
    }
}

/// The texts at the end of a path. Numbers and truth values are texts too; of an object its own texts (rich text).
pub(crate) fn texts_at(value: &Value, path: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for value in values_at(value, path) {
        leaves(value, &mut texts);
    }
    texts.retain(|text| !text.trim().is_empty());
    texts
}

/// The values at the end of a path.
pub(crate) fn values_at<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![value];
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let (name, is_list) = match part.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (part, false),
        };
        let next = found.into_iter().filter_map(|value| value.get(name));
        found = if is_list {
            next.filter_map(Value::as_array).flatten().take(TEXTS).collect()
        } else {
            next.take(TEXTS).collect()
        };
    }
    found
}

fn leaves(value: &Value, texts: &mut Vec<String>) {
    if texts.len() >= TEXTS {
        return;
    }
    match value {
        Value::Null => {}
        Value::Bool(is_so) => texts.push(is_so.to_string()),
        Value::Number(number) => texts.push(number.to_string()),
        Value::String(text) => texts.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| leaves(value, texts)),
        Value::Object(fields) => {
            // Rich text is a tree whose words stand in fields `text`; nothing else of an object is a text.
            for (name, value) in fields {
                if name == "text" || name == "content" {
                    leaves(value, texts);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_through_objects_and_lists() {
        let row = Row::Json(json!({
            "a": {"b": 7}, "labels": [{"name": "x"}, {"name": ""}, {"name": "y"}], "words": ["p", null],
            "doc": {"type": "doc", "content": [{"content": [{"text": "rich", "type": "text"}]}]},
        }));
        assert_eq!(row.texts("a.b"), ["7"]);
        assert_eq!(row.texts("labels[].name"), ["x", "y"]);
        assert_eq!(row.texts("words[]"), ["p"]);
        assert_eq!(row.texts("doc"), ["rich"]);
        assert_eq!(row.texts("a.b.c"), [] as [&str; 0]);
        assert!(row.has("nothing|a.b") && !row.has("a.c"));
    }

    #[test]
    fn cells_are_found_by_the_plain_name_of_their_column() {
        let name: Arc<str> = "components".into();
        let row = Row::Table(vec![(Arc::clone(&name), "cart".to_owned()), (name, "-".to_owned())]);
        assert_eq!(row.texts("Component/s"), ["cart"]);
        assert!(row.has("Component/s"));
    }
}
