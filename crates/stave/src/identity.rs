//! Who speaks. Only the address is needed; the ledger turns it into an id that says nothing to a stranger.

use std::path::Path;

use crate::git_config;
use crate::problem::Problem;
use crate::settings::Settings;
use crate::surroundings::Surroundings;

/// A person at this keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Speaker {
    /// The name to show; may be empty.
    pub(crate) name: String,
    /// `mailto:…`, lower-cased.
    pub(crate) address: String,
    /// Where the address comes from.
    pub(crate) origin: String,
    /// Nobody gave an address: it is USER@HOST, which nobody else can write to.
    pub(crate) is_guess: bool,
}

impl Speaker {
    /// The address without its scheme.
    pub(crate) fn email(&self) -> &str {
        self.address.strip_prefix("mailto:").unwrap_or(&self.address)
    }
}

/// Finds out who speaks: `--as`, STAVE_PERSON, the user's settings, git's configuration, USER@HOST.
///
/// # Errors
/// Where an address was given that is none.
pub(crate) fn speaker(
    settings: &Settings,
    surroundings: &Surroundings,
    folder: &Path,
) -> Result<Speaker, Problem> {
    let git = || {
        let files = surroundings.git_files(git_config::repository_config(folder));
        git_config::read(&files, surroundings.home().as_deref())
    };
    if let Some((text, origin)) = settings.person() {
        let (name, address) = parse(text, origin)?;
        // The name of the same person in git's configuration is better than none.
        let name = name.or_else(|| {
            let git = git();
            git.name.filter(|_| git.email.is_some_and(|email| mailto(&email) == address))
        });
        return Ok(Speaker {
            name: name.unwrap_or_default(),
            address,
            origin: origin.to_owned(),
            is_guess: false,
        });
    }
    let git = git();
    if let Some(email) = git.email.filter(|email| is_address(email)) {
        return Ok(Speaker {
            name: git.name.unwrap_or_default(),
            address: mailto(&email),
            origin: "git's user.email".to_owned(),
            is_guess: false,
        });
    }
    let guess = surroundings.user_at_host();
    Ok(Speaker {
        name: git.name.unwrap_or_default(),
        address: mailto(&guess),
        origin: "user and host".to_owned(),
        is_guess: true,
    })
}

/// `a@b` or `NAME <a@b>`.
fn parse(text: &str, origin: &str) -> Result<(Option<String>, String), Problem> {
    let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((name, address)) => {
            (Some(name.trim().to_owned()).filter(|name| !name.is_empty()), address.trim())
        }
        None => (None, text.trim()),
    };
    let address = address.strip_prefix("mailto:").unwrap_or(address);
    if is_address(address) {
        Ok((name, mailto(address)))
    } else {
        Err(Problem::new(format!("\"{text}\" (from {origin}) is not an e-mail address"))
            .hint("write it like name@example.com or \"Name <name@example.com>\""))
    }
}

fn is_address(text: &str) -> bool {
    let fits =
        text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>".contains(c));
    fits && text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
}

fn mailto(address: &str) -> String {
    format!("mailto:{}", address.to_lowercase())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_and_without_a_name() {
        assert_eq!(parse("A@Example.com", "x").unwrap(), (None, "mailto:a@example.com".to_owned()));
        assert_eq!(
            parse("Tea Team <tea@example.com>", "x").unwrap(),
            (Some("Tea Team".to_owned()), "mailto:tea@example.com".to_owned())
        );
        for bad in ["", "me", "@", "a@", "a b@c", "<a@b"] {
            assert!(parse(bad, "x").is_err(), "{bad}");
        }
    }
}
