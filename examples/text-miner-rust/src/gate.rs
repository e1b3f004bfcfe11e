//! Who is served, and in which order.

use soma_sdk::prelude::*;

/// Turns away the hotkeys in the operator's setting `deny`, a JSON list. A setting that is no such list turns
/// everybody away: it was meant to keep somebody out.
pub fn blacklist(request: &Request) -> (bool, String) {
    match config::json::<Vec<String>>("deny") {
        Ok(Some(deny)) if deny.contains(&request.caller.hotkey) => (true, "this hotkey is denied".into()),
        Ok(_) => (false, String::new()),
        Err(error) => {
            log::error!("{error}");
            (true, "not open for requests".into())
        }
    }
}

/// The more stake, the sooner.
pub fn priority(request: &Request) -> f64 {
    request.caller.stake
}

#[cfg(test)]
mod tests {
    use super::*;
    use soma_sdk::testing;

    #[test]
    fn turns_away_who_is_on_the_list() {
        let mut request = testing::request("TextGeneration");
        assert!(!blacklist(&request).0);
        testing::configure("deny", r#"["5Bad", "5Worse"]"#);
        assert!(!blacklist(&request).0);
        request.caller.hotkey = "5Worse".into();
        assert!(blacklist(&request).0);
        testing::configure("deny", "5Worse");
        request.caller.hotkey = "5Good".into();
        assert!(blacklist(&request).0);
    }

    #[test]
    fn ranks_by_stake() {
        let mut request = testing::request("TextGeneration");
        request.caller.stake = 12.5;
        assert_eq!(priority(&request), 12.5);
    }
}
