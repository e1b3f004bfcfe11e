//! The swap under a stream of requests of both dialects.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method};
use serde_json::{Map, Value, json};
use soma_dendrite::{BtauthRequest, Dendrite, SynapseOptions, SynapseTarget};
use soma_e2e::account::ALICE;
use soma_e2e::{HarnessError, places};
use tokio::runtime::Runtime;

use crate::host::Host;
use crate::report::{Outcome, Report};

/// Callers that ask without a pause, half of them in each dialect.
const CALLERS: usize = 4;
/// Answers that are waited for before and after the swap.
const ENOUGH: usize = 100;
/// A hang guard.
const GUARD: Duration = Duration::from_secs(60);

/// What all callers count together.
#[derive(Default)]
struct Counts {
    old: AtomicUsize,
    new: AtomicUsize,
    failed: AtomicUsize,
    stop: AtomicBool,
}

/// Swaps to the second version of the plugin while callers ask, and counts failures.
pub fn swap(host: &Host, report: &mut Report, dendrite: &Arc<Dendrite>, runtime: &Runtime) -> Result<(), HarnessError> {
    let counts = Arc::new(Counts::default());
    let callers: Vec<_> = (0..CALLERS)
        .map(|number| runtime.spawn(call(number, dendrite.clone(), host.address().to_string(), counts.clone())))
        .collect();
    runtime.block_on(wait_for(&counts, &counts.old));
    let swapped = host.swap(&places::guest("swap_next")?)?;
    runtime.block_on(wait_for(&counts, &counts.new));
    counts.stop.store(true, Ordering::Relaxed);
    for caller in callers {
        // A caller that panicked has failed.
        if runtime.block_on(caller).is_err() {
            counts.failed.fetch_add(1, Ordering::Relaxed);
        }
    }
    let said = swapped.stdout.lines().next().unwrap_or(&swapped.stderr).to_owned();
    report.check(Outcome::of(swapped.status.success()), "soma plugin swap", &said, "no restart");
    let count = |count: &AtomicUsize| count.load(Ordering::Relaxed);
    let (old, new, failed) = (count(&counts.old), count(&counts.new), count(&counts.failed));
    let answer = format!("{old} answered by version 0.1.0, then {new} by 0.2.0, {failed} failed");
    let holds = failed == 0 && old >= ENOUGH && new >= ENOUGH;
    report.check(
        Outcome::of(holds),
        "requests of both dialects meanwhile",
        &answer,
        "each keeps the version that admitted it",
    );
    Ok(())
}

async fn call(number: usize, dendrite: Arc<Dendrite>, address: String, counts: Arc<Counts>) {
    while !counts.stop.load(Ordering::Relaxed) {
        let fields = if number.is_multiple_of(2) {
            synapse(&dendrite, &address).await
        } else {
            btauth(&dendrite, &address).await
        };
        let count = match fields.as_ref().and_then(|fields| fields.get("model_name")).and_then(Value::as_str) {
            Some("text-miner 0.1.0") => &counts.old,
            Some("text-miner 0.2.0") => &counts.new,
            _ => &counts.failed,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

async fn synapse(dendrite: &Dendrite, address: &str) -> Option<Map<String, Value>> {
    let target = SynapseTarget::new(address, ALICE.hotkey, "TextGeneration").ok()?;
    let fields = json!({"prompt": "hello world"}).as_object().cloned()?;
    let answer = dendrite.synapse(&target, fields, &SynapseOptions::default()).await.ok()?;
    answer.synapse.fields.filter(|_| answer.synapse.status_code == Some(200))
}

async fn btauth(dendrite: &Dendrite, address: &str) -> Option<Map<String, Value>> {
    let request = BtauthRequest {
        url: format!("http://{address}/TextGeneration"),
        method: Method::POST,
        body: Bytes::from_static(br#"{"prompt": "hello world"}"#),
        content_type: Some(HeaderValue::from_static("application/json")),
        receiver: Some(ALICE.hotkey.to_owned()),
        timeout: GUARD,
    };
    let answer = dendrite.btauth(request).await.ok()?;
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    body.as_object().filter(|_| answer.status == 200).cloned()
}

/// Waits for enough answers, for the first failure, or for the guard.
async fn wait_for(counts: &Counts, count: &AtomicUsize) {
    let enough = async {
        while count.load(Ordering::Relaxed) < ENOUGH && counts.failed.load(Ordering::Relaxed) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // The counts decide; being too slow shows in them.
    let _ = tokio::time::timeout(GUARD, enough).await;
}
