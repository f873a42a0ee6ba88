//! An OpenID Connect provider on loopback: small, real, and strict about what a client must do.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use serde_json::{Value, json};

/// A key for tests only; its secret half is no secret.
const RSA: &[u8] = include_bytes!("../keys/provider-for-tests.der");

pub(crate) const CLIENT: &str = "stave-board";
/// With signs that must be encoded.
pub(crate) const SECRET: &str = "s3cret:/+ %";

/// How the provider behaves.
pub(crate) struct Manners {
    /// The claims that are put into a token above those that are right.
    pub(crate) claims: Value,
    /// `RS256` or `ES256`.
    pub(crate) algorithm: &'static str,
    /// Which key signs: its name.
    pub(crate) kid: String,
    /// Takes the client's secret in the form and not in a header.
    pub(crate) secret_in_form: bool,
    /// Who comes is sent back with this error.
    pub(crate) error: Option<&'static str>,
    /// Codes that were given: what the client asked for with each.
    codes: BTreeMap<String, BTreeMap<String, String>>,
    /// Paths that were asked for.
    pub(crate) asked: Vec<String>,
}

pub(crate) struct Provider {
    pub(crate) issuer: String,
    pub(crate) manners: Arc<Mutex<Manners>>,
}

struct Signers {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
}

impl Provider {
    pub(crate) fn start() -> Provider {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let manners = Arc::new(Mutex::new(Manners {
            claims: json!({"email": "ada@example.com", "email_verified": true, "name": "Ada Lovelock"}),
            algorithm: "RS256",
            kid: "first".to_owned(),
            secret_in_form: false,
            error: None,
            codes: BTreeMap::new(),
            asked: Vec::new(),
        }));
        let random = SystemRandom::new();
        let ec = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let ec = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, ec.as_ref(), &random).unwrap();
        let signers = Signers { rsa: RsaKeyPair::from_pkcs8(RSA).unwrap(), ec };
        let (own, shared) = (issuer.clone(), Arc::clone(&manners));
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &own, &signers, &mut shared.lock().unwrap());
            }
        });
        Provider { issuer, manners }
    }

    pub(crate) fn says(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.manners.lock().unwrap());
    }

    pub(crate) fn asked(&self, path: &str) -> usize {
        self.manners.lock().unwrap().asked.iter().filter(|asked| *asked == path).count()
    }
}

fn answer(mut stream: TcpStream, issuer: &str, signers: &Signers, manners: &mut Manners) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    manners.asked.push(path.to_owned());
    let (status, location, body) = match path {
        "/.well-known/openid-configuration" => {
            ("200 OK", String::new(), description(issuer, manners).to_string())
        }
        "/keys" => ("200 OK", String::new(), keys(signers, &manners.kid).to_string()),
        "/authorize" => ("302 Found", authorize(pairs(query), manners), String::new()),
        "/token" => {
            match token(issuer, &headers, &pairs(&String::from_utf8(body).unwrap()), signers, manners) {
                Ok(token) => ("200 OK", String::new(), token.to_string()),
                Err(why) => ("400 Bad Request", String::new(), json!({"error": why}).to_string()),
            }
        }
        _ => ("404 Not Found", String::new(), String::new()),
    };
    let location = if location.is_empty() { location } else { format!("Location: {location}\r\n") };
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{location}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
}

fn description(issuer: &str, manners: &Manners) -> Value {
    let method = if manners.secret_in_form { "client_secret_post" } else { "client_secret_basic" };
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "token_endpoint_auth_methods_supported": [method],
        "response_types_supported": ["code"],
    })
}

fn keys(signers: &Signers, kid: &str) -> Value {
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(signers.rsa.public());
    let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let point = signers.ec.public_key().as_ref();
    json!({"keys": [
        {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": encoded(&public.n), "e": encoded(&public.e)},
        {"kty": "EC", "use": "sig", "alg": "ES256", "kid": kid, "crv": "P-256",
         "x": encoded(&point[1..33]), "y": encoded(&point[33..])},
    ]})
}

/// Sends who comes back with a code, or with an error.
fn authorize(asked: BTreeMap<String, String>, manners: &mut Manners) -> String {
    let (back, state) = (asked["redirect_uri"].clone(), asked["state"].clone());
    if let Some(error) = manners.error {
        return format!("{back}?error={error}&state={state}");
    }
    assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", CLIENT));
    assert_eq!(asked["code_challenge_method"], "S256");
    assert!(asked["scope"].split('+').any(|scope| scope == "openid") || asked["scope"].contains("openid"));
    let code = format!("code-{}", manners.codes.len());
    manners.codes.insert(code.clone(), asked);
    format!("{back}?code={code}&state={state}")
}

fn token(
    issuer: &str,
    headers: &BTreeMap<String, String>,
    form: &BTreeMap<String, String>,
    signers: &Signers,
    manners: &mut Manners,
) -> Result<Value, &'static str> {
    let (client, secret) = if manners.secret_in_form {
        (form["client_id"].clone(), form["client_secret"].clone())
    } else {
        let basic = headers["authorization"].strip_prefix("Basic ").ok_or("invalid_client")?;
        let basic = String::from_utf8(STANDARD.decode(basic).unwrap()).unwrap();
        let (client, secret) = basic.split_once(':').ok_or("invalid_client")?;
        (decoded(client), decoded(secret))
    };
    if (client.as_str(), secret.as_str()) != (CLIENT, SECRET) {
        return Err("invalid_client");
    }
    let asked = manners.codes.remove(&form["code"]).ok_or("invalid_grant")?;
    let challenge = ring::digest::digest(&ring::digest::SHA256, form["code_verifier"].as_bytes());
    let is_proven = URL_SAFE_NO_PAD.encode(challenge) == asked["code_challenge"];
    if !is_proven || form["code_verifier"].len() < 43 || form["redirect_uri"] != asked["redirect_uri"] {
        return Err("invalid_grant");
    }
    let now = crate::estate::now().millis() / 1_000;
    let mut claims = json!({
        "iss": issuer, "aud": CLIENT, "sub": "1", "iat": now, "exp": now + 300, "nonce": asked["nonce"],
    });
    for (name, value) in manners.claims.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let head = json!({"alg": manners.algorithm, "kid": manners.kid, "typ": "JWT"});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&head), part(&claims));
    let random = SystemRandom::new();
    let signature = match manners.algorithm {
        "RS256" => {
            let mut signature = vec![0; signers.rsa.public().modulus_len()];
            signers.rsa.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
            signature
        }
        "ES256" => signers.ec.sign(&random, signed.as_bytes()).unwrap().as_ref().to_vec(),
        // `none` has no signature.
        _ => Vec::new(),
    };
    let id_token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    Ok(json!({"access_token": "unused", "token_type": "Bearer", "id_token": id_token}))
}

pub(crate) fn pairs(text: &str) -> BTreeMap<String, String> {
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned()
}
