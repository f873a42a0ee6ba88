//! Terraform and OpenTofu: resources of the large clouds that are pieces, by a table, and what names them in the
//! environment of functions and services, in event sources, subscriptions and integrations.

mod blocks;
pub(super) mod resources;

use std::collections::{BTreeMap, BTreeSet};

use crate::link::{Form, Image, Origin, Place, Sketch, Target, base_name, parent};
use crate::products;

use super::compose::{ENVIRONMENTS, resolve};
use super::{ReadResult, Reader, SourceFile};
use blocks::Block;

const NAME: &str = "terraform";

/// The blocks of one file.
pub(crate) struct TerraformFile(Vec<Block>);

/// The reader of Terraform files.
pub(crate) struct Terraform;

impl Reader for Terraform {
    type Facts = TerraformFile;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] = &["resource", "module", "false"];

    fn wants(path: &str, name: &str) -> bool {
        (name.ends_with(".tf") || name.ends_with(".tofu") || is_values(name))
            && !path.starts_with(".github/")
            && !path.contains("/.github/")
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<TerraformFile> {
        if is_values(&file.name()) {
            let mut blocks = blocks::read(&format!("values {{\n{}\n}}\n", file.text));
            // Only what switches something is of interest; the others may be secrets.
            for block in &mut blocks {
                block.attributes.retain(|one| matches!(one.literal.as_deref(), Some("true" | "false")));
            }
            return Ok(Some(TerraformFile(blocks)));
        }
        let blocks = blocks::read(file.text);
        Ok((!blocks.is_empty()).then_some(TerraformFile(blocks)))
    }

    fn link(facts: Vec<(String, TerraformFile)>, sketch: &mut Sketch<'_>) {
        let mut folders: BTreeMap<&str, Vec<(&str, &Block)>> = BTreeMap::new();
        for (path, file) in &facts {
            folders
                .entry(parent(path))
                .or_default()
                .extend(file.0.iter().map(|block| (path.as_str(), block)));
        }
        let used: BTreeSet<String> = folders
            .iter()
            .flat_map(|(folder, blocks)| blocks.iter().map(move |(_, block)| (*folder, *block)))
            .filter(|(_, block)| block.kind == "module")
            .filter_map(|(folder, block)| resolve(folder, block.literal("source")?))
            .collect();
        for (folder, blocks) in &folders {
            // A module that nothing here uses is a library.
            if folder.split('/').any(|part| part == "modules") && !used.contains(*folder) {
                continue;
            }
            link_folder(folder, blocks, sketch);
        }
    }
}

/// Whether a file of this name sets variables without being asked to.
fn is_values(name: &str) -> bool {
    name == "terraform.tfvars" || name.ends_with(".auto.tfvars")
}

/// The environment that a folder stands for, and the folder without it.
fn environment(folder: &str) -> (String, Option<String>) {
    let parts: Vec<&str> = folder.split('/').collect();
    match parts.iter().position(|part| ENVIRONMENTS.contains(&part.to_ascii_lowercase().as_str())) {
        Some(at) => (parts[..at].join("/"), Some(parts[at].to_ascii_lowercase())),
        None => (folder.to_owned(), None),
    }
}

/// Labels that only say that there is one of its kind.
fn is_generic(label: &str) -> bool {
    matches!(
        label,
        "this"
            | "main"
            | "default"
            | "self"
            | "primary"
            | "db"
            | "database"
            | "cluster"
            | "instance"
            | "bucket"
            | "queue"
            | "topic"
            | "lambda"
            | "function"
            | "service"
            | "server"
            | "api"
            | "lb"
            | "alb"
            | "cache"
            | "redis"
    )
}

