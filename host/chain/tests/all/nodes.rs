//! Nodes that differ: on a fork, behind, of a chain that was made anew, with an empty pool, slow. Whatever they say, an
//! extrinsic is on its chain once, and is let go only when it can be on it no more.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use soma_chain::write::ServeAxon;
use soma_chain::{Client, Policy, Request, Sent, WriteError, WritePolicy, Writer};
use soma_localnet::{BlockTime, Config, Fault, Layer, Localnet};

use crate::fixture::{Chain, Hotkey, NETUID, endpoints, key, neurons, policy, quick, until, writer};
use crate::proxy::{Proxy, Say};

fn serve(port: u16) -> Request {
    Request::ServeAxon(ServeAxon::new(NETUID, ([127, 0, 0, 2], port).into()))
}

/// A writer over this endpoint and the chain's journal.
async fn over(proxy: &Proxy, chain: &Chain, patience: Duration) -> Writer {
    let policy = Policy { request: Duration::from_secs(1), ..quick() };
    let client = Client::connect(endpoints(&[proxy.url()]), policy).await.unwrap();
    writer(&client, &chain.folder, WritePolicy { patience, ..crate::fixture::policy() })
}

const SHORT: Duration = Duration::from_secs(2);
const LONG: Duration = Duration::from_secs(20);

/// Leaves an extrinsic in the journal and in the pool of a chain that stands still.
async fn leave_waiting(chain: &Chain) {
    let plan = chain.plan("//m2", serve(1)).await;
    chain.net.fault(Fault::Freeze);
    let error = chain.patient(Duration::from_millis(300)).send(&plan, &Hotkey::new("//m2")).await.unwrap_err();
    assert!(matches!(error, WriteError::Unsettled { .. }), "{error:?}");
    assert_eq!((chain.waiting().await, chain.kept()), (1, 1));
}

/// Leaves one in the journal that no node has ever seen.
async fn leave_unsent(chain: &Chain) {
    let plan = chain.plan("//m2", serve(1)).await;
    let stalls = || chain.net.fault(Fault::HalfOpen);
    chain.patient(Duration::from_millis(300)).send(&plan, &Hotkey::then("//m2", stalls)).await.unwrap_err();
    chain.net.clear();
    until("the endpoint is used again", async || chain.client.at_finalized().await.is_ok()).await;
    assert_eq!((chain.extrinsics().await, chain.waiting().await, chain.kept()), (0, 0, 1));
}

/// A proxy that answers each reading of a block by its number among them, and how many there were.
async fn reading(chain: &Chain, say: impl Fn(u32) -> Say + Send + Sync + 'static) -> (Proxy, Arc<AtomicU32>) {
    let reads = Arc::new(AtomicU32::new(0));
    let counting = Arc::clone(&reads);
    let proxy = Proxy::before(&chain.net.url(), move |method, _| match method {
        "chain_getBlock" => say(counting.fetch_add(1, Ordering::SeqCst)),
        _ => Say::Through,
    })
    .await;
    (proxy, reads)
}

async fn hash(chain: &Chain, number: u32) -> Value {
    json!(chain.client.rpc().chain_get_block_hash(Some(number.into())).await.unwrap().unwrap())
}

async fn unsettled(writer: &Writer) -> String {
    match writer.resume(&key("//m2")).await.unwrap_err() {
        WriteError::Unsettled { detail, .. } => detail,
        other => panic!("{other:?}"),
    }
}

async fn landed(writer: &Writer, chain: &Chain) {
    let receipt = writer.resume(&key("//m2")).await.unwrap().unwrap();
    assert_eq!(receipt.sent, Sent::Earlier);
    assert_eq!((chain.extrinsics().await, chain.kept()), (1, 0));
}

fn swallows(method: &str) -> bool {
    method == "author_submitExtrinsic"
}

