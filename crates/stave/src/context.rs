//! What every verb works with: terminal, settings, surroundings, folders, the time.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use stave_answers::AsOf;
use stave_map::Waiting;
use stave_model::{Op, Time};

use crate::cli::Global;
use crate::identity::{self, Speaker};
use crate::problem::Problem;
use crate::settings::{Flags, Settings};
use crate::surroundings::{Surroundings, shell_word};
use crate::terminal::Terminal;

/// Version and name of this program, as statements carry it.
pub(crate) const TOOL: &str = concat!("stave ", env!("CARGO_PKG_VERSION"));

/// This very build: a file that another one read may mean something else now.
pub(crate) fn build() -> String {
    let file = std::env::current_exe().and_then(fs::metadata);
    let stamp = file.map(|meta| (meta.len(), meta.modified().ok())).ok();
    format!("{TOOL} {stamp:?}")
}

/// What every verb works with.
pub(crate) struct Context<'t> {
    pub(crate) terminal: &'t mut Terminal,
    pub(crate) surroundings: Surroundings,
    pub(crate) settings: Settings,
    /// Where the ledger is asked for: `--ledger`, STAVE_LEDGER.
    pub(crate) ledger: Option<PathBuf>,
    /// `--at`, as typed.
    pub(crate) at: Option<String>,
    /// The moment that answers are of, where `--at` asks for one that isn't the present.
    pub(crate) as_of: Option<AsOf>,
    /// What was read by a clock ahead of this machine's.
    pub(crate) waiting: Option<Waiting>,
    /// Where the person typed the command, before `-C`.
    pub(crate) typed_in: PathBuf,
    /// `-C`, as typed.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) flags: Flags,
    /// A token may be sent unencrypted.
    pub(crate) insecure_http: bool,
    /// The verb is for those who run a ledger, not for those who ask it or speak.
    pub(crate) is_operators: bool,
}

impl<'t> Context<'t> {
    /// Goes to `-C` and reads the surroundings. Settings follow when the estate is known.
    pub(crate) fn new(
        terminal: &'t mut Terminal,
        global: &Global,
        flags: Flags,
    ) -> anyhow::Result<Context<'t>> {
        let typed_in =
            std::env::current_dir().context("the current folder can't be read: it may have been removed")?;
        if let Some(directory) = &global.directory {
            std::env::set_current_dir(directory)
                .with_context(|| format!("can't go to {} (-C)", directory.display()))?;
        }
        let surroundings = Surroundings::read();
        let ledger = global.ledger.clone().or_else(|| surroundings.get("STAVE_LEDGER").map(PathBuf::from));
        Ok(Context {
            terminal,
            surroundings,
            settings: Settings::default(),
            ledger,
            at: global.at.clone(),
            as_of: None,
            waiting: None,
            typed_in,
            directory: global.directory.clone(),
            flags,
            insecure_http: global.insecure_http,
            is_operators: false,
        })
    }

    /// Reads the settings, now that the folder that holds `.stave` is known, if there is one.
    pub(crate) fn read_settings(&mut self, estate: Option<&Path>) -> anyhow::Result<()> {
        let (settings, warnings) = Settings::read(&self.flags, &self.surroundings, estate)?;
        self.settings = settings;
        self.terminal.set_colour(self.settings.color());
        for warning in warnings {
            self.terminal.warn(&warning);
        }
        Ok(())
    }

    /// Who speaks.
    pub(crate) fn speaker(&mut self) -> Result<Speaker, Problem> {
        let folder = std::env::current_dir().unwrap_or_default();
        let speaker = identity::speaker(&self.settings, &self.surroundings, &folder)?;
        self.terminal.detail(&format!("speaking as {} (from {})", speaker.email(), speaker.origin));
        Ok(speaker)
    }

    /// `stave`, or how it has to be typed here, with the options that lead to the same ledger.
    pub(crate) fn typed(&self, estate: &Path) -> String {
        let mut typed = self.surroundings.invocation();
        if let Some(ledger) = &self.ledger {
            let from_flag = self.surroundings.get("STAVE_LEDGER").map(PathBuf::from).as_ref() != Some(ledger);
            if from_flag {
                if let Some(directory) = &self.directory {
                    typed.push_str(&format!(" -C {}", shell_word(directory)));
                }
                typed.push_str(&format!(" --ledger {}", shell_word(&crate::reach::shown(ledger))));
            }
            return typed;
        }
        let here = self.typed_in.canonicalize().unwrap_or_else(|_| self.typed_in.clone());
        if !here.starts_with(estate) {
            let shown = estate.strip_prefix(&here).unwrap_or(estate);
            typed.push_str(&format!(" -C {}", shell_word(shown)));
        }
        typed
    }
}

/// The present, in milliseconds. The libraries are told it; they have no clock.
pub(crate) fn now() -> Time {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

/// A new op: what groups the statements of one command.
pub(crate) fn new_op() -> anyhow::Result<Op> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("the system gives no random numbers: {error}"))?;
    Ok(Op(bytes))
}
