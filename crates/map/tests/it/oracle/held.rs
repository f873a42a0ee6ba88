//! Section 3: which statements count, and which of their claims are live.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stave_model::{Claim, Hash, Scope, Statement, Time};

use super::facts::resolve;
use super::{Question, Rules, Said, When, texts};

/// What section 3 leaves over.
pub(crate) struct Held {
    /// Live claims of machines.
    pub(crate) machines: Vec<Said>,
    /// People's standing words, `withdrawn` and `retired` among them.
    pub(crate) words: Vec<Said>,
    /// The document's `views`.
    pub(crate) views: Vec<Value>,
    /// Rules 2, 3, 5 and 6 in ids, as the format's vectors have them.
    pub(crate) ids: Ids,
}

/// Which statements of a set count for what.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ids {
    pub(crate) withdrawn: BTreeSet<Hash>,
    pub(crate) standing: BTreeSet<Hash>,
    /// By author and scope; slots that hold nothing are left out.
    pub(crate) holds: BTreeMap<(String, String), Hash>,
    /// Carried claims and the statements that they come from.
    pub(crate) carried: BTreeSet<(Hash, Hash)>,
}

/// A statement that is there, with its id at hand.
struct There<'a> {
    id: Hash,
    statement: &'a Statement,
}

impl There<'_> {
    fn is_person(&self) -> bool {
        self.statement.header.author.is_person()
    }

    fn time(&self) -> Time {
        self.statement.header.time
    }

    fn source_at(&self) -> Time {
        let header = &self.statement.header;
        header.source.at.map_or(header.time, |at| at.min(header.time))
    }

    /// The order in which the statements of a slot hold; the greatest first.
    fn rank(&self) -> Reverse<(Time, u32, Time, Hash)> {
        Reverse((self.source_at(), self.statement.header.rules, self.time(), self.id))
    }

    fn word(&self) -> Option<&Claim> {
        self.statement.claims.first().filter(|_| self.is_person())
    }
}

pub(super) fn hold(
    statements: &[Statement],
    when: When,
    rules: &mut Rules,
    questions: &mut BTreeSet<Question>,
) -> Held {
    let there = those_there(statements, when, rules);
    let withdrawn = withdrawn(&there, rules);
    let standing: Vec<&There> = standing(&there, &withdrawn, rules);
    let repositories = repositories(&standing, rules);
    let words = standing
        .iter()
        .flat_map(|word| word.statement.claims.iter().map(|claim| said(word, claim, false, &repositories)))
        .collect::<Vec<_>>();

    let retired = retired_scopes(&standing, &repositories);
    let mut slots: BTreeMap<(String, String), Vec<&There>> = BTreeMap::new();
    for machine in there.iter().filter(|one| !one.is_person() && !withdrawn.contains(&one.id)) {
        let scope = rewrite(machine.statement.header.scope.as_str(), &["repo"], &repositories);
        if let Some(last_word) = retired.get(&scope) {
            rules.insert("a retired slot");
            if machine.time() > *last_word {
                rules.insert("a statement after its scope was retired");
                questions.insert(Question::new("retired_read", vec![scope]));
            }
            continue;
        }
        slots.entry((machine.statement.header.author.to_string(), scope)).or_default().push(machine);
    }
    for slot in slots.values_mut() {
        slot.sort_by_key(|one| one.rank());
        record_order(slot, rules);
    }
    let mut ids =
        Ids { withdrawn, standing: standing.iter().map(|word| word.id).collect(), ..Ids::default() };
    for (slot, order) in &slots {
        ids.holds.insert(slot.clone(), order[0].id);
        let carried = carried_of(order, &mut Rules::new());
        ids.carried.extend(carried.into_iter().map(|(one, claim)| (claim.hash(), one.id)));
    }
    let (slots, views) = view(slots, &words, &repositories, rules);
    let machines = slots.values().flat_map(|slot| claims_of(slot, &repositories, rules)).collect();
    Held { machines, words, views, ids }
}

