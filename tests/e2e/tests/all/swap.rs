//! A plugin is replaced while requests run.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Map, Value, json};
use soma_dendrite::{Dendrite, SynapseOptions, SynapseTarget};
use soma_e2e::account::BOB;
use soma_e2e::{Neuron, places};
use soma_wallet::Signer;

use crate::miner;

const OLD: &str = "text-miner 0.1.0";
const NEW: &str = "text-miner 0.2.0";

/// How many callers ask without a pause.
const CALLERS: usize = 4;

/// How many answers have to come before and after the swap.
const ENOUGH: usize = 50;

/// A hang guard.
const GUARD: Duration = Duration::from_secs(120);

/// What the callers saw.
#[derive(Default)]
struct Seen {
    answered: AtomicUsize,
    new: AtomicUsize,
    stop: AtomicBool,
}

async fn dendrite(neuron: &Neuron) -> Dendrite {
    let keyfile = neuron.bench().wallets().join(BOB.name).join("hotkeys/default");
    let signer = Signer::start(&places::soma().unwrap(), &["signer"], &keyfile).await.unwrap();
    Dendrite::new(signer).unwrap()
}

fn question() -> Map<String, Value> {
    json!({"prompt": "one two", "temperature": 0}).as_object().unwrap().clone()
}

/// Asks until it is told to stop; fails with the first answer that is not a success.
async fn keep_asking(
    dendrite: Arc<Dendrite>,
    target: SynapseTarget,
    seen: Arc<Seen>,
) -> Result<BTreeSet<String>, String> {
    let mut models = BTreeSet::new();
    while !seen.stop.load(Ordering::Relaxed) {
        let options = SynapseOptions { timeout: GUARD, ..SynapseOptions::default() };
        let answer = dendrite.synapse(&target, question(), &options).await.map_err(|error| format!("{error:?}"))?;
        let fields = answer.synapse.fields.as_ref().filter(|_| answer.synapse.is_success());
        let model = fields.and_then(|fields| fields.get("model_name")).and_then(Value::as_str);
        let model = model.ok_or_else(|| format!("{:?}", answer.synapse))?.to_owned();
        if model == NEW {
            seen.new.fetch_add(1, Ordering::Relaxed);
        } else if models.contains(NEW) {
            return Err("the old version answered after the new one".to_owned());
        }
        models.insert(model);
        seen.answered.fetch_add(1, Ordering::Relaxed);
    }
    Ok(models)
}

async fn wait_for(count: &AtomicUsize, enough: usize) {
    let waiting = async {
        while count.load(Ordering::Relaxed) < enough {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(GUARD, waiting).await.expect("answers come");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_while_a_plugin_is_swapped() {
    let neuron = miner::start();
    let dendrite = Arc::new(dendrite(&neuron).await);
    let target = SynapseTarget::new(&neuron.address(), neuron.hotkey(), "TextGeneration").unwrap();
    let seen = Arc::new(Seen::default());
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| tokio::spawn(keep_asking(Arc::clone(&dendrite), target.clone(), Arc::clone(&seen))))
        .collect();
    wait_for(&seen.answered, ENOUGH).await;
    assert_eq!(seen.new.load(Ordering::Relaxed), 0);

    let swapped = tokio::task::block_in_place(|| neuron.swap("text", &places::guest("swap_next").unwrap())).unwrap();
    assert!(swapped.status.success(), "{}{}", swapped.stdout, swapped.stderr);
    wait_for(&seen.new, ENOUGH).await;
    seen.stop.store(true, Ordering::Relaxed);
    let mut models = BTreeSet::new();
    for caller in callers {
        models.extend(caller.await.unwrap().unwrap_or_else(|error| panic!("{error}\n{}", neuron.log())));
    }
    assert_eq!(models, BTreeSet::from([OLD.to_owned(), NEW.to_owned()]));
}

#[test]
fn a_bad_candidate_leaves_the_old_version_serving() {
    let neuron = miner::start();
    let cut = {
        let whole = std::fs::read(places::guest("swap_next").unwrap()).unwrap();
        neuron.bench().write("cut.wasm", &whole[..whole.len() / 2]).unwrap()
    };
    let text = neuron.bench().write("text.wasm", b"this is no plugin").unwrap();
    let absent = neuron.bench().path().join("absent.wasm");
    let others =
        ["import_foreign", "import_unwanted", "export_half", "export_shape"].map(|name| places::guest(name).unwrap());
    for file in [cut, text, absent].iter().chain(&others) {
        let refused = neuron.swap("text", file).unwrap();
        let said = refused.stdout + &refused.stderr;
        assert!(!refused.status.success(), "{}: {said}", file.display());
        assert!(said.contains("soma::"), "{}: {said}", file.display());
        assert!(!said.contains("panicked"), "{said}");
        let answer = neuron.ask(&miner::ask_synapse()).unwrap();
        assert_eq!((answer.status, &answer.json()["model_name"]), (200, &json!(OLD)), "{}", file.display());
    }
    let refused = neuron.swap("nowhere", &places::guest("swap_next").unwrap()).unwrap();
    assert!(
        !refused.status.success() && (refused.stdout + &refused.stderr).contains("text"),
        "names the slots that there are"
    );
}

#[test]
fn the_list_names_the_version_that_serves() {
    let neuron = miner::start();
    for (version, swap) in [("0.1.0", true), ("0.2.0", false)] {
        let listed = neuron.list().unwrap();
        assert!(listed.status.success(), "{}", listed.stderr);
        assert!(listed.stdout.contains("text") && listed.stdout.contains(version), "{}", listed.stdout);
        if swap {
            let swapped = neuron.swap("text", &places::guest("swap_next").unwrap()).unwrap();
            assert!(swapped.status.success(), "{}{}", swapped.stdout, swapped.stderr);
        }
    }
}

#[test]
fn the_admin_socket_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let neuron = miner::start();
    let mode = std::fs::metadata(neuron.bench().admin_socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}
