//! Settings in YAML and TOML.

use std::collections::{BTreeMap, BTreeSet};

use crate::parse::Node;
use crate::values::is_address_name;

use super::{Said, Tool, Use};

pub(super) fn read(tool: Tool, root: &Node) -> Vec<Said> {
    let mut said = Vec::new();
    match tool {
        Tool::Prometheus => prometheus(root, &mut said),
        Tool::Promtail => {
            for client in root.items_of("clients") {
                put(client.get("url"), "clients_url", Use::Logs, &mut said);
            }
        }
        Tool::Grafana => {
            for source in root.items_of("datasources") {
                put(source.get("url"), "datasource_url", Use::Needed, &mut said);
            }
        }
        Tool::Beats => beats(root, &mut said),
        Tool::Vector => vector(root, &mut said),
        Tool::FluentBit => fluent_bit(root, &mut said),
        Tool::Collector => collector(root, &mut said),
        Tool::Alloy | Tool::Logstash | Tool::Fluentd => {}
    }
    said
}

fn put(node: Option<&Node>, setting: &str, used: Use, said: &mut Vec<Said>) {
    let items = node.map_or(&[][..], Node::items).iter();
    said.extend(items.filter_map(|item| Some(Said::new(setting, item.text()?, item.line, used))));
}

fn prometheus(root: &Node, said: &mut Vec<Said>) {
    for job in root.items_of("scrape_configs") {
        for group in job.items_of("static_configs") {
            put(group.get("targets"), "targets", Use::Watched, said);
        }
        for group in job.items_of("dns_sd_configs") {
            put(group.get("names"), "targets", Use::Watched, said);
        }
        for group in job.items_of("consul_sd_configs") {
            put(group.get("server"), "consul_server", Use::Needed, said);
        }
    }
    for key in ["remote_write", "remote_read"] {
        for one in root.items_of(key) {
            put(one.get("url"), "remote_url", Use::ByType, said);
        }
    }
    for manager in root.at(&["alerting", "alertmanagers"]).map_or(&[][..], Node::items) {
        for group in manager.items_of("static_configs") {
            put(group.get("targets"), "alertmanager_targets", Use::ByType, said);
        }
    }
}

/// Outputs that only hand logs on to another collector or log store.
pub(super) fn is_log_output(plugin: &str) -> bool {
    [
        "logstash",
        "loki",
        "forward",
        "gelf",
        "syslog",
        "splunk",
        "lumberjack",
        "papertrail",
        "fluent",
        "beats",
        "seq",
    ]
    .iter()
    .any(|word| plugin.contains(word))
}

/// Whether a setting of an output or input holds an address.
pub(super) fn is_address_key(key: &str) -> bool {
    is_address_name(key) || key.ends_with("bootstrap_servers") || key.ends_with("connection_string")
}

/// A key of a list's item without its position: `hosts[0]` is `hosts`.
fn without_position(key: &str) -> &str {
    key.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '[' | ']'))
}

/// `output.NAME.hosts`, written with dots or as a tree.
fn beats(root: &Node, said: &mut Vec<Said>) {
    for (key, value, line) in root.flatten() {
        let bare = without_position(&key);
        if !is_address_key(bare) {
            continue;
        }
        let used = if let Some(output) = key.strip_prefix("output.") {
            if is_log_output(output) { Use::Logs } else { Use::ByType }
        } else if key.starts_with("setup.kibana.") {
            Use::Needed
        } else if key.starts_with("metricbeat.modules") || key.starts_with("heartbeat.monitors") {
            said.push(Said::new("targets", value, line, Use::Watched));
            continue;
        } else {
            continue;
        };
        said.push(Said::new(bare, value, line, used));
    }
}

fn vector(root: &Node, said: &mut Vec<Said>) {
    for (name, sink) in root.entries_of("sinks") {
        let plugin = sink.text_of("type").unwrap_or(name);
        let used = if is_log_output(plugin) { Use::Logs } else { Use::ByType };
        addresses_of(sink, &format!("output.{plugin}"), used, said);
    }
    for (_, source) in root.entries_of("sources") {
        match source.text_of("type") {
            Some("prometheus_scrape") => put(source.get("endpoints"), "targets", Use::Watched, said),
            Some("kafka" | "amqp" | "nats" | "redis") => addresses_of(source, "input", Use::ByType, said),
            // Others listen.
            _ => {}
        }
    }
}

fn fluent_bit(root: &Node, said: &mut Vec<Said>) {
    let Some(pipeline) = root.get("pipeline") else { return };
    for output in pipeline.items_of("outputs") {
        let plugin = output.text_of("name").unwrap_or("");
        let used = if is_log_output(plugin) { Use::Logs } else { Use::ByType };
        addresses_of(output, &format!("output.{plugin}"), used, said);
    }
}

/// Every address below a node, as a setting with `prefix`.
fn addresses_of(node: &Node, prefix: &str, used: Use, said: &mut Vec<Said>) {
    for (key, value, line) in node.flatten() {
        let bare = without_position(&key);
        if is_address_key(bare) {
            said.push(Said::new(format!("{prefix}.{bare}"), value, line, used));
        }
    }
}

