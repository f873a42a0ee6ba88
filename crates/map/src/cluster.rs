//! References that are one piece (docs/ledger.md section 5). Pure: a set of references with keys and people's words
//! in, clusters out. It knows nothing of tables, and all of a connected candidate set is always in its input.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stave_model::{Claim, Hash, KeyStrength, Reference, key_strength};

/// Most holders of a key whose pairs are all candidates; beyond, neighbours are.
pub(crate) const PAIRS: usize = 16;

/// What is clustered. References are in the order of their texts; all numbers are places in that order.
#[derive(Default)]
pub(crate) struct Input {
    pub(crate) refs: Vec<Ref>,
    /// Keys with their holders, ascending.
    pub(crate) keys: Vec<Key>,
    /// `same_as` of machines and undisputed words.
    pub(crate) joins: Vec<Join>,
    pub(crate) apart: Vec<Apart>,
    /// Two references of one repository that people call one, wherever in the estate they are.
    pub(crate) called: Vec<(Ref, Ref)>,
}

pub(crate) struct Ref {
    /// The container's number and the name in it.
    container: Option<(u32, Box<str>)>,
    name: Box<str>,
    repository: Option<u32>,
    /// The same, and of a repository itself; hints join nothing at home.
    home: Option<u32>,
}

pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) holders: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Join {
    pub(crate) rank: u8,
    pub(crate) a: u32,
    pub(crate) b: u32,
    pub(crate) reason: String,
}

/// Two references that people keep apart.
pub(crate) struct Apart {
    pub(crate) a: u32,
    pub(crate) b: u32,
    /// Their words differ: the dispute is the question.
    pub(crate) disputed: bool,
    /// What was known when they said so.
    pub(crate) against: BTreeSet<Hash>,
}

#[derive(Default)]
pub(crate) struct Output {
    /// The smallest reference of each reference's cluster.
    pub(crate) smallest: Vec<u32>,
    /// Pairs of clusters (their smallest references) that a candidate would unite and people keep apart.
    pub(crate) refused: BTreeSet<(u32, u32)>,
    /// References that could be any of several others, which bar each other.
    pub(crate) ambiguous: BTreeSet<(u32, Vec<u32>)>,
}

/// Whether two references are of one repository and have different names there: to call them one says something
/// about the names.
pub(crate) fn are_names(a: &str, b: &str) -> bool {
    let mut parts = Parts::default();
    tells_of_names(&parts.take(a), &parts.take(b))
}

fn tells_of_names(a: &Ref, b: &Ref) -> bool {
    a.repository.is_some() && a.repository == b.repository && a.name != b.name
}

/// Takes references apart for comparison; numbers containers and repositories as they come.
#[derive(Default)]
pub(crate) struct Parts {
    containers: HashMap<String, u32>,
    repositories: HashMap<String, u32>,
}

impl Parts {
    pub(crate) fn take(&mut self, text: &str) -> Ref {
        let number = |map: &mut HashMap<String, u32>, text: &str| {
            let next = map.len();
            *map.entry(text.to_owned()).or_insert(u32::try_from(next).unwrap_or(u32::MAX))
        };
        let Ok(reference) = text.parse::<Reference>() else {
            return Ref { container: None, name: text.to_lowercase().into(), repository: None, home: None };
        };
        let repository = reference.in_repository().map(|parts| number(&mut self.repositories, parts.0));
        // A repository is at home in itself: what it shares with its own pieces says nothing.
        let home = repository.or_else(|| {
            (reference.kind() == "repo").then(|| number(&mut self.repositories, reference.rest()))
        });
        let container =
            reference.container().map(|(text, name)| (number(&mut self.containers, text), Box::from(name)));
        Ref { container, name: reference.short_name().to_lowercase().into(), repository, home }
    }
}

/// The container and the name in it of each reference, numbered for comparison: names that people call one are one
/// number in all containers of their repository.
struct Bars(Vec<Option<(u32, u32)>>);

