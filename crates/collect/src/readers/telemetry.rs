//! What collects logs, metrics and traces: Prometheus, Promtail, Alloy, Grafana's data sources, Beats, Logstash,
//! Fluentd, Fluent Bit, Vector, the OpenTelemetry Collector. What is scraped is monitored by whoever the file belongs
//! to; what is shipped goes on to a store.

mod documents;
mod statements;

use crate::hosts::{HostForm, host_form};
use crate::link::{Origin, Place, Sketch, Target, WATCHES, parent};
use crate::values::addresses;

use super::{Inner, ReadResult, Reader, SourceFile};

const NAME: &str = "telemetry";

/// Whose settings a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Prometheus,
    Promtail,
    Alloy,
    Grafana,
    Beats,
    Logstash,
    Fluentd,
    FluentBit,
    Vector,
    Collector,
}

impl Tool {
    /// What names of images that run it contain.
    fn words(self) -> &'static [&'static str] {
        match self {
            Tool::Prometheus => &["prometheus", "vmagent", "victoria-metrics"],
            Tool::Promtail => &["promtail"],
            Tool::Alloy => &["alloy"],
            Tool::Grafana => &["grafana", "otel-lgtm"],
            Tool::Beats => &["filebeat", "metricbeat", "heartbeat", "packetbeat", "auditbeat"],
            Tool::Logstash => &["logstash"],
            Tool::Fluentd => &["fluentd"],
            Tool::FluentBit => &["fluent-bit"],
            Tool::Vector => &["vector"],
            Tool::Collector => &["opentelemetry-collector", "otelcol", "otel-collector"],
        }
    }
}

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It is asked how it is.
    Watched,
    /// Logs go there.
    Logs,
    /// It is read from when somebody asks.
    Needed,
    /// What it is and what the setting is called tell.
    ByType,
}

impl Use {
    fn relation(self) -> Option<&'static str> {
        match self {
            Use::Watched => Some(WATCHES),
            Use::Logs => Some("logs_to"),
            Use::Needed => Some("depends_on"),
            Use::ByType => None,
        }
    }
}

/// An address in a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) setting: String,
    pub(super) value: String,
    pub(super) line: u32,
    pub(super) used: Use,
}

impl Said {
    pub(super) fn new(setting: impl Into<String>, value: &str, line: u32, used: Use) -> Said {
        Said { setting: setting.into(), value: value.to_owned(), line, used }
    }
}

/// What one file says.
pub(crate) struct Settings {
    tool: Tool,
    said: Vec<Said>,
}

/// The reader of these settings.
pub(crate) struct Telemetry;

