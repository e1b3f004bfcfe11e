//! What a JavaScript program takes for granted, in a component: the host's log, clock and randomness behind the usual
//! names, and an error that says what to do where there is nothing.

use serde_json::{Value, json};
use soma_e2e::account::{ALICE, Account, BOB, CHARLIE};
use soma_e2e::signed::Btauth;
use soma_e2e::wire::Answer;
use soma_e2e::{HarnessError, Neuron, Settings, Slot, places};

fn ask(neuron: &Neuron, caller: Account, probe: &str) -> Answer {
    let body = json!({ "probe": probe }).to_string();
    neuron.ask(&Btauth::new(caller, ALICE.hotkey, "/Ambient", &body).request().unwrap()).unwrap()
}

/// What a probe found.
fn found(neuron: &Neuron, probe: &str) -> Value {
    let answer = ask(neuron, CHARLIE, probe);
    assert_eq!(answer.status, 200, "{probe}: {}\n{}", answer.text(), neuron.log());
    answer.json()["found"].clone()
}

/// One test: the component is large, and each neuron compiles it for itself.
#[test]
fn a_component_of_typescript_keeps_what_its_language_promises() {
    let slot = Slot::with_all_routes("ambient", places::guest("typescript_ambient").unwrap());
    let mut neuron = Neuron::start(&Settings::default().slot(slot.grant(&["clock", "random"]))).unwrap();
    the_usual_globals_are_the_hosts(&mut neuron);
    what_is_not_there_says_so(&neuron);
    an_async_generator_streams(&mut neuron);
    // The last: the host slows a caller for whom a plugin traps.
    exceptions_become_the_statuses_of_the_contract(&mut neuron);
}

fn the_usual_globals_are_the_hosts(neuron: &mut Neuron) {
    assert_eq!(found(neuron, "said"), json!(true));
    for line in ["printed {\"a\":1}", "informed", "warned", "complained Error: for show ("] {
        neuron.wait_for_log(line).unwrap();
    }

    let told = found(neuron, "told");
    assert!(told["apart"].as_f64().unwrap() < 60_000.0, "{told}");
    let fixed = [&told["built"], &told["fixed"], &told["kind"], &told["steady"]];
    assert_eq!(fixed, [&json!(true), &json!("1970-01-01T00:00:00.005Z"), &json!(true), &json!(true)], "{told}");

    // Every instance starts from the same memory; what it draws is not in it.
    let [one, other] = [found(neuron, "drawn"), found(neuron, "drawn")];
    for (one, other) in one.as_array().unwrap().iter().zip(other.as_array().unwrap()) {
        assert_ne!(one, other);
    }

    assert_eq!(found(neuron, "later"), json!([186, 120, 22, 191]));
    assert_eq!(found(neuron, "large"), json!(300_000));
}

fn what_is_not_there_says_so(neuron: &Neuron) {
    let absent = found(neuron, "absent");
    for (probe, said) in [
        ("config", "wants = [\"clock\", \"random\", \"config\"]"),
        ("fetch", "no network"),
        ("timer", "no timers"),
        ("interval", "no timers"),
        ("seed", "65536"),
    ] {
        assert!(absent[probe].as_str().unwrap().contains(said), "{probe}: {absent}");
    }
}

fn exceptions_become_the_statuses_of_the_contract(neuron: &mut Neuron) {
    for (probe, status, said) in [
        ("invalid", 422, "no such thing"),
        ("refused", 403, "not you"),
        ("unavailable", 503, "later"),
        ("denied", 401, "this probe is denied"),
    ] {
        let answer = ask(neuron, BOB, probe);
        assert_eq!(answer.status, status, "{probe}: {}", answer.text());
        assert!(answer.text().contains(said), "{probe}: {}", answer.text());
    }
    for (probe, logged) in [
        ("thrown", "TypeError: a mistake of the author ("),
        ("rejected", "TypeError: a late mistake ("),
        ("deep", "InternalError: too much recursion"),
        ("gate", "verify: Error: the gate is broken"),
    ] {
        let answer = ask(neuron, BOB, probe);
        assert_eq!(answer.status, 500, "{probe}: {}", answer.text());
        assert!(!answer.text().contains("Error: "), "{probe}: {}", answer.text());
        neuron.wait_for_log(logged).unwrap();
    }
    // Another caller does not notice.
    assert_eq!(found(neuron, "large"), json!(300_000));
}

/// The answer of a streaming route as it came, its head cut off. It comes in chunks, which the harness does not read.
fn streamed(neuron: &Neuron, probe: &str) -> String {
    let body = json!({ "probe": probe }).to_string();
    let request = Btauth::new(BOB, ALICE.hotkey, "/Flow", &body).request().unwrap();
    match neuron.ask(&request) {
        Err(HarnessError::Answer(text)) => text.split_once("\r\n\r\n").unwrap().1.to_owned(),
        other => panic!("{other:?}"),
    }
}

fn an_async_generator_streams(neuron: &mut Neuron) {
    assert_eq!(streamed(neuron, "two"), "4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n");
    // Without its end: nobody takes the part for the whole.
    assert_eq!(streamed(neuron, "broken"), "4\r\none \r\n6\r\nbroken\r\n");
    neuron.wait_for_log("in the middle").unwrap();
}
