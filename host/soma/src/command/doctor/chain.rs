//! What the chain says of this neuron, judged. How it is asked is in `inquiry`.

use std::net::SocketAddr;

use soma_chain::Tao;

use super::finding::Finding;

/// How far the clock may be behind the newest block, in seconds: requests may lie 4 s in the future, less the way.
const BEHIND: f64 = 2.0;
/// How old the newest block may be, in seconds: ten blocks of twelve seconds.
const OLD: f64 = 120.0;
/// Seconds between two blocks of the real chain.
const BLOCK_SECONDS: u64 = 12;

/// How a chain makes its blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// One after the other, so an old newest block means that something is wrong.
    Steady,
    /// Perhaps only when there is something to put in.
    OnDemand,
}

/// What the chain says.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The network, as it was named.
    pub network: String,
    /// The subnet.
    pub netuid: u16,
    /// The node that answered.
    pub endpoint: String,
    /// How it makes its blocks.
    pub pace: Pace,
    /// The runtime's version.
    pub spec_version: u32,
    /// Calls and storages that are not as this version of soma knows them.
    pub drift: Vec<String>,
    /// The newest final block.
    pub block: u64,
    /// Seconds since the newest block, final or not, by this machine's clock; below zero when the clock is behind it.
    pub block_age: Option<f64>,
    /// The neuron, if the hotkey is registered.
    pub neuron: Option<Registered>,
    /// The subnet's rules.
    pub rules: Rules,
    /// An extrinsic of the hotkey that was signed and is not known to be final.
    pub under_way: Option<UnderWay>,
}

/// An extrinsic in the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct UnderWay {
    /// Its call.
    pub call: String,
    /// The last block that it can be in.
    pub last_valid: u64,
}

/// A registered hotkey.
#[derive(Clone, Debug, PartialEq)]
pub struct Registered {
    /// Its place.
    pub uid: u16,
    /// Stake that consensus counts, in RAO.
    pub stake: u64,
    /// Whether it may set weights of others.
    pub permit: bool,
    /// The address that the chain tells callers.
    pub axon: Option<SocketAddr>,
    /// Block of its last serve_axon.
    pub served: Option<u64>,
    /// Block of its last weights, or of its registration.
    pub updated: u64,
}

/// The subnet's rules that a neuron runs into.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Least stake for weights, in RAO.
    pub stake_threshold: u64,
    /// Blocks between two weights of one hotkey.
    pub weights_rate_limit: u64,
    /// Blocks between two addresses of one hotkey.
    pub serving_rate_limit: u64,
    /// Least version key of weights; 0 asks for none.
    pub weights_version_key: u64,
    /// Whether weights have to be committed first.
    pub commit_reveal: bool,
}

/// What is to be said of it. `address` is where callers are to reach the axon, if that is configured.
pub fn judge(facts: &Facts, hotkey: Option<&str>, address: Option<SocketAddr>) -> Vec<Finding> {
    let mut findings = vec![endpoint(facts), clock(facts), registration(facts, hotkey)];
    if let Some(neuron) = &facts.neuron {
        findings.extend([published(facts, neuron, address), stake(facts, neuron), weights(facts, neuron)]);
    }
    findings.push(versions(facts));
    findings.extend(facts.under_way.as_ref().map(under_way));
    findings
}

fn under_way(extrinsic: &UnderWay) -> Finding {
    let UnderWay { call, last_valid } = extrinsic;
    Finding::remark(
        "journal",
        format!(
            "{call} was signed, and it is not known yet what became of it; it can be in no block after {last_valid}"
        ),
        "a running host, the next `soma run` and the next `soma chain serve` or `weights` look for it and finish it",
    )
}

fn registration(facts: &Facts, hotkey: Option<&str>) -> Finding {
    const CHECK: &str = "registration";
    let Facts { network, netuid, .. } = facts;
    match (hotkey, &facts.neuron) {
        (_, Some(neuron)) => Finding::good(CHECK, format!("uid {} on subnet {netuid} of {network}", neuron.uid)),
        (None, None) => Finding::skipped(CHECK, "the hotkey's address is not known"),
        (Some(hotkey), None) => Finding::wrong(
            CHECK,
            format!("{hotkey} is not registered on subnet {netuid} of {network}"),
            format!(
                "soma chain register --network {network} --netuid {netuid} shows what it costs; or name the right --netuid, \
                 network or wallet"
            ),
        ),
    }
}

fn endpoint(facts: &Facts) -> Finding {
    let Facts { endpoint, network, block, .. } = facts;
    let says = format!("{endpoint} answers for {network}; its newest final block is {block}");
    match facts.block_age {
        Some(age) if age > OLD && facts.pace == Pace::Steady => Finding::wrong(
            "endpoint",
            format!("{says}, and its newest is {age:.0} s old: the node is behind, or this machine's clock is fast"),
            "compare the clock (`timedatectl`); if it is right, name another node: --subtensor.chain_endpoint URL",
        ),
        _ => Finding::good("endpoint", says),
    }
}

