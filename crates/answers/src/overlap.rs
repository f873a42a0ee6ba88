//! Which pieces do the same job, and which tools? A short ranked list with reasons; people confirm or dismiss.
//!
//! Machines never say that two pieces overlap: it is computed here, each time, from what the map says of the pieces
//! (docs/overlap.md has the formula). A person's word about a pair is the fact `overlaps`; it is read in both
//! directions.

mod alike;
mod render;
mod tools;
pub(crate) mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stave_map::{Label, Outline, Outlines, State, Target};

use crate::{Estate, Result};

pub use alike::{Alike, Described, Mark};
pub use tools::{Tool, ToolCategory};

/// Pairs on the list unless all are asked for.
const SHOWN: usize = 20;

/// The most pairs that are listed at all.
const MOST: usize = 2_000;

/// Pairs that are looked at for one piece.
const NEAREST: usize = 16;

/// Likeness from which a pair is worth a person's look, and from which it is listed at all.
const WORTH_A_LOOK: f32 = 0.3;
const LISTED: f32 = 0.01;

/// A piece that needs the other directly does another job with like words: its proxy, its client, its worker.
const NEEDS_THE_OTHER: f32 = 0.5;

/// A repository seldom does one job twice: where one of its pieces is just what another repository has, its others are
/// something else, and only have words of it in passing.
const HAS_ITS_LIKE: f32 = 0.5;

/// Pieces of one repository were made side by side, by people who knew both.
const SIDE_BY_SIDE: f32 = 0.75;

/// Facts with a text that are compared.
const TEXTS: &[&str] = &["endpoint", "tag"];

/// Types of components that are no piece with a job of its own. Sorted.
const NO_JOB: &[&str] = &["external", "library", "pipeline", "topic"];

/// What to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OverlapQuery {
    /// All that have anything to do with each other, and those that people have decided, not only the first open ones.
    pub all: bool,
}

/// What people say of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "PairVerdict")]
pub enum Verdict {
    /// Nobody has said anything.
    Open,
    /// They do the same job.
    Confirmed,
    /// They don't.
    Dismissed,
    /// People's words differ.
    Disputed,
}

/// Two pieces that may do the same job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Pair {
    /// 12 digits: both pieces' digits, hashed.
    pub id: String,
    /// The two, by name.
    pub pieces: [Piece; 2],
    /// How alike they are, in percent.
    pub likeness: u32,
    /// Why, the weightiest first.
    pub reasons: Vec<String>,
    /// What people say of it.
    pub verdict: Verdict,
}

/// One of a pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Piece {
    /// The entity.
    #[serde(flatten)]
    pub label: Label,
    /// Its type, if anybody says one.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub entity_type: Option<String>,
    /// Its smallest reference: where it is.
    pub reference: String,
    /// Its description, if anybody gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What is there twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Overlap {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// Whether decided pairs and unlikely ones are listed as well.
    pub all: bool,
    /// The pairs, the most alike first.
    pub pairs: Vec<Pair>,
    /// Open pairs beyond those listed.
    #[serde(skip_serializing_if = "crate::summary::is_zero")]
    pub more: u64,
    /// Pairs that people confirmed, and that they dismissed.
    pub confirmed: u64,
    /// Pairs that people dismissed.
    pub dismissed: u64,
    /// Categories in which more than one tool is used.
    pub tools: Vec<ToolCategory>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// The address of a pair: 12 digits, the same in either order.
pub fn pair_id(one: &str, other: &str) -> String {
    let (low, high) = if one <= other { (one, other) } else { (other, one) };
    stave_model::hash_bytes(format!("{low} {high}").as_bytes()).short()
}

/// Which pieces do the same job, and which tools.
///
/// # Errors
/// Where the map can't be read.
pub fn overlap(estate: Estate<'_>, query: OverlapQuery) -> Result<Overlap> {
    estate.model.snapshot(|_| found(estate, query))
}

