//! Signing in, and who one is.

use maud::{Markup, html};

use crate::links::encoded;
use crate::parts::text;
use crate::shell::bare_page;

/// What the page for signing in knows.
#[derive(Clone, Debug, Default)]
pub struct SignIn {
    /// Where to go afterwards: a path of this server.
    pub next: String,
    /// The address that was typed before.
    pub email: String,
    /// Why it did not work.
    pub problem: Option<String>,
    /// Whether there are users with passwords.
    pub passwords: bool,
    /// Where else one can sign in: the name of the provider.
    pub provider: Option<String>,
}

/// A page with the form for signing in.
pub fn sign_in_page(sign_in: &SignIn) -> String {
    let main = html! {
        @if let Some(problem) = &sign_in.problem { p.lead role="alert" { (text(problem)) } }
        @if let Some(provider) = &sign_in.provider {
            // A link and no form: browsers let a form of ours lead nowhere else, not even by a redirect.
            p { a.name href={ "/login/oidc?next=" (encoded(&sign_in.next)) } { "Sign in with " (text(provider)) } }
        }
        @if sign_in.passwords {
            form.account action="/login" method="post" {
                input type="hidden" name="next" value=(sign_in.next);
                label {
                    "E-mail address"
                    input type="email" name="email" value=(sign_in.email) required maxlength="254"
                        autocomplete="username" autofocus[sign_in.email.is_empty()];
                }
                label {
                    "Password"
                    input type="password" name="password" required maxlength="1024"
                        autocomplete="current-password" autofocus[!sign_in.email.is_empty()];
                }
                button type="submit" { "Sign in" }
            }
        }
    };
    bare_page("Sign in", &main)
}

/// Who one is to the server.
#[derive(Clone, Debug)]
pub enum Account {
    /// Anybody on this machine.
    Guest,
    /// Whoever started the server, by the printed key.
    Keeper {
        /// Their name.
        name: String,
    },
    /// Somebody who is signed in.
    Person {
        /// Their name.
        name: String,
        /// What they may do.
        role: String,
        /// Whether they sign in with a password, and so can change it here.
        has_password: bool,
        /// Their sessions, the one that was used last first.
        sessions: Vec<SessionRow>,
        /// What has just been done.
        done: Option<Changed>,
    },
    /// A program with a token.
    Machine {
        /// The token's name.
        name: String,
    },
}

/// One session of a user.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// The digits by which it is ended.
    pub id: String,
    /// When it began: `2026-11-22 14:05`, UTC.
    pub began: String,
    /// How long ago it was last used.
    pub seen: String,
    /// Whether it is the one that looks at the page.
    pub is_own: bool,
}

/// What came of a form on the page.
#[derive(Clone, Debug)]
pub enum Changed {
    /// There is another password now, and no session elsewhere.
    Password,
    /// Sessions have ended.
    Sessions,
    /// Nothing was changed, and why.
    Nothing(String),
}

/// A page that says who one is, and ends it.
pub fn account_page(account: &Account) -> String {
    let main = html! {
        @match account {
            Account::Guest => p.lead {
                "You read. Who writes needs the URL that was printed when this server started."
            },
            Account::Keeper { name } => p.lead { "You write as " (text(name)) "." },
            Account::Person { name, role, .. } => p.lead { "You are " (text(name)) ", " (role) "." },
            Account::Machine { name } => p.lead { "You are the token " (text(name)) "." },
        }
        @if let Account::Person { has_password, sessions, done, .. } = account {
            (own_account(*has_password, sessions, done.as_ref()))
        }
        @if matches!(account, Account::Keeper { .. } | Account::Person { .. }) {
            form.account action="/logout" method="post" { button type="submit" { "Sign out" } }
        }
        p { a href="/" { "To the overview" } }
    };
    bare_page("Who you are here", &main)
}

/// What somebody who is signed in can do about their account.
fn own_account(has_password: bool, sessions: &[SessionRow], done: Option<&Changed>) -> Markup {
    html! {
        @match done {
            Some(Changed::Password) => p role="status" { "You have another password; your sessions elsewhere have ended." },
            Some(Changed::Sessions) => p role="status" { "Done." },
            Some(Changed::Nothing(why)) => p role="alert" { "Nothing was changed. " (text(why)) },
            None => {},
        }
        @if has_password {
            h2 { "Another password" }
            form.account action="/account/password" method="post" {
                (password("old", "The one that you have", "current-password"))
                (password("new", "The new one, 12 characters at least", "new-password"))
                (password("again", "The new one again", "new-password"))
                button type="submit" { "Change it" }
            }
        } @else {
            p { "You sign in elsewhere; your password is changed there." }
        }
        h2 { "Where you are signed in" }
        table {
            thead { tr { th scope="col" { "Since (UTC)" } th scope="col" { "Last used" } td {} } }
            tbody {
                @for session in sessions {
                    tr {
                        td { (session.began) }
                        td { (session.seen) }
                        td {
                            @if session.is_own {
                                "here"
                            } @else {
                                form action="/account/sessions" method="post" {
                                    input type="hidden" name="session" value=(session.id);
                                    button type="submit" aria-label={ "End it: the session of " (session.began) } { "End it" }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if sessions.len() > 1 {
            form.account action="/account/sessions" method="post" {
                button type="submit" { "End all others" }
            }
        }
    }
}

fn password(name: &str, label: &str, autocomplete: &str) -> Markup {
    html! {
        label {
            (label)
            input type="password" name=(name) required maxlength="1024" autocomplete=(autocomplete);
        }
    }
}
