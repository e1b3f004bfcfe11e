//! The signer process signs what is sent: this test program again, told to run `child_signer`.

use soma_chain::Request;
use soma_chain::WriteError;
use soma_chain::write::{AddStake, ServeAxon, SetWeights};
use soma_localnet::{Change, Layer};
use soma_protocol::signature::Crypto;
use soma_wallet::keyfile::{Draft, Existing, Protection, Secret};
use soma_wallet::{Access, Keypair, Phrase, Signer};

use crate::fixture::{Chain, NETUID, alpha, coldkey, key, public};

const ARGS: [&str; 4] = ["--exact", "signer::child_signer", "--ignored", "--nocapture"];
const PHRASE: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

#[test]
#[ignore = "runs in the child of other tests"]
fn child_signer() {
    let served = soma_wallet::signer::serve();
    if let Err(error) = &served {
        eprintln!("signer: {error}");
    }
    std::process::exit(i32::from(served.is_err()));
}

async fn signs(crypto: Crypto) {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hotkey");
    let draft = Draft::new(crypto, &Secret::Phrase(Phrase::parse(PHRASE).unwrap())).unwrap();
    draft.write(&file, Protection::Plain, Existing::Keep).unwrap();
    let access = Access::from(file.as_path()).without_terminal();
    let signer = Signer::start(&std::env::current_exe().unwrap(), &ARGS, access).await.unwrap();
    let hotkey = signer.public_key();
    chain.change(Change::Register { netuid: NETUID, hotkey: hotkey.0.into(), coldkey: public("//Alice") });
    for request in [
        Request::ServeAxon(ServeAxon::new(NETUID, "203.0.113.7:8091".parse().unwrap())),
        Request::SetWeights(SetWeights::new(NETUID, vec![(4, 1.0)])),
    ] {
        let soma_chain::Proposal::Send(plan) = chain.writer.plan(&hotkey, &request).await.unwrap() else {
            panic!("unneeded")
        };
        chain.writer.send(&plan, &signer).await.unwrap();
    }
    let axon = chain.client.at_finalized().await.unwrap().axon(NETUID, &hotkey).await.unwrap().unwrap();
    assert_eq!(axon.address().unwrap().to_string(), "203.0.113.7:8091");
    // It has no word for a stake.
    chain.change(Change::Balance { account: hotkey.0.into(), rao: alpha(10) });
    let stake = Request::AddStake(AddStake::new(NETUID, key("//m2"), alpha(1)));
    let soma_chain::Proposal::Send(plan) = chain.writer.plan(&hotkey, &stake).await.unwrap() else {
        panic!("unneeded")
    };
    let error = chain.writer.send(&plan, &signer).await.unwrap_err();
    assert!(matches!(error, WriteError::Sign(_)), "{error:?}");
    assert_eq!(chain.extrinsics().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signer_process_signs_the_hotkeys_calls() {
    signs(Crypto::Sr25519).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ed25519_hotkey_signs_too() {
    signs(Crypto::Ed25519).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ed25519_coldkey_pays() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let pair = Keypair::from_phrase(Crypto::Ed25519, &Phrase::parse(PHRASE).unwrap()).unwrap();
    let account = pair.public_key();
    assert_ne!(account, soma_chain::Sign::account(&coldkey("//Alice")));
    chain.change(Change::Balance { account: account.0.into(), rao: alpha(10) });
    let stake = Request::AddStake(AddStake::new(NETUID, key("//m2"), alpha(1)));
    let soma_chain::Proposal::Send(plan) = chain.writer.plan(&account, &stake).await.unwrap() else {
        panic!("unneeded")
    };
    let receipt = chain.writer.send(&plan, &soma_chain::Coldkey::new(pair)).await.unwrap();
    assert!(receipt.fee.unwrap() > 0);
}
