//! subxt's errors as ours.
//!
//! subxt has an error type for each thing that it does, and most of them hide a failed connection somewhere inside. The
//! connection is our own [`Link`](crate::link::Link), so what comes out of it is a [`ChainError`] already and is taken out
//! again here. Where subxt keeps no more than a text, it is taken from [`carried`](crate::link::carried).

use subxt::error::{
    BackendError, EventsError, OnlineClientAtBlockError, OnlineClientError, RpcError, RuntimeApiError, StorageError,
};

use crate::error::ChainError;
use crate::words::shortened;

/// How subxt's text begins when a question about metadata failed, in contrast to metadata that cannot be read.
const QUESTION_FAILED: &str = "Error calling";

/// An error of one JSON-RPC question.
pub(crate) fn rpc(question: &str, error: subxt_rpcs::Error) -> ChainError {
    match error {
        subxt_rpcs::Error::Client(cause) => match cause.downcast::<ChainError>() {
            Ok(ours) => *ours,
            Err(other) => ChainError::ConnectionLost {
                endpoint: "the endpoint".to_owned(),
                question: question.to_owned(),
                detail: shortened(&other.to_string()),
            },
        },
        subxt_rpcs::Error::User(error) => refused(question, &error),
        other => undecodable(format!("the answer to {question}"), &other),
    }
}

/// The node's own refusal of a question.
pub(crate) fn refused(question: &str, error: &subxt_rpcs::UserError) -> ChainError {
    ChainError::Refused { question: question.to_owned(), code: error.code, message: shortened(&error.message) }
}

/// An answer that cannot be read. What is wrong with it may be told in its own words.
pub(crate) fn undecodable(what: impl Into<String>, error: &dyn std::error::Error) -> ChainError {
    ChainError::Undecodable { what: what.into(), detail: shortened(&error.to_string()) }
}

fn unknown_runtime(error: &dyn std::error::Error) -> ChainError {
    ChainError::UnknownRuntime { detail: shortened(&error.to_string()) }
}

/// An error of the legacy backend.
pub(crate) fn backend(question: &str, error: BackendError) -> ChainError {
    match error {
        BackendError::Rpc(RpcError::ClientError(error)) => rpc(question, error),
        other => undecodable(question, &other),
    }
}

/// An error of making the client.
pub(crate) fn online(error: OnlineClientError) -> ChainError {
    match error {
        OnlineClientError::CannotGetGenesisHash(error) => backend("the chain's first block", error),
        OnlineClientError::RpcError(error) => rpc("connect", error),
        other => unknown_runtime(&other),
    }
}

/// An error of going to a block; `last` is the failure of the last question that failed on the way.
pub(crate) fn at_block(error: OnlineClientAtBlockError, last: Option<ChainError>) -> ChainError {
    match error {
        OnlineClientAtBlockError::CannotGetMetadata { reason, .. } if reason.starts_with(QUESTION_FAILED) => {
            last.unwrap_or_else(|| ChainError::UnknownRuntime { detail: shortened(&reason) })
        }
        OnlineClientAtBlockError::CannotGetCurrentBlock { reason } => backend("the newest finalised block", reason),
        OnlineClientAtBlockError::CannotGetBlockHash { reason, .. } => backend("a block's hash", reason),
        OnlineClientAtBlockError::CannotGetBlockHeader { reason, .. } => backend("a block's header", reason),
        OnlineClientAtBlockError::CannotGetSpecVersion { reason, .. } => backend("the spec version of a block", reason),
        OnlineClientAtBlockError::BlockNotFound { block_number } => {
            ChainError::UnknownBlock { block: block_number.to_string() }
        }
        OnlineClientAtBlockError::BlockHeaderNotFound { block_hash } => {
            ChainError::UnknownBlock { block: block_hash.to_string() }
        }
        other => unknown_runtime(&other),
    }
}

/// An error of reading a storage.
pub(crate) fn storage(what: &str, error: StorageError) -> ChainError {
    match error {
        StorageError::CannotFetchValue(error)
        | StorageError::CannotIterateValues(error)
        | StorageError::StreamFailure(error) => backend(what, error),
        other => undecodable(what, &other),
    }
}

/// An error of a runtime API.
pub(crate) fn api(what: &str, error: RuntimeApiError) -> ChainError {
    match error {
        RuntimeApiError::CannotCallApi(error) => backend(what, error),
        other => undecodable(what, &other),
    }
}

/// An error of reading a block's events.
pub(crate) fn events(what: &str, error: EventsError) -> ChainError {
    match error {
        EventsError::CannotFetchEventBytes(error) => backend(what, error),
        other => undecodable(what, &other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::LONGEST;

    #[test]
    fn words_of_a_node_are_short_and_plain() {
        let said = format!("\u{1b}]0;owned\u{7}{}", "x".repeat(10 << 20));
        let user = subxt_rpcs::UserError { code: -32000, message: said.clone(), data: None };
        for error in [
            rpc("q", subxt_rpcs::Error::User(user)),
            rpc("q", subxt_rpcs::Error::Client(said.clone().into())),
            rpc("q", subxt_rpcs::Error::Deserialization(serde::de::Error::custom(&said))),
            backend("q", BackendError::Other(said.clone().into())),
            at_block(OnlineClientAtBlockError::CannotGetMetadata { block_hash: [0; 32].into(), reason: said }, None),
        ] {
            let shown = error.to_string();
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
            assert!(shown.chars().count() < LONGEST + 100, "{}", shown.len());
        }
    }
}
