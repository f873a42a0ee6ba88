//! Signing in, and who one is.

use maud::html;

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
    },
    /// A program with a token.
    Machine {
        /// The token's name.
        name: String,
    },
}

/// A page that says who one is, and ends it.
pub fn account_page(account: &Account) -> String {
    let main = html! {
        @match account {
            Account::Guest => p.lead {
                "You read. Who writes needs the URL that was printed when this server started."
            },
            Account::Keeper { name } => p.lead { "You write as " (text(name)) "." },
            Account::Person { name, role } => p.lead { "You are " (text(name)) ", " (role) "." },
            Account::Machine { name } => p.lead { "You are the token " (text(name)) "." },
        }
        @if matches!(account, Account::Keeper { .. } | Account::Person { .. }) {
            form.account action="/logout" method="post" { button type="submit" { "Sign out" } }
        }
        p { a href="/" { "To the overview" } }
    };
    bare_page("Who you are here", &main)
}
