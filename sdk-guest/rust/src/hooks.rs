//! The shapes that an author's functions may have, and how each becomes the contract's call.
//!
//! A forward function takes the synapse, or the synapse and the request, and returns a synapse (the same class
//! or another one) or `Result<_, Failure>`. A streaming function takes a stream to write to besides, and returns
//! `Result<(), Failure>`. A blacklist returns `(bool, reason)` as in the Python guide, or a [`Verdict`]. A verify
//! function returns `Result<(), reason>` or a [`Verdict`]. A priority returns a number.
//!
//! The host checks a body against the route's schema before any hook runs. A body that passed and cannot be read as the
//! class is therefore the plugin's fault: the call fails as `internal` (status 500), the field is named in the host's
//! log, and the caller is told nothing. A route without a schema takes every JSON object, so its class has to take
//! every one too (`serde_json::Value`, or optional fields), and the function says [`Failure::invalid`] where it has to.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Failure, Reply, Request, ResponseStream, Verdict};

/// What a forward function may return. `Kind` tells a class from a `Result`; nobody names it.
#[diagnostic::on_unimplemented(
    message = "a forward function can't return `{Self}`",
    label = "return a class that derives Serialize, or `Result<class, Failure>`"
)]
pub trait Answer<Kind> {
    /// The JSON of the reply's body.
    ///
    /// # Errors
    /// The author's own [`Failure`], or `Failure::Internal` when the value can't be written as JSON.
    fn into_body(self) -> Result<Vec<u8>, Failure>;
}

/// The function always has an answer.
#[derive(Debug)]
pub enum Certain {}

/// The function may fail.
#[derive(Debug)]
pub enum Fallible {}

impl<T: Serialize> Answer<Certain> for T {
    fn into_body(self) -> Result<Vec<u8>, Failure> {
        serde_json::to_vec(&self).map_err(|error| Failure::internal(format!("the answer is not JSON: {error}")))
    }
}

impl<T: Serialize> Answer<Fallible> for Result<T, Failure> {
    fn into_body(self) -> Result<Vec<u8>, Failure> {
        self?.into_body()
    }
}

/// A forward function for the class `T`. `Shape` tells the argument lists and results apart; nobody names it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has not the shape of a forward function for `{T}`",
    label = "write `fn(Class) -> A` or `fn(Class, &Request) -> A`, with A a class or `Result<class, Failure>`"
)]
pub trait Forward<T, Shape> {
    /// Runs the function.
    ///
    /// # Errors
    /// What the function returns, see [`Answer::into_body`].
    fn answer(&self, synapse: T, request: &Request) -> Result<Vec<u8>, Failure>;
}

impl<T, K, A: Answer<K>, F: Fn(T) -> A> Forward<T, (T, K)> for F {
    fn answer(&self, synapse: T, _: &Request) -> Result<Vec<u8>, Failure> {
        self(synapse).into_body()
    }
}

impl<T, K, A: Answer<K>, F: Fn(T, &Request) -> A> Forward<T, (T, &Request, K)> for F {
    fn answer(&self, synapse: T, request: &Request) -> Result<Vec<u8>, Failure> {
        self(synapse, request).into_body()
    }
}

/// A streaming function for the class `T`. `Shape` tells the argument lists apart; nobody names it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has not the shape of a streaming function for `{T}`",
    label = "write `fn(Class, &Request, &ResponseStream) -> Result<(), Failure>`, or the same without the request"
)]
pub trait Streaming<T, Shape> {
    /// Runs the function.
    ///
    /// # Errors
    /// What the function returns.
    fn stream(&self, synapse: T, request: &Request, out: &ResponseStream) -> Result<(), Failure>;
}

impl<T, F: Fn(T, &ResponseStream) -> Result<(), Failure>> Streaming<T, (T, &ResponseStream)> for F {
    fn stream(&self, synapse: T, _: &Request, out: &ResponseStream) -> Result<(), Failure> {
        self(synapse, out)
    }
}

impl<T, F: Fn(T, &Request, &ResponseStream) -> Result<(), Failure>> Streaming<T, (T, &Request, &ResponseStream)> for F {
    fn stream(&self, synapse: T, request: &Request, out: &ResponseStream) -> Result<(), Failure> {
        self(synapse, request, out)
    }
}

/// What a verify function may return.
#[diagnostic::on_unimplemented(
    message = "a verify function can't return `{Self}`",
    label = "return `Result<(), String>` or `Verdict`"
)]
pub trait Check {
    /// As the contract has it.
    fn into_verdict(self) -> Verdict;
}

impl Check for Verdict {
    fn into_verdict(self) -> Verdict {
        self
    }
}

