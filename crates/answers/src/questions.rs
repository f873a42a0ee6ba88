//! What can't Stave decide? Each question as a sentence, with the words involved and the possible answers.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use stave_ledger::{Filter, matching};
use stave_map::{Entity, Fact, Label, Named, Question, Target};
use stave_model::{Basis, Claim, Hash, Mode, Reference, Scope, Time, claim_type, fact_scope, hash_bytes};

use crate::claims::ClaimShown;
use crate::draft::{Draft, draft_withdrawal};
use crate::text::{Role, Style, Writer, counted, grouped, joined, tame};
use crate::when::day;
use crate::{Estate, Result};

/// Candidates that are offered for an ambiguous name or a word without a place.
const CANDIDATES: usize = 8;

/// Letters of a part of a name that may tell what was meant.
const TELLING: usize = 4;

/// Questions that are looked through for those about one entity.
const LOOKED_THROUGH: u64 = 10_000;

/// Open questions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Questions {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The present that ages are counted from.
    pub now: Time,
    /// How many there are in all.
    pub total: u64,
    /// How many of them are words without a place.
    pub without_place: u64,
    /// How many there are of each kind, by name.
    pub kinds: Vec<QuestionKind>,
    /// Only questions of this kind are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only questions about this entity are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// The questions.
    pub rows: Vec<Asked>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// A kind of question, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct QuestionKind {
    /// `dispute`, `challenge`, …
    pub kind: String,
    /// How many.
    pub count: u64,
}

/// Which questions.
#[derive(Clone, Debug, Default)]
pub struct QuestionQuery {
    /// Only this kind.
    pub kind: Option<String>,
    /// Only those about the entity with these 12 digits.
    pub entity: Option<String>,
    /// At most so many.
    pub limit: u64,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Asked {
    /// 12 digits.
    pub id: String,
    /// `dispute`, `challenge`, `declared_differ`, `refused_join`, `ambiguous`, `without_place`, `retired_read`.
    pub kind: String,
    /// The question as a sentence or two.
    pub sentence: String,
    /// What it is about, as docs/ledger.md section 7 says.
    pub about: Vec<String>,
    /// The type of fact.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub fact_type: Option<String>,
    /// The other end of the fact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The entities that it is about, or that are proposed.
    pub entities: Vec<Label>,
    /// The claims and words that led to it.
    pub words: Vec<ClaimShown>,
    /// What a person may answer.
    pub answers: Vec<PossibleAnswer>,
}

/// One of the possible answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PossibleAnswer {
    /// From 1: how it is chosen.
    pub number: u64,
    /// What it means, in a person's words.
    pub label: String,
    /// The words that it appends.
    pub words: Vec<Draft>,
    /// Stands for all that they replace and speak against: who answers shows what they saw.
    pub seen: String,
}

/// Up to `limit` open questions.
///
/// # Errors
/// Where the map or the ledger can't be read.
pub fn questions(estate: Estate<'_>, limit: u64) -> Result<Questions> {
    questions_of(estate, &QuestionQuery { limit, ..QuestionQuery::default() })
}

/// Some of the open questions.
///
/// # Errors
/// Where the map or the ledger can't be read.
pub fn questions_of(estate: Estate<'_>, query: &QuestionQuery) -> Result<Questions> {
    estate.model.snapshot(|_| some_questions(estate, query))
}

fn some_questions(estate: Estate<'_>, query: &QuestionQuery) -> Result<Questions> {
    let counts = estate.model.counts()?;
    let all = estate.model.questions(LOOKED_THROUGH.max(query.limit))?;
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for question in &all {
        *kinds.entry(&question.kind).or_default() += 1;
    }
    let kinds: Vec<QuestionKind> =
        kinds.into_iter().map(|(kind, count)| QuestionKind { kind: kind.to_owned(), count }).collect();
    let is_asked_for = |question: &Question| {
        query.kind.as_ref().is_none_or(|kind| *kind == question.kind)
            && query.entity.as_ref().is_none_or(|id| question.entities.iter().any(|label| label.id == *id))
    };
    let asked_for: Vec<Question> = all.into_iter().filter(is_asked_for).collect();
    let matching = match (&query.kind, &query.entity) {
        (None, None) => counts.questions,
        _ => asked_for.len() as u64,
    };
    let mut rows = Vec::new();
    for question in asked_for.into_iter().take(usize::try_from(query.limit).unwrap_or(usize::MAX)) {
        rows.push(ask(estate, question)?);
    }
    let mut unknown = Vec::new();
    if matching > rows.len() as u64 {
        unknown.push(format!("Only {} of {} are shown.", grouped(rows.len() as u64), grouped(matching)));
    }
    Ok(Questions {
        position: estate.position()?,
        now: estate.now,
        total: counts.questions,
        without_place: counts.without_place,
        kinds,
        kind: query.kind.clone(),
        entity: query.entity.clone(),
        rows,
        unknown,
    })
}

