//! The metagraph as plugins see it: whole amounts, scores from 0 to 1, addresses that can be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use soma_chain::{Axon, Metagraph, Snapshot, Tao};
use soma_protocol::ss58::PublicKey;
use soma_runtime::{Neuron, Subnet};

/// One block's metagraph, seen by the neuron with this uid.
pub struct Graph {
    source: Source,
    own_uid: Option<u16>,
}

/// Whatever holds a metagraph.
enum Source {
    Kept(Arc<Snapshot>),
    #[cfg(test)]
    Made(Metagraph),
}

impl Source {
    fn metagraph(&self) -> &Metagraph {
        match self {
            Source::Kept(snapshot) => snapshot.metagraph(),
            #[cfg(test)]
            Source::Made(metagraph) => metagraph,
        }
    }
}

impl Graph {
    /// The metagraph of this snapshot, for the neuron of this hotkey.
    pub fn new(snapshot: Arc<Snapshot>, hotkey: &PublicKey) -> Graph {
        Graph::seen_by(Source::Kept(snapshot), hotkey)
    }

    fn seen_by(source: Source, hotkey: &PublicKey) -> Graph {
        let own_uid = source.metagraph().by_hotkey(hotkey).map(|neuron| neuron.uid);
        Graph { source, own_uid }
    }
}

impl soma_runtime::Metagraph for Graph {
    fn subnet(&self) -> Subnet {
        let metagraph = self.source.metagraph();
        Subnet {
            netuid: metagraph.netuid(),
            block: short(metagraph.block()),
            size: u32::try_from(metagraph.neurons().len()).unwrap_or(u32::MAX),
            own_uid: self.own_uid,
        }
    }

    fn by_uid(&self, uid: u16) -> Option<Neuron> {
        self.source.metagraph().neuron(uid).map(neuron)
    }

    fn by_hotkey(&self, hotkey: &str) -> Option<Neuron> {
        self.source.metagraph().by_hotkey(&PublicKey::from_ss58(hotkey).ok()?).map(neuron)
    }
}

fn neuron(neuron: &soma_chain::Neuron) -> Neuron {
    Neuron {
        uid: neuron.uid,
        hotkey: neuron.hotkey.to_ss58(),
        coldkey: neuron.coldkey.to_ss58(),
        stake: Tao(neuron.stake).whole(),
        alpha_stake: Tao(neuron.alpha_stake).whole(),
        tao_stake: Tao(neuron.tao_stake).whole(),
        emission: Tao(neuron.emission).whole(),
        consensus: score(neuron.consensus),
        incentive: score(neuron.incentive),
        dividends: score(neuron.dividends),
        validator_trust: score(neuron.validator_trust),
        validator_permit: neuron.validator_permit,
        active: neuron.active,
        last_update: short(neuron.last_update),
        axon: neuron.axon.and_then(reachable),
    }
}

/// The chain counts scores in parts of 65535.
pub fn score(parts: u16) -> f64 {
    f64::from(parts) / f64::from(u16::MAX)
}

/// The contract counts blocks in 32 bits, as the chain itself does.
fn short(block: u64) -> u32 {
    u32::try_from(block).unwrap_or(u32::MAX)
}

/// The address as text, if it is one of the internet.
fn reachable(axon: Axon) -> Option<String> {
    let address = axon.address()?;
    is_global(address.ip()).then(|| address.to_string())
}

fn is_global(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_global_v4(address),
        IpAddr::V6(address) => is_global_v6(address),
    }
}

/// Not one of IANA's special-purpose IPv4 networks.
fn is_global_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        [0 | 10 | 127, ..] | [192, 0, 0, _] | [224..=255, ..] => true,
        [100, second, ..] => second & 0xc0 == 64,
        [198, second, ..] => second & 0xfe == 18 || address.is_documentation(),
        _ => address.is_private() || address.is_link_local() || address.is_documentation(),
    };
    !special
}

