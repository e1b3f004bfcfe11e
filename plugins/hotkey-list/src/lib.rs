//! A gate: serves or turns away the hotkeys that the operator lists in the settings `allow` and `deny`.
//!
//! It fails closed: a list that can't be read turns everybody away. See the README beside it.

use soma_sdk::prelude::*;

fn blacklist(request: &Request) -> (bool, String) {
    match is_listed(&request.caller.hotkey) {
        Ok(Standing::Served) => (false, String::new()),
        Ok(Standing::Denied) => (true, "this hotkey is denied".into()),
        Ok(Standing::NotAllowed) => (true, "this hotkey is not on the list".into()),
        Err(error) => {
            log::error!("everybody is turned away: {error}");
            (true, "not open for requests".into())
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Standing {
    Served,
    Denied,
    NotAllowed,
}

/// Both lists are read even if the first decides: a mistake in either is found with the first request.
fn is_listed(hotkey: &str) -> Result<Standing, config::ConfigError> {
    let deny: Option<Vec<String>> = config::json("deny")?;
    let allow: Option<Vec<String>> = config::json("allow")?;
    let names = |list: &[String]| list.iter().any(|listed| listed == hotkey);
    if deny.is_some_and(|deny| names(&deny)) {
        return Ok(Standing::Denied);
    }
    match allow {
        Some(allow) if !names(&allow) => Ok(Standing::NotAllowed),
        _ => Ok(Standing::Served),
    }
}

soma_sdk::plugin! {
    blacklist: blacklist,
}

#[cfg(test)]
mod tests {
    use super::*;
    use soma_sdk::testing;

    /// Each test has its own settings: they belong to the thread.
    fn standing(allow: Option<&str>, deny: Option<&str>, hotkey: &str) -> Option<Standing> {
        std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    for (key, value) in [("allow", allow), ("deny", deny)] {
                        if let Some(value) = value {
                            testing::configure(key, value);
                        }
                    }
                    is_listed(hotkey).ok()
                })
                .join()
                .unwrap()
        })
    }

    #[test]
    fn deny_is_stronger_than_allow() {
        use Standing::{Denied, NotAllowed, Served};
        for (allow, deny, hotkey, expected) in [
            (None, None, "5A", Some(Served)),
            (None, Some(r#"["5A"]"#), "5A", Some(Denied)),
            (None, Some(r#"["5A"]"#), "5B", Some(Served)),
            (Some(r#"["5A"]"#), None, "5A", Some(Served)),
            (Some(r#"["5A"]"#), None, "5B", Some(NotAllowed)),
            (Some("[]"), None, "5A", Some(NotAllowed)),
            (Some(r#"["5A"]"#), Some(r#"["5A"]"#), "5A", Some(Denied)),
        ] {
            assert_eq!(standing(allow, deny, hotkey), expected, "{allow:?} {deny:?} {hotkey}");
        }
    }

    #[test]
    fn a_list_that_cannot_be_read_turns_everybody_away() {
        for bad in ["5A", "{}", "[1]", "", r#"["5A""#, "null null"] {
            assert_eq!(standing(Some(bad), None, "5A"), None, "{bad}");
            assert_eq!(standing(None, Some(bad), "5A"), None, "{bad}");
        }
        testing::configure("deny", "5A");
        let (denied, reason) = blacklist(&testing::request("Any"));
        assert!(denied);
        assert!(!reason.contains("deny"), "the setting's name is the operator's: {reason}");
    }
}
