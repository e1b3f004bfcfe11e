//! Hostile callers of every kind, while a proven caller is served.
//!
//! One neuron for all of them: what one attack leaves behind meets the next. Its rates are the usual ones; its times are
//! shorter, so that slow callers are cut while the test looks.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use soma_e2e::account::{ALICE, BOB, CHARLIE, DAVE, RECORDED_CALLER};
use soma_e2e::attack::requests::{addresses, bombs, churn, flood, paced};
use soma_e2e::attack::usage::open_more_files;
use soma_e2e::attack::{Connection, Steady, Tally, Usage, draft, held};
use soma_e2e::process::LIMIT;
use soma_e2e::signed::{EMPTY_HASH, next_nonce};
use soma_e2e::wire::Request;
use soma_e2e::{Neuron, Settings};
use toml::{Table, Value};

use crate::{long, miner};

/// Where the proven caller asks from.
const BOBS: Ipv4Addr = Ipv4Addr::new(127, 0, 9, 1);
/// Where another one asks from.
const ANOTHERS: Ipv4Addr = Ipv4Addr::new(127, 0, 9, 2);
/// Half of what one hotkey may ask.
const PAUSE: Duration = Duration::from_millis(100);
/// Answers that the caller has to get while an attack runs, however soon that is over.
const ENOUGH: usize = 10;
/// Memory that may stay with the process afterwards: what the allocator keeps of the peak, and records of requests.
const KEPT: u64 = 192 << 20;
/// Bytes of bodies that strangers may hold together here.
const UNVERIFIED: u64 = 16 << 20;
/// What holding a body of so many bytes may cost beyond them: buffers of sockets and connections.
const BUFFERS: u64 = 64 << 20;

fn settings() -> Settings {
    let mut limits = Table::new();
    for (name, seconds) in [("head_time", 2), ("idle_time", 5), ("body_time", 2), ("write_time", 3)] {
        limits.insert(name.to_owned(), Value::from(seconds));
    }
    limits.insert("body_rate".to_owned(), Value::from("1MiB"));
    limits.insert("unverified_bytes".to_owned(), Value::from(format!("{UNVERIFIED}B")));
    let admitted = [BOB, CHARLIE, RECORDED_CALLER].map(|account| Value::from(account.hotkey));
    miner::settings().set("axon", "limits", limits).set("axon", "admit", Value::Array(admitted.to_vec()))
}

/// The neuron and what it held before anybody attacked it.
struct Bed {
    neuron: Neuron,
    before: Usage,
}

impl Bed {
    fn start() -> Self {
        open_more_files().unwrap();
        let neuron = Neuron::start(&settings()).unwrap();
        let bed = Self { before: Usage::of(neuron.id()).unwrap(), neuron };
        // Once through all its code: what that costs is no leak. Bob's own connection counts: he asks later, too.
        let before = bed.while_served("nothing", || {
            thread::sleep(PAUSE * 20);
            bed.usage()
        });
        Self { before, ..bed }
    }

