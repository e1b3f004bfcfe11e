//! Everything that a neuron does in its life, for some time: nothing fails and nothing grows.
//!
//! `SOMA_SOAK_SECONDS` says for how long; without it 300 seconds where `CI` is `true`, else 20.

use std::env;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use soma_e2e::account::{ALICE, BOB, CHARLIE, DAVE, RECORDED_CALLER};
use soma_e2e::attack::{Connection, Reply, Usage, draft};
use soma_e2e::signed::{Btauth, Synapse};
use soma_e2e::wire::Request;
use soma_e2e::{Account, Neuron, Settings, Slot, places};

use crate::{long, miner};

/// Looks at memory and descriptors in all.
const LOOKS: u32 = 100;
/// Memory may grow by so much from the second fifth of the time to the last. A leak of 64 bytes per request would pass
/// here; one of a kilobyte does not.
const GROWTH: u64 = 24 << 20;
/// Descriptors that may be more: connections that are just being opened.
const MORE: usize = 8;
/// Pause of each caller between two requests.
const PAUSE: Duration = Duration::from_millis(20);
/// Pause between two swaps.
const SWAP: Duration = Duration::from_secs(2);

/// What the callers share.
#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    answered: AtomicUsize,
    refused: AtomicUsize,
    streamed: AtomicUsize,
    swapped: AtomicUsize,
}

/// One kind of caller: what it sends, and what it must be answered.
struct Kind {
    from: Ipv4Addr,
    request: fn() -> Request,
    status: u16,
    /// What must be in the answer's body.
    says: &'static str,
}

const fn kind(host: u8, request: fn() -> Request, status: u16, says: &'static str) -> Kind {
    Kind { from: Ipv4Addr::new(127, 0, 50, host), request, status, says }
}

/// Callers that are answered or refused, each from an address of its own.
const KINDS: [Kind; 9] = [
    kind(1, miner::ask_synapse, 200, "model_name"),
    kind(2, miner::ask_btauth, 200, "model_name"),
    kind(3, stream_synapse, 200, "TWO"),
    kind(4, stream_btauth, 200, "TWO"),
    kind(5, || of(CHARLIE), 403, "blacklisted"),
    kind(6, || draft::forge(miner::ask_synapse()).unwrap(), 401, "Not Verified"),
    kind(7, || draft::forge(miner::ask_btauth()).unwrap(), 401, "not-verified"),
    kind(
        8,
        || Synapse::new(DAVE, ALICE.hotkey, "TextGeneration", json!({"prompt": 5})).request().unwrap(),
        422,
        "prompt",
    ),
    kind(9, || Request::new("GET", "/nope"), 404, "not found"),
];

fn of(caller: Account) -> Request {
    Synapse::new(caller, ALICE.hotkey, "TextGeneration", json!({"prompt": "one"})).request().unwrap()
}

fn stream_synapse() -> Request {
    Synapse::new(RECORDED_CALLER, ALICE.hotkey, "TextStream", json!({"prompt": "one two"})).request().unwrap()
}

