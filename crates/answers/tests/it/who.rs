//! Who knows what, where the work is done, and that names stay where they are asked for.

use serde_json::json;
use stave_answers::text::Plain;
use stave_answers::{
    HotspotQuery, Hotspots, Naming, RiskQuery, Risks, WhoKnows, about_me, hotspots, risks, who_knows,
};
use stave_ledger::{Ledger, MemoryLedger};
use stave_model::records::{
    ChangeKind, Commit, CommitClass, CommitId, File, FileChange, FileClass, Head, chunk_scope, head_scope,
};
use stave_model::{PersonRow, Reference, Statement};

use crate::estate::{ANN, BEN, CAT, Run, group, says, word};
use crate::{Folded, estate};

const SHOP: &str = "git.example.com/leafcup/shop";
const WEB: &str = "git.example.com/leafcup/web";
/// Another address of Ann's.
const ANN_AT_HOME: &str = "person:abababababababab";
const BOT: &str = "person:b0b0b0b0b0b0b0b0";

fn cart() -> String {
    format!("repo:{SHOP}//cart#cargo/cart")
}

fn till() -> String {
    format!("repo:{SHOP}//till#cargo/till")
}

fn front() -> String {
    format!("repo:{WEB}//front#npm/front")
}

/// A commit in the making.
#[derive(Clone)]
struct Made(Commit);

/// Commit `number`, whose parent is the one before it, so many days before the present.
fn by(author: &str, number: u8, days_ago: i64, paths: &[&str]) -> Made {
    let time = estate::now().millis() / 1_000 - days_ago * 86_400;
    let change =
        |path: &&str| FileChange { kind: ChangeKind::Modified, path: (*path).to_owned(), from: None };
    Made(Commit {
        id: CommitId([number; 20]),
        parents: if number > 1 { vec![CommitId([number - 1; 20])] } else { Vec::new() },
        author: author.parse().unwrap(),
        authored: time,
        committed: time,
        co_authors: Vec::new(),
        reviewers: Vec::new(),
        class: CommitClass::Human,
        reverts: Vec::new(),
        changes: paths.iter().map(change).collect(),
    })
}

impl Made {
    fn class(mut self, class: CommitClass) -> Made {
        self.0.class = class;
        self
    }

    fn with(mut self, other: &str) -> Made {
        self.0.co_authors.push(other.parse().unwrap());
        self
    }

    fn reviewed(mut self, other: &str) -> Made {
        self.0.reviewers.push(other.parse().unwrap());
        self
    }

    fn renames(mut self, from: &str, to: &str) -> Made {
        self.0.changes.push(FileChange {
            kind: ChangeKind::Renamed,
            path: to.to_owned(),
            from: Some(from.to_owned()),
        });
        self
    }
}

fn history(repository: &str, head: Head, files: &[&str], commits: &[Made]) -> Vec<Statement> {
    let of: Reference = format!("repo:{repository}").parse().unwrap();
    let commits: Vec<Commit> = commits.iter().map(|made| made.0.clone()).collect();
    let tip = commits.last().map_or(CommitId([0; 20]), |commit| commit.id);
    let head = Head { branch: "main".to_owned(), tip, ..head };
    let file = |path: &&str| File { path: (*path).to_owned(), bytes: 1_000, class: FileClass::Source };
    let files: Vec<File> = files.iter().map(file).collect();
    let mut claims = head.to_claims(&of);
    claims.extend(File::to_claims(&of, &files));
    let run = |scope: &str, claims: Vec<stave_model::Claim>| {
        let run = Run { author: "collector:history", scope, minute: 10, commit: "1", unread: &[], op: 9 };
        Statement::new(run.says(Vec::new()).header, claims)
    };
    let mut statements = vec![run(head_scope(repository, "main").unwrap().as_str(), claims)];
    if !commits.is_empty() {
        let scope = chunk_scope(repository, tip).unwrap();
        statements.push(run(scope.as_str(), Commit::to_claims(&of, &commits)));
    }
    statements
}

/// Three pieces of two repositories.
fn pieces() -> Vec<Statement> {
    let there = |of: &str, kind: &str| says("exists", of).value(json!(kind));
    let run = |author, scope| Run { author, scope, minute: 1, commit: "1", unread: &[], op: 1 };
    let shop = format!("repo:{SHOP}@main");
    let web = format!("repo:{WEB}@main");
    vec![
        run("collector:git", &shop).says(vec![there(&format!("repo:{SHOP}"), "repository")]),
        run("collector:cargo", &shop).says(vec![
            there(&cart(), "component"),
            there(&till(), "component"),
            says("owned_by", &cart()).value(json!([BEN])).declared(),
            says("owned_by", &till()).value(json!([group("till")])).declared(),
        ]),
        run("collector:git", &web).says(vec![there(&format!("repo:{WEB}"), "repository")]),
        run("collector:npm", &web).says(vec![there(&front(), "component")]),
    ]
}

