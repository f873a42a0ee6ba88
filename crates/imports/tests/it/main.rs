//! Files as other tools write them, and bytes as nobody should.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod records;
mod sheets;

use proptest::prelude::*;
use stave_imports::{Import, ImportError, Imported, Options};
use stave_model::{Basis, Claim};

/// A file that says something of the map.
fn import(file: &str, bytes: &[u8], from: &str) -> Result<Import, ImportError> {
    let options = Options { from: Some(from.to_owned()), ..Options::default() };
    match stave_imports::import(file, bytes, &options)? {
        Imported::Map(import) => Ok(import),
        Imported::Records(_) => Err(ImportError::Unknown),
    }
}

fn facts(import: &Import) -> Vec<String> {
    let shown = |claim: &Claim| {
        let end =
            claim.to.clone().or_else(|| claim.value.as_ref().map(ToString::to_string)).unwrap_or_default();
        format!("{} {} {end}", claim.of, claim.kind)
    };
    import.claims.iter().map(shown).collect()
}

fn has(import: &Import, fact: &str) {
    let all = facts(import);
    assert!(all.iter().any(|one| one == fact), "{fact}\nis not in\n{}", all.join("\n"));
}

fn span(id: &str, parent: &str, kind: u8, more: &str) -> String {
    format!(
        r#"{{"traceId":"t","spanId":"{id}","parentSpanId":"{parent}","kind":{kind},"endTimeUnixNano":"1700000000000000000","attributes":[{more}]}}"#
    )
}

fn service(name: &str, spans: &[String]) -> String {
    format!(
        r#"{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"{name}"}}}},{{"key":"container.image.name","value":{{"stringValue":"ghcr.io/leafcup/{name}:7"}}}}]}},"scopeSpans":[{{"spans":[{}]}}]}}"#,
        spans.join(",")
    )
}

fn text(key: &str, value: &str) -> String {
    format!(r#"{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#)
}

fn otlp() -> String {
    let cart = service(
        "cart",
        &[
            span("1", "", 2, &text("server.port", "8080")),
            span("2", "1", 3, &text("url.full", "https://user:pw@pay.example.com/charge?key=s3cret")),
            span("3", "1", 3, &text("http.url", "http://till:80/")),
            span(
                "4",
                "1",
                3,
                &format!("{},{}", text("db.system", "postgresql"), text("server.address", "db")),
            ),
            span(
                "5",
                "1",
                4,
                &format!(
                    "{},{}",
                    text("messaging.system", "kafka"),
                    text("messaging.destination.name", "orders")
                ),
            ),
        ],
    );
    let till = service("till", &[span("6", "3", 2, "")]);
    let mail = service(
        "mail",
        &[span(
            "7",
            "5",
            5,
            &format!(
                "{},{}",
                text("messaging.system", "kafka"),
                text("messaging.destination.name", "orders")
            ),
        )],
    );
    format!(r#"{{"resourceSpans":[{cart},{till},{mail}]}}"#)
}

#[test]
fn traces_tell_who_called_whom() {
    let import = import("folder/traces.json", otlp().as_bytes(), "production").unwrap();
    assert_eq!((import.format, import.rows), ("OpenTelemetry traces", 7));
    assert_eq!(import.scope.to_string(), "traces:production");
    assert_eq!(import.at.unwrap().millis(), 1_700_000_000_000);
    has(&import, "trace:production/cart calls trace:production/till");
    has(&import, "trace:production/cart calls host:pay.example.com");
    has(&import, "trace:production/cart stores_in trace:production/postgresql/db");
    has(&import, "trace:production/cart publishes_to trace:production/kafka/orders");
    has(&import, "trace:production/mail subscribes_to trace:production/kafka/orders");
    assert!(
        !facts(&import)
            .iter()
            .any(|fact| fact.contains("mail calls") || fact.contains("calls trace:production/mail"))
    );
    assert!(import.claims.iter().all(|claim| claim.basis == Basis::Observed && claim.check().is_ok()));
    let all = format!("{:?}", import.claims);
    assert!(!all.contains("s3cret") && !all.contains("user:pw"));
    assert!(all.contains("image:ghcr.io/leafcup/cart") && all.contains("port:8080"));
}

#[test]
fn a_request_on_each_line_is_one_file_and_a_broken_line_costs_itself() {
    let whole = import("t", otlp().as_bytes(), "x").unwrap();
    let lines = format!("{}\n{{\"resourceSpans\": [{{]}}\n{}\n", otlp(), otlp());
    let import = import("t", lines.as_bytes(), "x").unwrap();
    assert_eq!(facts(&import), facts(&whole));
    assert_eq!(import.warnings.iter().map(|one| one.row).collect::<Vec<_>>(), [Some(2)]);
}

#[test]
fn jaeger_gives_dependencies_and_traces() {
    let text = r#"{"data":[{"parent":"web","child":"cart","callCount":3},{"parent":"web","child":"web","callCount":1}]}"#;
    let dependencies = import("d.json", text.as_bytes(), "x").unwrap();
    assert_eq!(dependencies.format, "Jaeger dependencies");
    has(&dependencies, "trace:x/web calls trace:x/cart");
    assert_eq!(facts(&dependencies).iter().filter(|fact| fact.contains(" calls ")).count(), 1);

    let text = r#"{"data":[{"traceID":"t","processes":{"p1":{"serviceName":"web"},"p2":{"serviceName":"cart"}},"spans":[
        {"traceID":"t","spanID":"a","processID":"p1","startTime":1700000000000000,"tags":[{"key":"span.kind","value":"client"}]},
        {"traceID":"t","spanID":"b","processID":"p2","references":[{"refType":"CHILD_OF","spanID":"a"}],"tags":[{"key":"span.kind","value":"server"}]}]}]}"#;
    has(&import("t.json", text.as_bytes(), "x").unwrap(), "trace:x/web calls trace:x/cart");
}

