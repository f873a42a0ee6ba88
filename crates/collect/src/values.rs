//! What a configuration value says: addresses of other pieces. Users, passwords and queries of URLs are cut
//! off here, before anything else sees them, and values of variables that look secret are not looked at.

/// An address in a value. Only these parts leave this module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Lower case; empty where the value gives none.
    pub(crate) scheme: String,
    /// Lower case; no user, no port.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// The whole value is this host, without scheme or port: it counts only if it names something known.
    pub(crate) bare: bool,
}

/// The words of a name in lower case: `SPRING_DATASOURCE_URL`, `spring.datasource.url`, `dataSourceUrl`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut previous_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && previous_lower) {
            if !word.is_empty() {
                out.push(std::mem::take(&mut word));
            }
            if !c.is_alphanumeric() {
                previous_lower = false;
                continue;
            }
        }
        previous_lower = c.is_lowercase() || c.is_numeric();
        word.extend(c.to_lowercase());
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

const SECRET_LAST: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "pass",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "tokens",
    "key",
    "keys",
    "apikey",
    "credential",
    "credentials",
    "cert",
    "certificate",
    "private",
    "signature",
    "salt",
    "pem",
    "jwt",
    "cookie",
    "sid",
    "pin",
    "otp",
];
const SECRET_ANY: &[&str] =
    &["password", "passwd", "secret", "apikey", "privatekey", "credential", "credentials"];
const ADDRESS_LAST: &[&str] = &[
    "host",
    "hosts",
    "hostname",
    "hostnames",
    "addr",
    "addrs",
    "address",
    "addresses",
    "url",
    "urls",
    "uri",
    "uris",
    "endpoint",
    "endpoints",
    "server",
    "servers",
    "broker",
    "brokers",
    "bootstrap",
    "upstream",
    "upstreams",
    "backend",
    "backends",
    "target",
    "targets",
    "dsn",
    "service",
    "svc",
    "api",
    "origin",
    "origins",
    "node",
    "nodes",
    "peers",
    "points",
    "zone",
    "connection",
    "contactpoints",
    "cluster",
    "datasource",
    "proxy",
    "gateway",
    "authority",
    "issuer",
];
const LISTEN: &[&str] = &["listen", "bind", "listener", "listeners", "advertised", "listening"];
const TALK: &[&str] = &[
    "doc",
    "docs",
    "documentation",
    "help",
    "license",
    "licence",
    "homepage",
    "schema",
    "xmlns",
    "xsi",
    "repository",
    "repo",
    "issues",
    "contact",
    "terms",
    "tos",
    "copyright",
    "avatar",
    "icon",
    "logo",
    "badge",
    "readme",
    "website",
    "changelog",
    "favicon",
    "support",
    "reference",
    "references",
    "href",
    "link",
    "links",
    "description",
    "comment",
    "title",
    "summary",
    "example",
    "examples",
    "redirect",
    "callback",
    "cors",
    "allowed",
    "picture",
    "image",
    "images",
    "img",
    "photo",
    "thumbnail",
    "namespace",
    "message",
    "text",
    "wiki",
    "download",
    "author",
    "maintainer",
];

/// Whether a variable's value must not be looked at.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let Some(last) = words.last() else { return false };
    let names_an_address = ADDRESS_LAST.contains(&last.as_str()) && last != "api";
    SECRET_LAST.contains(&last.as_str())
        || (!names_an_address && words.iter().any(|word| SECRET_ANY.contains(&word.as_str())))
        || words.windows(2).any(|pair| pair[0] == "private" && pair[1] == "key")
}

/// The last word of a name without its number: `HOST` of `DB_HOST_1`, `Url` of `baseUrl`.
fn last_word(name: &str) -> &str {
    let name = name.trim_end_matches(|c: char| !c.is_alphabetic());
    let mut start = name.len();
    let mut next_upper = false;
    for (at, c) in name.char_indices().rev() {
        // Going backwards: an upper-case letter with a lower-case one before it began the word.
        if !c.is_alphanumeric() || next_upper && c.is_lowercase() {
            break;
        }
        next_upper = c.is_uppercase();
        start = at;
    }
    &name[start..]
}