    fn to(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.neuron.port()))
    }

    fn usage(&self) -> Usage {
        Usage::of(self.neuron.id()).unwrap()
    }

    /// Runs an attack while Bob asks; every one of his requests must be answered 200.
    fn while_served<T>(&self, name: &str, attack: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let bob = Steady::start(BOB, BOBS, self.to(), PAUSE);
        self.until("the first answer", || bob.answered() > 0);
        let outcome = attack();
        let so_far = bob.answered();
        self.until("enough answers", || bob.answered() > so_far && bob.answered() >= ENOUGH);
        let failures = bob.stop();
        assert!(failures.is_empty(), "{name}: {failures:#?}\n{}", self.neuron.log());
        eprintln!("{name}: {:?} after {:?}", self.usage(), started.elapsed());
        outcome
    }

    /// Waits for something, with a guard against waiting for ever.
    fn until(&self, what: &str, mut reached: impl FnMut() -> bool) {
        let started = Instant::now();
        while !reached() {
            assert!(started.elapsed() < LIMIT, "{what}: not reached; {:?}\n{}", self.usage(), self.neuron.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until it holds no more descriptors than before the attacks.
    fn until_all_is_closed(&self) {
        let most = self.before.descriptors;
        self.until("as few descriptors as before", || self.usage().descriptors <= most);
    }
}

fn good(account: soma_e2e::Account) -> Request {
    draft::synapse(account, 12.0).unwrap()
}

fn forged() -> Vec<u8> {
    draft::bytes(&draft::forge(good(BOB)).unwrap())
}

#[test]
fn a_proven_caller_is_served_whatever_others_do() {
    let _turn = long::turn();
    let mut bed = Bed::start();
    strangers(&bed);
    forgers(&bed);
    replays(&bed);
    slow_ones(&bed);
    holders(&bed);
    bombers(&bed);
    // Twice: what stays of the first time has to do for the second.
    for round in ["first", "second"] {
        idlers(&bed);
        all_at_once(&bed);
        bed.until_all_is_closed();
        let after = bed.usage();
        assert!(after.resident <= bed.before.resident + KEPT, "{round}: {after:?}, before {:?}", bed.before);
    }
    bed.while_served("afterwards", || ());
    assert!(bed.neuron.is_running().unwrap());
    let log = bed.neuron.log();
    assert!(!log.contains("panicked"), "{log}");
    ends_although_somebody_does_not_read(bed);
}

fn strangers(bed: &Bed) {
    let unknown = draft::bytes(&good(DAVE));
    let to = bed.to();
    let tally = bed.while_served("strangers", || flood(&addresses(2, 4), to, 600, |_| unknown.clone()));
    assert!(tally.only(&[403, 429]) && tally.of(403) >= 4 * 200 && tally.of(429) > 0, "{tally}");
    let tally = bed.while_served("nowhere", || flood(&addresses(3, 4), to, 600, |_| draft::nowhere()));
    assert!(tally.only(&[404, 429]) && tally.of(404) >= 4 * 200, "{tally}");
    let bare = b"POST /TextGeneration HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}".to_vec();
    let tally = bed.while_served("without a signature", || flood(&addresses(4, 2), to, 400, |_| bare.clone()));
    assert!(tally.only(&[401, 429]) && tally.of(401) >= 2 * 200, "{tally}");
}

/// Junk in the name of a validator, from elsewhere and from its own address.
fn forgers(bed: &Bed) {
    let to = bed.to();
    let junk = forged();
    let tally = bed.while_served("forged elsewhere", || flood(&addresses(5, 4), to, 400, |_| junk.clone()));
    assert!(tally.only(&[401, 429]) && tally.of(401) >= 4 * 200, "{tally}");
    // Within the rate that the caller's address has for its name.
    let slowly = || paced(&[BOBS], to, 80, Duration::from_millis(40), |_| forged());
    let tally = bed.while_served("forged from the same address", slowly);
    assert!(tally.only(&[401]) && tally.of(401) == 80, "{tally}");
    // Beyond it: that address pays, and nobody else.
    let another = Steady::start(RECORDED_CALLER, ANOTHERS, to, PAUSE);
    bed.until("the first answer", || another.answered() > 0);
    let tally = flood(&[BOBS], to, 600, |_| forged());
    assert!(tally.only(&[401, 429]) && tally.of(429) > 0, "{tally}");
    let failures = another.stop();
    assert!(failures.is_empty(), "{failures:#?}");
    let mut bobs = Connection::open(BOBS, to).unwrap();
    bed.until("an answer for Bob", || bobs.exchange(&draft::bytes(&good(BOB))).unwrap().status == 200);
    // His rate is full again before he asks as fast as before.
    thread::sleep(Duration::from_secs(3));
}

fn replays(bed: &Bed) {
    let to = bed.to();
    for request in [draft::synapse(RECORDED_CALLER, 60.0).unwrap(), draft::btauth(RECORDED_CALLER).unwrap()] {
        let request = draft::bytes(&request);
        let first = Connection::open(ANOTHERS, to).unwrap().exchange(&request).unwrap();
        assert_eq!(first.status, 200, "{}", String::from_utf8_lossy(&first.body));
        let sources: Vec<Ipv4Addr> = addresses(6, 4).into_iter().chain([ANOTHERS]).collect();
        let tally = bed.while_served("replays", || flood(&sources, to, 100, |_| request.clone()));
        assert!(tally.only(&[401, 429]) && tally.of(401) > 0 && tally.unanswered == 0, "{tally}");
    }
}

/// Heads and bodies byte by byte.
fn slow_ones(bed: &Bed) {
    const COUNT: usize = 60;
    let to = bed.to();
    let head = b"POST /TextGeneration HTTP/1.1\r\nbt_header_dendrite_hotkey: ";
    let heads = || held::drip(&addresses(10, 3), to, COUNT, head, b"a", LIMIT);
    assert_eq!(bed.while_served("slow heads", heads), COUNT);
    let request = draft::forge(good(BOB)).unwrap();
    let head = draft::head(&request, Some(100_000));
    let bodies = || held::drip(&addresses(11, 3), to, COUNT, &head, b" ", LIMIT);
    assert_eq!(bed.while_served("slow bodies", bodies), COUNT);
    let head = draft::head(&draft::forge(good(BOB)).unwrap(), None);
    let chunks = || held::drip(&addresses(12, 3), to, COUNT, &head, b"1\r\na\r\n", LIMIT);
    assert_eq!(bed.while_served("slow chunks", chunks), COUNT);
    let half_open = || {
        let mut open = held::idle(&addresses(13, 3), to, COUNT);
        open.iter_mut().filter_map(|connection| connection.is_closed_within(LIMIT).then_some(())).count()
    };
    assert_eq!(bed.while_served("half-open", half_open), COUNT);
}

/// Bodies that lack their last byte, and answers that nobody reads.
fn holders(bed: &Bed) {
    const LENGTH: usize = 1 << 20;
    let to = bed.to();
    let before = bed.usage();
    let request = draft::forge(good(BOB)).unwrap();
    let tally = bed.while_served("held bodies", || {
        let mut connections = held::bodies(&addresses(14, 10), to, &request, LENGTH, 100);
        let during = bed.usage();
        let most = before.resident + UNVERIFIED + BUFFERS;
        assert!(during.resident <= most, "{during:?} with 100 MiB sent, before {before:?}");
        held::answers(&mut connections)
    });
    assert!(tally.only(&[408, 503]) && tally.of(503) >= 50 && tally.of(408) > 0, "{tally}");

    let connections = bed.while_served("unread answers", || held::unread(&addresses(15, 4), to, 20).unwrap());
    bed.while_served("unread answers are cut", || bed.until_all_is_closed());
    drop(connections);

    // A refusal whose body was not read must not spoil the request after it.
    let mut stale = good(RECORDED_CALLER).body(vec![b' '; 60_000]);
    stale = stale.with("bt_header_dendrite_nonce", "1000000000");
    for _ in 0..20 {
        let mut connection = Connection::open(ANOTHERS, to).unwrap();
        let refused = connection.exchange(&draft::bytes(&stale)).unwrap();
        assert_eq!(refused.status, 401, "{}", String::from_utf8_lossy(&refused.body));
        if !refused.closes {
            let next = connection.exchange(&draft::bytes(&good(RECORDED_CALLER))).unwrap();
            assert_eq!(next.status, 200, "{}", String::from_utf8_lossy(&next.body));
        }
        thread::sleep(PAUSE);
    }
}

/// Heads and bodies that are too large, too deep or too many.
fn bombers(bed: &Bed) {
    let to = bed.to();
    let tally = bed.while_served("header bombs", || bombs(addresses(16, 1)[0], to, &header_bombs()));
    assert!(tally.only(&[400, 401, 404, 414, 431]) && tally.of(431) > 0, "{tally}");
    let tally = bed.while_served("body bombs", || bombs(addresses(17, 1)[0], to, &body_bombs()));
    assert!(tally.only(&[400, 401, 413]) && tally.of(413) > 0, "{tally}");

    // The same of somebody who is proven, so that the body is looked at.
    let deep = format!("{{\"prompt\": {}1{}}}", "[".repeat(200_000), "]".repeat(200_000));
    let wide = format!("{{{}\"prompt\": 1}}", (0..50_000).map(|n| format!("\"k{n}\":0,")).collect::<String>());
    let long = json!({"prompt": 5, "x": "y".repeat(900_000)}).to_string();
    let signed = [deep, wide, long].map(|body| draft::bytes(&good(RECORDED_CALLER).body(body)));
    let tally = bed.while_served("JSON bombs", || bombs(ANOTHERS, to, &signed));
    assert!(tally.only(&[422]) && tally.of(422) == 3, "{tally}");

    // Whoever is on the list must not fill the memory with long uuids either.
    let before = bed.usage();
    let tally = bed.while_served("long uuids", || paced(&[ANOTHERS], to, 300, Duration::from_millis(20), long_uuid));
    assert!(tally.only(&[400, 401, 429]) && tally.of(200) == 0, "{tally}");
    let after = bed.usage();
    assert!(after.resident <= before.resident + BUFFERS, "{after:?}, before {before:?}");

    let opened = bed.while_served("churn", || churn(&addresses(18, 4), to, 500));
    assert!(opened > 0);
}

fn header_bombs() -> Vec<Vec<u8>> {
    let with = |lines: String| format!("POST /TextGeneration HTTP/1.1\r\nhost: x\r\n{lines}\r\n").into_bytes();
    let many = |count: usize| (0..count).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
    vec![
        with(many(127)),
        with(many(2000)),
        with(format!("x: {}\r\n", "y".repeat(60_000))),
        with(format!("x: {}\r\n", "y".repeat(4_000_000))),
        with(format!("{}: y\r\n", "x".repeat(70_000))),
        with(format!("bt_header_dendrite_uuid: {}\r\n", "y".repeat(50_000))),
        with(format!("x-bittensor-signature: 0x{}\r\n", "a".repeat(50_000))),
        with("bt_header_dendrite_nonce: 1\r\n".repeat(100)),
        format!("POST /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(4_000_000)).into_bytes(),
        format!("POST /{} HTTP/1.1\r\nhost: x\r\n\r\n", "%2e".repeat(10_000)).into_bytes(),
        b"\0".repeat(1_000_000),
        b"POST / HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999999\r\n\r\n".to_vec(),
    ]
}

fn body_bombs() -> Vec<Vec<u8>> {
    let forged = || draft::forge(good(BOB)).unwrap();
    let announced = |length: usize| draft::head(&forged(), Some(length));
    let mut endless = draft::head(&forged(), None);
    endless.extend_from_slice(&[b"10000\r\n".as_slice(), &vec![b' '; 0x10000], b"\r\n"].concat().repeat(64));
    let mut odd_chunk = draft::head(&forged(), None);
    odd_chunk.extend_from_slice(b"ffffffffffffffffff\r\n");
    let mut chunk_names = draft::head(&forged(), None);
    chunk_names.extend_from_slice(format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(100_000)).as_bytes());
    let zipped = forged().with("content-encoding", "gzip").body(vec![0x1f; 1000]);
    vec![announced(2 << 20), announced(usize::MAX / 2), endless, odd_chunk, chunk_names, draft::bytes(&zipped)]
}

/// A request that is signed well, with a uuid of 12,000 bytes.
fn long_uuid(number: usize) -> Vec<u8> {
    let (caller, nonce, uuid) = (RECORDED_CALLER, next_nonce(), format!("{number}-{}", "u".repeat(12_000)));
    let message = format!("{nonce}.{}.{}.{uuid}.{EMPTY_HASH}", caller.hotkey, ALICE.hotkey);
    let signature = format!("0x{}", hex::encode(caller.sign(message.as_bytes()).unwrap()));
    let request = good(caller).with("bt_header_dendrite_nonce", nonce.to_string());
    let request = request.with("bt_header_dendrite_uuid", uuid).with("bt_header_dendrite_signature", signature);
    draft::bytes(&request)
}

/// Ten thousand connections that say nothing.
fn idlers(bed: &Bed) {
    const COUNT: usize = 10_000;
    let to = bed.to();
    let open = bed.while_served("10,000 idle connections", || held::idle(&addresses(20, 80), to, COUNT));
    assert!(open.len() > COUNT / 2, "{}", open.len());
    bed.while_served("while they stay", || thread::sleep(PAUSE * 5));
    // The other tests of this process need descriptors too.
    drop(open);
    let narrow = bed.while_served("10,000 of one address", || held::idle(&addresses(21, 1), to, COUNT));
    drop(narrow);
    bed.until_all_is_closed();
}

fn all_at_once(bed: &Bed) {
    let to = bed.to();
    let request = draft::forge(good(BOB)).unwrap();
    let (junk, unknown) = (draft::bytes(&request), draft::bytes(&good(DAVE)));
    let tallies = bed.while_served("all at once", || {
        thread::scope(|scope| {
            let floods = [
                scope.spawn(|| flood(&addresses(30, 2), to, 400, |_| junk.clone())),
                scope.spawn(|| flood(&addresses(31, 2), to, 400, |_| unknown.clone())),
                scope.spawn(|| bombs(addresses(32, 1)[0], to, &header_bombs())),
                scope.spawn(|| held::answers(&mut held::bodies(&addresses(33, 4), to, &request, 1 << 20, 40))),
            ];
            scope.spawn(|| held::drip(&addresses(34, 2), to, 40, b"POST / HTTP/1.1\r\n", b"a", LIMIT));
            scope.spawn(|| churn(&addresses(35, 2), to, 300));
            scope.spawn(|| drop(held::idle(&addresses(36, 8), to, 2000)));
            scope.spawn(|| held::unread(&addresses(37, 2), to, 10).map(drop));
            floods.map(|flood| flood.join().unwrap())
        })
    });
    let tally = tallies.into_iter().fold(Tally::default(), Tally::and);
    assert!(tally.of(200) == 0 && tally.answers() > 0, "{tally}");
}

/// An answer that nobody reads is cut, also while the neuron stops: it does not wait for its longest request.
fn ends_although_somebody_does_not_read(bed: Bed) {
    let connections = held::unread(&addresses(40, 4), bed.to(), 20).unwrap();
    let finished = bed.neuron.stop().unwrap();
    drop(connections);
    let log = finished.stdout + &finished.stderr;
    assert!(finished.status.success() && !log.contains("stopping although"), "{log}");
}
