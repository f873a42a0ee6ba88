//! Which pieces of one repository are one: by where their code lies, by image, by name. Across repositories the
//! fold decides; here every rule needs something that only one repository has.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stave_model::{COMMON_NAMES, Key, Kind};

use super::sketch::{Form, Piece, Runs, Sketch, Target, base_name, parent};
use crate::products;

/// Letters and digits in lower case: `Order-Service` and `orderservice` are one name.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Words that say that something is a service, not which.
const FILLERS: &[&str] = &[
    "service",
    "services",
    "server",
    "svc",
    "srv",
    "app",
    "application",
    "api",
    "ms",
    "microservice",
    "webservice",
    "deployment",
    "deploy",
    "statefulset",
];

/// A name without its fillers: `orders-service` and `orders` are loosely one.
pub(super) fn loose(name: &str) -> String {
    let words: Vec<String> =
        crate::values::words(name).into_iter().filter(|word| !FILLERS.contains(&word.as_str())).collect();
    let mut joined = words.concat();
    for filler in ["microservice", "webservice", "service", "server", "svc"] {
        if joined.len() > filler.len() + 1 && joined.ends_with(filler) {
            joined.truncate(joined.len() - filler.len());
        }
    }
    joined
}

/// Sets of pieces. Two names of one container never come into one set.
pub(super) struct Sets {
    parent: Vec<usize>,
    /// Of each root: container → name.
    held: Vec<BTreeMap<String, String>>,
    /// Of each root: which forms its pieces have, a bit each, and how many pieces they are.
    forms: Vec<u8>,
    size: Vec<usize>,
}

fn bit(form: Form) -> u8 {
    1 << form as u8
}

impl Sets {
    fn new(pieces: &[Piece]) -> Sets {
        let held = pieces.iter().map(|piece| {
            piece
                .reference
                .container()
                .map(|(container, name)| (container.to_owned(), name.to_owned()))
                .into_iter()
                .collect()
        });
        Sets {
            parent: (0..pieces.len()).collect(),
            held: held.collect(),
            forms: pieces.iter().map(|piece| bit(piece.form)).collect(),
            size: vec![1; pieces.len()],
        }
    }

    pub(super) fn root(&self, piece: usize) -> usize {
        let mut at = piece;
        while self.parent[at] != at {
            at = self.parent[at];
        }
        at
    }

    /// Whether a piece's set has a piece of one of these forms.
    fn has(&self, of: usize, forms: &[Form]) -> bool {
        let own = self.forms[self.root(of)];
        forms.iter().any(|form| own & bit(*form) != 0)
    }

    fn may_unite(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.held[self.root(a)], &self.held[self.root(b)]);
        let (small, large) = if a.len() < b.len() { (a, b) } else { (b, a) };
        small.iter().all(|(container, name)| large.get(container).is_none_or(|other| other == name))
    }

    fn unite(&mut self, a: usize, b: usize) -> bool {
        let (root_a, root_b) = (self.root(a), self.root(b));
        if root_a == root_b {
            return true;
        }
        if !self.may_unite(a, b) {
            return false;
        }
        let (low, high) = (root_a.min(root_b), root_a.max(root_b));
        self.parent[high] = low;
        let moved = std::mem::take(&mut self.held[high]);
        self.held[low].extend(moved);
        self.forms[low] |= self.forms[high];
        self.size[low] += self.size[high];
        true
    }
}

/// Unites what is one; afterwards [`Sets::root`] tells each piece's set.
pub(super) fn join(sketch: &mut Sketch<'_>) -> Sets {
    let mut sets = Sets::new(&sketch.pieces);
    by_home(sketch, &mut sets);
    by_image(&sketch.pieces, &mut sets);
    same_stack(&sketch.pieces, &mut sets);
    to_code(sketch, &mut sets);
    by_variant(&sketch.pieces, &mut sets);
    lone_dockerfiles(&sketch.pieces, &mut sets);
    to_catalog(&sketch.pieces, &mut sets);
    mentioned(sketch, &sets);
    holders_of_programs(sketch, &sets);
    sets
}

