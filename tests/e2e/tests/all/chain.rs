//! The development chain that tests of the binary share.

use soma_e2e::account::{ALICE, Account, BOB, CHARLIE};
use soma_localnet::{Config, Genesis, Localnet, Member, TAO, account};

/// The account as the chain has it.
pub fn key(who: Account) -> soma_localnet::Account {
    let mut name = who.name.to_owned();
    name.get_mut(..1).unwrap().make_ascii_uppercase();
    account(&format!("//{name}")).unwrap()
}

fn member(who: Account, stake: u64) -> Member {
    Member { hotkey: key(who), coldkey: key(ALICE), stake: stake * TAO }
}

/// Subnet 1 with Alice, Bob who has stake and Charlie who has little; all are Alice's.
pub fn genesis() -> Genesis {
    let mut genesis = Genesis::development();
    genesis.subnets[0].members = vec![member(ALICE, 1), member(BOB, 2000), member(CHARLIE, 5)];
    genesis
}

/// That subnet's chain, with a block for each transaction, on this port of 127.0.0.1; 0 is a free one.
pub fn start(port: u16) -> Localnet {
    Localnet::start(Config { port, genesis: genesis(), ..Config::default() }).unwrap()
}
