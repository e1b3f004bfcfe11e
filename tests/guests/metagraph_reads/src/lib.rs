//! Looks at the metagraph in every hook. `c_metagraph`, `python_metagraph` and `typescript_metagraph` do the same.

use std::cell::Cell;

use soma_sdk::prelude::*;

thread_local! {
    /// What `init` saw.
    static AT_INIT: Cell<Option<metagraph::Absence>> = const { Cell::new(None) };
}

fn init() -> Result<(), String> {
    AT_INIT.set(metagraph::current().err());
    Ok(())
}

#[derive(Deserialize)]
struct Look {
    what: String,
    #[serde(default)]
    uid: u16,
    #[serde(default)]
    hotkey: String,
}

#[derive(Serialize)]
struct Answer {
    found: Found,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Found {
    Neuron(Option<Box<Neuron>>),
    Subnet { netuid: u16, block: u32, size: u32, own_uid: Option<u16> },
    All { count: usize, stake: f64, first: Option<u16>, last: Option<u16> },
    First { hotkey: Option<String> },
    Init(Option<&'static str>),
}

#[derive(Serialize)]
struct Neuron {
    uid: u16,
    hotkey: String,
    coldkey: String,
    stake: f64,
    alpha_stake: f64,
    tao_stake: f64,
    emission: f64,
    consensus: f64,
    incentive: f64,
    dividends: f64,
    validator_trust: f64,
    validator_permit: bool,
    active: bool,
    last_update: u32,
    axon: Option<String>,
}

fn forward(look: Look) -> Result<Answer, Failure> {
    let found = match look.what.as_str() {
        "uid" => Found::Neuron(metagraph::by_uid(look.uid)?.map(told)),
        "hotkey" => Found::Neuron(metagraph::by_hotkey(&look.hotkey)?.map(told)),
        "subnet" => {
            let metagraph::Subnet { netuid, block, size, own_uid } = metagraph::current()?;
            Found::Subnet { netuid, block, size, own_uid }
        }
        "all" => {
            let all: Vec<metagraph::Neuron> = metagraph::neurons()?.collect();
            let stake = all.iter().map(|neuron| neuron.stake).sum();
            let (first, last) = (all.first().map(|neuron| neuron.uid), all.last().map(|neuron| neuron.uid));
            Found::All { count: all.len(), stake, first, last }
        }
        "first" => Found::First { hotkey: metagraph::neurons()?.next().map(|neuron| neuron.hotkey) },
        "init" => Found::Init(AT_INIT.get().map(metagraph::why)),
        other => return Err(Failure::invalid(format!("what is {other}?"))),
    };
    Ok(Answer { found })
}

fn told(neuron: metagraph::Neuron) -> Box<Neuron> {
    Box::new(Neuron {
        uid: neuron.uid,
        hotkey: neuron.hotkey,
        coldkey: neuron.coldkey,
        stake: neuron.stake,
        alpha_stake: neuron.alpha_stake,
        tao_stake: neuron.tao_stake,
        emission: neuron.emission,
        consensus: neuron.consensus,
        incentive: neuron.incentive,
        dividends: neuron.dividends,
        validator_trust: neuron.validator_trust,
        validator_permit: neuron.validator_permit,
        active: neuron.active,
        last_update: neuron.last_update,
        axon: neuron.axon,
    })
}

/// Gates only the requests that say how: `x-least` is the least stake, `x-block` the block that it has to be of.
fn blacklist(request: &Request) -> (bool, String) {
    let header = |name: &str| request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    if let Some(block) = header("x-block") {
        let seen = metagraph::current().map(|subnet| subnet.block.to_string());
        return (seen.as_deref() != Ok(block), format!("it is block {seen:?}"));
    }
    let Some(least) = header("x-least").and_then(|least| least.parse::<f64>().ok()) else {
        return (false, String::new());
    };
    match metagraph::by_hotkey(&request.caller.hotkey) {
        Ok(Some(neuron)) => (neuron.stake < least, format!("stake {} is below {least}", neuron.stake)),
        Ok(None) => (true, "not registered".into()),
        Err(_) => (true, "the metagraph is not there at the moment".into()),
    }
}

fn priority(request: &Request) -> f64 {
    metagraph::by_hotkey(&request.caller.hotkey).ok().flatten().map_or(0.0, |neuron| neuron.stake)
}

soma_sdk::plugin! {
    forward: { Look => forward },
    blacklist: blacklist,
    priority: priority,
    init: init,
}
