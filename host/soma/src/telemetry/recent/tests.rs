use super::*;
use crate::telemetry::samples::record;
use proptest::prelude::*;

fn proven(id: usize, hotkey: &str) -> Record {
    let hotkey = Some(hotkey.to_owned());
    Record { id: format!("proven-{id}"), hotkey, proven: true, ..record("ok") }
}

fn junk(id: usize, ip: &str) -> Record {
    let hotkey = Some("the validator's name".to_owned());
    Record { id: format!("junk-{id}"), ip: ip.parse().unwrap(), hotkey, ..record("not-verified") }
}

#[test]
fn junk_does_not_wash_out_what_was_proven() {
    let recent = Recent::new(64);
    recent.keep(proven(0, "the validator's name"));
    for id in 0..10_000 {
        recent.keep(junk(id, &format!("10.0.{}.{}", id / 256 % 256, id % 256)));
    }
    assert!(recent.find("proven-0").is_some());
    assert_eq!(recent.len(), (1, 64));
}

#[test]
fn one_address_washes_out_only_its_own() {
    let recent = Recent::new(160);
    recent.keep(junk(0, "2001:db8:1::1"));
    for id in 1..1000 {
        recent.keep(junk(id, &format!("2001:db8:2::{id:x}")));
    }
    assert!(recent.find("junk-0").is_some());
    assert_eq!(recent.len(), (0, 11), "ten of a /64, and the other one");
    assert!(recent.find("junk-999").is_some() && recent.find("junk-989").is_none());
}

#[test]
fn a_chatty_caller_washes_out_only_its_own() {
    let recent = Recent::new(160);
    recent.keep(proven(0, "quiet"));
    (1..1000).for_each(|id| recent.keep(proven(id, "chatty")));
    assert!(recent.find("proven-0").is_some());
    assert_eq!(recent.len(), (11, 0));
}

#[test]
fn a_list_has_the_newest_first_and_only_what_was_asked_for() {
    let recent = Recent::new(1000);
    (0..30).for_each(|id| if id % 2 == 0 { recent.keep(proven(id, "5F")) } else { recent.keep(junk(id, "10.0.0.1")) });
    let ids = |filter: Filter| -> Vec<String> { recent.list(&filter).iter().map(|it| it.id.clone()).collect() };
    let all = ids(Filter::default());
    assert_eq!((all.len(), &*all[0], &*all[1]), (20, "junk-29", "proven-28"));
    let text = |text: &str| Some(text.to_owned());
    let two = Filter { hotkey: text("5F"), limit: Some(2), ..Filter::default() };
    assert_eq!(ids(two), ["proven-28", "proven-26"]);
    assert_eq!(ids(Filter { code: text("not-verified"), limit: Some(1), ..Filter::default() }), ["junk-29"]);
    assert_eq!(ids(Filter { route: text("Elsewhere"), ..Filter::default() }), [""; 0]);
}

#[test]
fn a_long_detail_is_cut_at_a_character() {
    let recent = Recent::new(10);
    recent.keep(Record { id: "long".to_owned(), detail: "\u{e4}".repeat(5000), ..record("schema") });
    assert_eq!(recent.find("long").unwrap().detail.chars().count(), DETAIL);
}

proptest! {
    #[test]
    fn no_ring_outgrows_its_bounds(most in 0_usize..40, callers in proptest::collection::vec((any::<bool>(), 0_u8..6), 0..300)) {
        let recent = Recent::new(most);
        let share = most.div_ceil(SHARE);
        let (mut newest, mut of_one) = (None, [0_usize; 6]);
        for (id, (is_proven, caller)) in callers.into_iter().enumerate() {
            let made = if is_proven { proven(id, &caller.to_string()) } else { junk(id, &format!("10.0.0.{caller}")) };
            of_one[usize::from(caller)] += usize::from(is_proven);
            newest = Some(made.id.clone());
            recent.keep(made);
            let (in_proven, in_unproven) = recent.len();
            prop_assert!(in_proven <= most && in_unproven <= most && in_proven <= of_one.iter().map(|of| share.min(*of)).sum());
            let rings = recent.lock();
            prop_assert_eq!(rings.proven.by_key.values().map(VecDeque::len).sum::<usize>(), in_proven);
            prop_assert!(rings.proven.by_key.values().all(|own| (1..=share).contains(&own.len())));
        }
        prop_assert_eq!(newest.is_some_and(|id| recent.find(&id).is_some()), most > 0 && recent.len() != (0, 0));
    }
}
