//! The table of outside products and services, and which of them a sign in a file means.
//!
//! The rows are data (`data/tools.txt`, which says how they are written). They are parsed once, and only by a scan.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use crate::limits;
use crate::parse::{Node, ParseError, parse_toml};
use crate::values::clean_url;

const DATA: &str = include_str!("../data/tools.txt");

/// Where a sign of a tool stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Sign {
    Npm,
    Pypi,
    /// `GROUP:ARTIFACT`.
    Maven,
    /// A Gradle plugin.
    Plugin,
    Go,
    Nuget,
    Gem,
    Cargo,
    Composer,
    Hex,
    Pub,
    Pod,
    /// Without tag and Docker Hub's own name.
    Image,
    Host,
    /// A Terraform provider.
    Provider,
    /// A type of Terraform resource.
    Resource,
    /// A GitHub action, `OWNER/NAME`.
    Action,
    /// A CircleCI orb, `OWNER/NAME`.
    Orb,
    /// A template that GitLab brings along.
    Gitlab,
    /// A repository of pre-commit hooks, `OWNER/NAME`.
    Precommit,
    File,
}

const SIGNS: &[(&str, Sign)] = &[
    ("npm", Sign::Npm),
    ("pypi", Sign::Pypi),
    ("maven", Sign::Maven),
    ("plugin", Sign::Plugin),
    ("go", Sign::Go),
    ("nuget", Sign::Nuget),
    ("gem", Sign::Gem),
    ("cargo", Sign::Cargo),
    ("composer", Sign::Composer),
    ("hex", Sign::Hex),
    ("pub", Sign::Pub),
    ("pod", Sign::Pod),
    ("image", Sign::Image),
    ("host", Sign::Host),
    ("tf", Sign::Provider),
    ("tfr", Sign::Resource),
    ("action", Sign::Action),
    ("orb", Sign::Orb),
    ("gitlab", Sign::Gitlab),
    ("precommit", Sign::Precommit),
    ("file", Sign::File),
];

/// An outside product or service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) id: Cow<'static, str>,
    pub(crate) name: Cow<'static, str>,
    pub(crate) category: Cow<'static, str>,
    /// Its home page; empty: none is known.
    pub(crate) link: Cow<'static, str>,
}

/// Texts of one kind of sign, with the position of the tool.
type Texts = HashMap<Cow<'static, str>, usize>;

/// A table of tools: the one that Stave brings along, or a user's own rows.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) tools: Vec<Tool>,
    by_id: HashMap<Cow<'static, str>, usize>,
    exact: HashMap<Sign, Texts>,
    beginnings: HashMap<Sign, Texts>,
    /// Lengths of the beginnings, the longest first.
    lengths: Vec<usize>,
    /// Endings of file names and of paths.
    endings: Vec<(Cow<'static, str>, usize)>,
    /// Each category with what it is for.
    pub(crate) categories: Vec<(&'static str, &'static str)>,
}

/// The table that Stave brings along.
pub(crate) fn known() -> &'static Table {
    static KNOWN: OnceLock<Table> = OnceLock::new();
    KNOWN.get_or_init(|| Table::parse(DATA))
}

