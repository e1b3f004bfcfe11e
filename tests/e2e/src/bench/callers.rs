//! Key pairs, and requests of both dialects signed in advance.

use std::thread;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use soma_protocol::ss58::PublicKey;

use crate::account::{ALICE, BOB};
use crate::attack::draft;
use crate::error::HarnessError;
use crate::query::Dialect;
use crate::signed::{Btauth, EMPTY_HASH, Synapse, next_nonce};
use crate::wire::Request;

/// Hotkeys that ask in turn. The host remembers a bounded number of nonces of each.
const HOTKEYS: u64 = 32;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The route.
    pub route: String,
    /// The body, a JSON object.
    pub body: Value,
    /// Seconds that a synapse gives the server. How long the request may be sent after it was signed, beside four seconds.
    pub timeout: f64,
}

impl Question {
    /// The question of the guide's text miner, as a body of 1024 bytes of JSON.
    pub fn kibibyte() -> Question {
        const WORDS: [&str; 8] = ["amber", "basalt", "cedar", "delta", "ember", "fjord", "grove", "harbour"];
        let around = json!({"prompt": "", "max_tokens": 64, "temperature": 0.7}).to_string().len();
        let text: Vec<&str> = WORDS.iter().copied().cycle().take(200).collect();
        let prompt: String = text.join(" ").chars().take(1024_usize.saturating_sub(around)).collect();
        let body = json!({"prompt": prompt, "max_tokens": 64, "temperature": 0.7});
        Question { route: draft::ROUTE.to_owned(), body, timeout: 12.0 }
    }
}

/// Key pairs made for the benches. Their seeds are numbers.
#[derive(Clone, Debug)]
pub struct Callers {
    pairs: Vec<(Keypair, String)>,
}

impl Callers {
    /// The same ones each time.
    pub fn make() -> Callers {
        let pair = |number: u64| {
            let seed: [u8; 32] = StdRng::seed_from_u64(number).random();
            let pair = MiniSecretKey::from_bytes(&seed).ok()?.expand_to_keypair(ExpansionMode::Ed25519);
            let hotkey = PublicKey(pair.public.to_bytes()).to_ss58();
            Some((pair, hotkey))
        };
        Callers { pairs: (0..HOTKEYS).filter_map(pair).collect() }
    }

    /// `count` requests with fresh nonces that ask the questions in turn, to be sent over `lanes` connections: the n-th
    /// belongs to connection n modulo `lanes`. Each connection has a uuid of its own and nonces that grow: the Python axon
    /// wants both.
    ///
    /// # Errors
    /// As [`Synapse::request`].
    pub fn requests(
        &self,
        dialect: Dialect,
        questions: &[Question],
        count: usize,
        lanes: usize,
    ) -> Result<Vec<Vec<u8>>, HarnessError> {
        let drafts = questions.iter().map(|question| Draft::new(dialect, question));
        let drafts: Vec<Draft> = drafts.collect::<Result<_, _>>()?;
        let (first, lanes) = (next_nonce(), lanes.max(1));
        let sign = |number: usize| {
            // Not number modulo the list: each connection is to ask every question, in every caller's name.
            let turn = number / lanes + number % lanes;
            let (pair, hotkey) = self.pairs.get(turn % self.pairs.len().max(1))?;
            let draft = drafts.get(turn % drafts.len().max(1))?;
            Some(draft.signed(pair, hotkey, first + number as u64, number % lanes))
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let each = count.div_ceil(threads).max(1);
        let parts = thread::scope(|scope| {
            let part = |start: usize| {
                let sign = &sign;
                scope.spawn(move || (start..count.min(start + each)).filter_map(sign).collect::<Vec<_>>())
            };
            let running: Vec<_> = (0..count).step_by(each).map(part).collect();
            running.into_iter().map(|part| part.join().unwrap_or_default()).collect::<Vec<_>>()
        });
        Ok(parts.concat())
    }

    /// One request for at once, of a caller and connection of this number.
    ///
    /// # Errors
    /// As [`Synapse::request`].
    pub fn request(&self, dialect: Dialect, question: &Question, number: usize) -> Result<Vec<u8>, HarnessError> {
        let draft = Draft::new(dialect, question)?;
        let pair = self.pairs.get(number % self.pairs.len().max(1));
        Ok(pair.map(|(pair, hotkey)| draft.signed(pair, hotkey, next_nonce(), number)).unwrap_or_default())
    }
}

/// A request whose caller, nonce and signature are still to be written.
struct Draft {
    dialect: Dialect,
    request: Request,
    /// Of btauth: what is signed before the nonce.
    before: String,
}

impl Draft {
    fn new(dialect: Dialect, question: &Question) -> Result<Draft, HarnessError> {
        let body = question.body.to_string();
        let target = format!("/{}", question.route);
        let request = match dialect {
            Dialect::Synapse => {
                let mut synapse = Synapse::new(BOB, ALICE.hotkey, &question.route, question.body.clone());
                synapse.timeout = question.timeout;
                // The dendrite sends empty instances of the fields without a default. Here those are the texts; the Python
                // axon answers 500 to an empty text for a number.
                let fields = question.body.as_object().into_iter().flatten();
                let others = fields.filter(|(_, value)| !value.is_string()).map(|(name, _)| name);
                others.fold(synapse.request()?, |request, name| request.without(&format!("bt_header_input_obj_{name}")))
            }
            Dialect::Btauth => Btauth::new(BOB, ALICE.hotkey, &target, &body).request()?,
        };
        let digest = hex::encode(Sha256::digest(&body));
        Ok(Draft { dialect, request, before: format!("btauth/1\nsr25519\nPOST\n{target}\n{digest}") })
    }

