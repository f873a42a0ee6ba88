//! One file's tokens to what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::limits;
use crate::link::base_name;
use crate::parse::Code;
use crate::values::is_secret_name;

use super::messages::{LISTENERS, RECEIVERS, SENDERS};
use super::{Carrier, Expression, JvmFile, Part, Role, Said};

/// Classes by which a file talks HTTP.
const CLIENTS: &[&str] = &[
    "RestTemplate",
    "RestOperations",
    "RestTemplateBuilder",
    "OAuth2RestTemplate",
    "OAuth2RestOperations",
    "AsyncRestTemplate",
    "WebClient",
    "RestClient",
    "HttpClient",
    "HttpClients",
    "HttpClientBuilder",
    "CloseableHttpClient",
    "DefaultHttpClient",
    "AsyncHttpClient",
    "OkHttpClient",
    "Retrofit",
    "Unirest",
    "HttpURLConnection",
    "HttpGet",
    "HttpPost",
    "ClientBuilder",
    "WebTarget",
    "Traverson",
    "UriComponentsBuilder",
    "RouteLocator",
    "RouteLocatorBuilder",
    "ManagedChannelBuilder",
    "WebSocketClient",
];

/// Words of a file that sends more than requests to read.
const WRITES: &[&str] = &[
    "postForObject",
    "postForEntity",
    "postForLocation",
    "patchForObject",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "PostMapping",
    "PutMapping",
    "DeleteMapping",
    "PatchMapping",
    "HttpPost",
    "HttpPut",
    "post",
    "put",
    "delete",
    "patch",
    "Post",
    "Put",
    "Delete",
    "RequestLine",
];

/// Calls whose texts are for people or about callers, not addresses that are called.
const NOT_CALLED: &[&str] = &[
    "allowedOrigins",
    "addAllowedOrigin",
    "setAllowedOrigins",
    "allowedOriginPatterns",
    "setAllowedOriginPatterns",
    "Contact",
    "License",
    "ApiInfo",
    "license",
    "licenseUrl",
    "termsOfService",
    "termsOfServiceUrl",
    "Server",
    "ExternalDocumentation",
    "sendRedirect",
    "RedirectView",
    "redirect",
    "println",
    "printf",
    "trace",
    "debug",
    "info",
    "warn",
    "error",
    "Exception",
    "header",
    "setIssuer",
    "startsWith",
    "contains",
    "equals",
    "replace",
    "assertEquals",
];

/// Annotations that make something of their module.
const ROLES: &[(&str, Role)] = &[
    ("EnableEurekaServer", Role::Serves("eureka")),
    ("EnableConfigServer", Role::Serves("config-server")),
    ("EnableAdminServer", Role::Serves("spring-boot-admin")),
    ("EnableZipkinServer", Role::Serves("zipkin")),
    ("EnableZipkinStreamServer", Role::Serves("zipkin")),
    ("EnableTurbine", Role::Serves("turbine")),
    ("EnableTurbineStream", Role::Serves("turbine")),
    ("EnableTurbineAmqp", Role::Serves("turbine")),
    ("EnableHystrixDashboard", Role::Serves("hystrix-dashboard")),
    ("EnableAuthorizationServer", Role::Serves("authorization-server")),
    ("EnableZuulProxy", Role::Gateway),
    ("EnableZuulServer", Role::Gateway),
    ("EnableResourceServer", Role::Guarded),
    ("EnableOAuth2Resource", Role::Guarded),
    ("EnableOAuth2Sso", Role::Guarded),
];

/// What a file says; `None` where that is nothing.
pub(super) fn read(code: &Code<'_>, path: &str) -> Option<JvmFile> {
    let name = base_name(path);
    let words: BTreeSet<&str> = (0..code.len()).filter_map(|at| code.word(at)).collect();
    let has = |list: &[&str]| list.iter().any(|word| words.contains(word));
    let mut reader = FileReader {
        code,
        is_kotlin: name.ends_with(".kt"),
        file: JvmFile {
            class: name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned(),
            is_client: has(CLIENTS),
            reads: !has(WRITES),
            ..JvmFile::default()
        },
        senders: BTreeMap::new(),
        receivers: BTreeMap::new(),
        has_streams: words.contains("StreamsBuilder"),
        is_micronaut: words.contains("micronaut"),
    };
    if has(&["JwtAccessTokenConverter", "JwtTokenStore", "JwtHelper"]) {
        reader.file.said.push((Said::Role(Role::ChecksTokens), 1));
    }
    reader.declarations();
    for at in 0..code.len() {
        reader.at(at);
    }
    let file = reader.file;
    (!file.said.is_empty() || !file.values.is_empty() || file.is_client && !file.names.is_empty())
        .then_some(file)
}