fn folded(more: Vec<Statement>) -> Folded {
    let mut ledger = MemoryLedger::new().unwrap();
    ledger.append(&pieces()).unwrap();
    ledger.append(&more).unwrap();
    let row = |id: &str, name: &str, address: &str| PersonRow {
        id: id.to_owned(),
        name: name.to_owned(),
        address: address.to_owned(),
    };
    ledger
        .add_people(&[
            row(ANN, "Ann Counter", "mailto:ann@example.com"),
            row(ANN_AT_HOME, "ann  COUNTER", "mailto:ann@home.example"),
            row(BEN, "Ben", "mailto:ben@example.com"),
            row(CAT, "Cat Night", "mailto:cat@example.com"),
            row(BOT, "update-bot", "mailto:bot@example.com"),
        ])
        .unwrap();
    Folded::of(ledger)
}

fn shop(commits: &[Made]) -> Folded {
    folded(history(SHOP, Head::default(), &["cart/a.rs", "cart/b.rs", "till/a.rs"], commits))
}

fn who(folded: &Folded, reference: &str) -> WhoKnows {
    who_knows(folded.estate(), &estate::digits(reference), Naming::Names).unwrap().unwrap()
}

fn names(answer: &WhoKnows) -> Vec<&str> {
    answer.people.iter().map(|person| person.name.as_str()).collect()
}

fn all(folded: &Folded) -> Risks {
    risks(folded.estate(), &RiskQuery::default()).unwrap()
}

fn without(folded: &Folded, name: &str) -> stave_answers::Without {
    let query = RiskQuery { without: vec![name.to_owned()], ..RiskQuery::default() };
    risks(folded.estate(), &query).unwrap().without.unwrap()
}

fn hot(folded: &Folded) -> Hotspots {
    hotspots(folded.estate(), &HotspotQuery::default()).unwrap().unwrap()
}

#[test]
fn whom_to_ask_and_what_would_be_orphaned() {
    let folded = shop(&[
        by(BEN, 1, 1_500, &["cart/a.rs", "cart/b.rs"]),
        by(CAT, 2, 700, &["till/a.rs"]),
        by(ANN, 3, 20, &["cart/a.rs"]),
        by(ANN_AT_HOME, 4, 10, &["cart/b.rs"]),
    ]);
    let cart_known = who(&folded, &cart());
    // Two addresses of one person are one; whoever hasn't been seen for years knows little.
    assert_eq!(names(&cart_known), ["Ann Counter"]);
    assert_eq!((cart_known.piece.truck_factor, cart_known.commits.human), (1, 2));
    assert_eq!(cart_known.idle_text().unwrap(), "Ben owns it and no longer knows it.");
    let till_known = who(&folded, &till());
    assert_eq!(names(&till_known), ["Cat Night"]);
    assert!(!till_known.people[0].here);
    assert_eq!((till_known.piece.truck_factor, till_known.piece.here_percent), (0, 0));
    // A group whose members nobody knows can't be checked.
    assert_eq!((till_known.piece.owners, till_known.piece.idle), (0, 0));
    let whole = all(&folded);
    let ranked: Vec<(&str, u32)> =
        whole.pieces.iter().map(|piece| (piece.label.name.as_str(), piece.truck_factor)).collect();
    assert_eq!(ranked, [("till", 0), ("cart", 1)]);
    assert_eq!((whole.total, whole.orphaned, whole.on_one, whole.idle_owners), (2, 1, 1, 1));
    let left = without(&folded, "ann@home.example");
    assert_eq!(left.orphaned.iter().map(|piece| piece.label.name.as_str()).collect::<Vec<_>>(), ["cart"]);
    assert_eq!(without(&folded, "cat@example.com").orphaned, []);
    assert_eq!(without(&folded, "nobody").not_found, ["nobody"]);
}