impl Table {
    fn parse(text: &'static str) -> Table {
        let mut table = Table::default();
        let mut category = "";
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let mut parts = line.split(" | ");
            let first = parts.next().unwrap_or("");
            if let Some(name) = first.strip_prefix("= ") {
                category = name;
                table.categories.push((name, parts.next().unwrap_or("")));
                continue;
            }
            let (Some(name), Some(link), Some(signs)) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            let tool = table.add(Tool {
                id: first.into(),
                name: name.into(),
                category: category.into(),
                link: link.into(),
            });
            for sign in signs.split(' ') {
                if let Some((sign, text)) = sign_of(sign) {
                    table.sign(sign, text.into(), tool);
                }
            }
        }
        table.finish();
        table
    }

    fn add(&mut self, tool: Tool) -> usize {
        self.by_id.insert(tool.id.clone(), self.tools.len());
        self.tools.push(tool);
        self.tools.len() - 1
    }

    fn sign(&mut self, sign: Sign, text: Cow<'static, str>, tool: usize) {
        let is_beginning = text.ends_with('*');
        if sign == Sign::File && !is_beginning && (text.starts_with("*.") || text.contains('/')) {
            self.endings.push((text, tool));
        } else if is_beginning {
            let beginning = match text {
                Cow::Borrowed(text) => Cow::Borrowed(&text[..text.len() - 1]),
                Cow::Owned(text) => Cow::Owned(text[..text.len() - 1].to_owned()),
            };
            self.beginnings.entry(sign).or_default().insert(beginning, tool);
        } else {
            self.exact.entry(sign).or_default().insert(text, tool);
        }
    }

    fn finish(&mut self) {
        self.lengths = self.beginnings.values().flat_map(Texts::keys).map(|text| text.len()).collect();
        self.lengths.sort_unstable();
        self.lengths.dedup();
        self.lengths.reverse();
    }

    /// The tool of a text in lower case.
    pub(crate) fn of(&self, sign: Sign, text: &str) -> Option<&Tool> {
        let index = match sign {
            Sign::Host => return self.host(text).map(|(tool, _)| tool),
            Sign::File => return self.file(text),
            _ => self.exactly(sign, text).or_else(|| self.beginning(sign, text)),
        };
        index.map(|index| &self.tools[*index])
    }

    fn exactly(&self, sign: Sign, text: &str) -> Option<&usize> {
        self.exact.get(&sign)?.get(text)
    }

    fn beginning(&self, sign: Sign, text: &str) -> Option<&usize> {
        let texts = self.beginnings.get(&sign)?;
        let beginnings = self.lengths.iter().filter_map(|length| text.get(..*length));
        beginnings.into_iter().find_map(|beginning| texts.get(beginning))
    }

    /// The tool of a host, and whether the whole host stands in the table. Pages for readers below a service's own name
    /// (`docs.…`) are no use of it.
    pub(crate) fn host(&self, host: &str) -> Option<(&Tool, bool)> {
        let mut rest = host;
        loop {
            if let Some(index) = self.exactly(Sign::Host, rest) {
                let is_whole = rest.len() == host.len();
                let first = host.split('.').next().unwrap_or("");
                return (is_whole || !PAGES.contains(&first)).then(|| (&self.tools[*index], is_whole));
            }
            rest = rest.split_once('.')?.1;
        }
    }

    /// The tool of a file by its path in lower case.
    fn file(&self, path: &str) -> Option<&Tool> {
        let name = crate::link::base_name(path);
        let exact = self.exactly(Sign::File, name);
        let ending = || {
            self.endings.iter().find(|(ending, _)| match ending.strip_prefix('*') {
                Some(ending) => name.ends_with(ending),
                None => {
                    path.strip_suffix(&**ending).is_some_and(|front| front.is_empty() || front.ends_with('/'))
                }
            })
        };
        let index = exact
            .or_else(|| ending().map(|(_, index)| index))
            // A folder of workflows holds other files as well.
            .or_else(|| {
                let is_workflow = path.contains('/') && (path.ends_with(".yml") || path.ends_with(".yaml"));
                is_workflow.then(|| self.beginning(Sign::File, path)).flatten()
            })?;
        Some(&self.tools[*index])
    }

    /// Whether files are among its signs.
    pub(crate) fn has_files(&self) -> bool {
        !self.endings.is_empty()
            || self.exact.contains_key(&Sign::File)
            || self.beginnings.contains_key(&Sign::File)
    }

    /// A user's rows: `[tools.ID]` with `name`, `category`, `link` and `signs`. A row of a known id adds signs to it.
    /// What is wrong is left out and said.
    pub(crate) fn of_settings(node: &Node) -> (Table, Vec<ParseError>) {
        let mut table = Table::default();
        let mut problems = Vec::new();
        for (id, row) in node.entries().iter().take(limits::TOOLS) {
            match table.row(id, row) {
                Ok(()) => {}
                Err(what) => problems.push(ParseError::new(row.line, format!("tools.{id}: {what}"))),
            }
        }
        if node.entries().len() > limits::TOOLS {
            problems.push(ParseError::new(node.line, format!("more than {} tools", limits::TOOLS)));
        }
        table.finish();
        (table, problems)
    }

    fn row(&mut self, id: &str, row: &Node) -> Result<(), String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.is_empty() || id.len() > limits::NAME_BYTES || !id.chars().all(plain) {
            return Err("its id has other letters than a-z, 0-9 and -".to_owned());
        }
        let known = known();
        let tool = match known.by_id.get(id) {
            Some(index) => known.tools[*index].clone(),
            None => {
                let category = row.text_of("category").unwrap_or("");
                if known.categories.iter().all(|(name, _)| *name != category) {
                    return Err(format!("\"{category}\" is no category; docs/tools.md lists them"));
                }
                let name =
                    row.text_of("name").and_then(crate::link::clean_name).unwrap_or_else(|| id.to_owned());
                let link = row.text_of("link").and_then(clean_url).unwrap_or_default();
                Tool {
                    id: id.to_owned().into(),
                    name: name.into(),
                    category: category.to_owned().into(),
                    link: link.into(),
                }
            }
        };
        let mut signs = Vec::new();
        for item in row.items_of("signs").iter().take(limits::TOOL_SIGNS) {
            let text = item.text().unwrap_or("").trim().to_lowercase();
            match sign_of(&text) {
                // A sign of a few letters and any ending would be one of everything.
                Some((sign, rest)) if rest.trim_end_matches('*').len() >= 3 => {
                    signs.push((sign, rest.to_owned()));
                }
                _ => {
                    return Err(format!(
                        "\"{text}\" is no sign; write it like npm:@acme/flags or host:flags.acme.dev"
                    ));
                }
            }
        }
        if signs.is_empty() {
            return Err("it has no signs".to_owned());
        }
        let index = self.add(tool);
        for (sign, text) in signs {
            self.sign(sign, text.into(), index);
        }
        Ok(())
    }
}

