//! Every limit of a scan, in one place. What is over a limit becomes one warning and stands in `unread`;
//! nothing is dropped silently.

/// Largest file that is read, in bytes. Manifests are small; larger files are data.
pub const FILE_BYTES: u64 = 4 * 1024 * 1024;
/// Most files that one scan walks.
pub const FILES: usize = 4_000_000;
/// Most bytes that the readers of one tree read together.
pub const TREE_BYTES: u64 = 1024 * 1024 * 1024;
/// Deepest folder, counted from the folder that was pointed at.
pub const FOLDER_DEPTH: usize = 64;
/// Deepest nesting of a parsed document (YAML, JSON, TOML, XML).
pub const DOCUMENT_DEPTH: usize = 64;
/// Most nodes of one file's documents, with aliases written out: a YAML bomb ends here.
pub const DOCUMENT_NODES: usize = 400_000;
/// Most nodes that aliases of one file may add.
pub const ALIAS_NODES: usize = 50_000;
/// Most tokens of one source file that are looked at; what follows is not.
pub const CODE_TOKENS: usize = 400_000;
/// Most names, and most calls, that are kept of one source file.
pub const CODE_FACTS: usize = 2_000;
/// Longest line of a line-oriented file (properties, env files, CODEOWNERS) that is looked at, in bytes.
pub const LINE_BYTES: usize = 8 * 1024;
/// Longest description that is kept, in bytes.
pub const DESCRIPTION_BYTES: usize = 2_000;
/// Bytes of a README in which its first sentence is looked for.
pub const README_BYTES: usize = 16 * 1024;
/// Longest sentence of a README that is kept, in bytes.
pub const README_SENTENCE_BYTES: usize = 300;
/// Longest name of a piece, tag or link that is kept, in bytes.
pub const NAME_BYTES: usize = 300;
/// Most endpoints that one piece keeps.
pub const ENDPOINTS: usize = 2_000;
/// Most entries under `include` of one compose file, and most files by which one is included.
pub const COMPOSE_INCLUDES: usize = 256;
/// Most badges of one README file that are kept.
pub const BADGES: usize = 20;
/// Most points of evidence that one claim keeps.
pub const EVIDENCE: usize = 16;
/// Most tools that one stave.toml adds to the table.
pub const TOOLS: usize = 1_000;
/// Most signs of one tool in stave.toml.
pub const TOOL_SIGNS: usize = 200;
/// Most hosts and images of one file that are looked up among the tools.
pub const FILE_SIGNS: usize = 400;
/// Most warnings that one tree reports; the rest is counted in the last one.
pub const WARNINGS: usize = 500;
/// Most rounds of `${…}` replacement in one value.
pub const INTERPOLATIONS: usize = 8;
/// Longest value after `${…}` replacement, in bytes.
pub const VALUE_BYTES: usize = 16 * 1024;

/// Most brackets and pipes of one expression of a template.
pub const EXPRESSION_LEVELS: usize = 100;
/// Deepest evaluation of a template: blocks, expressions and templates that include each other.
pub const TEMPLATE_DEPTH: usize = 200;
/// Most steps that the templates of one chart may take for one set of values.
pub const TEMPLATE_STEPS: usize = 500_000;
/// Most bytes that the templates of one chart may become for one set of values.
pub const TEMPLATE_BYTES: usize = 4 * 1024 * 1024;
/// Most values of one Helm release that are looked at.
pub const RELEASE_VALUES: usize = 2_000;
/// Most groups of one Ansible inventory.
pub const ANSIBLE_GROUPS: usize = 500;
/// Most hosts that one entry of an Ansible inventory counts as.
pub const ANSIBLE_HOSTS: u64 = 100_000;
/// Most groups that one play of Ansible names.
pub const ANSIBLE_PATTERNS: usize = 64;
/// Most roles and tasks of one play or one file of a role that are looked at.
pub const ANSIBLE_ACTS: usize = 1_000;
/// Most charts inside each other, and most sets of values that one chart is read with.
pub const CHART_DEPTH: usize = 8;

/// Limits that a caller may tighten or widen; the defaults are this module's constants.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest file that is read, in bytes.
    pub file_bytes: u64,
    /// Most files that one scan walks.
    pub files: usize,
    /// Most bytes that the readers of one tree read together.
    pub tree_bytes: u64,
    /// Deepest folder below the one that was pointed at.
    pub folder_depth: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { file_bytes: FILE_BYTES, files: FILES, tree_bytes: TREE_BYTES, folder_depth: FOLDER_DEPTH }
    }
}