/// A Go module that holds several programs (`cmd/a`, `cmd/b`) of which some are deployed under their own names is none
/// of them: it is the code of all.
fn holders_of_programs(sketch: &mut Sketch<'_>, sets: &Sets) {
    let deployed: BTreeSet<String> = sketch
        .pieces
        .iter()
        .filter(|piece| matches!(piece.form, Form::Deployed | Form::Built))
        .map(|piece| loose(&piece.name))
        .collect();
    for index in 0..sketch.pieces.len() {
        let piece = &sketch.pieces[index];
        let is_alone = sets.forms[sets.root(index)] == bit(Form::Code);
        let Some(home) =
            piece.home.as_ref().filter(|_| is_alone && piece.reference.as_str().contains("#go/"))
        else {
            continue;
        };
        let below = if home.is_empty() { "cmd/".to_owned() } else { format!("{home}/cmd/") };
        let programs: BTreeSet<&str> = sketch
            .files_below(below.trim_end_matches('/'))
            .iter()
            .filter_map(|file| file.strip_prefix(&below)?.strip_suffix("/main.go"))
            .collect();
        let found = programs.iter().filter(|name| deployed.contains(&loose(base_name(name)))).count();
        if programs.len() > 1 && found * 2 >= programs.len() {
            sketch.pieces[index].runs = Runs::Library;
        }
    }
}

/// What lies in one folder of code, and what is built from it.
fn by_home(sketch: &mut Sketch<'_>, sets: &mut Sets) {
    let mut homes: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, piece) in sketch.pieces.iter().enumerate() {
        if let Some(home) = &piece.home {
            homes.entry(home.clone()).or_default().push(index);
        }
    }
    for (home, members) in homes {
        let of = |form: Form| -> Vec<usize> {
            members.iter().copied().filter(|index| sketch.pieces[*index].form == form).collect()
        };
        let (code, settings, built) = (of(Form::Code), of(Form::Settings), of(Form::Built));
        let (deployed, described) = (of(Form::Deployed), of(Form::Declared));
        let own: Vec<usize> = code.iter().chain(&settings).copied().collect();
        for pair in own.windows(2) {
            sets.unite(pair[0], pair[1]);
        }
        let folder_name = plain(base_name(&home));
        let names: BTreeSet<String> =
            deployed.iter().map(|index| plain(&sketch.pieces[*index].name)).collect();
        let main_built = match built.as_slice() {
            [one] => Some(*one),
            several => several.iter().copied().find(|index| {
                let name = plain(&sketch.pieces[*index].name);
                name == folder_name || home.is_empty()
            }),
        };
        if let (Some(first), Some(built)) = (own.first(), main_built) {
            sets.unite(*first, built);
        }
        let anchor = own.first().copied().or(main_built);
        if names.len() <= 1 {
            for index in &deployed {
                if let Some(anchor) = anchor {
                    sets.unite(*index, anchor);
                }
            }
        } else {
            // Several services run the product that the folder's Dockerfile starts from.
            let product =
                main_built.and_then(|index| sketch.pieces[index].product).filter(|_| own.is_empty());
            for index in &deployed {
                sketch.pieces[*index].product = sketch.pieces[*index].product.or(product);
            }
            // Several services are built from this folder: each may have a Dockerfile of its name, and the
            // one that is named like the code is the code's. The code itself is shared by the others.
            let mut is_taken = false;
            for index in &deployed {
                let name = plain(&sketch.pieces[*index].name);
                let same = |other: &&usize| plain(&sketch.pieces[**other].name) == name;
                if let Some(dockerfile) = built.iter().find(same) {
                    sets.unite(*index, *dockerfile);
                }
                if let Some(code) = own.iter().find(same) {
                    is_taken |= sets.unite(*index, *code);
                }
            }
            if !is_taken {
                for index in own.iter().chain(&main_built) {
                    let named = names.contains(&plain(&sketch.pieces[*index].name));
                    if !named && sketch.pieces[*index].form != Form::Settings {
                        let is_code = sketch.pieces[*index].form == Form::Code;
                        sketch.pieces[*index].runs = if is_code { Runs::Library } else { Runs::Unknown };
                    }
                }
            }
        }
        if let ([one], Some(anchor)) =
            (described.as_slice(), anchor.or(deployed.first().copied().filter(|_| names.len() == 1)))
            && !home.is_empty()
        {
            sets.unite(*one, anchor);
        }
    }
}

