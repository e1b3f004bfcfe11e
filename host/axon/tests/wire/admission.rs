//! Strangers are turned away by what the chain says of the hotkey that they claim, before any signature is looked at.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use soma_axon::admission::{PermitRule, Roll, Terms};
use soma_axon::{Admission, ChainView};
use soma_runtime::{Metagraph, Neuron as Member, Subnet};

use crate::client::Request;
use crate::fixture::{Neuron, Options};
use crate::signed::{Account, BOB, Btauth, CHARLIE, DAVE, FERDIE, Synapse, forged};

/// What is asked of strangers in these tests.
const TERMS: Terms = Terms { min_stake: 1000.0, permit: PermitRule::Required };

/// Bob has all, Charlie has no permit, Dave too little stake; Ferdie is not there.
struct Three;

impl Metagraph for Three {
    fn subnet(&self) -> Subnet {
        Subnet { netuid: 1, block: 7, size: 3, own_uid: None }
    }

    fn by_uid(&self, uid: u16) -> Option<Member> {
        let (who, stake, validator_permit) =
            [(&BOB, 1000.0, true), (&CHARLIE, 5000.0, false), (&DAVE, 999.5, true)].get(usize::from(uid)).copied()?;
        Some(Member {
            uid,
            hotkey: who.ss58.clone(),
            coldkey: String::new(),
            stake,
            alpha_stake: stake,
            tao_stake: 0.0,
            emission: 0.0,
            consensus: 0.0,
            incentive: 0.0,
            dividends: 0.0,
            validator_trust: 0.0,
            validator_permit,
            active: true,
            last_update: 0,
            axon: None,
        })
    }

    fn by_hotkey(&self, hotkey: &str) -> Option<Member> {
        (0..3).filter_map(|uid| self.by_uid(uid)).find(|member| member.hotkey == hotkey)
    }
}

fn roll(good_for: Option<Duration>) -> Roll {
    Roll::new(Arc::new(Three), good_for, None)
}

/// An axon that looks strangers up in this view.
async fn neuron(view: &ChainView) -> Neuron {
    let admission = Admission::registered(TERMS, []).on_chain(view.clone());
    Neuron::start_with(Options { admission, ..Options::default() }).await
}

/// One request in each protocol, and the name of its signature.
fn requests(caller: &'static Account) -> [(Request, &'static str); 2] {
    let route = "Counter";
    let synapse = Synapse { caller, ..Synapse::new(route, json!({"then": "answer"})) };
    let btauth = Btauth { caller, ..Btauth::new(&format!("/{route}"), r#"{"then": "answer"}"#) };
    [(synapse.sign(), "bt_header_dendrite_signature"), (btauth.sign(), "x-bittensor-signature")]
}

#[tokio::test]
async fn strangers_are_judged_by_the_chain_before_their_signature_is() {
    let view = ChainView::new();
    view.store(roll(None));
    let neuron = neuron(&view).await;
    let table = [
        (&FERDIE, ["not registered on this subnet", "not-registered"]),
        (&CHARLIE, ["no validator permit", "no-permit"]),
        (&DAVE, ["less stake than 1000", "too-little-stake"]),
    ];
    for (who, reasons) in table {
        for ((request, signature), reason) in requests(who).into_iter().zip(reasons) {
            for request in [request.clone(), request.clone().with(signature, forged()), request.without(signature)] {
                let answer = neuron.ask(&request).await;
                assert_eq!(answer.status, 403, "{reason}: {}", answer.text());
                assert!(answer.text().contains(reason), "{}", answer.text());
            }
        }
    }
    for (request, signature) in requests(&BOB) {
        assert_eq!(neuron.ask(&request.clone().with(signature, forged())).await.status, 401, "a name proves nothing");
        assert_eq!(neuron.ask(&request).await.status, 200);
    }
}

#[tokio::test]
async fn without_a_view_that_is_new_enough_everybody_is_asked_to_come_back() {
    let view = ChainView::new();
    let neuron = neuron(&view).await;
    let outage = async || {
        for (request, _) in [requests(&BOB), requests(&FERDIE)].into_iter().flatten() {
            let answer = neuron.ask(&request).await;
            assert_eq!((answer.status, answer.header("retry-after")), (503, Some("12")), "{}", answer.text());
        }
    };
    outage().await;
    view.store(roll(Some(Duration::ZERO)));
    outage().await;
    view.store(roll(None));
    for (request, _) in requests(&BOB) {
        assert_eq!(neuron.ask(&request).await.status, 200);
    }
}

#[tokio::test]
async fn plugins_see_what_the_chain_says_of_who_signed() {
    let view = ChainView::new();
    view.store(roll(None));
    let neuron = neuron(&view).await;
    let answer = neuron.ask(&Synapse::new("Probe", json!({})).sign()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = &answer.json()["seen"];
    assert_eq!(
        (seen["uid"].as_u64(), seen["stake"].as_f64(), seen["validator_permit"].as_bool()),
        (Some(0), Some(1000.0), Some(true))
    );
}
