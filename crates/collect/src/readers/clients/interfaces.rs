//! Interface definitions with services: protobuf and Thrift. Each service is an api; its full name is a key where the
//! package says more than the service's name. Generated code names the services of definitions that lie elsewhere.

use stave_model::{Key, Kind};

use crate::link::{Form, Sketch, parent};
use crate::parse::{Code, Token};

use super::super::{ReadResult, Reader, SourceFile};
use super::NAME;

/// The services of one file.
pub(crate) struct Definition {
    form: &'static str,
    /// Package (empty where there is none), name and line of each.
    services: Vec<(String, String, u32)>,
}

/// The reader of interface definitions.
pub(crate) struct Interfaces;

impl Reader for Interfaces {
    type Facts = Definition;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] = &["service", "grpc"];

    fn wants(_path: &str, name: &str) -> bool {
        [".proto", ".thrift", ".pb.go", "_pb2_grpc.py", "_grpc_pb.js"].iter().any(|end| name.ends_with(end))
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Definition> {
        let Some(code) = file.code() else { return Ok(None) };
        let (form, mut services) = if file.path.ends_with(".thrift") {
            ("thrift", defined(code))
        } else if file.path.ends_with(".proto") {
            ("grpc", defined(code))
        } else {
            ("grpc", generated(code))
        };
        // Well-known interfaces come with their libraries.
        let known = ["google.", "grpc.", "opentelemetry.", "envoy."];
        services.retain(|(package, _, _)| !known.iter().any(|own| package.starts_with(own)));
        Ok((!services.is_empty()).then_some(Definition { form, services }))
    }

    fn link(facts: Vec<(String, Definition)>, sketch: &mut Sketch<'_>) {
        for (path, definition) in facts {
            for (package, service, line) in definition.services {
                let full = if package.is_empty() { service.clone() } else { format!("{package}.{service}") };
                let at = (path.clone(), line);
                // Copies of one definition in several folders are one interface.
                let known = sketch.interfaces.get(&service).and_then(|found| {
                    found.iter().copied().find(|piece| sketch.pieces[*piece].names.contains(&full))
                });
                if let Some(piece) = known {
                    sketch.pieces[piece].at.insert(at);
                    continue;
                }
                let Some(piece) =
                    sketch.piece(NAME, Form::Implied, parent(&path), definition.form, &full, at)
                else {
                    continue;
                };
                let own = &mut sketch.pieces[piece];
                own.kind = Some(Kind::Api);
                own.typ = Some(definition.form.to_owned());
                own.names = [full.clone()].into();
                own.name.clone_from(&full);
                own.keys.extend(key(&package, &service));
                sketch.interfaces.entry(service).or_default().insert(piece);
            }
        }
    }
}

/// The services that a definition describes.
fn defined(code: &Code<'_>) -> Vec<(String, String, u32)> {
    let mut package = String::new();
    let mut services = Vec::new();
    let mut depth = 0usize;
    for at in 0..code.len() {
        match code.get(at) {
            Some(Token::Sign('{')) => depth += 1,
            Some(Token::Sign('}')) => depth = depth.saturating_sub(1),
            Some(Token::Word("package")) if depth == 0 && package.is_empty() => {
                let mut next = at + 1;
                while let Some(word) = code.word(next) {
                    package.push_str(word);
                    if !code.is_sign(next + 1, '.') {
                        break;
                    }
                    package.push('.');
                    next += 2;
                }
            }
            Some(Token::Word("service")) if depth == 0 => {
                services
                    .extend(code.word(at + 1).map(|name| (package.clone(), name.to_owned(), code.line(at))));
            }
            _ => {}
        }
    }
    services
}

/// The services that generated code names in full, as the path of a method: `"/shop.v1.Cart/Add"`. The definition
/// may lie in another repository.
fn generated(code: &Code<'_>) -> Vec<(String, String, u32)> {
    let mut services: Vec<(String, String, u32)> = Vec::new();
    for at in 0..code.len() {
        let Some((full, method)) =
            code.text(at).and_then(|text| text.strip_prefix('/')).and_then(|text| text.split_once('/'))
        else {
            continue;
        };
        let Some((package, service)) = full.rsplit_once('.') else { continue };
        let is_name = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.')
        };
        let is_known = services.iter().any(|(known, name, _)| known == package && name == service);
        if is_name(package) && is_name(service) && is_name(method) && !is_known && services.len() < 64 {
            services.push((package.to_owned(), service.to_owned(), code.line(at)));
        }
    }
    services
}

/// Words that say nothing about whose interface it is.
const COMMON_PACKAGES: &[&str] = &[
    "proto",
    "pb",
    "api",
    "main",
    "grpc",
    "rpc",
    "service",
    "services",
    "helloworld",
    "example",
    "test",
    "v1",
    "v2",
    "v1beta1",
    "v1alpha1",
    "common",
    "demo",
    "greet",
    "greeter",
    "protobuf",
    "protos",
    "server",
    "client",
    "app",
    "internal",
];

/// The key of a service whose package tells whose it is: `shop.v1.Cart`, not `cart.Cart` or `proto.Cart`.
fn key(package: &str, service: &str) -> Option<Key> {
    let own = service.to_ascii_lowercase();
    let own = own.trim_end_matches("service");
    let tells = package.split('.').any(|label| {
        let label = label.to_ascii_lowercase();
        !label.is_empty()
            && !COMMON_PACKAGES.contains(&label.as_str())
            && label.trim_end_matches("service") != own
    });
    tells.then(|| format!("proto:{package}.{service}").parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_only_repeats_the_service_is_no_key() {
        assert!(key("shop.v1", "Cart").is_some());
        for (package, service) in
            [("cart", "Cart"), ("cart.v1", "CartService"), ("proto", "Cart"), ("", "Cart")]
        {
            assert!(key(package, service).is_none(), "{package}");
        }
    }
}
