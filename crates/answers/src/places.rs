//! Where a claim can be checked, as text and, for hosts whose addresses are known, as a link.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use stave_model::{Evidence, Scope};

/// A point of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Place {
    /// `compose.yaml:12`, or a web address.
    pub text: String,
    /// Where a browser finds it: the file at that very commit. Only `http` and `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What may not stand as it is in one segment of a URL's path.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// What may not stand as it is in a value behind `?`.
const QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']');

/// The place of a point of evidence in a statement about `scope` whose source has the id `source_id`.
pub(crate) fn place(evidence: &Evidence, scope: &str, source_id: Option<&str>) -> Place {
    if let Some(url) = &evidence.url {
        return Place { text: url.clone(), url: web_address(url) };
    }
    let path = evidence.path.as_deref().unwrap_or("");
    let text = match evidence.line {
        Some(line) => format!("{path}:{line}"),
        None => path.to_owned(),
    };
    Place { text, url: source_id.and_then(|id| host_page(scope, id, path, evidence.line)) }
}

/// The text, if it is a web address that a page may link to: `javascript:` and others are not.
pub fn web_address(text: &str) -> Option<String> {
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    let web = lower.starts_with("https://") || lower.starts_with("http://");
    (web && !text.chars().any(|c| c.is_control() || c.is_whitespace())).then(|| text.to_owned())
}

/// The page that a code host shows for a line of a file at a commit. Uncommitted work has none, and
/// neither has a host whose addresses nobody described here.
fn host_page(scope: &str, commit: &str, path: &str, line: Option<u32>) -> Option<String> {
    let scope: Scope = scope.parse().ok()?;
    let (repository, _, false) = scope.branch()? else { return None };
    let digits = commit.len() >= 7 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !digits || path.is_empty() {
        return None;
    }
    let (host, project) = repository.split_once('/')?;
    let page = Page { host, project, commit, path, line };
    page.url(form(host)?)
}

/// The page that a code host shows for a commit of a repository (`HOST/PATH`).
pub(crate) fn commit_page(repository: &str, commit: &str) -> Option<String> {
    let (host, project) = repository.split_once('/')?;
    let between = match form(host)? {
        Form::Plain { between: "-/blob", .. } => "-/commit",
        Form::Plain { between: "src", .. } => "commits",
        Form::Plain { .. } | Form::SourceHut => "commit",
        Form::Gitiles => "+",
        Form::BitbucketServer | Form::Azure | Form::VisualStudio => return None,
    };
    Some(format!("https://{host}/{}/{between}/{commit}", encode(project)))
}

/// How a host writes the address of a line of a file at a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `PROJECT/BETWEEN/COMMIT/PATH` and an anchor before the line.
    Plain { between: &'static str, anchor: &'static str },
    /// Bitbucket on a server of one's own: `projects/KEY/repos/NAME/browse/PATH?at=COMMIT#LINE`.
    BitbucketServer,
    /// Azure DevOps: everything behind `?`.
    Azure,
    /// An organisation's old host of Azure DevOps.
    VisualStudio,
    /// SourceHut.
    SourceHut,
    /// Gitiles, as Google's public repositories have it.
    Gitiles,
}

const GITHUB: Form = Form::Plain { between: "blob", anchor: "#L" };
const GITLAB: Form = Form::Plain { between: "-/blob", anchor: "#L" };
const GITEA: Form = Form::Plain { between: "src/commit", anchor: "#L" };

/// Hosts by their whole name.
const HOSTS: &[(&str, Form)] = &[
    ("github.com", GITHUB),
    ("gitlab.com", GITLAB),
    ("bitbucket.org", Form::Plain { between: "src", anchor: "#lines-" }),
    ("codeberg.org", GITEA),
    ("gitea.com", GITEA),
    ("gitee.com", GITHUB),
    ("dev.azure.com", Form::Azure),
    ("ssh.dev.azure.com", Form::Azure),
    ("git.sr.ht", Form::SourceHut),
];

/// Hosts by the end of their name.
const ENDINGS: &[(&str, Form)] =
    &[(".visualstudio.com", Form::VisualStudio), (".googlesource.com", Form::Gitiles)];

/// Hosts of one's own that are called after what runs there: `gitlab.example.com`. Others are not guessed.
const FIRST_LABELS: &[(&str, Form)] = &[
    ("github", GITHUB),
    ("gitlab", GITLAB),
    ("gitea", GITEA),
    ("forgejo", GITEA),
    ("bitbucket", Form::BitbucketServer),
];

