//! One test for each guest: what it does, and what its host makes of it.

use std::time::{SystemTime, UNIX_EPOCH};

use bytesize::ByteSize;
use serde_json::{Value, json};
use soma_manifest::PluginFileError;
use soma_runtime::{CallError, Hook, LoadError, Want};

use crate::budgets::{limit_host_call, stream_drips};
use crate::fixture::{
    HOTKEY, LONG, SHORT, ask, call, call_by, failure, guest, help, load, refusal_of, serve, slot, slot_of,
};
use crate::instances::{leak_secret, stream_keeps, warm_init};
use crate::metagraph::metagraph_reads;
use crate::order::{priority_odd, verify_denies, verify_traps};
use crate::streams::{stream_endless, stream_fails_after, stream_fails_before, stream_silent, stream_words};
use crate::{log, swap};

include!("../../../../tests/guests/cases.rs");

macro_rules! tested {
    ($($guest:ident),* $(,)?) => {
        mod every_guest {
            $(#[tokio::test] async fn $guest() { super::$guest().await })*
        }
    };
}

// A guest without a function of its name does not compile.
for_each_guest!(tested);

async fn deny_reason() {
    let slots = load([slot_of("deny_reason")]).await.unwrap();
    let error = ask(&slots, "Echo", &json!({})).await.unwrap_err();
    let CallError::Denied { slot, reason } = &error else { panic!("{error:?}") };
    assert_eq!(slot, "deny_reason");
    assert!(reason.starts_with("\u{43d}\u{435}\u{442}\r\n"), "the server cleans it, not the runtime: {reason:?}");
}

/// What its callers get is in the end-to-end tests; here only that its gates end as those of the recorded axon did.
async fn edge_classes() {
    let slots = load([slot_of("edge_classes")]).await.unwrap();
    assert_eq!(ask(&slots, "TextSynapse", &json!({"prompt": "hi"})).await.unwrap(), json!({"output": "HI"}));
    let raised = ask(&slots, "BlRaise", &json!({})).await.unwrap_err();
    assert!(matches!(raised, CallError::Trap { hook: Hook::Blacklist, .. }), "{raised:?}");
}

async fn export_half() {
    let error = refusal_of(slot_of("export_half")).await;
    let LoadError::File(PluginFileError::HalfHook { hook, function }) = &error else { panic!("{error:?}") };
    assert_eq!((*hook, function.as_str()), (Hook::Blacklist, "check"));
    assert!(help(&error).contains("take \"blacklist\" out of the line in plugin.toml: hooks"), "{}", help(&error));
}

async fn export_shape() {
    let error = load([slot_of("export_shape")]).await.err().expect("a hook of another shape is not loaded");
    assert!(matches!(error, LoadError::Shape(_)), "{error:?}");
    assert!(help(&error).contains("soma plugin build"), "{}", help(&error));
}

/// Whatever a call did, and whatever ended it, the next one gets an instance of its own.
async fn fresh_counter() {
    let slots = load([slot_of("fresh_counter")]).await.unwrap();
    let then = |what: &str| call("Counter", json!({"then": what}).to_string(), LONG);
    let first = async || {
        let answer = ask(&slots, "Counter", &json!({"then": "answer"})).await.unwrap();
        assert_eq!(answer, json!({"calls": 1}));
    };
    first().await;
    first().await;
    // Another caller: this one would have to wait afterwards.
    let trap = call_by("trapping", "Counter", json!({"then": "trap"}).to_string(), LONG);
    let trapped = failure(serve(&slots.table(), trap).await);
    assert!(matches!(trapped, CallError::Trap { hook: Hook::Forward, .. }), "{trapped:?}");
    first().await;
    let failed = failure(serve(&slots.table(), then("fail")).await);
    assert!(matches!(&failed, CallError::Internal(text) if text == "told to fail"), "{failed:?}");
    first().await;
    let late = failure(serve(&slots.table(), call("Counter", r#"{"then":"spin"}"#, SHORT)).await);
    assert!(matches!(late, CallError::WallBudget { limit } if limit == SHORT), "{late:?}");
    first().await;
    let table = slots.table();
    let dropped = tokio::time::timeout(SHORT, serve(&table, then("spin"))).await;
    assert!(dropped.is_err(), "it spins until it is dropped");
    first().await;
}

async fn import_foreign() {
    let error = refusal_of(slot_of("import_foreign")).await;
    let LoadError::File(PluginFileError::ForeignImport { import }) = &error else { panic!("{error:?}") };
    assert_eq!(import, "elsewhere:outside/door@1.0.0");
    assert!(error.to_string().contains("elsewhere:outside/door@1.0.0"), "{error}");
}

async fn import_unwanted() {
    let error = refusal_of(slot_of("import_unwanted")).await;
    let LoadError::File(PluginFileError::UnwantedImport { want, .. }) = &error else { panic!("{error:?}") };
    assert_eq!(*want, Want::Config);
    assert!(help(&error).ends_with("in plugin.toml: wants = [\"config\"]"), "{}", help(&error));
}

async fn limit_gate() {
    let slots = load([slot_of("limit_gate")]).await.unwrap();
    let error = ask(&slots, "Echo", &json!({})).await.unwrap_err();
    let CallError::CpuBudget { slot, hook, limit } = &error else { panic!("{error:?}") };
    let gate = slots.table().route("Echo").unwrap().answerer().budget().gate_cpu;
    assert_eq!((slot.as_str(), *hook, *limit), ("limit_gate", Hook::Blacklist, gate));
}

async fn limit_memory() {
    let slots = load([slot_of("limit_memory")]).await.unwrap();
    let error = ask(&slots, "Echo", &json!({})).await.unwrap_err();
    let CallError::MemoryBudget { hook, limit, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*hook, *limit), (Hook::Forward, ByteSize::mib(16)));
}

async fn limit_output() {
    let slots = load([slot_of("limit_output")]).await.unwrap();
    let error = ask(&slots, "Echo", &json!({})).await.unwrap_err();
    let CallError::OutputBudget { size, limit, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*limit, ByteSize::mib(4));
    assert!(*size > ByteSize(20_000_000), "{size}");
}

/// Neither time is used up by the other: the caller's time ends the call long before the CPU budget does.
async fn limit_spin() {
    let slots = load([slot_of("limit_spin")]).await.unwrap();
    let error = failure(serve(&slots.table(), call("Echo", "{}", SHORT)).await);
    assert!(matches!(error, CallError::WallBudget { limit } if limit == SHORT), "{error:?}");
}

async fn probe_caller() {
    let slots = load([slot_of("probe_caller")]).await.unwrap();
    let body = json!({"claim": "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"}).to_string();
    let served = serve(&slots.table(), call("Probe", body.clone(), LONG)).await.unwrap();
    assert_eq!(served.priority, Some(1000.5));
    let mut answer: Value = serde_json::from_slice(&served.reply.body).unwrap();
    let left = answer["seen"]["deadline_ms"].take().as_u64().unwrap();
    assert!(left > 0 && u128::from(left) <= LONG.as_millis(), "{left}");
    let expected = json!({
        "id": "test", "route": "Probe", "target": "/Probe?a=1", "hotkey": HOTKEY, "uid": 7, "stake": 1000.5,
        "validator_permit": true, "ip": "203.0.113.9", "body_bound": true, "dialect": "btauth", "method": "POST",
        "headers": [["user-agent", "tests"]], "content_type": "application/json", "body_len": body.len(),
        "received_ms": 1_700_000_000_000.0, "deadline_ms": null,
    });
    assert_eq!(answer["seen"], expected);
}

async fn probe_imports() {
    log::keep();
    let mut spec = slot("probe-imports-log", guest("probe_imports"));
    spec.config = [("mode".to_owned(), "gentle".to_owned())].into();
    let slots = load([spec]).await.unwrap();
    let imports = async |key: &str, random: u32| ask(&slots, "Imports", &json!({"key": key, "random": random})).await;

    let unix_ms = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as f64;
    let before = unix_ms();
    let one = imports("mode", 32).await.unwrap();
    let now = one["now_ms"].as_f64().unwrap();
    assert!(before <= now && now <= unix_ms() && now.fract() == 0.0, "{before} {now}");
    assert_eq!(one["setting"], "gentle");
    assert_eq!(one["random"].as_array().unwrap().len(), 32);
    check_log(&log::lines_of("probe-imports-log"));

    let other = imports("another", 32).await.unwrap();
    assert_eq!(other["setting"], Value::Null);
    assert_ne!(one["random"], other["random"]);
    assert_eq!(imports("mode", 65_536).await.unwrap()["random"].as_array().unwrap().len(), 65_536);
    let greedy = imports("mode", 65_537).await.unwrap_err();
    assert!(matches!(&greedy, CallError::Trap { trap, .. } if trap.contains("65537")), "{greedy:?}");
}

/// Levels are kept, control characters are not; a line and a call have an end.
fn check_log(lines: &[(String, String)]) {
    let expected = [
        ("TRACE", "a line at trace"),
        ("DEBUG", "a line at debug"),
        ("INFO", "a line at info"),
        ("WARN", "control  [31m characters  and a second line"),
    ];
    for ((level, text), (wanted, words)) in lines.iter().zip(expected) {
        assert_eq!((level.as_str(), text.as_str()), (wanted, words));
    }
    let (level, long) = &lines[4];
    assert_eq!(level, "ERROR");
    assert!(long.len() < 1100 && long.ends_with(" [cut]"), "{} {long}", long.len());
    let bytes: usize = lines.iter().map(|(_, text)| text.len()).sum();
    assert!(bytes <= 66 * 1024 && bytes > 60 * 1024, "{bytes} bytes of about 64 KiB");
    assert!(lines.len() < 100, "of more than 200 lines {} are there", lines.len());
}

async fn reply_failures() {
    let slots = load([slot_of("reply_failures")]).await.unwrap();
    let failing = async |kind: &str| ask(&slots, "Failing", &json!({"kind": kind})).await;
    let text = "first line\r\nX-Second: \u{4f60}\u{597d}\u{7}";
    assert!(matches!(failing("invalid").await, Err(CallError::Invalid(reason)) if reason == text));
    assert!(matches!(failing("refused").await, Err(CallError::Refused(reason)) if reason == text));
    assert!(matches!(failing("unavailable").await, Err(CallError::Unavailable(reason)) if reason == text));
    assert!(matches!(failing("internal").await, Err(CallError::Internal(reason)) if reason == text));
    assert_eq!(failing("none").await.unwrap(), json!({"kind": "none"}));
    let unread = ask(&slots, "Failing", &json!({"kind": 5})).await.unwrap_err();
    // The route has no schema that would keep it away: the author's mistake, and not the caller's.
    assert!(matches!(&unread, CallError::Internal(text) if text.contains("kind")), "{unread:?}");
}

/// Bytes are the route's business: for btauth an answer need not be JSON. The axon refuses them for a synapse.
async fn reply_garbage() {
    let slots = load([slot_of("reply_garbage")]).await.unwrap();
    let served = serve(&slots.table(), call("Echo", "{}", LONG)).await.unwrap();
    assert_eq!(served.reply.body, [0xff, 0x00, b'{', 0xfe]);
    assert_eq!(served.priority, None, "it has no such hook");
}

async fn reply_head() {
    let slots = load([slot_of("reply_head")]).await.unwrap();
    let head = async |status: Value, media: Value| {
        let body = json!({"status": status, "content_type": media}).to_string();
        serve(&slots.table(), call("Head", body, LONG)).await
    };
    let fitting = [
        (json!(null), json!(null)),
        (json!(200), json!("text/plain; charset=utf-8")),
        (json!(499), json!("a".repeat(200))),
    ];
    for (status, media) in fitting {
        let served = head(status.clone(), media.clone()).await.unwrap();
        assert_eq!(json!(served.reply.status), status);
        assert_eq!(json!(served.reply.content_type), media);
    }
    let unfitting = [
        (json!(0), json!(null)),
        (json!(101), json!(null)),
        (json!(199), json!(null)),
        (json!(500), json!(null)),
        (json!(65535), json!(null)),
        (json!(null), json!("text/plain\r\nx-second: 1")),
        (json!(null), json!("text/\u{e4}")),
        (json!(null), json!("a".repeat(201))),
    ];
    for (status, media) in unfitting {
        let error = failure(head(status.clone(), media.clone()).await);
        assert!(matches!(error, CallError::Garbage { .. }), "{status} {media}: {error:?}");
    }
}

/// A number in the built file is its version, and the code that runs says so.
async fn swap_marked() {
    let slots = load([slot_of("swap_marked")]).await.unwrap();
    let mark = async || ask(&slots, "Marked", &json!({})).await.unwrap()["mark"].clone();
    assert_eq!(mark().await, "0000000");
    let bytes = std::fs::read(guest("swap_marked")).unwrap();
    let digits = b"soma-mark-digits:";
    let places: Vec<usize> = bytes
        .windows(digits.len())
        .enumerate()
        .filter(|(_, window)| window == digits)
        .map(|(at, _)| at + digits.len())
        .collect();
    let &[at] = places.as_slice() else { panic!("the mark stands at {places:?}") };
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.wasm");
    std::fs::write(&other, [&bytes[..at], b"0000042", &bytes[at + 7..]].concat()).unwrap();
    slots.swap("swap_marked", other).await.unwrap();
    assert_eq!(mark().await, "0000042");
}

async fn swap_next() {
    let slots = load([slot_of("text-miner-rust")]).await.unwrap();
    assert_eq!(swap::model_of(&slots.table()).await, "text-miner 0.1.0");
    slots.swap("text-miner-rust", guest("swap_next")).await.unwrap();
    assert_eq!(swap::model_of(&slots.table()).await, "text-miner 0.2.0");
}

async fn trap_gate() {
    let slots = load([slot_of("trap_gate")]).await.unwrap();
    let error = ask(&slots, "Echo", &json!({})).await.unwrap_err();
    let CallError::Trap { slot, hook, .. } = &error else { panic!("{error:?}") };
    assert_eq!((slot.as_str(), *hook), ("trap_gate", Hook::Blacklist));
}

/// The trap is the operator's to read; the words of the panic are in the plugin's log.
async fn trap_panic() {
    log::keep();
    let slots = load([slot("trap-panic-log", guest("trap_panic"))]).await.unwrap();
    for caller in ["one", "another"] {
        let error = failure(serve(&slots.table(), call_by(caller, "Echo", "{}", LONG)).await);
        let CallError::Trap { hook: Hook::Forward, trap, .. } = &error else { panic!("{error:?}") };
        assert!(trap.contains("unreachable"), "{trap}");
    }
    let lines = log::lines_of("trap-panic-log");
    let said = lines.iter().filter(|(level, text)| level == "ERROR" && text.contains("panicked over 2 bytes")).count();
    assert_eq!(said, 2, "{lines:?}");
}
