//! `stave user` and `stave token`: who may come in by the door.
//!
//! A secret is shown once, when it is made: on stdout alone, or in a file that only its owner reads. JSON never has one.

use std::fs::OpenOptions;
use std::io::{BufRead as _, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};
use stave_answers::text::tame;
use stave_answers::when::{age_ms, day, day_begins};
use stave_ledger::{Ledger, Store};
use stave_model::{Time, person_author};
use stave_server::door::accounts::{
    PASSWORD_BYTES, Password, Token, User, add_token, add_user, remove_token, remove_user, set_password,
    set_role, tokens, users,
};

use crate::cli::{PasswordFrom, Shown, TokenArguments, TokenCommand, UserArguments, UserCommand};
use crate::context::{Context, now};
use crate::estate;
use crate::problem::{Exit, Problem};

const DAY_MS: i64 = 24 * 60 * 60_000;

pub(super) fn user(context: &mut Context<'_>, arguments: &UserArguments) -> anyhow::Result<Exit> {
    let mut ledger = match &arguments.command {
        // The first account of a server that has no ledger yet: it is made where it was said to be.
        UserCommand::Add { .. } if context.ledger.is_some() => {
            let place = estate::to_make(context)?;
            context.read_settings(Some(&place.root))?;
            place.open()?
        }
        _ => open(context)?,
    };
    match &arguments.command {
        UserCommand::Add { address, name, role, no_password, password } => {
            let user = User::new(address, name, *role, &ledger.estate_key()?, now())?;
            let password = match no_password {
                true => None,
                false => Some(Given::of(context, password)?),
            };
            add_user(store(&mut *ledger)?, &user, password.as_ref().map(|given| &given.password))?;
            ledger.add_people(&[user.row()])?;
            context.terminal.say(&format!("Added: {}, {}", tame(&user.email), user.role));
            made(context, password, json!({"added": shown(&user)}))
        }
        UserCommand::List => {
            let users = users(store(&mut *ledger)?)?;
            if context.terminal.is_json() {
                let users: Vec<Value> = users.iter().map(shown).collect();
                context.terminal.json(&json!({"users": users}))?;
                return Ok(Exit::Answered);
            }
            let width = users.iter().map(|user| user.email.chars().count()).max().unwrap_or(0);
            for user in &users {
                let password = if user.has_password() { "password" } else { "signs in elsewhere" };
                let line = format!(
                    "{:<width$}  {:<6}  since {}  {password}  {}",
                    tame(&user.email),
                    user.role.word(),
                    day(user.made),
                    tame(&user.name)
                );
                context.terminal.line(line.trim_end())?;
            }
            if users.is_empty() {
                context
                    .terminal
                    .say("nobody has an account: who is on this machine reads, and the printed key writes");
            }
            Ok(Exit::Answered)
        }
        UserCommand::Remove { address } => {
            let done = remove_user(store(&mut *ledger)?, address)?;
            changed(context, "user", address, done, "Removed")
        }
        UserCommand::Role { address, role } => {
            let done = set_role(store(&mut *ledger)?, address, *role)?;
            changed(context, "user", address, done, &format!("{role} from now on"))
        }
        UserCommand::Password { address, password } => {
            let given = Given::of(context, password)?;
            if !set_password(store(&mut *ledger)?, address, &given.password)? {
                return Err(unknown("user", address));
            }
            context.terminal.say(&format!("Changed: {}; they are signed out everywhere", tame(address)));
            made(context, Some(given), json!({"changed": address}))
        }
    }
}

pub(super) fn token(context: &mut Context<'_>, arguments: &TokenArguments) -> anyhow::Result<Exit> {
    let mut ledger = open(context)?;
    match &arguments.command {
        TokenCommand::Add { name, authors, scope_prefixes, until, shown } => {
            let mut out = Out::of(context, shown)?;
            let authors = authors.iter().map(|author| author_of(&*ledger, author));
            let token = Token {
                name: name.clone(),
                authors: authors.collect::<anyhow::Result<_>>()?,
                scope_prefixes: scope_prefixes.clone(),
                until: until.as_deref().map(end_of).transpose()?,
                made: now(),
            };
            let secret = match add_token(store(&mut *ledger)?, &token) {
                Ok(secret) => secret,
                Err(error) => {
                    out.undo();
                    return Err(error.into());
                }
            };
            let ends = token.until.map_or("never".to_owned(), day);
            context.terminal.say(&format!("Made: {name}, which ends {ends}; it is shown this once"));
            out.write(context, secret.reveal(), json!({"added": token}))
        }
        TokenCommand::List => {
            let tokens = tokens(store(&mut *ledger)?)?;
            if context.terminal.is_json() {
                context.terminal.json(&json!({"tokens": tokens}))?;
                return Ok(Exit::Answered);
            }
            let width = tokens.iter().map(|token| token.name.len()).max().unwrap_or(0);
            for token in &tokens {
                let ends = match token.until {
                    Some(until) if until <= now() => format!("ended {}", day(until)),
                    Some(until) => format!("ends {}", day(until)),
                    None => "never ends".to_owned(),
                };
                let writes = match token.authors.is_empty() {
                    true => "reads".to_owned(),
                    false => format!("{} of {}", token.authors.join(", "), token.scope_prefixes.join(", ")),
                };
                context.terminal.line(&format!("{:<width$}  {ends}  {}", token.name, tame(&writes)))?;
            }
            if tokens.is_empty() {
                context.terminal.say("there are no tokens");
            }
            Ok(Exit::Answered)
        }
        TokenCommand::Remove { name } => {
            let done = remove_token(store(&mut *ledger)?, name)?;
            changed(context, "token", name, done, "Removed")
        }
    }
}

