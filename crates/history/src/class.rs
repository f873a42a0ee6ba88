//! What a file is, by what `.gitattributes` says and else by its path. The rules stand in docs/history.md.

use stave_model::records::FileClass;

use crate::attributes::Said;

/// Folders of other people's code, wherever they stand.
const VENDORED: &[&str] = &[
    "3rdparty",
    "bower_components",
    "carthage",
    "godeps",
    "jspm_packages",
    "node_modules",
    "pods",
    "site-packages",
    "third-party",
    "third_party",
    "thirdparty",
    "vendor",
    "vendored",
];

/// Folders of what programs write.
const GENERATED: &[&str] = &["__generated__", "__snapshots__", "generated", "generated-sources"];

/// Folders of tests.
const TESTS: &[&str] = &[
    "__mocks__",
    "__tests__",
    "androidtest",
    "e2e",
    "fixtures",
    "integration-tests",
    "integration_tests",
    "spec",
    "specs",
    "test",
    "testdata",
    "testing",
    "tests",
];

/// Folders of text for people.
const DOCUMENTATION: &[&str] = &["doc", "docs", "documentation", "javadoc", "man"];

/// Files that package managers write. Lower case.
const LOCK_FILES: &[&str] = &[
    "bun.lock",
    "cargo.lock",
    "composer.lock",
    "conda-lock.yml",
    "deno.lock",
    "flake.lock",
    "gemfile.lock",
    "go.sum",
    "gopkg.lock",
    "gradle.lockfile",
    "mix.lock",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "package.resolved",
    "packages.lock.json",
    "pdm.lock",
    "pipfile.lock",
    "pnpm-lock.yaml",
    "podfile.lock",
    "poetry.lock",
    "pubspec.lock",
    "uv.lock",
    "yarn.lock",
];

/// Endings of what compilers and bundlers write.
const GENERATED_ENDINGS: &[&str] = &[
    ".bundle.js",
    ".designer.cs",
    ".freezed.dart",
    ".g.cs",
    ".g.dart",
    ".generated.cs",
    ".generated.ts",
    ".js.map",
    ".css.map",
    ".min.css",
    ".min.js",
    ".pb.cc",
    ".pb.go",
    ".pb.gw.go",
    ".pb.h",
    ".snap",
    "_grpc.pb.go",
    "_pb2.py",
    "_pb2.pyi",
    "_pb2_grpc.py",
];

/// Endings of files that are no text.
const BINARY_ENDINGS: &[&str] = &[
    ".7z",
    ".a",
    ".aac",
    ".avi",
    ".avif",
    ".bin",
    ".bmp",
    ".bz2",
    ".class",
    ".dat",
    ".db",
    ".dll",
    ".doc",
    ".docx",
    ".dylib",
    ".ear",
    ".eot",
    ".exe",
    ".flac",
    ".gif",
    ".gz",
    ".heic",
    ".icns",
    ".ico",
    ".jar",
    ".jpeg",
    ".jpg",
    ".keystore",
    ".lib",
    ".mkv",
    ".mov",
    ".mp3",
    ".mp4",
    ".node",
    ".o",
    ".odt",
    ".ogg",
    ".onnx",
    ".otf",
    ".parquet",
    ".pdf",
    ".png",
    ".ppt",
    ".pptx",
    ".psd",
    ".pyc",
    ".rar",
    ".so",
    ".sqlite",
    ".tar",
    ".tgz",
    ".tif",
    ".tiff",
    ".ttf",
    ".war",
    ".wasm",
    ".wav",
    ".webm",
    ".webp",
    ".woff",
    ".woff2",
    ".xls",
    ".xlsx",
    ".xz",
    ".zip",
    ".zst",
];

/// Endings of text for people.
const DOCUMENTATION_ENDINGS: &[&str] =
    &[".adoc", ".asciidoc", ".markdown", ".md", ".mdx", ".org", ".rdoc", ".rst", ".textile"];

