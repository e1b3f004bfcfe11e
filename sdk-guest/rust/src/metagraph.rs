//! The subnet's neurons, as of one block. The manifest has to want `metagraph`.
//!
//! The host settles the block when the request comes in: whatever hook asks, and however often, all of it is of that
//! block. There is none in `init`, and none when the host runs `--offline`; then every function here answers with the
//! [`Absence`], which becomes the answer "not now" (503) of a forward that uses `?`.
//!
//! ```
//! use soma_sdk::prelude::*;
//!
//! fn blacklist(request: &Request) -> (bool, String) {
//!     match metagraph::by_hotkey(&request.caller.hotkey) {
//!         Ok(Some(neuron)) => (neuron.stake < 1000.0, "stake below 1000".into()),
//!         Ok(None) => (true, "not registered on this subnet".into()),
//!         Err(absence) => {
//!             log::error!("everybody is turned away: {}", metagraph::why(absence));
//!             (true, "not open for requests".into())
//!         }
//!     }
//! }
//! ```

use crate::Failure;
pub use crate::bindings::sdk::soma::neuron::metagraph::{Absence, Neuron, Subnet};

/// What an absence is, in words for the operator.
pub fn why(absence: Absence) -> &'static str {
    match absence {
        Absence::Offline => "the host runs without a chain (--offline)",
        Absence::Unread => "the host has no metagraph, or none that is fresh enough",
        Absence::NoRequest => "there is no metagraph in `init`: it belongs to no request",
    }
}

/// Nothing is wrong with the request: later it may be answered.
impl From<Absence> for Failure {
    fn from(absence: Absence) -> Self {
        match absence {
            Absence::Offline | Absence::Unread => Self::Unavailable("the metagraph is not there at the moment".into()),
            Absence::NoRequest => Self::Internal(why(absence).into()),
        }
    }
}

/// What is to be seen: the subnet, the block, how many neurons there are, and which is the host's own.
///
/// # Errors
/// When there is no metagraph to look at.
pub fn current() -> Result<Subnet, Absence> {
    host::current()
}

/// The neuron with this uid; `None` when there is no such uid.
///
/// # Errors
/// When there is no metagraph to look at.
pub fn by_uid(uid: u16) -> Result<Option<Neuron>, Absence> {
    host::by_uid(uid)
}

/// The neuron with this hotkey (ss58); `None` when nobody is registered with it.
///
/// # Errors
/// When there is no metagraph to look at.
pub fn by_hotkey(hotkey: &str) -> Result<Option<Neuron>, Absence> {
    host::by_hotkey(hotkey)
}

/// All neurons, by uid. The host is asked for 256 at a time, as the loop goes on.
///
/// # Errors
/// When there is no metagraph to look at.
pub fn neurons() -> Result<impl Iterator<Item = Neuron>, Absence> {
    // Within one request the answer does not change: what the first page says holds for the others.
    let mut page = host::neurons(0)?.into_iter();
    Ok(std::iter::from_fn(move || {
        let neuron = page.next()?;
        if page.as_slice().is_empty() {
            page = host::neurons(u32::from(neuron.uid) + 1).unwrap_or_default().into_iter();
        }
        Some(neuron)
    }))
}

#[cfg(target_arch = "wasm32")]
mod host {
    pub use crate::bindings::sdk::soma::neuron::metagraph::{by_hotkey, by_uid, current, neurons};
}

/// In a unit test: what [`crate::testing::register`] was given.
#[cfg(not(target_arch = "wasm32"))]
mod host {
    use super::{Absence, Neuron, Subnet};
    use crate::testing::subnet;

    /// As the contract says.
    const PAGE: usize = 256;

    pub fn current() -> Result<Subnet, Absence> {
        subnet(|fake| fake.subnet)
    }

    pub fn by_uid(uid: u16) -> Result<Option<Neuron>, Absence> {
        subnet(|fake| fake.neurons.iter().find(|neuron| neuron.uid == uid).cloned())
    }

    pub fn by_hotkey(hotkey: &str) -> Result<Option<Neuron>, Absence> {
        subnet(|fake| fake.neurons.iter().find(|neuron| neuron.hotkey == hotkey).cloned())
    }

    pub fn neurons(start: u32) -> Result<Vec<Neuron>, Absence> {
        subnet(|fake| {
            let from = fake.neurons.iter().filter(|neuron| u32::from(neuron.uid) >= start);
            from.take(PAGE).cloned().collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn without_a_chain_everything_says_so() {
        assert_eq!(current().unwrap_err(), Absence::Offline);
        assert_eq!(by_uid(0).unwrap_err(), Absence::Offline);
        assert_eq!(by_hotkey("5F").unwrap_err(), Absence::Offline);
        assert_eq!(neurons().map(Iterator::count).unwrap_err(), Absence::Offline);
        assert!(matches!(Failure::from(Absence::Offline), Failure::Unavailable(_)));
        testing::register_nobody(Absence::NoRequest);
        assert_eq!(current().unwrap_err(), Absence::NoRequest);
        assert!(matches!(Failure::from(Absence::NoRequest), Failure::Internal(_)));
    }

    #[test]
    fn neurons_are_found_by_uid_and_hotkey_and_come_in_order_over_all_pages() {
        testing::register((0..600).rev().map(|uid| testing::neuron(uid, &format!("5-{uid}"), f64::from(uid))));
        let subnet = current().unwrap();
        assert_eq!((subnet.size, subnet.own_uid), (600, None));
        assert_eq!(by_uid(599).unwrap().unwrap().hotkey, "5-599");
        assert_eq!(by_uid(600).unwrap(), None);
        assert_eq!(by_hotkey("5-7").unwrap().unwrap().stake, 7.0);
        assert_eq!(by_hotkey("7").unwrap(), None);
        let uids: Vec<u16> = neurons().unwrap().map(|neuron| neuron.uid).collect();
        assert_eq!(uids, (0..600).collect::<Vec<u16>>());
    }
}
