//! A signed request is good once.

use std::thread;

use soma_e2e::wire::Request;

use crate::miner;

/// How many copies are sent at the same time.
const COPIES: usize = 12;

#[test]
fn one_of_many_equal_requests_wins() {
    let neuron = miner::start();
    let questions: [fn() -> Request; 2] = [miner::ask_synapse, miner::ask_btauth];
    for question in questions {
        let request = question();
        let mut statuses: Vec<u16> = thread::scope(|scope| {
            let copies: Vec<_> = (0..COPIES).map(|_| scope.spawn(|| neuron.ask(&request).unwrap().status)).collect();
            copies.into_iter().map(|copy| copy.join().unwrap()).collect()
        });
        statuses.sort_unstable();
        let mut expected = vec![401; COPIES];
        expected[0] = 200;
        assert_eq!(statuses, expected, "{}", neuron.log());
    }
}

#[test]
fn a_refused_request_does_not_burn_its_nonce() {
    let neuron = miner::start();
    for (good, signature) in
        [(miner::ask_synapse(), "bt_header_dendrite_signature"), (miner::ask_btauth(), "x-bittensor-signature")]
    {
        let forged = good.clone().with(signature, format!("0x{}", "01".repeat(64)));
        assert_eq!(neuron.ask(&forged).unwrap().status, 401);
        assert_eq!(neuron.ask(&good).unwrap().status, 200);
    }
}

#[test]
fn a_lower_nonce_of_a_known_dendrite_passes_inside_the_window() {
    let neuron = miner::start();
    let early = miner::ask_synapse();
    let late = miner::ask_synapse();
    for request in [late, early] {
        let answer = neuron.ask(&request).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}