/// One question, by its 12 digits.
///
/// # Errors
/// Where the map or the ledger can't be read.
pub fn question(estate: Estate<'_>, id: &str) -> Result<Option<Asked>> {
    estate.model.snapshot(|model| model.question(id)?.map(|found| ask(estate, found)).transpose())
}

/// The questions about one entity.
pub(crate) fn asked_about(estate: Estate<'_>, id: &str) -> Result<Vec<Asked>> {
    let all = estate.model.questions(LOOKED_THROUGH)?;
    let about = |question: &Question| question.entities.iter().any(|label| label.id == id);
    all.into_iter().filter(about).map(|found| ask(estate, found)).collect()
}

/// What a question needs to be put into words.
struct Case<'a> {
    estate: Estate<'a>,
    question: &'a Question,
    /// The references that it is about, each with its entity, if it has one.
    ends: Vec<(String, Option<Entity>)>,
}

fn ask(estate: Estate<'_>, mut question: Question) -> Result<Asked> {
    question.entities.iter_mut().for_each(|label| estate.people.name_label(label));
    let mut ends = Vec::new();
    for reference in &question.about {
        let found = match reference.parse::<Reference>() {
            Ok(_) => estate.entity(&hash_bytes(reference.as_bytes()).short())?,
            Err(_) => None,
        };
        ends.push((reference.clone(), found));
    }
    let case = Case { estate, question: &question, ends };
    let mut asked = match question.kind.as_str() {
        "dispute" | "challenge" | "declared_differ" => case.of_fact()?,
        "refused_join" => case.refused_join()?,
        "ambiguous" => case.ambiguous()?,
        "without_place" => case.without_place()?,
        "retired_read" => case.retired_read()?,
        _ => case.asked(format!(
            "This version has no words for questions of the kind \"{}\".",
            tame(&question.kind)
        )),
    };
    for (index, answer) in asked.answers.iter_mut().enumerate() {
        answer.number = index as u64 + 1;
    }
    Ok(asked)
}

fn possible(label: String, words: Vec<Draft>) -> PossibleAnswer {
    let seen = crate::speech::seen(&words);
    PossibleAnswer { number: 0, label, words, seen }
}

/// A reference as people read it where it is no entity of its own.
fn short(reference: &str) -> String {
    let name = match reference.parse::<Reference>() {
        Ok(parsed) => parsed.short_name().to_owned(),
        Err(_) => reference.to_owned(),
    };
    tame(&name).into_owned()
}