/// Rule 1: the cut-off.
fn those_there<'a>(statements: &'a [Statement], when: When, rules: &mut Rules) -> Vec<There<'a>> {
    let mut there: BTreeMap<Hash, There> = BTreeMap::new();
    let mut arrived = BTreeSet::new();
    for statement in statements {
        arrived.insert(statement.id());
        if let When::Position(last, _) = when
            && arrived.len() as u64 > last
        {
            rules.insert("after the position");
            break;
        }
        let person = statement.header.author.is_person();
        let here = match when {
            When::Live(now) | When::Position(_, now) => person || statement.header.time <= now,
            When::Date(date) => statement.header.time <= date,
        };
        match when {
            When::Live(_) | When::Position(..) if !here => {
                _ = rules.insert("a machine's future statement waits")
            }
            When::Live(now) | When::Position(_, now) if statement.header.time > now => {
                rules.insert("a person's future word counts");
            }
            When::Date(_) if !here => _ = rules.insert("later than the date"),
            _ => {}
        }
        if here {
            let id = statement.id();
            there.insert(id, There { id, statement });
        }
    }
    there.into_values().collect()
}

/// Rule 2: what counting withdrawals name.
fn withdrawn(there: &[There], rules: &mut Rules) -> BTreeSet<Hash> {
    let targets = |word: &There, other: &There| {
        let Some(claim) = word.word().filter(|claim| claim.kind == "withdrawn") else { return false };
        match claim.of.kind() {
            "op" => other.id != word.id && claim.of.rest() == other.statement.header.op.to_string(),
            "statement" => claim.of.rest() == other.id.to_string(),
            _ => false,
        }
    };
    let withdrawals: Vec<&There> =
        there.iter().filter(|one| one.word().is_some_and(|claim| claim.kind == "withdrawn")).collect();
    // None: not decided yet.
    let mut counts: Vec<Option<bool>> = vec![None; withdrawals.len()];
    loop {
        let before = counts.clone();
        for (index, word) in withdrawals.iter().enumerate() {
            let mut by = withdrawals.iter().zip(&before).filter(|(other, _)| targets(other, word));
            if counts[index].is_none() {
                if by.clone().any(|(_, counts)| *counts == Some(true)) {
                    rules.insert("a withdrawal is withdrawn");
                    counts[index] = Some(false);
                } else if by.all(|(_, counts)| *counts == Some(false)) {
                    counts[index] = Some(true);
                }
            }
        }
        if counts == before {
            break;
        }
    }
    if counts.contains(&None) {
        rules.insert("withdrawals in a circle");
    }
    let mut withdrawn = BTreeSet::new();
    for (word, _) in withdrawals.iter().zip(&counts).filter(|(_, counts)| **counts == Some(true)) {
        for other in there.iter().filter(|other| targets(word, other)) {
            let by_op = word.word().is_some_and(|claim| claim.of.kind() == "op");
            rules.insert(if by_op { "an op is withdrawn" } else { "a statement is withdrawn" });
            withdrawn.insert(other.id);
        }
    }
    withdrawn
}

/// Rule 3: the words that stand.
fn standing<'a, 'b>(
    there: &'b [There<'a>],
    withdrawn: &BTreeSet<Hash>,
    rules: &mut Rules,
) -> Vec<&'b There<'a>> {
    let by_id: BTreeMap<Hash, &There> = there.iter().map(|one| (one.id, one)).collect();
    // Everything that one word reaches along `replaces`, itself aside.
    let reach = |from: &There| {
        let mut reached: BTreeSet<Hash> = BTreeSet::new();
        let mut next: Vec<Hash> = from.statement.header.replaces.clone();
        while let Some(id) = next.pop() {
            if reached.insert(id)
                && let Some(one) = by_id.get(&id)
            {
                next.extend(&one.statement.header.replaces);
            }
        }
        reached
    };
    let mut replaced = BTreeSet::new();
    for word in there.iter().filter(|one| one.is_person()) {
        let reached = reach(word);
        if withdrawn.contains(&word.id) {
            if !reached.is_empty() {
                rules.insert("a word stands again");
            }
            continue;
        }
        for id in &reached {
            let direct = word.statement.header.replaces.contains(id);
            match by_id.get(id) {
                None => _ = rules.insert("a word replaces what isn't there"),
                Some(one) if !one.is_person() => _ = rules.insert("a word lists a machine's statement"),
                Some(_) if direct => _ = rules.insert("a word is replaced"),
                Some(_) => {
                    rules.insert("a word is replaced along a chain");
                    if word.statement.header.replaces.iter().any(|id| withdrawn.contains(id)) {
                        rules.insert("a word is replaced through a withdrawn one");
                    }
                }
            }
        }
        replaced.extend(reached);
    }
    there
        .iter()
        .filter(|one| one.is_person() && !withdrawn.contains(&one.id) && !replaced.contains(&one.id))
        .collect()
}