fn form(host: &str) -> Option<Form> {
    let whole = HOSTS.iter().find(|(known, _)| *known == host);
    let ending = || ENDINGS.iter().find(|(ending, _)| host.ends_with(ending));
    let label = || {
        let (first, rest) = host.split_once('.')?;
        FIRST_LABELS.iter().find(|(label, _)| *label == first && !rest.is_empty())
    };
    whole.or_else(ending).or_else(label).map(|(_, form)| *form)
}

/// What a page is about.
struct Page<'a> {
    host: &'a str,
    project: &'a str,
    commit: &'a str,
    path: &'a str,
    line: Option<u32>,
}

impl Page<'_> {
    fn url(&self, form: Form) -> Option<String> {
        let Page { host, commit, .. } = *self;
        let (project, path) = (encode(self.project), encode(self.path));
        let anchored = |anchor: &str| self.line.map(|line| format!("{anchor}{line}")).unwrap_or_default();
        Some(match form {
            Form::Plain { between, anchor } => {
                format!("https://{host}/{project}/{between}/{commit}/{path}{}", anchored(anchor))
            }
            Form::BitbucketServer => {
                // A checkout over HTTPS has `scm/` before the project's key.
                let (key, name) =
                    self.project.strip_prefix("scm/").unwrap_or(self.project).split_once('/')?;
                let owner = match key.strip_prefix('~') {
                    Some(user) => format!("users/{}", encode(user)),
                    None => format!("projects/{}", encode(key)),
                };
                let name = encode(name);
                format!("https://{host}/{owner}/repos/{name}/browse/{path}?at={commit}{}", anchored("#"))
            }
            Form::Azure | Form::VisualStudio => {
                let query = self.azure_query();
                let parts: Vec<&str> =
                    self.project.split('/').filter(|part| *part != "defaultcollection").collect();
                let (base, parts) = match (form, parts.as_slice()) {
                    (Form::VisualStudio, parts) => (format!("https://{host}"), parts.to_vec()),
                    // Over SSH: `v3/ORGANISATION/PROJECT/REPOSITORY`.
                    (_, ["v3", organisation, project, repository]) => (
                        "https://dev.azure.com".to_owned(),
                        vec![*organisation, *project, "_git", *repository],
                    ),
                    (_, parts) => ("https://dev.azure.com".to_owned(), parts.to_vec()),
                };
                if !parts.contains(&"_git") {
                    return None;
                }
                format!("{base}/{}?{query}", encode(&parts.join("/")))
            }
            Form::SourceHut => {
                format!("https://{host}/{project}/tree/{commit}/item/{path}{}", anchored("#L"))
            }
            Form::Gitiles => format!("https://{host}/{project}/+/{commit}/{path}{}", anchored("#")),
        })
    }

    fn azure_query(&self) -> String {
        let path = utf8_percent_encode(self.path, QUERY);
        let mut query = format!("path=/{path}&version=GC{}", self.commit);
        if let Some(line) = self.line {
            // Without both ends nothing is marked.
            query.push_str(&format!(
                "&line={line}&lineEnd={}&lineStartColumn=1&lineEndColumn=1",
                line.saturating_add(1)
            ));
        }
        query
    }
}