    fn signed(&self, pair: &Keypair, hotkey: &str, nonce: u64, lane: usize) -> Vec<u8> {
        let request = self.request.clone();
        let sign =
            |message: &str| format!("0x{}", hex::encode(pair.sign_simple(b"substrate", message.as_bytes()).to_bytes()));
        let request = match self.dialect {
            Dialect::Synapse => {
                let uuid = format!("6a1f2f80-0000-11f0-8000-{lane:012x}");
                let signature = sign(&format!("{nonce}.{hotkey}.{}.{uuid}.{EMPTY_HASH}", ALICE.hotkey));
                request
                    .with("bt_header_dendrite_nonce", nonce.to_string())
                    .with("bt_header_dendrite_uuid", uuid)
                    .with("bt_header_dendrite_hotkey", hotkey)
                    .with("bt_header_dendrite_signature", signature)
            }
            Dialect::Btauth => {
                let signature = sign(&format!("{}\n{nonce}\n{hotkey}\n{}", self.before, ALICE.hotkey));
                request
                    .with("x-bittensor-hotkey", hotkey)
                    .with("x-bittensor-nonce", nonce.to_string())
                    .with("x-bittensor-signature", signature)
            }
        };
        draft::bytes(&request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_body_has_a_kibibyte() {
        assert_eq!(Question::kibibyte().body.to_string().len(), 1024);
    }

    #[test]
    fn requests_differ_and_each_lane_is_one_dendrite_whose_nonces_grow() {
        let callers = Callers::make();
        for (dialect, nonce) in [(Dialect::Synapse, "dendrite_nonce: "), (Dialect::Btauth, "x-bittensor-nonce: ")] {
            let requests = callers.requests(dialect, &[Question::kibibyte()], 11, 3).unwrap();
            let texts: Vec<String> = requests.iter().map(|bytes| String::from_utf8(bytes.clone()).unwrap()).collect();
            assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), 11);
            let value = |text: &str, name: &str| {
                text.split_once(name).and_then(|(_, rest)| rest.split("\r\n").next().map(str::to_owned)).unwrap()
            };
            for lane in 0..3 {
                let own: Vec<_> = texts.iter().skip(lane).step_by(3).collect();
                let ids: BTreeSet<_> = own.iter().filter_map(|text| text.split_once("dendrite_uuid: ")).collect();
                let ids: BTreeSet<_> = ids.iter().filter_map(|(_, rest)| rest.split("\r\n").next()).collect();
                assert!(ids.len() <= 1, "one dendrite: {ids:?}");
                let nonces: Vec<u64> = own.iter().map(|text| value(text, nonce).parse().unwrap()).collect();
                assert!(nonces.is_sorted());
            }
        }
    }
}
