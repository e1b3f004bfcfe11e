//! An order: of the requests that wait, that of the caller with more stake is answered first.
//!
//! It turns nobody away: without a metagraph, or with a setting that can't be read, all callers rank the same. See the
//! README beside it.

use soma_sdk::prelude::*;

fn priority(request: &Request) -> f64 {
    match Settings::read() {
        Ok(settings) => settings.rank(&request.caller.hotkey),
        Err(problem) => {
            log::error!("everybody ranks 0: {problem}");
            0.0
        }
    }
}

struct Settings {
    /// More stake than this counts as this. In whole alpha.
    cap: f64,
    /// The rank of whoever has no stake that could be known.
    default: f64,
}

impl Settings {
    fn read() -> Result<Settings, String> {
        let cap = number("cap", f64::MAX)?;
        if cap < 0.0 {
            return Err(format!("the setting \"cap\" is 0 or more, not {cap}"));
        }
        Ok(Settings { cap, default: number("default", 0.0)? })
    }

    fn rank(&self, hotkey: &str) -> f64 {
        match metagraph::by_hotkey(hotkey) {
            Ok(Some(neuron)) => neuron.stake.min(self.cap),
            Ok(None) => self.default,
            Err(absence) => {
                log::warn!("a caller ranks {}: {}", self.default, metagraph::why(absence));
                self.default
            }
        }
    }
}

/// `inf` and `nan` would be numbers too.
fn number(key: &str, default: f64) -> Result<f64, String> {
    let Some(text) = config::get(key) else { return Ok(default) };
    let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| format!("the setting {key:?} is a number, not {text:?}"))
}

/// An instance that is kept says at once that a setting can't be read: its version does not come into service.
fn init() -> Result<(), String> {
    Settings::read().map(drop)
}

soma_sdk::plugin! {
    priority: priority,
    init: init,
}

#[cfg(test)]
mod tests {
    use super::*;
    use soma_sdk::testing;

    /// What the operator wrote.
    type Written<'s> = &'s [(&'s str, &'s str)];

    /// Each row has settings of its own: they belong to the thread.
    fn rank(settings: Written, hotkey: &str) -> f64 {
        let asking = || {
            testing::register([testing::neuron(0, "5Rich", 5000.25), testing::neuron(1, "5Poor", 0.5)]);
            for (key, value) in settings {
                testing::configure(key, value);
            }
            let mut request = testing::request("Any");
            request.caller.hotkey = hotkey.into();
            priority(&request)
        };
        std::thread::scope(|scope| scope.spawn(asking).join().unwrap())
    }

    #[test]
    fn stake_is_the_rank_up_to_the_cap() {
        let table: [(Written, [f64; 3]); 5] = [
            (&[], [5000.25, 0.5, 0.0]),
            (&[("cap", "1000")], [1000.0, 0.5, 0.0]),
            (&[("cap", "0")], [0.0, 0.0, 0.0]),
            (&[("default", "-5")], [5000.25, 0.5, -5.0]),
            (&[("cap", "1e3"), ("default", "0.75")], [1000.0, 0.5, 0.75]),
        ];
        for (settings, expected) in table {
            let ranks = ["5Rich", "5Poor", "5Stranger"].map(|hotkey| rank(settings, hotkey));
            assert_eq!(ranks, expected, "{settings:?}");
        }
    }

    #[test]
    fn a_setting_that_cannot_be_read_ranks_all_the_same_and_keeps_an_instance_from_starting() {
        let table =
            [("cap", "much"), ("cap", "-1"), ("cap", "inf"), ("cap", ""), ("default", "NaN"), ("default", "low")];
        for (key, value) in table {
            assert_eq!(rank(&[(key, value)], "5Rich"), 0.0, "{key} = {value:?}");
            testing::configure(key, value);
            let problem = init().unwrap_err();
            assert!(problem.contains(&format!("{key:?}")), "{problem}");
            testing::configure(key, "1");
            assert_eq!(init(), Ok(()));
        }
    }

    #[test]
    fn without_a_metagraph_everybody_ranks_the_default() {
        testing::configure("default", "3");
        assert_eq!(priority(&testing::request("Any")), 3.0);
    }
}
