//! Which folders and files of a tree put pieces on the map. Tests, samples, documents and copies of other
//! people's code describe no running system, so what stands in them is left out unless settings say otherwise.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Names of folders whose content is left out. The rule looks at each part of the path below the folder that the
/// user pointed at: pointing at `examples/shop` reads it.
pub const NOT_PRODUCTION_FOLDERS: &[&str] = &[
    "test",
    "tests",
    "testing",
    "__tests__",
    "testdata",
    "test-data",
    "test_data",
    "testfixtures",
    "fixture",
    "fixtures",
    "__fixtures__",
    "mock",
    "mocks",
    "__mocks__",
    "e2e",
    "e2e-tests",
    "integration-tests",
    "integration_tests",
    "integration-test",
    "smoke-tests",
    "acceptance-tests",
    "load-test",
    "load-tests",
    "spec",
    "specs",
    "example",
    "examples",
    "sample",
    "samples",
    "doc",
    "docs",
    "documentation",
    "vendor",
    "vendored",
    "node_modules",
    "third_party",
    "third-party",
    "thirdparty",
    "generated",
    "gen",
    ".devcontainer",
    ".vscode",
    ".idea",
    "benchmark",
    "benchmarks",
    "snapshots",
    "__snapshots__",
    "cassettes",
    "site-packages",
    ".venv",
    "venv",
    "target",
    "dist",
    "bower_components",
    "proposals",
    "hack",
    "playground",
    "deprecated",
    "unittest",
    "unittests",
];

/// Words that a file name, cut at `.`, `-` and `_`, must not have: `compose.tests.yaml`, `application-test.yml`.
pub const NOT_PRODUCTION_WORDS: &[&str] =
    &["test", "tests", "example", "sample", "template", "dist", "e2e", "ci", "bak", "orig"];

/// Folders that hosts read pipelines from.
const PIPELINE_FOLDERS: &[&str] =
    &[".github", ".gitlab", ".circleci", ".azuredevops", ".azure-pipelines", ".tekton"];

/// Endings of copies and patterns of files: `.env.example`.
pub const NOT_PRODUCTION_ENDINGS: &[&str] = &["example", "sample", "dist", "bak", "orig"];

/// Why a file puts nothing on the map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LeftOutBy {
    /// It lies in a folder of this name.
    Folder(&'static str),
    /// Its name has this word, behind the first one.
    Word(&'static str),
    /// Its name ends so.
    Ending(&'static str),
    /// `scan.exclude` of the tree's stave.toml.
    Setting,
    /// .gitattributes give it this attribute.
    Attribute(&'static str),
    /// It says itself that a program wrote it.
    Marker,
}

impl std::fmt::Display for LeftOutBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LeftOutBy::Folder(name) => write!(f, "{name}/"),
            LeftOutBy::Word(word) => write!(f, "*-{word}.*"),
            LeftOutBy::Ending(end) => write!(f, "*.{end}"),
            LeftOutBy::Setting => f.write_str("scan.exclude"),
            LeftOutBy::Attribute(name) => write!(f, "{name} in .gitattributes"),
            LeftOutBy::Marker => f.write_str("generated code"),
        }
    }
}

/// Why a path (relative to the folder that was pointed at, with `/`) puts nothing on the map, if it doesn't.
pub(crate) fn left_out_by(path: &str) -> Option<LeftOutBy> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let known = |table: &'static [&'static str], text: &str| table.iter().copied().find(|one| *one == text);
    let folder_out = before_packages(folder).split('/').find_map(|part| {
        let lower = part.to_ascii_lowercase();
        known(NOT_PRODUCTION_FOLDERS, lower.trim_start_matches('_'))
            .or_else(|| known(NOT_PRODUCTION_FOLDERS, &lower))
    });
    if let Some(name) = folder_out {
        return Some(LeftOutBy::Folder(name));
    }
    let lower = file.to_ascii_lowercase();
    if let Some(end) = lower.rsplit_once('.').and_then(|(_, end)| known(NOT_PRODUCTION_ENDINGS, end)) {
        return Some(LeftOutBy::Ending(end));
    }
    // A name without an ending is no variant of anything: `Dockerfile`, `CODEOWNERS`.
    let stem = lower.rsplit_once('.').map_or(lower.as_str(), |(stem, _)| stem);
    let mut words = stem.split(['.', '-', '_']).filter(|word| !word.is_empty());
    // The first word is the thing itself: a service may be called `test` or `sample`.
    words.next();
    // What a pipeline is called says what it does, not that it is a sample.
    let is_pipeline = folder.split('/').any(|part| PIPELINE_FOLDERS.contains(&part))
        || lower.starts_with(".gitlab-ci")
        || lower.starts_with("azure-pipelines");
    if is_pipeline {
        return None;
    }
    words.find_map(|word| known(NOT_PRODUCTION_WORDS, word)).map(LeftOutBy::Word)
}

