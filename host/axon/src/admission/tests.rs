//! Who is let in by which rule, and what is decoded for it.

use super::*;
use soma_runtime::{Metagraph, Neuron, Subnet};
use std::time::Duration;

const ALICE: PublicKey = PublicKey([1; 32]);
const BOB: PublicKey = PublicKey([2; 32]);

/// A subnet with these neurons, their uids in this order.
struct Fake(Vec<Neuron>);

impl Metagraph for Fake {
    fn subnet(&self) -> Subnet {
        Subnet { netuid: 1, block: 9, size: u32::try_from(self.0.len()).unwrap(), own_uid: None }
    }

    fn by_uid(&self, uid: u16) -> Option<Neuron> {
        self.0.get(usize::from(uid)).cloned()
    }

    fn by_hotkey(&self, hotkey: &str) -> Option<Neuron> {
        self.0.iter().find(|neuron| neuron.hotkey == hotkey).cloned()
    }
}

type Row = (PublicKey, f64, bool);

fn graph(rows: impl IntoIterator<Item = Row>) -> Arc<dyn Metagraph> {
    let neuron = |(uid, (hotkey, stake, validator_permit)): (usize, Row)| Neuron {
        uid: u16::try_from(uid).unwrap(),
        hotkey: hotkey.to_ss58(),
        coldkey: String::new(),
        stake,
        alpha_stake: 0.0,
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
    };
    Arc::new(Fake(rows.into_iter().enumerate().map(neuron).collect()))
}

fn view(rows: impl IntoIterator<Item = Row>, good_for: Option<Duration>) -> ChainView {
    let view = ChainView::new();
    view.store(Roll::new(graph(rows), good_for, None));
    view
}

fn verdict(rule: &Admission, key: PublicKey) -> Result<(), Turned> {
    rule.look(&key.to_ss58(), &Familiar::default()).unwrap().verdict
}

#[test]
fn a_list_lets_in_its_own_and_nobody_else() {
    let (rule, nobody) = (Admission::listed([ALICE]), Familiar::default());
    let known = rule.look(&ALICE.to_ss58(), &nobody).unwrap();
    assert!(known.verdict.is_ok() && known.key == ALICE && known.ready.unwrap().public() == ALICE);
    let unknown = rule.look(&BOB.to_ss58(), &nobody).unwrap();
    assert_eq!((unknown.key, unknown.ready, unknown.verdict), (BOB, None, Err(Turned::NotListed)));
    let anybody = Admission::anyone().look(&BOB.to_ss58(), &nobody).unwrap();
    assert_eq!((anybody.key, anybody.ready, anybody.verdict), (BOB, None, Ok(())));
    assert!(matches!(anybody.metagraph, Err(Absence::Offline)) && anybody.standing.is_none());
}

#[test]
fn who_has_signed_before_is_let_in_only_where_anybody_is() {
    let familiar = Familiar::default();
    familiar.keep(&BOB.to_ss58(), BOB);
    let anybody = Admission::anyone().look(&BOB.to_ss58(), &familiar).unwrap();
    assert!(anybody.verdict.is_ok() && anybody.key == BOB && anybody.ready.is_some());
    for rule in [Admission::listed([ALICE]), Admission::registered(Terms::default(), [ALICE])] {
        let unknown = rule.look(&BOB.to_ss58(), &familiar).unwrap();
        assert!(unknown.verdict.is_err() && unknown.ready.is_none());
    }
}

#[test]
fn what_is_no_address_is_nobody() {
    let (rule, nobody) = (Admission::listed([ALICE]), Familiar::default());
    let on_chain = Admission::registered(Terms::default(), []).on_chain(view([(ALICE, 1.0, true)], None));
    let spelled = ALICE.to_ss58();
    for text in ["", "5", "alice", &format!("{spelled} "), &format!("1{spelled}")] {
        for rule in [&rule, &on_chain, &Admission::anyone()] {
            assert!(rule.look(text, &nobody).is_none(), "{text:?}");
        }
    }
}

