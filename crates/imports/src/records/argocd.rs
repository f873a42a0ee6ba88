//! Argo CD: each entry of an application's history is a deployment (`argocd app get NAME -o json`, `argocd app list -o json`,
//! `kubectl get applications -o json`).

use std::collections::BTreeSet;

use serde_json::Value;
use stave_model::records::{Deployment, Outcome};

use super::build::repository;
use super::moment::{DayOrder, moment};
use super::row::{list_at, texts_at};
use super::{Found, Notes, Options, Record, instance, text};
use crate::{ImportError, Warning, names};

pub(crate) fn read(document: &Value, options: &Options) -> Result<Option<Found>, ImportError> {
    let Some(list) = list_at(document, "items").or_else(|| list_at(document, "")) else { return Ok(None) };
    let is_application = |value: &Value| {
        value["spec"]["destination"].is_object()
            && (value["spec"]["source"].is_object() || value["spec"]["sources"].is_array())
            && value["metadata"]["name"].is_string()
    };
    if !list.iter().any(is_application) {
        return Ok(None);
    }
    let instance = instance(options, || Some("argocd".to_owned()))?;
    let mut found = Found {
        format: "Argo CD applications".to_owned(),
        instance,
        records: Vec::new(),
        notes: Notes::default(),
        warnings: Vec::new(),
    };
    let mut row = 0;
    for application in list.iter().filter(|value| is_application(value)) {
        // A revision that was there before, and not directly before, was put back.
        let mut earlier: BTreeSet<String> = BTreeSet::new();
        let mut before = String::new();
        for entry in application["status"]["history"].as_array().into_iter().flatten() {
            row += 1;
            match deployment(application, entry, &found.instance) {
                Ok(mut deployment) => {
                    let revision = deployment.commit.clone().unwrap_or_else(|| deployment.version.clone());
                    deployment.is_rollback = revision != before && earlier.contains(&revision);
                    earlier.insert(revision.clone());
                    before = revision;
                    found.records.push((row, Record::Deployment(deployment), None));
                }
                Err(what) => found.warnings.push(Warning { row: Some(row), what }),
            }
        }
        found.notes.next_row();
        if application["status"]["history"].as_array().is_none_or(Vec::is_empty) {
            found.notes.count("applications without a history");
        }
    }
    Ok(Some(found))
}

fn deployment(application: &Value, entry: &Value, instance: &str) -> Result<Deployment, String> {
    let one = |value: &Value, path: &str| texts_at(value, path).into_iter().next();
    let name = one(application, "metadata.name").unwrap_or_default();
    let at = |path: &str| one(entry, path).and_then(|text| moment(&text, DayOrder::DayFirst));
    let Some((finished, _)) = at("deployedAt") else {
        return Err("a deployment without a time".to_owned());
    };
    let id = one(entry, "id").ok_or("a deployment without a number")?;
    let key = names::clean(&format!("{instance}/{name}/{id}")).ok_or("its name can stand in no reference")?;
    let revision = one(entry, "revision").or_else(|| one(entry, "revisions")).unwrap_or_default();
    let is_commit = revision.len() == 40 && revision.chars().all(|digit| digit.is_ascii_hexdigit());
    let source = one(entry, "source.repoURL")
        .or_else(|| one(application, "spec.source.repoURL"))
        .or_else(|| one(application, "spec.sources[].repoURL"));
    let environment = ["spec.destination.namespace", "spec.destination.name"];
    Ok(Deployment {
        key: key.replace(' ', "-"),
        services: vec![text::name(&name)],
        repository: source.and_then(|url| repository(&url, instance)),
        commit: is_commit.then(|| revision.to_lowercase()),
        version: if is_commit { String::new() } else { text::name(&revision) },
        environment: environment
            .iter()
            .find_map(|path| one(application, path))
            .map(|name| text::name(&name))
            .unwrap_or_default(),
        started: at("deployStartedAt").map(|(time, _)| time).filter(|started| *started <= finished),
        finished,
        outcome: Outcome::Success,
        is_rollback: false,
        url: None,
    })
}