/// Unicast that is given out (2000::/3), without its special-purpose networks.
fn is_global_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Documentation, and what is below 2001:200::/23: protocol assignments, Teredo, benchmarks.
        [0x2001, 0x0db8 | 0..=0x01ff, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use soma_runtime::Metagraph as _;

    use super::*;

    const ALICE: PublicKey = PublicKey([1; 32]);
    const BOB: PublicKey = PublicKey([2; 32]);

    fn member(uid: u16, hotkey: PublicKey, ip: [u8; 4]) -> soma_chain::Neuron {
        let ip = u128::from(u32::from_be_bytes(ip));
        soma_chain::Neuron {
            uid,
            hotkey,
            coldkey: PublicKey([9; 32]),
            axon: Some(Axon { ip, port: 8091, ip_type: 4, ..Axon::default() }),
            active: true,
            validator_permit: uid == 1,
            stake: 1_500_000_000,
            alpha_stake: 1_000_000_000,
            tao_stake: 2_000_000_000,
            emission: 1,
            incentive: u16::MAX,
            dividends: 0,
            consensus: 13_107,
            validator_trust: 0,
            last_update: u64::MAX,
            registered_at: 3,
        }
    }

    fn graph(own: &PublicKey) -> Graph {
        let neurons = vec![member(0, ALICE, [8, 8, 8, 8]), member(1, BOB, [10, 0, 0, 1])];
        let metagraph = Metagraph::new(7, 1234, Default::default(), neurons).unwrap();
        Graph::seen_by(Source::Made(metagraph), own)
    }

    #[test]
    fn amounts_are_whole_and_scores_are_parts_of_one() {
        let neuron = graph(&BOB).by_uid(0).unwrap();
        assert_eq!((neuron.hotkey, neuron.coldkey), (ALICE.to_ss58(), PublicKey([9; 32]).to_ss58()));
        let amounts = [neuron.stake, neuron.alpha_stake, neuron.tao_stake, neuron.emission];
        assert_eq!(amounts, [1.5, 1.0, 2.0, 1e-9]);
        assert_eq!((neuron.incentive, neuron.dividends, neuron.consensus), (1.0, 0.0, 0.2));
        assert_eq!((neuron.last_update, neuron.validator_permit), (u32::MAX, false));
        assert_eq!(neuron.axon.as_deref(), Some("8.8.8.8:8091"));
    }

    #[test]
    fn a_neuron_is_found_by_uid_and_by_hotkey_and_nobody_by_nonsense() {
        let seen = graph(&BOB);
        let bob = seen.by_hotkey(&BOB.to_ss58()).unwrap();
        assert_eq!((bob.uid, bob.axon), (1, None), "10.0.0.1 is nobody's address on the internet");
        let subnet = seen.subnet();
        assert_eq!((subnet.netuid, subnet.block, subnet.size, subnet.own_uid), (7, 1234, 2, Some(1)));
        assert_eq!(graph(&PublicKey([3; 32])).subnet().own_uid, None);
        assert!(seen.by_uid(2).is_none());
        for text in ["", "5", "alice", "\0"] {
            assert!(seen.by_hotkey(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn only_addresses_of_the_internet_are_shown() {
        let table = [
            ("8.8.8.8", true),
            ("100.63.255.255", true),
            ("100.64.0.1", false),
            ("0.1.2.3", false),
            ("10.0.0.1", false),
            ("127.0.0.2", false),
            ("169.254.1.1", false),
            ("172.16.0.1", false),
            ("192.0.0.1", false),
            ("192.168.0.1", false),
            ("198.18.0.1", false),
            ("198.51.100.1", false),
            ("198.20.0.1", true),
            ("203.0.113.7", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("2606:4700::1111", true),
            ("2001:4860::1", true),
            ("2001:db8::1", false),
            ("2001::1", false),
            ("::1", false),
            ("::", false),
            ("fe80::1", false),
            ("fd00::1", false),
            ("ff02::1", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:8.8.8.8", true),
        ];
        for (address, global) in table {
            assert_eq!(is_global(address.parse().unwrap()), global, "{address}");
        }
    }
}
