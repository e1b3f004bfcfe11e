//! Which hotkeys are let in at all. Only a look-up: the signature is checked later.

mod roll;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use soma_protocol::signature::ReadyKey;
use soma_protocol::ss58::PublicKey;
use soma_runtime::{Absence, Pinned};

pub use self::roll::{ChainView, Roll, Standing};
use crate::familiar::Familiar;
use crate::refusal::Refusal;

/// The operator's rule for strangers, and what it is looked up in.
#[derive(Clone, Debug)]
pub struct Admission {
    rule: Rule,
    listed: Hotkeys,
    view: Option<ChainView>,
}

/// Whom the operator lets in besides those that are listed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Whoever can sign. For development and for hosts whose plugins gate.
    Anyone,
    /// Nobody.
    Listed,
    /// Who is registered on the subnet and fulfils these terms.
    Registered(Terms),
}

/// What a registered hotkey needs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Terms {
    /// The least stake as consensus counts it, in whole alpha.
    pub min_stake: f64,
    /// Whether it needs a validator permit.
    pub permit: PermitRule,
}

/// Whether a validator permit is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PermitRule {
    /// It is not.
    #[default]
    Optional,
    /// It is.
    Required,
}

/// A list of hotkeys by address. Each is decoded once and not for every request in its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hotkeys(HashMap<String, Arc<ReadyKey>>);

impl FromIterator<PublicKey> for Hotkeys {
    fn from_iter<I: IntoIterator<Item = PublicKey>>(keys: I) -> Self {
        Hotkeys(keys.into_iter().map(|key| (key.to_ss58(), Arc::new(ReadyKey::new(key)))).collect())
    }
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Turned {
    /// Not on the operator's list, and nobody else is let in.
    NotListed,
    /// Not registered on the subnet.
    NotRegistered,
    /// Registered, without the permit that is needed.
    NoPermit,
    /// Registered, with less stake than is needed.
    TooLittleStake { needed: f64 },
    /// The view of the chain is older than the operator allows.
    Stale,
}

/// A hotkey that a request claims, with what is known about it.
#[derive(Clone)]
pub(crate) struct Claimed {
    /// The key behind the address.
    pub key: PublicKey,
    /// The same, decoded, if it is listed, registered, or has signed before.
    pub ready: Option<Arc<ReadyKey>>,
    /// What the chain says of it, if it is registered.
    pub standing: Option<Standing>,
    /// The metagraph of the same block.
    pub metagraph: Pinned,
    /// Whether it is let in.
    pub verdict: Result<(), Turned>,
}

impl Claimed {
    /// Who is not let in is refused.
    pub fn admit(&self) -> Result<(), Refusal> {
        self.verdict.map_err(|turned| match turned {
            Turned::NotListed => Refusal::NotAdmitted,
            Turned::NotRegistered => Refusal::NotRegistered,
            Turned::NoPermit => Refusal::NoPermit,
            Turned::TooLittleStake { needed } => Refusal::TooLittleStake { needed },
            Turned::Stale => Refusal::ChainOutage,
        })
    }
}

impl Admission {
    /// Lets in whoever can sign.
    pub fn anyone() -> Admission {
        Admission { rule: Rule::Anyone, listed: Hotkeys::default(), view: None }
    }

    /// Lets in these hotkeys and nobody else.
    pub fn listed(hotkeys: impl IntoIterator<Item = PublicKey>) -> Admission {
        Admission { rule: Rule::Listed, listed: hotkeys.into_iter().collect(), view: None }
    }

    /// Lets in who is registered and fulfils the terms, and these hotkeys in any case. Without a view of the chain
    /// nobody else is.
    pub fn registered(terms: Terms, listed: impl IntoIterator<Item = PublicKey>) -> Admission {
        Admission { rule: Rule::Registered(terms), listed: listed.into_iter().collect(), view: None }
    }

    /// Looks hotkeys up in this view of the chain. While the view is stale nobody is let in, whatever the rule: plugins
    /// decide by it, too.
    #[must_use]
    pub fn on_chain(self, view: ChainView) -> Admission {
        Admission { view: Some(view), ..self }
    }

    /// The rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// How many hotkeys are let in by name.
    pub fn named(&self) -> usize {
        self.listed.0.len()
    }

    /// What is known of an address; none if it is no hotkey's. No cryptography but the address's checksum.
    pub(crate) fn look(&self, address: &str, familiar: &Familiar) -> Option<Claimed> {
        let (member, metagraph) = match &self.view {
            Some(view) => view.look(address),
            None => (None, Err(Absence::Offline)),
        };
        // An address has one spelling, so text decides; and who is listed or registered, or was here before, needs no
        // decoding.
        let listed = self.listed.0.get(address);
        let known = listed.cloned().or_else(|| member.as_ref().map(|member| member.ready.clone()));
        let ready = match self.rule {
            Rule::Anyone => known.or_else(|| familiar.look(address)),
            Rule::Listed | Rule::Registered(_) => known,
        };
        let key = match &ready {
            Some(ready) => ready.public(),
            None => PublicKey::from_ss58(address).ok()?,
        };
        let standing = member.map(|member| member.standing);
        let verdict = match &metagraph {
            Err(Absence::Unread) => Err(Turned::Stale),
            _ if listed.is_some() => Ok(()),
            _ => self.rule.judge(standing),
        };
        Some(Claimed { key, ready, standing, metagraph, verdict })
    }
}

impl Rule {
    /// Whether it lets in who is not listed and has this standing.
    fn judge(self, standing: Option<Standing>) -> Result<(), Turned> {
        let terms = match self {
            Rule::Anyone => return Ok(()),
            Rule::Listed => return Err(Turned::NotListed),
            Rule::Registered(terms) => terms,
        };
        let standing = standing.ok_or(Turned::NotRegistered)?;
        if terms.permit == PermitRule::Required && !standing.validator_permit {
            return Err(Turned::NoPermit);
        }
        if standing.stake < terms.min_stake {
            return Err(Turned::TooLittleStake { needed: terms.min_stake });
        }
        Ok(())
    }
}
