//! Settings in forms of their own: Logstash, Alloy, Fluentd, Fluent Bit.

use crate::limits;
use crate::parse::{Block, Ends, ParseError, parse_blocks};

use super::documents::{is_address_key, is_log_output};
use super::{Said, Use};

/// Names and their values in a statement: `hosts => "a:1" "b:2" index => x`.
fn pairs<'a>(words: &'a [String], sign: &str) -> Vec<(&'a str, Vec<&'a str>)> {
    let mut out: Vec<(&str, Vec<&str>)> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if word == sign {
            continue;
        }
        if words.get(at + 1).is_some_and(|next| next == sign) {
            out.push((word, Vec::new()));
        } else if let Some((_, values)) = out.last_mut() {
            values.push(word);
        }
    }
    out
}

fn each<'a>(blocks: &'a [Block], visit: &mut dyn FnMut(&[&'a str], &'a Block)) {
    let mut around = Vec::new();
    for block in blocks {
        block.walk(&mut around, visit);
    }
}

pub(super) fn logstash(text: &str) -> Result<Vec<Said>, ParseError> {
    let blocks = parse_blocks(text, Ends::Line)?;
    let mut said = Vec::new();
    each(&blocks, &mut |around, block| {
        let (Some(direction), Some(plugin)) = (around.first(), around.last()) else { return };
        // Inputs mostly listen; those that fetch say where.
        let fetches = matches!(
            *plugin,
            "kafka" | "redis" | "rabbitmq" | "jdbc" | "elasticsearch" | "http_poller" | "sqs"
        );
        let used = match *direction {
            "output" if is_log_output(plugin) => Use::Logs,
            "output" => Use::ByType,
            "input" | "filter" if fetches => Use::ByType,
            _ => return,
        };
        for (key, values) in pairs(&block.words, "=>").into_iter().filter(|(key, _)| is_address_key(key)) {
            let setting = format!("{direction}.{plugin}.{key}");
            said.extend(values.iter().map(|value| Said::new(setting.as_str(), value, block.line, used)));
        }
    });
    Ok(said)
}

pub(super) fn alloy(text: &str) -> Result<Vec<Said>, ParseError> {
    let blocks = parse_blocks(text, Ends::Line)?;
    let mut said = Vec::new();
    each(&blocks, &mut |around, block| {
        let Some(component) = around.first() else { return };
        for (key, values) in pairs(&block.words, "=") {
            let used = match (key, *component) {
                ("__address__", _) => Use::Watched,
                ("url" | "endpoint", "loki.write") => Use::Logs,
                ("url" | "endpoint", _)
                    if component.ends_with("write") || component.starts_with("otelcol.exporter") =>
                {
                    Use::ByType
                }
                _ => continue,
            };
            let setting =
                if used == Use::Watched { "targets".to_owned() } else { format!("output.{component}.{key}") };
            said.extend(values.iter().map(|value| Said::new(setting.as_str(), value, block.line, used)));
        }
    });
    Ok(said)
}

fn numbered(text: &str) -> impl Iterator<Item = (&str, u32)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| line.len() <= limits::LINE_BYTES)
        .map(|(index, line)| (line.trim(), u32::try_from(index).unwrap_or(u32::MAX - 1) + 1))
        .filter(|(line, _)| !line.is_empty() && !line.starts_with('#'))
}

/// An element of Fluentd's settings that is still open.
struct Element<'a> {
    tag: &'a str,
    plugin: &'a str,
    values: Vec<(&'a str, &'a str, u32)>,
}