/// Rule 4: by which name each repository of a set is written.
fn repositories(standing: &[&There], rules: &mut Rules) -> BTreeMap<String, String> {
    let bare = |text: &str| text.strip_prefix("repo:").filter(|rest| !rest.contains("//")).map(str::to_owned);
    let pairs = |not: bool| {
        let mut pairs = BTreeSet::new();
        for claim in standing.iter().filter_map(|word| word.word()) {
            if claim.kind != "same_as" || claim.not != not {
                continue;
            }
            let to = claim.to.as_deref().unwrap_or_default();
            if let (Some(a), Some(b)) = (bare(claim.of.as_str()), bare(to)) {
                pairs.insert((a.clone().min(b.clone()), a.max(b)));
            }
        }
        pairs
    };
    let (joined, denied) = (pairs(false), pairs(true));
    if joined.intersection(&denied).next().is_some() {
        rules.insert("two repositories are disputed");
    }
    let mut sets: Vec<BTreeSet<String>> = Vec::new();
    for (a, b) in joined.difference(&denied) {
        let (touched, mut rest): (Vec<_>, Vec<_>) =
            sets.into_iter().partition(|set| set.contains(a) || set.contains(b));
        let mut set: BTreeSet<String> = touched.into_iter().flatten().collect();
        set.extend([a.clone(), b.clone()]);
        rest.push(set);
        sets = rest;
    }
    let mut smallest = BTreeMap::new();
    for set in sets {
        if denied.iter().any(|(a, b)| set.contains(a) && set.contains(b)) {
            rules.insert("a set of repositories is left alone");
            continue;
        }
        rules.insert("repositories are one");
        let first = set.first().cloned().unwrap_or_default();
        smallest.extend(set.into_iter().map(|repository| (repository, first.clone())));
    }
    smallest
}

/// A scope, reference or key with its repository written as the smallest of its set.
fn rewrite(text: &str, schemes: &[&str], repositories: &BTreeMap<String, String>) -> String {
    let Some((scheme, rest)) = text.split_once(':') else { return text.to_owned() };
    if !schemes.contains(&scheme) {
        return text.to_owned();
    }
    let end = ["//", "#", "@"].iter().filter_map(|mark| rest.find(mark)).min().unwrap_or(rest.len());
    match repositories.get(&rest[..end]) {
        Some(smallest) => format!("{scheme}:{smallest}{}", &rest[end..]),
        None => text.to_owned(),
    }
}

fn said(from: &There, claim: &Claim, carried: bool, repositories: &BTreeMap<String, String>) -> Said {
    let reference = |text: &str| rewrite(text, &["repo"], repositories);
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (of, given) in &claim.keys {
        let given = given.iter().map(|key| rewrite(key.as_str(), &["named", "local"], repositories));
        keys.entry(reference(of.as_str())).or_default().extend(given);
    }
    let mut said = Said {
        statement: from.id,
        author: from.statement.header.author.to_string(),
        person: from.is_person(),
        carried,
        source_at: from.source_at(),
        kind: claim.kind.clone(),
        of: reference(claim.of.as_str()),
        to: claim.to.clone(),
        value: claim.value.clone(),
        raw: claim.value.clone(),
        not: claim.not,
        env: claim.env.clone(),
        keys,
        against: claim.against.clone(),
        basis: claim.basis,
    };
    let references = said.references();
    match said.mode() {
        Some(stave_model::Mode::Over) => {
            let set: BTreeSet<String> =
                texts(said.value.as_ref()).iter().map(|text| reference(text)).collect();
            said.value = Some(json!(set));
        }
        _ if references.len() == 2 => said.to = said.to.map(|to| reference(&to)),
        _ => {}
    }
    said
}

