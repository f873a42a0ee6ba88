//! Who stands behind an identity: a human being, a program that follows rules, or one that writes code by itself.
//!
//! The rules are general: the host's mark for programs, a last word that says so, addresses that products commit with,
//! and names of well-known products. None may hit a person whose name happens to contain such a word, so names count
//! whole. docs/history.md lists them.

use stave_model::records::CommitClass;

use crate::commit::Identity;

/// Programs that write code by themselves: names that they commit under, lower case, without a `[bot]` at the end.
const AGENT_NAMES: &[&str] = &[
    "aider",
    "amazon-q-developer",
    "amp",
    "augment-agent",
    "chatgpt-codex-connector",
    "claude",
    "claude code",
    "codegen-sh",
    "copilot",
    "copilot-swe-agent",
    "cursor agent",
    "cursoragent",
    "devin ai",
    "devin-ai-integration",
    "factory-droid",
    "gemini-cli",
    "gemini-code-assist",
    "google-labs-jules",
    "openai codex",
    "openhands",
    "openhands-agent",
    "opencode",
    "roomote",
    "swe-agent",
    "sweep-ai",
];

/// Logins of such programs at code hosts, which commit with the host's stand-in for an address.
const AGENT_LOGINS: &[&str] = &["claude", "copilot", "cursoragent"];

/// Addresses that such programs commit with.
const AGENT_ADDRESSES: &[&str] = &[
    "agent@warp.dev",
    "amp@ampcode.com",
    "codex@openai.com",
    "crush@charm.land",
    "cursoragent@cursor.com",
    "noreply@aider.chat",
    "noreply@anthropic.com",
    "noreply@openai.com",
    "noreply@opencode.ai",
    "openhands@all-hands.dev",
    "qwen-coder@alibabacloud.com",
    "roomote@roocode.com",
];

/// Lines by which such programs sign a message that has no trailer of theirs. Lower case.
const AGENT_LINES: &[&str] = &[
    "generated with [claude code]",
    "generated with claude code",
    "generated with [codex]",
    "generated with [cursor]",
    "generated with [devin]",
    "generated with [opencode]",
    "generated with [amp]",
];

/// Programs that follow rules: names that don't say so themselves, lower case, without a `[bot]` at the end.
const BOT_NAMES: &[&str] = &[
    "allcontributors",
    "azure pipelines",
    "bors",
    "buildkite",
    "circleci",
    "codecov",
    "copybara",
    "copybara-service",
    "crowdin",
    "dependabot",
    "dependabot-preview",
    "github action",
    "github actions",
    "github-actions",
    "gitlab ci",
    "gopherbot",
    "greenkeeper",
    "hosted weblate",
    "imgbot",
    "jenkins",
    "mergify",
    "netlify",
    "pre-commit-ci",
    "pyup",
    "release-please",
    "renovate",
    "renovatebot",
    "scala steward",
    "scala-steward",
    "semantic-release",
    "snyk",
    "teamcity",
    "transifex",
    "travis ci",
    "weblate",
    "whitesource",
];

/// Addresses that such programs commit with.
const BOT_ADDRESSES: &[&str] = &[
    "action@github.com",
    "actions@github.com",
    "bot@renovateapp.com",
    "builds@travis-ci.org",
    "deploy@travis-ci.org",
    "github-actions@github.com",
    "hosted@weblate.org",
    "noreply@weblate.org",
    "support@dependabot.com",
    "support@greenkeeper.io",
];

/// What stands before the `@` of an address of no person.
const BOT_LOCAL_PARTS: &[&str] =
    &["bot", "robot", "build-bot", "buildbot", "buildkite", "ci-bot", "jenkins", "release-bot", "teamcity"];

/// What sort of author an identity is.
pub(crate) fn class_of(identity: &Identity) -> CommitClass {
    let email = identity.email.to_lowercase();
    let name = identity.name.to_lowercase();
    let login = login_of(&email).map_or("", |(_, login)| login);
    let names = [Bare::of(&name), Bare::of(login)];
    // One word can be a person's name: Claude, Amp. It needs the host's mark or an address.
    let is_agents = |name: &Bare<'_>| {
        AGENT_NAMES.contains(&name.text) && (name.is_marked || name.text.contains([' ', '-']))
    };
    if AGENT_ADDRESSES.contains(&email.as_str())
        || AGENT_LOGINS.contains(&login)
        || names.iter().any(is_agents)
        || name.ends_with(" (aider)")
        || name.starts_with("aider (")
    {
        return CommitClass::Agent;
    }
    let (local, host) = email.rsplit_once('@').unwrap_or((&email, ""));
    let is_bot = local.ends_with("[bot]")
        || names.iter().any(|name| name.is_marked || BOT_NAMES.contains(&name.text) || says_bot(name.text))
        || BOT_ADDRESSES.contains(&email.as_str())
        || BOT_LOCAL_PARTS.contains(&local)
        || is_token_of_gitlab(local, host);
    if is_bot { CommitClass::Bot } else { CommitClass::Human }
}

/// A name without the mark that a host gives to programs.
struct Bare<'a> {
    text: &'a str,
    is_marked: bool,
}

impl Bare<'_> {
    fn of(name: &str) -> Bare<'_> {
        match name.strip_suffix("[bot]") {
            Some(text) => Bare { text: text.trim_end(), is_marked: true },
            None => Bare { text: name, is_marked: false },
        }
    }
}