impl Case<'_> {
    fn asked(&self, sentence: String) -> Asked {
        Asked {
            id: self.question.id.clone(),
            kind: self.question.kind.clone(),
            sentence,
            about: self.question.about.clone(),
            fact_type: self.question.fact_type.clone(),
            to: self.question.to.clone(),
            entities: self.question.entities.clone(),
            words: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// The name of what the question is about: of the entity, else of the reference.
    fn name(&self, index: usize) -> String {
        match self.ends.get(index) {
            Some((_, Some(entity))) => tame(&entity.row.name).into_owned(),
            Some((reference, None)) => short(reference),
            None => match self.question.entities.get(index) {
                Some(label) => tame(&label.name).into_owned(),
                None => "something".to_owned(),
            },
        }
    }

    /// The names of both ends; with their references where the names are the same.
    fn names(&self) -> (String, String) {
        let (first, second) = (self.name(0), self.name(1));
        match self.pair() {
            Some((one, other)) if first == second => {
                (format!("{first} ({})", tame(one)), format!("{second} ({})", tame(other)))
            }
            _ => (first, second),
        }
    }

    /// The fact that the question names.
    fn fact(&self) -> Option<(&Entity, &Fact)> {
        let entity = self.ends.first()?.1.as_ref()?;
        let fact_type = self.question.fact_type.as_deref()?;
        let to = self.question.to.as_deref();
        let target = to.map(|text| hash_bytes(text.as_bytes()).short());
        let fits = |fact: &&Fact| match (&fact.to, to) {
            (None, _) => true,
            (Some(Target::Text(text)), Some(wanted)) => text == wanted,
            (Some(Target::Entity(label)), Some(wanted)) => {
                Some(&label.id) == target.as_ref()
                    || fact.said.iter().any(|said| said.to.as_deref() == Some(wanted))
            }
            (Some(_), None) => false,
        };
        let mut of_type = entity.facts.iter().filter(|fact| fact.fact_type == fact_type);
        of_type.find(fits).map(|fact| (entity, fact))
    }

    /// Disputes, challenges and declared differences: each of the things said is an answer.
    fn of_fact(&self) -> Result<Asked> {
        if self.question.fact_type.as_deref() == Some("same_as") {
            return self.disputed_join();
        }
        let name = self.name(0);
        let Some((entity, fact)) = self.fact() else {
            let what = self.question.fact_type.as_deref().unwrap_or("something");
            return Ok(self.asked(format!("What is said about {name} differs: {}.", tame(what))));
        };
        let counted: Vec<&stave_map::Said> = fact
            .said
            .iter()
            .filter(|said| match self.question.kind.as_str() {
                "dispute" => said.basis == Basis::Stated,
                "declared_differ" => said.basis == Basis::Declared,
                _ => true,
            })
            .collect();
        let words: Vec<ClaimShown> =
            counted.iter().map(|said| ClaimShown::new(said, fact, self.estate.people)).collect();
        let voices: Vec<String> =
            words.iter().map(|word| format!("{} says that {name} {}", word.who, word.says)).collect();
        let voices = joined(&voices, "and");
        let mut asked = self.asked(match self.question.kind.as_str() {
            "dispute" => format!("People's words differ: {voices}. Which is so?"),
            "declared_differ" => format!("Two files differ: {voices}. Which is so?"),
            _ => format!("Something changed since a person spoke: {voices}. What is so now?"),
        });
        for said in distinct(&counted) {
            let mut draft =
                Draft::new(&fact.fact_type, &entity.row.reference).known_by(&entity.row.reference, entity);
            if let Some(to) = self.question.to.as_ref().or(said.to.as_ref()).filter(|_| fact.to.is_some()) {
                draft = draft.to(to);
            }
            // Details that a reader attached to a relation are not what people answer about.
            let details = matches!(claim_type(&fact.fact_type).map(|row| row.mode), Some(Mode::Add(_)));
            if let Some(value) = said.value.as_ref().filter(|_| !details && !said.not) {
                draft = draft.value(value.clone());
            }
            draft.not = said.not;
            let draft = draft.replacing(fact);
            let label = ClaimShown::new(said, fact, self.estate.people).says;
            asked.answers.push(possible(format!("{name} {label}"), vec![draft]));
        }
        let stated: Vec<Hash> =
            counted.iter().filter(|said| said.basis == Basis::Stated).map(|said| said.statement).collect();
        if self.question.kind == "challenge" && !stated.is_empty() {
            let withdrawals = stated.iter().map(|id| draft_withdrawal(&format!("statement:{id}"))).collect();
            asked
                .answers
                .push(possible("withdraw the person's word and follow the readers".to_owned(), withdrawals));
        }
        asked.words = words;
        Ok(asked)
    }

    fn pair(&self) -> Option<(&str, &str)> {
        let first = self.question.about.first()?;
        let second = self.question.about.get(1)?;
        Some((first, second))
    }

    /// Standing words on whether the two ends are one.
    fn join_words(&self) -> Result<Vec<ClaimShown>> {
        let Some((first, second)) = self.pair_ids() else { return Ok(Vec::new()) };
        let mut words = Vec::new();
        for (id, _) in self.estate.model.join_words(first, second)? {
            if let Some(entry) = self.estate.ledger.entry(&id)? {
                words.extend(crate::log::word_of(self.estate, &entry)?);
            }
        }
        Ok(words)
    }

    fn pair_ids(&self) -> Option<(&str, &str)> {
        let id = |index: usize| Some(self.ends.get(index)?.1.as_ref()?.row.id.as_str());
        Some((id(0)?, id(1)?))
    }

    /// What speaks for one piece where a person says that there are two: known to who says it again.
    fn reasons(&self, first: &str, second: &str) -> Result<Vec<Hash>> {
        let reasons = self.estate.model.join_reasons(first, second)?;
        Ok(reasons.iter().map(|reason| Claim::against_hash(reason, false, None)).collect())
    }

    /// People's words about a scope that no later word there replaces or withdraws by its id.
    fn ledger_words(&self, scope: Scope) -> Result<Vec<ClaimShown>> {
        let entries = matching(self.estate.ledger, &Filter { scope: Some(scope), ..Filter::default() })?;
        let replaced: Vec<Hash> = entries.iter().flat_map(|entry| entry.header.replaces.clone()).collect();
        let mut words = Vec::new();
        for entry in entries.iter().filter(|entry| entry.header.author.is_person()) {
            if !replaced.contains(&entry.id) {
                words.extend(crate::log::word_of(self.estate, entry)?);
            }
        }
        Ok(words)
    }

    fn joins(&self, words: &[ClaimShown]) -> Result<Vec<PossibleAnswer>> {
        let Some((first, second)) = self.pair() else { return Ok(Vec::new()) };
        let (low, high) = if first <= second { (first, second) } else { (second, first) };
        let mut one = Draft::new("same_as", low).to(high);
        for (reference, entity) in &self.ends {
            if let Some(entity) = entity {
                one = one.known_by(reference, entity);
            }
        }
        for word in words.iter().filter(|word| word.person) {
            one = one.replacing_word(word.statement);
        }
        let mut two = one.clone().denied();
        if let Some((first, second)) = self.pair_ids() {
            two = two.knowing(self.reasons(first, second)?);
        }
        let (first_name, second_name) = self.names();
        Ok(vec![
            possible(format!("{first_name} and {second_name} are one"), vec![one]),
            possible(format!("{first_name} and {second_name} are not one"), vec![two]),
        ])
    }

    fn disputed_join(&self) -> Result<Asked> {
        let words = self.join_words()?;
        let mut voices: Vec<String> = Vec::new();
        for word in &words {
            let voice = format!("{} says that {} {}", word.who, short(&word.of), word.says);
            // Who joins two entities says so of several pairs of their names: one voice all the same.
            if !voices.contains(&voice) {
                voices.push(voice);
            }
        }
        let mut asked = self.asked(if voices.is_empty() {
            format!(
                "People's words differ on whether {} and {} are one. Are they?",
                self.name(0),
                self.name(1)
            )
        } else {
            format!("People's words differ: {}. Are they one?", joined(&voices, "and"))
        });
        asked.answers = self.joins(&words)?;
        asked.words = words;
        Ok(asked)
    }

    fn refused_join(&self) -> Result<Asked> {
        let mut words = self.join_words()?;
        words.retain(|word| word.person && word.not);
        let (first, second) = self.names();
        let mut asked = self.asked(format!(
            "{first} and {second} share what usually makes two names one piece, but a person keeps them apart. \
             Are they one?"
        ));
        asked.answers = self.joins(&words)?;
        asked.words = words;
        Ok(asked)
    }

    fn ambiguous(&self) -> Result<Asked> {
        let Some((reference, own)) = self.ends.first() else {
            return Ok(self.asked("A name is ambiguous.".to_owned()));
        };
        let own_id = own.as_ref().map(|entity| entity.row.id.as_str());
        let mut candidates: Vec<(String, Entity)> = Vec::new();
        for (other, entity) in self.ends.iter().skip(1) {
            if let Some(entity) = entity {
                candidates.push((other.clone(), entity.clone()));
            }
        }
        for label in &self.question.entities {
            if candidates.iter().all(|(_, known)| known.row.id != label.id)
                && let Some(entity) = self.estate.entity(&label.id)?
            {
                candidates.push((entity.row.reference.clone(), entity));
            }
        }
        candidates.retain(|(_, entity)| Some(entity.row.id.as_str()) != own_id);
        candidates.truncate(CANDIDATES);
        let names: Vec<String> =
            candidates.iter().map(|(_, entity)| tame(&entity.row.name).into_owned()).collect();
        let mut asked = self.asked(if names.is_empty() {
            format!("It is not clear what {} is.", tame(reference))
        } else {
            format!("It is not clear which piece {} is. Is it {}?", tame(reference), joined(&names, "or"))
        });
        let join = |other: &str, entity: &Entity| {
            let own_text = reference.as_str();
            let (low, high) = if own_text <= other { (own_text, other) } else { (other, own_text) };
            let draft = Draft::new("same_as", low).to(high).known_by(other, entity);
            match own {
                Some(own) => draft.known_by(reference, own),
                None => draft,
            }
        };
        for (other, entity) in &candidates {
            let label = format!("it is {} ({})", tame(&entity.row.name), tame(other));
            asked.answers.push(possible(label, vec![join(other, entity)]));
        }
        Ok(asked)
    }

    fn without_place(&self) -> Result<Asked> {
        let id = self.question.about.first().and_then(|text| text.parse::<Hash>().ok());
        let entry = match id {
            Some(id) => self.estate.ledger.entry(&id)?,
            None => None,
        };
        let word = match &entry {
            Some(entry) => crate::log::word_of(self.estate, entry)?,
            None => None,
        };
        let (Some(id), Some(word)) = (id, word) else {
            return Ok(self.asked("A person's word no longer finds what it is about.".to_owned()));
        };
        let name = short(&word.of);
        let keys = match &entry {
            Some(entry) => keys_of(&self.estate, entry.number)?,
            None => Vec::new(),
        };
        let proposals = self.proposals(&name, &keys)?;
        let mut asked = self.asked(format!(
            "{} said on {} that {name} {}, and nothing on the map is recognised by it any more. What is it about?",
            word.who,
            day(word.time),
            word.says
        ));
        let fact_type =
            entry.as_ref().and_then(|entry| fact_type_of(&entry.header.scope)).unwrap_or_default();
        for entity in &proposals {
            let mut draft = Draft::new(&fact_type, &entity.row.reference)
                .known_by(&entity.row.reference, entity)
                .replacing_word(id);
            draft.to.clone_from(&word.to);
            draft.value.clone_from(&word.value);
            draft.not = word.not;
            let label = format!("it is about {} ({})", tame(&entity.row.name), tame(&entity.row.reference));
            asked.answers.push(possible(label, vec![draft]));
        }
        let withdrawal = draft_withdrawal(&format!("statement:{id}"));
        asked.answers.push(possible("it has had its day: withdraw it".to_owned(), vec![withdrawal]));
        asked.entities = proposals
            .into_iter()
            .map(|entity| Label {
                id: entity.row.id,
                name: entity.row.name,
                kind: entity.row.kind,
                hidden: entity.row.hidden,
            })
            .collect();
        asked.words = vec![word];
        Ok(asked)
    }

    /// Entities that a lost word may be about: those that hold one of its keys, then those with a like name.
    fn proposals(&self, name: &str, keys: &[String]) -> Result<Vec<Entity>> {
        let mut ids: Vec<String> = self.question.entities.iter().map(|label| label.id.clone()).collect();
        ids.extend(self.estate.model.holders(keys, CANDIDATES)?.into_iter().map(|row| row.id));
        match self.estate.model.named(name)? {
            Named::One(id) => ids.push(id),
            Named::Several(rows) | Named::None(rows) => ids.extend(rows.into_iter().map(|row| row.id)),
        }
        // A piece that was renamed often keeps a part of its name.
        for part in name.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() >= TELLING)
        {
            ids.extend(self.estate.model.find(part, CANDIDATES as u64)?.into_iter().map(|row| row.id));
        }
        let mut proposals: Vec<Entity> = Vec::new();
        for id in ids {
            if proposals.len() < CANDIDATES
                && proposals.iter().all(|known| known.row.id != id)
                && let Some(entity) = self.estate.entity(&id)?
            {
                proposals.push(entity);
            }
        }
        Ok(proposals)
    }

    fn retired_read(&self) -> Result<Asked> {
        let scope = self.question.about.first().cloned().unwrap_or_default();
        let mut words = Vec::new();
        if let Ok(of) = scope.parse()
            && let Ok(fact) = fact_scope(&of, "retired", None)
        {
            words = self.ledger_words(fact)?;
        }
        let mut asked = self.asked(format!(
            "{} was retired, so nothing from it is on the map; but it has been read again since. Is it back?",
            tame(&scope)
        ));
        let withdrawals: Vec<Draft> =
            words.iter().map(|word| draft_withdrawal(&format!("statement:{}", word.statement))).collect();
        if !withdrawals.is_empty() {
            asked.answers.push(possible("it is back: withdraw the retirement".to_owned(), withdrawals));
        }
        let mut again = Draft::new("retired", &scope).value(Value::Bool(true));
        for word in &words {
            again = again.replacing_word(word.statement);
        }
        asked.answers.push(possible("it stays retired".to_owned(), vec![again]));
        asked.words = words;
        Ok(asked)
    }
}