/// An answer to `author_submitExtrinsic`.
fn taken() -> Say {
    Say::This(json!(format!("0x{}", "11".repeat(32))))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_on_a_fork_does_not_hide_the_block_it_is_in() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.advance(2);
    leave_waiting(&chain).await;
    chain.net.clear();
    chain.net.advance(2);
    // By number it has other blocks, as after a fail-over to a node that has not heard of the final ones.
    let elsewhere = hash(&chain, 1).await;
    let proxy = Proxy::before(&chain.net.url(), move |method, params| match (method, params) {
        ("chain_getBlockHash", [number]) if !number.is_null() && *number != json!(0) => Say::This(elsewhere.clone()),
        _ => Say::Through,
    })
    .await;
    landed(&over(&proxy, &chain, LONG).await, &chain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_alone_does_not_make_its_chain_another() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.advance(2);
    leave_unsent(&chain).await;
    chain.net.advance(2);
    let elsewhere = hash(&chain, 1).await;
    let proxy = Proxy::before(&chain.net.url(), move |method, params| match (method, params) {
        ("chain_getBlockHash", [number]) if !number.is_null() && *number != json!(0) => Say::This(elsewhere.clone()),
        (method, _) if swallows(method) => taken(),
        _ => Say::Through,
    })
    .await;
    unsettled(&over(&proxy, &chain, SHORT).await).await;
    assert_eq!(chain.kept(), 1);
    landed(&chain.writer, &chain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_behind_an_upgrade_does_not_end_what_was_signed_after_it() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.advance(2);
    let old = hash(&chain, 2).await;
    chain.net.fault(Fault::Upgrade);
    chain.net.advance(2);
    leave_waiting(&chain).await;
    let proxy = Proxy::before(&chain.net.url(), move |method, _| match method {
        "chain_getFinalizedHead" => Say::This(old.clone()),
        _ => Say::Through,
    })
    .await;
    let detail = unsettled(&over(&proxy, &chain, SHORT).await).await;
    assert!(detail.contains("the newest final block of the node is 2"), "{detail}");
    assert_eq!((chain.waiting().await, chain.kept()), (1, 1));
    chain.net.clear();
    landed(&chain.writer, &chain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_is_signed_for_before_it_is_final() {
    let block_time = BlockTime::Every(Duration::from_millis(40));
    let chain = Chain::start(Config { genesis: neurons(), block_time, finality_lag: 12, ..Config::default() }).await;
    let plan = chain.plan("//m2", serve(1)).await;
    let signed = Arc::new(AtomicU32::new(0));
    let upgrades = || {
        if signed.fetch_add(1, Ordering::SeqCst) == 0 {
            chain.net.fault(Fault::Upgrade);
        }
    };
    let writer = writer(&chain.client, &chain.folder, WritePolicy { period: 256, ..policy() });
    writer.send(&plan, &Hotkey::then("//m2", upgrades)).await.unwrap();
    assert_eq!(signed.load(Ordering::SeqCst), 2);
    assert_eq!((chain.extrinsics().await, chain.kept()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_for_a_chain_that_is_gone_is_let_go() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.net.advance(3);
    leave_waiting(&chain).await;
    let genesis = json!(chain.net.genesis());
    let anew = Localnet::start(Config { genesis: neurons(), ..Config::default() }).unwrap();
    let proxy = Proxy::before(&anew.url(), move |method, params| match (method, params) {
        ("chain_getBlockHash", [number]) if *number == json!(0) => Say::This(genesis.clone()),
        (method, _) if swallows(method) => taken(),
        _ => Say::Through,
    })
    .await;
    let writer = over(&proxy, &chain, SHORT).await;
    // Nothing is known as long as it is not as long as the first.
    anew.advance(2);
    let detail = unsettled(&writer).await;
    assert!(detail.contains("delete "), "{detail}");
    for blocks in [1, 4] {
        anew.advance(blocks);
        assert_eq!(writer.resume(&key("//m2")).await.unwrap(), None);
        assert_eq!(chain.kept(), 0);
        chain.net.clear();
        chain.net.advance(1);
        if blocks == 1 {
            // Once more, with a block after the one that it was signed after.
            let plan = chain.plan("//m2", serve(2)).await;
            chain.net.fault(Fault::Freeze);
            chain.patient(SHORT).send(&plan, &Hotkey::new("//m2")).await.unwrap_err();
            assert_eq!(chain.kept(), 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_that_cannot_be_fetched_is_an_outage() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let proxy = Proxy::before(&chain.net.url(), |method, params| match (method, params) {
        ("state_call", [name, ..]) if name.as_str().unwrap().starts_with("Metadata_") => Say::Nothing,
        _ => Say::Through,
    })
    .await;
    let writer = over(&proxy, &chain, SHORT).await;
    let error = writer.client().at_finalized().await.err().unwrap();
    assert!(error.passes(), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_cannot_be_read_now_is_read_later() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    leave_waiting(&chain).await;
    chain.net.clear();
    let mut before = Vec::new();
    for number in 0..=chain.net.head() {
        before.push(hash(&chain, number).await);
    }
    chain.net.fault(Fault::Upgrade);
    let fails = Arc::new(AtomicBool::new(true));
    let failing = Arc::clone(&fails);
    let proxy = Proxy::before(&chain.net.url(), move |method, params| match (method, params) {
        ("state_call", [name, _, at])
            if failing.load(Ordering::SeqCst)
                && name.as_str().unwrap().starts_with("Metadata_")
                && before.contains(at) =>
        {
            Say::Refusal(-32000, "too many requests".to_owned())
        }
        _ => Say::Through,
    })
    .await;
    let writer = over(&proxy, &chain, SHORT).await;
    let detail = unsettled(&writer).await;
    assert!(detail.contains("what came of it is not read yet"), "{detail}");
    fails.store(false, Ordering::SeqCst);
    landed(&writer, &chain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn patience_ends_in_the_middle_of_a_look_too() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    leave_unsent(&chain).await;
    chain.net.advance(20);
    let (proxy, reads) = reading(&chain, |_| Say::After(Duration::from_millis(250))).await;
    unsettled(&over(&proxy, &chain, SHORT).await).await;
    let first = reads.swap(0, Ordering::SeqCst);
    assert!(first < 15, "{first}");
    assert_eq!(over(&proxy, &chain, LONG).await.resume(&key("//m2")).await.unwrap(), None);
    assert_eq!((reads.load(Ordering::SeqCst), chain.kept()), (15, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ends_on_the_way_back_is_gone_on_from() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    leave_unsent(&chain).await;
    chain.net.advance(20);
    // Twice in a row, so that the client does not help itself.
    let lost = |number| if (5..7).contains(&number) { Say::Nothing } else { Say::Through };
    let (proxy, reads) = reading(&chain, lost).await;
    assert_eq!(over(&proxy, &chain, LONG).await.resume(&key("//m2")).await.unwrap(), None);
    // A second one in the row is not asked when the endpoint rests.
    assert!((16..=17).contains(&reads.load(Ordering::SeqCst)), "{reads:?}");
    assert_eq!(chain.kept(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_after_only_the_blocks_that_matter_are_read() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    leave_unsent(&chain).await;
    chain.net.advance(400);
    let reads = Arc::new(AtomicU32::new(0));
    let counting = Arc::clone(&reads);
    let proxy = Proxy::before(&chain.net.url(), move |method, _| {
        if matches!(method, "chain_getBlock" | "chain_getHeader") {
            counting.fetch_add(1, Ordering::SeqCst);
        }
        Say::Through
    })
    .await;
    assert_eq!(over(&proxy, &chain, LONG).await.resume(&key("//m2")).await.unwrap(), None);
    let read = reads.load(Ordering::SeqCst);
    assert!(read < 30, "{read}");
    assert_eq!(chain.kept(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_no_node_has_any_more_is_told_and_one_that_is_not_there_yet_is_waited_for() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    leave_waiting(&chain).await;
    chain.net.clear();
    let old = hash(&chain, 0).await;
    for falls_behind in [false, true] {
        let (old, asked) = (old.clone(), AtomicBool::new(false));
        let proxy = Proxy::before(&chain.net.url(), move |method, _| match method {
            "chain_getBlock" => Say::This(Value::Null),
            "chain_getFinalizedHead" if asked.swap(true, Ordering::SeqCst) && falls_behind => Say::This(old.clone()),
            _ => Say::Through,
        })
        .await;
        let error = over(&proxy, &chain, SHORT).await.resume(&key("//m2")).await.unwrap_err();
        match falls_behind {
            false => assert!(matches!(error, WriteError::Untraceable { .. }) && !error.passes(), "{error:?}"),
            true => assert!(matches!(error, WriteError::Unsettled { .. }) && error.passes(), "{error:?}"),
        }
        assert_eq!(chain.kept(), 1);
    }
    landed(&chain.writer, &chain).await;
}

/// A proxy that loses the first transaction, and fails once after it if it is told to; with all transactions it was given.
async fn forgetful(chain: &Chain, fails: bool) -> (Proxy, Arc<Mutex<Vec<Value>>>) {
    let given = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&given);
    let failing = AtomicBool::new(fails);
    let proxy = Proxy::before(&chain.net.url(), move |method, params| {
        let mut noted = noted.lock().unwrap();
        match method {
            "author_submitExtrinsic" => {
                noted.push(params[0].clone());
                if noted.len() == 1 { taken() } else { Say::Through }
            }
            "chain_getFinalizedHead" if noted.len() == 1 && failing.swap(false, Ordering::SeqCst) => Say::Nothing,
            _ => Say::Through,
        }
    })
    .await;
    (proxy, given)
}

async fn is_given_again(chain: &Chain, fails: bool) {
    let (proxy, given) = forgetful(chain, fails).await;
    let writer = over(&proxy, chain, LONG).await;
    let writer = Writer::new(
        writer.client().clone(),
        soma_chain::Journal::open(chain.folder.path()).unwrap(),
        WritePolicy { period: 256, ..policy() },
    );
    let plan = chain.plan("//m2", serve(1)).await;
    writer.send(&plan, &Hotkey::new("//m2")).await.unwrap();
    let given = given.lock().unwrap().clone();
    assert!(given.len() >= 2 && given.iter().all(|bytes| *bytes == given[0]), "{}", given.len());
    assert_eq!((chain.extrinsics().await, chain.kept()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_started_anew_gets_the_same_bytes_again() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    is_given_again(&chain, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_threw_it_out_gets_the_same_bytes_again() {
    let block_time = BlockTime::Every(Duration::from_millis(40));
    let chain = Chain::start(Config { genesis: neurons(), block_time, ..Config::default() }).await;
    is_given_again(&chain, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_a_node_do_not_reach_the_terminal_as_they_are() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let words = || format!("\u{1b}]0;owned\u{7}\u{202e}{}", "x".repeat(1 << 20));
    for refused in ["system_health", "chain_getFinalizedHead", "author_submitExtrinsic"] {
        let proxy = Proxy::before(&chain.net.url(), move |method, _| match method == refused {
            true => Say::Refusal(-32050, words()),
            false => Say::Through,
        })
        .await;
        let said = match Client::connect(endpoints(&[proxy.url()]), quick()).await {
            Err(error) => error.to_string(),
            Ok(client) => match client.at_finalized().await {
                Err(error) => error.to_string(),
                Ok(_) => {
                    let writer = writer(&client, &chain.folder, WritePolicy { patience: SHORT, ..policy() });
                    let plan = chain.plan("//m2", serve(1)).await;
                    writer.send(&plan, &Hotkey::new("//m2")).await.unwrap_err().to_string()
                }
            },
        };
        assert!(said.contains("owned") || said.contains("xxx"), "{refused}: {said}");
        assert!(!said.chars().any(|char| char.is_control() || char == '\u{202e}'), "{refused}: {said:?}");
        assert!(said.len() < 600, "{refused}: {}", said.len());
    }
}
