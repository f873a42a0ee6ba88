//! What rows of tokens mean: one pass over a file's tokens, the same for all languages where they write alike, and by
//! their ending where they don't.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::parse::{Code, Token};

use super::libraries::{is_broker, product_of};
use super::{Seen, SourceFacts, Value, What};

/// Most facts of one file; a table of data that looks like code ends here.
const MOST_SEEN: usize = 2_000;

/// Looks at one file.
pub(super) fn look(path: &str, code: &Code<'_>, facts: &mut SourceFacts) {
    let end = path.rsplit('.').next().unwrap_or("");
    let imports = match &facts.package {
        Some(package) => package.paths().map(|path| (path.to_owned(), 1)).collect(),
        None => imports(code, end),
    };
    let mut file = File {
        code,
        end,
        broker: None,
        facts,
        within: None,
        parameters: BTreeSet::new(),
        made: BTreeSet::new(),
    };
    for (import, line) in imports {
        if let Some(product) = product_of(&import) {
            if is_broker(product) {
                file.broker = file.broker.or(Some(product));
            }
            file.say_at(What::Library(product), line);
        }
    }
    let mut depth = 0usize;
    for at in 0..code.len() {
        if file.facts.seen.len() >= MOST_SEEN {
            break;
        }
        match code.get(at) {
            Some(Token::Sign('{')) => depth += 1,
            Some(Token::Sign('}')) => depth = depth.saturating_sub(1),
            Some(Token::Word("func")) if end == "go" && depth == 0 => file.enter(at),
            Some(Token::Word(word)) => {
                file.constant(at, word);
                file.service(at, word);
                file.message(at, word);
                if code.is_sign(at + 1, '(') {
                    file.call(at, word);
                } else if file.broker.is_some() && (word == "topic" || word == "Topic") {
                    file.topic_field(at);
                }
            }
            Some(Token::Text(text)) => file.text(at, text),
            _ => {}
        }
    }
}

/// The names under which a file imports packages, with their lines.
fn imports(code: &Code<'_>, end: &str) -> Vec<(String, u32)> {
    let mut out = Vec::new();
    for at in 0..code.len() {
        let Some(word) = code.word(at) else { continue };
        let line = code.line(at);
        let starts_line = at == 0 || code.line(at - 1) < line;
        match (end, word) {
            ("js" | "mjs" | "cjs" | "ts" | "tsx" | "jsx" | "mts", "from" | "import") => {
                out.extend(code.text(at + 1).map(|text| (text.to_owned(), line)));
            }
            ("js" | "mjs" | "cjs" | "ts" | "tsx" | "jsx" | "mts", "require") if code.is_sign(at + 1, '(') => {
                out.extend(code.text(at + 2).map(|text| (text.to_owned(), line)));
            }
            ("rb", "require") => out.extend(code.text(at + 1).map(|text| (text.to_owned(), line))),
            ("py", "import" | "from") | ("cs" | "php", "using" | "use") | ("rs", "use") if starts_line => {
                out.push((path_at(code, at + 1), line));
            }
            _ => {}
        }
    }
    out
}

/// `a.b.c`, `A\B` and `a::b` from a position on.
fn path_at(code: &Code<'_>, mut at: usize) -> String {
    let mut path = String::new();
    while let Some(word) = code.word(at) {
        path.push_str(word);
        let sign = match code.get(at + 1) {
            Some(Token::Sign(sign @ ('.' | '\\'))) => sign,
            Some(Token::Sign(':')) if code.is_sign(at + 2, ':') => {
                at += 1;
                ':'
            }
            _ => break,
        };
        path.push(sign);
        at += 2;
    }
    path
}

struct File<'f, 'a> {
    code: &'f Code<'a>,
    end: &'f str,
    /// The broker whose client the file imports.
    broker: Option<&'static str>,
    facts: &'f mut SourceFacts,
    within: Option<String>,
    /// Parameters of the function around: no constants, whatever they are called.
    parameters: BTreeSet<&'a str>,
    /// Classes that are made in the file.
    made: BTreeSet<&'a str>,
}

