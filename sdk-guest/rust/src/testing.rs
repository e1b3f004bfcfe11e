//! For an author's unit tests on their own machine; not there in a component.
//!
//! ```
//! use soma_sdk::{config, testing};
//!
//! testing::configure("deny", r#"["5F"]"#);
//! let mut request = testing::request("TextGeneration");
//! request.caller.hotkey = "5F".into();
//! assert_eq!(config::get("deny").as_deref(), Some(r#"["5F"]"#));
//! ```

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::{Caller, Dialect, Request};

thread_local! {
    static SETTINGS: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
}

/// Sets what `config::get` answers on this thread (each test has its own).
pub fn configure(key: &str, value: &str) {
    SETTINGS.with_borrow_mut(|settings| settings.insert(key.to_owned(), value.to_owned()));
}

pub(crate) fn setting(key: &str) -> Option<String> {
    SETTINGS.with_borrow(|settings| settings.get(key).cloned())
}

/// A synapse request for `route` from an unregistered caller without stake, at this moment, with 12 seconds to
/// answer. Every field may be changed.
pub fn request(route: &str) -> Request {
    Request {
        id: "test".into(),
        route: route.into(),
        target: format!("/{route}"),
        caller: Caller {
            hotkey: "5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM".into(),
            uid: None,
            stake: 0.0,
            validator_permit: false,
            ip: "127.0.0.1".into(),
            body_bound: false,
        },
        dialect: Dialect::Synapse,
        method: "POST".into(),
        headers: Vec::new(),
        content_type: "application/json".into(),
        body_len: 0,
        received_ms: crate::clock::now_ms(),
        deadline_ms: 12_000,
    }
}
