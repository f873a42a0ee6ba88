//! The ID token: a signed text (JWS, RFC 7515) of the provider about somebody. Pure; the keys are given.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stave_model::Time;

use super::{Known, OidcError, Result};

/// Longest token, in bytes.
const TOKEN_BYTES: usize = 64 * 1024;

/// How far the provider's clock may be from ours.
const SKEW_S: i64 = 60;

/// The provider's keys (JWKS, RFC 7517).
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Keys {
    keys: Vec<Key>,
}

/// One key. What isn't known of it is left aside: providers add fields.
#[derive(Clone, Debug, Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    /// Extensions that a reader must understand; we understand none.
    crit: Option<Value>,
}

/// What is needed of the claims; all is required that is no `Option`.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: OneOrMore,
    azp: Option<String>,
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
    nonce: String,
    email: Option<String>,
    email_verified: Option<Value>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// What the token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Which provider made it.
    pub issuer: &'a str,
    /// Under which name the provider knows us.
    pub client_id: &'a str,
    /// For which attempt to sign in.
    pub nonce: &'a str,
    /// The present.
    pub now: Time,
}

impl Keys {
    /// Whether the key that a token names is there.
    pub(super) fn have(&self, token: &str) -> bool {
        head(token).is_ok_and(|(head, ..)| self.of(&head).next().is_some())
    }

    fn of<'k>(&'k self, head: &'k Head) -> impl Iterator<Item = &'k Key> {
        self.keys.iter().filter(move |key| {
            (head.kid.is_none() || key.kid == head.kid)
                && key.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
                && key.alg.as_ref().is_none_or(|alg| *alg == head.alg)
        })
    }
}

/// Whom a token is about, if it is the provider's, for us, for this attempt, and not over.
///
/// # Errors
/// What is wrong with it.
pub(super) fn believed(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Known> {
    let (head, signed, signature, claims) = head(token)?;
    if head.crit.is_some() {
        return Err(OidcError::Token("it has extensions that must be understood"));
    }
    if !keys.of(&head).any(|key| key.signed(&head.alg, signed.as_bytes(), &signature)) {
        return Err(OidcError::Token("no key of the provider has signed it"));
    }
    vouched(part(claims)?, expected)
}

/// Whom claims are about that the provider has signed, if they are for us, for this attempt, and not over.
fn vouched(claims: Claims, expected: &Expected<'_>) -> Result<Known> {
    if claims.iss != expected.issuer {
        return Err(OidcError::Token("another provider made it"));
    }
    let (is_ours, is_only_ours) = match &claims.aud {
        OneOrMore::One(one) => (one == expected.client_id, true),
        OneOrMore::More(more) => (more.iter().any(|one| one == expected.client_id), more.len() == 1),
    };
    let party = claims.azp.as_deref();
    if !is_ours
        || party.is_some_and(|party| party != expected.client_id)
        || (!is_only_ours && party.is_none())
    {
        return Err(OidcError::Token("it was made for somebody else"));
    }
    // Whole seconds are exact in these numbers for millions of years.
    let now = (expected.now.millis() / 1_000) as f64;
    if claims.exp + SKEW_S as f64 <= now || claims.nbf.is_some_and(|from| from - SKEW_S as f64 > now) {
        return Err(OidcError::Token("it is over, or the clocks differ"));
    }
    if claims.nonce != expected.nonce {
        return Err(OidcError::Token("it was made for another attempt"));
    }
    // Some providers write truths as text.
    let is_verified = claims.email_verified.is_some_and(|value| value == true || value == "true");
    match claims.email {
        Some(email) if is_verified => Ok(Known { email, name: claims.name.unwrap_or_default() }),
        _ => Err(OidcError::Unverified),
    }
}

/// Reads a token and keys by themselves; the address that the token vouches for.
pub(crate) fn read(token: &str, keys: &[u8], expected: &Expected<'_>) -> Option<String> {
    let keys: Keys = serde_json::from_slice(keys).ok()?;
    believed(token, &keys, expected).ok().map(|known| known.email)
}

/// Reads claims by themselves, as if they were signed; the address that they vouch for.
pub(crate) fn read_claims(claims: &[u8], expected: &Expected<'_>) -> Option<String> {
    vouched(serde_json::from_slice(claims).ok()?, expected).ok().map(|known| known.email)
}

/// The head, what was signed, the signature, and the claims as they stand.
fn head(token: &str) -> Result<(Head, &str, Vec<u8>, &str)> {
    let no_token = OidcError::Token("it is no signed token");
    if token.len() > TOKEN_BYTES {
        return Err(OidcError::Token("it is too long"));
    }
    let Some((signed, signature)) = token.rsplit_once('.') else { return Err(no_token) };
    let Some((first, claims)) = signed.split_once('.') else { return Err(no_token) };
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| no_token)?;
    Ok((part(first)?, signed, signature, claims))
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| OidcError::Token("it can't be read"))?;
    serde_json::from_slice(&bytes).map_err(|_| OidcError::Token("it does not say what it must"))
}

impl Key {
    /// Whether this key made the signature. Only signatures by public keys count: a token "signed" with `none`, or with
    /// a secret that the client shares, is nobody's.
    fn signed(&self, algorithm: &str, signed: &[u8], signature: &[u8]) -> bool {
        let rsa: &signature::RsaParameters = match algorithm {
            "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
            "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
            "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
            "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
            "ES256" => {
                return self.signed_on_curve("P-256", &signature::ECDSA_P256_SHA256_FIXED, signed, signature);
            }
            "ES384" => {
                return self.signed_on_curve("P-384", &signature::ECDSA_P384_SHA384_FIXED, signed, signature);
            }
            _ => return false,
        };
        let (Some(n), Some(e)) = (bytes(self.n.as_ref()), bytes(self.e.as_ref())) else { return false };
        // Providers may write numbers with zeros in front; here they must not have any.
        let n = n.iter().position(|byte| *byte != 0).map_or(&[][..], |first| &n[first..]);
        self.kty == "RSA" && RsaPublicKeyComponents { n, e: &e[..] }.verify(rsa, signed, signature).is_ok()
    }

