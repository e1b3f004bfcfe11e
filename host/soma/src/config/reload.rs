//! What of a configuration that was read again takes effect in a running host.

use soma_runtime::SlotSpec;

use super::Settings;

/// What differs, and can be changed only by a restart: sections and keys of the file, slots.
pub fn needs_restart(running: &Settings, next: &Settings) -> Vec<String> {
    let table = [
        ("axon.ip and axon.port", running.address != next.address),
        ("axon.external_ip and axon.external_port", running.external != next.external),
        ("axon.synapse", running.window != next.window),
        ("axon.btauth", running.policy != next.policy),
        ("axon.limits", running.limits != next.limits),
        ("axon.trusted_proxies and axon.proxy_protocol", running.proxies != next.proxies),
        ("neuron.netuid and neuron.network", (running.netuid, &running.network) != (next.netuid, &next.network)),
        ("neuron.state", running.state != next.state),
        ("chain", running.chain.as_ref().map(rest) != next.chain.as_ref().map(rest)),
        ("wallet", running.wallet != next.wallet),
        ("admin", running.admin != next.admin),
        ("compile.confinement", running.confinement != next.confinement),
    ];
    let fixed = table.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key.to_owned());
    let gone = unknown(&running.slots, &next.slots).map(|name| format!("slots.{name} (gone)"));
    let new = unknown(&next.slots, &running.slots).map(|name| format!("slots.{name} (new)"));
    fixed.chain(gone).chain(new).collect()
}

/// Whether the configuration has slots that the running host has not, or the other way round.
pub fn other_slots(running: &Settings, next: &Settings) -> bool {
    unknown(&running.slots, &next.slots).chain(unknown(&next.slots, &running.slots)).next().is_some()
}

/// What the section `chain` alone says: the rest has keys of its own.
fn rest(chain: &super::ChainSettings) -> impl PartialEq {
    (chain.endpoints.urls().to_vec(), chain.max_age, chain.refresh)
}

/// The slots of one list whose names are not in the other.
fn unknown<'a>(slots: &'a [SlotSpec], others: &'a [SlotSpec]) -> impl Iterator<Item = &'a str> {
    let known = |slot: &&SlotSpec| others.iter().any(|other| other.name == slot.name);
    slots.iter().filter(move |slot| !known(slot)).map(|slot| slot.name.as_str())
}
