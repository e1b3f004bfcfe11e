//! Plugins that misbehave: their callers get an answer, and nobody else notices.

use std::path::Path;

use serde_json::{Value, json};
use soma_e2e::account::{ALICE, Account, BOB, CHARLIE, DAVE};
use soma_e2e::signed::{Btauth, Synapse};
use soma_e2e::wire::{Answer, Request};
use soma_e2e::{Neuron, Slot, places};

use crate::miner;

/// Every guest in tests/guests: one without a line in `TESTED` does not compile.
mod guests {
    include!("../../../guests/cases.rs");

    macro_rules! tested {
        ($($guest:ident),* $(,)?) => {
            #[allow(non_upper_case_globals, reason = "named as the folders are")]
            mod folders {
                $(pub const $guest: &str = stringify!($guest);)*
            }
            pub const TESTED: &[&str] = &[$(folders::$guest),*];
        };
    }

    tested! {
        // Served and asked in this file.
        deny_reason, fresh_counter, limit_gate, limit_memory, limit_output, limit_spin, probe_caller, probe_imports,
        reply_failures, reply_garbage, reply_head, trap_gate, trap_panic,
        // Asked in `edge_cases`, `captures_10` and `differential`.
        edge_classes,
        // Asked in the tests of soma-runtime and soma-axon.
        leak_secret, limit_host_call, metagraph_reads, priority_odd, stream_drips, stream_endless, stream_fails_after, stream_fails_before, stream_keeps, stream_silent,
        stream_words,
        verify_denies, verify_traps, warm_init,
        // Refused in `start` and in `swap`.
        export_half, export_shape, import_foreign, import_unwanted,
        // Swapped to in `swap`, and in the tests of soma-runtime.
        swap_marked, swap_next,
    }

    macro_rules! wanted {
        ($($guest:ident),* $(,)?) => {
            pub const BUILT: &[&str] = &[$(folders::$guest),*];
        };
    }
    for_each_guest!(wanted);
}

/// A neuron with the guest beside the example miner.
struct Bed {
    neuron: Neuron,
    route: &'static str,
}

impl Bed {
    fn start(guest: &str, route: &'static str, change: impl FnOnce(Slot) -> Slot) -> Self {
        let slot = Slot::new("odd", places::guest(guest).unwrap(), &[route]);
        let settings = miner::settings().slot(change(slot));
        Self { neuron: Neuron::start(&settings).unwrap(), route }
    }