fn found(estate: Estate<'_>, query: OverlapQuery) -> Result<Overlap> {
    let outlines = estate.model.outlines(TEXTS)?;
    let words = said(estate)?;
    let compared = Compared::new(&outlines);
    let mut pairs = compared.pairs();
    // What people speak of is listed whatever the numbers say.
    for (one, other) in words.keys() {
        if let (Some(one), Some(other)) = (compared.place(one), compared.place(other)) {
            let key = (one.min(other), one.max(other));
            pairs.entry(key).or_insert_with(|| compared.likeness(key.0, key.1));
        }
    }
    let mut ranked: Vec<((usize, usize), f32, Verdict)> =
        pairs.into_iter().map(|(pair, likeness)| (pair, likeness, compared.verdict(pair, &words))).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| compared.ids(a.0).cmp(&compared.ids(b.0))));
    let count = |wanted: Verdict| ranked.iter().filter(|row| row.2 == wanted).count() as u64;
    let (confirmed, dismissed) = (count(Verdict::Confirmed), count(Verdict::Dismissed));
    let is_open = |verdict: Verdict| matches!(verdict, Verdict::Open | Verdict::Disputed);
    if query.all {
        ranked.retain(|row| row.1 >= LISTED || row.2 != Verdict::Open);
    } else {
        ranked.retain(|row| is_open(row.2) && (row.1 >= WORTH_A_LOOK || row.2 == Verdict::Disputed));
    }
    let most = if query.all { MOST } else { SHOWN };
    let more = ranked.len().saturating_sub(most) as u64;
    ranked.truncate(most);
    let pairs =
        ranked.into_iter().map(|(pair, likeness, verdict)| compared.pair(pair, likeness, verdict)).collect();
    Ok(Overlap {
        position: estate.position()?,
        all: query.all,
        pairs,
        more,
        confirmed,
        dismissed,
        tools: tools::tools(estate)?,
        unknown: compared.unknown(),
    })
}

/// A pair by a beginning of its digits, whatever people said of it; several where they begin alike.
///
/// # Errors
/// Where the map can't be read.
pub fn overlap_pairs(estate: Estate<'_>, digits: &str) -> Result<Vec<Pair>> {
    let all = overlap(estate, OverlapQuery { all: true })?;
    Ok(all.pairs.into_iter().filter(|pair| pair.id.starts_with(digits)).collect())
}

/// What people say, by the two entities' digits, the smaller first.
fn said(estate: Estate<'_>) -> Result<BTreeMap<(String, String), Verdict>> {
    let mut said: BTreeMap<(String, String), BTreeSet<Verdict>> = BTreeMap::new();
    for id in estate.model.spoken_of("overlaps")? {
        let Some(entity) = estate.model.entity(&id)? else { continue };
        for fact in entity.facts.iter().filter(|fact| fact.fact_type == "overlaps") {
            let Some(Target::Entity(other)) = &fact.to else { continue };
            let pair =
                if id <= other.id { (id.clone(), other.id.clone()) } else { (other.id.clone(), id.clone()) };
            said.entry(pair).or_default().insert(match fact.state {
                State::Stands => Verdict::Confirmed,
                State::Denied => Verdict::Dismissed,
                State::Disputed => Verdict::Disputed,
            });
        }
    }
    // Said from both ends, two words that differ are a dispute like two on one fact.
    let decide = |words: &BTreeSet<Verdict>| match words.iter().collect::<Vec<_>>().as_slice() {
        [only] => **only,
        _ => Verdict::Disputed,
    };
    Ok(said.iter().map(|(pair, words)| (pair.clone(), decide(words))).collect())
}

/// Pieces with a job of their own, ready to be compared.
struct Compared<'a> {
    outlines: &'a Outlines,
    /// Places in the outlines, by the pieces' ids.
    pieces: Vec<usize>,
    /// The other way round.
    places: BTreeMap<usize, usize>,
    described: Vec<Described>,
    alike: Alike,
    /// For each piece those most like it, before anything else is weighed.
    near: Vec<Vec<(usize, f32)>>,
}