fn stream_btauth() -> Request {
    Btauth::new(BOB, ALICE.hotkey, "/TextStream", r#"{"prompt": "one two"}"#).request().unwrap()
}

fn duration() -> Duration {
    let named = env::var("SOMA_SOAK_SECONDS").ok().and_then(|text| text.parse().ok());
    let usual = if env::var("CI").is_ok_and(|ci| ci == "true") { 300 } else { 20 };
    Duration::from_secs(named.unwrap_or(usual))
}

/// The example miner twice: as it is, which streams, and in a slot that is swapped all the while.
fn settings() -> Settings {
    let streaming = Slot::new("stream", places::guest("text-miner-rust").unwrap(), &["TextStream"]).grant(&["config"]);
    miner::settings().slot(streaming)
}

/// Asks until it is told to stop. The error says which answer was wrong.
fn keep_asking(kind: &Kind, to: SocketAddr, shared: &Shared) -> Result<(), String> {
    let mut connection = None;
    while !shared.stop.load(Ordering::Relaxed) {
        let request = draft::bytes(&(kind.request)());
        let open = match &mut connection {
            Some(open) => open,
            None => connection.insert(Connection::open(kind.from, to).map_err(|error| error.to_string())?),
        };
        let reply = open.exchange(&request).map_err(|error| format!("{}: {error}", kind.says))?;
        check(kind, &reply)?;
        if reply.closes {
            connection = None;
        }
        let counter = if kind.status == 200 { &shared.answered } else { &shared.refused };
        counter.fetch_add(1, Ordering::Relaxed);
        if kind.says == "TWO" {
            shared.streamed.fetch_add(1, Ordering::Relaxed);
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

fn check(kind: &Kind, reply: &Reply) -> Result<(), String> {
    let text = String::from_utf8_lossy(&reply.body);
    let right = reply.status == kind.status && text.contains(kind.says);
    if right { Ok(()) } else { Err(format!("{} and not {} with {:?}: {text}", reply.status, kind.status, kind.says)) }
}

/// Swaps the slot there and back.
fn keep_swapping(neuron: &Neuron, shared: &Shared) -> Result<(), String> {
    let plugins = ["swap_next", "text-miner-rust"].map(|guest| places::guest(guest).unwrap());
    for plugin in plugins.iter().cycle() {
        let swapped = neuron.swap("text", plugin).map_err(|error| error.to_string())?;
        if !swapped.status.success() {
            return Err(swapped.stdout + &swapped.stderr);
        }
        shared.swapped.fetch_add(1, Ordering::Relaxed);
        let next = Instant::now() + SWAP;
        while Instant::now() < next {
            if shared.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
    }
    Ok(())
}

/// Looks at the process for as long as the soak lasts, or until a caller has failed.
fn watch(neuron: &Neuron, duration: Duration, has_failed: impl Fn() -> bool) -> Vec<Usage> {
    let started = Instant::now();
    let mut looks = Vec::new();
    while started.elapsed() < duration && !has_failed() {
        looks.push(Usage::of(neuron.id()).unwrap());
        thread::sleep(duration / LOOKS);
    }
    looks
}

fn median<T: Ord + Copy>(looks: &[Usage], of: impl Fn(&Usage) -> T) -> T {
    let mut values: Vec<T> = looks.iter().map(of).collect();
    values.sort_unstable();
    values[values.len() / 2]
}

#[test]
fn nothing_fails_and_nothing_grows() {
    let _turn = long::turn();
    let duration = duration();
    let neuron = Neuron::start(&settings()).unwrap();
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, neuron.port()));
    let shared = Shared::default();
    let looks = thread::scope(|scope| {
        let mut tasks: Vec<_> = KINDS.iter().map(|kind| scope.spawn(|| keep_asking(kind, to, &shared))).collect();
        tasks.push(scope.spawn(|| keep_swapping(&neuron, &shared)));
        let looks = watch(&neuron, duration, || tasks.iter().any(thread::ScopedJoinHandle::is_finished));
        shared.stop.store(true, Ordering::Relaxed);
        for task in tasks {
            task.join().unwrap().unwrap_or_else(|failure| panic!("{failure}\n{}", neuron.log()));
        }
        looks
    });
    for (counter, least) in
        [(&shared.answered, 200), (&shared.refused, 200), (&shared.streamed, 50), (&shared.swapped, 3)]
    {
        assert!(counter.load(Ordering::Relaxed) >= least, "{}", neuron.log());
    }
    let fifth = looks.len() / 5;
    let (early, late) = (&looks[fifth..2 * fifth], &looks[4 * fifth..]);
    let (before, after) = (median(early, |look| look.resident), median(late, |look| look.resident));
    assert!(after <= before + GROWTH, "{before} bytes became {after}");
    let (before, after) = (median(early, |look| look.descriptors), median(late, |look| look.descriptors));
    assert!(after <= before + MORE, "{before} descriptors became {after}");
    let log = neuron.log();
    assert!(!log.contains("panicked"), "{log}");
}
