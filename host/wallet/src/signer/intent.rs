//! What the signer signs.
//!
//! An intent names the parts of a message; the signer checks each part and spells the message out. No part may
//! contain a line break or another control character, and each kind starts with a text that no other kind can start
//! with (digits and a dot, `btauth/1`, `soma/plugin-digest/1:`), so one intent can never be made to spell another's
//! message. An extrinsic is bytes: it starts with a control character, or is a hash and shorter than every text (see
//! [`extrinsic`]).

use serde::{Deserialize, Serialize};
use soma_protocol::btauth;
use soma_protocol::signature::Crypto;
use soma_protocol::ss58::PublicKey;

use super::extrinsic::{self, HotkeyCall, Terms};

/// Longest btauth target (path and query) in bytes; HTTP servers commonly take 8 KiB.
pub const LONGEST_TARGET: usize = 8 * 1024;

/// Longest HTTP method in bytes.
pub const LONGEST_METHOD: usize = 32;

/// In front of a plugin digest, so that its signature means nothing else.
const PLUGIN_DIGEST_DOMAIN: &str = "soma/plugin-digest/1:";

/// A request for a signature. The signer's own hotkey is always the sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Intent {
    /// A version 10 synapse request to an axon.
    Synapse {
        /// Unix time in nanoseconds.
        nonce: u64,
        /// The target's address (ss58, prefix 42).
        axon_hotkey: String,
        /// The dendrite's UUID: lower case, with hyphens.
        uuid: String,
        /// The `computed_body_hash`: 64 lower-case hexadecimal digits.
        body_hash: String,
    },
    /// A btauth/1 request.
    Btauth {
        /// The HTTP method: upper-case letters and hyphens, at most 32 bytes.
        method: String,
        /// Path and query as sent: starts with `/`, visible ASCII, at most 8 KiB.
        target: String,
        /// SHA-256 of the raw body: 64 lower-case hexadecimal digits.
        body_sha256: String,
        /// Unix time in nanoseconds.
        nonce: u64,
        /// The receiver's address (ss58, prefix 42); `None` binds the request to nobody.
        receiver: Option<String>,
    },
    /// The digest of a plugin that this hotkey vouches for.
    PluginDigest {
        /// The digest.
        digest: [u8; 32],
    },
    /// A call of the list of hotkey calls, as an extrinsic.
    Extrinsic {
        /// The call with its arguments.
        call: HotkeyCall,
        /// Where and when it is valid.
        terms: Terms,
    },
}

/// Why an intent is not signed.
#[derive(Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum IntentError {
    /// It is no intent that this version knows.
    #[error("this is no intent that the signer knows")]
    #[diagnostic(code(soma::signer::unknown_intent), help("both ends have to be of the same version of soma"))]
    Unknown,
    /// A part has not the form that its message gives it.
    #[error("{field} is not {expected}")]
    #[diagnostic(code(soma::signer::bad_field), help("mend this field of the request"))]
    Field {
        /// The field's name.
        field: &'static str,
        /// The form that it has to have.
        expected: &'static str,
    },
    /// The version 10 protocol knows sr25519 only.
    #[error("the synapse protocol takes sr25519 hotkeys only, and this one is {crypto}", crypto = .0.name())]
    #[diagnostic(code(soma::signer::wrong_scheme), help("use an sr25519 hotkey, or the btauth dialect"))]
    Scheme(Crypto),
    /// The signer has signed an extrinsic of another chain before.
    #[error("this signer has signed for another chain before, and signs for that one alone")]
    #[diagnostic(
        code(soma::signer::other_chain),
        help("start soma anew for the other chain: one signer serves one chain")
    )]
    Chain,
}

impl Intent {
    /// The message that a key of this owner and scheme signs.
    ///
    /// # Errors
    /// [`IntentError`] names the first field that has not its form.
    pub fn message(&self, owner: &PublicKey, crypto: Crypto) -> Result<Vec<u8>, IntentError> {
        match self {
            Self::Synapse { nonce, axon_hotkey, uuid, body_hash } => {
                if crypto != Crypto::Sr25519 {
                    return Err(IntentError::Scheme(crypto));
                }
                check_address("axon_hotkey", axon_hotkey)?;
                check(is_uuid(uuid), "uuid", "a lower-case uuid with hyphens")?;
                check_hash("body_hash", body_hash)?;
                Ok(format!("{nonce}.{}.{axon_hotkey}.{uuid}.{body_hash}", owner.to_ss58()).into_bytes())
            }
            Self::Btauth { method, target, body_sha256, nonce, receiver } => {
                check(is_method(method), "method", "an upper-case HTTP method of at most 32 bytes")?;
                check(is_target(target), "target", "a path of visible ASCII that starts with / and has at most 8 KiB")?;
                check_hash("body_sha256", body_sha256)?;
                if let Some(receiver) = receiver {
                    check_address("receiver", receiver)?;
                }
                let sender = owner.to_ss58();
                let receiver = receiver.as_deref();
                Ok(btauth::payload(crypto, method, target, body_sha256, *nonce, &sender, receiver).into_bytes())
            }
            Self::PluginDigest { digest } => Ok(format!("{PLUGIN_DIGEST_DOMAIN}{}", hex::encode(digest)).into_bytes()),
            Self::Extrinsic { call, terms } => extrinsic::payload(call, terms),
        }
    }
}

