//! Processes that are killed on the way: this test program again, told to run `child_writer`, and ended with SIGKILL.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use soma_chain::write::{Journal, JournalError, ServeAxon, WritePolicy};
use soma_chain::{Proposal, Request, Sent, WriteError, Writer};
use soma_localnet::{Fault, Layer};
use subxt_rpcs::{RpcClient, rpc_params};

use crate::fixture::{Chain, Hotkey, NETUID, connect, key, policy, until};

const ARGS: [&str; 4] = ["--exact", "journal::child_writer", "--ignored", "--nocapture"];

/// The chain's URL, the journal's folder, and the faults that are made between signing and keeping.
const URL: &str = "SOMA_TEST_URL";
const FOLDER: &str = "SOMA_TEST_FOLDER";
const FAULTS: &str = "SOMA_TEST_FAULTS";

/// Longer than any of these tests.
const FAULT_SECONDS: u32 = 600;

fn serve() -> Request {
    Request::ServeAxon(ServeAxon::new(NETUID, "127.0.0.2:1".parse().unwrap()))
}

#[test]
#[ignore = "runs in the child of other tests"]
fn child_writer() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let (url, faults) = (variable(URL), variable(FAULTS));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let sent = runtime.block_on(async {
        let client = connect(&[&url]).await;
        let patience = Duration::from_secs(600);
        let journal = Journal::open(variable(FOLDER)).unwrap();
        let writer = Writer::new(client, journal, WritePolicy { patience, ..policy() });
        let Proposal::Send(plan) = writer.plan(&key("//m2"), &serve()).await.unwrap() else { panic!("unneeded") };
        let fails = || {
            let (url, faults) = (url.clone(), faults.clone());
            // A runtime of its own, because a signature is not made in a task.
            let thread = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(make(&url, &faults));
            });
            thread.join().unwrap();
        };
        writer.send(&plan, &Hotkey::then("//m2", fails)).await
    });
    println!("it was not killed: {sent:?}");
}

async fn make(url: &str, faults: &str) {
    let client = RpcClient::from_insecure_url(url).await.unwrap();
    let faults: Vec<serde_json::Value> = serde_json::from_str(faults).unwrap();
    for fault in faults {
        // The answer to the last may be lost, because it stops all answers.
        let asked = client.request::<bool>("soma_fault", rpc_params![fault, FAULT_SECONDS]);
        let _ = tokio::time::timeout(Duration::from_secs(1), asked).await;
    }
}

fn child(chain: &Chain, faults: &serde_json::Value) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(ARGS)
        .env(URL, chain.net.url())
        .env(FOLDER, chain.folder.path())
        .env(FAULTS, faults.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

async fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

async fn recovers(chain: &Chain) {
    chain.net.clear();
    until("the endpoint is used again", async || chain.client.at_finalized().await.is_ok()).await;
    let receipt = chain.writer.resume(&key("//m2")).await.unwrap().unwrap();
    assert_eq!((receipt.sent, receipt.account), (Sent::Earlier, key("//m2")));
    assert_eq!((chain.extrinsics().await, chain.kept()), (1, 0));
    assert_eq!(chain.writer.resume(&key("//m2")).await.unwrap(), None);
    assert!(matches!(chain.proposal("//m2", serve()).await, Ok(Proposal::Unneeded(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_keeping_and_sending() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let child = child(&chain, &json!([{ "fault": "half_open" }]));
    until("it is kept", async || chain.kept() == 1).await;
    kill(child).await;
    assert_eq!(chain.net.head(), 0);
    recovers(&chain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_sending_and_the_answer() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let child = child(&chain, &json!([{ "fault": "freeze" }, { "fault": "drop_answer" }]));
    until("it waits in the pool", async || chain.waiting().await == 1).await;
    kill(child).await;
    recovers(&chain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_it_landed() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let child = child(&chain, &json!([{ "fault": "freeze" }]));
    until("it waits in the pool", async || chain.waiting().await == 1).await;
    kill(child).await;
    chain.net.advance(3);
    recovers(&chain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_living_process_keeps_others_from_its_account() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let child = child(&chain, &json!([{ "fault": "freeze" }]));
    until("it waits in the pool", async || chain.waiting().await == 1).await;
    let lock = Duration::from_millis(200);
    let writer = Writer::new(
        chain.client.clone(),
        Journal::open(chain.folder.path()).unwrap(),
        WritePolicy { lock, ..policy() },
    );
    let error = writer.resume(&key("//m2")).await.unwrap_err();
    assert!(matches!(error, WriteError::Journal(JournalError::Busy { .. })) && error.passes(), "{error:?}");
    // Another account is free.
    assert_eq!(writer.resume(&key("//m3")).await.unwrap(), None);
    kill(child).await;
    recovers(&chain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_journal_stops_everything_and_is_not_dropped() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plan = chain.plan("//m2", serve()).await;
    chain.net.fault(Fault::Freeze);
    chain.patient(Duration::from_millis(300)).send(&plan, &Hotkey::new("//m2")).await.unwrap_err();
    let mut files = std::fs::read_dir(chain.folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.extension().is_some_and(|extension| extension == "json")).unwrap();
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 9]).unwrap();
    chain.net.clear();
    let damaged = |error: &WriteError| matches!(error, WriteError::Journal(JournalError::Damaged { .. }));
    assert!(damaged(&chain.send("//m2", &plan).await.unwrap_err()));
    assert!(damaged(&chain.writer.resume(&key("//m2")).await.unwrap_err()));
    assert!(damaged(&chain.writer.pending(&key("//m2")).unwrap_err()));
    std::fs::write(&file, &whole).unwrap();
    assert_eq!(chain.writer.resume(&key("//m2")).await.unwrap().unwrap().sent, Sent::Earlier);
    assert_eq!(chain.extrinsics().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_that_cannot_be_kept() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let plan = chain.plan("//m2", serve()).await;
    let folder = chain.folder.path().join("gone");
    let writer = Writer::new(chain.client.clone(), Journal::open(&folder).unwrap(), policy());
    std::fs::remove_dir(&folder).unwrap();
    let error = writer.send(&plan, &Hotkey::new("//m2")).await.unwrap_err();
    assert!(matches!(error, WriteError::Journal(JournalError::Io { .. })), "{error:?}");
    // The folder goes away after the lock was taken.
    std::fs::create_dir(&folder).unwrap();
    let removes = || std::fs::remove_dir_all(&folder).unwrap();
    let error = writer.send(&plan, &Hotkey::then("//m2", removes)).await.unwrap_err();
    assert!(matches!(error, WriteError::Journal(JournalError::Io { .. })), "{error:?}");
    assert_eq!(chain.extrinsics().await, 0);
}