pub(super) struct FileReader<'a> {
    pub(super) code: &'a Code<'a>,
    is_kotlin: bool,
    is_micronaut: bool,
    file: JvmFile,
    /// Variables that send messages.
    senders: BTreeMap<&'a str, Carrier>,
    /// Variables that receive them.
    receivers: BTreeMap<&'a str, Carrier>,
    has_streams: bool,
}

impl<'a> FileReader<'a> {
    pub(super) fn say(&mut self, at: usize, said: Said) {
        if self.file.said.len() < limits::CODE_FACTS {
            self.file.said.push((said, self.code.line(at)));
        }
    }

    /// Variables by type, and texts with a name.
    fn declarations(&mut self) {
        let code = self.code;
        for at in 0..code.len() {
            let Some(word) = code.word(at) else { continue };
            let carrier = |classes: &[(&str, Carrier)]| {
                classes.iter().find(|(class, _)| *class == word).map(|(_, carrier)| *carrier)
            };
            if let Some(carrier) = carrier(SENDERS) {
                self.senders.extend(self.variable(at).map(|variable| (variable, carrier)));
            } else if let Some(carrier) = carrier(RECEIVERS) {
                self.receivers.extend(self.variable(at).map(|variable| (variable, carrier)));
            }
            let is_text = word == "String" || self.is_kotlin && matches!(word, "val" | "var");
            if is_text && let Some(name) = code.word(at + 1) {
                let mut equals = at + 2;
                if self.is_kotlin && code.is_sign(equals, ':') && code.is_word(equals + 1, "String") {
                    equals += 2;
                }
                if code.is_sign(equals, '=') && !code.is_sign(equals + 1, '=') && !is_secret_name(name) {
                    let value = self.expression(equals + 1);
                    if value.iter().any(|part| *part != Part::Unknown)
                        && self.file.values.len() < limits::CODE_FACTS
                    {
                        self.file.values.push((name.to_owned(), value, code.line(at)));
                    }
                }
            }
        }
    }