/// The rows in the text of a `stave.toml`, if it has any and can be read.
pub(crate) fn rows_in(text: &str) -> Option<(Table, Vec<ParseError>)> {
    let root = text.contains("tools").then(|| parse_toml(text).ok()).flatten()?;
    root.get("tools").map(Table::of_settings)
}

/// What is wrong with the tools in the text of an estate's `stave.toml`: one sentence each.
pub fn problems_of_tools(text: &str) -> Vec<String> {
    let problems = rows_in(text).map(|(_, problems)| problems).unwrap_or_default();
    problems.into_iter().map(|problem| problem.what).collect()
}

/// First labels of names under which a service explains itself.
const PAGES: &[&str] = &[
    "blog",
    "community",
    "developer",
    "developers",
    "doc",
    "docs",
    "forum",
    "help",
    "learn",
    "status",
    "support",
    "www",
];

fn sign_of(text: &str) -> Option<(Sign, &str)> {
    let (word, rest) = text.split_once(':')?;
    SIGNS.iter().find(|(known, _)| *known == word).map(|(_, sign)| (*sign, rest)).filter(|_| !rest.is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_is_sound() {
        let table = known();
        assert!(table.tools.len() >= 400 && table.categories.len() >= 30);
        assert!(table.categories.windows(2).all(|pair| pair[0].0 < pair[1].0), "categories are sorted");
        let key = |tool: &Tool| (tool.category.clone(), tool.id.clone());
        for pair in table.tools.windows(2) {
            assert!(key(&pair[0]) < key(&pair[1]), "{} before {}", pair[0].id, pair[1].id);
        }
        let ids: BTreeSet<&str> = table.tools.iter().map(|tool| &*tool.id).collect();
        assert_eq!(ids.len(), table.tools.len(), "an id stands twice");
        for (name, what) in &table.categories {
            assert!(!what.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{name}");
        }
        for tool in &table.tools {
            assert!(
                tool.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{}",
                tool.id
            );
            assert!(tool.link.starts_with("http") && clean_url(&tool.link).is_some(), "{}", tool.id);
            assert!(!tool.name.is_empty());
        }
    }

    #[test]
    fn the_documented_categories_are_those_of_the_table() {
        let page =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/tools.md")).unwrap();
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
        let known: Vec<String> =
            known().categories.iter().map(|(name, what)| format!("| {name} | {what} |")).collect();
        assert_eq!(rows, known);
    }

    #[test]
    fn no_sign_stands_twice_and_each_is_written_as_it_is_looked_for() {
        let mut seen = BTreeSet::new();
        for line in DATA.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '='])) {
            let parts: Vec<&str> = line.split(" | ").collect();
            let [id, _, _, signs] = parts.as_slice() else { panic!("{line}") };
            for text in signs.split(' ') {
                let (sign, rest) = sign_of(text).unwrap_or_else(|| panic!("{id}: {text} is no sign"));
                assert!(seen.insert(text), "{id}: {text} stands twice");
                assert_eq!(text, text.to_lowercase(), "{id}");
                assert!(!rest.trim_end_matches('*').contains('*') || rest.starts_with("*."), "{id}: {text}");
                if !rest.ends_with('*') && sign != Sign::File {
                    assert_eq!(known().of(sign, rest).map(|tool| &*tool.id), Some(*id), "{text}");
                }
            }
        }
    }

    #[test]
    fn what_fits_best_is_the_tool() {
        for (sign, text, tool) in [
            (Sign::Npm, "@sentry/react", Some("sentry")),
            (Sign::Npm, "@aws-sdk/client-s3", Some("aws-s3")),
            (Sign::Npm, "@aws-sdk/client-polly", Some("aws")),
            (Sign::Npm, "client", None),
            (Sign::Gem, "sentry-rails", Some("sentry")),
            (Sign::Host, "api.stripe.com", Some("stripe")),
            (Sign::Host, "o1.ingest.sentry.io", Some("sentry")),
            (Sign::Host, "shop.auth0.com", Some("auth0")),
            (Sign::Host, "docs.auth0.com", None),
            (Sign::Host, "notauth0.com", None),
            (Sign::File, "web/sonar-project.properties", Some("sonarqube")),
            (Sign::File, "infra/main.tf", Some("terraform")),
            (Sign::File, ".circleci/config.yml", Some("circleci")),
            (Sign::File, "x/config.yml", None),
            (Sign::File, ".github/workflows/a.yml", Some("github-actions")),
            (Sign::File, ".github/workflows/README.md", None),
            (Sign::Image, "bitnami/postgresql-ha", Some("postgresql")),
            (Sign::Image, "acme/postgres", None),
            (Sign::Resource, "aws_sqs_queue", Some("aws-sqs")),
        ] {
            assert_eq!(known().of(sign, text).map(|tool| &*tool.id), tool, "{text}");
        }
    }

    #[test]
    fn rows_of_users_add_tools_and_signs_and_wrong_ones_are_said() {
        let (table, problems) = rows_in(
            "[tools.acme-flags]\nname = \"Acme Flags\"\ncategory = \"feature-flags\"\nsigns = [\"npm:@acme/flags\", \"host:flags.acme.dev\"]\n\
             [tools.sentry]\nsigns = [\"host:errors.acme.dev\"]\n\
             [tools.odd]\ncategory = \"nonsense\"\nsigns = [\"npm:x\"]\n\
             [tools.wide]\ncategory = \"ci\"\nsigns = [\"npm:*\"]\n",
        )
        .unwrap();
        assert_eq!(table.of(Sign::Npm, "@acme/flags").map(|tool| &*tool.name), Some("Acme Flags"));
        assert_eq!(table.of(Sign::Host, "errors.acme.dev").map(|tool| &*tool.name), Some("Sentry"));
        assert_eq!(problems.len(), 2, "{problems:?}");
    }
}
