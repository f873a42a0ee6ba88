//! `stave up DIR…` and `stave serve`: the board, on this machine only.

use std::net::{IpAddr, SocketAddr};
use std::process::{Command, Stdio};
use std::time::Instant;

use stave_answers::speech::Meant;
use stave_answers::text::counted;
use stave_map::{EntityRow, ReadModel, State, Target};
use stave_server::door::accounts::users;
use stave_server::door::{Local, Oidc, Person, Role};
use stave_server::{OpenError, Options, Sources, Stop};

use super::scan;
use crate::cli::{Board, Serve, Up};
use crate::context::{Context, new_op};
use crate::elsewhere;
use crate::estate::{self, Place};
use crate::opened::Opened;
use crate::problem::{Exit, Problem};
use crate::surroundings::{quote, resident_bytes};

pub(super) fn up(context: &mut Context<'_>, arguments: &Up) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let (mut opened, report) = scan::read(context, &arguments.trees)?;
    let summary = stave_answers::summary(opened.estate())?;
    if !context.terminal.is_json() {
        report.print(context)?;
        context.terminal.line("")?;
        let text = summary.to_text(context.terminal.width(), &context.terminal.style());
        context.terminal.print(&text)?;
        context.terminal.line(&format!(
            "{}, read in {:.1} s",
            report.warning_count(),
            started.elapsed().as_secs_f64()
        ))?;
    }
    let json = serde_json::json!({"scan": report, "summary": summary});
    board(context, &mut opened, &arguments.board, Others::default(), Some(json))
}

pub(super) fn serve(context: &mut Context<'_>, arguments: &Serve) -> anyhow::Result<Exit> {
    let place = estate::existing(context)?;
    // Not brought up to date here: who watches gets an answer at once, while the server folds what is new.
    let mut opened = Opened::at(context, place)?;
    let listen = arguments.listen.as_deref().map(|text| listen(text, context.settings.port())).transpose()?;
    let others = Others {
        listen,
        hosts: arguments.hosts.clone(),
        proxies: arguments.proxies.clone(),
        oidc: elsewhere::settings(context)?,
    };
    board(context, &mut opened, &arguments.board, others, None)
}

/// Where and for whom, beside who sits here.
#[derive(Default)]
struct Others {
    listen: Option<SocketAddr>,
    hosts: Vec<String>,
    proxies: Vec<IpAddr>,
    oidc: Option<Oidc>,
}

/// `ADDRESS` or `ADDRESS:PORT`.
fn listen(text: &str, port: u16) -> Result<SocketAddr, Problem> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    text.parse().ok().or_else(|| Some(SocketAddr::new(bare.parse().ok()?, port))).ok_or_else(|| {
        Problem::new(format!("--listen {text} is no address of this machine"))
            .hint("write it like 10.0.0.5, 10.0.0.5:8080, 0.0.0.0 for all, or [::1]:8080")
    })
}

/// Serves until Ctrl-C. `json` is what is printed beside the URL where JSON is asked for.
fn board(
    context: &mut Context<'_>,
    opened: &mut Opened,
    board: &Board,
    others: Others,
    json: Option<serde_json::Value>,
) -> anyhow::Result<Exit> {
    let own = SocketAddr::from(([127, 0, 0, 1], context.settings.port()));
    let listen = others.listen.unwrap_or(own);
    let wanted = listen.port();
    let mut hosts = others.hosts;
    hosts.extend(others.oidc.as_ref().and_then(|oidc| elsewhere::host(&oidc.url)).map(str::to_owned));
    let has_accounts = others.oidc.is_some()
        || match opened.ledger.store() {
            Some(store) => !users(store)?.is_empty(),
            None => false,
        };
    let (author, row, _) = opened.who_speaks(context)?;
    // 128 random bits, as an op has them.
    let key = new_op()?.to_string();
    let speaker = Person { id: author, name: row.name, role: Role::Admin };
    let options = Options {
        local: Some(Local::new(key.clone(), speaker, row.address)),
        listen,
        // Whoever others come to is looked for at that port, by a proxy if not by people.
        port_search: if others.listen.is_some() || !hosts.is_empty() || !others.proxies.is_empty() {
            0
        } else {
            Options::default().port_search
        },
        hosts,
        oidc: others.oidc,
        proxies: others.proxies,
        signals: true,
        past: Some(opened.place.past_folder()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        memory: resident_bytes,
        log: to_log,
        ..Options::default()
    };
    let place = opened.place.clone();
    let open = move || sources(&place);
    let by_url = opened.place.is_for_operators();
    let next = if by_url { Vec::new() } else { next_commands(context, opened)? };
    let (mut printed, mut page) = (Ok(()), None);
    let on_ready = |address: SocketAddr| {
        // Who has the key writes in the name of whoever started this; with accounts it opens nothing.
        let key = if has_accounts { String::new() } else { format!("?key={key}") };
        let url = format!("http://{address}/{key}");
        // A database's URL is for servers: everybody else comes in here.
        let next = if by_url { vec![format!("stave --ledger http://{address} list")] } else { next };
        printed = announce(context, &url, wanted, address.port(), &next, json);
        if board.open {
            page = open_browser(context, &url);
        }
    };
    stave_server::serve(options, open, on_ready, &Stop::default())?;
    drop(page);
    printed?;
    Ok(Exit::Answered)
}

/// What each worker of the server answers from: connections of its own.
fn sources(place: &Place) -> Result<Sources, OpenError> {
    Ok(Sources { model: ReadModel::open(&place.map_file())?, ledger: place.open()? })
}

/// A line of a running server, on stderr. Nobody reading it is no error.
fn to_log(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "stave: {line}");
}

