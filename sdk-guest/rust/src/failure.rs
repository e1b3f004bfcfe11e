//! Short ways to make a [`Failure`].

use crate::Failure;

impl Failure {
    /// What was asked makes no sense: the caller gets status 422 and `reason` (printable ASCII, at most 200
    /// bytes of it).
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }

    /// Understood, but this caller does not get it: status 403 and `reason`.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused(reason.into())
    }

    /// Not now, for example because a model server is down: status 503 and `reason`.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable(reason.into())
    }

    /// The plugin is at fault: status 500; `text` goes to the operator's log and nowhere else.
    pub fn internal(text: impl Into<String>) -> Self {
        Self::Internal(text.into())
    }
}
