//! What the staves are measured on, gathered once for all pieces.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stave_map::{Outlines, Target};
use stave_model::Time;
use stave_model::records::{ChangeKind, Deployment, FileClass, Outcome};

use crate::knowledge::{Knowledge, knowledge};
use crate::records::territory::Territory;
use crate::records::{History, deployments};
use crate::tie::{TiedIncident, tied_incidents};
use crate::{Estate, Result};

/// Words in the name of an environment that say that it is production.
const PRODUCTION: &[&str] = &["prod", "production", "live", "prd"];

/// Files that list what a piece stands on, by name.
const LISTS: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "go.mod",
    "go.sum",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "gradle.lockfile",
    "libs.versions.toml",
    "pyproject.toml",
    "poetry.lock",
    "uv.lock",
    "requirements.txt",
    "Pipfile",
    "Pipfile.lock",
    "Gemfile",
    "Gemfile.lock",
    "composer.json",
    "composer.lock",
    "Directory.Packages.props",
    "packages.lock.json",
    "Dockerfile",
];

/// Endings of languages whose custom is to write tests into the file that they test.
const TESTED_INSIDE: &[&str] = &["rs", "zig", "d"];

/// What is known of the files of one piece.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    pub(super) source_bytes: u64,
    /// Of these, in languages whose tests stand in the sources.
    pub(super) tested_inside_bytes: u64,
    pub(super) test_bytes: u64,
    pub(super) documents: u64,
    /// When the newest change of each sort was committed, in seconds since 1970, with its path.
    pub(super) source: Option<(i64, String)>,
    pub(super) document: Option<(i64, String)>,
    pub(super) list: Option<(i64, String)>,
    /// Times of tags of the repositories, in seconds since 1970, with their names.
    pub(super) releases: BTreeSet<(i64, String)>,
}

/// Everything that is measured, for all pieces.
pub(crate) struct Grounds {
    pub(super) knowledge: Knowledge,
    pub(super) files: BTreeMap<String, Files>,
    pub(crate) incidents: Vec<TiedIncident>,
    /// By piece (12 digits), places in `incidents`.
    pub(super) went_down: BTreeMap<String, Vec<usize>>,
    /// By piece (12 digits), when something was put into production, with the version.
    pub(super) deployed: BTreeMap<String, BTreeSet<(i64, String)>>,
    pub(crate) outlines: Outlines,
    pub(crate) now: Time,
}

impl Grounds {
    pub(crate) fn of(estate: Estate<'_>) -> Result<Grounds> {
        let knowledge = knowledge(estate)?;
        let territory = Territory::of(estate)?;
        let outlines = estate.model.outlines(&[])?;
        let repositories: BTreeMap<&str, &str> = outlines
            .rows
            .iter()
            .filter(|row| row.kind == "repository")
            .filter_map(|row| Some((row.reference.strip_prefix("repo:")?, row.id.as_str())))
            .collect();
        let mut files = BTreeMap::new();
        for history in &knowledge.histories {
            let repository = repositories.get(history.repository.as_str()).copied();
            add_files(&mut files, history, &territory, repository, estate.now.millis().div_euclid(1_000));
        }
        let deployed = deployed(&deployments(estate)?, &outlines, &repositories);
        let incidents = tied_incidents(estate)?;
        let mut went_down: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, tied) in incidents.iter().enumerate() {
            for about in &tied.about {
                went_down.entry(about.piece.id.clone()).or_default().push(place);
            }
        }
        Ok(Grounds { knowledge, files, incidents, went_down, deployed, outlines, now: estate.now })
    }

    /// Pieces (12 digits) that have files or deployments, went down or are known: those of which a barrel says something.
    pub(crate) fn measured(&self) -> BTreeSet<&str> {
        self.files
            .keys()
            .chain(self.deployed.keys())
            .chain(self.went_down.keys())
            .map(String::as_str)
            .collect()
    }
}

