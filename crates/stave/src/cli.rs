//! The command line's definition. One definition yields parsing, help and completions; nothing is done here.

mod accounts;
mod definition;
mod help;

use std::path::{Path, PathBuf};

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

pub(crate) use accounts::*;
pub(crate) use definition::{definition, parse};
use help::*;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// One map of what you run: read from your repositories, corrected by people.
#[derive(Debug, Parser)]
#[command(name = "stave", version, styles = STYLES, after_help = AFTER_HELP, max_term_width = 100)]
#[command(propagate_version = false, disable_help_subcommand = false, infer_subcommands = false)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    // Not global: `export --as graph` means something else, and export doesn't speak.
    #[command(flatten)]
    pub(crate) speaker: Speaker,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Who speaks; before the verb, or behind each verb that writes.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Speaker {
    /// Who speaks: an e-mail address, `NAME <ADDRESS>` [default: git's user.email]
    #[arg(id = "speaker", long = "as", value_name = "ADDRESS", help_heading = "Everywhere")]
    pub(crate) address: Option<String>,
}

/// What every verb takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Go to this folder first
    #[arg(short = 'C', value_name = "DIR", global = true, value_hint = ValueHint::DirPath, help_heading = "Everywhere")]
    pub(crate) directory: Option<PathBuf>,

    /// The ledger: a .stave folder, the folder that holds it, or an address [default: found upward]
    #[arg(long, value_name = "PATH|URL", global = true, value_hint = ValueHint::DirPath, help_heading = "Everywhere")]
    pub(crate) ledger: Option<PathBuf>,

    /// Answer as of a day (2026-11-01), an instant, an age (30d) or a position in the ledger (120)
    #[arg(long, value_name = "MOMENT", global = true, help_heading = "Everywhere")]
    pub(crate) at: Option<String>,

    /// Send tokens over http:// to other machines too
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) insecure_http: bool,

    /// Print JSON
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,

    /// When to use colours
    #[arg(long, value_name = "WHEN", global = true, value_enum, help_heading = "Everywhere")]
    pub(crate) color: Option<When>,

    /// Say less: only answers, warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Everywhere")]
    pub(crate) quiet: bool,

    /// Say more
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub(crate) verbose: bool,
}

/// When something is done.
// The variants have no doc comments: with them, every verb's help would take two lines for each flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    // On a terminal, unless NO_COLOR is set.
    Auto,
    Always,
    Never,
}