fn open(context: &mut Context<'_>) -> anyhow::Result<Box<dyn Ledger>> {
    let place = estate::existing(context)?;
    context.read_settings(Some(&place.root))?;
    place.open()
}

fn store(ledger: &mut dyn Ledger) -> anyhow::Result<&mut dyn Store> {
    ledger.store().ok_or_else(|| {
        Problem::new("accounts can't be seen from afar")
            .hint("run this where the server runs, with the --ledger that it has")
            .into()
    })
}

fn shown(user: &User) -> Value {
    json!({
        "address": user.email, "name": user.name, "person": user.person, "role": user.role,
        "made": user.made, "has_password": user.has_password(),
    })
}

fn unknown(what: &str, name: &str) -> anyhow::Error {
    Problem::no(format!("there is no {what} {}", tame(name))).hint(format!("stave {what} list")).into()
}

fn changed(
    context: &mut Context<'_>,
    what: &str,
    name: &str,
    is_done: bool,
    done: &str,
) -> anyhow::Result<Exit> {
    if !is_done {
        return Err(unknown(what, name));
    }
    if context.terminal.is_json() {
        context.terminal.json(&json!({"changed": name}))?;
    } else {
        context.terminal.line(&format!("{}: {done}", tame(name)))?;
    }
    Ok(Exit::Answered)
}

/// An author as a token names it: as typed, or the person with an e-mail address.
fn author_of(ledger: &dyn Ledger, typed: &str) -> anyhow::Result<String> {
    if typed.contains('@') && !typed.contains(':') {
        let address = format!("mailto:{}", typed.trim().to_lowercase());
        return Ok(person_author(&ledger.estate_key()?, &address)?.to_string());
    }
    Ok(typed.to_owned())
}

/// The end that `90d` or a last day means.
fn end_of(typed: &str) -> anyhow::Result<Time> {
    let now = now();
    let last = day_begins(typed).map(|begins| begins.millis().saturating_add(DAY_MS));
    let end = last.or_else(|| Some(now.millis().saturating_add(age_ms(typed)?)));
    match end {
        Some(end) if end > now.millis() => Ok(Time::from_millis(end)),
        Some(_) => Err(Problem::new(format!("--until {typed} is over")).into()),
        None => Err(Problem::new(format!("--until {typed} is no age and no day"))
            .hint("an age is a number and a unit, like 90d; a day is written like 2027-01-31")
            .into()),
    }
}

/// A password, and where to show it if it was made here.
struct Given {
    password: Password,
    out: Option<Out>,
}

impl Given {
    fn of(context: &Context<'_>, from: &PasswordFrom) -> anyhow::Result<Given> {
        if from.password_stdin {
            let mut line = String::new();
            // A line that is longer than any password is cut, and then refused for its length.
            let most = PASSWORD_BYTES.1 as u64 + 2;
            std::io::stdin()
                .lock()
                .take(most)
                .read_line(&mut line)
                .context("the password can't be read from standard input")?;
            let text = line.trim_end_matches(['\r', '\n']).to_owned();
            return Ok(Given { password: Password::new(text)?, out: None });
        }
        Ok(Given { out: Some(Out::of(context, &from.shown)?), password: Password::random()? })
    }
}

fn made(context: &mut Context<'_>, given: Option<Given>, told: Value) -> anyhow::Result<Exit> {
    match given {
        Some(Given { password, out: Some(out) }) => {
            context.terminal.say("Their password, shown this once:");
            out.write(context, password.reveal(), told)
        }
        _ => {
            if context.terminal.is_json() {
                context.terminal.json(&told)?;
            }
            Ok(Exit::Answered)
        }
    }
}

/// Where a secret goes: prepared before anything is made, so that none is lost.
struct Out {
    file: Option<(std::fs::File, std::path::PathBuf)>,
}

impl Out {
    fn of(context: &Context<'_>, shown: &Shown) -> anyhow::Result<Out> {
        let Some(path) = &shown.secret_file else {
            if context.terminal.is_json() {
                return Err(Problem::new("JSON never has a secret in it")
                    .hint("--secret-file FILE writes it to a file of its own; without --json it is printed")
                    .into());
            }
            return Ok(Out { file: None });
        };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = file.with_context(|| format!("can't make {} (--secret-file)", path.display()))?;
        Ok(Out { file: Some((file, path.clone())) })
    }

    /// Takes an empty file back.
    fn undo(&mut self) {
        if let Some((_, path)) = self.file.take() {
            let _ = std::fs::remove_file(path);
        }
    }

    fn write(self, context: &mut Context<'_>, secret: &str, mut told: Value) -> anyhow::Result<Exit> {
        let Some((mut file, path)) = self.file else {
            context.terminal.line(secret)?;
            return Ok(Exit::Answered);
        };
        writeln!(file, "{secret}").with_context(|| lost(&path))?;
        if context.terminal.is_json() {
            told["secret_file"] = path.display().to_string().into();
            context.terminal.json(&told)?;
        } else {
            context.terminal.say(&format!("  in {}", path.display()));
        }
        Ok(Exit::Answered)
    }
}

fn lost(path: &Path) -> String {
    format!("can't write {}: what was made is lost; remove it and make another", path.display())
}
