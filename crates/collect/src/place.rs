//! Which folders and files of a tree put pieces on the map. Tests, samples, documents and copies of other
//! people's code describe no running system, so what stands in them is left out unless settings say otherwise.

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
const NOT_PRODUCTION_WORDS: &[&str] =
    &["test", "tests", "example", "sample", "template", "dist", "e2e", "ci", "bak", "orig"];

/// Folders that hosts read pipelines from.
const PIPELINE_FOLDERS: &[&str] =
    &[".github", ".gitlab", ".circleci", ".azuredevops", ".azure-pipelines", ".tekton"];

/// Whether a path (relative to the folder that was pointed at, with `/`) may put pieces on the map.
pub fn is_production(path: &str) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let folder_out = folder.split('/').any(|part| {
        let lower = part.to_ascii_lowercase();
        NOT_PRODUCTION_FOLDERS.contains(&lower.trim_start_matches('_'))
            || NOT_PRODUCTION_FOLDERS.contains(&lower.as_str())
    });
    let lower = file.to_ascii_lowercase();
    // A name without an ending is no variant of anything: `Dockerfile`, `CODEOWNERS`.
    let stem = lower.rsplit_once('.').map_or(lower.as_str(), |(stem, _)| stem);
    let mut words = stem.split(['.', '-', '_']).filter(|word| !word.is_empty());
    // The first word is the thing itself: a service may be called `test` or `sample`.
    words.next();
    let ends_out = lower
        .rsplit_once('.')
        .is_some_and(|(_, end)| matches!(end, "example" | "sample" | "dist" | "bak" | "orig"));
    // What a pipeline is called says what it does, not that it is a sample.
    let is_pipeline = folder.split('/').any(|part| PIPELINE_FOLDERS.contains(&part))
        || lower.starts_with(".gitlab-ci")
        || lower.starts_with("azure-pipelines");
    let says_no = |word: &str| !is_pipeline && NOT_PRODUCTION_WORDS.contains(&word);
    !folder_out && !ends_out && !words.any(says_no)
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
}
