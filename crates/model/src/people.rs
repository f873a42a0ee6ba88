use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::hash::{hex, unhex};
use crate::name::{Author, NameError};

/// The secret with which an estate turns addresses into person ids. Made with its first ledger.
#[derive(Clone, PartialEq, Eq)]
pub struct EstateKey(pub [u8; 32]);

impl EstateKey {
    /// Lower-case hexadecimal digits, as an export carries it.
    pub fn to_hex(&self) -> String {
        hex(&self.0)
    }

    /// The opposite of [`EstateKey::to_hex`].
    pub fn from_hex(text: &str) -> Option<EstateKey> {
        let mut bytes = [0; 32];
        unhex(text, &mut bytes).then_some(EstateKey(bytes))
    }
}

// Not derived: a key in a log would be a leak.
impl std::fmt::Debug for EstateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EstateKey(…)")
    }
}

/// One row of the people directory, which stands beside the ledger.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct PersonRow {
    /// `person:ID`.
    pub id: String,
    /// The name to show; empty where none is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// `mailto:…` or `HOST/LOGIN`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
}

/// `person:ID` for an address (`mailto:…` in lower case, or `HOST/LOGIN`): the first 16 bytes of the
/// HMAC-SHA256 of the address under the estate's key.
///
/// # Errors
/// Never for an id made here; the type says so because authors are parsed.
pub fn person_author(key: &EstateKey, address: &str) -> Result<Author, NameError> {
    // HMAC takes keys of any length, so this can't fail; an empty digest would still be a valid id.
    let digest = match Hmac::<Sha256>::new_from_slice(&key.0) {
        Ok(mut mac) => {
            mac.update(address.to_lowercase().as_bytes());
            mac.finalize().into_bytes().to_vec()
        }
        Err(_) => vec![0; 32],
    };
    format!("person:{}", hex(&digest[..16])).parse()
}