fn encode(path: &str) -> String {
    let parts = path.split('/').map(|part| utf8_percent_encode(part, SEGMENT).to_string());
    parts.collect::<Vec<String>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(scope: &str, commit: &str, path: &str) -> Option<String> {
        place(&Evidence::at(path, 12), scope, Some(commit)).url
    }

    #[test]
    fn known_hosts_have_pages_of_commits() {
        for (repository, expected) in [
            ("github.com/tea/shop", Some("https://github.com/tea/shop/commit/0123abc")),
            ("gitlab.com/tea/sub/shop", Some("https://gitlab.com/tea/sub/shop/-/commit/0123abc")),
            ("bitbucket.org/tea/shop", Some("https://bitbucket.org/tea/shop/commits/0123abc")),
            ("codeberg.org/tea/shop", Some("https://codeberg.org/tea/shop/commit/0123abc")),
            ("a.googlesource.com/shop", Some("https://a.googlesource.com/shop/+/0123abc")),
            ("example.com/tea/shop", None),
            ("-/shop", None),
        ] {
            assert_eq!(commit_page(repository, "0123abc").as_deref(), expected);
        }
    }

    #[test]
    fn known_hosts_have_pages() {
        for (repository, expected) in [
            ("github.com/tea/shop", "https://github.com/tea/shop/blob/0123abc/a%20b/c%23.yaml#L12"),
            ("gitlab.com/tea/sub/shop", "https://gitlab.com/tea/sub/shop/-/blob/0123abc/a%20b/c%23.yaml#L12"),
            ("bitbucket.org/tea/shop", "https://bitbucket.org/tea/shop/src/0123abc/a%20b/c%23.yaml#lines-12"),
            ("codeberg.org/tea/shop", "https://codeberg.org/tea/shop/src/commit/0123abc/a%20b/c%23.yaml#L12"),
            ("gitea.com/tea/shop", "https://gitea.com/tea/shop/src/commit/0123abc/a%20b/c%23.yaml#L12"),
            (
                "github.example.com/tea/shop",
                "https://github.example.com/tea/shop/blob/0123abc/a%20b/c%23.yaml#L12",
            ),
            (
                "gitlab.example.com/tea/sub/shop",
                "https://gitlab.example.com/tea/sub/shop/-/blob/0123abc/a%20b/c%23.yaml#L12",
            ),
            (
                "gitea.example.com/tea/shop",
                "https://gitea.example.com/tea/shop/src/commit/0123abc/a%20b/c%23.yaml#L12",
            ),
            (
                "bitbucket.example.com/scm/tea/shop",
                "https://bitbucket.example.com/projects/tea/repos/shop/browse/a%20b/c%23.yaml?at=0123abc#12",
            ),
            (
                "bitbucket.example.com/~ann/shop",
                "https://bitbucket.example.com/users/ann/repos/shop/browse/a%20b/c%23.yaml?at=0123abc#12",
            ),
            (
                "dev.azure.com/tea/my shop/_git/web",
                "https://dev.azure.com/tea/my%20shop/_git/web?path=/a%20b/c%23.yaml&version=GC0123abc&line=12&lineEnd=13\
                 &lineStartColumn=1&lineEndColumn=1",
            ),
            (
                "ssh.dev.azure.com/v3/tea/shop/web",
                "https://dev.azure.com/tea/shop/_git/web?path=/a%20b/c%23.yaml&version=GC0123abc&line=12&lineEnd=13\
                 &lineStartColumn=1&lineEndColumn=1",
            ),
            (
                "tea.visualstudio.com/defaultcollection/shop/_git/web",
                "https://tea.visualstudio.com/shop/_git/web?path=/a%20b/c%23.yaml&version=GC0123abc&line=12&lineEnd=13\
                 &lineStartColumn=1&lineEndColumn=1",
            ),
            ("git.sr.ht/~tea/shop", "https://git.sr.ht/~tea/shop/tree/0123abc/item/a%20b/c%23.yaml#L12"),
            ("tea.googlesource.com/shop", "https://tea.googlesource.com/shop/+/0123abc/a%20b/c%23.yaml#12"),
        ] {
            let found = url(&format!("repo:{repository}@main"), "0123abc", "a b/c#.yaml");
            assert_eq!(found.as_deref(), Some(expected));
        }
    }

    #[test]
    fn no_page_is_guessed() {
        assert_eq!(url("repo:git.example.com/tea@main", "0123abc", "a"), None);
        assert_eq!(url("repo:github.com/tea/shop@main+work", "0123abc", "a"), None);
        assert_eq!(url("repo:github.com/tea/shop@main", "not-a-commit", "a"), None);
        assert_eq!(url("ticket:desk/1", "0123abc", "a"), None);
        assert_eq!(url("repo:gitlab/tea/shop@main", "0123abc", "a"), None);
        assert_eq!(url("repo:dev.azure.com/tea/shop@main", "0123abc", "a"), None);
        assert_eq!(url("repo:-/shop@main", "0123abc", "a"), None);
    }

    #[test]
    fn only_web_addresses_are_links() {
        assert_eq!(web_address("HTTPS://example.com/x").as_deref(), Some("HTTPS://example.com/x"));
        for bad in
            ["javascript:alert(1)", "data:text/html,x", "https://a b", "//example.com", "ftp://example.com"]
        {
            assert_eq!(web_address(bad), None, "{bad}");
        }
    }
}
