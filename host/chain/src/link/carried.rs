//! Our errors on their way through subxt.
//!
//! subxt gives back most of them as they are, inside its own. Of what fails while it reads metadata it keeps the text
//! alone; so the last failure of a question is also kept beside it, for the task that asked.

use std::cell::RefCell;

use crate::convert;
use crate::error::ChainError;

tokio::task_local! {
    static LAST: RefCell<Option<ChainError>>;
}

/// Runs something that asks questions, and gives the failure of the last one that failed.
pub(crate) async fn remembering<T>(asks: impl Future<Output = T>) -> (T, Option<ChainError>) {
    LAST.scope(RefCell::new(None), async {
        let outcome = asks.await;
        (outcome, LAST.with(RefCell::take))
    })
    .await
}

/// Hands our error through subxt, which gives it back in [`subxt_rpcs::Error::Client`].
pub(super) fn carry(error: ChainError) -> subxt_rpcs::Error {
    remember(|| error.clone());
    subxt_rpcs::Error::Client(Box::new(error))
}

/// Hands the node's own refusal through.
pub(super) fn carry_refusal(question: &str, error: subxt_rpcs::Error) -> subxt_rpcs::Error {
    if let subxt_rpcs::Error::User(refusal) = &error {
        remember(|| convert::refused(question, refusal));
    }
    error
}

fn remember(error: impl FnOnce() -> ChainError) {
    // Outside of such a scope nobody wants it.
    let _ = LAST.try_with(|last| *last.borrow_mut() = Some(error()));
}