/// Functions that send a request to the address in their arguments.
const SENDERS: &[&str] = &[
    "get",
    "post",
    "put",
    "delete",
    "patch",
    "head",
    "request",
    "fetch",
    "axios",
    "got",
    "create",
    "urlopen",
    "Get",
    "Post",
    "PostForm",
    "Head",
    "NewRequest",
    "NewRequestWithContext",
    "Uri",
    "GetAsync",
    "PostAsync",
    "PutAsync",
    "DeleteAsync",
    "GetStringAsync",
    "GetFromJsonAsync",
    "PostAsJsonAsync",
    "PutAsJsonAsync",
    "RestClient",
    "Faraday",
    "Client",
    "Dial",
    "DialContext",
    "NewClient",
    "connect",
    "Connect",
    "insecure_channel",
    "secure_channel",
    "ForAddress",
    "from_static",
    "baseURL",
    "base_uri",
    "ApplyURI",
    "ParseURL",
    "createClient",
    "createConnection",
    "createPool",
    "create_engine",
    "MongoClient",
    "from_url",
    "URLParameters",
    "WebSocket",
    "from_shared",
];

/// Functions that make a client of the address in the object that they are given: Apollo, urql, graphql-request and
/// graphql-ws for GraphQL, with Python's gql.
const CLIENTS: &[&str] = &[
    "ApolloClient",
    "HttpLink",
    "createHttpLink",
    "BatchHttpLink",
    "createUploadLink",
    "WebSocketLink",
    "GraphQLClient",
    "SubscriptionClient",
    "createClient",
    "RequestsHTTPTransport",
    "AIOHTTPTransport",
    "HTTPXTransport",
];

/// Functions that say where the program itself listens, whom it lets in, or what it writes for people.
const NO_CALLS: &[&str] = &[
    "ListenAndServe",
    "ListenAndServeTLS",
    "Listen",
    "listen",
    "cors",
    "CORS",
    "WithOrigins",
    "bind",
    "UseUrls",
    "AllowOrigins",
    "setAllowedOrigins",
    "Println",
    "Printf",
    "Print",
    "Fatal",
    "Fatalf",
    "Infof",
    "Info",
    "Debug",
    "log",
    "print",
    "println",
    "LogInformation",
    "WriteLine",
    "redirect",
    "Redirect",
    "Errorf",
    "run",
    "allow_origins",
];

