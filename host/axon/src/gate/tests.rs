use super::*;

const VALIDATOR: PublicKey = PublicKey([1; 32]);
const OTHER: PublicKey = PublicKey([2; 32]);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn gate(limits: Limits) -> Gate {
    Gate::new(limits)
}

/// Rates that do not come back within a test.
fn few(burst: u32) -> Limits {
    Limits { address: Rate::new(1, burst), hotkey: Rate::new(1, burst), ..Limits::default() }
}

fn refused(result: Result<Visit, Refusal>) -> &'static str {
    result.err().map_or("let in", |refusal| refusal.code())
}

#[test]
fn an_address_over_its_rate_is_refused_and_no_other() {
    let gate = gate(few(3));
    for _ in 0..3 {
        assert!(gate.arrive(ip("192.0.2.1"), None).is_ok());
    }
    let refusal = gate.arrive(ip("192.0.2.1"), Some(&VALIDATOR)).err().unwrap();
    assert_eq!((refusal.status().as_u16(), refusal.retry_after()), (429, Some(1)));
    assert!(gate.arrive(ip("192.0.2.2"), None).is_ok());
    for _ in 0..3 {
        assert!(gate.arrive(ip("2001:db8::1"), None).is_ok());
    }
    assert_eq!(refused(gate.arrive(ip("2001:db8::2"), None)), "address-rate", "the same /64");
}

/// Invariant 11: anybody can write a validator's name on junk.
#[test]
fn junk_in_a_validators_name_costs_the_validator_nothing() {
    let gate = gate(few(3));
    let visit = gate.arrive(ip("192.0.2.1"), Some(&VALIDATOR)).unwrap();
    gate.prove(visit, &VALIDATOR);
    for number in 0..200 {
        let _ = gate.arrive(ip(&format!("198.51.100.{number}")), Some(&VALIDATOR));
        let _ = gate.arrive(ip("203.0.113.1"), Some(&VALIDATOR));
    }
    let visit = gate.arrive(ip("192.0.2.1"), Some(&VALIDATOR)).unwrap();
    assert_eq!(visit.class, CallerClass::Proven);
    assert!((0..3).all(|_| gate.count(&VALIDATOR).is_ok()), "its own rate is untouched");
    assert!(gate.count(&VALIDATOR).is_err());
    assert!(gate.count(&OTHER).is_ok());
}

#[test]
fn a_lane_belongs_to_a_pair_of_address_and_hotkey() {
    let gate = gate(few(2));
    let class = |from: &str, key: &PublicKey| gate.arrive(ip(from), Some(key)).map(|visit| visit.class);
    let visit = gate.arrive(ip("192.0.2.1"), Some(&VALIDATOR)).unwrap();
    assert_eq!(visit.class, CallerClass::Stranger);
    gate.prove(visit, &VALIDATOR);
    assert_eq!(class("192.0.2.1", &VALIDATOR).unwrap(), CallerClass::Proven);
    assert_eq!(class("192.0.2.1", &OTHER).unwrap(), CallerClass::Stranger);
    assert_eq!(class("192.0.2.9", &VALIDATOR).unwrap(), CallerClass::Stranger);
    // Strangers from the same address have used up their rate; the lane has its own, and it is bounded too.
    assert!(class("192.0.2.1", &OTHER).is_err());
    assert!(class("192.0.2.1", &VALIDATOR).is_ok());
    assert!(class("192.0.2.1", &VALIDATOR).is_err());
}

#[test]
fn strangers_share_what_is_not_proven_and_a_lane_has_its_own() {
    let share = ShareLimits { requests: 2, bytes: 200 };
    let gate = gate(Limits { strangers: share, proven: share, ..Limits::default() });
    let visit = gate.arrive(ip("192.0.2.1"), Some(&VALIDATOR)).unwrap();
    gate.prove(visit, &VALIDATOR);
    let mut one = gate.arrive(ip("198.51.100.1"), None).unwrap();
    let mut other = gate.arrive(ip("198.51.100.2"), None).unwrap();
    assert_eq!(refused(gate.arrive(ip("198.51.100.3"), None)), "crowded");
    assert!(one.hold(60) && !other.hold(60));
    let mut proven = gate.arrive(ip("192.0.2.1"), Some(&VALIDATOR)).unwrap();
    assert!(proven.hold(100), "strangers do not fill the lane");
    let used = gate.in_use();
    assert_eq!((used.stranger_requests, used.stranger_bytes), (2, 60));
    assert_eq!((used.proven_requests, used.proven_bytes), (1, 100));
    drop((one, other, proven));
    assert_eq!(gate.in_use(), GateUse::default());
}

#[test]
fn an_address_keeps_a_bounded_number_of_lanes() {
    let gate = gate(Limits::default());
    for number in 0..=100 {
        let key = PublicKey([number; 32]);
        let visit = gate.arrive(ip("192.0.2.1"), Some(&key)).unwrap();
        gate.prove(visit, &key);
    }
    let lanes = gate.addresses.look(&ip("192.0.2.1").into(), |address| address.lanes.len());
    assert_eq!(lanes, Some(LANES));
}

#[test]
fn a_lane_ends_after_an_hour() {
    let mut address = Address::default();
    address.keep_lane(&VALIDATOR, 1);
    assert!(address.has_lane(&VALIDATOR, LANE) && !address.has_lane(&VALIDATOR, LANE + 1));
    assert!(address.kept_until(LANE) == Some(LANE + 1) && address.is_idle(LANE + 1));
}