/// Scopes that a standing word retired, with the time of the last such word.
fn retired_scopes(standing: &[&There], repositories: &BTreeMap<String, String>) -> BTreeMap<String, Time> {
    let mut retired: BTreeMap<String, Time> = BTreeMap::new();
    for word in standing {
        if let Some(claim) = word.word().filter(|claim| claim.kind == "retired") {
            let scope = rewrite(claim.of.as_str(), &["repo"], repositories);
            let last = retired.entry(scope).or_insert(word.time());
            *last = word.time().max(*last);
        }
    }
    retired
}

/// Rule 5 is the order itself; this only notes which part of it decided.
fn record_order(slot: &[&There], rules: &mut Rules) {
    for one in slot {
        if one.statement.header.source.at.is_some_and(|at| at > one.time()) {
            rules.insert("a source later than its statement");
        }
    }
    if let [first, second, ..] = slot {
        if slot.iter().any(|one| one.time() > first.time()) {
            rules.insert("an older source said later");
        }
        if first.source_at() == second.source_at() {
            let (a, b) = (&first.statement.header, &second.statement.header);
            rules.insert(match (a.rules == b.rules, a.time == b.time) {
                (false, _) => "rules decide a slot",
                (true, false) => "time decides a slot",
                (true, true) => "an id decides a slot",
            });
        }
    }
}

fn covers(unread: &str, path: &str) -> bool {
    match (unread.strip_prefix('!'), unread.ends_with('/')) {
        (Some(folder), true) => !path.starts_with(folder),
        (None, true) => path.starts_with(unread),
        _ => unread == path,
    }
}

fn left_unread(one: &There, path: &str) -> bool {
    one.statement.header.unread.iter().any(|unread| covers(unread, path))
}

/// The claims of the statement that holds, and those carried from the ones below.
fn claims_of(slot: &[&There], repositories: &BTreeMap<String, String>, rules: &mut Rules) -> Vec<Said> {
    let holding = slot[0].statement.claims.iter().map(|claim| said(slot[0], claim, false, repositories));
    let carried = carried_of(slot, rules);
    holding.chain(carried.into_iter().map(|(one, claim)| said(one, claim, true, repositories))).collect()
}

/// Rule 6: claims at paths that every statement above left unread and this one did not.
fn carried_of<'a, 'b>(slot: &[&'b There<'a>], rules: &mut Rules) -> Vec<(&'b There<'a>, &'a Claim)> {
    let mut found = Vec::new();
    for (index, one) in slot.iter().enumerate().skip(1) {
        let above = &slot[..index];
        let unread_above = |path: &&str| above.iter().all(|other| left_unread(other, path));
        for claim in &one.statement.claims {
            let mut paths =
                claim.evidence.iter().filter_map(|point| point.path.as_deref()).filter(unread_above);
            let Some(path) = paths.clone().find(|path| !left_unread(one, path)) else {
                if paths.next().is_some() {
                    rules.insert("the next left it unread too");
                }
                continue;
            };
            rules.insert("carried");
            if index > 1 {
                rules.insert("carried from below the next");
            }
            for by in above[0].statement.header.unread.iter().filter(|by| covers(by, path)) {
                rules.insert(match (by.starts_with('!'), by.ends_with('/')) {
                    (true, _) => "carried: unread outside a folder",
                    (_, true) => "carried: an unread folder",
                    _ => "carried: an unread file",
                });
            }
            found.push((*one, claim));
        }
    }
    found
}

type Slots<'a, 'b> = BTreeMap<(String, String), Vec<&'b There<'a>>>;

