//! For an author's unit tests on their own machine; not there in a component.
//!
//! ```
//! use soma_sdk::{config, testing};
//!
//! testing::configure("deny", r#"["5F"]"#);
//! let mut request = testing::request("TextGeneration");
//! request.caller.hotkey = "5F".into();
//! assert_eq!(config::get("deny").as_deref(), Some(r#"["5F"]"#));
//! ```

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::metagraph::{Absence, Neuron, Subnet};
use crate::{Caller, Dialect, Request, ResponseStream, WriteError};

thread_local! {
    static SETTINGS: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
    static SUBNET: RefCell<Result<FakeSubnet, Absence>> = const { RefCell::new(Err(Absence::Offline)) };
}

/// Sets what `config::get` answers on this thread (each test has its own).
pub fn configure(key: &str, value: &str) {
    SETTINGS.with_borrow_mut(|settings| settings.insert(key.to_owned(), value.to_owned()));
}

pub(crate) fn setting(key: &str) -> Option<String> {
    SETTINGS.with_borrow(|settings| settings.get(key).cloned())
}

/// A metagraph of a test's own making.
pub(crate) struct FakeSubnet {
    pub subnet: Subnet,
    /// By uid.
    pub neurons: Vec<Neuron>,
}

/// Sets what `metagraph` answers on this thread (each test has its own): subnet 1 as of block 1000 with these neurons,
/// of which the host is none. Before it a test is `Offline`.
///
/// ```
/// use soma_sdk::{metagraph, testing};
///
/// testing::register([testing::neuron(7, "5F", 1000.0)]);
/// assert_eq!(metagraph::by_hotkey("5F").unwrap().unwrap().uid, 7);
/// ```
pub fn register(neurons: impl IntoIterator<Item = Neuron>) {
    let mut neurons: Vec<Neuron> = neurons.into_iter().collect();
    neurons.sort_by_key(|neuron| neuron.uid);
    let size = neurons.last().map_or(0, |last| u32::from(last.uid) + 1);
    let subnet = Subnet { netuid: 1, block: 1000, size, own_uid: None };
    SUBNET.set(Ok(FakeSubnet { subnet, neurons }));
}

/// Sets that there is no metagraph on this thread, and why.
pub fn register_nobody(absence: Absence) {
    SUBNET.set(Err(absence));
}

pub(crate) fn subnet<T>(look: impl FnOnce(&FakeSubnet) -> T) -> Result<T, Absence> {
    SUBNET.with_borrow(|subnet| subnet.as_ref().map(look).map_err(|absence| *absence))
}

/// A neuron with this stake in alpha and nothing else: no permit, no axon. Every field may be changed.
pub fn neuron(uid: u16, hotkey: &str, stake: f64) -> Neuron {
    Neuron {
        uid,
        hotkey: hotkey.into(),
        coldkey: "5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM".into(),
        stake,
        alpha_stake: stake,
        tao_stake: 0.0,
        emission: 0.0,
        consensus: 0.0,
        incentive: 0.0,
        dividends: 0.0,
        validator_trust: 0.0,
        validator_permit: false,
        active: false,
        last_update: 0,
        axon: None,
    }
}

/// Stands in for the caller of a streaming function: takes what is written to its stream.
///
/// ```
/// let listener = soma_sdk::testing::Listener::default();
/// listener.stream().write("one").unwrap();
/// assert_eq!(listener.heard(), [b"one"]);
/// ```
#[derive(Debug, Default)]
pub struct Listener {
    recording: Recording,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Recording(Rc<RefCell<Recorded>>);

#[derive(Debug, Default)]
struct Recorded {
    pieces: Vec<Vec<u8>>,
    /// How many pieces are taken at most.
    patience: Option<usize>,
}

impl Listener {
    /// Hangs up after so many pieces: later writes answer `WriteError::Closed`.
    pub fn patient_for(pieces: usize) -> Self {
        let listener = Self::default();
        listener.recording.0.borrow_mut().patience = Some(pieces);
        listener
    }

    /// What the streaming function is given.
    pub fn stream(&self) -> ResponseStream {
        ResponseStream::recorded(self.recording.clone())
    }

    /// The pieces so far.
    pub fn heard(&self) -> Vec<Vec<u8>> {
        self.recording.0.borrow().pieces.clone()
    }
}

impl Recording {
    pub(crate) fn write(&self, piece: &[u8]) -> Result<(), WriteError> {
        let mut recorded = self.0.borrow_mut();
        if recorded.patience.is_some_and(|patience| recorded.pieces.len() >= patience) {
            return Err(WriteError::Closed);
        }
        if !piece.is_empty() {
            recorded.pieces.push(piece.to_vec());
        }
        Ok(())
    }
}

/// A synapse request for `route` from an unregistered caller without stake, at this moment, with 12 seconds to
/// answer. Every field may be changed.
pub fn request(route: &str) -> Request {
    Request {
        id: "test".into(),
        route: route.into(),
        target: format!("/{route}"),
        caller: Caller {
            hotkey: "5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM".into(),
            uid: None,
            stake: 0.0,
            validator_permit: false,
            ip: "127.0.0.1".into(),
            body_bound: false,
        },
        dialect: Dialect::Synapse,
        method: "POST".into(),
        headers: Vec::new(),
        content_type: "application/json".into(),
        body_len: 0,
        received_ms: crate::clock::now_ms(),
        deadline_ms: 12_000,
    }
}
