//! Tokens of machines: in whose name they may speak, of what, until when.

use serde::{Deserialize, Serialize};
use stave_ledger::Store;
use stave_model::{Author, Scope, Time};

use super::secret::hashed;
use super::{AccountError, Result, Secret, all, check_name, parse, write};
use crate::door::Machine;

const SHELF: &str = "token";

/// Most authors and most scopes that one token names.
const NAMED: usize = 256;

/// What is kept of a token; its secret isn't.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Its name, which statements carry (`by` is `token:NAME`).
    pub name: String,
    /// In whose name it may speak: authors, or with `*` at the end what authors begin with. None: it only reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// What it may speak of: what scopes begin with, up to the end of a part; `*` is all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scope_prefixes: Vec<String>,
    /// When it ends; none: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// When it was made.
    pub made: Time,
}

/// Adds a token and gives its secret, which is kept nowhere.
///
/// # Errors
/// Where the name is taken or can't be one, or what the token names can't be meant so; else where the store can't be
/// written.
pub fn add_token(store: &mut dyn Store, token: &Token) -> Result<Secret> {
    check(token)?;
    if tokens(store)?.iter().any(|other| other.name == token.name) {
        return Err(AccountError::Taken { what: "token", name: token.name.clone() });
    }
    let secret = Secret::new("stave_")?;
    store.set(SHELF, &secret.hash(), Some(&write(SHELF, &token.name, token)?))?;
    Ok(secret)
}

/// All tokens, by name.
///
/// # Errors
/// Where the store can't be read.
pub fn tokens(store: &dyn Store) -> Result<Vec<Token>> {
    let mut tokens: Vec<Token> = all(store, SHELF)?.into_iter().map(|(_, token)| token).collect();
    tokens.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(tokens)
}

/// Removes a token: from now on nobody comes in with it. False where there is none of this name.
///
/// # Errors
/// Where the store can't be written.
pub fn remove_token(store: &mut dyn Store, name: &str) -> Result<bool> {
    let found: Vec<(String, Token)> = all(store, SHELF)?;
    let keys = found.into_iter().filter(|(_, token)| token.name == name).map(|(key, _)| key);
    let mut removed = false;
    for key in keys {
        store.set(SHELF, &key, None)?;
        removed = true;
    }
    Ok(removed)
}

/// Who comes in with this secret; nobody where it isn't known or has ended.
///
/// # Errors
/// Where the store can't be read.
pub fn machine(store: &dyn Store, shown: &str, now: Time) -> Result<Option<Machine>> {
    // Found by its hash: what the store compares is no secret.
    let key = hashed(shown);
    let Some(text) = store.item(SHELF, &key)? else { return Ok(None) };
    let token: Token = parse(SHELF, key.get(..12).unwrap_or_default(), &text)?;
    if token.until.is_some_and(|until| until <= now) {
        return Ok(None);
    }
    Ok(Some(Machine {
        name: token.name,
        authors: token.authors,
        scopes: token.scope_prefixes,
        until: token.until,
    }))
}

