//! Who asks, and what they may: one pure function, decided where statements enter.

use std::fmt;
use std::str::FromStr;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use stave_model::{Author, Claim, Header, Reference, Scope, Time};

/// What a person may do; each role may what the one before may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Speaks, in their own name.
    Member,
    /// Also forgets and redacts, and sees to the ledger.
    Admin,
}

impl Role {
    /// All roles, the least first.
    pub const ALL: [Role; 3] = [Role::Viewer, Role::Member, Role::Admin];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Member => "member",
            Role::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Role, String> {
        let known = Role::ALL.into_iter().find(|role| role.word() == text);
        known.ok_or_else(|| format!("\"{text}\" is no role; there are viewer, member and admin"))
    }
}

/// A person who is signed in, or who sits at the machine that serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// In whose name their words stand: `person:ID`.
    pub id: Author,
    /// The name to show; may be empty.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// A program with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The token's name: lower-case letters, digits and `-`.
    pub name: String,
    /// In whose name it may speak: authors as they stand, or with `*` at the end, which stands for anything.
    /// Without any it only reads.
    pub authors: Vec<String>,
    /// What it may speak of: beginnings of scopes that end where a part ends; `*` is all.
    pub scopes: Vec<String>,
    /// When the token ends.
    pub until: Option<Time>,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Nobody we know, at a server that has accounts.
    Stranger,
    /// Anybody on this machine, at a server without accounts.
    Guest,
    /// A person.
    Person(Person),
    /// A program.
    Machine(Machine),
}

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent<'a> {
    /// Look at pages, their twins and events; read what a ledger holds.
    Read,
    /// Look at the server's own counts.
    Metrics {
        /// Whether the request comes from this machine itself.
        from_here: bool,
    },
    /// Say something in somebody's name, or move the register of what was last heard from them.
    Speak {
        /// In whose name.
        author: &'a Author,
        /// About what.
        scope: &'a Scope,
    },
    /// Put a word in the place of another one, which then counts no more. Whoever says it may also [`Intent::Speak`].
    Replace {
        /// What the new word is about.
        scope: &'a Scope,
        /// What the word that it replaces is about.
        replaced: &'a Scope,
    },
    /// Change one's own password, end one's own sessions.
    OwnAccount,
    /// Add names to the people directory, as a scan of histories does.
    AddPeople,
    /// Anything else that changes what others see: other estates' keys, restoring, compaction.
    Administer,
}

/// Why somebody may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It isn't known who asks.
    #[error("You are not signed in.")]
    SignIn,
    /// No accounts here, and not the printed key either.
    #[error("Who writes here needs the key that this server printed when it started.")]
    Key,
    /// A role that is too low.
    #[error("A {has} may not do this; it takes a {needs}.")]
    Role {
        /// The role of who asks.
        has: Role,
        /// The role that it takes.
        needs: Role,
    },
    /// In another person's name.
    #[error("Everybody speaks in their own name: {0} is somebody else.")]
    OtherPerson(Author),
    /// In a machine's name, by a person.
    #[error("Statements of {0} are made by programs, and they need a token.")]
    ByPerson(Author),
    /// The token doesn't name the author.
    #[error("The token {token} may not speak for {author}.")]
    TokenAuthor {
        /// The token's name.
        token: String,
        /// For whom it wanted to speak.
        author: Author,
    },
    /// The token doesn't name the scope.
    #[error("The token {token} may not speak of {scope}.")]
    TokenScope {
        /// The token's name.
        token: String,
        /// What it wanted to speak of.
        scope: Scope,
    },
    /// The token doesn't name the scope of a word that was to be replaced.
    #[error("The token {token} may not replace a word about {scope}.")]
    TokenReplaces {
        /// The token's name.
        token: String,
        /// What the word is about.
        scope: Scope,
    },
    /// The token doesn't name the repository.
    #[error("The token {token} may not say which branch of {of} is shown.")]
    TokenBranch {
        /// The token's name.
        token: String,
        /// The repository.
        of: Reference,
    },
    /// Not a person.
    #[error("Only people have an account of their own.")]
    NoPerson,
    /// The token names no authors, and what is wanted takes one that does.
    #[error("The token {0} may not do this: it only reads.")]
    OnlyReads(String),
    /// No token may do it.
    #[error("The token {0} may not do this; it takes an admin.")]
    Token(String),
}

