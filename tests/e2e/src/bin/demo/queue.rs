//! Requests that wait for one place: the caller with more stake is answered first.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::json;
use soma_e2e::HarnessError;
use soma_e2e::account::{ALICE, Account, BOB, DAVE, RECORDED_AXON, RECORDED_CALLER};
use soma_e2e::signed::Synapse;

use crate::host::Host;
use crate::report::{Outcome, Report};

/// Requests of each caller.
const EACH: usize = 3;
/// How long the only place is taken, in seconds: the others come meanwhile.
const TAKEN: f64 = 3.0;
/// How long the host gets to take a request in.
const HEAD_START: Duration = Duration::from_millis(300);

/// Takes the only place of the slow plugin, sends the requests of three callers, the poorest first, and looks at the
/// order of their answers.
pub fn by_stake(host: &Host, report: &mut Report) -> Result<(), HarnessError> {
    let ascending = [RECORDED_CALLER, DAVE, BOB];
    let answered = Mutex::new(Vec::new());
    let ask = |who: Account, then: &'static str, timeout: f64| {
        let synapse = Synapse::new(who, ALICE.hotkey, "Count", json!({"then": then}));
        host.ask(&Synapse { timeout, ..synapse }.request()?)
    };
    thread::scope(|scope| {
        let taken = scope.spawn(|| ask(RECORDED_AXON, "endless", TAKEN));
        thread::sleep(HEAD_START);
        let mut waiting = Vec::new();
        for who in ascending.iter().flat_map(|who| [*who; EACH]) {
            let (ask, answered) = (&ask, &answered);
            waiting.push(scope.spawn(move || {
                let answer = ask(who, "spin", 30.0)?;
                answered.lock().unwrap_or_else(PoisonError::into_inner).push((who.name, answer.status));
                Ok::<_, HarnessError>(())
            }));
        }
        waiting.into_iter().try_for_each(|one| one.join().map_err(|_| gone())?)?;
        taken.join().map_err(|_| gone())?.map(drop)
    })?;
    let answered = answered.into_inner().unwrap_or_else(PoisonError::into_inner);
    let wanted: Vec<_> = ascending.iter().rev().flat_map(|who| [(who.name, 200); EACH]).collect();
    let names: Vec<_> = answered.iter().map(|(name, status)| format!("{name} {status}")).collect();
    let right = Outcome::of(answered == wanted);
    report.check(
        right,
        "nine requests for one place, the poorest first",
        &names.join(", "),
        "stake-priority ranks those that wait: 2000, 300 and 50 alpha",
    );
    Ok(())
}

fn gone() -> HarnessError {
    HarnessError::Output { what: "a caller of the demo".to_owned(), output: "it panicked".to_owned() }
}