#[test]
fn people_correct_what_history_shows() {
    let commits = [by(ANN, 1, 10, &["cart/a.rs"]), by(BEN, 2, 10, &["cart/b.rs"])];
    let statements = |words: Vec<Statement>| {
        let mut all = history(SHOP, Head::default(), &["cart/a.rs", "cart/b.rs"], &commits);
        all.extend(words);
        folded(all)
    };
    assert_eq!(who(&statements(vec![]), &cart()).piece.truck_factor, 2);
    let denied = statements(vec![word(BEN, 20, 3, &[], says("known_by", &cart()).to(ANN).not())]);
    let answer = who(&denied, &cart());
    assert_eq!(names(&answer), ["Ben"]);
    assert_eq!(answer.differences, ["People say that Ann Counter does not know it; history shows 50 %."]);
    let stated = statements(vec![word(BEN, 20, 3, &[], says("known_by", &cart()).to(CAT))]);
    let answer = who(&stated, &cart());
    assert_eq!(names(&answer), ["Ann Counter", "Ben", "Cat Night"]);
    assert!(answer.people[2].stated && answer.people[2].here);
    assert_eq!(answer.differences[0], "People say that Cat Night knows it; history shows 0 %.");
    assert!(answer.differences[1].starts_with("History shows Ann Counter before all others (50 %)"));
}

#[test]
fn persons_are_joined_and_kept_apart_by_people() {
    let commits = [
        by(ANN, 1, 10, &["cart/a.rs"]),
        by(ANN_AT_HOME, 2, 9, &["cart/b.rs"]),
        by(CAT, 3, 8, &["till/a.rs"]),
    ];
    let statements = |words: Vec<Statement>| {
        let mut all = history(SHOP, Head::default(), &["cart/a.rs", "cart/b.rs", "till/a.rs"], &commits);
        all.extend(words);
        folded(all)
    };
    assert_eq!(who(&statements(vec![]), &cart()).people.len(), 1);
    let apart = says("same_as", ANN_AT_HOME).to(ANN).not();
    assert_eq!(who(&statements(vec![word(BEN, 20, 3, &[], apart)]), &cart()).people.len(), 2);
    let joined = says("same_as", ANN).to(CAT);
    let joined = statements(vec![word(BEN, 20, 3, &[], joined)]);
    assert_eq!(names(&who(&joined, &till())), names(&who(&joined, &cart())));
}

#[test]
fn a_mailmap_says_who_is_who() {
    let head = Head { who_is_who: [(BEN.parse().unwrap(), CAT.parse().unwrap())].into(), ..Head::default() };
    let commits = [by(BEN, 1, 10, &["cart/a.rs"]), by(CAT, 2, 9, &["cart/b.rs"])];
    let folded = folded(history(SHOP, head, &["cart/a.rs", "cart/b.rs"], &commits));
    assert_eq!(who(&folded, &cart()).people.len(), 1);
}

#[test]
fn programs_know_nothing_and_whom_they_worked_for_does() {
    let folded = shop(&[
        by(BOT, 1, 30, &["cart/a.rs"]).class(CommitClass::Bot),
        by(BOT, 2, 20, &["cart/b.rs"]).class(CommitClass::Agent).with(ANN),
        by(CAT, 3, 10, &["cart/b.rs"]).class(CommitClass::Agent),
        by(CAT, 4, 9, &["till/a.rs"]),
    ]);
    let answer = who(&folded, &cart());
    assert_eq!(names(&answer), ["Cat Night", "Ann Counter"]);
    assert_eq!((answer.commits.human, answer.commits.agent, answer.commits.bot), (0, 2, 1));
}

#[test]
fn reviewers_and_who_merges_know_it_and_moving_a_file_teaches_nothing() {
    let folded = shop(&[
        by(ANN, 1, 30, &["old/a.rs"]).reviewed(CAT),
        by(BEN, 2, 10, &[]).renames("old/a.rs", "cart/a.rs"),
    ]);
    let answer = who(&folded, &cart());
    assert_eq!(names(&answer), ["Ann Counter", "Cat Night"]);
    assert_eq!(answer.people[0].percent, 50);

    // 2 is on a branch that 3, on the main line, brings in.
    let mut merge = by(BEN, 3, 8, &[]);
    merge.0.parents = vec![CommitId([1; 20]), CommitId([2; 20])];
    let merged = shop(&[by(CAT, 1, 30, &["till/a.rs"]), by(ANN, 2, 9, &["cart/a.rs"]), merge]);
    assert_eq!(names(&who(&merged, &cart())), ["Ann Counter", "Ben"]);
}