/// Rule 7: the slots of the branches that are shown, and the views.
fn view<'a, 'b>(
    slots: Slots<'a, 'b>,
    words: &[Said],
    repositories: &BTreeMap<String, String>,
    rules: &mut Rules,
) -> (Slots<'a, 'b>, Vec<Value>) {
    let branch_of = |scope: &str| {
        let scope: Scope = scope.parse().ok()?;
        scope.branch().map(|(repository, branch, work)| (repository.to_owned(), branch.to_owned(), work))
    };
    let git = |scope: &str| slots.get(&("collector:git".to_owned(), scope.to_owned()));
    let work_counts = |scope: &str| git(scope).is_some_and(|slot| !slot[0].statement.claims.is_empty());

    // Work first: after this every slot's scope is a clean branch or none.
    let mut clean: Slots = BTreeMap::new();
    let mut at_work: BTreeSet<(String, String)> = BTreeSet::new();
    for ((author, scope), slot) in &slots {
        let Some((repository, branch, work)) = branch_of(scope) else {
            rules.insert("a scope that is no branch");
            clean.insert((author.clone(), scope.clone()), slot.clone());
            continue;
        };
        let at_branch = format!("repo:{repository}@{branch}");
        let at_branch_work = format!("{at_branch}+work");
        if work && !work_counts(scope) {
            rules.insert("work counts for nothing");
        } else if work {
            rules.insert("work takes the place");
            at_work.insert((repository, branch));
            clean.insert((author.clone(), at_branch), slot.clone());
        } else if !(work_counts(&at_branch_work) && slots.contains_key(&(author.clone(), at_branch_work))) {
            clean.insert((author.clone(), at_branch), slot.clone());
        }
    }

    // The newest source date of each branch that holds a statement.
    let mut branches: BTreeMap<String, BTreeMap<String, Time>> = BTreeMap::new();
    for ((_, scope), slot) in &clean {
        if let Some((repository, branch, _)) = branch_of(scope) {
            let newest = branches.entry(repository).or_default().entry(branch).or_insert(slot[0].source_at());
            *newest = slot[0].source_at().max(*newest);
        }
    }

    let holding: Vec<Said> = clean
        .values()
        .flat_map(|slot| {
            slot[0].statement.claims.iter().map(|claim| said(slot[0], claim, false, repositories))
        })
        .collect();
    let mut views = Vec::new();
    let mut shown: BTreeMap<String, String> = BTreeMap::new();
    for (repository, branches) in &branches {
        let of = format!("repo:{repository}");
        let claims: Vec<(&Said, Value)> = holding
            .iter()
            .chain(words)
            .filter(|said| said.kind == "default_branch" && said.of == of)
            .map(|said| (said, said.value_or_null()))
            .collect();
        let resolved = resolve(&claims, false, &mut Rules::new());
        let default = resolved.value.as_ref().and_then(Value::as_str).map(str::to_owned);
        let newest = branches
            .iter()
            .min_by_key(|(branch, date)| (Reverse(**date), (*branch).clone()))
            .map(|(branch, _)| branch.clone())
            .unwrap_or_default();
        let (branch, why) = match default {
            Some(branch) if branches.contains_key(&branch) => {
                let by_word = resolved.basis == Some(stave_model::Basis::Stated);
                rules.insert(if by_word {
                    "the default branch by a person"
                } else {
                    "the default branch by a claim"
                });
                (branch, "default")
            }
            Some(_) => {
                rules.insert("the default branch isn't read");
                (newest, "newest")
            }
            None => {
                rules.insert("no default branch is known");
                if branches.values().filter(|date| **date == branches[&newest]).count() > 1 {
                    rules.insert("two branches of one date");
                }
                (newest, "newest")
            }
        };
        if branches.len() > 1 {
            rules.insert("a branch that isn't shown");
        }
        let mut view = json!({"repository": repository, "branch": branch, "why": why});
        if at_work.contains(&(repository.clone(), branch.clone())) {
            view["work"] = json!(true);
        }
        views.push(view);
        shown.insert(repository.clone(), branch);
    }
    let live = clean
        .into_iter()
        .filter(|((_, scope), _)| {
            branch_of(scope).is_none_or(|(repository, branch, _)| shown.get(&repository) == Some(&branch))
        })
        .collect();
    (live, views)
}