/// Whether the last word of a name of several is "bot" or "robot". Abbot and Talbot are people.
fn says_bot(name: &str) -> bool {
    let mut words = name.rsplit([' ', '-', '_', '.']);
    matches!(words.next(), Some("bot" | "robot" | "bots"))
        && words.next().is_some_and(|word| !word.is_empty())
}

/// GitLab's users of access tokens: `project_1_bot_ab12@noreply.HOST`, `group_1_bot@…`.
fn is_token_of_gitlab(local: &str, host: &str) -> bool {
    host.starts_with("noreply.")
        && ["project_", "group_"].iter().any(|front| local.starts_with(front))
        && local.contains("_bot")
}

/// Whether a line of a message is an agent's own sign.
pub(crate) fn is_agents_line(line: &[u8]) -> bool {
    // Cheap before exact: nearly no line contains the word.
    if memchr::memmem::find(line, b"enerated with").is_none() {
        return false;
    }
    let line = String::from_utf8_lossy(line).to_lowercase();
    let line = line.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    AGENT_LINES.iter().any(|known| line.starts_with(known))
}

/// Where an address is a code host's stand-in for a private one: the host, and the login.
fn login_of(email: &str) -> Option<(&'static str, &str)> {
    let (local, host) = email.rsplit_once('@')?;
    let (host, between) = match host {
        "users.noreply.github.com" => ("github.com", '+'),
        "users.noreply.gitlab.com" => ("gitlab.com", '-'),
        _ => return None,
    };
    // `NUMBER+LOGIN` and `NUMBER-LOGIN`; at GitHub the login alone before 2017.
    let login = match local.split_once(between) {
        Some((number, login)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            login
        }
        _ => local,
    };
    (!login.is_empty()).then_some((host, login))
}

/// The address under which a person's id is made: `HOST/LOGIN` for a code host's stand-in, else `mailto:…`. Without an
/// address the name has to do.
pub(crate) fn address(identity: &Identity) -> String {
    let email = identity.email.to_lowercase();
    if let Some((host, login)) = login_of(&email) {
        return format!("{host}/{login}");
    }
    if email.is_empty() {
        return format!("mailto:{}@", identity.name.to_lowercase());
    }
    format!("mailto:{email}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str, email: &str) -> CommitClass {
        class_of(&Identity { name: name.to_owned(), email: email.to_owned() })
    }

    #[test]
    fn bots_are_told_from_people() {
        for (name, email) in [
            ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
            ("Renovate Bot", "bot@renovateapp.com"),
            ("k8s-ci-robot", "x@example.com"),
            ("GitHub Action", "action@github.com"),
            ("Anybody", "41898282+github-actions[bot]@users.noreply.github.com"),
            ("Token", "project_12_bot_ab@noreply.gitlab.example.com"),
            ("Jenkins", "jenkins@example.com"),
            ("release_bot", "r@example.com"),
        ] {
            assert_eq!(class(name, email), CommitClass::Bot, "{name}");
        }
        for (name, email) in [
            ("George Abbot", "abbot@example.com"),
            ("Talbot", "1+talbot@users.noreply.github.com"),
            ("Bot", "bothe@example.com"),
            ("Robotham", "robot.ham@example.com"),
            ("Claude Shannon", "claude@example.com"),
            ("Claude", "claude@example.com"),
            ("Jenkins, Mary", "mary@jenkins.example"),
            ("A", "noreply@example.com"),
            ("A", "1+a@users.noreply.github.com"),
        ] {
            assert_eq!(class(name, email), CommitClass::Human, "{name}");
        }
    }

    #[test]
    fn agents_are_a_class_of_their_own() {
        for (name, email) in [
            ("Claude", "noreply@anthropic.com"),
            ("copilot-swe-agent[bot]", "198982749+Copilot@users.noreply.github.com"),
            ("Copilot", "175728472+Copilot@users.noreply.github.com"),
            ("devin-ai-integration[bot]", "158243242+devin-ai-integration[bot]@users.noreply.github.com"),
            ("Cursor Agent", "cursoragent@cursor.com"),
            ("Ada (aider)", "ada@example.com"),
        ] {
            assert_eq!(class(name, email), CommitClass::Agent, "{name}");
        }
        assert!(is_agents_line("🤖 Generated with [Claude Code](https://claude.com)".as_bytes()));
        assert!(!is_agents_line(b"The table is generated with [a script]"));
    }

    #[test]
    fn stand_ins_of_hosts_are_logins() {
        let of = |email: &str| address(&Identity { name: "N".to_owned(), email: email.to_owned() });
        assert_eq!(of("12+Ada@users.noreply.github.com"), "github.com/ada");
        assert_eq!(of("ada@users.noreply.github.com"), "github.com/ada");
        assert_eq!(of("12-ada-l@users.noreply.gitlab.com"), "gitlab.com/ada-l");
        assert_eq!(of("Ada@Example.com"), "mailto:ada@example.com");
        assert_eq!(of(""), "mailto:n@");
    }

    proptest::proptest! {
        #[test]
        fn any_identity_has_a_class(name: String, email: String) {
            let identity = Identity { name, email };
            class_of(&identity);
            address(&identity);
            is_agents_line(identity.name.as_bytes());
        }
    }
}
