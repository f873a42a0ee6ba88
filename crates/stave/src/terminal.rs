//! Output: stdout is data, stderr is talk. No verb prints in any other way.

use std::io::{self, IsTerminal as _, Write};

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use serde::Serialize;
use stave_answers::text::{Role, tame};

use crate::cli::When;
use crate::problem::Told;

/// Columns where nothing says how many there are.
const WIDTH: usize = 120;
const NARROWEST: usize = 40;
const WIDEST: usize = 400;

/// What happened where an answer doesn't get out.
pub(crate) const UNWRITABLE: &str = "can't write to standard output";

const BOLD: Style = Style::new().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// How much is said beside the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Talk {
    /// Warnings and errors.
    Quiet,
    /// What was done and how to go on.
    Normal,
    /// How, and how long it took.
    Verbose,
}

/// What answers are printed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Text for people.
    Text,
    /// One JSON value, on one line.
    Json,
}

/// The two streams and how to use them.
pub(crate) struct Terminal {
    // Buffered, so that an export of a million lines isn't a million writes.
    data: io::BufWriter<io::StdoutLock<'static>>,
    data_is_coloured: bool,
    talk: io::Stderr,
    talk_is_coloured: bool,
    how_much: Talk,
    form: Form,
}

fn is_coloured(when: When, stream_is_terminal: bool) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            stream_is_terminal && !dumb && !unwanted
        }
    }
}

/// Messages quote names from sources and arguments, which must not move the cursor. Their own line breaks stay.
fn tame_lines(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(tame).collect();
    lines.join("\n")
}

fn paint(text: &str, style: Style, is_coloured: bool) -> String {
    if is_coloured { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// Paints the roles of an answer's text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    is_coloured: bool,
}

impl stave_answers::text::Style for Paint {
    fn paint(&self, role: Role, text: &str) -> String {
        let style = match role {
            Role::Heading => BOLD,
            Role::Name => AnsiColor::Cyan.on_default(),
            Role::Quiet => Style::new().dimmed(),
            Role::Attention => WARNING,
            Role::Command => AnsiColor::Green.on_default(),
        };
        paint(text, style, self.is_coloured)
    }
}

impl Terminal {
    pub(crate) fn new(when: When, how_much: Talk, form: Form) -> Terminal {
        Terminal {
            data: io::BufWriter::new(io::stdout().lock()),
            data_is_coloured: is_coloured(when, io::stdout().is_terminal()),
            talk: io::stderr(),
            talk_is_coloured: is_coloured(when, io::stderr().is_terminal()),
            how_much,
            form,
        }
    }

    /// Follows the settings, once they are known.
    pub(crate) fn set_colour(&mut self, when: When) {
        self.data_is_coloured = is_coloured(when, io::stdout().is_terminal());
        self.talk_is_coloured = is_coloured(when, io::stderr().is_terminal());
    }

    pub(crate) fn is_json(&self) -> bool {
        self.form == Form::Json
    }

    pub(crate) fn is_verbose(&self) -> bool {
        self.how_much > Talk::Normal
    }

    /// How many columns an answer may take. What isn't read on a terminal is read by something that can wrap.
    pub(crate) fn width(&self) -> usize {
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let columns = columns.filter(|columns| *columns > 0);
        let stdout = io::stdout();
        let on_terminal = || {
            let size = rustix::termios::tcgetwinsize(&stdout).ok()?;
            Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
        };
        columns.or_else(on_terminal).unwrap_or(WIDTH).clamp(NARROWEST, WIDEST)
    }

    /// How answers are painted.
    pub(crate) fn style(&self) -> Paint {
        Paint { is_coloured: self.data_is_coloured }
    }

    /// Whether a progress bar would reach somebody.
    pub(crate) fn shows_progress(&self) -> bool {
        self.how_much > Talk::Quiet && self.form == Form::Text && io::stderr().is_terminal()
    }

    /// A text of the answer, as it is.
    pub(crate) fn print(&mut self, text: &str) -> anyhow::Result<()> {
        self.data.write_all(text.as_bytes()).context(UNWRITABLE)
    }

    /// A line of the answer.
    pub(crate) fn line(&mut self, text: &str) -> anyhow::Result<()> {
        writeln!(self.data, "{text}").context(UNWRITABLE)
    }

    /// The answer as one line of JSON.
    pub(crate) fn json<T: Serialize>(&mut self, answer: &T) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.data, answer).map_err(io::Error::from).context(UNWRITABLE)?;
        self.line("")
    }

    /// Raw bytes of the answer: an export.
    pub(crate) fn raw(&mut self) -> &mut impl Write {
        &mut self.data
    }

    /// Everything printed so far reaches the reader; the last act of every verb.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        self.data.flush().context(UNWRITABLE)
    }

    /// A line of talk. Data goes first, so that both stand in their order where both go to one place. Nobody
    /// listening is no error.
    fn talk(&mut self, text: &str) {
        let _ = self.data.flush();
        let _ = writeln!(self.talk, "{text}");
    }

    /// What was done, for a person who watches.
    pub(crate) fn say(&mut self, text: &str) {
        if self.how_much > Talk::Quiet {
            self.talk(text);
        }
    }

    /// Details, with -v.
    pub(crate) fn detail(&mut self, text: &str) {
        if self.how_much > Talk::Normal {
            self.talk(text);
        }
    }

    /// Something that a person should know, with or without --quiet.
    pub(crate) fn warn(&mut self, text: &str) {
        let (message, hint) = match text.split_once("\n\nhint: ") {
            Some((message, hint)) => (message, Some(hint)),
            None => (text, None),
        };
        self.talk(&format!("{} {}", self.mark("warning:", WARNING), tame_lines(message)));
        if let Some(hint) = hint {
            self.talk(&format!("  {} {}", self.mark("hint:", HINT), tame_lines(hint)));
        }
    }

    fn mark(&self, text: &str, style: Style) -> String {
        paint(text, style, self.talk_is_coloured)
    }

    /// A problem, in the form that was asked for.
    pub(crate) fn problem(&mut self, told: &Told) {
        if self.is_json() {
            let object = serde_json::json!({
                "error": told.what, "causes": told.causes, "hints": told.hints, "candidates": told.candidates,
            });
            self.talk(&object.to_string());
            return;
        }
        self.talk(&format!("{} {}", self.mark("error:", ERROR), tame_lines(&told.what)));
        for cause in &told.causes {
            self.talk(&format!("  caused by: {}", tame_lines(cause).replace('\n', "\n    ")));
        }
        for (number, hint) in told.hints.iter().enumerate() {
            let blank = if number == 0 { "\n" } else { "" };
            self.talk(&format!("{blank}{} {}", self.mark("hint:", HINT), tame_lines(hint)));
        }
    }
}
