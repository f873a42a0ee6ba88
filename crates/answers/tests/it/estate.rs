//! A small estate said by hand, in which everything occurs that an answer has to show: every kind of question,
//! denials, carried claims, environments, and names that try to break pages and terminals.

use serde_json::{Value, json};
use stave_model::{
    Basis, Claim, Evidence, Hash, Header, Key, Op, PersonRow, Reference, Source, Statement, Time, VERSION,
    hash_bytes,
};

pub(crate) const SERVICES: &str = "repo:github.com/leafcup/services@main";
pub(crate) const DEPLOY: &str = "repo:git.example.com/leafcup/deploy@trunk";
pub(crate) const OLD: &str = "repo:git.example.com/leafcup/old@main";

pub(crate) const HOSTILE_NAME: &str = "<script>alert(\"x\")</script>\u{202e}gpj.exe";
pub(crate) const HOSTILE_TEXT: &str =
    "first\u{1b}[31m line\nsecond <img src=x onerror=alert(1)> ' & \u{2066}end";

pub(crate) const ANN: &str = "person:aaaaaaaaaaaaaaaa";
pub(crate) const BEN: &str = "person:bbbbbbbbbbbbbbbb";
/// Has no row in the people directory.
pub(crate) const CAT: &str = "person:cccccccccccccccc";

/// Minute `minute` of the estate's calendar.
pub(crate) fn at(minute: i64) -> Time {
    Time::from_millis(1_790_000_000_000 + minute * 60_000)
}

/// The present in which everything is asked.
pub(crate) fn now() -> Time {
    at(3 * 24 * 60)
}

pub(crate) fn people() -> Vec<PersonRow> {
    let row =
        |id: &str, name: &str| PersonRow { id: id.to_owned(), name: name.to_owned(), address: String::new() };
    vec![row(ANN, "Counter desk"), row(BEN, "Night <b>shift</b>")]
}

pub(crate) fn compose(name: &str) -> String {
    format!("repo:git.example.com/leafcup/deploy//compose#compose/{name}")
}

pub(crate) fn kubernetes(name: &str) -> String {
    format!("repo:git.example.com/leafcup/deploy//k8s#k8s/{name}")
}

pub(crate) fn catalog(name: &str) -> String {
    format!("catalog:component:default/{name}")
}

pub(crate) fn group(name: &str) -> String {
    format!("team:github.com/leafcup/{name}")
}

/// The 12 digits of a reference.
pub(crate) fn digits(reference: &str) -> String {
    hash_bytes(reference.as_bytes()).short()
}

/// A claim in the making.
pub(crate) struct Says(Claim);

pub(crate) fn says(kind: &str, of: &str) -> Says {
    Says(Claim::new(kind, of.parse::<Reference>().unwrap(), Basis::Discovered))
}

impl Says {
    pub(crate) fn to(mut self, to: &str) -> Says {
        self.0.to = Some(to.to_owned());
        self
    }

    pub(crate) fn value(mut self, value: Value) -> Says {
        self.0.value = Some(value);
        self
    }

    pub(crate) fn not(mut self) -> Says {
        self.0.not = true;
        self
    }

    pub(crate) fn declared(mut self) -> Says {
        self.0.basis = Basis::Declared;
        self
    }

    pub(crate) fn env(mut self, env: &str) -> Says {
        self.0.env.push(env.to_owned());
        self
    }

    pub(crate) fn key(mut self, key: &str) -> Says {
        let of = self.0.of.clone();
        self.0.keys.entry(of).or_default().push(key.parse::<Key>().unwrap());
        self
    }

    pub(crate) fn line(mut self, path: &str, line: u32) -> Says {
        self.0.evidence.push(Evidence::at(path, line));
        self
    }
}

/// A machine's statement.
pub(crate) struct Run<'a> {
    pub(crate) author: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) minute: i64,
    pub(crate) commit: &'a str,
    pub(crate) unread: &'a [&'a str],
    pub(crate) op: u8,
}

impl Run<'_> {
    pub(crate) fn says(self, claims: Vec<Says>) -> Statement {
        let header = Header {
            author: self.author.parse().unwrap(),
            by: Some(ANN.parse().unwrap()),
            claims: hash_bytes(b""),
            op: Op([self.op; 16]),
            replaces: Vec::new(),
            rules: 1,
            scope: self.scope.parse().unwrap(),
            source: Source { at: Some(at(self.minute - 5)), id: Some(self.commit.to_owned()) },
            time: at(self.minute),
            tool: "stave 0.1.0".to_owned(),
            unread: self.unread.iter().map(|path| (*path).to_owned()).collect(),
            v: VERSION,
        };
        Statement::new(header, claims.into_iter().map(|says| says.0).collect())
    }
}

