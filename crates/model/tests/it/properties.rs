//! Any bytes: parsing never panics, and what parses has one form.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;
use stave_model::{
    Author, Basis, Claim, Evidence, Hash, Header, Key, Op, Reference, Scope, Statement, Time, canonical,
    unescape_fact_part,
};

fn name() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9-]{0,6}:([^\\p{Cc}]{1,20}|[\u{e000}\u{1f600}a]{1,2})"
}

fn reference() -> impl Strategy<Value = Reference> {
    name().prop_map(|text| text.parse().unwrap())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53) + 1..1 << 53).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(any::<String>(), inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn evidence() -> impl Strategy<Value = Evidence> {
    (option::of(any::<String>()), option::of(any::<u32>()), option::of(any::<String>()))
        .prop_map(|(path, line, url)| Evidence { path, line, url })
}

fn claim() -> impl Strategy<Value = Claim> {
    let basis = prop_oneof![
        Just(Basis::Stated),
        Just(Basis::Declared),
        Just(Basis::Observed),
        Just(Basis::Discovered)
    ];
    let keys =
        btree_map(reference(), btree_set(name().prop_map(|text| text.parse::<Key>().unwrap()), 0..4), 0..3);
    (
        (vec(any::<[u8; 32]>().prop_map(Hash), 0..3), basis, vec(any::<String>(), 0..3)),
        (vec(evidence(), 0..3), keys, any::<bool>(), reference()),
        (option::of(any::<String>()), any::<String>(), option::of(value())),
    )
        .prop_map(|((against, basis, env), (evidence, keys, not, of), (to, kind, value))| Claim {
            against,
            basis,
            env,
            evidence,
            keys: keys.into_iter().map(|(of, keys)| (of, keys.into_iter().collect())).collect(),
            not,
            of,
            to,
            kind,
            value,
        })
}

/// JSON that looks like ours, so that parsing gets somewhere.
fn almost() -> impl Strategy<Value = String> {
    let field = prop_oneof![
        Just("type"),
        Just("of"),
        Just("to"),
        Just("value"),
        Just("not"),
        Just("env"),
        Just("keys"),
        Just("against"),
        Just("basis"),
        Just("evidence"),
        Just("v"),
        Just("author"),
        Just("scope"),
        Just("time"),
        Just("source"),
        Just("rules"),
        Just("replaces"),
        Just("op"),
        Just("unread"),
        Just("claims"),
    ];
    let content = prop_oneof![
        value().prop_map(|value| value.to_string()),
        name().prop_map(|text| Value::from(text).to_string()),
        Just("\"discovered\"".to_owned()),
        Just("\"2026-01-01T00:00:00.000Z\"".to_owned()),
        any::<f64>().prop_map(|number| Value::from(number).to_string()),
    ];
    vec((field, content), 0..12).prop_map(|fields| {
        let fields: Vec<String> =
            fields.iter().map(|(name, content)| format!("\"{name}\":{content}")).collect();
        format!("{{{}}}", fields.join(","))
    })
}

fn use_all(bytes: &[u8]) {
    if let Ok(claim) = serde_json::from_slice::<Claim>(bytes) {
        let _ = claim.check();
        let _ = claim.fact_scope();
        let _ = claim.clone().normalised().hash();
        let _ = (
            claim.of.in_repository(),
            claim.of.container(),
            claim.of.named_key(),
            claim.of.short_name().len(),
        );
    }
    if let Ok(header) = serde_json::from_slice::<Header>(bytes) {
        let _ = (header.check(), header.id(), header.source_at(), header.scope.branch());
        let _ = Statement { header, claims: Vec::new() }.check();
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = (text.parse::<Time>(), text.parse::<Op>(), text.parse::<Hash>(), text.parse::<Author>());
    let _ = (text.parse::<Scope>(), text.parse::<Reference>(), stave_model::slug(&text));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_parsed_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        use_all(&bytes);
    }

    #[test]
    fn anything_like_ours_is_parsed_or_refused(text in almost()) {
        use_all(text.as_bytes());
    }

    #[test]
    fn every_claim_comes_back(claim in claim()) {
        let claim = claim.normalised();
        let bytes = canonical(&claim);
        prop_assert_eq!(claim.canonical(), bytes.clone());
        let again: Claim = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(&again, &claim);
        prop_assert_eq!(canonical(&again), bytes);
        // And the form is that of the plain JSON: nothing of the types shows in it.
        let plain: Value = serde_json::from_slice(&canonical(&claim)).unwrap();
        prop_assert_eq!(canonical(&plain), canonical(&claim));
    }

    #[test]
    fn every_time_has_one_form(millis in any::<i64>()) {
        let time = Time::from_millis(millis);
        let text = time.to_string();
        prop_assert_eq!(text.len(), 24);
        prop_assert_eq!(text.parse::<Time>().unwrap(), time);
    }

    #[test]
    fn facts_have_scopes_of_their_own(of in reference(), to in option::of(any::<String>()), kind in "[a-z#>%_]{1,8}") {
        prop_assume!(to.as_ref().is_none_or(|to| !to.chars().any(char::is_control)));
        let claim = Claim { to: to.clone(), ..Claim::new(&kind, of.clone(), Basis::Stated) };
        let scope = claim.fact_scope().unwrap();
        let (left, right) = scope.rest().split_once('#').unwrap();
        prop_assert_eq!(unescape_fact_part(left), of.as_str());
        let (middle, end) = match right.split_once('>') {
            Some((middle, end)) => (middle, Some(unescape_fact_part(end))),
            None => (right, None),
        };
        prop_assert_eq!(unescape_fact_part(middle), kind);
        prop_assert_eq!(end, to);
    }
}