#[test]
fn bills_of_materials_describe_one_piece_and_its_services() {
    let text = r#"{"bomFormat":"CycloneDX","metadata":{"timestamp":"2026-11-02T09:00:00Z","component":{"bom-ref":"root","type":"container",
        "name":"cart","purl":"pkg:oci/cart@sha256:0?repository_url=ghcr.io/leafcup/cart","description":"The cart"}},
        "components":[{"type":"library","name":"left-pad"}],
        "services":[{"bom-ref":"s","name":"rates","endpoints":["https://rates.example.com/v1?key=s3cret"]}],
        "dependencies":[{"ref":"root","dependsOn":["s","left-pad"]}]}"#;
    let bill = import("bom.json", text.as_bytes(), "ci").unwrap();
    assert_eq!(bill.scope.to_string(), "image:ghcr.io/leafcup/cart");
    has(&bill, "image:ghcr.io/leafcup/cart description \"The cart\"");
    has(&bill, "image:ghcr.io/leafcup/cart depends_on bill:ghcr.io/leafcup/cart/rates");
    has(&bill, "bill:ghcr.io/leafcup/cart/rates endpoint https://rates.example.com/v1");
    assert_eq!(bill.left_aside, ["1 libraries: they are no pieces of the map"]);

    let text = r#"{"spdxVersion":"SPDX-2.3","name":"doc","creationInfo":{"created":"2026-11-02T09:00:00Z"},"documentDescribes":["r"],
        "packages":[{"SPDXID":"r","name":"cart","homepage":"https://cart.example.com/","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/%40leafcup/cart@1"}]},{"SPDXID":"l","name":"left-pad"}]}"#;
    let bill = import("x.spdx.json", text.as_bytes(), "ci").unwrap();
    has(&bill, "package:npm/@leafcup/cart link https://cart.example.com/");
}

#[test]
fn what_is_no_known_format_is_refused_with_a_reason() {
    for (text, want) in [
        ("{}", "none of the formats"),
        ("", "none of the formats"),
        ("{\"a\":", "line 1: the file ends"),
        ("[1,2]", "none of the formats"),
        ("{\n\"spdxVersion\" 3}", "line 2: this is no JSON"),
    ] {
        let error = import("x", text.as_bytes(), "x").unwrap_err();
        assert!(error.to_string().contains(want), "{text}: {error}");
    }
    assert!(matches!(import("x", b"{}", "a/b"), Err(ImportError::Origin(_))));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = import("x", &bytes, "x");
    }

    #[test]
    fn damaged_files_are_read_or_refused(at in 0usize..2_000, byte in any::<u8>()) {
        let mut bytes = otlp().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(import) = import("x", &bytes, "x") {
            prop_assert!(import.claims.iter().all(|claim| claim.check().is_ok()));
        }
    }
}
