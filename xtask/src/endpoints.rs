//! How well endpoints are found: the paths of each service, compared with those that a truth lists.
//!
//! Two figures. *Strict*: a path counts where service and path are equal. The other one takes two habits of the truths for
//! what they are, in the same way for every system: a path that only is the beginning of others of its service (the prefix
//! of a class, at which nothing answers) is asked of nobody, and the front that all found paths of a service share (a
//! context path) may be left out of the truth.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

type Paths = BTreeMap<String, BTreeSet<String>>;

/// Found, wrong and missed paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) found: u32,
    pub(crate) extra: u32,
    pub(crate) missed: u32,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Counts) {
        self.found += other.found;
        self.extra += other.extra;
        self.missed += other.missed;
    }

    /// Precision, recall and F1, rounded as the scorer of components rounds.
    pub(crate) fn figures(self) -> Value {
        let (found, extra, missed) = (f64::from(self.found), f64::from(self.extra), f64::from(self.missed));
        let rounded =
            |value: f64| if value.is_finite() { (value * 10_000.0).round() / 10_000.0 } else { 0.0 };
        json!({
            "precision": rounded(found / (found + extra)),
            "recall": rounded(found / (found + missed)),
            "f1": rounded(2.0 * found / (2.0 * found + extra + missed)),
        })
    }
}

/// Both figures of one system: `None` where its truth lists no endpoints. `matched` is the scorer's, from a truth's
/// service to the name of an entity.
pub(crate) fn counts(export: &Value, truth: &Value, matched: &Value) -> Option<(Counts, Counts)> {
    let truth: Paths = truth["endpoints"]
        .as_object()?
        .iter()
        .map(|(service, paths)| (service.clone(), normal_paths(paths)))
        .collect();
    let found = found(export, matched);
    let (mut strict, mut fair) = (Counts::default(), Counts::default());
    let none = BTreeSet::new();
    let services: BTreeSet<&String> = truth.keys().chain(found.keys()).collect();
    for service in services {
        let (wanted, got) = (truth.get(service).unwrap_or(&none), found.get(service).unwrap_or(&none));
        strict.add(equal(wanted, got));
        fair.add(forgiving(wanted, got));
    }
    Some((strict, fair))
}

/// Paths by the service that the truth knows the entity as; of others by their own names.
fn found(export: &Value, matched: &Value) -> Paths {
    let none = Map::new();
    let services: BTreeMap<&str, &String> = matched
        .as_object()
        .unwrap_or(&none)
        .iter()
        .filter_map(|(service, entity)| Some((entity[0].as_str()?, service)))
        .collect();
    let mut found = Paths::new();
    for entity in export["entities"].as_array().into_iter().flatten() {
        let paths = normal_paths(&entity["endpoints"]);
        let name = entity["name"].as_str().unwrap_or_default();
        if !paths.is_empty() {
            let service =
                services.get(name).map_or_else(|| format!("? {name}"), |service| (*service).clone());
            found.entry(service).or_default().extend(paths);
        }
    }
    found
}

/// Variables without their names, no slash at the end, one in front.
fn normal_paths(paths: &Value) -> BTreeSet<String> {
    let paths = paths.as_array().into_iter().flatten().filter_map(Value::as_str);
    paths.map(normal).collect()
}

fn normal(path: &str) -> String {
    let mut out = String::from("/");
    let mut depth = 0usize;
    for c in path.trim_matches('/').chars() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    out.push_str("{}");
                }
            }
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

fn count(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

fn equal(wanted: &BTreeSet<String>, got: &BTreeSet<String>) -> Counts {
    let both = wanted.intersection(got).count();
    Counts { found: count(both), extra: count(got.len() - both), missed: count(wanted.len() - both) }
}

fn forgiving(wanted: &BTreeSet<String>, got: &BTreeSet<String>) -> Counts {
    // With each front that all found paths share, and without one: the best fit is what was meant.
    let mut fronts = vec![String::new()];
    if let Some(first) = got.first() {
        let mut front = String::new();
        for segment in first.split('/').skip(1) {
            front = format!("{front}/{segment}");
            let below = format!("{front}/");
            if segment.is_empty() || !got.iter().all(|path| *path == front || path.starts_with(&below)) {
                break;
            }
            fronts.push(front.clone());
        }
    }
    let fits = fronts.into_iter().map(|front| {
        // A found path counts if either of its forms is in the truth, and so does the truth's.
        let without = |path: &String| {
            let rest = path.strip_prefix(&front).unwrap_or(path);
            if rest.is_empty() { "/".to_owned() } else { rest.to_owned() }
        };
        let is_found = |path: &&String| wanted.contains(*path) || wanted.contains(&without(path));
        let shortened: BTreeSet<String> = got.iter().map(without).collect();
        let is_met = |path: &&String| got.contains(*path) || shortened.contains(*path);
        let is_asked = |path: &&String| {
            let below = format!("{path}/");
            path.as_str() == "/" || !wanted.iter().any(|other| other.starts_with(&below))
        };
        let right = got.iter().filter(is_found).count();
        let missed = wanted.iter().filter(|path| !is_met(path) && is_asked(path)).count();
        Counts { found: count(right), extra: count(got.len() - right), missed: count(missed) }
    });
    // The first of the best: a front is only cut off where that helps.
    fits.reduce(|best, next| if next.extra + next.missed < best.extra + best.missed { next } else { best })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(|path| normal(path)).collect()
    }

    #[test]
    fn paths_are_compared_without_the_names_of_their_variables() {
        let counts = equal(&set(&["/a/{id}/", "/b", "c"]), &set(&["/a/{key:[0-9]{2}}", "/c", "/d"]));
        assert_eq!(counts, Counts { found: 2, extra: 1, missed: 1 });
    }

    #[test]
    fn prefixes_of_classes_are_asked_of_nobody() {
        let counts = forgiving(&set(&["/orders", "/orders/{id}", "/x"]), &set(&["/orders/{id}"]));
        assert_eq!(counts, Counts { found: 1, extra: 0, missed: 1 });
    }

    #[test]
    fn context_paths_may_be_left_out_of_the_truth() {
        let counts = forgiving(&set(&["/", "/{name}"]), &set(&["/orders", "/orders/{name}", "/orders/now"]));
        assert_eq!(counts, Counts { found: 2, extra: 1, missed: 0 });
        let counts = forgiving(&set(&["/orders/{name}"]), &set(&["/orders/{name}"]));
        assert_eq!(counts, Counts { found: 1, extra: 0, missed: 0 });
    }

    #[test]
    fn endpoints_are_those_of_the_matched_service() {
        let export = json!({"entities": [
            {"name": "orders", "endpoints": ["/a", "/a/{x}"]}, {"name": "other", "endpoints": ["/z"]}]});
        let truth = json!({"endpoints": {"order_service": ["/a", "/b"]}});
        let matched = json!({"order_service": ["orders", "loose"]});
        let (strict, _) = counts(&export, &truth, &matched).unwrap_or_default();
        assert_eq!(strict, Counts { found: 1, extra: 2, missed: 1 });
        assert_eq!(counts(&export, &json!({}), &matched), None);
    }
}