fn link_folder(folder: &str, blocks: &[(&str, &Block)], sketch: &mut Sketch<'_>) {
    let (shown, env) = environment(folder);
    let env = env.as_deref();
    let mut pieces: BTreeMap<String, (usize, &'static str)> = BTreeMap::new();
    // What is no piece may still name some: locals, task definitions.
    let mut between: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut switches: BTreeMap<&str, &str> = BTreeMap::new();
    for (_, block) in blocks {
        if let (Some(name), Some(value)) = (block.labels.first(), block.literal("default"))
            && block.kind == "variable"
        {
            switches.entry(name).or_insert(value);
        }
        for attribute in block.attributes.iter().filter(|_| block.kind == "values") {
            switches.extend(attribute.literal.as_deref().map(|value| (attribute.path.as_str(), value)));
        }
    }
    let on: BTreeSet<&str> =
        switches.into_iter().filter(|(_, value)| *value == "true").map(|(name, _)| name).collect();
    for (path, block) in blocks {
        if is_off(block, &on) {
            continue;
        }
        if let Some((address, piece, typ)) = link_piece(path, folder, &shown, env, block, sketch) {
            pieces.insert(address, (piece, typ));
        } else if block.kind == "locals" {
            for attribute in &block.attributes {
                let names = attribute.names.iter().map(|(name, _)| name.clone());
                between.entry(format!("local.{}", attribute.path)).or_default().extend(names);
            }
        } else if let [kind, label] = block.labels.as_slice()
            && kind.ends_with("task_definition")
        {
            let names = block.attributes.iter().flat_map(|attribute| &attribute.names);
            between.entry(format!("{kind}.{label}")).or_default().extend(names.map(|(name, _)| name.clone()));
        }
    }
    let mut say = |from: usize, to: &str, relation: Option<&'static str>, at: Place| {
        let target = Target::Name { name: to.to_lowercase(), starts: false };
        sketch.mention(NAME, Origin::Piece(from), target, relation, at, env);
    };
    for (path, block) in blocks {
        let own = address(block);
        let found = |attribute: &blocks::Attribute| -> Vec<(String, u32)> {
            let mut out = Vec::new();
            for (name, line) in &attribute.names {
                let through = between.get(name).into_iter().flatten();
                let further = through.clone().filter_map(|name| between.get(name)).flatten();
                out.extend(
                    [name]
                        .into_iter()
                        .chain(through.clone())
                        .chain(further)
                        .map(|name| (name.clone(), *line)),
                );
            }
            out.retain(|(name, _)| pieces.contains_key(name));
            out
        };
        if let Some((piece, typ)) = own.as_ref().and_then(|own| pieces.get(own)) {
            if !matches!(*typ, "function" | "service" | "job") {
                continue;
            }
            for attribute in &block.attributes {
                let is_setting = ["env", "container", "app_settings", "task_definition", "connection_string"]
                    .iter()
                    .any(|word| attribute.path.contains(word));
                if !is_setting {
                    continue;
                }
                for (name, line) in found(attribute) {
                    let Some((_, typ)) = pieces.get(&name).filter(|(other, _)| other != piece) else {
                        continue;
                    };
                    let relation = matches!(*typ, "queue" | "topic").then_some("publishes_to");
                    say(*piece, &name, relation, ((*path).to_owned(), line));
                }
            }
            continue;
        }
        let Some(kind) = block.labels.first().filter(|_| block.kind == "resource") else { continue };
        let all: Vec<(String, u32)> = block.attributes.iter().flat_map(found).collect();
        let of = |types: &[&str]| -> Vec<&(String, u32)> {
            all.iter()
                .filter(|(name, _)| pieces.get(name).is_some_and(|(_, typ)| types.contains(typ)))
                .collect()
        };
        // Who is called (or waits), and what it is reached through.
        let (ends, sources, relation) =
            if kind.contains("event_source_mapping") || kind.ends_with("subscription") {
                (of(&["function", "service", "job"]), of(&["queue", "topic", "broker"]), "subscribes_to")
            } else if kind.contains("integration") || kind.contains("listener") {
                (of(&["gateway"]), of(&["function", "service"]), "routes_to")
            } else {
                continue;
            };
        for (from, line) in &ends {
            let Some((piece, _)) = pieces.get(from) else { continue };
            for (to, _) in &sources {
                say(*piece, to, Some(relation), ((*path).to_owned(), *line));
            }
        }
        // A queue that a topic feeds.
        if ends.is_empty() && relation == "subscribes_to" {
            let (queues, topics) = (of(&["queue"]), of(&["topic"]));
            for (queue, line) in queues {
                let Some((piece, _)) = pieces.get(queue) else { continue };
                for (topic, _) in &topics {
                    say(*piece, topic, Some("subscribes_to"), ((*path).to_owned(), *line));
                }
            }
        }
    }
}

