//! What the words and signs on these pages mean, and where the same answers are as JSON.

use maud::{Markup, html};
use stave_model::Basis;

use crate::parts::{basis, mark};
use crate::shell::{Frame, page};

/// Words that pages use, with what they mean here. The glossary says more.
const WORDS: &[(&str, &str)] = &[
    ("estate", "All that one ledger is about."),
    (
        "statement",
        "What one author says about one scope at one time. It is never changed; a later one takes its place.",
    ),
    ("author", "Who says something: a person, or a reader of files (a collector)."),
    (
        "scope",
        "What a statement covers: a branch of a repository, or the one fact that a person speaks about.",
    ),
    ("claim", "One fact as its author has it."),
    ("fact", "What is claimed: its type, what it is about, and the other end where there is one."),
    ("evidence", "Where a claim can be checked: a file and a line."),
    ("reference", "A name as its source writes it. Several references can be one entity."),
    ("entity", "One piece of what you run: a component, a resource, an API, a group, …"),
    ("relation", "A typed, directed link between two entities, written from what needs to what is needed."),
    ("question", "What Stave can't decide and asks people."),
    ("view", "Which branch of each repository the map is made of."),
    ("position", "A place in one ledger. Every answer carries the position that it was made at."),
];

const BASES: &[(Basis, &str)] = &[
    (Basis::Stated, "A person said it here."),
    (Basis::Declared, "A person wrote it into a repository: a catalog file, CODEOWNERS."),
    (Basis::Observed, "Seen at run time."),
    (Basis::Discovered, "Read from manifests, code or history."),
];

const MARKS: &[(&str, &str)] = &[
    (
        "disputed",
        "People's words differ. A disputed relation is shown; otherwise it counts as if neither were said.",
    ),
    ("denied", "A person says that it is not so. It is kept and shown here, and is not on the map."),
    ("challenged", "After a person spoke, something automatic came that differs."),
    ("carried", "Read earlier; the latest run could not read that file, so the earlier reading stands."),
    (
        "gone",
        "Whoever had found it looked again and did not. It is kept in the ledger, with every word about it.",
    ),
    ("orphaned", "People who are still here know less than half of it."),
];

const TWINS: &[(&str, &str)] = &[
    ("/", "/api/v1/summary"),
    ("/entities?q=&kind=&type=&owner=&page=", "/api/v1/entities?…"),
    ("/entities?gone=yes", "/api/v1/entities?gone=yes"),
    ("/entities?stale=30d", "/api/v1/entities?stale=30d"),
    ("/e/ID", "/api/v1/entities/ID"),
    ("/e/ID/why?fact=TYPE&to=ID", "/api/v1/entities/ID/why?…"),
    ("/questions", "/api/v1/questions"),
    ("/overlap?all=", "/api/v1/overlap?…"),
    ("/e/ID/barrel", "/api/v1/entities/ID/barrel"),
    ("/next?since=&limit=", "/api/v1/next?…"),
    ("/fires?since=&piece=", "/api/v1/fires?…"),
    ("/flow?entity=&since=&definition=&explain=", "/api/v1/flow?…"),
    ("/knowledge?all=&without=", "/api/v1/knowledge?…"),
    ("/hotspots?all=", "/api/v1/hotspots?…"),
    ("/e/ID/who?pseudonyms=", "/api/v1/entities/ID/who?…"),
    ("/e/ID/hotspots?all=", "/api/v1/entities/ID/hotspots?…"),
    ("/log?before=", "/api/v1/log?…"),
    ("/help", "/api/v1"),
];

/// The page that explains the others.
pub fn help_page(frame: &Frame<'_>) -> String {
    let main = html! {
        h1 { "Reading these pages" }
        p.lead {
            "Stave reads what a team already has, lets people correct it, and answers from one map. Behind every fact "
            "stands " q { "why?" } ": who says so, how they came to it, when, and in which file and line."
        }
        section aria-labelledby="bases" {
            h2 #bases { "How something is known" }
            p { "The strongest first. A person's word here goes before a file, and a file's declaration before what was read." }
            dl.legend {
                @for (known, meaning) in BASES { div { dt { (basis(*known)) } dd { (meaning) } } }
            }
        }
        section aria-labelledby="marks" {
            h2 #marks { "What can be unusual about a fact" }
            dl.legend { @for (word, meaning) in MARKS { div { dt { (mark(word)) } dd { (meaning) } } } }
        }
        section aria-labelledby="words" {
            h2 #words { "Words" }
            dl.legend { @for (word, meaning) in WORDS { div { dt { (word) } dd { (meaning) } } } }
        }
        section aria-labelledby="json" {
            h2 #json { "The same as JSON" }
            p { "Every page has a twin for programs. The links at the foot of each page and in its head lead there." }
            (twins())
            p {
                "Besides: " code { "/api/v1/graph" } " is the whole map in the direction of the data, "
                code { "/events" } " tells of new positions as server-sent events, "
                code { "/healthz" } ", " code { "/readyz" } " and " code { "/metrics" } " are for whoever watches this server."
            }
        }
        section aria-labelledby="correct" {
            h2 #correct { "Correcting something" }
            p {
                "These pages only read. On the command line " code.command { "stave say" } " adds or corrects, "
                code.command { "stave deny" } " says that something is not so, " code.command { "stave answer" }
                " answers a question and " code.command { "stave undo" } " takes back a command. Words of people survive every scan."
            }
        }
    };
    page(frame, "Reading these pages", &main)
}

fn twins() -> Markup {
    html! {
        div.scroll role="region" aria-label="Pages and their twins" tabindex="0" {
            table {
                caption.unseen { "Pages and their twins" }
                thead { tr { th scope="col" { "Page" } th scope="col" { "JSON" } } }
                tbody {
                    @for (page, twin) in TWINS { tr { th scope="row" { code { (page) } } td { code { (twin) } } } }
                }
            }
        }
    }
}