/// Names by repository; each leads to one that stands for all that people call one with it.
type Called<'n> = BTreeMap<(u32, &'n str), (u32, &'n str)>;

impl Bars {
    fn new(input: &Input) -> Bars {
        let mut called = Called::new();
        for (a, b) in &input.called {
            if let (Some(x), true) = (a.repository, tells_of_names(a, b)) {
                let (m, n) = (find(&called, (x, &*a.name)), find(&called, (x, &*b.name)));
                called.insert(m.min(n), m.min(n));
                called.insert(m.max(n), m.min(n));
            }
        }
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let bars = input.refs.iter().map(|reference| {
            let (container, name) = reference.container.as_ref()?;
            let own = reference.repository.map(|repository| (repository, &*reference.name));
            let text = match own.filter(|own| called.contains_key(own)) {
                Some(own) => format!("called {}", find(&called, own).1),
                None => format!("named {name}"),
            };
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            Some((*container, *numbers.entry(text).or_insert(next)))
        });
        Bars(bars.collect())
    }

    /// Whether two references are of one container with names that differ.
    fn between(&self, a: u32, b: u32) -> bool {
        matches!((self.0[a as usize], self.0[b as usize]), (Some((x, m)), Some((y, n))) if x == y && m != n)
    }

    /// Whether some of these references bar each other.
    fn among(&self, holders: &[u32]) -> bool {
        let mut names: HashMap<u32, u32> = HashMap::new();
        holders
            .iter()
            .filter_map(|holder| self.0[*holder as usize])
            .any(|(container, name)| *names.entry(container).or_insert(name) != name)
    }
}

fn find<'n>(called: &Called<'n>, name: (u32, &'n str)) -> (u32, &'n str) {
    let mut at = name;
    while let Some(up) = called.get(&at).filter(|up| **up != at) {
        at = *up;
    }
    at
}

/// All candidates of the input.
fn candidates(input: &Input, bars: &Bars) -> Vec<Join> {
    let mut joins = input.joins.clone();
    for key in &input.keys {
        if key_strength(&key.text) == KeyStrength::Strong {
            key_joins(input, bars, key, &mut joins);
        }
    }
    hint_joins(input, &mut joins);
    joins
}

/// Clusters the input.
pub(crate) fn cluster(input: &Input) -> Output {
    let bars = Bars::new(input);
    let mut joins = candidates(input, &bars);
    for join in &mut joins {
        if join.a > join.b {
            std::mem::swap(&mut join.a, &mut join.b);
        }
    }
    // One pair counts once, by its lowest rank and then smallest reason.
    joins.sort_unstable_by(|x, y| (x.a, x.b, x.rank, &x.reason).cmp(&(y.a, y.b, y.rank, &y.reason)));
    joins.dedup_by_key(|join| (join.a, join.b));
    joins.sort_unstable();
    let mut forest = Forest::new(input, &bars);
    let mut refused = Vec::new();
    for join in joins {
        if forest.unite(input, &join) == Verdict::KeptApart {
            refused.push(join);
        }
    }
    finish(input, &bars, forest, &refused)
}

/// The reasons for which two sets of references are candidates: what a "not the same" is said against.
pub(crate) fn reasons(input: &Input, a: &BTreeSet<u32>, b: &BTreeSet<u32>) -> BTreeSet<String> {
    candidates(input, &Bars::new(input))
        .into_iter()
        .filter(|join| {
            (a.contains(&join.a) && b.contains(&join.b)) || (a.contains(&join.b) && b.contains(&join.a))
        })
        .map(|join| join.reason)
        .collect()
}

fn key_joins(input: &Input, bars: &Bars, key: &Key, joins: &mut Vec<Join>) {
    let only_same_names = bars.among(&key.holders);
    let mut candidate = |a: u32, b: u32| {
        let same_name = input.refs[a as usize].name == input.refs[b as usize].name;
        if same_name || !only_same_names {
            joins.push(Join { rank: if same_name { 3 } else { 4 }, a, b, reason: key.text.clone() });
        }
    };
    if key.holders.len() <= PAIRS {
        for (index, a) in key.holders.iter().enumerate() {
            for b in &key.holders[index + 1..] {
                candidate(*a, *b);
            }
        }
    } else {
        for pair in key.holders.windows(2) {
            candidate(pair[0], pair[1]);
        }
    }
}

fn hint_joins(input: &Input, joins: &mut Vec<Join>) {
    let mut shared: BTreeMap<(u32, u32), Vec<&str>> = BTreeMap::new();
    for key in &input.keys {
        if key_strength(&key.text) != KeyStrength::Hint || key.holders.len() > PAIRS {
            continue;
        }
        for (index, a) in key.holders.iter().enumerate() {
            for b in &key.holders[index + 1..] {
                let (x, y) = (&input.refs[*a as usize], &input.refs[*b as usize]);
                if x.home.is_none() || x.home != y.home {
                    shared.entry((*a, *b)).or_default().push(&key.text);
                }
            }
        }
    }
    for ((a, b), mut hints) in shared {
        hints.sort_unstable();
        let different = |x: &str, y: &str| match (x.split_once(':'), y.split_once(':')) {
            (Some((scheme, text)), Some((other, second))) => scheme != other && text != second,
            _ => false,
        };
        let pair = hints
            .iter()
            .enumerate()
            .find_map(|(index, x)| hints[index + 1..].iter().find(|y| different(x, y)).map(|y| (x, y)));
        if let Some((x, y)) = pair {
            joins.push(Join { rank: 5, a, b, reason: format!("{x} {y}") });
        }
    }
}

#[derive(PartialEq, Eq)]
enum Verdict {
    United,
    KeptApart,
    Barred,
}

/// Clusters as they grow: union-find with each root's names by container and its kept-apart pairs.
struct Forest {
    parent: Vec<u32>,
    members: Vec<u32>,
    names: Vec<BTreeMap<u32, BTreeSet<u32>>>,
    apart: Vec<Vec<u32>>,
}

impl Forest {
    fn new(input: &Input, bars: &Bars) -> Forest {
        let count = input.refs.len();
        let mut apart = vec![Vec::new(); count];
        for (index, pair) in input.apart.iter().enumerate() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            apart[pair.a as usize].push(index);
            apart[pair.b as usize].push(index);
        }
        Forest {
            parent: (0..u32::try_from(count).unwrap_or(u32::MAX)).collect(),
            members: vec![1; count],
            names: bars
                .0
                .iter()
                .map(|bar| {
                    bar.iter().map(|(container, name)| (*container, BTreeSet::from([*name]))).collect()
                })
                .collect(),
            apart,
        }
    }

    fn root(&mut self, of: u32) -> u32 {
        let mut root = of;
        while self.parent[root as usize] != root {
            root = self.parent[root as usize];
        }
        let mut step = of;
        while self.parent[step as usize] != root {
            step = std::mem::replace(&mut self.parent[step as usize], root);
        }
        root
    }

    /// The kept-apart pairs between two roots.
    fn between(&mut self, input: &Input, a: u32, b: u32) -> Vec<u32> {
        let list = if self.apart[a as usize].len() <= self.apart[b as usize].len() { a } else { b };
        let pairs = self.apart[list as usize].clone();
        pairs
            .into_iter()
            .filter(|index| {
                let pair = &input.apart[*index as usize];
                let ends = (self.root(pair.a), self.root(pair.b));
                ends == (a, b) || ends == (b, a)
            })
            .collect()
    }

    fn barred(&self, a: u32, b: u32) -> bool {
        let (a, b) = (&self.names[a as usize], &self.names[b as usize]);
        let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
        few.iter().any(|(container, names)| {
            many.get(container).is_some_and(|others| names.len() > 1 || names != others)
        })
    }

    fn unite(&mut self, input: &Input, join: &Join) -> Verdict {
        let (a, b) = (self.root(join.a), self.root(join.b));
        if a == b {
            return Verdict::United;
        }
        if !self.between(input, a, b).is_empty() {
            return Verdict::KeptApart;
        }
        if join.rank > 0 && self.barred(a, b) {
            return Verdict::Barred;
        }
        let (into, from) = if self.members[a as usize] >= self.members[b as usize] { (a, b) } else { (b, a) };
        self.parent[from as usize] = into;
        self.members[into as usize] += self.members[from as usize];
        let names = std::mem::take(&mut self.names[from as usize]);
        for (container, names) in names {
            self.names[into as usize].entry(container).or_default().extend(names);
        }
        let mut pairs = std::mem::take(&mut self.apart[from as usize]);
        self.apart[into as usize].append(&mut pairs);
        Verdict::United
    }
}

