//! What the readers of one repository say together, before it is claims: pieces and what they mention.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use stave_model::{Basis, Claim, Key, Kind, Reference};

use super::owners::OwnerRule;
use crate::limits;
use crate::parse::Pair;
use crate::products::{self, Product};
use crate::tools::{Table, Tool};
use crate::values::{Address, looks_secret};
use crate::{People, Warning};

/// A line of a file of the repository.
pub(crate) type Place = (String, u32);

/// In what form a piece is known; the order is the order in which forms name a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// A catalog file describes it.
    Declared,
    /// A compose service or a workload.
    Deployed,
    /// An application's own settings name it.
    Settings,
    /// A package manifest.
    Code,
    /// A Dockerfile.
    Built,
    /// Only others' settings speak of it.
    Implied,
}

/// Whether a piece runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runs {
    Yes,
    /// Code for other pieces.
    Library,
    /// Nothing says; it is on the map only as a part of something else.
    Unknown,
}

/// The name of an image without tag and digest, lower case, with its registry if one is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Image(pub(crate) String);

impl Image {
    /// The image that a manifest names; nothing where it is only a placeholder.
    pub(crate) fn parse(text: &str) -> Option<Image> {
        let text = text.trim().split('@').next()?;
        // A colon behind the last slash begins a tag; one before it a registry's port.
        let cut = text.rfind('/').map_or(0, |at| at + 1);
        let name = match text[cut..].find(':') {
            Some(at) => &text[..cut + at],
            None => text,
        };
        let name = name.trim_start_matches("docker.io/").trim_start_matches("library/").to_ascii_lowercase();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
        // A registry that is a variable leaves the path behind it.
        let name = match name.rfind(['}', '>', ')', '%']) {
            Some(at) => name[at + 1..].trim_start_matches(['/', '-', ':', '_']).to_owned(),
            None => name,
        };
        (!name.is_empty()
            && name.chars().all(plain)
            && name.len() <= limits::NAME_BYTES
            && !looks_secret(&name))
        .then_some(Image(name))
    }

    /// The last part of the path.
    pub(crate) fn base(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Whether the name says whose image it is: registry or organisation, and name.
    pub(crate) fn is_qualified(&self) -> bool {
        self.0.contains('/')
    }
}

/// One thing that one reader found. Several readers' pieces may be one piece of the system.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) reader: &'static str,
    pub(crate) reference: Reference,
    pub(crate) form: Form,
    pub(crate) basis: Basis,
    pub(crate) name: String,
    /// What others of its stack may call it by, its name among them; lower case.
    pub(crate) names: BTreeSet<String>,
    /// Where its names mean it: one compose project, one folder of manifests and namespace.
    pub(crate) stack: Option<String>,
    /// The folder of its code, where something says so.
    pub(crate) home: Option<String>,
    pub(crate) images: BTreeSet<Image>,
    /// Whether its image is built from its home.
    pub(crate) builds: bool,
    pub(crate) kind: Option<Kind>,
    pub(crate) typ: Option<String>,
    pub(crate) product: Option<&'static Product>,
    pub(crate) runs: Runs,
    pub(crate) at: BTreeSet<Place>,
    /// `None`: everywhere.
    pub(crate) env: Option<BTreeSet<String>>,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) lifecycle: Option<String>,
    pub(crate) tier: Option<String>,
    pub(crate) tags: BTreeSet<String>,
    /// Addresses, with what they are called.
    pub(crate) links: BTreeMap<String, Option<String>>,
    pub(crate) endpoints: BTreeSet<String>,
    /// Ports that it listens on inside, and those that reach it from this machine.
    pub(crate) ports: BTreeSet<u16>,
    pub(crate) published: BTreeSet<u16>,
    /// `TYPE/NAME` of the package that it defines, and of the packages that it needs.
    pub(crate) package: Option<String>,
    pub(crate) needs: Vec<(String, Place)>,
    pub(crate) keys: BTreeSet<Key>,
}

/// A page that a folder's README points at.
#[derive(Clone, Debug)]
pub(crate) struct Badge {
    pub(crate) reader: &'static str,
    pub(crate) address: String,
    pub(crate) title: Option<String>,
    pub(crate) at: Place,
}