impl<'a> Compared<'a> {
    fn new(outlines: &'a Outlines) -> Compared<'a> {
        let has_job = |row: &Outline| {
            let typ = row.entity_type.as_deref().unwrap_or_default();
            row.kind == "component" && NO_JOB.binary_search(&typ).is_err()
        };
        let pieces: Vec<usize> = (0..outlines.rows.len()).filter(|at| has_job(&outlines.rows[*at])).collect();
        let places: BTreeMap<usize, usize> =
            pieces.iter().enumerate().map(|(place, at)| (*at, place)).collect();
        let described: Vec<Described> = pieces.iter().map(|at| describe(outlines, *at)).collect();
        let alike = Alike::new(&described);
        let near = alike.nearest(NEAREST);
        Compared { outlines, pieces, places, described, alike, near }
    }

    fn row(&self, place: usize) -> &'a Outline {
        &self.outlines.rows[self.pieces[place]]
    }

    fn place(&self, id: &str) -> Option<usize> {
        let rows = &self.outlines.rows;
        let at = rows.binary_search_by(|row| row.id.as_str().cmp(id)).ok()?;
        self.places.get(&at).copied()
    }

    fn ids(&self, pair: (usize, usize)) -> (&str, &str) {
        (&self.row(pair.0).id, &self.row(pair.1).id)
    }

    fn pairs(&self) -> BTreeMap<(usize, usize), f32> {
        let mut pairs = BTreeMap::new();
        for (one, near) in self.near.iter().enumerate() {
            for (other, likeness) in near {
                let key = (one.min(*other), one.max(*other));
                pairs.insert(key, self.weighed(key.0, key.1, *likeness));
            }
        }
        pairs
    }

    fn likeness(&self, one: usize, other: usize) -> f32 {
        self.weighed(one, other, self.alike.similarity(one, other))
    }

    fn weighed(&self, one: usize, other: usize, likeness: f32) -> f32 {
        let mut weighed = likeness;
        if self.needs(one, other) || self.needs(other, one) {
            weighed *= NEEDS_THE_OTHER;
        }
        if self.are_of_one_repository(one, other) {
            weighed *= SIDE_BY_SIDE * self.alike.worded(one, other);
        } else if let Some((_, nearer)) = self.nearer(one, other, likeness) {
            weighed *= 1.0 - nearer * (1.0 - HAS_ITS_LIKE);
        }
        weighed
    }

    fn needs(&self, one: usize, other: usize) -> bool {
        let at = self.pieces[other];
        self.row(one).links.iter().any(|(_, to)| *to == at)
    }

    fn are_of_one_repository(&self, one: usize, other: usize) -> bool {
        repository(self.row(one)).is_some_and(|own| repository(self.row(other)) == Some(own))
    }