impl When {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            When::Auto => "auto",
            When::Always => "always",
            When::Never => "never",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Scan folders, show what was found, and serve the board
    Up(Up),
    /// Read folders of repositories into the ledger
    Scan(Scan),
    /// Search the map
    Find(Find),
    /// List what is on the map
    #[command(visible_alias = "ls")]
    List(List),
    /// Which outside products and services are in use, by category
    Tools(Tools),
    /// Show one entity: relations, owners, what was said
    Show(Show),
    /// Why do we think so? Who says it, when, in which file and line
    #[command(after_help = WHY_HELP)]
    Why(Why),
    /// Add or correct something
    #[command(after_help = SAY_HELP)]
    Say(Say),
    /// Say that something is not so
    #[command(after_help = DENY_HELP)]
    Deny(Deny),
    /// List what Stave can't decide, and words without a place
    Questions(Questions),
    /// Answer a question
    Answer(Answer),
    /// List what may be there twice: pieces that do the same job, tools of one category
    #[command(args_conflicts_with_subcommands = true, after_help = OVERLAP_HELP)]
    Overlap(Overlap),
    /// What is the next bottleneck: a ranked short list, with what each costs and what one step up gains
    #[command(after_help = NEXT_HELP)]
    Next(Next),
    /// How high a piece's barrel is: seven staves from 0 to 10, as high as the lowest
    #[command(after_help = BARREL_HELP)]
    Barrel(Barrel),
    /// Where it goes down: pieces by the time that was lost, with the incidents that count
    #[command(after_help = FIRES_HELP)]
    Fires(Fires),
    /// How changes flow to users: how often, how long they take, how often it goes wrong
    #[command(after_help = FLOW_HELP)]
    Flow(Flow),
    /// Whom to ask about an entity; without one, what hangs on how few people
    #[command(after_help = WHO_HELP)]
    Who(Who),
    /// Where most of the work is done, and what changes together
    #[command(after_help = HOTSPOTS_HELP)]
    Hotspots(Hotspots),
    /// What the ledger keeps about you
    AboutMe(AboutMe),
    /// Forget a person's name and addresses, here and in every ledger that merges this one
    #[command(after_help = FORGET_HELP)]
    Forget(Forget),
    /// Take a claim's bytes away, here and in every ledger that merges this one; its hash stays
    #[command(after_help = REDACT_HELP)]
    Redact(Redact),
    /// What was said and read, newest first
    Log(Log),
    /// Take back a command; nothing is deleted
    Undo(Undo),
    /// Say that nobody reads a scope any more, so that what it said leaves the map
    Retire(Retire),
    /// Write the ledger or the graph in a plain format
    Export(Export),
    /// Take in what another ledger exported
    Merge(Merge),
    /// Take in what other tools wrote: incidents, tickets, deployments, traces, bills of materials
    #[command(after_help = IMPORT_HELP)]
    Import(ImportFiles),
    /// Write a backup of the ledger, while others work with it
    #[command(after_help = BACKUP_HELP)]
    Backup(Backup),
    /// Bring a backup back
    Restore(Restore),
    /// Let go of what machines replaced long ago; people's words stay
    #[command(after_help = COMPACT_HELP)]
    Compact(Compact),
    /// Serve the board without scanning
    #[command(after_help = SERVE_HELP)]
    Serve(Serve),
    /// Whether all is well: ledger, hashes, map, permissions, clock, disk; what to do about each. Changes nothing
    #[command(after_help = DOCTOR_HELP)]
    Doctor(Doctor),
    /// Who may sign in: add, list, remove, role, password
    #[command(after_help = USER_HELP)]
    User(UserArguments),
    /// Tokens for programs: add, list, remove
    #[command(after_help = TOKEN_HELP)]
    Token(TokenArguments),
    /// Copy the map out, or put a copy into place, so that a server starts quickly
    #[command(name = "readmodel", after_help = READ_MODEL_HELP)]
    ReadModel(ReadModel),
    /// Show the settings
    Config(Config),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Print the man page, of Stave or of one verb
    #[command(after_help = MAN_HELP)]
    Man(Man),
}

impl Command {
    /// Whether the verb is for those who run a ledger: it may be given PostgreSQL's address.
    pub(crate) fn is_operators(&self) -> bool {
        matches!(
            self,
            Command::Serve(_)
                | Command::User(_)
                | Command::Token(_)
                | Command::Export(_)
                | Command::Merge(_)
                | Command::Backup(_)
                | Command::Restore(_)
                | Command::Compact(_)
                | Command::Forget(_)
                | Command::Redact(_)
                | Command::Doctor(_)
                | Command::ReadModel(_)
        )
    }

    /// Whether `--at` has a meaning: it asks, and writes nothing.
    pub(crate) fn asks(&self) -> bool {
        match self {
            Command::Overlap(overlap) => overlap.command.is_none(),
            Command::Export(export) => export.form == ExportForm::Graph,
            Command::Find(_)
            | Command::List(_)
            | Command::Tools(_)
            | Command::Show(_)
            | Command::Why(_)
            | Command::Questions(_)
            | Command::Next(_)
            | Command::Barrel(_)
            | Command::Fires(_)
            | Command::Flow(_)
            | Command::Who(_)
            | Command::Hotspots(_)
            | Command::Log(_) => true,
            _ => false,
        }
    }

    /// Where the board is served, for the verbs that do.
    pub(crate) fn board(&self) -> Option<&Board> {
        match self {
            Command::Up(up) => Some(&up.board),
            Command::Serve(serve) => Some(&serve.board),
            _ => None,
        }
    }

    /// What is read.
    pub(crate) fn trees(&self) -> Option<&Trees> {
        match self {
            Command::Up(up) => Some(&up.trees),
            Command::Scan(scan) => Some(&scan.trees),
            _ => None,
        }
    }

    /// Who speaks, as typed behind the verb.
    pub(crate) fn speaker(&self) -> Option<&Speaker> {
        match self {
            Command::Up(up) => Some(&up.speaker),
            Command::Scan(scan) => Some(&scan.speaker),
            Command::Say(say) => Some(&say.speaker),
            Command::Deny(deny) => Some(&deny.speaker),
            Command::Answer(answer) => Some(&answer.speaker),
            Command::Overlap(overlap) => overlap.command.as_ref().map(OverlapCommand::speaker),
            Command::AboutMe(about) => Some(&about.speaker),
            Command::Forget(forget) => Some(&forget.speaker),
            Command::Redact(redact) => Some(&redact.speaker),
            Command::Undo(undo) => Some(&undo.speaker),
            Command::Retire(retire) => Some(&retire.speaker),
            Command::Import(import) => Some(&import.speaker),
            _ => None,
        }
    }
}