/// Who mentions something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Piece(usize),
    /// Whoever the file at this path belongs to.
    File(String),
    /// Every application that reads its settings from this folder.
    Shared(String),
    /// The programs whose code lies in these folders.
    Code(Vec<String>),
    /// The programs that a package is part of, by their folders; where they are none that is known, what the package's
    /// own folder is part of: one program may run as several pieces.
    Package {
        programs: Vec<String>,
        folder: String,
    },
}

/// Under what a piece can be asked for that only its code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offers {
    /// A name in a registry.
    Name,
    /// A service of an interface definition (gRPC, Thrift), by its name without the package.
    Service,
}

/// Code offers something to others.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) reader: &'static str,
    pub(crate) origin: Origin,
    pub(crate) form: Offers,
    pub(crate) name: String,
    pub(crate) at: Place,
}

/// What is mentioned.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A name of the same stack. `starts`: only the order of starting is said.
    Name { name: String, starts: bool },
    /// An address in a value.
    Address { name: String, address: Address, strong: bool },
    /// Some piece of this product: a client library or settings that need one.
    Product(&'static Product),
    /// A reference, as a catalog writes it.
    Reference(Reference),
    /// A piece that the reader knows.
    Piece(usize),
    /// Whoever offers this service of an interface definition.
    Service(String),
    /// Every service that registers itself somewhere.
    Registered,
}

/// What a mention says instead of a relation where the mentioned piece is `monitored_by` the one that mentions it.
pub(crate) const WATCHES: &str = "watches";

/// One piece needs another.
#[derive(Clone, Debug)]
pub(crate) struct Mention {
    pub(crate) reader: &'static str,
    pub(crate) origin: Origin,
    pub(crate) target: Target,
    /// The relation, where the source itself says which; or [`WATCHES`].
    pub(crate) relation: Option<&'static str>,
    pub(crate) basis: Basis,
    pub(crate) at: Place,
    pub(crate) env: Option<String>,
}

/// The settings of a program, as far as others fill placeholders from them.
#[derive(Clone, Debug)]
pub(crate) struct ProgramSettings {
    /// The folder of the program's code; `None`: of every program that asks the same configuration server.
    pub(crate) home: Option<String>,
    pub(crate) origin: Origin,
    pub(crate) path: String,
    pub(crate) env: Option<String>,
    pub(crate) pairs: Vec<Pair>,
}

/// An endpoint that a file's code answers at.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) reader: &'static str,
    /// The file: whoever it belongs to answers.
    pub(crate) path: String,
    /// `GET /orders/{id}`, `/orders`, `shop.Orders/Place`, `query orders`.
    pub(crate) text: String,
    pub(crate) at: Place,
    /// Whether a base path from settings stands before the path.
    pub(crate) below_base: bool,
}

/// The path before all paths of an application, as settings give it.
#[derive(Clone, Debug)]
pub(crate) struct BasePath {
    pub(crate) origin: Origin,
    pub(crate) path: String,
}

/// A document that describes an interface.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) reader: &'static str,
    /// `openapi`, `asyncapi`, `graphql`: the format of its reference and its type.
    pub(crate) format: &'static str,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) at: Place,
    /// The endpoints with their lines.
    pub(crate) endpoints: Vec<(String, u32)>,
}

/// The methods of a service of an interface definition.
#[derive(Clone, Debug)]
pub(crate) struct Methods {
    pub(crate) reader: &'static str,
    /// The service with its package: `shop.v1.Orders`.
    pub(crate) service: String,
    /// `shop.v1.Orders/Place`, each with its place.
    pub(crate) endpoints: Vec<(String, Place)>,
}

/// A sign of an outside product or service in a file.
#[derive(Clone, Debug)]
pub(crate) struct ToolUse {
    pub(crate) tool: Tool,
    pub(crate) at: Place,
    /// Whether the whole repository uses it, whoever's code lies beside the file: what builds and checks it.
    pub(crate) of_all: bool,
}

/// The reader of READMEs.
pub(crate) const README: &str = "readme";

/// The first sentence of a folder's README.
#[derive(Clone, Debug)]
pub(crate) struct Readme {
    pub(crate) text: String,
    pub(crate) at: Place,
}