#[test]
fn formatting_commits_say_nothing() {
    let head = Head { ignored: vec![CommitId([2; 20])], ..Head::default() };
    let commits = [by(ANN, 1, 10, &["cart/a.rs"]), by(BEN, 2, 9, &["cart/a.rs", "cart/b.rs"])];
    let folded = folded(history(SHOP, head, &["cart/a.rs", "cart/b.rs"], &commits));
    assert_eq!(names(&who(&folded, &cart())), ["Ann Counter"]);
}

#[test]
fn histories_with_nothing_in_them_have_a_sentence() {
    let none = folded(Vec::new());
    assert_eq!(all(&none).unknown, ["No history was read yet, so nobody is seen to know anything."]);
    assert!(who(&none, &cart()).people.is_empty());
    let empty = shop(&[]);
    assert_eq!((all(&empty).total, all(&empty).truck_factor), (0, 0));
    let nobody = "No file of a known history belongs to cart, so nobody is seen to know it.";
    assert!(who(&empty, &cart()).unknown.contains(&nobody.to_owned()));
    let bots = shop(&[by(BOT, 1, 3, &["cart/a.rs"]).class(CommitClass::Bot)]);
    assert_eq!(all(&bots).total, 0);
    assert!(all(&bots).unknown.contains(&format!("{SHOP} has commits of bots only.")));
    let bare = folded(history(SHOP, Head::default(), &[], &[by(ANN, 1, 3, &["cart/a.rs"])]));
    assert!(all(&bare).unknown.contains(&format!("{SHOP} has no files that people write at its tip.")));
    let one = shop(&[by(ANN, 1, 3, &["cart/a.rs"])]);
    assert_eq!((all(&one).total, all(&one).truck_factor), (1, 1));
}

#[test]
fn dates_of_1970_and_2100_are_counted_and_not_believed() {
    let mut ancient = by(ANN, 1, 0, &["cart/a.rs"]);
    (ancient.0.authored, ancient.0.committed) = (0, 0);
    let mut future = by(BEN, 2, 0, &["till/a.rs"]);
    (future.0.authored, future.0.committed) = (4_102_444_800, 4_102_444_800);
    let folded = shop(&[ancient, future, by(CAT, 3, 5, &["cart/b.rs"])]);
    let answer = who(&folded, &cart());
    assert_eq!(names(&answer), ["Cat Night"]);
    // Nobody counts from a moment that hasn't come: the newest commit that has is the present.
    assert_eq!(answer.counted_at.millis() / 86_400_000, estate::now().millis() / 86_400_000 - 5);
}

#[test]
fn hot_is_what_is_changed_often_and_large() {
    let folded = shop(&[
        by(ANN, 1, 500, &["till/a.rs"]),
        by(ANN, 2, 30, &["cart/a.rs"]),
        by(BEN, 3, 20, &["cart/a.rs", "cart/b.rs"]),
        by(BOT, 4, 10, &["till/a.rs"]).class(CommitClass::Bot),
    ]);
    let all = hot(&folded);
    assert_eq!(all.pieces.len(), 1);
    assert_eq!((all.pieces[0].commits, all.pieces[0].changes, all.pieces[0].bytes), (2, 3, 2_000));
    let query = HotspotQuery { entity: Some(estate::digits(&cart())), all: false };
    let of_cart = hotspots(folded.estate(), &query).unwrap().unwrap();
    let files: Vec<(&str, u64)> =
        of_cart.files.iter().map(|file| (file.path.as_str(), file.changes)).collect();
    assert_eq!(files, [("cart/a.rs", 2), ("cart/b.rs", 1)]);
    assert_eq!(of_cart.files[0].share_text(), "66.6 %");
}

#[test]
fn what_changes_together_is_told_from_what_is_changed_every_day() {
    let mut in_shop = Vec::new();
    let mut in_web = Vec::new();
    for day in 0..60_u8 {
        let number = day + 1;
        let ago = 70 - i64::from(day);
        // Ann changes the till every day, and with each fourth the cart in the same commit and the front on the same day.
        let paths: &[&str] = if day % 4 == 0 { &["cart/a.rs"] } else { &["till/a.rs"] };
        in_shop.push(by(ANN, number, ago, paths));
        if day % 4 == 0 {
            in_web.push(by(ANN, u8::try_from(in_web.len() + 1).unwrap(), ago, &["front/a.js"]));
        }
    }
    let mut statements = history(SHOP, Head::default(), &["cart/a.rs", "till/a.rs"], &in_shop);
    statements.extend(history(WEB, Head::default(), &["front/a.js"], &in_web));
    let found = hot(&folded(statements)).couplings;
    let pairs: Vec<(bool, u64, [&str; 2])> = found
        .iter()
        .map(|one| (one.across, one.together, [one.pieces[0].name.as_str(), one.pieces[1].name.as_str()]))
        .collect();
    assert_eq!(pairs.len(), 1, "{pairs:?}");
    assert!(pairs[0].0 && pairs[0].1 == 15 && pairs[0].2.contains(&"front") && pairs[0].2.contains(&"cart"));
    assert_eq!(found[0].percent, [100, 100]);
    assert_eq!(found[0].by_chance_tenths, 38);
}

