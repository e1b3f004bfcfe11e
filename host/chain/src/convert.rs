//! subxt's errors as ours.
//!
//! subxt has an error type for each thing that it does, and most of them hide a failed connection somewhere inside. The
//! connection is our own [`Link`](crate::link::Link), so what comes out of it is a [`ChainError`] already and is taken out
//! again here.

use subxt::error::{
    BackendError, EventsError, OnlineClientAtBlockError, OnlineClientError, RpcError, RuntimeApiError, StorageError,
};

use crate::error::ChainError;

/// An error of one JSON-RPC question.
pub(crate) fn rpc(question: &str, error: subxt_rpcs::Error) -> ChainError {
    match error {
        subxt_rpcs::Error::Client(cause) => match cause.downcast::<ChainError>() {
            Ok(ours) => *ours,
            Err(other) => ChainError::ConnectionLost {
                endpoint: "the endpoint".to_owned(),
                question: question.to_owned(),
                detail: other.to_string(),
            },
        },
        subxt_rpcs::Error::User(error) => {
            ChainError::Refused { question: question.to_owned(), code: error.code, message: error.message }
        }
        other => ChainError::Undecodable { what: format!("the answer to {question}"), detail: other.to_string() },
    }
}

/// An error of the legacy backend.
pub(crate) fn backend(question: &str, error: BackendError) -> ChainError {
    match error {
        BackendError::Rpc(RpcError::ClientError(error)) => rpc(question, error),
        other => ChainError::Undecodable { what: question.to_owned(), detail: other.to_string() },
    }
}

/// An error of making the client.
pub(crate) fn online(error: OnlineClientError) -> ChainError {
    match error {
        OnlineClientError::CannotGetGenesisHash(error) => backend("the chain's first block", error),
        OnlineClientError::RpcError(error) => rpc("connect", error),
        other => ChainError::UnknownRuntime { detail: other.to_string() },
    }
}

/// An error of going to a block.
pub(crate) fn at_block(error: OnlineClientAtBlockError) -> ChainError {
    match error {
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
        other => ChainError::UnknownRuntime { detail: other.to_string() },
    }
}

/// An error of reading a storage.
pub(crate) fn storage(what: &str, error: StorageError) -> ChainError {
    match error {
        StorageError::CannotFetchValue(error)
        | StorageError::CannotIterateValues(error)
        | StorageError::StreamFailure(error) => backend(what, error),
        other => ChainError::Undecodable { what: what.to_owned(), detail: other.to_string() },
    }
}

/// An error of a runtime API.
pub(crate) fn api(what: &str, error: RuntimeApiError) -> ChainError {
    match error {
        RuntimeApiError::CannotCallApi(error) => backend(what, error),
        other => ChainError::Undecodable { what: what.to_owned(), detail: other.to_string() },
    }
}

/// An error of reading a block's events.
pub(crate) fn events(what: &str, error: EventsError) -> ChainError {
    match error {
        EventsError::CannotFetchEventBytes(error) => backend(what, error),
        other => ChainError::Undecodable { what: what.to_owned(), detail: other.to_string() },
    }
}