fn announce(
    context: &mut Context<'_>,
    url: &str,
    wanted: u16,
    port: u16,
    next: &[String],
    json: Option<serde_json::Value>,
) -> anyhow::Result<()> {
    if context.terminal.is_json() {
        let mut object = json.unwrap_or_else(|| serde_json::json!({}));
        object["url"] = url.into();
        context.terminal.json(&object)?;
        return context.terminal.flush();
    }
    if wanted != 0 && wanted != port {
        context.terminal.warn(&format!("port {wanted} is busy, so the board is on {port}"));
    }
    context.terminal.line("")?;
    context.terminal.line(&format!("The board: {url}"))?;
    context.terminal.flush()?;
    context.terminal.say("Ctrl-C ends it. In another terminal:");
    for command in next {
        context.terminal.say(&format!("  {command}"));
    }
    Ok(())
}

/// The next commands as they must be typed, about things that are really there.
fn next_commands(context: &Context<'_>, opened: &Opened) -> anyhow::Result<Vec<String>> {
    let stave = context.typed(&opened.place.root);
    if !opened.is_level()? {
        return Ok(vec![format!("{stave} list")]);
    }
    let filter = stave_map::Filter { kind: Some("component".to_owned()), limit: 50, ..Default::default() };
    let rows = opened.map.list(&filter)?.rows;
    // One that has something to tell: the best connected.
    let shown =
        rows.iter().max_by_key(|row| (row.relations_out + row.relations_in, std::cmp::Reverse(&row.name)));
    let mut next = vec![format!("{stave} list")];
    if let Some(row) = shown {
        let name = match opened.meant(&row.name)? {
            Meant::One(_) => quote(&row.name),
            _ => row.id.clone(),
        };
        next.push(format!("{stave} show {name}"));
        next.push(format!("{stave} why {name}{}", some_relation(opened, row)?));
        next.push(format!("{stave} say {name} owner TEAM"));
    }
    let questions = opened.map.counts()?.questions;
    if questions > 0 {
        next.push(format!("{stave} questions     # {}", counted(questions, "is open", "are open")));
    }
    Ok(next)
}

/// ` calls payments`: a relation of an entity, as it has to be typed; nothing where it has none.
fn some_relation(opened: &Opened, row: &EntityRow) -> anyhow::Result<String> {
    let Some(entity) = opened.map.entity(&row.id)? else { return Ok(String::new()) };
    for fact in entity.facts.iter().filter(|fact| fact.state == State::Stands) {
        if let Some(Target::Entity(label)) = &fact.to
            && let Meant::One(_) = opened.meant(&label.name)?
        {
            return Ok(format!(" {} {}", fact.fact_type, quote(&label.name)));
        }
    }
    Ok(String::new())
}

/// Asks the desktop to open the board. A machine without one loses nothing: the URL is printed.
///
/// The URL holds the key with which this board is written to, and the arguments of a program are everybody's to read: the
/// browser gets a page of its own, which only this user can open and which leads there.
fn open_browser(context: &mut Context<'_>, url: &str) -> Option<tempfile::TempPath> {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let opened = leading_to(url).and_then(|page| {
        let child = Command::new(program)
            .arg(&page)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok((page, child))
    });
    match opened {
        // Waited for on a thread of its own, so that no zombie stays while the board is served.
        Ok((page, mut child)) => {
            drop(std::thread::spawn(move || child.wait()));
            Some(page)
        }
        Err(error) => {
            context.terminal.warn(&format!("no browser can be opened: {program}: {error}"));
            None
        }
    }
}

/// A page that leads to a URL of ours, readable by its owner alone; it goes when the path is dropped.
fn leading_to(url: &str) -> std::io::Result<tempfile::TempPath> {
    use std::io::Write as _;
    let mut page = tempfile::Builder::new().prefix("stave-").suffix(".html").tempfile()?;
    writeln!(
        page,
        "<!doctype html><meta charset=\"utf-8\"><title>Stave</title>\
         <meta http-equiv=\"refresh\" content=\"0;url={url}\"><a href=\"{url}\">The board</a>"
    )?;
    Ok(page.into_temp_path())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_key_stood_in_the_arguments_of_the_browser() {
        let url = "http://127.0.0.1:7878/?key=abc";
        let page = leading_to(url).unwrap();
        assert!(!page.to_string_lossy().contains("abc"));
        assert!(std::fs::read_to_string(&page).unwrap().contains(url));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&page).unwrap().permissions().mode() & 0o077, 0);
        }
        let path = page.to_path_buf();
        drop(page);
        assert!(!path.exists());
    }
}