    fn signed_on_curve(
        &self,
        curve: &str,
        algorithm: &'static signature::EcdsaVerificationAlgorithm,
        signed: &[u8],
        signature: &[u8],
    ) -> bool {
        let (Some(x), Some(y)) = (bytes(self.x.as_ref()), bytes(self.y.as_ref())) else { return false };
        // An uncompressed point (SEC 1): 4, x, y.
        let point = [&[4][..], &x, &y].concat();
        self.kty == "EC"
            && self.crv.as_deref() == Some(curve)
            && UnparsedPublicKey::new(algorithm, point).verify(signed, signature).is_ok()
    }
}

fn bytes(text: Option<&String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, proptest};
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;

    struct Signer(EcdsaKeyPair);

    impl Signer {
        fn new() -> Signer {
            let random = SystemRandom::new();
            let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
            Signer(pair.unwrap())
        }

        fn keys(&self) -> Keys {
            let point = self.0.public_key().as_ref();
            let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
            let key = json!({"kty": "EC", "crv": "P-256", "kid": "one", "use": "sig", "x": x, "y": y});
            serde_json::from_value(json!({"keys": [{"kty": "oct", "kid": "other", "k": "AAAA"}, key]}))
                .unwrap()
        }

        fn token(&self, head: &Value, claims: &Value) -> String {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let signed = format!("{}.{}", part(head), part(claims));
            let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
        }
    }

    fn expected() -> Expected<'static> {
        let (issuer, client_id, nonce) = ("https://login.example.com", "stave", "n");
        Expected { issuer, client_id, nonce, now: Time::from_millis(1_000_000) }
    }

    fn claims() -> Value {
        json!({
            "iss": "https://login.example.com", "aud": "stave", "exp": 1_300, "iat": 1_000, "nonce": "n",
            "email": "ada@example.com", "email_verified": true, "name": "Ada", "sub": "1",
        })
    }

    #[test]
    fn only_what_the_provider_says_to_us_now_is_believed() {
        let signer = Signer::new();
        let head = json!({"alg": "ES256", "kid": "one", "typ": "JWT"});
        let verdict = |claims: &Value| believed(&signer.token(&head, claims), &signer.keys(), &expected());
        let known = Known { email: "ada@example.com".to_owned(), name: "Ada".to_owned() };
        assert_eq!(verdict(&claims()).unwrap(), known);
        let with = |name: &str, value: Value| {
            let mut changed = claims();
            changed[name] = value;
            changed
        };
        let fine = [
            with("aud", json!(["stave"])),
            with("email_verified", json!("true")),
            with("exp", json!(941)),
            with("nbf", json!(1_060)),
            with("azp", json!("stave")),
        ];
        for claims in &fine {
            assert_eq!(verdict(claims).unwrap(), known, "{claims}");
        }
        let bad = [
            with("iss", json!("https://evil.example.com")),
            with("iss", json!("https://login.example.com/")),
            with("aud", json!("other")),
            with("aud", json!(["stave", "other"])),
            with("aud", json!([])),
            with("azp", json!("other")),
            with("exp", json!(940)),
            with("exp", json!("1300")),
            with("exp", Value::Null),
            with("nbf", json!(1_061)),
            with("nbf", json!("soon")),
            with("nonce", json!("m")),
            with("nonce", Value::Null),
            with("email_verified", json!(false)),
            with("email_verified", Value::Null),
            with("email_verified", json!("false")),
            with("email", Value::Null),
        ];
        for claims in &bad {
            assert!(verdict(claims).is_err(), "{claims}");
        }
    }

    #[test]
    fn a_signature_counts_only_if_the_provider_made_it() {
        let (signer, other) = (Signer::new(), Signer::new());
        let head = json!({"alg": "ES256", "kid": "one"});
        let token = signer.token(&head, &claims());
        assert!(believed(&token, &signer.keys(), &expected()).is_ok());
        assert!(believed(&token, &other.keys(), &expected()).is_err());
        for head in [
            json!({"alg": "none"}),
            json!({"alg": "HS256", "kid": "other"}),
            json!({"alg": "RS256", "kid": "one"}),
            json!({"alg": "ES384", "kid": "one"}),
            json!({"alg": "ES256", "kid": "two"}),
            json!({"alg": "ES256", "kid": "one", "crit": ["b64"]}),
        ] {
            assert!(
                believed(&signer.token(&head, &claims()), &signer.keys(), &expected()).is_err(),
                "{head}"
            );
        }
        let (signed, _) = token.rsplit_once('.').unwrap();
        for cut in
            [format!("{signed}."), signed.to_owned(), format!("{token}A"), String::new(), "..".to_owned()]
        {
            assert!(believed(&cut, &signer.keys(), &expected()).is_err(), "{cut}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..200) {
            let signer = Signer::new();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let parts = format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(&bytes), text, URL_SAFE_NO_PAD.encode(&bytes));
            let mut token = signer.token(&json!({"alg": "ES256"}), &claims()).into_bytes();
            let at = at % token.len();
            token[at] ^= 1;
            let keys = signer.keys();
            for text in [text, parts, String::from_utf8_lossy(&token).into_owned()] {
                assert!(believed(&text, &keys, &expected()).is_err());
            }
        }
    }
}