/// Where the board is served.
#[derive(Clone, Debug, Args)]
pub(crate) struct Board {
    /// Port on 127.0.0.1; if it is busy, the next free one; 0: any [default: 7878]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Open the board in the browser
    #[arg(long)]
    pub(crate) open: bool,
}

/// What is read.
#[derive(Clone, Debug, Args)]
pub(crate) struct Trees {
    /// Folders that are, or hold, repositories [default: here]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folders: Vec<PathBuf>,
    /// Read the last commit, not the files as they lie there
    #[arg(long)]
    pub(crate) commit: bool,
    /// The branch to file this under, where git doesn't say (a detached checkout)
    #[arg(long, value_name = "NAME")]
    pub(crate) branch: Option<String>,
    /// Leave out the history: commits, tags and who wrote them
    #[arg(long)]
    pub(crate) no_history: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) trees: Trees,
    #[command(flatten)]
    pub(crate) board: Board,
    #[command(flatten)]
    pub(crate) speaker: Speaker,
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    #[command(flatten)]
    pub(crate) trees: Trees,
    #[command(flatten)]
    pub(crate) speaker: Speaker,
}

#[derive(Debug, Args)]
pub(crate) struct Find {
    /// What to look for: names, parts of names, words of descriptions
    #[arg(required = true, value_name = "WORDS")]
    pub(crate) words: Vec<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: u64,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only this kind (component, resource, group, …)
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Only this type (service, database, …)
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) entity_type: Option<String>,
    /// Only what this one owns
    #[arg(long, value_name = "ENTITY")]
    pub(crate) owner: Option<String>,
    /// Also what people say doesn't exist
    #[arg(long)]
    pub(crate) hidden: bool,
    /// What is no longer found: since when, where it was last, and which words hang on it
    #[arg(long, conflicts_with_all = ["owner", "hidden"])]
    pub(crate) gone: bool,
    /// What nobody has looked at for so long: 12h, 30d, 6w, 2y
    #[arg(long, value_name = "AGE", num_args = 0..=1, default_missing_value = "30d",
        conflicts_with_all = ["owner", "hidden", "gone"])]
    pub(crate) stale: Option<String>,
    /// At most so many, up to 1000
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) limit: u64,
    /// The next so many: which page
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) page: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Tools {
    /// A category (feature-flags), or a word of a tool's name
    #[arg(value_name = "CATEGORY|WORD")]
    pub(crate) asked: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Flow {
    /// A name, 12 digits, or a reference; none: every repository, and every piece with deployments
    #[arg(value_name = "ENTITY")]
    pub(crate) entity: Vec<String>,
    #[command(flatten)]
    pub(crate) period: Period,
    /// Whose definitions count
    #[arg(long, value_enum, value_name = "NAME", default_value_t = FlowDefinition::Dora)]
    pub(crate) definition: FlowDefinition,
    /// Show event by event where the definitions dora and devlake differ
    #[arg(long)]
    pub(crate) explain: bool,
}

/// Whose definitions of flow.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FlowDefinition {
    Dora,
    Devlake,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A name, 12 digits, or a reference
    #[arg(required = true, value_name = "ENTITY")]
    pub(crate) entity: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Why {
    /// A name, 12 digits or a reference; then a fact and its other end, if not everything: `cart calls payments`
    #[arg(required = true, value_name = "ENTITY [FACT [TARGET]]")]
    pub(crate) words: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Say {
    /// An entity, a fact and its value or other end; or a kind and a new name
    #[arg(required = true, value_name = "WORDS")]
    pub(crate) words: Vec<String>,
    /// Add an entity even if one of that name is there: `--new component NAME`
    #[arg(long)]
    pub(crate) new: bool,
    #[command(flatten)]
    pub(crate) speaker: Speaker,
}

#[derive(Debug, Args)]
pub(crate) struct Deny {
    /// An entity; a fact and its other end
    #[arg(required = true, value_name = "WORDS")]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) speaker: Speaker,
}

#[derive(Debug, Args)]
pub(crate) struct Questions {
    /// Only those about this entity
    #[arg(value_name = "ENTITY")]
    pub(crate) entity: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Answer {
    /// The question's digits, as `stave questions` prints them; a unique beginning is enough
    pub(crate) question: String,
    /// The number of the choice; without it, the choices are listed
    pub(crate) choice: Option<u64>,
    #[command(flatten)]
    pub(crate) speaker: Speaker,
}

#[derive(Debug, Args)]
pub(crate) struct Next {
    #[command(flatten)]
    pub(crate) period: Period,
    /// Lines of the list
    #[arg(long, default_value_t = 10)]
    pub(crate) limit: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Barrel {
    /// A name, 12 digits, or a reference
    #[arg(required = true, value_name = "ENTITY|SYSTEM")]
    pub(crate) entity: Vec<String>,
    /// As it was at the end of this day (2026-03-31) [default: now]
    #[arg(long, value_name = "DAY")]
    pub(crate) until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Fires {
    /// Only this piece, with its incidents: a name, 12 digits, or a reference
    #[arg(value_name = "ENTITY")]
    pub(crate) entity: Vec<String>,
    #[command(flatten)]
    pub(crate) period: Period,
}

/// Which time an answer is about.
#[derive(Debug, Args)]
pub(crate) struct Period {
    /// From when on: an age (90d, 12w) or a day (2026-01-31) [default: 26w; flow: 365d]
    #[arg(long, value_name = "AGE|DAY")]
    pub(crate) since: Option<String>,
    /// The last day that counts, as if it were asked at its end (2026-03-31) [default: now]
    #[arg(long, value_name = "DAY")]
    pub(crate) until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Overlap {
    /// Unlikely pairs and decided ones too
    #[arg(long)]
    pub(crate) all: bool,
    #[command(subcommand)]
    pub(crate) command: Option<OverlapCommand>,
}

#[derive(Debug, Args)]
pub(crate) struct Who {
    /// Its name, its 12 digits, or a reference; none: the whole estate
    pub(crate) entity: Vec<String>,
    /// As if this person had left: a name, a login or an address; may be given several times
    #[arg(long, value_name = "NAME", conflicts_with = "entity")]
    pub(crate) without: Vec<String>,
    /// All components, not only the riskiest
    #[arg(long, conflicts_with = "entity")]
    pub(crate) all: bool,
    /// Call people by digits instead of their names: for what leaves the house
    #[arg(long)]
    pub(crate) pseudonyms: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Hotspots {
    /// Its name, its 12 digits, or a reference; none: the whole estate
    pub(crate) entity: Vec<String>,
    /// All, not only the first
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AboutMe {
    #[command(flatten)]
    pub(crate) speaker: Speaker,
}

#[derive(Debug, Args)]
pub(crate) struct Forget {
    /// The person: a name, an e-mail address, HOST/LOGIN, or person:ID
    #[arg(required = true)]
    pub(crate) person: Vec<String>,
    /// Do it; without this, only what would go is printed
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) speaker: Speaker,
}

#[derive(Debug, Args)]
pub(crate) struct Redact {
    /// Digits of the claim's hash: its beginning, 8 at least
    #[arg(required_unless_present = "find")]
    pub(crate) claim: Option<String>,
    /// Only list the claims that have this text in them
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["claim", "why"], value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) find: Option<String>,
    /// Why: what readers of the gap learn
    #[arg(long, value_name = "TEXT", required_unless_present = "find", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) why: Option<String>,
    #[command(flatten)]
    pub(crate) speaker: Speaker,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OverlapCommand {
    /// Say that the two of a pair do the same job
    Confirm {
        /// The pair's digits, as `stave overlap` prints them; a unique beginning is enough
        pair: String,
        /// Why you say so
        #[arg(long, value_name = "TEXT")]
        why: Option<String>,
        #[command(flatten)]
        speaker: Speaker,
    },
    /// Say that the two of a pair do different jobs
    Dismiss {
        /// The pair's digits, as `stave overlap` prints them; a unique beginning is enough
        pair: String,
        /// Why you say so
        #[arg(long, value_name = "TEXT")]
        why: Option<String>,
        #[command(flatten)]
        speaker: Speaker,
    },
}

impl OverlapCommand {
    fn speaker(&self) -> &Speaker {
        match self {
            OverlapCommand::Confirm { speaker, .. } | OverlapCommand::Dismiss { speaker, .. } => speaker,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Log {
    /// At most so many statements
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
    /// Only earlier than this number: the next page
    #[arg(long, value_name = "NUMBER")]
    pub(crate) before: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// The command's digits, as `stave log` prints them; a unique beginning is enough
    /// [default: your last word that still counts]
    pub(crate) op: Option<String>,
    #[command(flatten)]
    pub(crate) speaker: Speaker,
}

#[derive(Debug, Args)]
pub(crate) struct Retire {
    /// As `stave log` and `stave why` print it: repo:HOST/PATH@BRANCH
    pub(crate) scope: String,
    #[command(flatten)]
    pub(crate) speaker: Speaker,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportForm {
    // The whole ledger.
    Jsonl,
    // Entities and links in the direction of the data, one JSON object.
    Graph,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// jsonl: the whole ledger, for `stave merge`; graph: entities and links in the direction of the data
    #[arg(long = "as", value_name = "FORM", value_enum, default_value = "jsonl")]
    pub(crate) form: ExportForm,
    /// Without names, addresses and the key behind persons' ids: persons are digits
    #[arg(long)]
    pub(crate) pseudonyms: bool,
    /// From a damaged ledger: everything that can still be read, and what can't by name (exit code 1 where there is any)
    #[arg(long, conflicts_with = "pseudonyms")]
    pub(crate) salvage: bool,
    /// Where to [default: standard output]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
}

impl Export {
    /// The file to write to; none for standard output, which is called `-` too.
    pub(crate) fn target(&self) -> Option<&Path> {
        self.file.as_deref().filter(|file| *file != Path::new("-"))
    }
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// A file that is not there yet
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// What `stave backup` wrote
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Keep the ledger that is there under another name and take its place (a folder's; a database must be empty)
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Compact {
    /// From how long ago on history stays whole: 12h, 30d, 6w, 2y
    #[arg(long, value_name = "AGE", default_value = "90d")]
    pub(crate) keep: String,
    /// Only say what would go
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// What `stave export --as jsonl` wrote; `-` is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ImportFiles {
    /// Files, recognised by what stands in them
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    /// Where they come from; a later import with the same name replaces this one [default: the host that tickets name,
    /// else "default"]
    #[arg(long, value_name = "NAME")]
    pub(crate) from: Option<String>,
    /// What the rows of a table are
    #[arg(long = "rows", value_name = "KIND")]
    pub(crate) kind: Option<RowKind>,
    /// A column of a table and the field that it is
    #[arg(long = "map", value_name = "COLUMN=FIELD", value_parser = column)]
    pub(crate) columns: Vec<(String, String)>,
    /// What stands first in dates like 03/04/2026 [default: as the file shows, else the day]
    #[arg(long, value_name = "ORDER")]
    pub(crate) dates: Option<DateOrder>,
    #[command(flatten)]
    pub(crate) speaker: Speaker,
}

/// What the rows of a table are.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RowKind {
    /// Something went down
    Incident,
    /// A piece of work
    Ticket,
    /// A version was put into an environment
    Deployment,
}

/// What stands first in a date.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DateOrder {
    /// The day
    DayFirst,
    /// The month
    MonthFirst,
}

/// `COLUMN=FIELD`; a column's name may have the sign, too.
fn column(text: &str) -> Result<(String, String), String> {
    match text.rsplit_once('=') {
        Some((column, field)) if !column.trim().is_empty() && !field.trim().is_empty() => {
            Ok((column.trim().to_owned(), field.trim().to_owned()))
        }
        _ => Err("it is COLUMN=FIELD".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Leave out what reads every claim: the hashes of claims
    #[arg(long)]
    pub(crate) quick: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// List all settings and their values
    List {
        /// Say where each value comes from
        #[arg(long)]
        origins: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// A verb, with the verb behind it where it has one: overlap confirm
    #[arg(value_name = "VERB")]
    pub(crate) verb: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ReadModel {
    #[command(subcommand)]
    pub(crate) command: ReadModelCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReadModelCommand {
    /// Bring the map up to date and copy it to a file
    Save {
        /// Where to
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Put a copy in the place of the map; one of another ledger, or that isn't whole, is refused
    Load {
        /// What `stave readmodel save` wrote
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
}
