use super::*;
use crate::replay::{Nonce, NotKept};
use soma_protocol::ss58::PublicKey;
use std::os::unix::fs::PermissionsExt;

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_000 * SECOND;
const WINDOWS: Windows = Windows { synapse: 64 * SECOND, btauth: 10 * SECOND, future: 4 * SECOND };

fn open(folder: &Path, now: u64) -> (Keeper, ReplayMemory) {
    Keeper::open(folder, WINDOWS, Bounds::default(), now).unwrap()
}

fn nonce(at: u64) -> Nonce {
    Nonce::synapse(PublicKey([1; 32]), "uuid", at, at + WINDOWS.synapse)
}

#[test]
fn a_clean_stop_keeps_every_live_nonce_and_closes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (keeper, memory) = open(folder.path(), START);
    assert_eq!(memory.closed_until(), 0, "the first start of all is clean");
    memory.keep(nonce(START), START).unwrap();
    memory.keep(nonce(START - 63 * SECOND), START).unwrap();
    keeper.close(&memory, START + 2 * SECOND).unwrap();
    assert_eq!(memory.keep(nonce(START + 1), START), Err(NotKept::Full), "nothing is kept after the end");

    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(NONCES), 0o600);
    let (_keeper, memory) = open(folder.path(), START + 3 * SECOND);
    assert_eq!((memory.closed_until(), memory.len()), (0, 1), "the other had expired");
    assert_eq!(memory.look(&nonce(START)), Err(NotKept::Used));
    assert_eq!(memory.keep(nonce(START + SECOND), START + 3 * SECOND), Ok(()));
    assert_eq!(mode(PULSE), 0o600);
    assert!(!folder.path().join(NONCES).exists());
}

#[test]
fn after_a_kill_nonces_are_refused_up_to_the_bound_and_pass_again_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let (_killed, memory) = open(folder.path(), START);
    // The furthest that could have been accepted.
    memory.keep(nonce(START + 4 * SECOND), START).unwrap();
    let again = START + 5 * SECOND;
    let (_keeper, memory) = open(folder.path(), again);
    assert_eq!(memory.closed_until(), again + 4 * SECOND);
    assert!(matches!(memory.look(&nonce(START + 4 * SECOND)), Err(NotKept::Closed { .. })));
    assert!(matches!(memory.look(&nonce(again + 4 * SECOND)), Err(NotKept::Closed { .. })));
    assert_eq!(memory.look(&nonce(again + 4 * SECOND + 1)), Ok(()));
}

#[test]
fn after_a_kill_a_clock_that_went_back_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (_killed, memory) = open(folder.path(), START);
    memory.keep(nonce(START + SECOND), START + SECOND).unwrap();
    let (_keeper, memory) = open(folder.path(), START - 30 * SECOND);
    assert!(memory.closed_until() >= START + 4 * SECOND, "the pulse counts, not the clock");
}

#[test]
fn a_clean_stop_after_a_kill_keeps_what_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let _killed = open(folder.path(), START);
    let (keeper, memory) = open(folder.path(), START + SECOND);
    let closed = memory.closed_until();
    keeper.close(&memory, START + 2 * SECOND).unwrap();
    let (_keeper, memory) = open(folder.path(), START + 2 * SECOND);
    assert_eq!(memory.closed_until(), closed);
}

#[test]
fn damaged_nonces_and_longer_windows_close_what_is_not_known() {
    for damage in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let (keeper, memory) = open(folder.path(), START);
        keeper.close(&memory, START).unwrap();
        let windows = if damage {
            fs::write(folder.path().join(NONCES), b"junk").unwrap();
            WINDOWS
        } else {
            Windows { btauth: 30 * SECOND, ..WINDOWS }
        };
        let (_keeper, memory) = Keeper::open(folder.path(), windows, Bounds::default(), START).unwrap();
        assert_eq!(memory.closed_until(), START + 4 * SECOND);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    assert!(Keeper::open(&missing, WINDOWS, Bounds::default(), START).is_err());
}

#[tokio::test]
async fn the_pulse_goes_on_until_the_memory_is_gone() {
    static NOW: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(START);
    let folder = tempfile::tempdir().unwrap();
    let (keeper, memory) = open(folder.path(), START);
    let memory = Arc::new(memory);
    memory.keep(nonce(START), START).unwrap();
    NOW.store(START + 100 * SECOND, std::sync::atomic::Ordering::Relaxed);
    let weak = Arc::downgrade(&memory);
    let clock = || NOW.load(std::sync::atomic::Ordering::Relaxed);
    let beating = tokio::spawn(Arc::new(keeper).beat(move || weak.upgrade(), clock));
    let read = || Pulse::from_bytes(&fs::read(folder.path().join(PULSE)).unwrap()).unwrap();
    while read().until < START + 100 * SECOND {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(memory.is_empty(), "what has expired is forgotten on the way");
    drop(memory);
    tokio::time::timeout(Duration::from_secs(10), beating).await.unwrap().unwrap();
}