/// A person's word.
pub(crate) fn word(author: &str, minute: i64, op: u8, replaces: &[Hash], says: Says) -> Statement {
    let mut claim = says.0;
    claim.basis = Basis::Stated;
    let header = Header {
        author: author.parse().unwrap(),
        by: None,
        claims: hash_bytes(b""),
        op: Op([op; 16]),
        replaces: replaces.to_vec(),
        rules: 0,
        scope: claim.fact_scope().unwrap(),
        source: Source::default(),
        time: at(minute),
        tool: String::new(),
        unread: Vec::new(),
        v: VERSION,
    };
    Statement::new(header, vec![claim])
}

const FIRST: &str = "1111111111111111111111111111111111111111";
const SECOND: &str = "2222222222222222222222222222222222222222";

fn machines() -> Vec<Statement> {
    let there = |of: &str, kind: &str| says("exists", of).value(json!(kind));
    let image = |name: &str| format!("image:registry.example.com/leafcup/{name}");
    let run = |author, scope, minute, commit, op| Run { author, scope, minute, commit, unread: &[], op };
    let storefront = compose("storefront");
    let orders = compose("orders");
    let database = compose("shop-db");
    let hostile = format!("repo:git.example.com/leafcup/deploy//compose#compose/{HOSTILE_NAME}");
    vec![
        run("collector:git", SERVICES, 1, FIRST, 1).says(vec![
            says("default_branch", "repo:github.com/leafcup/services").value(json!("main")),
            there("repo:github.com/leafcup/services", "repository"),
        ]),
        run("collector:catalog", SERVICES, 1, FIRST, 1).says(vec![
            there(&catalog("orders"), "component").declared().line("orders/catalog-info.yaml", 1),
            says("type", &catalog("orders"))
                .value(json!("service"))
                .declared()
                .line("orders/catalog-info.yaml", 9),
            says("description", &catalog("orders"))
                .value(json!("Takes an order, has it paid and reserved"))
                .declared()
                .line("orders/catalog-info.yaml", 5),
            says("lifecycle", &catalog("orders"))
                .value(json!("production"))
                .declared()
                .line("orders/catalog-info.yaml", 10),
            says("owned_by", &catalog("orders"))
                .value(json!([group("stockroom")]))
                .declared()
                .line("orders/catalog-info.yaml", 11),
            says("tag", &catalog("orders")).to("java").declared().line("orders/catalog-info.yaml", 7),
            says("link", &catalog("orders"))
                .to("https://wiki.example.com/orders?a=1&b=2")
                .declared()
                .line("orders/catalog-info.yaml", 13),
            says("link", &catalog("orders"))
                .to("javascript:alert(1)")
                .declared()
                .line("orders/catalog-info.yaml", 14),
            says("endpoint", &catalog("orders")).to("POST /orders").line("orders/src/Orders.java", 44),
            says("owned_by", &catalog("notifier"))
                .value(json!([group("counter")]))
                .declared()
                .line("notifier/catalog-info.yaml", 8),
            there(&catalog("notifier"), "component").declared().line("notifier/catalog-info.yaml", 1),
            there(&group("stockroom"), "group").declared().line("teams.yaml", 3),
            there(&group("counter"), "group").declared().line("teams.yaml", 9),
        ]),
        run("collector:codeowners", SERVICES, 1, FIRST, 1).says(vec![
            says("owned_by", &catalog("notifier"))
                .value(json!([group("stockroom")]))
                .declared()
                .line(".github/CODEOWNERS", 4),
        ]),
        run("collector:compose", DEPLOY, 2, FIRST, 1).says(vec![
            there(&storefront, "component").key(&image("storefront")).line("compose/compose.yaml", 3),
            there(&orders, "component").key(&image("orders")).key("catalog:component:default/orders"),
            there(&database, "resource").key("host:shop-db.leafcup.test").line("compose/compose.yaml", 40),
            says("type", &database).value(json!("database")).line("compose/compose.yaml", 41),
            there(&compose("payments"), "component").key(&image("payments")),
            there(&compose("broken"), "component").line("compose/broken.yaml", 2),
            there(&compose("twin"), "component").key(&image("twin")),
            there(&compose("twin-worker"), "component").key(&image("twin")),
            there(&hostile, "component").line("compose/<compose>.yaml", 60),
            says("description", &hostile).value(json!(HOSTILE_TEXT)).line("compose/<compose>.yaml", 61),
            says("name", &hostile).value(json!(HOSTILE_NAME)).line("compose/<compose>.yaml", 61),
            says("calls", &hostile).to(&orders).line("compose/<compose>.yaml", 62),
            says("tag", &hostile).to("\"><script>alert(2)</script>"),
            says("calls", &storefront)
                .to(&orders)
                .line("compose/compose.yaml", 12)
                .line("compose/compose.yaml", 14),
            says("calls", &storefront).to(&compose("payments")).line("compose/compose.yaml", 13),
            says("stores_in", &orders).to(&database).line("compose/compose.yaml", 25),
            says("calls", &orders).to(&compose("payments")).line("compose/compose.yaml", 26),
            says("stores_in", &compose("broken")).to(&database).line("compose/broken.yaml", 8),
        ]),
        // The later run can't read one file: what it said is carried.
        Run {
            author: "collector:compose",
            scope: DEPLOY,
            minute: 60,
            commit: SECOND,
            unread: &["compose/broken.yaml"],
            op: 2,
        }
        .says(vec![
            there(&storefront, "component").key(&image("storefront")).line("compose/compose.yaml", 3),
            there(&orders, "component").key(&image("orders")).key("catalog:component:default/orders"),
            there(&database, "resource").key("host:shop-db.leafcup.test").line("compose/compose.yaml", 42),
            says("type", &database).value(json!("database")).line("compose/compose.yaml", 43),
            there(&compose("payments"), "component").key(&image("payments")),
            there(&compose("twin"), "component").key(&image("twin")),
            there(&compose("twin-worker"), "component").key(&image("twin")),
            there(&hostile, "component").line("compose/<compose>.yaml", 60),
            says("description", &hostile).value(json!(HOSTILE_TEXT)).line("compose/<compose>.yaml", 61),
            says("name", &hostile).value(json!(HOSTILE_NAME)).line("compose/<compose>.yaml", 61),
            says("calls", &hostile).to(&orders).line("compose/<compose>.yaml", 62),
            says("tag", &hostile).to("\"><script>alert(2)</script>"),
            says("calls", &storefront)
                .to(&orders)
                .line("compose/compose.yaml", 12)
                .line("compose/compose.yaml", 14),
            says("calls", &storefront).to(&compose("payments")).line("compose/compose.yaml", 13),
            says("stores_in", &orders).to(&database).line("compose/compose.yaml", 27),
            says("calls", &orders).to(&compose("payments")).line("compose/compose.yaml", 28),
        ]),
        run("collector:kubernetes", DEPLOY, 60, SECOND, 2).says(vec![
            there(&kubernetes("checkout"), "component").key(&image("orders")).line("k8s/orders.yaml", 4),
            says("calls", &kubernetes("checkout"))
                .to("host:fraud.example.com")
                .env("production")
                .line("k8s/orders.yaml", 31),
            there(&kubernetes("either-twin"), "component").key(&image("twin")).line("k8s/twin.yaml", 1),
            there(&kubernetes("payments"), "component").key(&image("payments")).line("k8s/pay.yaml", 2),
            says("description", &kubernetes("payments"))
                .value(json!("Charges cards"))
                .line("k8s/pay.yaml", 5),
            says("future_fact", &kubernetes("payments")).value(json!(1)),
        ]),
        run("collector:compose", OLD, 10, FIRST, 3)
            .says(vec![there("repo:git.example.com/leafcup/old//#compose/relic", "component")]),
    ]
}