    /// A piece beside one of two that is more like the other of them, and how much it is.
    fn nearer(&self, one: usize, other: usize, likeness: f32) -> Option<(usize, f32)> {
        let beside = |own: usize, whose: usize| {
            let near = self.near[whose].iter().copied();
            near.take_while(|(_, more)| *more > likeness)
                .find(|(piece, _)| *piece != own && self.are_of_one_repository(*piece, own))
        };
        let both = [beside(one, other), beside(other, one)];
        both.into_iter().flatten().max_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn verdict(&self, pair: (usize, usize), words: &BTreeMap<(String, String), Verdict>) -> Verdict {
        let (one, other) = self.ids(pair);
        let key = if one <= other { (one, other) } else { (other, one) };
        words.get(&(key.0.to_owned(), key.1.to_owned())).copied().unwrap_or(Verdict::Open)
    }

    fn pair(&self, (one, other): (usize, usize), likeness: f32, verdict: Verdict) -> Pair {
        let (mut first, mut second) = (one, other);
        let order = |place: usize| (self.row(place).name.to_lowercase(), &self.row(place).id);
        if order(second) < order(first) {
            std::mem::swap(&mut first, &mut second);
        }
        Pair {
            id: pair_id(&self.row(one).id, &self.row(other).id),
            pieces: [first, second].map(|place| piece(self.row(place))),
            likeness: percent(likeness),
            reasons: self.reasons(first, second),
            verdict,
        }
    }

    fn unknown(&self) -> Vec<String> {
        let silent = (0..self.pieces.len()).filter(|place| self.row(*place).description.is_none()).count();
        let mut unknown = Vec::new();
        if silent > 0 {
            unknown.push(format!(
                "{} of {} without a description: for them only names, interfaces and relations are compared.",
                crate::text::grouped(silent as u64),
                crate::text::counted(self.pieces.len() as u64, "piece is", "pieces are"),
            ));
        }
        unknown
    }
}

fn percent(likeness: f32) -> u32 {
    (likeness.clamp(0.0, 1.0) * 100.0).round() as u32
}

fn piece(row: &Outline) -> Piece {
    Piece {
        label: Label { id: row.id.clone(), name: row.name.clone(), kind: row.kind.clone(), hidden: false },
        entity_type: row.entity_type.clone(),
        reference: row.reference.clone(),
        description: row.description.clone(),
    }
}

/// `HOST/PATH` of the repository that a piece is read from.
fn repository(row: &Outline) -> Option<&str> {
    row.reference.strip_prefix("repo:")?.split("//").next()
}

/// Relations whose other end says what a piece's job is, and how much all of them do beside a word of a
/// description.
const TELLING: &[(&str, &str, f32)] = &[
    ("calls", "calls", 1.0),
    ("routes_to", "routes to", 1.0),
    ("depends_on", "needs", 0.25),
    ("stores_in", "stores in", 0.5),
    ("publishes_to", "publishes to", 0.5),
    ("subscribes_to", "subscribes to", 0.5),
    ("consumes_api", "uses the API", 0.5),
];

/// Weight of a type, beside a word of a description.
const TYPE: f32 = 0.5;

fn describe(outlines: &Outlines, at: usize) -> Described {
    let row = &outlines.rows[at];
    let texts = |wanted: &str| {
        let texts = row.texts.iter().filter(|text| text.fact_type == wanted);
        texts.map(|text| text.text.clone()).collect::<Vec<_>>()
    };
    let mut one = Described {
        family: repository(row).map(str::to_owned),
        names: vec![best_written(row).to_owned()],
        about: row.description.iter().cloned().chain(texts("tag")).collect(),
        offers: texts("endpoint"),
        marks: Vec::new(),
    };
    if let Some(entity_type) = row.entity_type.as_ref().filter(|typ| typ.as_str() != "service") {
        one.marks.push(Mark { phrase: "is of type", names: vec![entity_type.clone()], weight: TYPE });
    }
    for (relation, to) in &row.links {
        let other = &outlines.rows[*to];
        let relation = outlines.relations[usize::from(*relation)].as_str();
        if relation == "provides_api" {
            one.offers.push(other.name.clone());
        }
        let telling = TELLING.iter().find(|(known, _, _)| *known == relation);
        let Some((_, phrase, weight)) = telling else { continue };
        if other.entity_type.as_deref() != Some("library") {
            one.marks.push(Mark { phrase, names: vec![best_written(other).to_owned()], weight: *weight });
        }
    }
    one
}

/// Of the ways in which a name is written, the one that shows the most words: `LoadGenerator` before `loadgenerator`.
fn best_written(row: &Outline) -> &str {
    let letters = |text: &str| {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let own = letters(&row.name);
    let others = row.aliases.iter().map(String::as_str).filter(|alias| letters(alias) == own);
    let mut best = row.name.as_str();
    for alias in others {
        if words::cut(alias).len() > words::cut(best).len() {
            best = alias;
        }
    }
    best
}