/// Whether an image is one of this repository's own, not a well-known product.
pub(super) fn is_own_image(piece: &Piece, image: &super::sketch::Image) -> bool {
    piece.builds || products::by_image(&image.0).is_none()
}

/// The same image of one's own.
fn by_image(pieces: &[Piece], sets: &mut Sets) {
    let mut images: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, piece) in pieces.iter().enumerate() {
        for image in &piece.images {
            if is_own_image(piece, image) {
                images.entry(&image.0).or_default().push(index);
            }
        }
    }
    for members in images.values() {
        let names: BTreeSet<String> = members.iter().map(|index| plain(&pieces[*index].name)).collect();
        for (at, a) in members.iter().enumerate() {
            for b in members[at + 1..].iter().take(64) {
                // One image runs as several services (worker and web): then the name decides.
                let same_name = plain(&pieces[*a].name) == plain(&pieces[*b].name);
                let only_two = names.len() == 2
                    && pieces[*a].stack != pieces[*b].stack
                    && one_per_stack(pieces, members);
                if same_name || only_two {
                    sets.unite(*a, *b);
                }
            }
        }
    }
}

fn one_per_stack(pieces: &[Piece], members: &[usize]) -> bool {
    let mut seen: BTreeMap<&Option<String>, BTreeSet<&str>> = BTreeMap::new();
    for index in members {
        seen.entry(&pieces[*index].stack).or_default().insert(&pieces[*index].name);
    }
    seen.values().all(|names| names.len() == 1)
}

/// Whether what two deployed pieces run can be the same.
fn same_content(a: &Piece, b: &Piece) -> bool {
    match (a.product, b.product) {
        (Some(a), Some(b)) => return a.kind == b.kind,
        (Some(_), None) => return b.images.is_empty() || b.builds,
        (None, Some(_)) => return a.images.is_empty() || a.builds,
        (None, None) => {}
    }
    a.images.is_empty()
        || b.images.is_empty()
        || a.images.iter().any(|x| {
            b.images.iter().any(|y| {
                let (x, y) = (plain(x.base()), plain(y.base()));
                x == y || x.ends_with(&y) || y.ends_with(&x)
            })
        })
}

/// One name in one stack: several files describe it.
fn same_stack(pieces: &[Piece], sets: &mut Sets) {
    let mut stacks: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
    for (index, piece) in pieces.iter().enumerate() {
        if let (Form::Deployed, Some(stack)) = (piece.form, &piece.stack) {
            stacks.entry((stack, plain(&piece.name))).or_default().push(index);
        }
    }
    for members in stacks.values() {
        for index in &members[1..] {
            if same_content(&pieces[members[0]], &pieces[*index]) {
                sets.unite(members[0], *index);
            }
        }
    }
}

/// How many leading folders two paths share.
fn shared_folders(a: &str, b: &str) -> usize {
    a.split('/').zip(b.split('/')).take_while(|(a, b)| a == b && !a.is_empty()).count()
}

fn folder_of(piece: &Piece) -> &str {
    piece.home.as_deref().unwrap_or_else(|| piece.at.iter().next().map_or("", |(path, _)| parent(path)))
}