impl Refusal {
    /// 401 where signing in would help, else 403.
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::SignIn => StatusCode::UNAUTHORIZED,
            _ => StatusCode::FORBIDDEN,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Refusal::SignIn => "Sign in at /login, or send a token: Authorization: Bearer TOKEN.",
            Refusal::Key => "Open the whole URL that `stave serve` or `stave up` printed, with its ?key=.",
            Refusal::Role { .. } => "An admin changes roles: stave user role NAME ROLE.",
            Refusal::OtherPerson(_) => "Leave the author away, or sign in as them.",
            Refusal::ByPerson(_) => "Make one: stave token add NAME --author AUTHOR --scope-prefix PREFIX.",
            Refusal::TokenAuthor { .. } => "A token names its authors: stave token add NAME --author AUTHOR.",
            Refusal::TokenScope { .. } | Refusal::TokenReplaces { .. } | Refusal::TokenBranch { .. } => {
                "A token names its scopes: stave token add NAME --scope-prefix PREFIX."
            }
            Refusal::NoPerson => "A token is removed by whoever runs the ledger: stave token remove NAME.",
            Refusal::OnlyReads(_) => {
                "It takes one that writes: stave token add NAME --author AUTHOR --scope-prefix PREFIX."
            }
            Refusal::Token(_) => "It is done with the command line, by whoever runs the ledger.",
        }
    }
}

impl Caller {
    /// Whether this may be done. The table is in docs/access.md.
    ///
    /// # Errors
    /// Why not.
    pub fn may(&self, intent: Intent<'_>) -> Result<(), Refusal> {
        match self {
            // Whoever watches this machine must get through also when the store doesn't say who they are.
            _ if matches!(intent, Intent::Metrics { from_here: true }) => Ok(()),
            Caller::Stranger => Err(Refusal::SignIn),
            Caller::Guest => match intent {
                Intent::Read => Ok(()),
                Intent::Metrics { .. } => Err(Refusal::SignIn),
                Intent::OwnAccount => Err(Refusal::NoPerson),
                Intent::Speak { .. } | Intent::Replace { .. } | Intent::AddPeople | Intent::Administer => {
                    Err(Refusal::Key)
                }
            },
            Caller::Person(person) => person.may(intent),
            Caller::Machine(machine) => machine.may(intent),
        }
    }

    /// Whether there is anything that this caller may write.
    ///
    /// # Errors
    /// Why not.
    pub fn may_write(&self) -> Result<(), Refusal> {
        self.may(Intent::AddPeople)
    }

    /// In whose name this caller's own words stand; only people have words of their own.
    pub fn speaker(&self) -> Option<&Person> {
        match self {
            Caller::Person(person) if person.role >= Role::Member => Some(person),
            _ => None,
        }
    }

    /// Lets a statement in: decides whether this caller may make it, and sets who it really was. What a client
    /// wrote into `by` is forgotten.
    ///
    /// # Errors
    /// Why not; the header is as it was.
    pub fn sign(&self, header: &mut Header) -> Result<(), Refusal> {
        self.may(Intent::Speak { author: &header.author, scope: &header.scope })?;
        header.by = match self {
            Caller::Machine(machine) => machine.author().filter(|by| *by != header.author),
            _ => None,
        };
        Ok(())
    }

    /// Lets one claim of a statement in. What a statement says may be about anything that was seen from its scope; which
    /// branch of a repository is shown, a token says only of the repository of the scope and of those that it was made for.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn may_claim(&self, author: &Author, scope: &Scope, claim: &Claim) -> Result<(), Refusal> {
        let Caller::Machine(machine) = self else { return Ok(()) };
        // A person's scope is that of the fact, and was judged.
        if claim.kind != "default_branch" || author.is_person() {
            return Ok(());
        }
        let of = claim.of.as_str();
        let is_own = scope.as_str().strip_prefix(of).is_some_and(|rest| rest.starts_with('@'));
        if is_own || machine.scopes.iter().any(|allowed| begins(of, allowed)) {
            return Ok(());
        }
        Err(Refusal::TokenBranch { token: machine.name.clone(), of: claim.of.clone() })
    }

    /// Whose writes are counted together: of those whom nobody knows, what comes from one address.
    pub(crate) fn counted_as(&self, address: &str) -> String {
        match self {
            Caller::Stranger | Caller::Guest => format!("from:{address}"),
            Caller::Person(person) => person.id.to_string(),
            Caller::Machine(machine) => format!("token:{}", machine.name),
        }
    }
}