/// `<match x>`, `@type y`, `host z`, `</match>`.
pub(super) fn fluentd(text: &str) -> Vec<Said> {
    let mut said = Vec::new();
    let mut open: Vec<Element<'_>> = Vec::new();
    for (line, number) in numbered(text) {
        if line.starts_with("</") {
            let Some(done) = open.pop() else { continue };
            let is_output = |tag: &str| matches!(tag, "match" | "store");
            // A `<server>` inside is one of the output around it.
            let outer = open.iter().rev().find(|element| is_output(element.tag));
            let (tag, plugin) = match outer {
                Some(outer) if !is_output(done.tag) => (outer.tag, outer.plugin),
                _ => (done.tag, done.plugin),
            };
            let used = match tag {
                "match" | "store" if is_log_output(plugin) => Use::Logs,
                "match" | "store" => Use::ByType,
                _ => continue,
            };
            for (key, value, line) in done.values.into_iter().filter(|(key, _, _)| is_address_key(key)) {
                said.push(Said::new(format!("output.{plugin}.{key}"), value, line, used));
            }
            continue;
        }
        if let Some(tag) = line.strip_prefix('<') {
            let tag = tag.split([' ', '>']).next().unwrap_or(tag);
            if open.len() < limits::DOCUMENT_DEPTH {
                open.push(Element { tag, plugin: "", values: Vec::new() });
            }
            continue;
        }
        let Some((key, value)) = line.split_once(char::is_whitespace) else { continue };
        let Some(element) = open.last_mut() else { continue };
        let value = value.trim().trim_matches(['"', '\'']);
        if matches!(key, "@type" | "type") {
            element.plugin = value;
        } else {
            element.values.push((key, value, number));
        }
    }
    said
}

/// Sections `[OUTPUT]` with `Name value` lines.
pub(super) fn fluent_bit(text: &str) -> Vec<Said> {
    let mut said = Vec::new();
    let mut plugin: Option<String> = None;
    for (line, number) in numbered(text) {
        if line.starts_with('[') {
            plugin = line.eq_ignore_ascii_case("[OUTPUT]").then(String::new);
            continue;
        }
        let Some(plugin) = &mut plugin else { continue };
        let Some((key, value)) = line.split_once(char::is_whitespace) else { continue };
        let (key, value) = (key.to_ascii_lowercase(), value.trim());
        if key == "name" {
            *plugin = value.to_ascii_lowercase();
        } else if is_address_key(&key) {
            let used = if is_log_output(plugin) { Use::Logs } else { Use::ByType };
            said.push(Said::new(format!("output.{plugin}.{key}"), value, number, used));
        }
    }
    said
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn short(said: &[Said]) -> Vec<String> {
        said.iter()
            .map(|said| format!("{:?} {} {} @{}", said.used, said.setting, said.value, said.line))
            .collect()
    }

    #[test]
    fn logstash_outputs_and_fetching_inputs() {
        let text = "input {\n  beats { port => 5044 host => \"0.0.0.0\" }\n  kafka { bootstrap_servers => \"k:9092\" topics => [\"t\"] }\n}\noutput {\n  if [x] == \"y\" {\n    elasticsearch { hosts => [\"a:9200\",\n      \"b:9200\"] index => \"i\" }\n  }\n}\n";
        assert_eq!(
            short(&logstash(text).unwrap()),
            [
                "ByType input.kafka.bootstrap_servers k:9092 @3",
                "ByType output.elasticsearch.hosts a:9200 @7",
                "ByType output.elasticsearch.hosts b:9200 @7"
            ]
        );
    }

    #[test]
    fn fluentd_and_fluent_bit() {
        let text = "<source>\n @type forward\n bind 0.0.0.0\n</source>\n<match **>\n @type copy\n <store>\n  @type elasticsearch\n  host es\n </store>\n</match>\n<match a>\n @type forward\n <server>\n  host next\n </server>\n</match>\n";
        assert_eq!(
            short(&fluentd(text)),
            ["ByType output.elasticsearch.host es @9", "Logs output.forward.host next @15"]
        );
        let text = "[INPUT]\n Name forward\n Host 0.0.0.0\n[OUTPUT]\n Name  loki\n Host  l\n";
        assert_eq!(short(&fluent_bit(text)), ["Logs output.loki.host l @6"]);
    }

    #[test]
    fn alloy_scrapes_and_writes() {
        let text = "prometheus.scrape \"x\" {\n  targets = [\n    {\"__address__\" = \"a:1\", \"job\" = \"a\"},\n    {\"__address__\" = \"b:2\"},\n  ]\n}\nloki.write \"l\" {\n  endpoint {\n    url = \"http://l:3100/loki/api/v1/push\"\n  }\n}\n";
        assert_eq!(
            short(&alloy(text).unwrap()),
            [
                "Watched targets a:1 @3",
                "Watched targets b:2 @4",
                "Logs output.loki.write.url http://l:3100/loki/api/v1/push @9"
            ]
        );
    }
}