/// The error is the reason.
impl<S: Into<String>> Check for Result<(), S> {
    fn into_verdict(self) -> Verdict {
        match self {
            Ok(()) => Verdict::Allow,
            Err(reason) => Verdict::Deny(reason.into()),
        }
    }
}

/// A verify function for the class `T`. `C` is what it returns; nobody names it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has not the shape of a verify function for `{T}`",
    label = "write `fn(&Request, &Class) -> Result<(), String>`, or with `Verdict`"
)]
pub trait Verify<T, C> {
    /// Runs the function.
    fn check(&self, request: &Request, synapse: &T) -> Verdict;
}

impl<T, C: Check, F: Fn(&Request, &T) -> C> Verify<T, C> for F {
    fn check(&self, request: &Request, synapse: &T) -> Verdict {
        self(request, synapse).into_verdict()
    }
}

/// What a blacklist may return.
pub trait Judgement {
    /// As the contract has it.
    fn into_verdict(self) -> Verdict;
}

impl Judgement for Verdict {
    fn into_verdict(self) -> Verdict {
        self
    }
}

/// True is "blacklisted", as in the Python guide; the text is the reason.
impl<S: Into<String>> Judgement for (bool, S) {
    fn into_verdict(self) -> Verdict {
        match self {
            (true, reason) => Verdict::Deny(reason.into()),
            (false, _) => Verdict::Allow,
        }
    }
}

/// What a priority may return: higher is served first.
pub trait Rank {
    /// As the contract has it.
    fn into_rank(self) -> f64;
}

macro_rules! ranks {
    ($($number:ty),*) => {
        $(impl Rank for $number {
            fn into_rank(self) -> f64 {
                self.into()
            }
        })*
    };
}

ranks!(f64, f32, u32, i32);

/// Runs an init function.
#[doc(hidden)]
pub fn prepare<S: Into<String>>(function: impl Fn() -> Result<(), S>) -> Result<(), String> {
    function().map_err(Into::into)
}

/// Called before every hook.
#[doc(hidden)]
pub fn start() {
    #[cfg(target_arch = "wasm32")]
    crate::panics::install();
}

/// Reads the body, runs the function, writes the answer.
#[doc(hidden)]
pub fn run<T: DeserializeOwned, Shape>(
    function: impl Forward<T, Shape>,
    request: &Request,
    body: &[u8],
) -> Result<Reply, Failure> {
    let synapse = read(body).map_err(Failure::Internal)?;
    Ok(Reply { body: function.answer(synapse, request)?, content_type: None, status: None })
}

/// The class, or what keeps the body from being one, for the log.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let synapse = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let field = error.path().to_string();
        let problem = error.into_inner();
        // A missing field is named by the problem itself; the path is then only that of the object.
        match field.as_str() {
            "." => mismatch(&problem),
            field => mismatch(&format_args!("{field}: {problem}")),
        }
    })?;
    reader.end().map_err(|error| mismatch(&error))?;
    Ok(synapse)
}

fn mismatch(problem: &dyn std::fmt::Display) -> String {
    format!("the route's schema allows a body that is not the plugin's class: {problem}")
}

/// Reads the body and runs the function, which writes the answer.
#[doc(hidden)]
pub fn stream<T: DeserializeOwned, Shape>(
    function: impl Streaming<T, Shape>,
    request: &Request,
    body: &[u8],
    out: &ResponseStream,
) -> Result<(), Failure> {
    function.stream(read(body).map_err(Failure::Internal)?, request, out)
}

/// Reads the body and has it checked. What cannot be read was not checked, and so does not pass; why is for the log.
#[doc(hidden)]
pub fn check<T: DeserializeOwned, C>(function: impl Verify<T, C>, request: &Request, body: &[u8]) -> Verdict {
    match read(body) {
        Ok(synapse) => function.check(request, &synapse),
        Err(mismatch) => {
            crate::log::error!("{mismatch}");
            Verdict::Deny("the body cannot be checked".into())
        }
    }
}

/// Has the bytes of a body checked.
#[doc(hidden)]
pub fn verify_bytes<C: Check>(function: impl Fn(&Request, &[u8]) -> C, request: &Request, body: &[u8]) -> Verdict {
    function(request, body).into_verdict()
}

/// The manifest binds a route that `plugin!` does not name.
#[doc(hidden)]
pub fn unknown_route(request: &Request) -> Failure {
    Failure::internal(format!("the manifest has a route {:?} that plugin! does not name", request.route))
}

/// Runs a blacklist.
#[doc(hidden)]
pub fn judge<J: Judgement>(function: impl Fn(&Request) -> J, request: &Request) -> Verdict {
    function(request).into_verdict()
}

/// Runs a priority.
#[doc(hidden)]
pub fn rank<R: Rank>(function: impl Fn(&Request) -> R, request: &Request) -> f64 {
    function(request).into_rank()
}

#[cfg(test)]
mod tests;