/// Whether a variable is named like one that holds an address. Asked of every setting, so it allocates nothing.
pub(crate) fn is_address_name(name: &str) -> bool {
    let last = last_word(name);
    let is = |word: &&str| last.eq_ignore_ascii_case(word);
    let ends = |word: &&str| {
        last.len() > 6
            && last.len() > word.len()
            && last.is_char_boundary(last.len() - word.len())
            && last[last.len() - word.len()..].eq_ignore_ascii_case(word)
    };
    ADDRESS_LAST.iter().any(is) || ["host", "addr", "url", "uri", "endpoint"].iter().any(ends)
}

/// Whether a variable says where the piece itself listens.
pub(crate) fn is_listen_name(name: &str) -> bool {
    words(name).iter().any(|word| LISTEN.contains(&word.as_str()))
}

/// Whether a variable holds a web address for people, not one that the piece talks to.
pub(crate) fn is_talk_name(name: &str) -> bool {
    words(name).iter().any(|word| TALK.contains(&word.as_str()))
}

fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && text.chars().any(|c| c.is_ascii_alphabetic())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && !text.ends_with(['-', '_'])
        && !text.contains("..")
}

fn is_loopback_number(text: &str) -> bool {
    matches!(text, "127.0.0.1" | "0.0.0.0" | "::1" | "[::1]" | "[::]")
}

fn host_port(text: &str) -> Option<(String, Option<u16>)> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('[') {
        let (inner, after) = rest.split_once(']')?;
        let port = after.strip_prefix(':').and_then(|port| port.parse().ok());
        return is_loopback_number(inner).then(|| ("localhost".to_owned(), port));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => match port.parse::<u16>() {
            Ok(number) if number > 0 => (host, Some(number)),
            // `host:${PORT}`: the host still says something.
            _ if port.starts_with(['$', '{', '%', '<']) || port.is_empty() => (host, None),
            _ => return None,
        },
        None => (text, None),
    };
    if is_loopback_number(host) {
        return Some(("localhost".to_owned(), port));
    }
    let host = host.trim_end_matches('.');
    is_host(host).then(|| (host.to_ascii_lowercase(), port))
}

const URL_END: &[char] =
    &['/', '?', '#', '"', '\'', ',', ';', '<', '>', ' ', '\t', '\n', ')', ']', '}', '|', '\\', '`'];

/// Schemes that address no other piece.
const LOCAL_SCHEMES: &[&str] =
    &["file", "unix", "data", "classpath", "resource", "jar", "git", "ssh", "oci", "docker"];

/// Every address in a value.
pub(crate) fn addresses(name: &str, value: &str) -> Vec<Address> {
    let mut out: Vec<Address> = Vec::new();
    if value.len() > crate::limits::VALUE_BYTES || value.contains("-----BEGIN") {
        return out;
    }
    if !value.contains([':', '=']) && !is_address_name(name) {
        if value.len() > 3
            && value.len() < 64
            && !value.contains(['.', '_'])
            && is_host(value)
            && is_named_alike(name, value)
        {
            let host = value.to_ascii_lowercase();
            out.push(Address { scheme: WORD.to_owned(), host, port: None, bare: true });
        }
        return out;
    }
    let mut push = |scheme: &str, host: String, port: Option<u16>, bare: bool| {
        let address = Address { scheme: scheme.to_owned(), host, port, bare };
        if !out.contains(&address) {
            out.push(address);
        }
    };
    let mut rest = value;
    let mut plain = String::new();
    while let Some(at) = rest.find("://") {
        let (before, after) = (&rest[..at], &rest[at + 3..]);
        let scheme_start = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let scheme = before[scheme_start..].to_ascii_lowercase();
        plain.push_str(&before[..scheme_start]);
        plain.push(' ');
        // `dns:///name:port` has an empty authority.
        let after = if scheme == "dns" || scheme == "xds" { after.trim_start_matches('/') } else { after };
        let (authority, behind) = authority(after);
        if !LOCAL_SCHEMES.contains(&scheme.as_str()) {
            let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
            for host in hosts.split(',') {
                let host = host.strip_prefix("tcp(").unwrap_or(host);
                if let Some((host, port)) = host_port(host) {
                    push(&scheme, host, port, false);
                }
            }
        }
        // The path and query are not looked at: they may hold anything.
        let end = behind.find([',', ';', ' ', '\t', '\n', '"', '\'', '|']).unwrap_or(behind.len());
        rest = &behind[end..];
    }
    plain.push_str(rest);
    for (host, scheme) in connection_pairs(&plain) {
        if let Some((host, port)) = host_port(&host.replace(',', ":")) {
            push(scheme, host, port, port.is_none());
        }
    }
    let separators = |c: char| c.is_whitespace() || ",;()@'\"<>[]|=`".contains(c);
    for token in plain.split(separators).filter(|token| !token.is_empty()) {
        let token = token.split('/').next().unwrap_or(token);
        if let Some((host, Some(port))) = host_port(token)
            && port >= 20
        {
            push("", host, Some(port), false);
        }
    }
    if out.is_empty() && is_address_name(name) {
        for token in value.split([',', ';', ' ']).map(str::trim).filter(|token| !token.is_empty()) {
            let token = token.split('/').next().unwrap_or(token);
            if let Some((host, port)) = host_port(token) {
                let address = Address { scheme: String::new(), host, port, bare: port.is_none() };
                if !out.contains(&address) {
                    out.push(address);
                }
            }
        }
    }
    out
}