fn finish(input: &Input, bars: &Bars, mut forest: Forest, refused: &[Join]) -> Output {
    let count = u32::try_from(input.refs.len()).unwrap_or(u32::MAX);
    let mut smallest_of_root: HashMap<u32, u32> = HashMap::new();
    let mut output = Output { smallest: Vec::with_capacity(input.refs.len()), ..Output::default() };
    for reference in 0..count {
        let root = forest.root(reference);
        output.smallest.push(*smallest_of_root.entry(root).or_insert(reference));
    }
    for join in refused {
        let (a, b) = (forest.root(join.a), forest.root(join.b));
        let reason = Claim::against_hash(&join.reason, false, None);
        let settled = forest.between(input, a, b).into_iter().any(|index| {
            let pair = &input.apart[index as usize];
            pair.against.contains(&reason) || pair.disputed
        });
        if !settled {
            let (x, y) = (output.smallest[join.a as usize], output.smallest[join.b as usize]);
            output.refused.insert((x.min(y), x.max(y)));
        }
    }
    for key in &input.keys {
        if key_strength(&key.text) == KeyStrength::Strong {
            ambiguous(input, bars, key, &mut forest, &mut output);
        }
    }
    output
}

fn ambiguous(input: &Input, bars: &Bars, key: &Key, forest: &mut Forest, output: &mut Output) {
    // Of many holders nobody would answer for each.
    if key.holders.len() > PAIRS || !bars.among(&key.holders) {
        return;
    }
    for holder in &key.holders {
        let bars_another = key.holders.iter().any(|other| bars.between(*holder, *other));
        let mine = output.smallest[*holder as usize];
        let alone =
            !key.holders.iter().any(|other| other != holder && output.smallest[*other as usize] == mine);
        if bars_another || !alone {
            continue;
        }
        let others: Vec<u32> = key.holders.iter().copied().filter(|other| other != holder).collect();
        // Whom people keep apart from all of them is none of them: that was the answer.
        let is_none = others.iter().all(|other| {
            let (a, b) = (forest.root(*holder), forest.root(*other));
            !forest.between(input, a, b).is_empty()
        });
        if !is_none {
            output.ambiguous.insert((*holder, others));
        }
    }
}
