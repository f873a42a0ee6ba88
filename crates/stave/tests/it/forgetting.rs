//! After a forget no name or address that a reader took for a person's is left anywhere, whatever comes in later.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::first_minutes::Board;
use crate::world::World;

/// What a reader takes for a person's: in a history, a CODEOWNERS, a catalog file, the words of the person.
const TOLD: [&str; 4] = ["Ada Lovelock", "ada@leafcup.test", "adalove", "Lovelock"];

pub(crate) fn shop() -> World {
    let world = World::new();
    world.write("tea/shop/cart/Cargo.toml", "[package]\nname = \"cart\"\nversion = \"1.0.0\"\n");
    world.write("tea/shop/cart/src/main.rs", "fn main() {}\n");
    world.write("tea/shop/CODEOWNERS", "* ada@leafcup.test\n/cart/ @adalove\n");
    world.write(
        "tea/shop/catalog-info.yaml",
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata:\n  name: adalove\nspec:\n  profile:\n    \
         displayName: Ada Lovelock\n    email: ada@leafcup.test\n  memberOf: [tea]\n",
    );
    world.git("tea/shop", 0, &["init", "--quiet"]);
    world.git("tea/shop", 0, &["remote", "add", "origin", "https://code.test/tea/shop.git"]);
    world.git("tea/shop", 1, &["add", "--all"]);
    let who = ["-c", "user.name=Ada Lovelock", "-c", "user.email=ada@leafcup.test"];
    world.git("tea/shop", 1, &[&who[..], &["commit", "--quiet", "--message", "Begin"]].concat());
    world.run("tea", &["scan", "--quiet"]).ok();
    world.run("tea", &["say", "cart", "owner", "team-a", "--as", "Ada Lovelock <ada@leafcup.test>"]).ok();
    world
}

/// The files below a folder that have one of these texts in them.
fn telling(folder: &Path, told: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(telling(&path, told));
            continue;
        }
        let bytes = fs::read(&path).unwrap().to_ascii_lowercase();
        for text in told {
            let text = text.to_ascii_lowercase();
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(format!("{}: {text}", path.file_name().unwrap().to_string_lossy()));
            }
        }
    }
    found
}

/// Every answer, page and export of the estate in `folder`, in one text.
fn answers(world: &World, folder: &str) -> String {
    let mut all = String::new();
    for verb in [
        &["list"][..],
        &["show", "cart"],
        &["why", "cart"],
        &["who"],
        &["who", "cart"],
        &["log"],
        &["questions"],
        &["hotspots"],
        &["export"],
        &["export", "--as", "graph"],
        &["list", "--stale"],
    ] {
        for form in [&[][..], &["--json"]] {
            let ran = world.run(folder, &[verb, form].concat());
            all.push_str(&ran.out);
            all.push_str(&ran.err);
        }
    }
    all + &pages(world, folder)
}

/// Most pages that are asked for.
const PAGES: usize = 200;

/// What a server says of the estate: its pages, as far as links lead, the same as JSON, at earlier moments too, its metrics, and
/// its own log.
fn pages(world: &World, folder: &str) -> String {
    let board = Board::start(world, folder, &["serve", "--port", "0"]);
    let mut all = String::new();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let first = [
        "/",
        "/log",
        "/questions",
        "/who",
        "/metrics",
        "/api/v1/list",
        "/api/v1/log",
        "/api/v1/who",
        "/log?at=1",
    ];
    let mut next: VecDeque<String> = first.map(str::to_owned).into();
    while let Some(path) = next.pop_front().filter(|_| known.len() < PAGES) {
        if !known.insert(path.clone()) {
            continue;
        }
        let page = board.get(&path);
        for link in page.split("href=\"/").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = format!("/{}", link.replace("&amp;", "&"));
            if let Some(entity) = link.strip_prefix("/e/").filter(|rest| !rest.contains(['/', '?', '#'])) {
                next.push_back(format!("/api/v1/entities/{entity}"));
            }
            next.push_back(link.split('#').next().unwrap_or_default().to_owned());
        }
        all.push_str(&page);
    }
    assert!(known.len() > 20, "{known:?}");
    let (_, log) = board.interrupt();
    all + &log
}