/// Whether there is none of a block, unless somebody sets a variable that nothing here switches on.
fn is_off(block: &Block, on: &BTreeSet<&str>) -> bool {
    let Some(count) = block.literal("count") else { return false };
    let Some((condition, _)) = count.split_once('?') else { return count == "0" };
    let condition = condition.trim().trim_end_matches("== true").trim();
    count.trim_end().ends_with('0') && condition.strip_prefix("var.").is_some_and(|name| !on.contains(name))
}

/// How other blocks name this one.
fn address(block: &Block) -> Option<String> {
    match (block.kind.as_str(), block.labels.as_slice()) {
        ("resource", [kind, label]) => Some(format!("{kind}.{label}")),
        ("module", [label]) => Some(format!("module.{label}")),
        _ => None,
    }
}

/// A block that is a piece: its address, the piece, its type.
fn link_piece(
    path: &str,
    folder: &str,
    shown: &str,
    env: Option<&str>,
    block: &Block,
    sketch: &mut Sketch<'_>,
) -> Option<(String, usize, &'static str)> {
    let address = address(block)?;
    let resource = match block.kind.as_str() {
        "resource" => resources::of_resource(block.labels.first()?)?,
        _ => resources::of_module(block.literal("source")?)?,
    };
    let label = block.labels.last()?;
    let named = resource.names.iter().find_map(|name| block.literal(name)).filter(|name| !name.is_empty());
    let name = match named {
        Some(name) => name.to_owned(),
        // Terraform writes words with `_`, what runs is called with `-`.
        None if is_generic(label) && !folder.is_empty() => base_name(folder).to_owned(),
        None => label.replace('_', "-"),
    };
    // Where Terraform keeps its own state is no part of what it sets up.
    let words = crate::values::words(&name);
    if resource.typ == "storage"
        && words.iter().any(|word| matches!(word.as_str(), "terraform" | "tfstate" | "tf"))
    {
        return None;
    }
    let runs = matches!(resource.typ, "function" | "service" | "job");
    // What holds data is no code of its name.
    let form = if runs { Form::Deployed } else { Form::Implied };
    let full = format!(
        "{}/{name}",
        block.labels.first().filter(|_| block.kind == "resource").map_or("module", String::as_str)
    );
    let known = sketch.pieces.len();
    let piece = sketch.piece(NAME, form, shown, NAME, &full, (path.to_owned(), block.line))?;
    sketch.set_env(piece, env, piece == known);
    let own = &mut sketch.pieces[piece];
    own.stack = Some(format!("terraform {folder}"));
    own.names.insert(address.to_lowercase());
    own.typ = Some(resource.typ.to_owned());
    own.kind = Some(products::entity_of(resource.typ));
    let engine = block.literal("engine").map(|engine| engine.trim_start_matches("aurora-"));
    own.product = engine.and_then(products::by_word).or_else(|| products::by_product_name(resource.product));
    if let Some(image) = block.literal("image_uri").or_else(|| block.literal("image")).and_then(Image::parse)
    {
        own.images.insert(image);
    }
    Some((address, piece, resource.typ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::People;
    use crate::in_memory::read_files;
    use stave_model::Reference;

    struct Nobody;

    impl People for Nobody {
        fn person(&self, _address: &str, _name: Option<&str>) -> Option<Reference> {
            None
        }
    }

    /// Types, and relations as `FROM TYPE TO`.
    fn facts(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
        let claims = read_files("h.dev/o/r", &files, &Nobody).remove(NAME).unwrap_or_default();
        let mut out: Vec<String> = claims
            .iter()
            .filter(|claim| {
                claim.kind == "type" || claim.kind.ends_with("_to") || claim.kind.ends_with("_in")
            })
            .map(|claim| {
                let short = |reference: &Reference| base_name(reference.short_name()).to_owned();
                let other = claim.to.as_ref().and_then(|to| to.parse().ok()).map(|to| short(&to));
                let value = claim.value.as_ref().map(ToString::to_string).filter(|_| claim.kind == "type");
                format!("{} {} {}", short(&claim.of), claim.kind, other.or(value).unwrap_or_default())
            })
            .collect();
        out.sort();
        out
    }

    const MAIN: &str = r#"
resource "aws_dynamodb_table" "orders" {
  name = "orders"
}
resource "aws_sqs_queue" "paid" {}
resource "aws_sns_topic" "news" {}
resource "aws_iam_role" "role" {
  name = "role"
}
locals {
  common = { TABLE = aws_dynamodb_table.orders.name }
}
resource "aws_lambda_function" "order_api" {
  role = aws_iam_role.role.arn
  environment {
    variables = merge(local.common, {
      QUEUE    = aws_sqs_queue.paid.url
      PASSWORD = "hush-hush"
    })
  }
}
resource "aws_lambda_function" "mailer" {}
resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = aws_sqs_queue.paid.arn
  function_name    = aws_lambda_function.mailer.arn
}
resource "aws_sns_topic_subscription" "s" {
  topic_arn = aws_sns_topic.news.arn
  endpoint  = aws_lambda_function.mailer.arn
}
resource "aws_apigatewayv2_api" "front" {}
resource "aws_apigatewayv2_integration" "i" {
  api_id          = aws_apigatewayv2_api.front.id
  integration_uri = aws_lambda_function.order_api.invoke_arn
}
"#;

    #[test]
    fn resources_are_pieces_and_what_names_them_needs_them() {
        assert_eq!(
            facts(&[("infra/main.tf", MAIN)]),
            [
                "front routes_to order-api",
                "front type \"gateway\"",
                "mailer subscribes_to news",
                "mailer subscribes_to paid",
                "mailer type \"function\"",
                "news type \"topic\"",
                "order-api publishes_to paid",
                "order-api stores_in orders",
                "order-api type \"function\"",
                "orders type \"database\"",
                "paid type \"queue\"",
            ]
        );
    }

    #[test]
    fn a_module_that_nothing_uses_is_no_piece() {
        let queue = "resource \"aws_sqs_queue\" \"this\" {}\n";
        assert!(facts(&[("modules/mail/main.tf", queue)]).is_empty());
        let root = "module \"mail\" {\n  source = \"./modules/mail\"\n}\n";
        assert_eq!(facts(&[("modules/mail/main.tf", queue), ("main.tf", root)]), ["mail type \"queue\""]);
    }

    #[test]
    fn what_a_variable_leaves_off_is_no_piece() {
        let cache = |default: &str| {
            format!(
                "variable \"c\" {{\n  default = {default}\n}}\nresource \"google_redis_instance\" \"c\" {{\n  count = var.c ? 1 : 0\n}}\n"
            )
        };
        assert!(facts(&[("main.tf", &cache("false"))]).is_empty());
        assert_eq!(facts(&[("main.tf", &cache("true"))]), ["c type \"cache\""]);
        assert!(facts(&[("main.tf", &cache("true")), ("terraform.tfvars", "c = false\n")]).is_empty());
    }

    #[test]
    fn secrets_are_no_part_of_any_claim() {
        let files: [(&str, &[u8]); 1] = [("main.tf", MAIN.as_bytes())];
        let claims = read_files("h.dev/o/r", &files, &Nobody);
        assert!(!format!("{claims:?}").contains("hush"));
    }
}