/// Last words of variables whose value is a word of its own, not the name of a piece.
const NOT_NAMES: &[&str] = &[
    "name",
    "names",
    "profile",
    "profiles",
    "active",
    "env",
    "environment",
    "mode",
    "level",
    "type",
    "driver",
    "dialect",
    "format",
    "role",
    "user",
    "username",
    "db",
    "database",
    "schema",
    "topic",
    "topics",
    "queue",
    "exchange",
    "id",
    "group",
    "version",
    "tag",
    "vendor",
    "engine",
    "kind",
    "provider",
    "client",
    "platform",
    "connector",
    "adapter",
    "store",
    "storage",
    "enabled",
    "path",
    "exporter",
    "exporters",
    "strategy",
    "protocol",
    "realm",
    "audience",
    "scope",
    "scopes",
    "label",
    "labels",
    "prefix",
    "namespace",
];

/// The scheme of an address that is only a word like the name of its variable: `CART=cart`. It counts only if a piece
/// of that name is known.
pub(crate) const WORD: &str = "word";

/// Whether a variable and its value share a word, so that the value may be the name of a piece.
fn is_named_alike(name: &str, value: &str) -> bool {
    let (own, other) = (words(name), words(value));
    let Some(last) = own.last() else { return false };
    !NOT_NAMES.contains(&last.as_str())
        && own.iter().any(|word| {
            word.len() > 3
                && other.iter().any(|part| {
                    part.len() > 3 && (part.starts_with(word.as_str()) || word.starts_with(part.as_str()))
                })
        })
}

/// Cuts `user:p@ss@host:1,host:2/path` into the authority and what follows. A password may hold any
/// character: where it can't be told where it ends, there is no authority.
fn authority(after: &str) -> (&str, &str) {
    let blank = after.find([' ', '\t', '\n', '"', '\'', '`', '<', '>']).unwrap_or(after.len());
    // In a list of URLs the next one has a user part of its own.
    let next = after[..blank].find("://").and_then(|at| after[..at].rfind([',', ';'])).unwrap_or(blank);
    let head = &after[..next];
    let first_end = head.find(['/', '?', '#']).unwrap_or(head.len());
    let user_end = match (head[..first_end].rfind('@'), head[first_end..].rfind('@')) {
        (None, None) => 0,
        (Some(at), None) => at + 1,
        // `user:pa/ss@host`: an unescaped slash in a password.
        (None, Some(at)) if is_user(&head[..first_end + at]) => first_end + at + 1,
        (None, Some(_)) => 0,
        (Some(at), Some(_)) if !head[..at].contains(':') => at + 1,
        (Some(_), Some(_)) => return ("", &after[next..]),
    };
    let mut end = user_end;
    for (at, c) in after[user_end..].char_indices() {
        let at = at + user_end;
        // A list of hosts goes on behind a comma only if an address follows: `a:1,b:2`.
        if c == ',' {
            let next = after[at + 1..].split(URL_END).next().unwrap_or("");
            let is_listed = !after[at + 1..].contains("://") && host_port(next).is_some();
            if is_listed {
                continue;
            }
        }
        if URL_END.contains(&c) && !(c == ']' && after[user_end..].starts_with('[')) {
            return (&after[..at], &after[at..]);
        }
        end = at + c.len_utf8();
    }
    (&after[..end], &after[end..])
}

