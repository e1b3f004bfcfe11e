//! One caller that wants all of a plugin, or leaves it to its work and asks again.

use std::time::{Duration, Instant};

use serde_json::json;
use soma_runtime::slots::SlotStatus;
use soma_runtime::{CallError, InstanceSpec, Slots};

use crate::budgets::granted;
use crate::fixture::{LONG, call_by, guest, load, serve, slot, slot_of};

/// Longer than what counts as computing, shorter than any CPU budget here.
const IMPATIENT: Duration = Duration::from_millis(300);

async fn ask(slots: &Slots, caller: &str, route: &str, then: &str, limit: Duration) -> Result<(), CallError> {
    let body = json!({"then": then}).to_string();
    serve(&slots.table(), call_by(caller, route, body, limit)).await.map(drop)
}

async fn status(slots: &Slots) -> SlotStatus {
    slots.list().await.remove(0)
}

/// Counters belong to a slot's name, so each test has its own.
async fn resident(name: &str, cpu: &str) -> Slots {
    let spec = granted(slot(name, guest("warm_init")), &json!({"forward-cpu": cpu}));
    let slots = load([soma_runtime::SlotSpec { instances: Some(InstanceSpec::Resident), ..spec }]).await.unwrap();
    ask(&slots, "honest", "Count", "answer", LONG).await.unwrap();
    slots
}

/// On a busy machine a guest may get so little of a core that nobody is to blame, so there are some tries.
#[tokio::test]
async fn who_lets_a_forward_compute_and_gives_up_has_to_wait() {
    let slots = load([slot("greed-computes", guest("fresh_counter"))]).await.unwrap();
    for hangs_up in [false, true] {
        let caller = format!("caller-{hangs_up}");
        let start = Instant::now();
        loop {
            let limit = if hangs_up { LONG } else { IMPATIENT };
            let call = ask(&slots, &caller, "Counter", "spin", limit);
            match tokio::time::timeout(2 * IMPATIENT, call).await {
                Err(_) => assert!(hangs_up),
                Ok(Err(CallError::Slowed { .. })) => break,
                Ok(Err(CallError::WallBudget { .. })) => assert!(!hangs_up),
                Ok(other) => panic!("{other:?}"),
            }
            assert!(start.elapsed() < LONG, "it is never told to wait: {hangs_up}");
        }
    }
    let seen = status(&slots).await;
    assert!(seen.slowed > 0, "{seen:?}");
    assert_eq!((seen.traps, seen.out_until_ms), (0, None), "it says nothing of the plugin");
    ask(&slots, "honest", "Counter", "answer", LONG).await.unwrap();
}

#[tokio::test]
async fn who_is_gone_before_a_forward_computed_for_long_does_not_wait() {
    let slots = load([slot_of("fresh_counter")]).await.unwrap();
    for _ in 0..5 {
        let late = ask(&slots, "hasty", "Counter", "spin", Duration::from_millis(5)).await;
        assert!(matches!(late, Err(CallError::WallBudget { .. })), "{late:?}");
    }
}

/// The call goes on without its caller, so it is judged without it.
#[tokio::test]
async fn a_short_time_out_hides_nobody_from_a_resident_plugin() {
    let slots = resident("greed-leaves", "500ms").await;
    let late = ask(&slots, "attacker", "Count", "endless", Duration::from_millis(20)).await;
    assert!(matches!(late, Err(CallError::WallBudget { .. })), "{late:?}");
    let again = ask(&slots, "attacker", "Count", "endless", Duration::from_millis(20)).await;
    assert!(matches!(again, Err(CallError::Slowed { .. })), "while the first one runs: {again:?}");
    let start = Instant::now();
    while status(&slots).await.traps == 0 {
        assert!(start.elapsed() < LONG, "nobody judged it");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let seen = status(&slots).await;
    assert_eq!((seen.traps, seen.slowed), (1, 1));
    assert!(seen.exhausted.iter().any(|one| one.budget == "cpu" && one.times == 1), "{:?}", seen.exhausted);
    let after = ask(&slots, "attacker", "Count", "answer", LONG).await;
    assert!(matches!(after, Err(CallError::Slowed { .. })), "{after:?}");
    tokio::time::sleep(Duration::from_millis(120)).await;
    ask(&slots, "honest", "Count", "answer", LONG).await.unwrap();
}

/// What the host says while the instance is made again is no good answer of the plugin.
#[tokio::test]
async fn a_resident_plugin_that_always_traps_goes_out() {
    let slots = resident("greed-traps", "10s").await;
    let start = Instant::now();
    let mut turned_away = 0;
    for caller in 0.. {
        match ask(&slots, &format!("caller-{caller}"), "Count", "trap", LONG).await {
            Err(CallError::Out { .. }) => break,
            Err(CallError::Starting { .. }) => turned_away += 1,
            Err(CallError::Trap { .. }) => {}
            other => panic!("{other:?}"),
        }
        assert!(start.elapsed() < LONG, "it is never out");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(turned_away > 20, "more than four times the traps: {turned_away}");
}

#[tokio::test]
async fn one_caller_does_not_hold_every_place() {
    let slots = load([granted(slot_of("fresh_counter"), &json!({"in-flight": 4}))]).await.unwrap();
    let greedy = async {
        let calls = (0..12).map(|_| ask(&slots, "greedy", "Counter", "spin", LONG));
        futures_util::future::join_all(calls).await
    };
    let honest = async {
        while status(&slots).await.waiting < 10 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        ask(&slots, "honest", "Counter", "answer", Duration::from_secs(5)).await
    };
    tokio::select! {
        _ = greedy => panic!("they spin for ten seconds of CPU time"),
        served = honest => served.unwrap(),
    }
}

/// The trap comes while another request of the caller stands in line.
#[tokio::test]
async fn who_has_to_wait_does_not_get_its_turn_either() {
    let budget = json!({"in-flight": 1, "forward-cpu": "100ms"});
    let slots = load([granted(slot_of("fresh_counter"), &budget)]).await.unwrap();
    let calls = (0..4).map(|_| ask(&slots, "attacker", "Counter", "spin", LONG));
    let ended = futures_util::future::join_all(calls).await;
    let count = |wanted: fn(&CallError) -> bool| {
        ended.iter().flat_map(|one| one.as_ref().err()).filter(|error| wanted(error)).count()
    };
    let spun = count(|error| matches!(error, CallError::CpuBudget { .. }));
    let slowed = count(|error| matches!(error, CallError::Slowed { .. }));
    assert_eq!((spun, slowed), (1, 3), "{ended:?}");
}