    fn synapse(&self, body: Value) -> Synapse<'static> {
        self.synapse_of(BOB, body)
    }

    /// One that makes a plugin trap has to wait, so others ask next.
    fn synapse_of(&self, caller: Account, body: Value) -> Synapse<'static> {
        Synapse::new(caller, ALICE.hotkey, self.route, body)
    }

    fn ask(&self, request: &Request) -> Answer {
        self.neuron.ask(request).unwrap()
    }

    /// Asks in the synapse dialect, with the time that a dendrite waits.
    fn ask_synapse(&self, body: Value) -> Answer {
        self.ask(&self.synapse(body).request().unwrap())
    }

    /// As [`Bed::ask_synapse`], with a time-out of one second.
    fn ask_synapse_in_haste(&self, body: Value) -> Answer {
        let mut synapse = self.synapse(body);
        synapse.timeout = 1.0;
        self.ask(&synapse.request().unwrap())
    }

    fn ask_btauth(&self, body: &str) -> Answer {
        let target = format!("/{}", self.route);
        self.ask(&Btauth::new(BOB, ALICE.hotkey, &target, body).request().unwrap())
    }

    fn assert_neighbours_are_well(&mut self) {
        assert!(self.neuron.is_running().unwrap(), "{}", self.neuron.log());
        let answer = self.ask(&miner::ask_synapse());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[test]
fn every_guest_of_the_list_was_built() {
    for guest in guests::BUILT {
        places::guest(guest).unwrap();
    }
    assert_eq!(guests::BUILT.len(), guests::TESTED.len(), "a guest of TESTED is not in the list");
}

#[test]
fn a_fault_is_500_with_an_id_and_its_text_stays_in_the_log() {
    for (guest, logged) in [
        ("trap_panic", "trap_panic"),
        ("trap_gate", "the gate panicked"),
        ("limit_memory", "memory"),
        ("limit_output", "output"),
        ("reply_garbage", "reply"),
    ] {
        let mut bed = Bed::start(guest, "Echo", |slot| slot);
        // Twice: what broke must not be used again.
        for caller in [BOB, DAVE] {
            let answer = bed.ask(&bed.synapse_of(caller, json!({"prompt": "a"})).request().unwrap());
            assert_eq!(answer.status, 500, "{guest}: {}", answer.text());
            let message = answer.message();
            let id = message.strip_prefix("Internal Server Error #").unwrap_or_default();
            assert!(!id.is_empty(), "{guest}: {message}");
            bed.neuron.wait_for_log(id).unwrap();
        }
        bed.neuron.wait_for_log(logged).unwrap();
        bed.assert_neighbours_are_well();
    }
}

#[test]
fn a_loop_ends_with_the_callers_time_out() {
    let mut bed = Bed::start("limit_spin", "Echo", |slot| slot);
    let answer = bed.ask_synapse_in_haste(json!({}));
    assert_eq!((answer.status, answer.message().as_str()), (408, "Response timeout after: 1.0s"));
    bed.assert_neighbours_are_well();
}

#[test]
fn a_loop_ends_with_its_budget_when_the_caller_names_no_time_out() {
    let mut bed = Bed::start("limit_spin", "Echo", |slot| slot);
    let answer = bed.ask_btauth("{}");
    assert_eq!(answer.status, 408, "{}", answer.text());
    bed.assert_neighbours_are_well();
}

#[test]
fn a_gate_that_never_decides_is_out_of_time() {
    let mut bed = Bed::start("limit_gate", "Echo", |slot| slot);
    let of_another = bed.synapse_of(DAVE, json!({})).request().unwrap();
    for answer in [bed.ask(&of_another), bed.ask_btauth("{}")] {
        assert_eq!(answer.status, 408, "{}", answer.text());
    }
    bed.assert_neighbours_are_well();
}

#[test]
fn every_request_has_an_instance_of_its_own() {
    let mut bed = Bed::start("fresh_counter", "Counter", |slot| slot);
    for (caller, then, status) in [
        (BOB, "answer", 200),
        (CHARLIE, "trap", 500),
        (BOB, "answer", 200),
        (DAVE, "spin", 408),
        (BOB, "fail", 500),
        (BOB, "answer", 200),
    ] {
        let answer = bed.ask(&bed.synapse_of(caller, json!({"then": then})).request().unwrap());
        assert_eq!(answer.status, status, "{then}: {}", answer.text());
        if status == 200 {
            assert_eq!(answer.json()["calls"], 1, "{then}");
        }
    }
    bed.assert_neighbours_are_well();
}

#[test]
fn a_plugin_may_set_status_and_content_type_in_btauth_alone() {
    let mut bed = Bed::start("reply_head", "Head", |slot| slot);
    let body = json!({"status": 202, "content_type": "text/plain"});
    let answer = bed.ask_btauth(&body.to_string());
    assert_eq!((answer.status, answer.header("content-type")), (202, Some("text/plain")), "{}", answer.text());
    let answer = bed.ask_synapse(body);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{}", answer.text());
    for odd in [
        json!({"status": 199}),
        json!({"status": 500}),
        json!({"status": 65535}),
        json!({"content_type": "text/plain\r\nx-second: 1"}),
        json!({"content_type": "x".repeat(201)}),
    ] {
        let answer = bed.ask_btauth(&odd.to_string());
        assert_eq!((answer.status, answer.header("x-second")), (500, None), "{odd}: {}", answer.text());
    }
    bed.assert_neighbours_are_well();
}

#[test]
fn reasons_are_sent_as_printable_text() {
    let reason = "first line??X-Second: ???";
    let mut bed = Bed::start("reply_failures", "Failing", |slot| slot);
    for (kind, status) in [("invalid", 422), ("refused", 403), ("unavailable", 503), ("internal", 500)] {
        let body = json!({"kind": kind});
        for answer in [bed.ask_synapse(body.clone()), bed.ask_btauth(&body.to_string())] {
            assert_eq!(answer.status, status, "{kind}: {}", answer.text());
            assert_eq!(answer.header("x-second"), None, "{kind}");
            assert_eq!(answer.header("retry-after").is_some(), status == 503, "{kind}");
            if kind == "internal" {
                assert!(!answer.text().contains("first line"), "{}", answer.text());
            } else {
                assert_eq!(answer.message(), reason, "{kind}");
            }
        }
    }
    assert_eq!(bed.ask_synapse(json!({"kind": "none"})).status, 200);
    bed.assert_neighbours_are_well();
}

#[test]
fn a_long_foreign_reason_is_cut_and_cleaned() {
    let mut bed = Bed::start("deny_reason", "Echo", |slot| slot);
    for answer in [bed.ask_synapse(json!({})), bed.ask_btauth("{}")] {
        assert_eq!(answer.status, 403, "{}", answer.text());
        assert_eq!(answer.header("x-second"), None);
        let message = answer.message();
        assert!(message.contains("?????X-Second: line no no "), "{message}");
        let reason = message.trim_start_matches("Forbidden. Key is blacklisted: ").trim_end_matches('.');
        assert!(reason.len() <= 200, "{message}");
    }
    bed.assert_neighbours_are_well();
}

#[test]
fn a_plugin_sees_the_proven_caller() {
    let mut bed = Bed::start("probe_caller", "Probe", |slot| slot);
    let body = json!({"claim": "x", "dendrite": {"hotkey": "5Other"}, "caller": {"hotkey": "5Other"}});
    let request =
        bed.synapse(body.clone()).request().unwrap().with("user-agent", "test").with("x-forwarded-for", "192.0.2.1");
    let answer = bed.ask(&request);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = &answer.json()["seen"];
    assert_eq!(seen["hotkey"], BOB.hotkey, "{seen}");
    assert_eq!((&seen["uid"], &seen["stake"], &seen["validator_permit"]), (&Value::Null, &json!(0.0), &json!(false)));
    assert_eq!(
        (&seen["ip"], &seen["route"], &seen["dialect"]),
        (&json!("127.0.0.1"), &json!("Probe"), &json!("synapse"))
    );
    assert_eq!((&seen["body_bound"], &seen["method"]), (&json!(false), &json!("POST")));
    assert_eq!(seen["headers"], json!([["user-agent", "test"]]));
    assert_eq!(seen["body_len"], body.to_string().len());

    let answer = bed.ask_btauth(r#"{"claim": "x"}"#);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = &answer.json()["seen"];
    assert_eq!(
        (&seen["hotkey"], &seen["dialect"], &seen["body_bound"]),
        (&json!(BOB.hotkey), &json!("btauth"), &json!(true))
    );
    bed.assert_neighbours_are_well();
}

#[test]
fn granted_imports_work_and_log_lines_are_cleaned() {
    let grant = |slot: Slot| slot.grant(&["clock", "random", "config"]).config("colour", "blue");
    let mut bed = Bed::start("probe_imports", "Imports", grant);
    let answer = bed.ask_btauth(r#"{"key": "colour", "random": 16}"#);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = answer.json();
    assert_eq!(seen["setting"], "blue");
    assert_eq!(seen["random"].as_array().unwrap().len(), 16);
    assert!(seen["now_ms"].as_f64().is_some_and(|now| now > 1.7e12), "{seen}");
    let log = bed.neuron.log();
    assert!(!log.contains("\u{1b}[31m"), "{log}");
    assert!(!log.contains(&"long ".repeat(300)), "{log}");
    bed.assert_neighbours_are_well();
}

#[test]
fn a_flood_of_bytes_that_are_no_http_changes_nothing() {
    let neuron = miner::start();
    let to = neuron.address().parse().unwrap();
    for bytes in [&b"\0\0\0\0"[..], b"GET\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n", &[b'A'; 300_000]] {
        // Whatever comes back, and be it nothing.
        let _ = soma_e2e::wire::send_bytes(to, bytes);
    }
    assert_eq!(neuron.ask(&miner::ask_synapse()).unwrap().status, 200);
}

#[test]
fn the_neuron_ends_when_it_is_asked_to() {
    let neuron = miner::start();
    let (id, socket) = (neuron.id(), neuron.bench().admin_socket());
    assert!(Path::new(&socket).exists());
    let finished = neuron.stop().unwrap();
    assert!(finished.status.success(), "{}\n{}", finished.status, finished.stderr);
    assert!(!Path::new(&format!("/proc/{id}")).exists());
}