/// Everything that the readers of one repository say.
pub(crate) struct Sketch<'a> {
    pub(crate) repository: String,
    pub(crate) people: &'a dyn People,
    /// All files of the tree, sorted; for what only a file's being there says.
    pub(crate) files: Vec<String>,
    pub(crate) pieces: Vec<Piece>,
    by_reference: HashMap<Reference, usize>,
    pub(crate) mentions: Vec<Mention>,
    pub(crate) offers: Vec<Offer>,
    /// Pieces that are interface definitions, by the service's name without the package.
    pub(crate) interfaces: BTreeMap<String, BTreeSet<usize>>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) base_paths: Vec<BasePath>,
    /// Documents that describe an interface, and the methods of services that definitions have.
    pub(crate) documents: Vec<Document>,
    pub(crate) methods: Vec<Methods>,
    /// `KEY=value` files by path: other readers fill their placeholders from them.
    pub(crate) env_files: BTreeMap<String, Vec<Pair>>,
    /// Settings of programs, in the order of their files.
    pub(crate) settings: Vec<ProgramSettings>,
    /// Paths (files and folders) that a deployed piece mounts, with the piece.
    pub(crate) mounts: Vec<(String, usize)>,
    /// Folders that are built into images or hold a manifest.
    pub(crate) homes: BTreeSet<String>,
    /// Folders of manifests, with those that they are made of, directly.
    pub(crate) overlays: BTreeMap<String, BTreeSet<String>>,
    /// Products for which a piece has a client library.
    pub(crate) libraries: BTreeSet<(usize, &'static str)>,
    /// By folder.
    pub(crate) readmes: BTreeMap<String, Readme>,
    pub(crate) owners: Vec<OwnerRule>,
    pub(crate) badges: Vec<Badge>,
    /// `HOST/ORG` of bare team names; worked out once.
    pub(crate) organisations: std::cell::OnceCell<BTreeSet<String>>,
    /// Rows of tools that this estate and this repository add to the table.
    pub(crate) tools: Vec<Table>,
    /// Settings that are handed out to others than the code beside them: whose they are; none: everybody's.
    pub(crate) handed_out: BTreeMap<String, Option<usize>>,
    /// Where tools are used.
    pub(crate) tool_uses: Vec<ToolUse>,
    /// Claims that need no linking, with their reader.
    pub(crate) claims: Vec<(&'static str, Claim)>,
    pub(crate) warnings: Vec<Warning>,
}

/// The folder of a path; empty at the root.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a path.
pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A name that may stand in a reference: trimmed, printable, no placeholder, no credential.
pub(crate) fn clean_name(text: &str) -> Option<String> {
    let text = text.trim().trim_matches('/');
    let ok = !text.is_empty()
        && text.len() <= limits::NAME_BYTES
        && !text.contains(['{', '}', '$', '<', '>', '#'])
        && !text.chars().any(|c| c.is_control())
        && !text.contains("://")
        && !looks_secret(text);
    ok.then(|| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

impl<'a> Sketch<'a> {
    pub(crate) fn new(repository: &str, people: &'a dyn People, files: Vec<String>) -> Sketch<'a> {
        Sketch {
            repository: repository.to_owned(),
            people,
            files,
            pieces: Vec::new(),
            by_reference: HashMap::new(),
            mentions: Vec::new(),
            offers: Vec::new(),
            interfaces: BTreeMap::new(),
            endpoints: Vec::new(),
            base_paths: Vec::new(),
            documents: Vec::new(),
            methods: Vec::new(),
            env_files: BTreeMap::new(),
            settings: Vec::new(),
            mounts: Vec::new(),
            homes: BTreeSet::new(),
            overlays: BTreeMap::new(),
            libraries: BTreeSet::new(),
            readmes: BTreeMap::new(),
            owners: Vec::new(),
            badges: Vec::new(),
            organisations: std::cell::OnceCell::new(),
            tools: Vec::new(),
            handed_out: BTreeMap::new(),
            tool_uses: Vec::new(),
            claims: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Whether the tree has this file.
    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.files.binary_search_by(|file| file.as_str().cmp(path)).is_ok()
    }

    /// A folder of manifests and all that it is made of, through any number of steps.
    pub(crate) fn overlays_of<'b>(&'b self, folder: &'b str) -> BTreeSet<&'b str> {
        let mut found = BTreeSet::from([folder]);
        let mut open = vec![folder];
        while let Some(one) = open.pop() {
            for next in self.overlays.get(one).into_iter().flatten() {
                if found.insert(next) {
                    open.push(next);
                }
            }
        }
        found
    }

    /// Files below a folder.
    pub(crate) fn files_below(&self, folder: &str) -> &[String] {
        if folder.is_empty() {
            return &self.files;
        }
        let start = format!("{folder}/");
        let from = self.files.partition_point(|file| file.as_str() < start.as_str());
        let count = self.files[from..].partition_point(|file| file.starts_with(&start));
        &self.files[from..from + count]
    }

    /// Adds a piece `repo:R//FOLDER#FORMAT/NAME`, or finds the one that is there already. `None` where the
    /// name can stand in no reference.
    pub(crate) fn piece(
        &mut self,
        reader: &'static str,
        form: Form,
        folder: &str,
        format: &str,
        name: &str,
        at: Place,
    ) -> Option<usize> {
        let name = clean_name(name)?;
        let reference = Reference::of_repository(&self.repository, folder, format, &name).ok()?;
        let short = base_name(name.rsplit(':').next().unwrap_or(&name)).to_owned();
        Some(self.add(reader, form, reference, &short, at))
    }

    /// Adds a piece with a reference of its own.
    pub(crate) fn add(
        &mut self,
        reader: &'static str,
        form: Form,
        reference: Reference,
        name: &str,
        at: Place,
    ) -> usize {
        if let Some(index) = self.by_reference.get(&reference) {
            self.pieces[*index].at.insert(at);
            return *index;
        }
        let index = self.pieces.len();
        self.by_reference.insert(reference.clone(), index);
        self.pieces.push(Piece {
            reader,
            reference,
            form,
            basis: if form == Form::Declared { Basis::Declared } else { Basis::Discovered },
            name: name.to_owned(),
            names: BTreeSet::from([name.to_lowercase()]),
            stack: None,
            home: None,
            images: BTreeSet::new(),
            builds: false,
            kind: None,
            typ: None,
            product: None,
            runs: Runs::Yes,
            at: BTreeSet::from([at]),
            env: None,
            title: None,
            description: None,
            lifecycle: None,
            tier: None,
            tags: BTreeSet::new(),
            links: BTreeMap::new(),
            endpoints: BTreeSet::new(),
            ports: BTreeSet::new(),
            published: BTreeSet::new(),
            package: None,
            needs: Vec::new(),
            keys: BTreeSet::new(),
        });
        index
    }

    /// Gives a piece an image; the product follows from it.
    pub(crate) fn set_image(&mut self, piece: usize, text: &str) {
        if let Some(image) = Image::parse(text) {
            if !self.pieces[piece].builds {
                self.pieces[piece].product = self.pieces[piece].product.or(products::by_image(&image.0));
            }
            self.pieces[piece].images.insert(image);
        }
    }

    /// Says that a piece exists in one environment (`None`: everywhere). What is everywhere stays everywhere.
    pub(crate) fn set_env(&mut self, piece: usize, env: Option<&str>, is_new: bool) {
        let piece = &mut self.pieces[piece];
        match (env, &mut piece.env) {
            (None, _) => piece.env = None,
            (Some(env), Some(set)) => {
                set.insert(env.to_owned());
            }
            (Some(env), none) if is_new => *none = Some(BTreeSet::from([env.to_owned()])),
            (Some(_), None) => {}
        }
    }

    /// A mention by a piece or file, as discovered.
    pub(crate) fn mention(
        &mut self,
        reader: &'static str,
        origin: Origin,
        target: Target,
        relation: Option<&'static str>,
        at: Place,
        env: Option<&str>,
    ) {
        self.mentions.push(Mention {
            reader,
            origin,
            target,
            relation,
            basis: Basis::Discovered,
            at,
            env: env.map(str::to_owned),
        });
    }

    /// Every address in a variable's value becomes a mention; a secret's value is not looked at.
    #[expect(clippy::too_many_arguments, reason = "who says what where, as every reader has it at hand")]
    pub(crate) fn mention_value(
        &mut self,
        reader: &'static str,
        origin: &Origin,
        name: &str,
        value: &str,
        strong: bool,
        at: &Place,
        env: Option<&str>,
    ) {
        let mut found = crate::values::addresses(name, value);
        if found.is_empty() || crate::values::is_secret_name(name) || crate::values::is_listen_name(name) {
            return;
        }
        // `http://web:80,http://localhost:80`: this machine is only the second choice.
        let is_loopback = |host: &str| crate::hosts::host_form(host) == crate::hosts::HostForm::Loopback;
        if found.iter().any(|address| !is_loopback(&address.host)) {
            found.retain(|address| !is_loopback(&address.host));
        }
        for address in found {
            let target = Target::Address { name: name.to_owned(), address, strong };
            self.mention(reader, origin.clone(), target, None, at.clone(), env);
        }
    }
}