/// A commit's clock may be wrong: what is later than now counts as now.
fn add_files(
    all: &mut BTreeMap<String, Files>,
    history: &History,
    territory: &Territory,
    repository: Option<&str>,
    now: i64,
) {
    let ignored: BTreeSet<_> = history.head.ignored.iter().collect();
    let mut changed: HashMap<&str, i64> = HashMap::new();
    for commit in history.commits.iter().filter(|commit| !ignored.contains(&commit.id)) {
        for change in commit.changes.iter().filter(|change| change.kind != ChangeKind::Deleted) {
            let at = changed.entry(&change.path).or_insert(i64::MIN);
            *at = (*at).max(commit.committed.min(now));
        }
    }
    let releases: BTreeSet<(i64, String)> =
        history.head.tags.iter().map(|tag| (tag.at.min(now), tag.name.clone())).collect();
    for file in &history.files {
        let pieces = territory.of_path(&history.repository, &file.path);
        let ids = pieces.iter().map(|place| territory.pieces[*place].id.as_str()).chain(repository);
        for id in ids {
            let found = all.entry(id.to_owned()).or_default();
            let at = changed.get(file.path.as_str()).map(|at| (*at, file.path.clone()));
            match file.class {
                FileClass::Source => {
                    found.source_bytes += file.bytes;
                    if file.path.rsplit_once('.').is_some_and(|(_, ending)| TESTED_INSIDE.contains(&ending)) {
                        found.tested_inside_bytes += file.bytes;
                    }
                    found.source = found.source.take().max(at.clone());
                }
                FileClass::Test => found.test_bytes += file.bytes,
                FileClass::Documentation => {
                    found.documents += 1;
                    found.document = found.document.take().max(at.clone());
                }
                FileClass::Generated | FileClass::Vendored | FileClass::Binary => {}
            }
            let name = file.path.rsplit('/').next().unwrap_or_default();
            if LISTS.contains(&name) && file.class != FileClass::Vendored {
                found.list = found.list.take().max(at);
            }
        }
    }
    let of_history: BTreeSet<&str> = history
        .files
        .iter()
        .flat_map(|file| territory.of_path(&history.repository, &file.path))
        .map(|place| territory.pieces[*place].id.as_str())
        .chain(repository)
        .collect();
    for id in of_history {
        if let Some(found) = all.get_mut(id) {
            found.releases.extend(releases.iter().cloned());
        }
    }
}

/// Successful deployments into production, by piece: the pieces that bear a name that the deployment gives, else the
/// repository that it comes from.
fn deployed(
    deployments: &[Deployment],
    outlines: &Outlines,
    repositories: &BTreeMap<&str, &str>,
) -> BTreeMap<String, BTreeSet<(i64, String)>> {
    let mut named: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for row in outlines.rows.iter().filter(|row| matches!(row.kind.as_str(), "component" | "system" | "api"))
    {
        for name in std::iter::once(&row.name).chain(&row.aliases) {
            named.entry(name.to_lowercase()).or_default().push(&row.id);
        }
    }
    let mut deployed: BTreeMap<String, BTreeSet<(i64, String)>> = BTreeMap::new();
    for deployment in deployments.iter().filter(|one| one.outcome == Outcome::Success && is_production(one)) {
        let row = (deployment.finished.millis().div_euclid(1_000), deployment.version.clone());
        let by_name = deployment.services.iter().filter_map(|name| named.get(&name.to_lowercase())).flatten();
        let by_repository = deployment.repository.as_deref().and_then(|name| repositories.get(name));
        for id in by_name.chain(by_repository) {
            deployed.entry((*id).to_owned()).or_default().insert(row.clone());
        }
    }
    deployed
}

/// Where nothing says where to, it is production that is meant.
fn is_production(deployment: &Deployment) -> bool {
    let name = deployment.environment.to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    name.is_empty() || words.any(|word| PRODUCTION.contains(&word))
}

/// What is part of an entity, over as many steps as it takes; without itself.
pub(super) fn parts(estate: Estate<'_>, id: &str) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut open = vec![id.to_owned()];
    while let Some(next) = open.pop() {
        let Some(entity) = estate.model.entity(&next)? else { continue };
        let denied = stave_map::State::Denied;
        let incoming = entity.incoming.iter().filter(|row| row.relation == "part_of" && row.state != denied);
        for part in incoming.map(|row| &row.from).filter(|part| !part.hidden && part.id != id) {
            if found.insert(part.id.clone()) {
                open.push(part.id.clone());
            }
        }
    }
    Ok(found)
}

/// Whether an entity has owners that stand.
pub(super) fn owners(entity: &stave_map::Entity) -> Vec<(String, String)> {
    let facts = entity.facts.iter().filter(|fact| fact.fact_type == "owned_by");
    facts
        .filter(|fact| fact.state != stave_map::State::Denied)
        .flat_map(|fact| {
            let target = match &fact.to {
                Some(Target::Entity(label)) => Some(label),
                _ => None,
            };
            fact.members.iter().chain(target).map(move |label| (label.id.clone(), fact.basis.to_string()))
        })
        .collect()
}