/// All statements, in the order in which they were said.
pub(crate) fn statements() -> Vec<Statement> {
    let mut all = machines();
    let storefront = compose("storefront");
    // A denial, a dispute about an owner, a dispute about a relation.
    let denial = says("calls", &storefront).to(&compose("payments")).not();
    all.push(word(ANN, 70, 10, &[], denial));
    let owner = |team: &str| says("owned_by", &storefront).value(json!([group(team)]));
    all.push(word(ANN, 71, 11, &[], owner("counter")));
    all.push(word(BEN, 72, 12, &[], owner("stockroom")));
    let publishes = || says("publishes_to", &compose("orders")).to("said:resource/kafka");
    all.push(word(ANN, 73, 13, &[], publishes()));
    all.push(word(CAT, 74, 14, &[], publishes().not()));
    all.push(word(ANN, 75, 15, &[], says("exists", "said:resource/kafka").value(json!("resource"))));
    // A word that a later reading contradicts.
    let description = says("description", &compose("payments")).value(json!("Charges cards at the bank"));
    all.push(word(BEN, 50, 16, &[], description));
    // Two pieces that a person keeps apart although they run one image.
    all.push(word(BEN, 76, 17, &[], says("same_as", &compose("payments")).to(&kubernetes("payments")).not()));
    // A word about something that nobody says any more.
    let lost = says("tier", "repo:git.example.com/leafcup/gone//#compose/lost-payments").value(json!("1"));
    all.push(word(CAT, 77, 18, &[], lost));
    // A retired scope that is read again.
    all.push(word(ANN, 20, 19, &[], says("retired", OLD).value(json!(true))));
    all.push(
        Run { author: "collector:compose", scope: OLD, minute: 80, commit: SECOND, unread: &[], op: 20 }
            .says(vec![
                says("exists", "repo:git.example.com/leafcup/old//#compose/relic").value(json!("component")),
            ]),
    );
    all
}