/// Whether a path (relative to the folder that was pointed at, with `/`) may put pieces on the map.
pub fn is_production(path: &str) -> bool {
    left_out_by(path).is_none()
}

/// Bytes at the beginning of a source file in which a mark of generated code is looked for.
const MARKER_BYTES: usize = 2_048;

/// Whether a source file says in a comment at its beginning that a program wrote it: `// Code generated by x. DO NOT
/// EDIT.` (Go's convention, which others took over), `@generated`, `<auto-generated>`.
pub(crate) fn says_generated(text: &str) -> bool {
    let mut end = text.len().min(MARKER_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].lines().any(|line| {
        let line = line.trim_start();
        // The mark is a comment's; a program that writes code has it in a text.
        let Some(comment) =
            ["//", "#", "/*", "*", "--", "<!--", "\"\"\""].iter().find_map(|open| line.strip_prefix(open))
        else {
            return false;
        };
        let lower = comment.to_ascii_lowercase();
        lower.contains("@generated")
            || lower.contains("<auto-generated")
            || lower.contains("generated") && lower.contains("do not edit")
    })
}

/// What .gitattributes say about generated and copied code: the last line that matches a path counts, a file in a
/// folder after those around it.
#[derive(Default)]
pub(crate) struct Attributes {
    /// Per file: the folder that it speaks for (with `/`, empty at the root), its patterns, and what line N says.
    files: Vec<(String, Gitignore, Vec<Said>)>,
}

