//! Settings: flag, then STAVE_* variable, then the estate's stave.toml, then the user's config.toml, then built in.
//!
//! One table says which there are; docs/configuration.md repeats it, and a test compares the two.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use stave_answers::text::nearest;
use stave_server::door::Role;

use crate::cli::When;
use crate::problem::Problem;
use crate::surroundings::Surroundings;

/// One setting.
#[derive(Debug)]
pub(crate) struct Row {
    /// As in a file; `board.port` stands in the table `[board]`.
    pub(crate) key: &'static str,
    /// The flag; empty: none.
    pub(crate) flag: &'static str,
    /// The environment variable.
    pub(crate) variable: &'static str,
    /// What holds if nobody says anything; empty: nothing.
    pub(crate) built_in: &'static str,
    /// What it does.
    pub(crate) what: &'static str,
    /// Whether the estate's file may set it. Who speaks is nobody else's business.
    in_estate: bool,
    check: fn(&str) -> Result<(), String>,
}

/// All settings, by key.
pub(crate) const ROWS: &[Row] = &[
    Row {
        key: "board.port",
        flag: "--port",
        variable: "STAVE_PORT",
        built_in: "7878",
        what: "port of the board on 127.0.0.1; 0: any",
        in_estate: true,
        check: |text| port(text).map(|_| ()),
    },
    Row {
        key: "color",
        flag: "--color",
        variable: "STAVE_COLOR",
        built_in: "auto",
        what: "when to use colours: auto, always, never",
        in_estate: false,
        check: |text| when(text).map(|_| ()),
    },
    Row {
        key: "history",
        flag: "--no-history",
        variable: "STAVE_HISTORY",
        built_in: "true",
        what: "whether a scan reads commits, tags and who wrote them: true, false",
        in_estate: true,
        check: |text| truth(text).map(|_| ()),
    },
    Row {
        key: "oidc.client_id",
        flag: "",
        variable: "STAVE_OIDC_CLIENT_ID",
        built_in: "",
        what: "how the provider knows this server",
        in_estate: false,
        check: |_| Ok(()),
    },
    Row {
        key: "oidc.domains",
        flag: "",
        variable: "STAVE_OIDC_DOMAINS",
        built_in: "",
        what: "whose addresses get an account when they first sign in there: example.com, example.org",
        in_estate: false,
        check: |_| Ok(()),
    },
    Row {
        key: "oidc.issuer",
        flag: "",
        variable: "STAVE_OIDC_ISSUER",
        built_in: "",
        what: "where people sign in with OpenID Connect: https://login.example.com",
        in_estate: false,
        check: |_| Ok(()),
    },
    Row {
        key: "oidc.role",
        flag: "",
        variable: "STAVE_OIDC_ROLE",
        built_in: "viewer",
        what: "what such an account may do: viewer, member, admin",
        in_estate: false,
        check: |text| role(text).map(|_| ()),
    },
    Row {
        key: "oidc.secret_file",
        flag: "",
        variable: "STAVE_OIDC_SECRET_FILE",
        built_in: "",
        what: "file with the client's secret; or the variable STAVE_OIDC_SECRET",
        in_estate: false,
        check: |_| Ok(()),
    },
    Row {
        key: "oidc.url",
        flag: "",
        variable: "STAVE_OIDC_URL",
        built_in: "",
        what: "how browsers reach this server: https://stave.example.com",
        in_estate: false,
        check: |_| Ok(()),
    },
    Row {
        key: "person",
        flag: "--as",
        variable: "STAVE_PERSON",
        built_in: "",
        what: "who speaks: an e-mail address; without it git's user.email counts",
        in_estate: false,
        check: |_| Ok(()),
    },
    Row {
        key: "token_file",
        flag: "",
        variable: "STAVE_TOKEN_FILE",
        built_in: "",
        what: "file with the token for a ledger behind a server; STAVE_TOKEN is the token itself",
        in_estate: false,
        check: |text| if text.starts_with('/') { Ok(()) } else { Err("a whole path is needed".to_owned()) },
    },
];

/// Variables that are no settings.
const OTHER_VARIABLES: &[&str] = &["STAVE_LEDGER", "STAVE_OIDC_SECRET", "STAVE_TOKEN"];

fn when(text: &str) -> Result<When, String> {
    match text {
        "auto" => Ok(When::Auto),
        "always" => Ok(When::Always),
        "never" => Ok(When::Never),
        _ => Err("auto, always or never are known".to_owned()),
    }
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "a port is a number from 0 to 65535".to_owned())
}

fn role(text: &str) -> Result<Role, String> {
    text.parse()
}

fn truth(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "true or false are known".to_owned())
}

/// A setting with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Found {
    pub(crate) key: &'static str,
    /// `null`: not set.
    pub(crate) value: Option<String>,
    /// `--port`, `STAVE_PORT`, a file's path, `built in`.
    pub(crate) origin: String,
}

/// All settings, resolved.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    found: Vec<Found>,
}

/// What to tell the user about the sources.
pub(crate) type Warnings = Vec<String>;

/// Values given as flags, by key.
pub(crate) type Flags = BTreeMap<&'static str, String>;

