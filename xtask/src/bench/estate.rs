//! A made-up estate of any size, as an export (docs/ledger.md, section 8): repositories of services that are read from
//! Compose, Kubernetes, catalog files and package manifests, and some people's words.

use std::io::Write;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use stave_model::{
    Author, Basis, Claim, Evidence, Header, Key, Op, Reference, Source, Statement, Time, VERSION,
};

const SERVICES: usize = 20;
const FIRST_DAY_MS: i64 = 1_760_000_000_000;
/// A day by whose end all is said, in an estate of up to ten million claims.
pub(super) const LAST_DAY: &str = "2025-12-31";
const MINUTE_MS: i64 = 60_000;
/// Every so many repositories, a person says something about one service.
const WORD_EVERY: usize = 2;

const WORDS: &[&str] = &[
    "amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jade", "kelp", "larch",
    "maple", "north", "onyx", "poplar", "quartz", "river", "sable", "thyme", "umber", "vale", "willow",
    "yarrow", "zephyr",
];
const JOBS: &[&str] = &[
    "billing", "search", "ledger", "mail", "stock", "price", "login", "report", "media", "audit", "route",
    "quota",
];

/// Writes an estate of at least so many claims and statements; how many of each it has. No more than one repository is held
/// in memory.
pub(super) fn write(
    to: &mut impl Write,
    least_claims: usize,
    least_statements: usize,
) -> Result<(usize, usize)> {
    let (mut count, mut statements, mut repositories) = (0, 0, 0);
    while count < least_claims || statements < least_statements {
        let all = repository(repositories)?;
        count += all.iter().map(|statement| statement.claims.len()).sum::<usize>();
        statements += all.len();
        repositories += 1;
    }
    let (id, key) = ("5e".repeat(16), "5a".repeat(32));
    line(
        to,
        &json!({"stave": 1, "estate": {"id": id, "key": key}, "people": 0, "heard": 0, "statements": statements}),
    )?;
    for number in 0..repositories {
        // Each has a minute of its own: the order of an export is that of its repositories.
        let mut all = repository(number)?;
        all.sort_by_key(Statement::id);
        for statement in &all {
            let (id, count) = (statement.id(), statement.claims.len());
            line(to, &json!({"id": id, "header": statement.header, "count": count}))?;
            for claim in &statement.claims {
                line(to, &json!({"claim": claim}))?;
            }
        }
    }
    to.flush()?;
    Ok((count, statements))
}

fn line(to: &mut impl Write, value: &Value) -> Result<()> {
    serde_json::to_writer(&mut *to, value)?;
    Ok(to.write_all(b"\n")?)
}