#[test]
fn the_terms_are_looked_up_in_the_roll() {
    let terms = |min_stake, permit| Terms { min_stake, permit };
    let usual = Terms::default();
    let table = [
        (usual, Some((0.0, false)), Ok(())),
        (usual, None, Err(Turned::NotRegistered)),
        (terms(1000.0, PermitRule::Optional), Some((1000.0, false)), Ok(())),
        (terms(1000.0, PermitRule::Optional), Some((999.9, true)), Err(Turned::TooLittleStake { needed: 1000.0 })),
        (terms(1000.0, PermitRule::Optional), Some((f64::NAN, true)), Err(Turned::TooLittleStake { needed: 1000.0 })),
        (
            terms(1000.0, PermitRule::Optional),
            Some((f64::INFINITY, true)),
            Err(Turned::TooLittleStake { needed: 1000.0 }),
        ),
        (terms(0.0, PermitRule::Required), Some((1e9, false)), Err(Turned::NoPermit)),
        (terms(0.0, PermitRule::Required), Some((0.0, true)), Ok(())),
        (terms(0.0, PermitRule::Required), Some((-1.0, true)), Ok(())),
    ];
    for (terms, standing, expected) in table {
        let neurons = standing.map(|(stake, permit)| (ALICE, stake, permit));
        let rule = Admission::registered(terms, []).on_chain(view(neurons, None));
        assert_eq!(verdict(&rule, ALICE), expected, "{terms:?} {standing:?}");
        assert_eq!(verdict(&rule, BOB), Err(Turned::NotRegistered));
    }
}

#[test]
fn who_is_listed_needs_no_registration_and_keeps_its_standing() {
    let rule = Admission::registered(Terms { min_stake: 9.0, permit: PermitRule::Required }, [BOB, ALICE]);
    let rule = rule.on_chain(view([(ALICE, 3.0, false)], None));
    assert_eq!((verdict(&rule, BOB), verdict(&rule, ALICE)), (Ok(()), Ok(())));
    let alice = rule.look(&ALICE.to_ss58(), &Familiar::default()).unwrap();
    assert_eq!(alice.standing, Some(Standing { uid: 0, stake: 3.0, validator_permit: false }));
    assert_eq!(alice.metagraph.ok().unwrap().subnet().block, 9);
}

#[test]
fn the_standing_is_known_by_any_rule_on_a_chain() {
    let chain = view([(ALICE, 3.0, true)], None);
    let anyone = Admission::anyone().on_chain(chain.clone()).look(&ALICE.to_ss58(), &Familiar::default()).unwrap();
    assert!(anyone.verdict.is_ok() && anyone.ready.is_some() && anyone.standing.unwrap().validator_permit);
    let stranger = Admission::anyone().on_chain(chain).look(&BOB.to_ss58(), &Familiar::default()).unwrap();
    assert!(stranger.verdict.is_ok() && stranger.standing.is_none());
}

#[test]
fn beyond_the_bound_nobody_is_let_in() {
    let rows = || [(ALICE, 3.0, true)];
    let rules = [Admission::anyone(), Admission::listed([ALICE]), Admission::registered(Terms::default(), [ALICE])];
    for rule in rules {
        let none_yet = rule.clone().on_chain(ChainView::new());
        assert_eq!(verdict(&none_yet, ALICE), Err(Turned::Stale));
        let chain = view(rows(), Some(Duration::ZERO));
        assert!(chain.is_stale());
        let rule = rule.on_chain(chain.clone());
        assert_eq!(verdict(&rule, ALICE), Err(Turned::Stale));
        chain.store(Roll::new(graph(rows()), Some(Duration::MAX), None));
        assert_eq!((chain.is_stale(), verdict(&rule, ALICE)), (false, Ok(())));
    }
}

#[test]
fn keys_are_taken_over_from_the_roll_before() {
    let first = Roll::new(graph([(ALICE, 1.0, true)]), None, None);
    let second = Roll::new(graph([(ALICE, 2.0, true), (BOB, 1.0, true)]), None, Some(&first));
    let of = |roll: &Roll, key: PublicKey| roll.find(&key.to_ss58()).unwrap().clone();
    assert!(Arc::ptr_eq(&of(&first, ALICE).ready, &of(&second, ALICE).ready));
    assert_eq!((of(&second, ALICE).standing.stake, second.len()), (2.0, 2));
    assert_eq!((of(&second, BOB).standing.uid, first.is_empty()), (1, false));
    assert!(Roll::new(graph([]), None, None).is_empty());
}