#[test]
fn nothing_is_left_of_who_was_forgotten() {
    let world = shop();
    let ledger = world.path("tea/.stave");
    world.run("tea", &["export", "before.jsonl"]).ok();
    let before = answers(&world, "tea");
    assert!(TOLD.iter().all(|text| before.to_lowercase().contains(&text.to_lowercase())), "{before}");

    // Without --yes nothing happens, and it says what would.
    let asked = world.run("tea", &["forget", "Ada Lovelock", "--json"]).ends(1);
    assert!(
        asked.out.contains("ada@leafcup.test") && asked.err.contains("--yes"),
        "{}{}",
        asked.out,
        asked.err
    );
    assert!(!telling(&ledger, &TOLD).is_empty());
    world.run("tea", &["forget", "Ada Lovelock", "--yes", "--as", "ben@leafcup.test"]).ok();
    // Nothing says whose login this is.
    assert_eq!(telling(&ledger, &TOLD), ["ledger.sqlite: adalove"]);
    world.run("tea", &["forget", "@adalove", "--yes", "--as", "ben@leafcup.test"]).ok();

    let nowhere = |when: &str| {
        assert_eq!(telling(&ledger, &TOLD), Vec::<String>::new(), "{when}");
        let said = answers(&world, "tea").to_lowercase();
        for text in TOLD {
            let text = text.to_lowercase();
            let at = said.find(&text).map(|at| &said[at.saturating_sub(200)..(at + 80).min(said.len())]);
            assert!(at.is_none(), "{when}: {text}: {at:?}");
        }
    };
    nowhere("after the forget");
    // The map stands: her word on the owner counts, signed by digits.
    assert_eq!(world.ask("tea", &["show", "cart"])["owners"][0]["name"], "team-a");
    world.run("tea", &["merge", "before.jsonl"]).ok();
    nowhere("after an old copy was merged");
    world.write("tea/shop/cart/src/main.rs", "fn main() { loop {} }\n");
    world.git("tea/shop", 2, &["add", "--all"]);
    let who = ["-c", "user.name=Ada Lovelock", "-c", "user.email=ada@leafcup.test"];
    world.git("tea/shop", 2, &[&who[..], &["commit", "--quiet", "--message", "Go on"]].concat());
    world.run("tea", &["scan", "--quiet"]).ok();
    nowhere("after a new scan");
    // Of a tree that has lain still for two seconds it is remembered what was read.
    std::thread::sleep(Duration::from_millis(2_200));
    world.run("tea", &["scan", "--quiet"]).ok();
    assert!(ledger.join("read").exists());
    nowhere("after a scan that is remembered");
    world.run("tea", &["log"]).ok();
    world.run("tea", &["undo", "--as", "ben@leafcup.test"]).ok();
    nowhere("after the word was taken back");
}