/// `user:password` with no dot before the colon, so that it is no `host:port/path@x`.
fn is_user(text: &str) -> bool {
    text.split_once(':').is_some_and(|(_, password)| !password.starts_with(|c: char| c.is_ascii_digit()))
}

/// Hosts in `Server=x;Database=…` and `host=x port=… dbname=…`.
fn connection_pairs(text: &str) -> Vec<(&str, &'static str)> {
    let separator = if text.contains(';') { ';' } else { ' ' };
    let pairs: Vec<(String, &str)> = text
        .split(separator)
        .filter_map(|part| part.split_once('='))
        .map(|(key, value)| (key.trim().to_ascii_lowercase(), value.trim()))
        .collect();
    let is_connection = pairs.iter().any(|(key, _)| {
        matches!(
            key.as_str(),
            "database"
                | "dbname"
                | "initial catalog"
                | "user id"
                | "uid"
                | "user"
                | "username"
                | "password"
                | "pwd"
        )
    });
    if !is_connection {
        return Vec::new();
    }
    let scheme = if pairs.iter().any(|(key, _)| key == "dbname") {
        "postgres"
    } else if pairs.iter().any(|(key, _)| key == "initial catalog" || key.starts_with("trustservercert")) {
        "sqlserver"
    } else if pairs.iter().any(|(key, _)| key == "host") && separator == ';' {
        "postgres"
    } else {
        ""
    };
    pairs
        .iter()
        .filter(|(key, _)| {
            matches!(key.as_str(), "server" | "host" | "data source" | "datasource" | "addr" | "address")
        })
        .map(|(_, value)| (value.strip_prefix("tcp:").unwrap_or(value), scheme))
        .collect()
}

/// A web address that may stand in a claim: without user, password, query and fragment.
pub(crate) fn clean_url(text: &str) -> Option<String> {
    let (scheme, after) = text.trim().split_once("://")?;
    if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
        return None;
    }
    let (authority, behind) = authority(after);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let path = behind.split(['?', '#', ' ', '"', '\'', '<', '>', '@']).next().unwrap_or("");
    let path = if path.starts_with('/') { path } else { "" };
    let url = format!("{}://{host}{path}", scheme.to_ascii_lowercase());
    (host_port(host).is_some()
        && url.len() <= crate::limits::NAME_BYTES
        && !url.chars().any(char::is_control))
    .then_some(url)
}

/// Beginnings of well-known tokens.
const TOKENS: &[&str] = &[
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "AKIA",
    "ASIA",
    "AIza",
    "eyJhbGciOi",
    "-----BEGIN",
    "npm_",
    "pypi-",
    "dop_v1_",
    "shpat_",
    "SG.",
    "hvs.",
    "ya29.",
];

/// Whether a text holds what looks like a credential.
pub(crate) fn looks_secret(text: &str) -> bool {
    text.contains("-----BEGIN")
        || text.split(|c: char| c.is_whitespace() || "\"'=:,;()[]{}<>`".contains(c)).any(|word| {
            TOKENS.iter().any(|token| word.starts_with(token) && word.len() >= token.len() + 8)
                || word.len() >= 40
                    && word.chars().all(|c| c.is_ascii_alphanumeric() || "+/_-".contains(c))
                    && word.chars().any(|c| c.is_ascii_digit())
                    && word.chars().any(|c| c.is_ascii_uppercase())
                    && word.chars().any(|c| c.is_ascii_lowercase())
        })
}

