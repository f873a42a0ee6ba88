//! What the read model keeps beside the claims (lists, pages, counts, the graph, search): an advance has to keep it as
//! a rebuild makes it, and it has to say what the document says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stave_map::{Filter, ReadModel};

/// Words that the generator's names and values hold.
const SEARCHED: [&str; 6] = ["cart", "billing", "red", "shop", "blue", "one"];

/// Everything that answers can ask the read model for.
pub(crate) fn kept(model: &ReadModel) -> Value {
    let all = Filter { hidden: true, limit: u64::MAX, ..Filter::default() };
    let list = model.list(&all).unwrap();
    let pages: Vec<_> = list.rows.iter().map(|row| model.entity(&row.id).unwrap()).collect();
    let found: Vec<_> = SEARCHED.iter().map(|words| model.find(words, 100).unwrap()).collect();
    let shown = model.list(&Filter { limit: u64::MAX, ..Filter::default() }).unwrap();
    let mut questions = model.questions(u64::MAX).unwrap();
    questions.sort_by(|a, b| a.id.cmp(&b.id));
    json!({
        "list": list,
        "shown": shown.total,
        "pages": pages,
        "counts": model.counts().unwrap(),
        "graph": model.graph().unwrap(),
        "found": found,
        "questions": questions,
        "views": model.views().unwrap(),
    })
}

fn texts<'v>(list: &'v Value, field: &str) -> Vec<&'v str> {
    list.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap()).collect()
}

/// The first thing that is kept otherwise than the document has it.
pub(crate) fn contradiction(document: &Value, kept: &Value) -> Option<String> {
    let differ = |what: &str, document: Value, kept: Value| {
        (document != kept).then(|| format!("{what}: {document} in the document, {kept} kept"))
    };
    let entities = document["entities"].as_array().unwrap();
    let links = document["links"].as_array().unwrap();
    let shown: Vec<&Value> = entities.iter().filter(|one| one.get("hidden").is_none()).collect();

    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for entity in &shown {
        *kinds.entry(entity["kind"].as_str().unwrap()).or_default() += 1;
    }
    let kept_kinds: BTreeMap<String, u64> =
        serde_json::from_value::<Vec<(String, u64)>>(kept["counts"]["kinds"].clone())
            .unwrap()
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect();
    let nodes: BTreeSet<&str> = texts(&kept["graph"][0], "id").into_iter().collect();
    let shown_ids: BTreeSet<&str> = shown.iter().map(|one| one["id"].as_str().unwrap()).collect();
    let mut kept_links = kept["graph"][1].as_array().unwrap().clone();
    kept_links
        .sort_by_key(|link| ["from", "to", "kind"].map(|field| link[field].as_str().map(str::to_owned)));
    let open = document["questions"].as_array().unwrap();
    let without_place = open.iter().filter(|one| one["kind"] == "without_place").count();
    let mut ids: Vec<&str> = texts(&document["questions"], "id");
    ids.sort_unstable();
    let whole = [
        differ("kinds", json!(kinds), json!(kept_kinds)),
        differ("entities shown", json!(shown.len()), kept["shown"].clone()),
        differ("nodes", json!(shown_ids), json!(nodes)),
        differ("links", json!(links), json!(kept_links)),
        differ("relations", json!(links.len()), kept["counts"]["relations"].clone()),
        differ("questions", json!(open.len()), kept["counts"]["questions"].clone()),
        differ("without_place", json!(without_place), kept["counts"]["without_place"].clone()),
        differ(
            "unknown_claims",
            document["unknown_claims"].clone(),
            kept["counts"]["unknown_claims"].clone(),
        ),
        differ("question ids", json!(ids), json!(texts(&kept["questions"], "id"))),
        differ("views", document["views"].clone(), kept["views"].clone()),
        differ("entities listed", json!(entities.len()), kept["list"]["total"].clone()),
    ];
    whole.into_iter().flatten().next().or_else(|| {
        let pages = kept["pages"].as_array().unwrap();
        entities.iter().find_map(|entity| {
            let page = pages.iter().find(|page| page["id"] == entity["id"]);
            let Some(page) = page else { return Some(format!("{} is not listed", entity["representative"])) };
            let count = |end: &str| json!(links.iter().filter(|link| link[end] == entity["id"]).count());
            let states = |facts: &Value| -> BTreeSet<String> {
                let facts = facts.as_array().unwrap().iter();
                facts.map(|fact| format!("{} {} {}", fact["type"], fact["state"], fact["basis"])).collect()
            };
            let said = |facts: &Value| -> usize {
                facts.as_array().unwrap().iter().map(|fact| fact["said"].as_array().unwrap().len()).sum()
            };
            let fields = ["kind", "name", "references", "keys"]
                .into_iter()
                .map(|field| differ(field, entity[field].clone(), page[field].clone()));
            let more = [
                differ("hidden", json!(entity.get("hidden")), json!(page.get("hidden"))),
                differ("reference", entity["representative"].clone(), page["reference"].clone()),
                differ("relations_out", count("from"), page["relations_out"].clone()),
                differ("relations_in", count("to"), page["relations_in"].clone()),
                differ("facts", json!(states(&entity["facts"])), json!(states(&page["facts"]))),
                differ("said", json!(said(&entity["facts"])), json!(said(&page["facts"]))),
            ];
            let first = fields.chain(more).flatten().next();
            first.map(|difference| format!("{}: {difference}", entity["representative"]))
        })
    })
}
