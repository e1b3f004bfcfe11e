//! What was used before a restart is not good after it, however the host ended.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

use soma_e2e::Neuron;
use soma_e2e::wire::Request;

use crate::miner;

/// A hang guard; what is refused after a kill passes again after some seconds.
const GUARD: Duration = Duration::from_secs(60);

fn questions() -> [Request; 2] {
    [miner::ask_synapse(), miner::ask_btauth()]
}

/// Asks anew until a request passes.
fn wait_until_served(neuron: &Neuron, question: fn() -> Request) {
    let started = Instant::now();
    loop {
        let answer = neuron.ask(&question()).unwrap();
        if answer.status == 200 {
            return;
        }
        assert_eq!(answer.status, 401, "{}", answer.text());
        assert!(answer.text().contains("after an unclean stop of this server"), "{}", answer.text());
        assert!(started.elapsed() < GUARD, "{}", neuron.log());
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn after_a_kill_a_replay_is_refused_and_fresh_requests_pass_after_the_bound() {
    let neuron = Neuron::start(&miner::settings()).unwrap();
    let used = questions();
    for request in &used {
        assert_eq!(neuron.ask(request).unwrap().status, 200);
    }
    let bench = neuron.end("KILL").unwrap();

    let neuron = Neuron::start_in(bench, &miner::settings()).unwrap();
    assert!(neuron.log().contains("did not stop cleanly"), "{}", neuron.log());
    for request in &used {
        assert_eq!(neuron.ask(request).unwrap().status, 401);
    }
    wait_until_served(&neuron, miner::ask_synapse);
    wait_until_served(&neuron, miner::ask_btauth);
    for request in &used {
        assert_eq!(neuron.ask(request).unwrap().status, 401, "refused for as long as it lives");
    }
}

#[test]
fn after_a_clean_stop_a_replay_is_refused_and_fresh_requests_pass_at_once() {
    let neuron = Neuron::start(&miner::settings()).unwrap();
    let used = questions();
    for request in &used {
        assert_eq!(neuron.ask(request).unwrap().status, 200);
    }
    let bench = neuron.end("TERM").unwrap();
    let mode = fs::metadata(bench.state().join("nonces")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let neuron = Neuron::start_in(bench, &miner::settings()).unwrap();
    for (used, fresh) in used.iter().zip(&questions()) {
        let answer = neuron.ask(fresh).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(neuron.ask(used).unwrap().status, 401);
    }
}
