//! Java and Kotlin code: whom it calls, to which topics it sends and from which it receives, and what annotations make
//! of its module. Files with a trigger word only, and these lightly: names, constants, annotations, placeholders.

mod link;
mod messages;
mod read;

use std::collections::BTreeSet;

use crate::link::Sketch;

use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "jvm";

/// A part of a text that code puts together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// As written; `${key:default}` in it is a placeholder for settings.
    Text(String),
    /// A variable or constant: `HOST`, `Hosts.ORDERS`.
    Name(String),
    /// Anything else.
    Unknown,
}

/// A text that code puts together.
pub(super) type Expression = Vec<Part>;

/// A product that carries messages, or the one whose library the module has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    Product(&'static str),
    Bound,
}

/// What one place of a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It talks to this address. `reads`: nothing in the file sends anything but requests to read.
    Address {
        url: Expression,
        reads: bool,
    },
    /// It asks the registry for this service.
    Service(Expression),
    /// A declared client of a service: at an address if it has one, else of a name in the registry.
    Client {
        name: Expression,
        url: Expression,
        reads: bool,
    },
    /// A setting with a default that stands in code.
    Default {
        key: String,
        value: String,
    },
    /// It sends to a topic or queue.
    Sends {
        carrier: Carrier,
        topic: Option<Expression>,
    },
    /// It receives from a topic or queue.
    Receives {
        carrier: Carrier,
        topic: Option<Expression>,
    },
    /// It has a client for a service of an interface definition, or implements one.
    Asks(String),
    Provides(String),
    /// An annotation that makes something of its module.
    Role(Role),
}

/// What an annotation makes of its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It is a server of this product.
    Serves(&'static str),
    /// It is a gateway that knows the services of the registry.
    Gateway,
    /// It lets an authorisation server tell who calls.
    Guarded,
    /// It checks tokens by itself, with a key of its own.
    ChecksTokens,
}

/// One source file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct JvmFile {
    /// The name of the file without its ending, which is that of its class.
    pub(super) class: String,
    /// Texts that have a name: constants, fields that are filled from settings.
    pub(super) values: Vec<(String, Expression, u32)>,
    pub(super) said: Vec<(Said, u32)>,
    /// Whether it talks HTTP, and whether it sends nothing but requests to read.
    pub(super) is_client: bool,
    pub(super) reads: bool,
    /// What a client's file names of other files' constants: `NAME` and `Class.NAME`.
    pub(super) names: BTreeSet<String>,
}

/// The reader of Java and Kotlin code.
pub(crate) struct Jvm;

impl Reader for Jvm {
    type Facts = JvmFile;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] = &[
        "Client",
        "Template",
        "Listener",
        "@Enable",
        "@Value",
        "://",
        "StreamBridge",
        "@Incoming",
        "@Outgoing",
        "@Input(",
        "@Output(",
        "static final String",
        "const val",
        "TokenConverter",
        "Grpc",
        "Coroutine",
        "KafkaConsumer",
        "KafkaProducer",
        "ProducerRecord",
        "StreamsBuilder",
        "BOOTSTRAP_SERVERS",
    ];

    fn wants(_path: &str, name: &str) -> bool {
        name.ends_with(".java") || name.ends_with(".kt")
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<JvmFile> {
        Ok(file.code().and_then(|code| read::read(code, file.path)))
    }

    fn link(facts: Vec<(String, JvmFile)>, sketch: &mut Sketch<'_>) {
        link::link(&facts, sketch);
    }
}
