//! A panic becomes a line in the host's log; then the instance traps, as the standard library has it for this
//! target.

use std::sync::Once;

use crate::log;

/// Sets the hook, once for each instance.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| log::error!("{panic}")));
    });
}