/// A text for people (description, title) that may stand in a claim: one paragraph, URLs without users and
/// queries; nothing where it looks like a credential.
pub(crate) fn clean_text(text: &str, limit: usize) -> Option<String> {
    if looks_secret(text) {
        return None;
    }
    let mut words: Vec<String> = Vec::new();
    let mut bytes = 0;
    for word in text.split_whitespace() {
        let word = match word.find("://") {
            // A URL inside brackets or quotes is cleaned from its scheme on.
            Some(at) => {
                let start = word[..at]
                    .rfind(|c: char| !c.is_ascii_alphanumeric())
                    .map_or(0, |at| at + word[at..].chars().next().map_or(1, char::len_utf8));
                match clean_url(&word[start..]) {
                    Some(url) => format!("{}{url}", &word[..start]),
                    None => continue,
                }
            }
            None => word.chars().filter(|c| !c.is_control()).collect(),
        };
        bytes += word.len() + 1;
        if bytes > limit {
            words.push("…".to_owned());
            break;
        }
        words.push(word);
    }
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(name: &str, value: &str) -> Vec<String> {
        addresses(name, value)
            .into_iter()
            .map(|a| format!("{}|{}|{}", a.scheme, a.host, a.port.map_or(String::new(), |p| p.to_string())))
            .collect()
    }

    #[test]
    fn addresses_are_found_in_every_usual_form() {
        for (name, value, want) in [
            ("URL", "http://user:pw@shop:8080/a?b=c", vec!["http|shop|8080"]),
            ("DB", "jdbc:mysql://db:3306/x?password=hush", vec!["mysql|db|3306"]),
            ("BROKERS", "kafka-1:9092,kafka-2:9092", vec!["|kafka-1|9092", "|kafka-2|9092"]),
            ("M", "mongodb://u:p@a:27017,b:27017/db", vec!["mongodb|a|27017", "mongodb|b|27017"]),
            ("ConnectionStrings:Db", "Server=sql,1433;Database=x;Password=hush", vec!["|sql|1433"]),
            ("DSN", "host=pg port=5432 dbname=x password=hush", vec!["postgres|pg|"]),
            ("MYSQL", "root:hush@tcp(mysql:3306)/db", vec!["|mysql|3306"]),
            ("AUTH_HOST", "auth", vec!["|auth|"]),
            ("GREETING", "auth", vec![]),
            ("CART", "cart-svc", vec!["word|cart-svc|"]),
            ("CART_DB", "cart", vec![]),
            ("X", "http://127.0.0.1:9411/", vec!["http|localhost|9411"]),
            ("Z", "lb://ORDER-SERVICE", vec!["lb|order-service|"]),
            ("G", "dns:///geo:8083", vec!["dns|geo|8083"]),
            ("E", "http://a:1/eureka,http://b:2/eureka", vec!["http|a|1", "http|b|2"]),
            ("P", "amqp://guest:pass/word@mq:5672/", vec!["amqp|mq|5672"]),
            ("P", "amqp://guest:p@ss/word@mq:5672/", vec![]),
            ("L", "http://u:p@a:1/x,http://u:p@b:2/y", vec!["http|a|1", "http|b|2"]),
        ] {
            assert_eq!(hosts(name, value), want, "{value}");
        }
    }

    #[test]
    fn no_part_of_a_password_is_ever_a_host() {
        for value in [
            "postgres://app:hunter2@db/app",
            "amqp://app:hun/ter2@mq:5672",
            "amqp://app:hun:ter2@mq:5672",
            "amqp://app:h@hunter2/ter2@mq:5672",
            "https://app:ter2#hunter2@mq/x",
            "Server=db;User Id=sa;Password=hunter2;",
            "redis://:hunter2@redis:6379/0?auth=hunter2",
        ] {
            let found = format!("{:?}", addresses("URL", value));
            assert!(!found.contains("hunter2") && !found.contains("ter2"), "{value}: {found}");
        }
    }

    #[test]
    fn secret_names() {
        for name in [
            "DB_PASSWORD",
            "spring.datasource.password",
            "API_KEY",
            "clientSecret",
            "SECRET_FOO",
            "GITHUB_TOKEN",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["DB_HOST", "AUTH_TOKEN_URL", "spring.datasource.url", "KEYCLOAK_HOST", "MONKEY"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn names_of_addresses() {
        for name in [
            "DB_HOST",
            "baseUrl",
            "spring.datasource.url",
            "HOST_2",
            "kafka.bootstrap-servers",
            "AUTHSERVICEURL",
            "API",
        ] {
            assert!(is_address_name(name), "{name}");
        }
        for name in ["NAME", "hostPolicy", "", "1", "url.count", "éé"] {
            assert!(!is_address_name(name), "{name}");
        }
    }

    #[test]
    fn texts_and_links_lose_credentials() {
        assert_eq!(
            clean_url("https://me:pw@git.acme.dev/x?token=1#f").as_deref(),
            Some("https://git.acme.dev/x")
        );
        assert_eq!(
            clean_text("See (https://a:b@c.dev/x?t=1) for\n more", 100).as_deref(),
            Some("See (https://c.dev/x for more")
        );
        assert_eq!(clean_text("uses ghp_0123456789abcdefghij", 100), None);
        assert_eq!(clean_text("-----BEGIN PRIVATE KEY-----", 100), None);
    }
}
