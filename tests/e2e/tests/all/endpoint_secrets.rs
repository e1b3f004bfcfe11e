//! What stands around the host of an endpoint's URL may be a key that its provider sells: no output shows it.

use std::os::unix::net::UnixDatagram;
use std::process::Command;

use soma_e2e::Neuron;
use soma_e2e::account::ALICE;
use soma_e2e::neuron::{Bench, PUBLISHED, free_port};
use soma_e2e::process;

use crate::chain_commands::command_at;
use crate::run_chain::{metrics, settings};
use crate::{chain, doctor};

/// What must not be seen.
const SECRETS: [&str; 5] = ["hunter2", "SECRETKEY", "user:", "/v2", "apikey"];

/// An endpoint with all of them.
fn url(port: u16) -> String {
    format!("ws://user:hunter2@127.0.0.1:{port}/v2/SECRETKEY?apikey=SECRETKEY")
}

fn keeps_it(what: &str, output: &str) {
    for secret in SECRETS {
        assert!(!output.contains(secret), "{what} shows {secret}: {output}");
    }
}

/// What it says, on whichever stream.
fn said(what: &str, command: &mut Command) -> String {
    let finished = process::run(what, command).unwrap();
    let said = format!("{}{}", finished.stdout, finished.stderr);
    keeps_it(what, &said);
    said
}

fn port(net: &soma_localnet::Localnet) -> u16 {
    net.url().rsplit_once(':').unwrap().1.parse().unwrap()
}

#[test]
fn the_commands_show_scheme_host_and_port() {
    let (net, bench) = (chain::start(0), Bench::new().unwrap());
    let (up, down) = (port(&net), free_port().unwrap());
    let serve = ["serve", "--axon.external_ip", "203.0.113.7", "--axon.external_port", "8100"];
    for port in [up, down] {
        for words in [&["metagraph"][..], &["hyperparameters"], &["balance"], &serve] {
            for more in [&[][..], &["--json"], &["--logging.debug"], &["--logging.trace"]] {
                let words = [words, more].concat();
                let said = said("soma chain", &mut command_at(&url(port), &bench, ALICE, &words));
                assert!(said.contains(&format!("ws://127.0.0.1:{port}")), "{words:?}: {said}");
            }
        }
        let config = bench.path().join("soma.toml");
        for more in [&[][..], &["--json"]] {
            let mut command = doctor::command(&bench, &config, ALICE, free_port().unwrap());
            command.args(more).args(["--subtensor.network", &url(port), "--axon.external_ip", PUBLISHED]);
            let said = said("soma doctor", &mut command);
            assert!(said.contains(&format!("ws://127.0.0.1:{port}")), "{said}");
        }
    }
    let odd = url(up).replace("ws://", "http://");
    said("soma chain", &mut command_at(&odd, &bench, ALICE, &["metagraph"]));
    let mut help = bench.soma().unwrap();
    help.args(["run", "--help"]).env("BT_SUBTENSOR_NETWORK", url(up)).env("BT_SUBTENSOR_CHAIN_ENDPOINT", url(up));
    said("soma run --help", &mut help);
}

#[test]
fn a_host_shows_it_neither_in_its_log_nor_in_metrics_nor_to_the_service_manager() {
    let (net, bench) = (chain::start(0), Bench::new().unwrap());
    let socket = bench.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    let path = bench.write("soma.toml", settings("60min").text().as_bytes()).unwrap();
    let axon = free_port().unwrap();
    let mut command = bench.run_command_on(&url(port(&net)), &path, ALICE, axon).unwrap();
    command.env("NOTIFY_SOCKET", &socket);
    let mut neuron = Neuron::start_by(bench, command, ALICE, axon).unwrap();
    neuron.wait_for_log("the address is on the chain").unwrap();
    let shown = metrics(&neuron);
    assert!(shown.contains("soma_chain_endpoint"), "{shown}");
    keeps_it("metrics", &shown);
    net.stop();
    neuron.wait_for_log("the chain cannot be read: serving on").unwrap();
    keeps_it("metrics", &metrics(&neuron));
    keeps_it("log", &neuron.log());
    assert!(neuron.log().contains("ws://127.0.0.1:"), "{}", neuron.log());
    manager.set_nonblocking(true).unwrap();
    let (mut bytes, mut heard) = ([0; 4096], 0);
    while let Ok(length) = manager.recv(&mut bytes) {
        keeps_it("status", &String::from_utf8_lossy(&bytes[..length]));
        heard += 1;
    }
    assert!(heard > 1, "nothing was told");
}