fn check(token: &Token) -> Result<()> {
    let problem = |text: String| Err(AccountError::Token(text));
    check_name(&token.name)?;
    if token.authors.len() > NAMED || token.scope_prefixes.len() > NAMED {
        return problem(format!("a token names {NAMED} authors and {NAMED} scopes at most"));
    }
    for author in &token.authors {
        let beginning = author.strip_suffix('*');
        // A star behind a whole author's kind is the least that can be meant; `x` stands for what follows.
        let whole = beginning.map_or(author.clone(), |beginning| format!("{beginning}x"));
        if whole.contains('*') || whole.parse::<Author>().is_err() {
            return problem(format!(
                "\"{author}\" is no author: write collector:compose, or collector:* for all of a kind"
            ));
        }
        if beginning.is_some_and(|beginning| beginning.starts_with("person:")) {
            return problem(format!(
                "\"{author}\" would speak in the name of several people; name each of them"
            ));
        }
    }
    for scope in &token.scope_prefixes {
        if scope != "*" && format!("{scope}x").parse::<Scope>().is_err() {
            return problem(format!(
                "\"{scope}\" is no beginning of a scope: write repo:HOST/ORG, or * for all scopes"
            ));
        }
        // Hosts and paths of repositories are lower-cased in scopes, branches behind `@` are not.
        let repository = scope.split('@').next().unwrap_or(scope);
        let is_of_repository = ["repo:", "history:"].iter().any(|kind| scope.starts_with(kind));
        if is_of_repository && repository.to_lowercase() != repository {
            return problem(format!(
                "\"{scope}\" would never be said: repositories are written in lower case, {}",
                scope.replacen(repository, &repository.to_lowercase(), 1)
            ));
        }
    }
    if token.authors.is_empty() != token.scope_prefixes.is_empty() {
        let hint = "hint: a token that only reads names neither; for all scopes write --scope-prefix '*'";
        return problem(format!("a token that writes names both its authors and its scopes\n\n{hint}"));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use stave_ledger::{Ledger as _, MemoryLedger};

    use super::*;

    fn token(name: &str) -> Token {
        Token {
            name: name.to_owned(),
            authors: vec!["collector:*".to_owned()],
            scope_prefixes: vec!["repo:git.example.com/shop".to_owned()],
            until: Some(Time::from_millis(2_000)),
            made: Time::from_millis(1_000),
        }
    }

    #[test]
    fn a_token_opens_until_its_end_or_its_removal() {
        let mut ledger = MemoryLedger::new().unwrap();
        let store = ledger.store().unwrap();
        let secret = add_token(store, &token("ci")).unwrap();
        let known = machine(store, secret.reveal(), Time::from_millis(1_999)).unwrap().unwrap();
        assert_eq!((known.name.as_str(), known.until), ("ci", Some(Time::from_millis(2_000))));
        assert_eq!(machine(store, secret.reveal(), Time::from_millis(2_000)).unwrap(), None);
        assert_eq!(machine(store, "stave_", Time::from_millis(1_000)).unwrap(), None);
        assert!(matches!(add_token(store, &token("ci")), Err(AccountError::Taken { .. })));
        assert_eq!(tokens(store).unwrap(), [token("ci")]);
        assert!(remove_token(store, "ci").unwrap() && !remove_token(store, "ci").unwrap());
        assert_eq!(machine(store, secret.reveal(), Time::from_millis(1_000)).unwrap(), None);
    }

    #[test]
    fn the_store_holds_no_secret() {
        let mut ledger = MemoryLedger::new().unwrap();
        let store = ledger.store().unwrap();
        let secret = add_token(store, &token("ci")).unwrap();
        let digits = secret.reveal().strip_prefix("stave_").unwrap().to_owned();
        assert!(digits.len() == 64 && !format!("{secret:?}").contains(&digits));
        assert!(!format!("{:?}", store.items("token").unwrap()).contains(&digits));
    }

    #[test]
    fn a_token_was_made_for_a_repository_in_capitals_and_never_matched() {
        let mut ledger = MemoryLedger::new().unwrap();
        let store = ledger.store().unwrap();
        let of = |scope: &str| Token { scope_prefixes: vec![scope.to_owned()], ..token("ci") };
        let told = add_token(store, &of("repo:github.com/Foo@Main")).unwrap_err().to_string();
        assert!(told.ends_with("in lower case, repo:github.com/foo@Main"), "{told}");
        assert!(add_token(store, &of("history:GitHub.com/foo")).is_err());
        // A branch is written as git has it.
        assert!(add_token(store, &of("repo:github.com/foo@Main")).is_ok());
    }

    #[test]
    fn a_token_says_what_it_is_for() {
        let mut ledger = MemoryLedger::new().unwrap();
        let store = ledger.store().unwrap();
        let mut refused = |change: &dyn Fn(&mut Token)| {
            let mut changed = token("ci");
            change(&mut changed);
            add_token(store, &changed).is_err()
        };
        assert!(refused(&|token| token.name = "Ci".to_owned()));
        assert!(refused(&|token| token.name = String::new()));
        assert!(refused(&|token| token.authors = vec!["*".to_owned()]));
        assert!(refused(&|token| token.authors = vec!["person:*".to_owned()]));
        assert!(refused(&|token| token.authors = vec!["collector".to_owned()]));
        assert!(refused(&|token| token.authors = vec!["coll*:x".to_owned()]));
        assert!(refused(&|token| token.authors.clear()));
        assert!(refused(&|token| token.scope_prefixes.clear()));
        assert!(refused(&|token| token.scope_prefixes = vec![String::new()]));
        assert!(refused(&|token| token.scope_prefixes = vec!["git.example.com".to_owned()]));
        assert!(!refused(&|token| {
            token.authors.clear();
            token.scope_prefixes.clear();
        }));
    }
}