/// First words of files with text for people, whatever their ending.
const DOCUMENTATION_NAMES: &[&str] = &[
    "authors",
    "changelog",
    "changes",
    "code_of_conduct",
    "contributing",
    "contributors",
    "copying",
    "history",
    "license",
    "licence",
    "news",
    "notice",
    "readme",
    "security",
];

/// What a file is.
pub(crate) fn of(path: &str, said: Said) -> FileClass {
    let lower = path.to_lowercase();
    let (folders, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let is_in = |known: &[&str]| folders.split('/').any(|folder| known.contains(&folder));
    let ends = |known: &[&str]| known.iter().any(|ending| name.ends_with(ending));
    let stem = name.split('.').next().unwrap_or_default();
    let is = |said: Option<bool>, by_path: bool| said.unwrap_or(by_path);

    if is(said.is_vendored, is_in(VENDORED)) {
        return FileClass::Vendored;
    }
    if is(said.is_generated, is_in(GENERATED) || LOCK_FILES.contains(&name) || ends(GENERATED_ENDINGS)) {
        return FileClass::Generated;
    }
    if is(said.is_binary, ends(BINARY_ENDINGS)) {
        return FileClass::Binary;
    }
    if is_in(TESTS) || is_test(path.rsplit('/').next().unwrap_or(path)) {
        return FileClass::Test;
    }
    let is_text = is_in(DOCUMENTATION) || ends(DOCUMENTATION_ENDINGS) || DOCUMENTATION_NAMES.contains(&stem);
    if is(said.is_documentation, is_text) { FileClass::Documentation } else { FileClass::Source }
}

/// Names of tests in the ways of languages. Case matters: `CartTest.java` is one, `contest.java` is none.
fn is_test(name: &str) -> bool {
    let mut parts = name.split('.');
    let stem = parts.next().unwrap_or_default();
    let between: Vec<&str> = parts.collect();
    let has_part =
        between.len() > 1 && between.iter().any(|part| matches!(*part, "test" | "spec" | "e2e" | "cy"));
    has_part
        || stem == "conftest"
        || stem.starts_with("test_")
        || ["_test", "_tests", "_spec"].iter().any(|ending| stem.ends_with(ending))
        || ["Test", "Tests", "Spec", "TestCase", "IT"].iter().any(|ending| {
            stem.strip_suffix(ending).is_some_and(|front| front.ends_with(|c: char| c.is_lowercase()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_by_their_paths() {
        use FileClass::{Binary, Documentation, Generated, Source, Test, Vendored};
        for (path, class) in [
            ("src/main.rs", Source),
            ("contest.java", Source),
            ("src/Contest.java", Source),
            ("latest/x.py", Source),
            ("Dockerfile", Source),
            ("src/CartTest.java", Test),
            ("src/CartIT.java", Test),
            ("src/EXIT.java", Source),
            ("cart_test.go", Test),
            ("src/cart.spec.ts", Test),
            ("spec/models/cart_spec.rb", Test),
            ("tests/README.md", Test),
            ("README", Documentation),
            ("docs/conf.py", Documentation),
            ("a/b.md", Documentation),
            ("Cargo.lock", Generated),
            ("api/v1/x.pb.go", Generated),
            ("vendor/a/b.go", Vendored),
            ("web/node_modules/x/index.js", Vendored),
            ("logo.PNG", Binary),
            ("readme_parser.py", Source),
        ] {
            assert_eq!(of(path, Said::default()), class, "{path}");
        }
    }

    #[test]
    fn what_gitattributes_says_goes_before_the_path() {
        let said = Said { is_vendored: Some(false), is_generated: Some(true), ..Said::default() };
        assert_eq!(of("vendor/own/x.go", said), FileClass::Generated);
        let said = Said { is_documentation: Some(false), ..Said::default() };
        assert_eq!(of("docs/conf.py", said), FileClass::Source);
    }

    proptest::proptest! {
        #[test]
        fn any_path_has_a_class(path: String) {
            of(&path, Said::default());
        }
    }
}
