//! Small charts of the usual kinds.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::in_memory::read_files;
use crate::{People, readers::SourceFile};
use stave_model::{Claim, Reference};

struct Nobody;

impl People for Nobody {
    fn person(&self, _address: &str, _name: Option<&str>) -> Option<Reference> {
        None
    }
}

fn claims(files: &[(&str, &str)]) -> Vec<Claim> {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    read_files("h.dev/o/r", &files, &Nobody).remove(NAME).unwrap_or_default()
}

/// Facts of a type: of and to, or of and value, with the environments.
fn facts(claims: &[Claim], wanted: &str) -> Vec<String> {
    let mut out: Vec<String> = claims
        .iter()
        .filter(|claim| claim.kind == wanted)
        .map(|claim| {
            let short = |reference: &Reference| reference.short_name().to_owned();
            let other = claim.to.as_ref().map(ToString::to_string).unwrap_or_default();
            let other = other.parse::<Reference>().map_or(other, |reference| short(&reference));
            let value = claim.value.as_ref().map(ToString::to_string).unwrap_or_default();
            let env: Vec<String> = claim.env.iter().map(ToString::to_string).collect();
            format!("{} {other}{value} {}", short(&claim.of), env.join(",")).trim().to_owned()
        })
        .collect();
    out.sort();
    out
}

const HELPERS: &str = r#"{{- define "shop.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}
"#;

const DEPLOYMENT: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "shop.fullname" . }}
  labels:
    {{- toYaml .Values.labels | nindent 4 }}
spec:
  template:
    metadata:
      labels: {app: shop}
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ ((.Values.other).image).repository | default .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          env:
            - name: DB_HOST
              value: {{ .Release.Name }}-postgresql
            {{- range $key, $value := .Values.env }}
            - name: {{ $key }}
              value: {{ $value | quote }}
            {{- end }}
          {{- if .Values.worker.enabled }}
          args: ["work"]
          {{- end }}
"#;

const CHART: &str = "apiVersion: v2\nname: shop\ndescription: Sells things.\nversion: 1.0.0\ndependencies:\n- {name: postgresql, version: 1, repository: 'https://charts.test', condition: postgresql.enabled}\n- {name: redis, version: 1, repository: 'https://charts.test', condition: redis.enabled}\n- {name: common, version: 1, repository: 'https://charts.test'}\n";
const VALUES: &str = "image: {repository: ghcr.io/o/shop}\nlabels: {a: b}\nenv: {CART_URL: 'http://cart:80'}\nworker: {}\npostgresql: {enabled: true}\nredis: {enabled: false}\n";

#[test]
fn a_chart_becomes_its_workloads_and_what_its_dependencies_bring() {
    let cart = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec: {template: {spec: {containers: [{image: x/cart}]}}}\n";
    let found = claims(&[
        ("deploy/shop/Chart.yaml", CHART),
        ("deploy/shop/values.yaml", VALUES),
        ("deploy/shop/values-prod.yaml", "env: {CART_URL: 'http://cart:80', MAIL_URL: 'http://mailer:80'}\n"),
        ("deploy/shop/templates/_helpers.tpl", HELPERS),
        ("deploy/shop/templates/deployment.yaml", DEPLOYMENT),
        ("deploy/shop/templates/cart.yaml", cart),
    ]);
    assert_eq!(facts(&found, "type"), ["cart \"service\"", "postgresql \"database\"", "shop \"service\""]);
    assert_eq!(facts(&found, "stores_in"), ["shop postgresql"]);
    assert_eq!(facts(&found, "calls"), ["shop cart", "shop mailer prod"]);
    assert_eq!(facts(&found, "description"), ["shop \"Sells things.\""]);
}

#[test]
fn lines_are_those_of_the_template() {
    let found = claims(&[
        ("Chart.yaml", CHART),
        ("values.yaml", VALUES),
        ("templates/_helpers.tpl", HELPERS),
        ("templates/deployment.yaml", DEPLOYMENT),
    ]);
    let database = found.iter().find(|claim| claim.kind == "stores_in").unwrap();
    let lines: Vec<Option<u32>> = database.evidence.iter().map(|point| point.line).collect();
    assert_eq!(lines, [Some(17)]);
}