/// Exporters of the collector that answer rather than send.
const ANSWERING: &[&str] = &["prometheus", "zpages"];
/// Exporters that keep what they get: what they write to tells the relation.
const KEEPING: &[&str] = &[
    "elasticsearch",
    "opensearch",
    "clickhouse",
    "kafka",
    "pulsar",
    "rabbitmq",
    "mongodb",
    "cassandra",
    "influxdb",
];
/// Receivers that read from what sends to them: a queue.
const READING: &[&str] = &["kafka", "pulsar", "rabbitmq"];
/// Receivers that ask the piece at their address how it is; all others listen there.
const ASKING: &[&str] = &[
    "redis",
    "postgresql",
    "mysql",
    "mongodb",
    "nginx",
    "apache",
    "elasticsearch",
    "memcached",
    "haproxy",
    "httpcheck",
    "tcpcheck",
    "kafkametrics",
    "zookeeper",
    "couchdb",
    "sqlserver",
    "oracledb",
    "aerospike",
    "flinkmetrics",
    "riak",
    "iis",
    "jmx",
    "snmp",
    "prometheus_simple",
];

fn collector(root: &Node, said: &mut Vec<Said>) {
    // Which kinds of signals each exporter gets.
    let mut signals: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let pipelines = root.at(&["service", "pipelines"]).map_or(&[][..], Node::entries);
    for (pipeline, node) in pipelines {
        let signal = pipeline.split('/').next().unwrap_or(pipeline);
        for exporter in node.items_of("exporters").iter().filter_map(Node::text) {
            signals.entry(exporter).or_default().insert(signal);
        }
    }
    for (name, exporter) in root.entries_of("exporters") {
        let plugin = name.split('/').next().unwrap_or(name);
        let used_in = signals.get(&**name);
        if ANSWERING.contains(&plugin) || !pipelines.is_empty() && used_in.is_none() {
            continue;
        }
        let only_logs = used_in.is_some_and(|signals| signals.len() == 1 && signals.contains("logs"));
        let used = if only_logs && !KEEPING.contains(&plugin) { Use::Logs } else { Use::ByType };
        addresses_of(exporter, &format!("output.{plugin}"), used, said);
    }
    for (name, receiver) in root.entries_of("receivers") {
        let plugin = name.split('/').next().unwrap_or(name);
        if plugin == "prometheus" {
            receiver.get("config").into_iter().for_each(|config| prometheus(config, said));
        } else if READING.contains(&plugin) {
            addresses_of(receiver, "input", Use::ByType, said);
        } else if ASKING.contains(&plugin) {
            for (key, value, line) in receiver.flatten() {
                if is_address_key(&key) {
                    said.push(Said::new("targets", value, line, Use::Watched));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::parse::{parse_toml, parse_yaml};

    fn say(tool: Tool, text: &str) -> Vec<String> {
        let root = if text.starts_with('[') {
            parse_toml(text).unwrap()
        } else {
            parse_yaml(text, 0).unwrap().remove(0)
        };
        read(tool, &root)
            .iter()
            .map(|said| format!("{:?} {} {}", said.used, said.setting, said.value))
            .collect()
    }

    #[test]
    fn prometheus_watches_and_writes() {
        let text = "scrape_configs:\n- static_configs: [{targets: [\"a:1\", b]}]\n- dns_sd_configs: [{names: [tasks.c]}]\nremote_write: [{url: \"http://m:9/x\"}]\n";
        assert_eq!(
            say(Tool::Prometheus, text),
            [
                "Watched targets a:1",
                "Watched targets b",
                "Watched targets tasks.c",
                "ByType remote_url http://m:9/x"
            ]
        );
    }

    #[test]
    fn beats_in_both_forms() {
        let text = "output.logstash:\n  hosts: [\"l:5044\"]\noutput: {kafka: {hosts: [\"k:9092\"]}}\nmetricbeat.modules: [{module: redis, hosts: [\"r:6379\"]}]\n";
        assert_eq!(
            say(Tool::Beats, text),
            [
                "Logs output.logstash.hosts l:5044",
                "ByType output.kafka.hosts k:9092",
                "Watched targets r:6379"
            ]
        );
    }

    #[test]
    fn the_collectors_pipelines_say_what_goes_where() {
        let text = "receivers:\n  otlp: {protocols: {grpc: {endpoint: \"0.0.0.0:4317\"}}}\n  redis: {endpoint: \"r:6379\"}\n  httpcheck: {targets: [{endpoint: \"http://w:80\"}]}\n  prometheus: {config: {scrape_configs: [{static_configs: [{targets: [\"a:1\"]}]}]}}\nexporters:\n  otlp/jaeger: {endpoint: \"j:4317\"}\n  otlphttp/loki: {endpoint: \"http://l:3100/otlp\"}\n  opensearch: {http: {endpoint: \"http://o:9200\"}}\n  prometheus: {endpoint: \"0.0.0.0:9464\"}\n  otlp/unused: {endpoint: \"u:1\"}\nservice:\n  pipelines:\n    traces: {exporters: [otlp/jaeger]}\n    logs/x: {exporters: [otlphttp/loki, opensearch]}\n";
        assert_eq!(
            say(Tool::Collector, text),
            [
                "ByType output.otlp.endpoint j:4317",
                "Logs output.otlphttp.endpoint http://l:3100/otlp",
                "ByType output.opensearch.http.endpoint http://o:9200",
                "Watched targets r:6379",
                "Watched targets http://w:80",
                "Watched targets a:1"
            ]
        );
    }

    #[test]
    fn vector_and_fluent_bit() {
        let text = "[sources.m]\ntype = \"prometheus_scrape\"\nendpoints = [\"http://a:1/metrics\"]\n[sinks.l]\ntype = \"loki\"\ninputs = [\"m\"]\nendpoint = \"http://l:3100\"\n";
        assert_eq!(
            say(Tool::Vector, text),
            ["Logs output.loki.endpoint http://l:3100", "Watched targets http://a:1/metrics"]
        );
        let text = "pipeline:\n  outputs: [{name: es, host: e, port: 9200}]\n";
        assert_eq!(say(Tool::FluentBit, text), ["ByType output.es.host e"]);
    }
}