impl Person {
    fn may(&self, intent: Intent<'_>) -> Result<(), Refusal> {
        match intent {
            Intent::Read | Intent::OwnAccount => Ok(()),
            // Words of all people stand beside each other, and each may take up another's.
            Intent::Replace { .. } | Intent::AddPeople => self.is_at_least(Role::Member),
            Intent::Metrics { .. } | Intent::Administer => self.is_at_least(Role::Admin),
            Intent::Speak { author, .. } if !author.is_person() => {
                self.is_at_least(Role::Member)?;
                Err(Refusal::ByPerson(author.clone()))
            }
            Intent::Speak { author, scope } => {
                self.is_at_least(Role::Member)?;
                if *author != self.id {
                    return Err(Refusal::OtherPerson(author.clone()));
                }
                match erased(scope) {
                    // Everybody may ask to be forgotten.
                    Some(of) if of != self.id.as_str() => self.is_at_least(Role::Admin),
                    _ => Ok(()),
                }
            }
        }
    }

    fn is_at_least(&self, needs: Role) -> Result<(), Refusal> {
        if self.role >= needs { Ok(()) } else { Err(Refusal::Role { has: self.role, needs }) }
    }
}

impl Machine {
    /// How statements say who brought them: `token:NAME`.
    pub(crate) fn author(&self) -> Option<Author> {
        format!("token:{}", self.name).parse().ok()
    }

    /// Whether the token was made for this scope.
    fn covers(&self, scope: &Scope) -> bool {
        self.scopes.iter().any(|allowed| begins(scope.as_str(), allowed))
    }

    fn may(&self, intent: Intent<'_>) -> Result<(), Refusal> {
        match intent {
            Intent::Read | Intent::Metrics { .. } => Ok(()),
            Intent::OwnAccount => Err(Refusal::NoPerson),
            Intent::AddPeople if !self.authors.is_empty() => Ok(()),
            Intent::AddPeople => Err(Refusal::OnlyReads(self.name.clone())),
            Intent::Administer => Err(Refusal::Token(self.name.clone())),
            Intent::Speak { author, scope } => {
                if erased(scope).is_some() {
                    return Err(Refusal::Token(self.name.clone()));
                }
                if !self.authors.iter().any(|allowed| is_author(author, allowed)) {
                    return Err(Refusal::TokenAuthor { token: self.name.clone(), author: author.clone() });
                }
                if !self.covers(scope) {
                    return Err(Refusal::TokenScope { token: self.name.clone(), scope: scope.clone() });
                }
                Ok(())
            }
            Intent::Replace { scope, replaced } => {
                if replaced == scope || (self.covers(replaced) && erased(replaced).is_none()) {
                    return Ok(());
                }
                Err(Refusal::TokenReplaces { token: self.name.clone(), scope: replaced.clone() })
            }
        }
    }
}

fn is_author(author: &Author, allowed: &str) -> bool {
    match allowed.strip_suffix('*') {
        Some(beginning) => author.as_str().starts_with(beginning),
        None => author.as_str() == allowed,
    }
}

/// Whether a scope begins so, and ends there or at the end of a part: `repo:host/acme` is not the beginning of
/// `repo:host/acme-tools/x@main`.
fn begins(scope: &str, allowed: &str) -> bool {
    const ENDS: [char; 5] = ['/', '@', '#', '>', ':'];
    if allowed == "*" {
        return true;
    }
    match scope.strip_prefix(allowed) {
        _ if allowed.is_empty() => false,
        Some(rest) => rest.is_empty() || allowed.ends_with(ENDS) || rest.starts_with(ENDS),
        None => false,
    }
}

/// What a word takes away for ever, if it does: the text of the reference in `fact:OF#forgotten` and
/// `fact:OF#redacted`.
fn erased(scope: &Scope) -> Option<&str> {
    if scope.kind() != "fact" {
        return None;
    }
    // In the parts of a fact's scope `#` and `>` are percent-encoded, so the first ones are the separators.
    let (of, fact) = scope.rest().split_once('#')?;
    let fact_type = fact.split('>').next().unwrap_or(fact);
    matches!(fact_type, "forgotten" | "redacted").then_some(of)
}