#[test]
fn charts_inside_a_chart_get_its_values_and_lose_the_names_around_theirs() {
    let workload = "{{- define \"all.workload\" }}\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: \"{{ .Values.name }}-{{ .Values.global.suffix }}\"}\nspec:\n  template:\n    metadata: {labels: {app: \"{{ .Values.name }}\"}}\n    spec:\n      containers:\n      {{- with .Values.container }}\n      - image: \"{{ .image | default $.Values.global.image }}\"\n        env: [{name: NEXT_ADDR, value: \"{{ tpl (.next | default \"\") $ }}\"}]\n      {{- end }}\n{{- end }}";
    let use_it = "{{ include \"all.workload\" . }}\n";
    let found = claims(&[
        ("all/Chart.yaml", "name: all\nversion: 1\n"),
        (
            "all/values.yaml",
            "global: {suffix: x1, image: o/all}\nuser: {container: {next: 'rate-{{ .Values.global.suffix }}:80'}}\noff: {}\n",
        ),
        ("all/templates/_workload.tpl", workload),
        ("all/charts/user/Chart.yaml", "name: user\nversion: 1\n"),
        ("all/charts/user/values.yaml", "name: user\ncontainer: {next: none}\n"),
        ("all/charts/user/templates/all.yaml", use_it),
        ("all/charts/rate/Chart.yaml", "name: rate\nversion: 1\n"),
        ("all/charts/rate/values.yaml", "name: rate\ncontainer: {image: o/rate}\n"),
        ("all/charts/rate/templates/all.yaml", use_it),
    ]);
    assert_eq!(facts(&found, "name"), ["rate-x1 \"rate\"", "user-x1 \"user\""]);
    assert_eq!(facts(&found, "calls"), ["user-x1 rate-x1"]);
}

#[test]
fn a_map_may_be_changed_where_it_stands() {
    let template = "{{- range $name, $config := .Values.parts }}\n{{- $config := set . \"name\" ($name | lower) }}\n{{- if $config.enabled }}\n---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: {{ .name }}}\nspec: {template: {spec: {containers: [{image: x/{{ .name }}}]}}}\n{{- end }}\n{{- end }}\n";
    let found = claims(&[
        ("Chart.yaml", "name: all\nversion: 1\n"),
        ("values.yaml", "parts: {Ads: {enabled: true}, Cart: {enabled: false}, Pay: {enabled: true}}\n"),
        ("templates/all.yaml", template),
    ]);
    assert_eq!(facts(&found, "exists"), ["ads \"component\"", "pay \"component\""]);
}

#[test]
fn a_template_that_never_ends_ends() {
    for template in [
        "{{ define \"a\" }}{{ include \"a\" . }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
        "{{ $x := \"ab\" }}{{ range until 200 }}{{ $x = printf \"%s%s\" $x $x }}{{ end }}{{ $x }}",
        "{{ $x := list 1 }}{{ range until 256 }}{{ range until 256 }}{{ $x = list $x $x }}{{ end }}{{ end }}{{ toYaml $x }}",
        "{{ $x := dict }}{{ range until 256 }}{{ $x = set $x \"a\" $x }}{{ end }}{{ toJson $x }}",
        "{{ range until 256 }}{{ range until 256 }}{{ range until 256 }}{{ range until 256 }}a{{ end }}{{ end }}{{ end }}{{ end }}",
        "{{ $x := \"aaaaaaaa\" }}{{ range until 200 }}{{ $x = replace \"a\" $x $x }}{{ end }}",
        "{{ tpl .Values.t . }}",
    ] {
        claims(&[
            ("Chart.yaml", "name: a\nversion: 1\n"),
            ("values.yaml", "t: '{{ tpl .Values.t . }}{{ tpl .Values.t . }}'\n"),
            ("templates/a.yaml", template),
        ]);
    }
}

#[test]
fn secrets_of_values_are_no_part_of_any_claim() {
    let found = claims(&[
        ("Chart.yaml", "name: a\nversion: 1\n"),
        ("values.yaml", "env: {DB_PASSWORD: hush-hush, DB_URL: 'postgres://me:hush-hush@db/x'}\n"),
        ("templates/a.yaml", DEPLOYMENT.replace("include \"shop.fullname\" .", ".Chart.Name").as_str()),
    ]);
    assert!(!found.is_empty());
    assert!(!format!("{found:?}").contains("hush"));
}

#[test]
fn a_repository_of_charts_may_be_in_a_file_that_is_none() {
    let file = SourceFile::new("chart/Chart.yaml", "name: {{ cookiecutter.name }}\n");
    assert!(matches!(Helm::read(&file), Ok(None)));
    let file = SourceFile::new("chart/values.yaml", "a: [\n");
    assert!(Helm::read(&file).is_err());
}