/// A deployed piece that doesn't say where its code is, and the code of its name.
fn to_code(sketch: &Sketch<'_>, sets: &mut Sets) {
    let pieces = &sketch.pieces;
    let repository = base_name(&sketch.repository);
    let mut users: BTreeMap<&super::sketch::Image, BTreeSet<String>> = BTreeMap::new();
    for piece in pieces.iter().filter(|piece| piece.form == Form::Deployed) {
        for image in &piece.images {
            users.entry(image).or_default().insert(plain(&piece.name));
        }
    }
    let prefixes: Vec<String> =
        crate::values::words(repository).into_iter().chain([plain(repository)]).collect();
    for is_loose in [false, true] {
        let norm = |name: &str| if is_loose { loose(name) } else { plain(name) };
        let mut modules: HashMap<String, BTreeSet<usize>> = HashMap::new();
        for (index, piece) in pieces.iter().enumerate() {
            if !matches!(piece.form, Form::Code | Form::Built | Form::Settings)
                || piece.runs == Runs::Library
                    && piece.form == Form::Code
                    && !sets.has(index, &[Form::Built, Form::Settings])
            {
                continue;
            }
            let home = piece.home.as_deref().map(base_name).unwrap_or("");
            for name in [piece.name.as_str(), home] {
                let key = norm(name);
                if key.len() > 1 {
                    modules.entry(key).or_default().insert(sets.root(index));
                }
            }
        }
        let mut joins: Vec<(usize, usize)> = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            let is_shared =
                |image: &super::sketch::Image| users.get(image).is_some_and(|names| names.len() > 1);
            if is_loose && piece.images.iter().any(is_shared) {
                continue;
            }
            // An image of somebody's that has a product's name may still be built here.
            let is_product = piece.product.is_some();
            let is_out =
                is_product && (is_loose || !piece.images.iter().any(super::sketch::Image::is_qualified));
            if piece.form != Form::Deployed
                || piece.home.is_some()
                || is_out
                || sets.has(index, &[Form::Code, Form::Built, Form::Settings])
            {
                continue;
            }
            let mut names: Vec<String> = Vec::new();
            if !is_product {
                names.push(norm(&piece.name));
            }
            for image in &piece.images {
                // An image that runs under several names is the code of none of them alone.
                if is_shared(image) {
                    continue;
                }
                names.push(norm(image.base()));
                if is_product {
                    continue;
                }
                // `basic-orders` may be the image of `orders`.
                let mut rest = image.base();
                while let Some((_, behind)) = rest.split_once(['-', '_']) {
                    rest = behind;
                    if rest.len() > 4 && !COMMON_NAMES.contains(&rest) {
                        names.push(norm(rest));
                    }
                }
                // `shop-orders` of the repository `shop` is its `orders`.
                for prefix in &prefixes {
                    if let Some(rest) =
                        image.base().strip_prefix(prefix.as_str()).filter(|rest| rest.starts_with(['-', '_']))
                    {
                        names.push(norm(rest));
                    }
                }
            }
            if !is_product {
                names.extend(piece.names.iter().map(|name| norm(name)));
            }
            let found = names
                .iter()
                .filter_map(|name| modules.get(name).map(|found| (name, found)))
                .find_map(|(name, found)| {
                    closest(pieces, folder_of(piece), found, COMMON_NAMES.contains(&name.as_str()))
                });
            joins.extend(found.map(|module| (index, module)));
        }
        for (piece, module) in joins {
            // In the loose round a module that is deployed under another name already is not shared.
            if !is_loose || !sets.has(module, &[Form::Deployed]) {
                sets.unite(piece, module);
            }
        }
    }
}

/// The one set that lies nearest to a folder; `None` where two are equally near, or where a common name lies in
/// another part of the repository.
fn closest(pieces: &[Piece], folder: &str, found: &BTreeSet<usize>, is_common: bool) -> Option<usize> {
    let distance = |root: &usize| shared_folders(folder, folder_of(&pieces[*root]));
    let best = found.iter().map(distance).max()?;
    let mut nearest = found.iter().filter(|root| distance(root) == best);
    let one = *nearest.next()?;
    if nearest.next().is_some() || is_common && best == 0 && !folder.is_empty() && folder.contains('/') {
        return None;
    }
    Some(one)
}

/// The pieces of a stack by name.
type Stack = BTreeMap<String, BTreeSet<usize>>;