impl Settings {
    /// Reads the sources and resolves every setting.
    ///
    /// `estate` is the folder that holds `.stave`, if there is one.
    ///
    /// # Errors
    /// Where a source gives a setting a value that it can't have, or a file is no TOML.
    pub(crate) fn read(
        flags: &Flags,
        surroundings: &Surroundings,
        estate: Option<&Path>,
    ) -> Result<(Settings, Warnings), Problem> {
        let mut warnings = unknown_variables(surroundings);
        let user_file = user_file(surroundings);
        let user =
            user_file.as_deref().map_or(Ok(Layer::default()), |file| Layer::read(file, &mut warnings))?;
        let estate = match estate {
            Some(folder) => Layer::of_estate(folder, &mut warnings)?,
            None => Layer::default(),
        };
        let mut found = Vec::new();
        for row in ROWS {
            let sources = [
                flags.get(row.key).map(|value| (value.clone(), row.flag.to_owned())),
                surroundings.get(row.variable).map(|value| (value.to_owned(), row.variable.to_owned())),
                estate.get(row.key),
                user.get(row.key),
                Some((row.built_in.to_owned(), "built in".to_owned())).filter(|(value, _)| !value.is_empty()),
            ];
            let Some((value, origin)) = sources.into_iter().flatten().next() else {
                found.push(Found { key: row.key, value: None, origin: "not set".to_owned() });
                continue;
            };
            (row.check)(&value).map_err(|why| {
                Problem::new(format!("the setting {} can't be \"{value}\" (from {origin}): {why}", row.key))
                    .hint("stave config list --origins shows all settings and where they come from")
            })?;
            found.push(Found { key: row.key, value: Some(value), origin });
        }
        Ok((Settings { found }, warnings))
    }

    /// All settings, by key.
    pub(crate) fn all(&self) -> &[Found] {
        &self.found
    }

    fn value(&self, key: &str) -> Option<(&str, &str)> {
        let found = self.found.iter().find(|found| found.key == key)?;
        Some((found.value.as_deref()?, &found.origin))
    }

    /// The port to try first.
    pub(crate) fn port(&self) -> u16 {
        self.value("board.port").and_then(|(text, _)| port(text).ok()).unwrap_or_default()
    }

    /// A setting as it stands; nothing where it isn't set.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.value(key).map(|(text, _)| text)
    }

    /// Whether a scan reads histories.
    pub(crate) fn history(&self) -> bool {
        self.value("history").is_none_or(|(text, _)| truth(text).unwrap_or(true))
    }

    /// When to use colours.
    pub(crate) fn color(&self) -> When {
        self.value("color").and_then(|(text, _)| when(text).ok()).unwrap_or(When::Auto)
    }

    /// The file with the token for a ledger behind a server.
    pub(crate) fn token_file(&self) -> Option<&str> {
        self.value("token_file").map(|(file, _)| file)
    }

    /// The speaker's address and where it comes from.
    pub(crate) fn person(&self) -> Option<(&str, &str)> {
        self.value("person")
    }
}

/// Where the user's own settings stand.
pub(crate) fn user_file(surroundings: &Surroundings) -> Option<PathBuf> {
    surroundings.config_home().map(|folder| folder.join("stave/config.toml"))
}

/// One file's settings as text, by key.
#[derive(Debug, Default)]
struct Layer {
    file: String,
    values: BTreeMap<String, String>,
}

impl Layer {
    fn get(&self, key: &str) -> Option<(String, String)> {
        self.values.get(key).map(|value| (value.clone(), self.file.clone()))
    }

    /// The estate's file. Where the estate's folder is itself a repository, the file came with the
    /// repository, and a scanned repository may only set how it is read: the collector's business.
    fn of_estate(folder: &Path, warnings: &mut Warnings) -> Result<Layer, Problem> {
        if folder.join(".git").exists() {
            return Ok(Layer::default());
        }
        let mut layer = Layer::read(&folder.join("stave.toml"), warnings)?;
        for row in ROWS.iter().filter(|row| !row.in_estate) {
            if layer.values.remove(row.key).is_some() {
                warnings.push(format!(
                    "{}: {} is a person's own setting and has no effect here\n\nhint: put it into ~/.config/stave/config.toml",
                    layer.file, row.key
                ));
            }
        }
        Ok(layer)
    }

    fn read(file: &Path, warnings: &mut Warnings) -> Result<Layer, Problem> {
        let shown = file.display().to_string();
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Layer::default());
            }
            Err(error) => return Err(Problem::new(format!("can't read the settings in {shown}: {error}"))),
        };
        let table: toml::Table = text
            .parse()
            .map_err(|error| Problem::new(format!("the settings in {shown} are no TOML: {error}")))?;
        let mut values = BTreeMap::new();
        flatten("", &table, &mut values);
        // How a tree is read is the collector's business; an estate's file may be a tree's as well.
        let of_trees = |key: &str| key == "name" || key.starts_with("scan.") || key.starts_with("tools.");
        let known = |key: &str| ROWS.iter().any(|row| row.key == key) || of_trees(key);
        for key in values.keys().filter(|key| !known(key)) {
            warnings.push(format!(
                "{shown}: unknown setting {key}{}",
                did_you_mean(key, ROWS.iter().map(|row| row.key))
            ));
        }
        Ok(Layer { file: shown, values })
    }
}

