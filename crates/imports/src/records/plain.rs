//! Tables that no tool is known for: which column is which field, by its usual name or as somebody typed it.

use std::collections::BTreeMap;

use super::Options;
use super::mapping::{Field, Mapping, RecordKind, columns, plain};
use crate::ImportError;

/// Most names of columns that a message lists.
const SHOWN: usize = 30;

/// How a table with these columns is read. `known` is the mapping of the tool that it comes from, where one was
/// recognised: what was typed goes before it.
pub(crate) fn mapping(
    names: &[String],
    known: Option<&Mapping>,
    options: &Options,
) -> Result<Mapping, ImportError> {
    let shown = || names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let mut fields: BTreeMap<Field, Vec<String>> = BTreeMap::new();
    for (column, field) in &options.columns {
        if !names.iter().any(|name| plain(name) == plain(column)) {
            return Err(ImportError::Column { column: column.clone(), known: shown() });
        }
        let found = Field::ALL.iter().find(|(name, _)| *name == plain_field(field));
        let Some((_, field)) = found else { return Err(ImportError::Field(field.clone())) };
        fields.entry(*field).or_default().push(column.clone());
    }
    let usual: &BTreeMap<Field, Vec<String>> = match known {
        Some(known) => &known.fields,
        None => columns(),
    };
    let typed: Vec<String> = options.columns.iter().map(|(column, _)| plain(column)).collect();
    for (field, usual) in usual {
        if fields.contains_key(field) {
            continue;
        }
        // In the order of usual names: `started at` says more than `date`.
        let there = usual.iter().filter(|name| {
            let name = plain(name);
            !typed.contains(&name) && names.iter().any(|other| plain(other) == name)
        });
        let there: Vec<String> = there.cloned().collect();
        if !there.is_empty() {
            fields.insert(*field, there);
        }
    }
    let record = options.kind.or(known.map(|known| known.record)).unwrap_or_else(|| kind(names, &fields));
    let needed: &[Field] = match record {
        RecordKind::Deployment => &[Field::Start, Field::End],
        RecordKind::Incident | RecordKind::Ticket => &[Field::Start],
    };
    let says_what = [Field::Title, Field::Services, Field::Text, Field::Version, Field::Commit];
    if !needed.iter().any(|field| fields.contains_key(field))
        || !says_what.iter().any(|field| fields.contains_key(field))
    {
        return Err(ImportError::Columns(shown()));
    }
    let format = match (known, record) {
        (Some(known), _) => known.format.clone(),
        (None, RecordKind::Incident) => "a table of incidents".to_owned(),
        (None, RecordKind::Ticket) => "a table of tickets".to_owned(),
        (None, RecordKind::Deployment) => "a table of deployments".to_owned(),
    };
    Ok(Mapping {
        format,
        record,
        is_table: true,
        rows: Vec::new(),
        needs: Vec::new(),
        lacks: Vec::new(),
        instance: None,
        page: None,
        fields,
        transitions: None,
        left_aside: None,
        only: None,
        text_order: None,
    })
}

/// A field as somebody types it: `caused-by`, `Caused by`.
fn plain_field(text: &str) -> String {
    text.trim().to_lowercase().replace([' ', '-'], "_")
}

/// What the rows of a table are, by its columns.
fn kind(names: &[String], fields: &BTreeMap<Field, Vec<String>>) -> RecordKind {
    let names: Vec<String> = names.iter().map(|name| plain(name)).collect();
    let any = |words: &[&str]| names.iter().any(|name| words.iter().any(|word| name.contains(word)));
    let has = |field| fields.contains_key(&field);
    if any(&["deploy"]) || (has(Field::Environment) && (has(Field::Version) || has(Field::Commit))) {
        return RecordKind::Deployment;
    }
    if any(&["incident", "outage", "downtime", "detected", "severity", "restored", "recovered"]) {
        return RecordKind::Incident;
    }
    RecordKind::Ticket
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: &[&str], options: &Options) -> Result<Mapping, ImportError> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        mapping(&names, None, options)
    }

    #[test]
    fn usual_columns_are_guessed() {
        for (names, want) in [
            (&["Incident ID", "Summary", "Started At", "Resolved At", "Severity"][..], RecordKind::Incident),
            (&["id", "title", "created", "closed"], RecordKind::Ticket),
            (&["service", "version", "environment", "finished at"], RecordKind::Deployment),
            (&["app", "deployed_at", "status"], RecordKind::Deployment),
        ] {
            let found = read(names, &Options::default()).map(|mapping| mapping.record).ok();
            assert_eq!(found, Some(want), "{names:?}");
        }
    }

    #[test]
    fn what_is_typed_goes_before_what_is_guessed() {
        let columns = vec![("Date".to_owned(), "end".to_owned()), ("Wann".to_owned(), "start".to_owned())];
        let options = Options { columns, kind: Some(RecordKind::Incident), ..Options::default() };
        let mapping =
            read(&["Was", "Date", "Wann", "Service"], &options).unwrap_or_else(|e| unreachable!("{e}"));
        assert_eq!(mapping.fields[&Field::End], ["Date"]);
        assert_eq!(mapping.fields[&Field::Start], ["Wann"]);
        assert_eq!(mapping.fields[&Field::Services], ["service"]);
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let typed = |column: &str, field: &str| Options {
            columns: vec![(column.to_owned(), field.to_owned())],
            ..Options::default()
        };
        assert!(matches!(read(&["a", "b"], &Options::default()), Err(ImportError::Columns(_))));
        assert!(matches!(read(&["a", "b"], &typed("c", "start")), Err(ImportError::Column { .. })));
        assert!(matches!(read(&["a", "b"], &typed("a", "begin")), Err(ImportError::Field(_))));
    }
}
