//! A gate: turns away callers who are not registered on the subnet, or have too little stake or no validator permit.
//!
//! It fails closed: without a metagraph, or with a setting that can't be read, it serves nobody but those of `allow`, or
//! nobody at all. See the README beside it.

use soma_sdk::prelude::*;

fn blacklist(request: &Request) -> (bool, String) {
    let settings = match Settings::read() {
        Ok(settings) => settings,
        Err(problem) => {
            log::error!("everybody is turned away: {problem}");
            return (true, NOT_OPEN.into());
        }
    };
    match settings.refusal(&request.caller.hotkey) {
        Some(reason) => (true, reason),
        None => (false, String::new()),
    }
}

/// What a caller is told about what is the operator's business.
const NOT_OPEN: &str = "not open for requests";

struct Settings {
    /// In whole alpha.
    min_stake: f64,
    require_permit: bool,
    allow: Vec<String>,
}

impl Settings {
    /// All of them are read, also when one of them decides: a mistake in any is found with the first request.
    fn read() -> Result<Settings, String> {
        let min_stake = config::get("min-stake").map_or(Ok(0.0), |text| amount(&text))?;
        let require_permit = match config::get("require-permit").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(text) => return Err(format!("the setting \"require-permit\" is \"true\" or \"false\", not {text:?}")),
        };
        let allow = config::json("allow").map_err(|error| error.to_string())?.unwrap_or_default();
        Ok(Settings { min_stake, require_permit, allow })
    }

    /// Why this caller is turned away, if it is.
    fn refusal(&self, hotkey: &str) -> Option<String> {
        if self.allow.iter().any(|listed| listed == hotkey) {
            return None;
        }
        match metagraph::by_hotkey(hotkey) {
            Ok(None) => Some("not registered on this subnet".into()),
            Ok(Some(neuron)) if neuron.stake < self.min_stake => {
                Some(format!("a stake of {} is below {}", neuron.stake, self.min_stake))
            }
            Ok(Some(neuron)) if self.require_permit && !neuron.validator_permit => Some("no validator permit".into()),
            Ok(Some(_)) => None,
            Err(absence) => {
                log::error!("a caller is turned away: {}", metagraph::why(absence));
                Some(NOT_OPEN.into())
            }
        }
    }
}

/// `inf` and `nan` would be numbers too.
fn amount(text: &str) -> Result<f64, String> {
    let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| format!("the setting \"min-stake\" is a number of 0 or more, not {text:?}"))
}

/// An instance that is kept says at once that a setting can't be read: its version does not come into service.
fn init() -> Result<(), String> {
    Settings::read().map(drop)
}

soma_sdk::plugin! {
    blacklist: blacklist,
    init: init,
}

#[cfg(test)]
mod tests {
    use super::*;
    use soma_sdk::testing;

    /// What the operator wrote.
    type Written<'s> = &'s [(&'s str, &'s str)];

    /// The subnet of the tests: a validator, a neuron with stake and without permit, one without either.
    fn subnet() {
        let mut validator = testing::neuron(0, "5Validator", 1000.0);
        validator.validator_permit = true;
        testing::register([validator, testing::neuron(1, "5Rich", 999.5), testing::neuron(2, "5Poor", 0.0)]);
    }

    /// Each row has settings and a metagraph of its own: they belong to the thread.
    fn reason(settings: Written, hotkey: &str, subnet: fn()) -> Option<String> {
        let asking = || {
            subnet();
            for (key, value) in settings {
                testing::configure(key, value);
            }
            let mut request = testing::request("Any");
            request.caller.hotkey = hotkey.into();
            let (denied, reason) = blacklist(&request);
            denied.then_some(reason)
        };
        std::thread::scope(|scope| scope.spawn(asking).join().unwrap())
    }

    #[test]
    fn the_least_stake_and_the_permit_decide() {
        let least = ("min-stake", "999.5");
        let permit = ("require-permit", "true");
        let stranger = Some("not registered on this subnet");
        let table: [(Written, &str, Option<&str>); 14] = [
            (&[], "5Validator", None),
            (&[], "5Poor", None),
            (&[], "5Stranger", stranger),
            (&[least], "5Validator", None),
            (&[least], "5Rich", None),
            (&[least], "5Poor", Some("a stake of 0 is below 999.5")),
            (&[("min-stake", "1000")], "5Rich", Some("a stake of 999.5 is below 1000")),
            (&[("min-stake", " 1e3 ")], "5Rich", Some("a stake of 999.5 is below 1000")),
            (&[permit], "5Validator", None),
            (&[permit], "5Rich", Some("no validator permit")),
            (&[least, permit], "5Poor", Some("a stake of 0 is below 999.5")),
            (&[least, ("require-permit", "false")], "5Rich", None),
            (&[least, permit, ("allow", r#"["5Stranger", "5Poor"]"#)], "5Stranger", None),
            (&[least, ("allow", r#"["5Poor"]"#)], "5Stranger", stranger),
        ];
        for (settings, hotkey, expected) in table {
            assert_eq!(reason(settings, hotkey, subnet).as_deref(), expected, "{settings:?} {hotkey}");
        }
    }

    #[test]
    fn a_setting_that_cannot_be_read_turns_everybody_away_and_keeps_an_instance_from_starting() {
        let table = [
            ("min-stake", "many", "0"),
            ("min-stake", "-1", "0"),
            ("min-stake", "inf", "0"),
            ("min-stake", "NaN", "0"),
            ("min-stake", "", "0"),
            ("require-permit", "yes", "false"),
            ("require-permit", "", "false"),
            ("allow", "5Validator", "[]"),
            ("allow", "[1]", "[]"),
        ];
        for (key, bad, good) in table {
            let open = [("allow", r#"["5Validator"]"#), (key, bad)];
            let said = reason(&open, "5Validator", subnet);
            assert_eq!(said.as_deref(), Some(NOT_OPEN), "{key} = {bad:?}");
            testing::configure(key, bad);
            let problem = init().unwrap_err();
            assert!(problem.contains(&format!("{key:?}")), "{problem}");
            testing::configure(key, good);
            assert_eq!(init(), Ok(()));
        }
    }

    #[test]
    fn without_a_metagraph_only_those_of_the_list_are_served() {
        let nobody = || testing::register_nobody(metagraph::Absence::Unread);
        assert_eq!(reason(&[], "5Validator", nobody).as_deref(), Some(NOT_OPEN));
        assert_eq!(reason(&[("allow", r#"["5Validator"]"#)], "5Validator", nobody), None);
    }
}