#[test]
fn names_stand_only_where_somebody_asks_whom_to_ask() {
    let folded = shop(&[
        by(ANN, 1, 30, &["cart/a.rs"]),
        by(CAT, 2, 20, &["cart/b.rs"]).with(BEN),
        by(ANN, 3, 10, &["till/a.rs"]),
    ]);
    let estate = folded.estate();
    let mut texts = vec![
        all(&folded).to_text(100, &Plain),
        serde_json::to_string(&all(&folded)).unwrap(),
        hot(&folded).to_text(100, &Plain),
        serde_json::to_string(&hot(&folded)).unwrap(),
        serde_json::to_string(&stave_answers::summary(estate).unwrap()).unwrap(),
    ];
    let id = estate::digits(&cart());
    let pseudonyms = who_knows(estate, &id, Naming::Pseudonyms).unwrap().unwrap();
    assert_eq!(pseudonyms.people.len(), 3);
    texts.push(pseudonyms.to_text(100, &Plain));
    texts.push(serde_json::to_string(&pseudonyms).unwrap());
    for text in &texts {
        for name in ["Ann", "Counter", "Ben", "Cat", "Night", "ann@", "cat@"] {
            assert!(!text.contains(name), "{name} in {text}");
        }
    }
    // So that the test can fail: with names they are there.
    assert!(who(&folded, &cart()).to_text(100, &Plain).contains("Ann Counter"));
}

#[test]
fn what_is_kept_of_the_asker_is_of_the_asker_alone() {
    let mut statements = history(
        SHOP,
        Head::default(),
        &["cart/a.rs"],
        &[
            by(ANN, 1, 30, &["cart/a.rs"]),
            by(ANN_AT_HOME, 2, 20, &["cart/a.rs"]),
            by(CAT, 3, 10, &["cart/a.rs"]).reviewed(ANN),
        ],
    );
    statements.push(word(ANN, 20, 3, &[], says("description", &cart()).value(json!("Holds what is bought"))));
    statements.push(word(CAT, 21, 4, &[], says("known_by", &cart()).to(ANN)));
    let folded = folded(statements);
    let mine = about_me(folded.estate(), &ANN.parse().unwrap()).unwrap();
    let kept: Vec<(&str, &str, u64)> =
        mine.kept.iter().map(|kept| (kept.what.as_str(), kept.fact.as_str(), kept.count)).collect();
    assert_eq!(
        kept,
        [("commit", "", 2), ("named", "known_by", 1), ("reviewer", "", 1), ("word", "description", 1)]
    );
    assert_eq!(mine.ids, [ANN, ANN_AT_HOME]);
    assert_eq!(mine.directory.len(), 2);
    let nobody = about_me(folded.estate(), &"person:0123456789abcdef".parse().unwrap()).unwrap();
    assert!(nobody.kept.is_empty() && nobody.directory.is_empty());
}

#[test]
fn a_system_is_all_its_parts_and_has_words_of_its_own() {
    let system = "catalog:system:default/sales";
    let run = Run {
        author: "collector:catalog",
        scope: &format!("repo:{SHOP}@main"),
        minute: 2,
        commit: "1",
        unread: &[],
        op: 2,
    };
    let mut statements = history(
        SHOP,
        Head::default(),
        &["cart/a.rs", "till/a.rs"],
        &[by(ANN, 1, 10, &["cart/a.rs"]), by(CAT, 2, 10, &["till/a.rs"])],
    );
    statements.push(run.says(vec![
        says("exists", system).value(json!("system")),
        says("part_of", &cart()).to(system),
        says("part_of", &till()).to(system),
    ]));
    assert_eq!(names(&who(&folded(statements.clone()), system)), ["Ann Counter", "Cat Night"]);
    statements.push(word(CAT, 20, 3, &[], says("known_by", system).to(ANN).not()));
    let answer = who(&folded(statements), system);
    assert_eq!(names(&answer), ["Cat Night"]);
    assert_eq!(answer.piece.files, 2);
}