fn clock(facts: &Facts) -> Finding {
    match facts.block_age {
        None => Finding::skipped("clock", "the chain does not tell the time of its newest block"),
        Some(age) if age < -BEHIND => Finding::wrong(
            "clock",
            format!(
                "this machine's clock is at least {:.0} s behind the chain's: requests seem to come from the future and are \
                 refused",
                -age
            ),
            "set it: `timedatectl set-ntp true`, or chrony",
        ),
        Some(age) if age > OLD => Finding::skipped("clock", "the newest block is too old to compare the clock with"),
        Some(_) => Finding::good("clock", "not behind the chain's newest block"),
    }
}

fn published(facts: &Facts, neuron: &Registered, address: Option<SocketAddr>) -> Finding {
    let ago = neuron.served.map(|block| facts.block.saturating_sub(block));
    let limit = facts.rules.serving_rate_limit;
    let wait = ago.map(|ago| limit.saturating_sub(ago)).filter(|blocks| *blocks > 0);
    let later = wait.map(|blocks| format!("; the chain takes a new address in {}", blocks_in_words(blocks)));
    let later = later.unwrap_or_default();
    match (neuron.axon, address) {
        (Some(there), Some(here)) if there == here => {
            Finding::good("axon", format!("the chain tells callers {there}, as configured{later}"))
        }
        (Some(there), Some(here)) => Finding::wrong(
            "axon",
            format!("the chain tells callers {there}, and {here} is configured{later}"),
            "`soma run` publishes it at its start; without one: soma chain serve",
        ),
        (None, Some(here)) => Finding::remark(
            "axon",
            format!("the chain has no address of this neuron yet{later}"),
            format!("`soma run` publishes {here} at its start; without one: soma chain serve"),
        ),
        (there, None) => Finding::wrong(
            "axon",
            match there {
                Some(there) => format!("the chain tells callers {there}, and no external address is configured{later}"),
                None => format!("no external address is configured, so callers cannot find this axon{later}"),
            },
            "name it: --axon.external_ip ADDRESS, or external_ip under [axon]",
        ),
    }
}

fn stake(facts: &Facts, neuron: &Registered) -> Finding {
    let (stake, least) = (Tao(neuron.stake), Tao(facts.rules.stake_threshold));
    let says = format!("consensus counts {stake} alpha behind this hotkey; setting weights takes {least}");
    let mend =
        format!("a miner needs none; as a validator add some: soma chain stake --amount TAO --netuid {}", facts.netuid);
    if neuron.stake < facts.rules.stake_threshold {
        return Finding::remark("stake", format!("insufficient stake to set weights: {says}"), mend);
    }
    if !neuron.permit {
        return Finding::remark("stake", format!("{says}, but it has no validator permit: others have more"), mend);
    }
    Finding::good("stake", format!("{says}; it has a validator permit"))
}

fn weights(facts: &Facts, neuron: &Registered) -> Finding {
    let rules = &facts.rules;
    if rules.commit_reveal {
        return Finding::remark(
            "weights",
            "this subnet wants weights committed and revealed later; this version of soma sets plain weights only",
            "a miner sets none; a validator of this subnet has to use another program for its weights",
        );
    }
    let wait = rules.weights_rate_limit.saturating_sub(facts.block.saturating_sub(neuron.updated));
    if wait > 0 {
        let says = format!(
            "weights were set, or the hotkey registered, too short a time ago (rate limit {} blocks): not before {}",
            rules.weights_rate_limit,
            blocks_in_words(wait)
        );
        let mend = format!("wait; `soma chain hyperparameters --netuid {}` shows the limits", facts.netuid);
        return Finding::remark("weights", says, mend);
    }
    if neuron.permit {
        Finding::good("weights", format!("may be set now, and every {} blocks", rules.weights_rate_limit))
    } else {
        Finding::good("weights", "none to set: this hotkey has no validator permit")
    }
}

fn versions(facts: &Facts) -> Finding {
    let key = match facts.rules.weights_version_key {
        0 => "no version key for weights".to_owned(),
        key => format!("version key {key} for weights, which `soma chain weights` sends"),
    };
    let says = format!(
        "soma {}; the chain's runtime is {}; the subnet asks for {key}",
        env!("CARGO_PKG_VERSION"),
        facts.spec_version
    );
    if facts.drift.is_empty() {
        return Finding::good("versions", says);
    }
    Finding::remark(
        "versions",
        format!("{says}; not as this version knows them: {}", facts.drift.join(", ")),
        "look for a newer soma; what is named may fail until then",
    )
}

/// A number of blocks with the time that they take on the real chain.
fn blocks_in_words(blocks: u64) -> String {
    let minutes = blocks.saturating_mul(BLOCK_SECONDS).div_ceil(60);
    format!("{blocks} blocks (about {minutes} minutes)")
}

#[cfg(test)]
mod tests;