fn check(holds: bool, field: &'static str, expected: &'static str) -> Result<(), IntentError> {
    if holds { Ok(()) } else { Err(IntentError::Field { field, expected }) }
}

fn check_address(field: &'static str, text: &str) -> Result<(), IntentError> {
    // Written back and compared: the message must hold the one spelling of the address.
    let canonical = PublicKey::from_ss58(text).is_ok_and(|key| key.to_ss58() == text);
    check(canonical, field, "an ss58 address with prefix 42")
}

fn check_hash(field: &'static str, text: &str) -> Result<(), IntentError> {
    let holds = text.len() == 64 && text.bytes().all(is_lower_hex);
    check(holds, field, "64 lower-case hexadecimal digits")
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => is_lower_hex(byte),
        })
}

fn is_method(text: &str) -> bool {
    (1..=LONGEST_METHOD).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
}

fn is_target(text: &str) -> bool {
    text.starts_with('/') && text.len() <= LONGEST_TARGET && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OWNER: PublicKey = PublicKey([9; 32]);

    fn address() -> impl Strategy<Value = String> {
        any::<[u8; 32]>().prop_map(|key| PublicKey(key).to_ss58())
    }

    /// Mostly well-formed, sometimes anything: pieces of other messages, separators, control characters.
    fn field(form: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
        prop_oneof![
            8 => form,
            1 => any::<String>(),
            1 => "[0-9a-f./\\n\\r:-]{0,80}",
            1 => Just("/\nbtauth/1".to_owned()),
        ]
    }

    fn intent() -> impl Strategy<Value = Intent> {
        let hash = || field("[0-9a-f]{64}".prop_map(String::from));
        let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
        let small = 0_u64..20;
        prop_oneof![
            (small.clone(), field(address()), field(uuid.prop_map(String::from)), hash()).prop_map(
                |(nonce, axon_hotkey, uuid, body_hash)| Intent::Synapse { nonce, axon_hotkey, uuid, body_hash }
            ),
            (
                field("[A-Z-]{1,8}".prop_map(String::from)),
                field("/[!-~]{0,12}".prop_map(String::from)),
                hash(),
                small,
                prop::option::of(field(address())),
            )
                .prop_map(|(method, target, body_sha256, nonce, receiver)| Intent::Btauth {
                    method,
                    target,
                    body_sha256,
                    nonce,
                    receiver
                }),
            any::<[u8; 32]>().prop_map(|digest| Intent::PluginDigest { digest }),
            (call(), terms()).prop_map(|(call, terms)| Intent::Extrinsic { call, terms }),
        ]
    }

    fn few() -> impl Strategy<Value = Vec<u16>> {
        prop_oneof![4 => prop::collection::vec(0_u16..4, 0..4), 1 => prop::collection::vec(any::<u16>(), 90..4200)]
    }

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![4 => prop::collection::vec(any::<u8>(), 0..80), 1 => prop::collection::vec(0_u8..2, 250..5100)]
    }

    fn place() -> impl Strategy<Value = (u128, u16, u8)> {
        (any::<u128>(), any::<u16>(), 3_u8..8)
    }

    fn call() -> impl Strategy<Value = HotkeyCall> {
        let netuid = 0_u16..3;
        prop_oneof![
            (netuid.clone(), few(), few(), 0_u64..3).prop_map(|(netuid, dests, weights, version_key)| {
                HotkeyCall::SetWeights { netuid, dests, weights, version_key }
            }),
            (netuid.clone(), 0_u8..3, few(), few(), 0_u64..3).prop_map(
                |(netuid, mecid, dests, weights, version_key)| {
                    HotkeyCall::SetMechanismWeights { netuid, mecid, dests, weights, version_key }
                }
            ),
            (netuid.clone(), place()).prop_map(|(netuid, (ip, port, ip_type))| HotkeyCall::ServeAxon {
                netuid,
                version: 1,
                ip,
                port,
                ip_type,
                protocol: 4,
                placeholder1: 0,
                placeholder2: 0
            }),
            (netuid.clone(), place()).prop_map(|(netuid, (ip, port, ip_type))| HotkeyCall::ServePrometheus {
                netuid,
                version: 1,
                ip,
                port,
                ip_type
            }),
            (netuid.clone(), place(), bytes()).prop_map(|(netuid, (ip, port, ip_type), certificate)| {
                HotkeyCall::ServeAxonTls {
                    netuid,
                    version: 1,
                    ip,
                    port,
                    ip_type,
                    protocol: 4,
                    placeholder1: 0,
                    placeholder2: 0,
                    certificate,
                }
            }),
            (netuid.clone(), any::<[u8; 32]>())
                .prop_map(|(netuid, commit_hash)| HotkeyCall::CommitWeights { netuid, commit_hash }),
            (netuid.clone(), few(), few(), few()).prop_map(|(netuid, uids, values, salt)| {
                HotkeyCall::RevealWeights { netuid, uids, values, salt, version_key: 1 }
            }),
            (netuid.clone(), bytes(), any::<u64>()).prop_map(|(netuid, commit, reveal_round)| {
                HotkeyCall::CommitTimelockedWeights { netuid, commit, reveal_round, commit_reveal_version: 4 }
            }),
            (netuid, bytes(), any::<u64>()).prop_map(|(netuid, commit, reveal_round)| {
                HotkeyCall::CommitTimelockedMechanismWeights {
                    netuid,
                    mecid: 0,
                    commit,
                    reveal_round,
                    commit_reveal_version: 4,
                }
            }),
        ]
    }

    fn terms() -> impl Strategy<Value = Terms> {
        let period = prop_oneof![4 => (2_u32..9).prop_map(|power| 1_u16 << power), 1 => any::<u16>()];
        (any::<u64>(), 0_u64..400, period, any::<[u8; 32]>(), 0_u32..3).prop_map(
            |(nonce, birth, period, checkpoint, spec_version)| Terms {
                nonce,
                birth,
                checkpoint,
                period,
                genesis: [1; 32],
                spec_version,
                transaction_version: 1,
            },
        )
    }

    fn opening(intent: &Intent) -> &'static str {
        match intent {
            Intent::Synapse { .. } => "0123456789",
            Intent::Btauth { .. } => "b",
            Intent::PluginDigest { .. } => "s",
            Intent::Extrinsic { .. } => "\u{7}",
        }
    }

    /// The calls of the list, by the second byte of a payload.
    const CALLS: [u8; 9] = [0, 4, 5, 40, 96, 97, 113, 118, 119];

    fn on_the_wire(intent: &Intent) -> Intent {
        match intent.clone() {
            Intent::Extrinsic { call, terms } => {
                let birth = terms.birth % u64::from(terms.period.max(1));
                Intent::Extrinsic { call, terms: Terms { birth, ..terms } }
            }
            other => other,
        }
    }

    proptest! {
        #[test]
        fn two_different_intents_never_give_the_same_message(one in intent(), other in intent()) {
            for crypto in [Crypto::Sr25519, Crypto::Ed25519] {
                if let (Ok(a), Ok(b)) = (one.message(&OWNER, crypto), other.message(&OWNER, crypto)) {
                    // Equal phases of one era are the same on the wire; the checkpoint tells the blocks apart.
                    prop_assert_eq!(a == b, on_the_wire(&one) == on_the_wire(&other));
                }
            }
        }

        #[test]
        fn each_kind_has_an_opening_of_its_own_and_a_fixed_number_of_lines(intent in intent()) {
            for crypto in [Crypto::Sr25519, Crypto::Ed25519] {
                let Ok(message) = intent.message(&OWNER, crypto) else { continue };
                if let Intent::Extrinsic { .. } = intent {
                    let listed = message.len() > 1 && message[0] == 7 && CALLS.contains(&message[1]);
                    prop_assert!(message.len() == 32 || listed);
                    continue;
                }
                // Longer than a hash, so no text can be taken for the signed hash of a long extrinsic.
                prop_assert!(message.len() > 32);
                let message = String::from_utf8(message).unwrap();
                prop_assert!(message.starts_with(|first| opening(&intent).contains(first)));
                let lines = if matches!(intent, Intent::Btauth { .. }) { 8 } else { 1 };
                prop_assert_eq!(message.split('\n').count(), lines);
                prop_assert!(message.chars().all(|char| char == '\n' || char.is_ascii_graphic()));
                prop_assert!(message.contains(&OWNER.to_ss58()) || lines == 1);
            }
        }

        #[test]
        fn an_intent_survives_its_json(intent in intent()) {
            let json = serde_json::to_value(&intent).unwrap();
            prop_assert_eq!(serde_json::from_value::<Intent>(json).unwrap(), intent);
        }
    }
}