/// The name of a service; unlike `service-17`, it has words that people search for.
fn name(repository: usize, service: usize) -> String {
    let word = |from: &[&'static str], seed: usize| from[seed % from.len()];
    let (first, second) = (word(WORDS, repository), word(WORDS, repository / WORDS.len() + 7 * service));
    format!("{first}-{second}-{}-{repository}", word(JOBS, service))
}

/// All statements about one repository.
fn repository(number: usize) -> Result<Vec<Statement>> {
    let path = format!("git.example.com/group-{}/app-{number}", number % 60);
    let time = Time::from_millis(FIRST_DAY_MS + number as i64 * MINUTE_MS);
    let says = |author: &str, claims: Vec<Claim>| statement(number, author, &path, time, claims);
    let of_services = |claims: fn(&Site) -> Result<Vec<Claim>>| -> Result<Vec<Claim>> {
        let mut all = Vec::new();
        for service in 0..SERVICES {
            all.extend(claims(&Site { path: path.clone(), number, service })?);
        }
        Ok(all)
    };
    let branch = Claim {
        value: Some(json!("main")),
        ..Claim::new("default_branch", format!("repo:{path}").parse()?, Basis::Discovered)
    };
    let mut statements = vec![
        says("collector:git", vec![branch])?,
        says("collector:compose", of_services(compose)?)?,
        says("collector:kubernetes", of_services(kubernetes)?)?,
        says("collector:catalog", of_services(catalog)?)?,
        says("collector:npm", of_services(packages)?)?,
    ];
    if number.is_multiple_of(WORD_EVERY) {
        statements.push(word(&Site { path, number, service: 3 }, time)?);
    }
    Ok(statements)
}

fn header(number: usize, author: Author, scope: &str, time: Time) -> Result<Header> {
    let mut op = [0; 16];
    op[..8].copy_from_slice(&(number as u64).to_be_bytes());
    Ok(Header {
        author,
        by: None,
        claims: stave_model::hash_bytes(b""),
        op: Op(op),
        replaces: Vec::new(),
        rules: 1,
        scope: scope.parse()?,
        source: Source::default(),
        time,
        tool: "stave-bench 1".to_owned(),
        unread: Vec::new(),
        v: VERSION,
    })
}

fn statement(number: usize, author: &str, path: &str, time: Time, claims: Vec<Claim>) -> Result<Statement> {
    let mut header = header(number, author.parse()?, &format!("repo:{path}@main"), time)?;
    header.source = Source { at: Some(time), id: Some(format!("{number:040x}")) };
    checked(Statement::new(header, claims))
}

/// A person corrects the owner of a service.
fn word(site: &Site, time: Time) -> Result<Statement> {
    let owner = format!("said:group/crew-{}", site.number % 40);
    let claim =
        Claim { value: Some(json!([owner])), ..Claim::new("owned_by", site.compose()?, Basis::Stated) };
    let author = format!("person:{:032x}", site.number % 200).parse()?;
    let scope = claim.fact_scope()?;
    let mut header = header(site.number, author, scope.as_str(), time)?;
    header.rules = 0;
    header.op.0[15] = 1;
    checked(Statement::new(header, vec![claim]))
}

fn checked(statement: Statement) -> Result<Statement> {
    statement.check().context("the made-up estate breaks the format")?;
    Ok(statement)
}

/// A service in its repository.
struct Site {
    path: String,
    number: usize,
    service: usize,
}

impl Site {
    fn name(&self) -> String {
        name(self.number, self.service)
    }

    fn reference(&self, folder: &str, format: &str, name: &str) -> Result<Reference> {
        Ok(format!("repo:{}//{folder}#{format}/{name}", self.path).parse()?)
    }

    fn compose(&self) -> Result<Reference> {
        self.reference("", "compose", &self.name())
    }

    fn image(&self) -> Result<Key> {
        Ok(format!("image:registry.example.com/app-{}/{}", self.number, self.name()).parse()?)
    }

    fn claim(&self, kind: &str, of: &Reference, file: &str) -> Claim {
        let line = 1 + (self.service * 40) as u32 + kind.len() as u32;
        Claim { evidence: vec![Evidence::at(file, line)], ..Claim::new(kind, of.clone(), Basis::Discovered) }
    }

    fn valued(&self, kind: &str, of: &Reference, file: &str, value: Value) -> Claim {
        Claim { value: Some(value), ..self.claim(kind, of, file) }
    }

    fn link(&self, kind: &str, of: &Reference, file: &str, to: &str) -> Claim {
        Claim { to: Some(to.to_owned()), ..self.claim(kind, of, file) }
    }

    /// Another service of the same repository.
    fn neighbour(&self, step: usize) -> String {
        name(self.number, (self.service + step) % SERVICES)
    }
}

fn compose(site: &Site) -> Result<Vec<Claim>> {
    const FILE: &str = "docker-compose.yml";
    let own = site.compose()?;
    let mut exists = site.valued("exists", &own, FILE, json!("component"));
    exists.keys.insert(own.clone(), vec![site.image()?, format!("name:{}", site.name()).parse()?]);
    let mut claims = vec![exists, site.valued("type", &own, FILE, json!("service"))];
    for (step, relation) in [(1, "calls"), (2, "calls"), (5, "depends_on"), (9, "calls")] {
        let to = site.reference("", "compose", &site.neighbour(step))?;
        claims.push(site.link(relation, &own, FILE, to.as_str()));
    }
    if site.service.is_multiple_of(4) {
        let database = site.reference("", "compose", &format!("{}-db", site.name()))?;
        claims.push(site.valued("exists", &database, FILE, json!("resource")));
        claims.push(site.valued("type", &database, FILE, json!("database")));
        claims.push(site.link("stores_in", &own, FILE, database.as_str()));
    }
    let outside = format!("host:api-{}.example.com", (site.number * 7 + site.service) % 500);
    claims.push(site.link("calls", &own, FILE, &outside));
    Ok(claims)
}

fn kubernetes(site: &Site) -> Result<Vec<Claim>> {
    const FILE: &str = "deploy/app.yaml";
    let own = site.reference("deploy", "kubernetes", &site.name())?;
    let mut exists = site.valued("exists", &own, FILE, json!("component"));
    exists.keys.insert(own.clone(), vec![site.image()?]);
    let mut claims = vec![exists, site.valued("type", &own, FILE, json!("service"))];
    for (step, environment) in [(1, "production"), (2, "production"), (2, "staging"), (3, "staging")] {
        let to = site.reference("deploy", "kubernetes", &site.neighbour(step))?;
        let mut call = site.link("calls", &own, FILE, to.as_str());
        call.env = vec![environment.to_owned()];
        claims.push(call);
    }
    claims.push(site.link("endpoint", &own, FILE, &format!("http://{}:8080", site.name())));
    Ok(claims)
}

fn catalog(site: &Site) -> Result<Vec<Claim>> {
    let file = format!("{}/catalog-info.yaml", site.name());
    let own: Reference = format!("catalog:component:default/{}", site.name()).parse()?;
    let group = format!("catalog:group:default/crew-{}", site.number % 40);
    let mut exists = site.valued("exists", &own, &file, json!("component"));
    exists.keys.insert(own.clone(), vec![site.image()?]);
    let mut claims = vec![
        exists,
        site.valued("title", &own, &file, json!(site.name().replace('-', " "))),
        site.valued(
            "description",
            &own,
            &file,
            json!(format!("Does the {} of app {}", site.name(), site.number)),
        ),
        site.valued("lifecycle", &own, &file, json!("production")),
        site.valued("owned_by", &own, &file, json!([group])),
        site.link("part_of", &own, &file, &format!("catalog:system:default/app-{}", site.number)),
        site.link("link", &own, &file, &format!("https://wiki.example.com/{}", site.name())),
    ];
    for step in 0..3 {
        claims.push(site.link("tag", &own, &file, WORDS[(site.service + step * 5) % WORDS.len()]));
    }
    for claim in &mut claims {
        claim.basis = Basis::Declared;
    }
    Ok(claims)
}

fn packages(site: &Site) -> Result<Vec<Claim>> {
    let file = format!("{}/package.json", site.name());
    let own = site.reference(&site.name(), "npm", &site.name())?;
    let mut exists = site.valued("exists", &own, &file, json!("component"));
    exists.keys.insert(own.clone(), vec![site.image()?]);
    let mut claims = vec![exists, site.valued("name", &own, &file, json!(site.name()))];
    for step in 0..10 {
        let package =
            format!("package:npm/lib-{}", (site.number * 3 + site.service * 11 + step * 401) % 5_000);
        claims.push(site.link("depends_on", &own, &file, &package));
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_made_up_estate_keeps_the_format_and_has_its_size() -> Result<()> {
        let mut text = Vec::new();
        let (count, _) = write(&mut text, 2_000, 0)?;
        let text = String::from_utf8(text)?;
        assert!(count >= 2_000);
        assert_eq!(text.lines().filter(|line| line.starts_with("{\"claim\"")).count(), count);
        let head: Value = serde_json::from_str(text.lines().next().unwrap_or_default())?;
        let heads = text.lines().filter(|line| line.contains("\"header\"")).count();
        assert_eq!(head["statements"], json!(heads));
        Ok(())
    }
}