    /// The position behind `<…>`, if one stands here.
    pub(super) fn behind_generics(&self, at: usize) -> usize {
        if !self.code.is_sign(at, '<') {
            return at;
        }
        let mut depth = 0usize;
        for end in at..self.code.len().min(at + 64) {
            if self.code.is_sign(end, '<') {
                depth += 1;
            } else if self.code.is_sign(end, '>') {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return end + 1;
                }
            }
        }
        at
    }

    fn at(&mut self, at: usize) {
        let code = self.code;
        if code.is_sign(at, '@')
            && let Some(name) = code.word(at + 1)
        {
            // `@field:Value` of Kotlin.
            let (name, open) = match (code.is_sign(at + 2, ':'), code.word(at + 3)) {
                (true, Some(name)) if self.is_kotlin => (name, at + 4),
                _ => (name, at + 2),
            };
            self.annotation(at, name, open);
            return;
        }
        if let Some(text) = code.text(at) {
            if text == "bootstrap.servers" {
                self.brokers(at + 1);
            }
            if self.file.is_client && has_scheme(text) && !self.is_for_people(at) {
                let url = self.expression_around(at);
                let reads = self.file.reads;
                self.say(at, Said::Address { url, reads });
            }
            return;
        }
        let Some(word) = code.word(at) else { return };
        if self.file.is_client && is_constant(word) && self.file.names.len() < limits::CODE_FACTS {
            let qualified = (at >= 2 && code.is_sign(at - 1, '.')).then(|| code.word(at - 2)).flatten();
            let name = qualified.map_or_else(|| word.to_owned(), |class| format!("{class}.{word}"));
            self.file.names.insert(name);
        }
        if let Some(service) = word.strip_suffix("Grpc").filter(|service| !service.is_empty())
            && code.is_sign(at + 1, '.')
        {
            match code.word(at + 2) {
                Some("newBlockingStub" | "newStub" | "newFutureStub" | "newBlockingV2Stub") => {
                    self.say(at, Said::Asks(service.to_owned()));
                }
                Some(base) if base.strip_suffix("ImplBase") == Some(service) => {
                    self.say(at, Said::Provides(service.to_owned()));
                }
                _ => {}
            }
            return;
        }
        if let Some(service) = word.strip_suffix("CoroutineStub").filter(|service| !service.is_empty())
            && code.is_sign(at + 1, '(')
        {
            self.say(at, Said::Asks(service.to_owned()));
            return;
        }
        if let Some(service) = word.strip_suffix("CoroutineImplBase").filter(|service| !service.is_empty()) {
            self.say(at, Said::Provides(service.to_owned()));
            return;
        }
        let kafka = Carrier::Product("kafka");
        match word {
            "ProducerRecord" => {
                let arguments = self.arguments_behind_generics(at + 1);
                if let [topic, _, ..] = arguments.as_slice() {
                    let topic = Some(self.expression_in(topic));
                    self.say(at, Said::Sends { carrier: kafka, topic });
                }
                return;
            }
            "BOOTSTRAP_SERVERS_CONFIG" => return self.brokers(at + 1),
            // `KafkaConsumer(properties).apply { subscribe(listOf("orders")) }`
            "subscribe" if self.is_kotlin && !self.receivers.is_empty() && code.is_sign(at + 1, '(') => {
                let is_bare = at >= 1 && !code.is_sign(at - 1, '.') && !code.is_word(at - 1, "fun");
                if is_bare {
                    return self.receives(at, kafka);
                }
            }
            _ => {}
        }
        if !code.is_sign(at + 1, '(') || at < 2 || !code.is_sign(at - 1, '.') {
            return;
        }
        self.call(at, word);
    }

    /// `variable.word(…)`.
    fn call(&mut self, at: usize, word: &str) {
        let code = self.code;
        let receiver = code.word(at - 2);
        match word {
            "choose" | "getInstances" | "getNextServerFromEureka" | "getInstancesById" => {
                let first = code.arguments(at + 1).into_iter().next();
                if let Some(first) = first {
                    self.say(at, Said::Service(self.expression_in(&first)));
                }
            }
            "getApplication" if receiver.is_some_and(|name| name.to_lowercase().contains("client")) => {
                if let Some(first) = code.arguments(at + 1).into_iter().next() {
                    self.say(at, Said::Service(self.expression_in(&first)));
                }
            }
            _ => {}
        }
        if let Some(carrier) = receiver.and_then(|name| self.receivers.get(name).copied())
            && matches!(word, "subscribe" | "stream" | "table" | "globalTable")
        {
            return self.receives(at, carrier);
        }
        if self.has_streams && word == "to" {
            if let Some(first) = code.arguments(at + 1).first() {
                let topic = Some(self.expression_in(first));
                self.say(at, Said::Sends { carrier: Carrier::Product("kafka"), topic });
            }
            return;
        }
        let Some(carrier) = receiver.and_then(|name| self.senders.get(name).copied()) else { return };
        if !matches!(
            word,
            "send"
                | "sendAsync"
                | "convertAndSend"
                | "convertSendAndReceive"
                | "sendAndReceive"
                | "sendDefault"
                | "sendTransactionally"
        ) {
            return;
        }
        let arguments = code.arguments(at + 1);
        let Some(first) = arguments.first() else { return };
        // A record says by itself which topic it is for.
        if first.clone().any(|at| code.is_word(at, "ProducerRecord")) {
            return;
        }
        // One argument is the message: its topic is a default.
        let is_message = arguments.len() < 2 && carrier != Carrier::Bound;
        let topic = (!is_message).then(|| self.expression_in(first));
        self.say(at, Said::Sends { carrier, topic });
    }

    fn annotation(&mut self, at: usize, name: &str, open: usize) {
        let code = self.code;
        let arguments = if code.is_sign(open, '(') { code.arguments(open) } else { Vec::new() };
        let role = ROLES.iter().find(|(known, _)| *known == name).map(|(_, role)| *role);
        if let Some(role) = role {
            self.say(at, Said::Role(role));
            return;
        }
        if let Some((_, carrier, names)) = LISTENERS.iter().find(|(known, _, _)| *known == name) {
            self.listener(at, *carrier, names, &arguments);
            return;
        }
        match name {
            "FeignClient" | "ReactiveFeignClient" => {
                let name = self.argument(&arguments, &["name", "value", "serviceId", ""]);
                let url = self.argument(&arguments, &["url"]).unwrap_or_default();
                let reads = self.file.reads;
                self.say(at, Said::Client { name: name.unwrap_or_default(), url, reads });
            }
            "RibbonClient" | "LoadBalancerClient" | "GrpcClient" if !arguments.is_empty() => {
                if let Some(name) = self.argument(&arguments, &["name", "value", ""]) {
                    self.say(at, Said::Service(name));
                }
            }
            "Client" if self.is_micronaut => {
                if let Some(name) = self.argument(&arguments, &["value", "id", ""]) {
                    let reads = self.file.reads;
                    self.say(at, Said::Client { name: name.clone(), url: name, reads });
                }
            }
            "RegisterRestClient" => {
                let url = self.argument(&arguments, &["baseUri"]).unwrap_or_else(|| {
                    let key = self.argument(&arguments, &["configKey"]);
                    match key.as_deref() {
                        Some([Part::Text(key)]) => vec![Part::Text(format!("${{{key}/mp-rest/url}}"))],
                        _ => Vec::new(),
                    }
                });
                let reads = self.file.reads;
                self.say(at, Said::Client { name: Vec::new(), url, reads });
            }
            "Value" => self.value(at, open, &arguments),
            "EnableBinding" => {
                for position in open..code.closing(open) {
                    match code.word(position) {
                        Some("Source") => self.bound(at, "output", true),
                        Some("Sink") => self.bound(at, "input", false),
                        Some("Processor") => {
                            self.bound(at, "output", true);
                            self.bound(at, "input", false);
                        }
                        _ => {}
                    }
                }
            }
            "Output" | "Input" if code.is_sign(open, '(') => {
                if let Some(channel) = arguments.first().and_then(|first| code.first_text(first.clone())) {
                    self.bound(at, channel, name == "Output");
                }
            }
            "Incoming" | "Outgoing" => {
                if let Some(channel) = arguments.first().and_then(|first| code.first_text(first.clone())) {
                    let key = if name == "Incoming" { "incoming" } else { "outgoing" };
                    let topic = format!("${{mp.messaging.{key}.{channel}.topic:{channel}}}");
                    let topic = Some(vec![Part::Text(topic)]);
                    let carrier = Carrier::Bound;
                    self.say(
                        at,
                        if name == "Incoming" {
                            Said::Receives { carrier, topic }
                        } else {
                            Said::Sends { carrier, topic }
                        },
                    );
                }
            }
            _ => {}
        }
    }

    /// `@Value("${key:default}") String name`: a text with a name that settings fill.
    fn value(&mut self, at: usize, open: usize, arguments: &[Range<usize>]) {
        let code = self.code;
        let Some(text) = arguments.first().and_then(|first| code.first_text(first.clone())) else { return };
        let text = self.plain(text);
        let Some(Part::Text(text)) = text.first().filter(|_| text.len() == 1).cloned() else { return };
        let body = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let (key, default) = match body.and_then(|body| body.split_once(':')) {
            Some((key, default)) => (key, Some(default)),
            None => (body.unwrap_or(""), None),
        };
        if is_secret_name(key) {
            return;
        }
        // The name of the field or parameter is the last word before the sign that ends its declaration.
        let mut name = None;
        for position in code.closing(open) + 1..code.len().min(code.closing(open) + 40) {
            match code.word(position) {
                Some(word) if self.is_kotlin && code.is_sign(position + 1, ':') => {
                    name = Some(word);
                    break;
                }
                Some(word) => name = Some(word),
                None if code.is_sign(position, '@') => {}
                None if [';', '=', ',', ')', '('].iter().any(|sign| code.is_sign(position, *sign)) => break,
                None => {}
            }
        }
        if let Some(name) = name
            && self.file.values.len() < limits::CODE_FACTS
        {
            self.file.values.push((name.to_owned(), vec![Part::Text(text.clone())], code.line(at)));
        }
        if let Some(default) = default.filter(|default| !default.is_empty() && !default.contains("${")) {
            self.say(at, Said::Default { key: key.to_owned(), value: default.to_owned() });
        }
    }

    /// The name before `=` of an annotation's argument.
    pub(super) fn key(&self, argument: &Range<usize>) -> &'a str {
        if self.code.is_sign(argument.start + 1, '=') {
            self.code.word(argument.start).unwrap_or("")
        } else {
            ""
        }
    }

    /// The value of the first of these arguments that is there; the empty name is the argument without one.
    pub(super) fn argument(&self, arguments: &[Range<usize>], names: &[&str]) -> Option<Expression> {
        names.iter().find_map(|name| {
            let argument = arguments.iter().find(|argument| self.key(argument) == *name)?;
            let start = if name.is_empty() { argument.start } else { argument.start + 2 };
            let value = self.expression_in(&(start..argument.end));
            (value != [Part::Text(String::new())]).then_some(value)
        })
    }

    /// Whether the call or annotation that a text stands in is not one that calls.
    fn is_for_people(&self, at: usize) -> bool {
        let code = self.code;
        let mut depth = 0usize;
        for position in (at.saturating_sub(200)..at).rev() {
            if [')', ']'].iter().any(|sign| code.is_sign(position, *sign)) {
                depth += 1;
            } else if code.is_sign(position, '(') {
                if depth > 0 {
                    depth -= 1;
                    continue;
                }
                let Some(word) = position.checked_sub(1).and_then(|before| code.word(before)) else {
                    continue;
                };
                let is_annotation = position >= 2 && code.is_sign(position - 2, '@');
                if is_annotation || NOT_CALLED.contains(&word) || word.ends_with("Exception") {
                    return true;
                }
            } else if depth == 0 && [';', '{', '}'].iter().any(|sign| code.is_sign(position, *sign)) {
                return false;
            }
        }
        false
    }

    /// The text that a text token begins: with what is added to it, or formatted into it.
    fn expression_around(&self, at: usize) -> Expression {
        let code = self.code;
        let is_formatted =
            at >= 2 && code.is_sign(at - 1, '(') && matches!(code.word(at - 2), Some("format" | "concat"));
        if is_formatted {
            let arguments = code.arguments(at - 1);
            return self.formatted(&arguments);
        }
        self.expression(at)
    }

    /// `format("http://%s/x", host)`.
    fn formatted(&self, arguments: &[Range<usize>]) -> Expression {
        match arguments.split_first() {
            Some((first, rest)) => self.filled(&self.expression_in(first), rest),
            None => vec![Part::Unknown],
        }
    }

    /// A text with its `%s` replaced, one after the other.
    fn filled(&self, text: &Expression, arguments: &[Range<usize>]) -> Expression {
        let mut rest = arguments.iter();
        let mut out = Vec::new();
        for part in text {
            let Part::Text(text) = part else {
                out.push(part.clone());
                continue;
            };
            let mut text = text.as_str();
            while let Some(found) = text.find('%') {
                out.push(Part::Text(text[..found].to_owned()));
                match rest.next() {
                    Some(argument) => out.extend(self.expression_in(argument)),
                    None => out.push(Part::Unknown),
                }
                text = text.get(found + 2..).unwrap_or("");
            }
            out.push(Part::Text(text.to_owned()));
        }
        out
    }

    /// What is added up from a position on, to the first sign that ends it.
    pub(super) fn expression(&self, at: usize) -> Expression {
        let code = self.code;
        let mut end = at;
        let mut depth = 0usize;
        while end < code.len() && end < at + 200 {
            if ['(', '[', '{'].iter().any(|sign| code.is_sign(end, *sign)) {
                depth += 1;
            } else if [')', ']', '}'].iter().any(|sign| code.is_sign(end, *sign)) {
                if depth == 0 {
                    break;
                }
                depth -= 1;
            } else if depth == 0 && [';', ',', '?'].iter().any(|sign| code.is_sign(end, *sign)) {
                break;
            } else if self.is_kotlin && depth == 0 && end > at && code.line(end) != code.line(end - 1) {
                let goes_on =
                    ['+', '.'].iter().any(|sign| code.is_sign(end, *sign)) || code.is_sign(end - 1, '+');
                if !goes_on {
                    break;
                }
            }
            end += 1;
        }
        self.expression_in(&(at..end))
    }

    /// What is added up in a range.
    pub(super) fn expression_in(&self, range: &Range<usize>) -> Expression {
        let code = self.code;
        let mut out = Vec::new();
        let mut at = range.start;
        while at < range.end && out.len() < 64 {
            let next = (at..range.end).scan(0usize, |depth, position| {
                if ['(', '[', '{'].iter().any(|sign| code.is_sign(position, *sign)) {
                    *depth += 1;
                } else if [')', ']', '}'].iter().any(|sign| code.is_sign(position, *sign)) {
                    *depth = depth.saturating_sub(1);
                }
                Some((position, *depth == 0 && code.is_sign(position, '+')))
            });
            let end = next.filter(|(_, is_plus)| *is_plus).map(|(position, _)| position).next();
            let end = end.unwrap_or(range.end);
            out.extend(self.operand(at, end));
            at = end + 1;
        }
        out
    }

    fn operand(&self, at: usize, end: usize) -> Expression {
        let code = self.code;
        if let Some(text) = code.text(at) {
            if end == at + 1 {
                return self.plain(text);
            }
            let is_formatted = code.matches(at + 1, &[".", "formatted", "("]);
            if is_formatted {
                return self.filled(&self.plain(text), &code.arguments(at + 3));
            }
            // `"text".method()`: what it begins with still holds.
            let mut out = self.plain(text);
            out.push(Part::Unknown);
            return out;
        }
        if code.matches(at, &["System", ".", "getenv", "("])
            && let Some(name) = code.text(at + 4).filter(|_| code.is_sign(at + 5, ')'))
        {
            // `getenv("X") ?: "y"` of Kotlin: the default stands behind the end.
            let is_all = end == at + 6 && code.is_sign(end, '?') && code.is_sign(end + 1, ':');
            let default = code.text(end + 2).filter(|text| is_all && !text.contains(['$', '}']));
            let default = default.map_or_else(String::new, |default| format!(":{default}"));
            return vec![Part::Text(format!("${{{name}{default}}}"))];
        }
        if code.matches(at, &["String", ".", "format", "("]) {
            return self.formatted(&code.arguments(at + 3));
        }
        let mut names: Vec<&str> = Vec::new();
        let mut position = at;
        while position < end {
            match code.word(position) {
                Some("this") => {}
                Some(word) => names.push(word),
                None => return vec![Part::Unknown],
            }
            position += 1;
            if position < end && !code.is_sign(position, '.') {
                return vec![Part::Unknown];
            }
            position += 1;
        }
        match names.as_slice() {
            [] => vec![Part::Unknown],
            [.., class, name] if class.starts_with(char::is_uppercase) => {
                vec![Part::Name(format!("{class}.{name}"))]
            }
            [name] => vec![Part::Name((*name).to_owned())],
            _ => vec![Part::Unknown],
        }
    }

    /// A text as written; in Kotlin `$name` stands for a variable, and an escaped one for a placeholder.
    fn plain(&self, text: &str) -> Expression {
        if !self.is_kotlin || !text.contains('$') {
            return vec![Part::Text(text.to_owned())];
        }
        if text.contains("\\$") {
            return vec![Part::Text(text.replace("\\$", "$"))];
        }
        let mut out = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push(Part::Text(rest[..at].to_owned()));
            rest = &rest[at + 1..];
            let body = match rest.strip_prefix('{') {
                Some(inner) => {
                    let end = inner.find('}').unwrap_or(inner.len());
                    rest = inner.get(end + 1..).unwrap_or("");
                    &inner[..end]
                }
                None => {
                    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                    let (name, behind) = rest.split_at(end);
                    rest = behind;
                    name
                }
            };
            let is_name = !body.is_empty() && body.chars().all(|c| c.is_alphanumeric() || "_.".contains(c));
            out.push(if is_name { Part::Name(body.to_owned()) } else { Part::Unknown });
        }
        out.push(Part::Text(rest.to_owned()));
        out
    }
}

fn has_scheme(text: &str) -> bool {
    ["http://", "https://", "lb://", "ws://", "wss://"].iter().any(|scheme| text.starts_with(scheme))
}

/// `ORDERS_URL`: how constants are written.
fn is_constant(word: &str) -> bool {
    word.len() > 2
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