impl Reader for Telemetry {
    type Facts = Settings;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] = &[
        "scrape_configs",
        "clients:",
        "datasources:",
        "output",
        "<match",
        "[OUTPUT]",
        "sinks",
        "receivers:",
        "prometheus.",
        "loki.",
        "otelcol.",
    ];

    fn wants(path: &str, name: &str) -> bool {
        if path.split('/').any(|part| part.starts_with('.') && part.len() > 1) {
            return false;
        }
        match name.rsplit_once('.').map_or("", |(_, end)| end) {
            "yaml" | "yml" | "conf" | "alloy" | "river" => true,
            "toml" => name.contains("vector") || parent(path).contains("vector"),
            _ => false,
        }
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Settings> {
        let name = file.name();
        let Some(tool) = tool_of(&name, file.text) else { return Ok(None) };
        let said = match tool {
            Tool::Logstash => statements::logstash(file.text),
            Tool::Alloy => statements::alloy(file.text),
            Tool::Fluentd => Ok(statements::fluentd(file.text)),
            Tool::FluentBit if name.ends_with(".conf") => Ok(statements::fluent_bit(file.text)),
            Tool::Vector if name.ends_with(".toml") => {
                crate::parse::parse_toml(file.text).map(|root| documents::read(tool, &root))
            }
            _ => file.yaml().map(|all| all.iter().flat_map(|root| documents::read(tool, root)).collect()),
        };
        match said {
            Ok(said) => Ok((!said.is_empty()).then_some(Settings { tool, said })),
            Err(_) if file.is_template() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn link(facts: Vec<(String, Settings)>, sketch: &mut Sketch<'_>) {
        for (path, settings) in facts {
            for origin in origins_of(&path, settings.tool, sketch) {
                for said in &settings.said {
                    mention(sketch, NAME, &origin, said, &(path.clone(), said.line), None);
                }
            }
        }
    }
}

/// Whether a file is one of these, so that no other reader has to guess at its addresses.
pub(super) fn is_of_telemetry(name: &str, text: &str) -> bool {
    tool_of(name, text).is_some()
}

/// Whose settings a file of this name (lower case) holds, by its content.
fn tool_of(name: &str, text: &str) -> Option<Tool> {
    let has = |word: &str| text.contains(word);
    // A key at the beginning of a line.
    let has_top = |key: &str| text.strip_prefix(key).is_some() || text.contains(&format!("\n{key}"));
    match name.rsplit_once('.').map_or("", |(_, end)| end) {
        "yaml" | "yml" if has_top("apiVersion:") && has_top("kind:") => None,
        "yaml" | "yml" => {
            if has_top("receivers:") && has_top("exporters:") {
                Some(Tool::Collector)
            } else if has_top("clients:") && (has_top("scrape_configs:") || has_top("positions:")) {
                Some(Tool::Promtail)
            } else if has_top("scrape_configs:") {
                Some(Tool::Prometheus)
            } else if has_top("datasources:") && has("url:") {
                Some(Tool::Grafana)
            } else if name.contains("beat") && has("output") {
                Some(Tool::Beats)
            } else if has_top("sinks:") && has("inputs:") {
                Some(Tool::Vector)
            } else {
                (has_top("pipeline:") && has("outputs:") && has("inputs:")).then_some(Tool::FluentBit)
            }
        }
        "toml" => (has("[sinks.") && has("inputs")).then_some(Tool::Vector),
        "alloy" | "river" => Some(Tool::Alloy),
        "conf" => {
            let begins = |word: &str| {
                let is = |line: &str| {
                    line.strip_prefix(word).is_some_and(|rest| rest.trim_start().starts_with('{'))
                };
                text.lines().any(is)
            };
            if has("<match") && has("@type") {
                Some(Tool::Fluentd)
            } else if has("[OUTPUT]") {
                Some(Tool::FluentBit)
            } else {
                (begins("output") || begins("input") && begins("filter")).then_some(Tool::Logstash)
            }
        }
        _ => None,
    }
}

/// Who such settings belong to: who mounts them, whose code they lie with, else the only piece that runs the tool.
fn origins_of(path: &str, tool: Tool, sketch: &Sketch<'_>) -> Vec<Origin> {
    super::routes::origins_by(path, sketch, &|image| {
        !image.contains("exporter") && tool.words().iter().any(|word| image.contains(word))
    })
}

/// A name that nothing else knows is none; a full name on the internet that something is sent to is outside.
fn mention(
    sketch: &mut Sketch<'_>,
    reader: &'static str,
    origin: &Origin,
    said: &Said,
    at: &Place,
    env: Option<&str>,
) {
    if crate::values::is_secret_name(&said.setting) {
        return;
    }
    for address in addresses(&said.setting, &said.value) {
        let strong = said.used != Use::Watched && host_form(&address.host) == HostForm::External;
        let target = Target::Address { name: said.setting.clone(), address, strong };
        sketch.mention(reader, origin.clone(), target, said.used.relation(), at.clone(), env);
    }
}

/// Such settings inside another file: whether it was one.
pub(super) fn mention_inner(sketch: &mut Sketch<'_>, inner: &Inner<'_>) -> bool {
    let Some(settings) = inner.read::<Telemetry>() else { return false };
    for said in &settings.said {
        mention(sketch, inner.reader, inner.origin, said, &inner.place(said.line), inner.env);
    }
    true
}