#[test]
fn a_retry_is_named_in_whole_seconds() {
    let table = [(0, 1), (1, 1), (1000, 1), (1001, 2), (60_000, 60)];
    for (ms, seconds) in table {
        assert_eq!(whole_seconds(Duration::from_millis(ms)), seconds, "{ms}");
    }
}

#[test]
fn second_tries_of_strangers_are_few_and_of_a_lane_are_not() {
    let gate = gate(Limits::default());
    let first = gate.arrive(ip("192.0.2.1"), Some(&VALIDATOR)).unwrap();
    gate.prove(first, &VALIDATOR);
    let stranger = gate.arrive(ip("198.51.100.1"), Some(&VALIDATOR)).unwrap();
    let allowed = (0..5000).filter(|_| gate.has_second_try(&stranger)).count();
    assert!((100..1000).contains(&allowed), "{allowed}");
    let proven = gate.arrive(ip("192.0.2.1"), Some(&VALIDATOR)).unwrap();
    assert!((0..5000).all(|_| gate.has_second_try(&proven)));
}

/// Requests of one address that hold as much as they get.
fn hogs(gate: &Gate, from: &str, key: Option<&PublicKey>) -> Vec<Visit> {
    let mut hogs: Vec<Visit> = (0..64).filter_map(|_| gate.arrive(ip(from), key).ok()).collect();
    for hog in &mut hogs {
        while hog.hold(16 << 10) {}
    }
    hogs
}

#[test]
fn one_address_does_not_fill_what_strangers_share() {
    let gate = gate(Limits { strangers: ShareLimits { requests: 100, bytes: 8 << 20 }, ..Limits::default() });
    let hogs = hogs(&gate, "198.51.100.1", None);
    assert_eq!(hogs.len(), 12);
    let mut honest: Vec<Visit> =
        (0..4).map(|number| gate.arrive(ip(&format!("198.51.100.{}", 9 + number)), None).unwrap()).collect();
    assert!(honest.iter_mut().all(|visit| visit.hold(1 << 20)), "{:?}", gate.in_use());
}

#[test]
fn one_key_with_a_lane_does_not_fill_what_proven_callers_share() {
    let gate = gate(Limits { proven: ShareLimits { requests: 100, bytes: 8 << 20 }, ..Limits::default() });
    for (from, key) in [("198.51.100.1", &OTHER), ("192.0.2.1", &VALIDATOR)] {
        let visit = gate.arrive(ip(from), Some(key)).unwrap();
        gate.prove(visit, key);
    }
    let hogs = hogs(&gate, "198.51.100.1", Some(&OTHER));
    assert!(hogs.len() == 12 && hogs.iter().all(|visit| visit.class == CallerClass::Proven));
    let mut visit = gate.arrive(ip("192.0.2.1"), Some(&VALIDATOR)).unwrap();
    assert!(visit.class == CallerClass::Proven && visit.hold(1 << 20), "{:?}", gate.in_use());
}

fn come(gate: &Gate, from: &str, key: &PublicKey) -> CallerClass {
    let visit = gate.arrive(ip(from), Some(key)).unwrap();
    let class = visit.class;
    gate.prove(visit, key);
    class
}

#[test]
fn one_key_on_many_addresses_takes_nobodys_lane() {
    // So that only the places in the table are few.
    let address = Rate::new(1_000_000, 1_000_000);
    let gate = gate(Limits { tracked: 512, address, ..Limits::default() });
    assert_eq!(come(&gate, "192.0.2.1", &VALIDATOR), CallerClass::Stranger);
    for number in 0..4000_u16 {
        let [high, low] = number.to_be_bytes();
        come(&gate, &format!("10.1.{high}.{low}"), &OTHER);
    }
    let lanes = (0..4000_u16).filter(|number| {
        let [high, low] = number.to_be_bytes();
        let block = ip(&format!("10.1.{high}.{low}")).into();
        gate.addresses.look(&block, |address| !address.lanes.is_empty()).unwrap_or(false)
    });
    assert!((1..=64).contains(&lanes.count()));
    assert_eq!(come(&gate, "192.0.2.1", &VALIDATOR), CallerClass::Proven);
    come(&gate, "192.0.2.2", &VALIDATOR);
    assert_eq!(come(&gate, "192.0.2.2", &VALIDATOR), CallerClass::Proven, "there is room for a new lane");
}

#[test]
fn a_full_table_of_lanes_takes_a_new_one() {
    let gate = gate(Limits { tracked: 16, ..Limits::default() });
    for number in 0..200_u8 {
        let (from, key) = (format!("192.0.2.{number}"), PublicKey([number; 32]));
        come(&gate, &from, &key);
        assert_eq!(come(&gate, &from, &key), CallerClass::Proven, "{number}");
    }
}

/// A validator begins with many requests at once: they are all strangers', and open one lane.
#[test]
fn first_requests_at_once_use_up_one_lane() {
    let gate = gate(Limits::default());
    let visits: Vec<Visit> = (0..150).map(|_| gate.arrive(ip("192.0.2.1"), Some(&VALIDATOR)).unwrap()).collect();
    visits.into_iter().for_each(|visit| gate.prove(visit, &VALIDATOR));
    come(&gate, "192.0.2.2", &VALIDATOR);
    assert_eq!(come(&gate, "192.0.2.2", &VALIDATOR), CallerClass::Proven);
}