impl<'a> File<'_, 'a> {
    fn say(&mut self, what: What, at: usize) {
        let line = self.code.line(at);
        self.say_at(what, line);
    }

    fn say_at(&mut self, what: What, line: u32) {
        self.facts.seen.push(Seen { what, line, within: self.within.clone() });
    }

    /// A Go function begins: its name, or the type that it is a method of, and its parameters.
    fn enter(&mut self, at: usize) {
        let code = self.code;
        self.parameters.clear();
        let mut open = at + 1;
        let mut name = code.word(open);
        if code.is_sign(open, '(') {
            let close = code.closing(open);
            name = (open..close).rev().find_map(|at| code.word(at));
            open = close + 1;
        }
        self.within = name.map(str::to_owned);
        let list = (open + 1..(open + 40).min(code.len())).find(|at| code.is_sign(*at, '('));
        let list = if code.is_sign(open + 1, '(') { Some(open + 1) } else { list };
        if let Some(list) = list {
            self.parameters.extend((list..code.closing(list)).filter_map(|at| code.word(at)));
        }
    }

    /// The text or constant that an argument is; nothing for anything else.
    fn value(&self, range: Range<usize>) -> Option<Value> {
        let code = self.code;
        if let Some(text) = code.first_text(range.clone()) {
            return Some(Value::Text(text.to_owned()));
        }
        let is_name = range
            .clone()
            .all(|at| matches!(code.get(at), Some(Token::Word(_) | Token::Sign('.' | ':' | '&'))));
        let last = range.rev().find_map(|at| code.word(at)).filter(|_| is_name)?;
        (!self.parameters.contains(last)).then(|| Value::Constant(last.to_owned()))
    }

    /// `NAME = "text"`, with a type between or without.
    fn constant(&mut self, at: usize, word: &str) {
        let code = self.code;
        let text = (at + 1..at + 6)
            .take_while(|at| !matches!(code.get(*at), Some(Token::Sign(';' | ')' | '(' | '{' | ',')) | None))
            .find_map(|at| code.is_sign(at, '=').then(|| code.text(at + 1)).flatten());
        let is_sum = code.is_sign(at + 3, '+') || code.is_sign(at + 3, '.') || code.is_sign(at + 3, '%');
        if let Some(text) = text.filter(|text| !is_sum && text.len() <= 256 && !text.is_empty())
            && !crate::values::is_secret_name(word)
        {
            self.facts.constants.entry(word.to_owned()).or_insert_with(|| text.to_owned());
        }
    }

    /// Names that generated code gives to clients and servers of a service.
    fn service(&mut self, at: usize, word: &'a str) {
        let code = self.code;
        let between = |start: &str, end: &str| -> Option<String> {
            let name = word.strip_prefix(start)?.strip_suffix(end)?;
            (name.len() > 1 && name.starts_with(|c: char| c.is_ascii_uppercase())).then(|| name.to_owned())
        };
        let is_call = code.is_sign(at + 1, '(');
        let mut asks: Vec<Option<String>> = Vec::new();
        let mut provides: Vec<Option<String>> = Vec::new();
        match self.end {
            "go" => {
                let is_used = code.is_sign(at.wrapping_sub(1), '.') && is_call;
                if is_used {
                    provides.push(between("Register", "Server"));
                    asks.push(between("New", "Client"));
                    asks.push(between("New", "ProtobufClient"));
                    asks.push(between("Register", "HandlerFromEndpoint"));
                    provides.push(between("New", "Handler").filter(|_| self.is_of_package(at, "connect")));
                }
            }
            "py" => {
                provides.push(between("add_", "Servicer_to_server").filter(|_| is_call));
                asks.push(between("", "Stub").filter(|_| is_call));
                // Thrift: `Cart.Client(protocol)`, `Cart.Processor(handler)`.
                if is_call && code.is_sign(at.wrapping_sub(1), '.') {
                    let of = code.word(at.wrapping_sub(2)).map(str::to_owned);
                    match word {
                        "Client" => asks.push(of),
                        "Processor" => provides.push(of),
                        _ => {}
                    }
                }
            }
            "cs" => {
                let is_client =
                    code.is_sign(at + 1, '>') || code.is_word(at.wrapping_sub(1), "new") || is_call;
                asks.push(between("", "Client").filter(|_| is_client));
                if let Some(service) = between("", "Base")
                    && code.is_sign(at.wrapping_sub(1), '.')
                    && code.word(at.wrapping_sub(2)) == Some(service.as_str())
                {
                    provides.push(Some(service));
                }
            }
            "rs" => {
                let is_path = code.matches(at + 1, &[":", ":"]);
                let made = code.word(at + 3).unwrap_or("");
                if is_path && matches!(made, "connect" | "new" | "with_interceptor") {
                    asks.push(between("", "Client"));
                    provides.push(between("", "Server").filter(|_| made != "connect"));
                }
            }
            "cc" | "cpp" | "hpp" | "h" => {
                asks.push(between("", "Client"));
                provides.push(between("", "Processor").filter(|_| is_call || code.is_sign(at + 1, '>')));
                if code.matches(at + 1, &[":", ":"]) {
                    match code.word(at + 3) {
                        Some("NewStub") => asks.push(Some(word.to_owned())),
                        Some("Service") => provides.push(Some(word.to_owned())),
                        _ => {}
                    }
                }
            }
            "rb" => {
                if code.matches(at + 1, &[":", ":"]) {
                    match code.word(at + 3) {
                        Some("Stub") => asks.push(Some(word.to_owned())),
                        Some("Service") => provides.push(Some(word.to_owned())),
                        _ => {}
                    }
                }
            }
            "php" => asks.push(between("", "Client").filter(|_| code.is_word(at.wrapping_sub(1), "new"))),
            _ => self.script_service(at, word, &mut asks, &mut provides),
        }
        for service in asks.into_iter().flatten() {
            self.say(What::Asks(service), at);
        }
        for service in provides.into_iter().flatten() {
            self.say(What::Provides(service), at);
        }
    }

    /// JavaScript and TypeScript: definitions are loaded at run time or made by several generators.
    fn script_service(
        &self,
        at: usize,
        word: &str,
        asks: &mut Vec<Option<String>>,
        provides: &mut Vec<Option<String>>,
    ) {
        let code = self.code;
        if !code.is_sign(at + 1, '(') {
            return;
        }
        let arguments = code.arguments(at + 1);
        let last_word =
            |range: &Range<usize>| range.clone().rev().find_map(|at| code.word(at)).map(str::to_owned);
        let names = |name: &str| {
            [
                Some(name.to_owned()),
                name.strip_suffix("Client").map(str::to_owned),
                name.strip_suffix("Service").map(str::to_owned),
            ]
        };
        // `new shop.Cart(address, grpc.credentials.createInsecure())`
        let has_credentials = || {
            (at + 2..code.closing(at + 1)).any(|at| {
                code.word(at).is_some_and(|word| {
                    matches!(word, "credentials" | "ChannelCredentials" | "createInsecure")
                })
            })
        };
        match word {
            "addService" => {
                let first = arguments.first().cloned().unwrap_or(0..0);
                let mut words = first.filter_map(|at| code.word(at)).filter(|word| *word != "service");
                if let Some(name) = words.by_ref().last() {
                    provides.extend(names(name));
                }
            }
            "createPromiseClient" | "createClient" | "createCallbackClient" => {
                asks.push(arguments.first().and_then(last_word));
                let definition = arguments.first().and_then(last_word);
                asks.push(definition.and_then(|name| name.strip_suffix("Definition").map(str::to_owned)));
            }
            "getService" => asks
                .push(arguments.first().and_then(|first| code.first_text(first.clone())).map(str::to_owned)),
            "GrpcMethod" | "GrpcStreamMethod" => {
                provides.push(
                    arguments.first().and_then(|first| code.first_text(first.clone())).map(str::to_owned),
                );
            }
            name if name.starts_with(|c: char| c.is_ascii_uppercase())
                && arguments.len() >= 2
                && has_credentials() =>
            {
                asks.extend(names(name));
            }
            _ => {}
        }
    }

    /// Whether a selected name is of a package whose name in this file ends so.
    fn is_of_package(&self, at: usize, suffix: &str) -> bool {
        at >= 2 && self.code.word(at - 2).is_some_and(|package| package.ends_with(suffix))
    }

    /// Classes of messages on a bus of events.
    fn message(&mut self, at: usize, word: &str) {
        let code = self.code;
        if self.end != "cs" {
            return;
        }
        let argument = code.word(at + 2).filter(|_| code.is_sign(at + 1, '<'));
        match word {
            "AddSubscription" | "IConsumer" | "IHandleMessages" | "IIntegrationEventHandler" => {
                // `where T : IIntegrationEventHandler<TEvent>` speaks of no message.
                if let Some(class) = argument.filter(|class| !is_parameter(class)) {
                    let topic = Value::Text(class.to_owned());
                    self.say(What::Topic { broker: None, topic, relation: "subscribes_to" }, at);
                }
            }
            // Who makes a message that somebody subscribes to sends it; whoever reads one gets it made.
            "new" => {
                if let Some(class) = code.word(at + 1).filter(|_| code.is_sign(at + 2, '('))
                    && self.made.insert(class)
                {
                    self.say(What::Made(class.to_owned()), at);
                }
            }
            _ => {}
        }
    }

    /// `Topic: "orders"` in a literal whose type or function says which way messages go.
    fn topic_field(&mut self, at: usize) {
        let code = self.code;
        if !code.is_sign(at + 1, ':') && !code.is_sign(at + 1, '=') || code.is_sign(at + 2, '=') {
            return;
        }
        let end = (at + 2..(at + 8).min(code.len()))
            .find(|at| {
                matches!(code.get(*at), Some(Token::Sign(',' | '}' | ')' | ';')))
                    || code.line(*at) > code.line(at + 2)
            })
            .unwrap_or(at + 3);
        let Some(topic) = self.value(at + 2..end) else { return };
        let Some(relation) = self.direction(at) else { return };
        self.say(What::Topic { broker: self.broker, topic, relation }, at);
    }

    /// Which way messages go, from the words before the brackets around a position.
    fn direction(&self, at: usize) -> Option<&'static str> {
        let code = self.code;
        let (mut depth, mut brackets) = (0usize, 0);
        for at in (at.saturating_sub(400)..at).rev() {
            match code.get(at) {
                Some(Token::Sign(')' | ']' | '}')) => depth += 1,
                Some(Token::Sign('(' | '[' | '{')) if depth > 0 => depth -= 1,
                Some(Token::Sign('(' | '{' | '[')) => {
                    brackets += 1;
                    let word = code.word(at.wrapping_sub(1)).unwrap_or("").to_ascii_lowercase();
                    if let Some(relation) = direction_of(&word) {
                        return Some(relation);
                    }
                    if brackets == 4 {
                        return None;
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// A call.
    fn call(&mut self, at: usize, word: &str) {
        let code = self.code;
        if matches!(word, "Register" | "RegisterService" | "ServiceRegister" | "registerService") {
            if let Some(first) = code.arguments(at + 1).into_iter().next()
                && let Some(value) = self.value(first)
            {
                self.say(What::Registers(value), at);
            }
            return;
        }
        if is_sender(word) {
            // A constant that holds an address; texts are seen by themselves.
            for range in code.arguments(at + 1).into_iter().take(3) {
                if code.first_text(range.clone()).is_none()
                    && let Some(value @ Value::Constant(_)) = self.value(range)
                {
                    self.say(What::Address { name: String::new(), value, called: true }, at);
                }
            }
        }
        if let Some(broker) = self.broker {
            self.broker_call(at, word, broker);
        }
    }

    /// A call of a broker's client.
    fn broker_call(&mut self, at: usize, word: &str, broker: &'static str) {
        let code = self.code;
        let arguments = code.arguments(at + 1);
        let named = |name: &str| {
            arguments.iter().find(|range| {
                code.is_word(range.start, name)
                    && (code.is_sign(range.start + 1, '=') || code.is_sign(range.start + 1, ':'))
            })
        };
        let behind = |range: &Range<usize>| range.start + 2..range.end;
        let plain = |index: usize| {
            arguments.get(index).filter(|range| !code.is_sign(range.start, '{') && !range.is_empty()).cloned()
        };
        let lower = word.to_ascii_lowercase();
        let (topic, relation) = match (broker, lower.as_str()) {
            ("rabbitmq", "basic_publish" | "basicpublish" | "basicpublishasync") => {
                let exchange = named("exchange").map(behind).or_else(|| plain(0));
                let key =
                    named("routing_key").or_else(|| named("routingKey")).map(behind).or_else(|| plain(1));
                let is_empty = |range: &Range<usize>| code.first_text(range.clone()) == Some("");
                (exchange.filter(|range| !is_empty(range)).or(key), "publishes_to")
            }
            ("rabbitmq", "publishwithcontext") => (plain(1), "publishes_to"),
            ("rabbitmq", "publish") => (plain(0), "publishes_to"),
            ("rabbitmq", "sendtoqueue") => (plain(0), "publishes_to"),
            ("rabbitmq", "consume" | "basic_consume" | "basicconsume" | "basicconsumeasync") => {
                let queue = named("queue").map(behind);
                (queue.or_else(|| plain(0)), "subscribes_to")
            }
            ("rabbitmq", "bindqueue" | "queuebind" | "queue_bind" | "queuebindasync") => {
                (named("exchange").map(behind), "subscribes_to")
            }
            (
                "kafka" | "nats" | "mosquitto" | "pulsar",
                "subscribe" | "queuesubscribe" | "consumepartition",
            ) => (plain(0), "subscribes_to"),
            ("kafka", "kafkaconsumer" | "aiokafkaconsumer") => (plain(0), "subscribes_to"),
            ("kafka", "send" | "send_and_wait" | "produce" | "produceasync") => (plain(0), "publishes_to"),
            ("nats" | "mosquitto" | "pulsar", "publish" | "publishasync") => (plain(0), "publishes_to"),
            ("nats", "request") => (plain(0), "publishes_to"),
            ("pubsub", "topic") => (plain(0), "publishes_to"),
            ("pubsub", "subscription") => (plain(0), "subscribes_to"),
            ("servicebus", "createsender") => (plain(0), "publishes_to"),
            ("servicebus", "createreceiver" | "createprocessor") => (plain(0), "subscribes_to"),
            _ => return,
        };
        let Some(topic) = topic.and_then(|range| self.value(range)) else { return };
        self.say(What::Topic { broker: Some(broker), topic, relation }, at);
    }

    /// A text: an address, or a name that a registry may know.
    fn text(&mut self, at: usize, text: &str) {
        let code = self.code;
        if text.len() < 4 || text.len() > 256 {
            return;
        }
        let scheme = text.find("://").map(|end| &text[..end]);
        let has_scheme = scheme.is_some_and(|scheme| {
            !scheme.is_empty()
                && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        });
        let is_socket = !has_scheme && is_socket(text);
        let around = self.around(at);
        if has_scheme || is_socket {
            let name = self.name_of(at);
            if around.is_some_and(|word| NO_CALLS.contains(&word)) || is_of_visitors(&name) {
                return;
            }
            let called = has_scheme && around.is_some_and(is_sender);
            let value = Value::Text(text.to_owned());
            self.say(What::Address { name, value, called }, at);
            return;
        }
        // `getenv("ORDERS_HOST", "orders")`
        if code.is_sign(at.wrapping_sub(1), ',')
            && let Some(key) = code.text(at.wrapping_sub(2)).filter(|key| is_variable(key))
        {
            let value = Value::Text(text.to_owned());
            self.say(What::Address { name: key.to_owned(), value, called: false }, at);
            return;
        }
        let is_name = text.len() <= 64
            && text.contains(['-', '.', '_'])
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte))
            && text.starts_with(|c: char| c.is_ascii_lowercase());
        // `addresses["orders-service"]`
        let is_index = code.is_sign(at.wrapping_sub(1), '[') && code.is_sign(at + 1, ']');
        let is_argument = || around.is_some_and(|word| !NO_CALLS.contains(&word) && word != "Register");
        if is_name && (is_index || is_argument()) {
            self.say(What::Called(text.to_owned()), at);
        }
    }

    /// The function in whose arguments a position lies directly, or in the object that is the first of them.
    fn around(&self, at: usize) -> Option<&'a str> {
        let mut depth = 0usize;
        for at in (at.saturating_sub(60)..at).rev() {
            match self.code.get(at)? {
                Token::Sign(')' | ']' | '}') => depth += 1,
                Token::Sign('(') if depth == 0 => return self.code.word(at.checked_sub(1)?),
                Token::Sign('{') if depth == 0 => {
                    let made = self.code.word(at.checked_sub(2)?).filter(|word| CLIENTS.contains(word));
                    return made.filter(|_| self.code.is_sign(at - 1, '('));
                }
                Token::Sign(';') if depth == 0 => return None,
                Token::Sign('(' | '[' | '{') => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        None
    }

    /// What a text is the value of: a variable of the environment, a constant, a field.
    fn name_of(&self, at: usize) -> String {
        let code = self.code;
        for at in (at.saturating_sub(8)..at).rev() {
            match code.get(at) {
                Some(Token::Text(text)) if is_variable(text) => return text.to_owned(),
                Some(Token::Word(
                    "new" | "Uri" | "await" | "return" | "f" | "string" | "str" | "String" | "static",
                )) => {}
                Some(Token::Word(word)) => return word.to_owned(),
                Some(Token::Sign('{' | '}' | ';')) => break,
                _ => {}
            }
        }
        String::new()
    }
}

/// Whether a function sends to the address that it is given.
fn is_sender(word: &str) -> bool {
    SENDERS.contains(&word) || CLIENTS.contains(&word)
}

/// `host:port`, nothing else.
fn is_socket(text: &str) -> bool {
    text.split_once(':').is_some_and(|(host, port)| {
        !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
            && (2..=5).contains(&port.len())
            && port.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// `ORDERS_HOST`
fn is_variable(text: &str) -> bool {
    text.len() > 2
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && text.starts_with(|c: char| c.is_ascii_uppercase())
}

/// A type parameter: `T`, `TEvent`.
fn is_parameter(class: &str) -> bool {
    class == "T" || class.starts_with('T') && class[1..].starts_with(|c: char| c.is_ascii_uppercase())
}

/// Whether a setting says who may call this program, not whom it calls.
fn is_of_visitors(name: &str) -> bool {
    crate::values::words(name).iter().any(|word| {
        matches!(word.as_str(), "cors" | "origin" | "origins" | "allowed" | "redirect" | "callback" | "xmlns")
    })
}

/// The way that a function's or type's name says.
fn direction_of(word: &str) -> Option<&'static str> {
    let has = |list: &[&str]| list.iter().any(|part| word.contains(part));
    if has(&["subscribe", "consumer", "consume", "reader", "listener"]) {
        return Some("subscribes_to");
    }
    has(&["publish", "produce", "writer", "send", "message", "record", "emit"]).then_some("publishes_to")
}
