//! The roll: who is registered, by one view of the chain.
//!
//! The host's chain task writes a new roll after every refresh; a request reads the one of its moment. Keys are decoded
//! when a roll is made, and taken over from the one before: nothing is decoded for a request in a neuron's name.
//!
//! A roll and the metagraph that plugins see are of one block, and a request keeps both together.
//!
//! What bounds it: the neurons of a subnet, some 600 bytes each.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use soma_protocol::signature::ReadyKey;
use soma_protocol::ss58::PublicKey;
use soma_runtime::{Absence, Metagraph, Pinned};

/// What the chain says of one hotkey.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// Its uid on this subnet.
    pub uid: u16,
    /// Its stake as consensus counts it, in whole alpha; finite and not negative.
    pub stake: f64,
    /// Whether it has a validator permit.
    pub validator_permit: bool,
}

/// The registered hotkeys of one block.
pub struct Roll {
    graph: Arc<dyn Metagraph>,
    members: HashMap<String, Member>,
    /// When the view of the chain is older than the operator allows; none is never.
    until: Option<Instant>,
}

/// One registered hotkey.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub ready: Arc<ReadyKey>,
    pub standing: Standing,
}

impl Roll {
    /// The roll of a metagraph, good for `good_for` from now on; none is without an end. Decoded keys are taken over from
    /// `before`. A stake that is no number, or negative, counts as none; a hotkey that is no address is left out.
    pub fn new(graph: Arc<dyn Metagraph>, good_for: Option<Duration>, before: Option<&Roll>) -> Roll {
        let uids = 0..=u16::try_from(graph.subnet().size.saturating_sub(1)).unwrap_or(u16::MAX);
        let neurons = uids.filter_map(|uid| graph.by_uid(uid));
        let members = neurons.filter_map(|neuron| {
            let known = before.and_then(|before| before.members.get(&neuron.hotkey)).map(|member| member.ready.clone());
            let ready = match known {
                Some(ready) => ready,
                None => Arc::new(ReadyKey::new(PublicKey::from_ss58(&neuron.hotkey).ok()?)),
            };
            let stake = if neuron.stake.is_finite() { neuron.stake.max(0.0) } else { 0.0 };
            let standing = Standing { uid: neuron.uid, stake, validator_permit: neuron.validator_permit };
            Some((neuron.hotkey, Member { ready, standing }))
        });
        let members = members.collect();
        // A time too far away for the clock is no end at all.
        let until = good_for.and_then(|good_for| Instant::now().checked_add(good_for));
        Roll { graph, members, until }
    }

    /// The metagraph that it is of.
    pub fn graph(&self) -> &Arc<dyn Metagraph> {
        &self.graph
    }

    /// How many hotkeys it has.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether it is too old to be used at this moment.
    pub fn is_stale(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// The hotkey of this address.
    pub(super) fn find(&self, address: &str) -> Option<&Member> {
        self.members.get(address)
    }
}

impl fmt::Debug for Roll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subnet = self.graph.subnet();
        f.debug_struct("Roll").field("block", &subnet.block).field("members", &self.len()).finish_non_exhaustive()
    }
}

/// The roll of the moment. Clones are handles of the same.
#[derive(Clone, Debug, Default)]
pub struct ChainView(Arc<ArcSwapOption<Roll>>);

impl ChainView {
    /// A view of nothing yet: whoever is gated by it is refused until there is a roll.
    pub fn new() -> ChainView {
        ChainView::default()
    }

    /// Puts another roll in place.
    pub fn store(&self, roll: Roll) {
        self.0.store(Some(Arc::new(roll)));
    }

    /// The roll of this moment.
    pub fn load(&self) -> Option<Arc<Roll>> {
        self.0.load_full()
    }

    /// Whether there is none, or one that is too old.
    pub fn is_stale(&self) -> bool {
        self.0.load().as_ref().is_none_or(|roll| roll.is_stale())
    }

    /// What the roll of this moment has of this address, and its metagraph.
    pub(super) fn look(&self, address: &str) -> (Option<Member>, Pinned) {
        let roll = self.0.load();
        let Some(roll) = roll.as_ref() else { return (None, Err(Absence::Unread)) };
        let pinned = if roll.is_stale() { Err(Absence::Unread) } else { Ok(roll.graph.clone()) };
        (roll.find(address).cloned(), pinned)
    }
}