/// What one line says: attribute and whether it is set.
type Said = Vec<(&'static str, bool)>;

/// The attributes that count.
const ATTRIBUTES: &[&str] = &["linguist-generated", "linguist-vendored"];

impl Attributes {
    /// Adds a file; those of folders around others come first.
    pub(crate) fn add(&mut self, path: &str, text: &str) {
        let base = path.strip_suffix(".gitattributes").unwrap_or("");
        let mut builder = GitignoreBuilder::new("");
        let mut said: Vec<Said> = Vec::new();
        for line in text.lines().filter(|line| line.len() <= crate::limits::LINE_BYTES) {
            let mut words = line.split_whitespace();
            let Some(pattern) = words.next().filter(|pattern| !pattern.starts_with(['#', '[', '!'])) else {
                continue;
            };
            let own: Said = words.filter_map(attribute).collect();
            // A pattern that is none says nothing.
            if !own.is_empty() && builder.add_line(Some(said.len().to_string().into()), pattern).is_ok() {
                said.push(own);
            }
        }
        if let Ok(matcher) = builder.build()
            && !said.is_empty()
        {
            self.files.push((base.to_owned(), matcher, said));
        }
    }

    /// Why a path counts as generated or copied, if it does.
    pub(crate) fn left_out_by(&self, path: &str) -> Option<LeftOutBy> {
        let mut set: Vec<(&'static str, bool)> = Vec::new();
        for (base, matcher, said) in &self.files {
            let Some(below) = path.strip_prefix(base.as_str()) else { continue };
            let found = matcher.matched(below, false);
            let line = found.inner().and_then(|glob| glob.from()).and_then(Path::to_str);
            let own = line.and_then(|line| line.parse::<usize>().ok()).and_then(|line| said.get(line));
            for (name, is_set) in own.into_iter().flatten() {
                set.retain(|(known, _)| known != name);
                set.push((name, *is_set));
            }
        }
        set.into_iter().find(|(_, is_set)| *is_set).map(|(name, _)| LeftOutBy::Attribute(name))
    }
}

fn attribute(word: &str) -> Option<(&'static str, bool)> {
    let (word, is_set) = match word.strip_prefix(['-', '!']) {
        Some(word) => (word, false),
        None => (word, true),
    };
    let (name, value) = word.split_once('=').unwrap_or((word, "true"));
    let name = ATTRIBUTES.iter().copied().find(|known| *known == name)?;
    Some((name, is_set && !matches!(value, "false" | "0" | "no")))
}

/// A folder without what names packages of code: `src/main/java/com/example/shop` is no example.
fn before_packages(folder: &str) -> &str {
    const ROOTS: &[&str] = &["src/main/java/", "src/main/kotlin/", "src/main/scala/", "src/main/groovy/"];
    let cut = ROOTS.iter().filter_map(|root| folder.find(root).map(|at| at + root.len())).min();
    cut.map_or(folder, |end| &folder[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_samples_and_copies_are_left_out() {
        for path in [
            "tests/compose.yml",
            "src/test/resources/application.yml",
            "examples/shop/compose.yaml",
            "vendor/x/go.mod",
            "compose.tests.yaml",
            "src/main/resources/application-test.yml",
            ".env.example",
            "docker-compose.test.yml",
        ] {
            assert!(!is_production(path), "{path}");
        }
        for path in [
            "compose.yml",
            "shop/src/main/java/com/example/shop/Shop.java",
            "docker-compose.prod.yml",
            "deploy/web.yaml",
            "services/testimonials/Dockerfile",
            "test-service.yml",
            ".github/workflows/helm-chart-ci.yml",
            ".gitlab-ci.yml",
            ".env",
        ] {
            assert!(is_production(path), "{path}");
        }
    }

    #[test]
    fn every_rule_has_a_name_to_show() {
        for (path, rule) in [
            ("a/tests/compose.yml", "tests/"),
            ("__mocks__/x.js", "__mocks__/"),
            ("compose.tests.yaml", "*-tests.*"),
            (".env.example", "*.example"),
        ] {
            assert_eq!(left_out_by(path).map(|by| by.to_string()).as_deref(), Some(rule), "{path}");
        }
    }

    #[test]
    fn generated_code_says_so_in_a_comment_at_its_beginning() {
        for text in [
            "// Code generated by protoc-gen-go. DO NOT EDIT.\npackage x\n",
            "/**\n * @generated SignedSource<<0>>\n */\n",
            "// <auto-generated>\n// by a tool\n",
            "# Generated by the protocol buffer compiler.  DO NOT EDIT!\n",
        ] {
            assert!(says_generated(text), "{text}");
        }
        for text in [
            "package gen\n\nconst head = \"// Code generated by x. DO NOT EDIT.\"\n",
            "// The generated files are in gen.\n",
            "x = 1\n",
            "",
        ] {
            assert!(!says_generated(text), "{text}");
        }
        let late = format!("{}// Code generated. DO NOT EDIT.\n", "// ä\n".repeat(1_000));
        assert!(!says_generated(&late));
    }

    #[test]
    fn git_attributes_tell_generated_and_copied_code() {
        let mut attributes = Attributes::default();
        attributes.add(
            ".gitattributes",
            "# c\n*.pb.go linguist-generated\nlib/** linguist-vendored=true -diff\nlib/own/** -linguist-vendored\n\
             *.js text eol=lf\n\\[ linguist-generated\n",
        );
        attributes.add("sub/.gitattributes", "*.pb.go linguist-generated=false\n/x.ts linguist-generated\n");
        let name = |path: &str| attributes.left_out_by(path).map(|by| by.to_string());
        assert_eq!(name("a/b.pb.go").as_deref(), Some("linguist-generated in .gitattributes"));
        assert_eq!(name("lib/a/b.go").as_deref(), Some("linguist-vendored in .gitattributes"));
        assert_eq!(name("lib/own/b.go"), None);
        assert_eq!(name("sub/b.pb.go"), None, "the nearer file counts");
        assert!(name("sub/x.ts").is_some());
        assert_eq!((name("x.ts"), name("a.js")), (None, None));
    }
}