/// The same name in two stacks that are variants of each other: compose for development, manifests for the cluster.
fn by_variant(pieces: &[Piece], sets: &mut Sets) {
    let mut stacks: BTreeMap<&str, (Stack, Stack)> = BTreeMap::new();
    for (index, piece) in pieces.iter().enumerate() {
        if let (Form::Deployed, Some(stack)) = (piece.form, &piece.stack) {
            let (exact, loosely) = stacks.entry(stack).or_default();
            exact.entry(plain(&piece.name)).or_default().insert(index);
            loosely.entry(loose(&piece.name)).or_default().insert(index);
        }
    }
    let list: Vec<&(Stack, Stack)> = stacks.values().collect();
    // Only stacks that share a name are compared, and a name that very many have tells nothing.
    let mut holders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, (exact, _)) in list.iter().enumerate() {
        for name in exact.keys() {
            holders.entry(name).or_default().push(at);
        }
    }
    let mut pairs: BTreeSet<(usize, usize)> = BTreeSet::new();
    for held in holders.values().filter(|held| held.len() <= 64) {
        for (at, a) in held.iter().enumerate() {
            pairs.extend(held[at + 1..].iter().map(|b| (*a, *b)));
        }
    }
    for (a, b) in pairs {
        unite_variants(pieces, sets, list[a], list[b]);
    }
}

/// Unites what has one name in two stacks, if they are variants of each other.
fn unite_variants(
    pieces: &[Piece],
    sets: &mut Sets,
    (a, loose_a): &(Stack, Stack),
    (b, loose_b): &(Stack, Stack),
) {
    let shared: Vec<(&String, usize, usize)> = a
        .iter()
        .filter_map(|(name, x)| b.get(name).map(|y| (name, x, y)))
        .filter_map(|(name, x, y)| Some((name, *x.first()?, *y.first()?)))
        .collect();
    if shared.is_empty() {
        return;
    }
    let roots = |stack: &Stack| -> BTreeSet<usize> {
        stack.values().flatten().map(|piece| sets.root(*piece)).collect()
    };
    let joined = roots(a).intersection(&roots(b)).count();
    let telling = shared.iter().filter(|(name, _, _)| !COMMON_NAMES.contains(&name.as_str())).count();
    let smaller = a.len().min(b.len());
    let are_variants =
        joined >= 2 || joined >= 1 && joined * 2 >= smaller || telling >= 2 && telling * 2 >= smaller;
    if !are_variants {
        return;
    }
    // With so many names in common another registry or image name is no reason against.
    let by_name_alone = telling >= 3 && telling * 2 >= smaller;
    let may = |x: usize, y: usize| {
        same_content(&pieces[x], &pieces[y]) || by_name_alone && same_product(&pieces[x], &pieces[y])
    };
    for (_, x, y) in shared {
        if may(x, y) {
            sets.unite(x, y);
        }
    }
    // What one calls by a workload's name the other may call by that of the service before it.
    for (these, those) in [(a, b), (b, a)] {
        for x in these.iter().filter(|(name, _)| !those.contains_key(*name)).flat_map(|(_, found)| found) {
            let other_names = pieces[*x].names.iter().map(|name| plain(name));
            let found: BTreeSet<usize> = other_names
                .filter(|name| !these.contains_key(name))
                .filter_map(|name| those.get(&name))
                .flatten()
                .copied()
                .collect();
            if let [y] = Vec::from_iter(found).as_slice()
                && may(*x, *y)
            {
                sets.unite(*x, *y);
            }
        }
    }
    for (name, x) in loose_a.iter().filter(|(name, _)| name.len() > 2) {
        let Some(y) = loose_b.get(name) else { continue };
        if let ([x], [y]) = (Vec::from_iter(x).as_slice(), Vec::from_iter(y).as_slice())
            && may(**x, **y)
        {
            sets.unite(**x, **y);
        }
    }
}

/// Whether nothing says that two pieces run different products.
fn same_product(a: &Piece, b: &Piece) -> bool {
    match (a.product, b.product) {
        (Some(a), Some(b)) => a.kind == b.kind,
        _ => true,
    }
}