/// The type in a scope `fact:OF#TYPE[>TO]`.
fn fact_type_of(scope: &Scope) -> Option<String> {
    let (_, rest) = scope.rest().split_once('#').filter(|_| scope.kind() == "fact")?;
    let word = rest.split_once('>').map_or(rest, |(word, _)| word);
    Some(stave_model::unescape_fact_part(word))
}

/// The different things that are said: one claim for each `not` and value.
fn distinct<'a>(said: &[&'a stave_map::Said]) -> Vec<&'a stave_map::Said> {
    let mut found: Vec<&stave_map::Said> = Vec::new();
    for claim in said {
        if found.iter().all(|known| (known.not, &known.value) != (claim.not, &claim.value)) {
            found.push(claim);
        }
    }
    found
}

fn kind_text(kind: &str) -> &str {
    match kind {
        "declared_differ" => "files differ",
        "refused_join" => "one or two?",
        "ambiguous" => "ambiguous name",
        "without_place" => "word without a place",
        "retired_read" => "retired, yet read",
        other => other,
    }
}

impl QuestionKind {
    /// The kind as people read it.
    pub fn text(&self) -> &str {
        kind_text(&self.kind)
    }
}

impl Asked {
    /// The kind of question as people read it.
    pub fn kind_text(&self) -> &str {
        kind_text(&self.kind)
    }

