//! A subnet for plugins to look at: what the host gives a call along, made here without a chain.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use soma_runtime::{Call, Metagraph, Neuron, Subnet};

/// One block's neurons.
pub struct Seen {
    subnet: Subnet,
    neurons: Vec<Neuron>,
    by_hotkey: HashMap<String, u16>,
    /// How many neurons it was asked for.
    pub looks: AtomicUsize,
    /// Done once, when a plugin first asks what is to be seen.
    meanwhile: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Seen {
    /// Subnet 7 as of this block, with these neurons by uid. The host is none of them.
    pub fn new(block: u32, neurons: Vec<Neuron>) -> Seen {
        let subnet = Subnet { netuid: 7, block, size: u32::try_from(neurons.len()).unwrap(), own_uid: None };
        let by_hotkey = neurons.iter().map(|neuron| (neuron.hotkey.clone(), neuron.uid)).collect();
        Seen { subnet, neurons, by_hotkey, looks: AtomicUsize::new(0), meanwhile: Mutex::default() }
    }

    /// The host is this one.
    pub fn own(mut self, uid: u16) -> Seen {
        self.subnet.own_uid = Some(uid);
        self
    }

    /// Does this once, as soon as a plugin asks what is to be seen.
    pub fn meanwhile(self, done: impl FnOnce() + Send + 'static) -> Seen {
        Seen { meanwhile: Mutex::new(Some(Box::new(done))), ..self }
    }
}

impl Metagraph for Seen {
    fn subnet(&self) -> Subnet {
        if let Some(done) = self.meanwhile.lock().unwrap().take() {
            done();
        }
        self.subnet
    }

    fn by_uid(&self, uid: u16) -> Option<Neuron> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.neurons.get(usize::from(uid)).cloned()
    }

    fn by_hotkey(&self, hotkey: &str) -> Option<Neuron> {
        self.by_uid(*self.by_hotkey.get(hotkey)?)
    }
}

/// A neuron of which no two values are the same.
pub fn neuron(uid: u16, hotkey: &str, stake: f64) -> Neuron {
    Neuron {
        uid,
        hotkey: hotkey.to_owned(),
        coldkey: format!("5Cold-{uid}"),
        stake,
        alpha_stake: stake * 0.75,
        tao_stake: 2.125,
        emission: 1e-9,
        consensus: 0.125,
        incentive: 0.25,
        dividends: 0.5,
        validator_trust: 1.0,
        validator_permit: uid == 0,
        active: uid != 0,
        last_update: 4_000_000_000,
        axon: (uid == 0).then(|| "[2001:db8::1]:8091".to_owned()),
    }
}

/// So many, with addresses as long as real ones and their uid as stake.
pub fn crowd(size: u16) -> Vec<Neuron> {
    let member = |uid: u16| neuron(uid, &format!("5{uid:0>47}"), f64::from(uid));
    (0..size).map(member).collect()
}

/// The call, seeing this.
pub fn seeing(call: Call, seen: &Arc<Seen>) -> Call {
    Call { metagraph: Ok(seen.clone()), ..call }
}
