//! Fails as the field `kind` says, with a text that no header could carry as it is.

use soma_sdk::prelude::*;

#[derive(Serialize, Deserialize)]
struct Failing {
    /// `invalid`, `refused`, `unavailable` or `internal`; anything else succeeds.
    kind: String,
}

/// A line end, a character beyond Latin-1, a control character.
const TEXT: &str = "first line\r\nX-Second: \u{4f60}\u{597d}\u{7}";

fn forward(failing: Failing) -> Result<Failing, Failure> {
    match failing.kind.as_str() {
        "invalid" => Err(Failure::invalid(TEXT)),
        "refused" => Err(Failure::refused(TEXT)),
        "unavailable" => Err(Failure::unavailable(TEXT)),
        "internal" => Err(Failure::internal(TEXT)),
        _ => Ok(failing),
    }
}

soma_sdk::plugin! {
    forward: { Failing => forward },
}