    pub(crate) fn write(&self, page: &mut Writer<'_>, now: Time) {
        page.heading(&format!("{}  {}", self.id, self.kind_text()));
        page.prose(0, None, &self.sentence);
        for word in &self.words {
            word.write(page, 2, now);
        }
        for answer in &self.answers {
            page.prose(2, Some(Role::Name), &format!("{}. {}", answer.number, answer.label));
        }
    }
}

impl Questions {
    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        for question in &self.rows {
            question.write(&mut page, self.now);
        }
        page.unknown(&self.unknown);
        page.gap();
        let mut foot = counted(self.total, "open question", "open questions");
        if self.without_place > 0 {
            foot.push_str(&format!(", {} without a place", counted(self.without_place, "word", "words")));
        }
        page.prose(0, Some(Role::Quiet), &format!("{foot}; position {}", self.position));
        page.end()
    }
}

/// The keys by which a word knows what it is about.
fn keys_of(estate: &Estate<'_>, number: u64) -> Result<Vec<String>> {
    let claims = stave_ledger::claims(estate.ledger, number)?;
    let Some(claim) = claims.first() else { return Ok(Vec::new()) };
    let given = claim.keys.get(&claim.of).into_iter().flatten().map(|key| key.as_str().to_owned());
    Ok(given.chain(claim.of.named_key().map(|key| key.as_str().to_owned())).collect())
}