#[test]
fn who_only_had_the_same_name_was_forgotten_too() {
    let world = shop();
    let other = ["-c", "user.name=Ada Lovelock", "-c", "user.email=al@elsewhere.test"];
    world.git(
        "tea/shop",
        2,
        &[&other[..], &["commit", "--quiet", "--allow-empty", "--message", "On"]].concat(),
    );
    world.run("tea", &["scan", "--quiet"]).ok();
    world.run("tea", &["user", "add", "al@elsewhere.test", "--role", "admin"]).ok();
    world.run("tea", &["user", "add", "ben@leafcup.test", "--role", "member"]).ok();
    let found = world.run("tea", &["forget", "ada@leafcup.test", "--json"]).ends(1).json();
    assert_eq!(found["found"]["ids"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["found"]["alike"][0]["address"], "mailto:al@elsewhere.test", "{found}");
    world.run("tea", &["forget", "ada@leafcup.test", "--yes", "--as", "ben@leafcup.test"]).ok();
    let users = world.run("tea", &["user", "list"]).ok().out;
    assert!(users.contains("al@elsewhere.test"), "{users}");
    // The only admin's account doesn't go without a word, and an account goes with its owner.
    let refused =
        world.run("tea", &["forget", "al@elsewhere.test", "--yes", "--as", "ben@leafcup.test"]).ends(1);
    assert!(refused.err.contains("last account"), "{}", refused.err);
    world.run("tea", &["user", "role", "ben@leafcup.test", "admin"]).ok();
    world.run("tea", &["forget", "al@elsewhere.test", "--yes", "--as", "ben@leafcup.test"]).ok();
    let users = world.run("tea", &["user", "list"]).ok().out;
    assert!(!users.contains("elsewhere.test") && users.contains("ben@leafcup.test"), "{users}");
    assert_eq!(telling(&world.path("tea/.stave"), &["al@elsewhere.test"]), Vec::<String>::new());
}

#[test]
fn a_person_who_owned_something_was_made_a_group_that_nobody_could_forget() {
    let world = shop();
    world.run("tea", &["say", "cart", "owner", "Ada Lovelock", "--as", "ben@leafcup.test"]).ok();
    world.run("tea", &["say", "cart", "owner", "zelda@leafcup.test", "--as", "ben@leafcup.test"]).ok();
    let owner = world.ask("tea", &["show", "cart"])["owners"][0].clone();
    assert_eq!(owner["kind"], "person", "{owner}");
    for who in ["zelda@leafcup.test", "Ada Lovelock", "@adalove"] {
        world.run("tea", &["forget", who, "--yes", "--as", "ben@leafcup.test"]).ok();
    }
    let told = ["zelda@leafcup.test", "zelda", "Ada Lovelock", "adalove"];
    assert_eq!(telling(&world.path("tea/.stave"), &told), Vec::<String>::new());
}

#[test]
fn what_is_redacted_is_gone_from_every_file() {
    let world = shop();
    let ledger = world.path("tea/.stave");
    let secret = "call the tea tester Rosa Samovar";
    world.run("tea", &["say", "cart", "description", secret]).ok();
    world.run("tea", &["export", "before.jsonl"]).ok();
    let found = world.ask("tea", &["redact", "--find", "rosa samovar"]);
    let digits = found[0]["claim"].as_str().unwrap().to_owned();
    world.run("tea", &["redact", &digits[..6], "--why", "a name"]).ends(2);
    world.run("tea", &["redact", &digits[..12]]).ends(2);
    world.run("tea", &["redact", &digits[..12], "--why", "a name"]).ok();
    let nowhere = |when: &str| {
        assert_eq!(telling(&ledger, &[secret]), Vec::<String>::new(), "{when}");
        assert!(!answers(&world, "tea").contains(secret), "{when}");
    };
    nowhere("after the redaction");
    let log = world.run("tea", &["log"]).ok().out;
    assert!(log.contains("redacted"), "{log}");
    world.run("tea", &["merge", "before.jsonl"]).ok();
    nowhere("after an old copy was merged");
    world.run("tea", &["redact", &digits[..12], "--why", "again"]).ends(1);
    world.run("tea", &["redact", "--find", "rosa samovar"]).ends(1);
}

#[test]
fn a_long_reference_took_the_place_of_what_would_be_redacted() {
    let world = World::new();
    let folder = "tea/a-folder-with-a-name-so-long-that-nothing-else-has-room-beside-it-on-a-line-of-a-hundred-and-twenty";
    world.write(
        &format!("{folder}/compose.yaml"),
        "services:\n  basket:\n    image: registry.example.com/basket:1\n",
    );
    world.run("tea", &["scan", "--quiet", "."]).ok();
    world.run("tea", &["say", "basket", "description", "What Rosa Samovar has put aside"]).ok();
    world.run("tea", &["say", "basket", "title", "Basket of Rosa Samovar"]).ok();
    let found = world.run("tea", &["redact", "--find", "rosa samovar"]).ok().out;
    for (kind, text) in
        [("description", "What Rosa Samovar has put aside"), ("title", "Basket of Rosa Samovar")]
    {
        let is_told = |line: &str| line.contains(kind) && line.contains(text);
        assert!(found.lines().any(is_told), "{found}");
    }
    // A text that is long itself is shown where it was met.
    let long = format!("{}Rosa Samovar {}", "tea ".repeat(60), "pot ".repeat(60));
    world.run("tea", &["say", "basket", "description", &long]).ok();
    let found = world.run("tea", &["redact", "--find", "tea rosa samovar"]).ok().out;
    let line = found.lines().next().unwrap();
    assert!(line.contains("description  …") && line.contains("tea Rosa Samovar pot"), "{found}");
    assert!(line.chars().count() <= 120, "{found}");

    world.run("tea", &["say", "basket", "owner", "Rosa Samovar <rosa@leafcup.test>"]);
    world.git("tea", 0, &["init", "--quiet"]);
    let rosa = ["-c", "user.name=Rosa Samovar", "-c", "user.email=rosa@leafcup.test"];
    world.git("tea", 1, &[&rosa[..], &["commit", "--quiet", "--allow-empty", "-m", "Begin"]].concat());
    world.run("tea", &["scan", "--quiet", "."]).ok();
    let would = world.run("tea", &["forget", "Rosa Samovar"]).ends(1).out;
    let is_told = |line: &str| line.contains("title") && line.contains("Basket of Rosa Samovar");
    assert!(would.contains("Mentioned elsewhere") && would.lines().any(is_told), "{would}");
}