/// The sets that a name may mean, by the names of their pieces.
fn named(
    pieces: &[Piece],
    sets: &Sets,
    may: impl Fn(&Piece) -> bool,
    norm: &dyn Fn(&str) -> String,
) -> HashMap<String, BTreeSet<usize>> {
    let mut out: HashMap<String, BTreeSet<usize>> = HashMap::new();
    for (index, piece) in pieces.iter().enumerate().filter(|(_, piece)| may(piece)) {
        for name in piece.names.iter().map(String::as_str).chain([piece.name.as_str()]) {
            out.entry(norm(name)).or_default().insert(sets.root(index));
        }
    }
    out
}

/// A Dockerfile that nothing builds, in a folder without code, and the one piece of its name.
fn lone_dockerfiles(pieces: &[Piece], sets: &mut Sets) {
    for is_loose in [false, true] {
        let norm = |name: &str| if is_loose { loose(name) } else { plain(name) };
        let may = |piece: &Piece| {
            matches!(piece.form, Form::Deployed | Form::Code | Form::Settings) && piece.runs != Runs::Library
        };
        let others = named(pieces, sets, may, &norm);
        for (index, piece) in pieces.iter().enumerate() {
            let name = norm(&piece.name);
            if piece.form != Form::Built || sets.size[sets.root(index)] > 1 || name.len() < 3 {
                continue;
            }
            let Some(found) = others.get(&name) else { continue };
            let found: BTreeSet<usize> = found.iter().map(|other| sets.root(*other)).collect();
            if let Some(other) =
                closest(pieces, folder_of(piece), &found, COMMON_NAMES.contains(&name.as_str()))
            {
                sets.unite(index, other);
            }
        }
    }
}

/// Catalog components and resources, and the one piece of their name.
fn to_catalog(pieces: &[Piece], sets: &mut Sets) {
    for is_loose in [false, true] {
        let norm = |name: &str| if is_loose { loose(name) } else { plain(name) };
        let others =
            named(pieces, sets, |piece| piece.form != Form::Declared && piece.runs != Runs::Unknown, &norm);
        for (index, piece) in pieces.iter().enumerate() {
            if piece.form != Form::Declared || !matches!(piece.kind, Some(Kind::Component | Kind::Resource)) {
                continue;
            }
            let is_alone = sets.forms[sets.root(index)] == bit(Form::Declared);
            let name = norm(&piece.name);
            if !is_alone || name.len() < 2 {
                continue;
            }
            let Some(found) = others.get(&name) else { continue };
            let found: BTreeSet<usize> = found.iter().map(|other| sets.root(*other)).collect();
            if let Some(other) = closest(pieces, folder_of(piece), &found, false) {
                sets.unite(index, other);
            }
        }
    }
}

/// A component or resource that a catalog file of this repository mentions and none describes: the one piece of its
/// name is what it means.
fn mentioned(sketch: &mut Sketch<'_>, sets: &Sets) {
    let mut wanted: BTreeMap<String, String> = BTreeMap::new();
    for mention in &sketch.mentions {
        let Target::Reference(reference) = &mention.target else { continue };
        let mut parts = reference.rest().split([':', '/']);
        let (kind, name) = (parts.next().unwrap_or(""), parts.nth(1).unwrap_or(""));
        if reference.kind() == "catalog" && matches!(kind, "component" | "resource") {
            wanted.insert(reference.as_str().to_owned(), name.to_owned());
        }
    }
    for (text, name) in wanted {
        let Ok(key) = text.parse::<Key>() else { continue };
        if sketch.pieces.iter().any(|piece| piece.keys.contains(&key)) {
            continue;
        }
        let name = plain(&name);
        let found: BTreeSet<usize> = sketch
            .pieces
            .iter()
            .enumerate()
            .filter(|(_, piece)| piece.form != Form::Declared && piece.runs != Runs::Unknown)
            .filter(|(_, piece)| plain(&piece.name) == name)
            .map(|(index, _)| sets.root(index))
            .collect();
        if let (Some(root), 1) = (found.first(), found.len()) {
            sketch.pieces[*root].keys.insert(key);
        }
    }
}