fn flatten(prefix: &str, table: &toml::Table, values: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, values),
            toml::Value::String(text) => drop(values.insert(key, text.clone())),
            toml::Value::Integer(number) => drop(values.insert(key, number.to_string())),
            toml::Value::Boolean(truth) => drop(values.insert(key, truth.to_string())),
            // No setting is any of these; the check of the setting says so.
            other => drop(values.insert(key, other.type_str().to_owned())),
        }
    }
}

/// Only near misses are mentioned: other programs may use the prefix.
fn unknown_variables(surroundings: &Surroundings) -> Warnings {
    let known = || ROWS.iter().map(|row| row.variable).chain(OTHER_VARIABLES.iter().copied());
    surroundings
        .own()
        .filter(|name| known().all(|variable| variable != *name))
        .filter_map(|name| {
            let hint = did_you_mean(name, known());
            (!hint.is_empty()).then(|| format!("unknown variable {name}{hint}"))
        })
        .collect()
}

/// `\n\nhint: did you mean X?`, or nothing.
pub(crate) fn did_you_mean<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(typed, known).map_or_else(String::new, |near| format!("\n\nhint: did you mean {near}?"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn resolve(
        flags: &[(&'static str, &str)],
        variables: &[(&str, &str)],
        estate: &str,
        user: &str,
    ) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        let home = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("stave.toml"), estate).unwrap();
        fs::create_dir_all(home.path().join(".config/stave")).unwrap();
        fs::write(home.path().join(".config/stave/config.toml"), user).unwrap();
        let home = home.path().display().to_string();
        let mut variables = variables.to_vec();
        variables.push(("HOME", &home));
        let flags = flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let (settings, _) =
            Settings::read(&flags, &Surroundings::of(&variables), Some(folder.path())).unwrap();
        let (value, origin) = settings.value("board.port").unwrap();
        (value.to_owned(), origin.rsplit('/').next().unwrap().to_owned())
    }

    #[test]
    fn the_nearest_source_wins() {
        let all = [("STAVE_PORT", "2")];
        let result = |port: &str, origin: &str| (port.to_owned(), origin.to_owned());
        assert_eq!(
            resolve(&[("board.port", "1")], &all, "[board]\nport = 3", "[board]\nport = 4"),
            result("1", "--port")
        );
        assert_eq!(resolve(&[], &all, "[board]\nport = 3", "[board]\nport = 4"), result("2", "STAVE_PORT"));
        assert_eq!(resolve(&[], &[], "[board]\nport = 3", "[board]\nport = 4"), result("3", "stave.toml"));
        assert_eq!(resolve(&[], &[], "", "[board]\nport = 4"), result("4", "config.toml"));
        assert_eq!(resolve(&[], &[], "", ""), result("7878", "built in"));
    }

    #[test]
    fn a_scanned_repository_sets_nothing_and_an_estate_never_says_who_speaks() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("stave.toml"),
            "person = \"evil@example.com\"\n[board]\nprot = 1\nport = 3\n",
        )
        .unwrap();
        let none = Surroundings::default();
        let (settings, warnings) = Settings::read(&Flags::new(), &none, Some(folder.path())).unwrap();
        assert_eq!((settings.port(), settings.person()), (3, None));
        assert!(warnings.iter().any(|warning| warning.contains("did you mean board.port?")), "{warnings:?}");
        fs::create_dir(folder.path().join(".git")).unwrap();
        let (settings, warnings) = Settings::read(&Flags::new(), &none, Some(folder.path())).unwrap();
        assert_eq!((settings.port(), warnings.len()), (7878, 0));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn any_file_of_settings_is_read_or_refused_and_never_panics(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
            like in "(\\[|\\]|board|port|color|person|scan|name|prot|=|\\.|\"|\\{|\\}|,|1|-|true|1979-05-27|#|é|\n| ){0,40}",
        ) {
            let folder = tempfile::tempdir().unwrap();
            for content in [bytes, like.into_bytes()] {
                fs::write(folder.path().join("stave.toml"), &content).unwrap();
                match Settings::read(&Flags::new(), &Surroundings::default(), Some(folder.path())) {
                    Ok((settings, _)) => assert_eq!(settings.all().len(), ROWS.len()),
                    Err(problem) => assert!(!format!("{problem:?}").is_empty()),
                }
            }
        }
    }

    #[test]
    fn a_key_of_ten_thousand_parts_does_not_end_the_stack() {
        let folder = tempfile::tempdir().unwrap();
        let key = vec!["a"; 10_000].join(".");
        for text in [format!("{key} = 1\n"), format!("[{key}]\nb = 1\n")] {
            fs::write(folder.path().join("stave.toml"), text).unwrap();
            let _ = Settings::read(&Flags::new(), &Surroundings::default(), Some(folder.path()));
        }
    }
}
