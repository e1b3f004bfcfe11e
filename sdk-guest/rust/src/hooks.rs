//! The shapes that an author's functions may have, and how each becomes the contract's call.
//!
//! A forward function takes the synapse, or the synapse and the request, and returns a synapse (the same class
//! or another one) or `Result<_, Failure>`. A blacklist returns `(bool, reason)` as in the Python guide, or a
//! [`Verdict`]. A priority returns a number.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Failure, Reply, Request, Verdict};

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
    let mut reader = serde_json::Deserializer::from_slice(body);
    let synapse = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let field = error.path().to_string();
        let problem = error.into_inner();
        // A missing field is named by the problem itself; the path is then only that of the object.
        match field.as_str() {
            "." => Failure::invalid(problem.to_string()),
            field => Failure::invalid(format!("{field}: {problem}")),
        }
    })?;
    reader.end().map_err(|error| Failure::invalid(error.to_string()))?;
    Ok(Reply { body: function.answer(synapse, request)?, content_type: None, status: None })
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
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::testing;

    #[derive(Serialize, Deserialize)]
    struct Echo {
        text: String,
        #[serde(default)]
        times: u32,
    }

    fn plain(echo: Echo) -> Echo {
        echo
    }

    fn fallible(echo: Echo) -> Result<Echo, Failure> {
        match echo.times {
            0 => Err(Failure::refused("times is 0")),
            _ => Ok(echo),
        }
    }

    fn with_request(echo: Echo, request: &Request) -> Echo {
        Echo { text: format!("{} for {}", echo.text, request.caller.hotkey), ..echo }
    }

    fn fallible_with_request(echo: Echo, request: &Request) -> Result<String, Failure> {
        if request.caller.stake < 1.0 {
            return Err(Failure::unavailable("later"));
        }
        Ok(echo.text)
    }

    fn text(reply: Result<Reply, Failure>) -> String {
        String::from_utf8(reply.unwrap().body).unwrap()
    }

    #[test]
    fn takes_every_shape_of_forward() {
        let mut request = testing::request("Echo");
        let body = br#"{"text":"hi","times":1}"#;
        assert_eq!(text(run(plain, &request, body)), r#"{"text":"hi","times":1}"#);
        assert_eq!(text(run(fallible, &request, body)), r#"{"text":"hi","times":1}"#);
        request.caller.hotkey = "5F".into();
        assert_eq!(text(run(with_request, &request, body)), r#"{"text":"hi for 5F","times":1}"#);
        request.caller.stake = 1.0;
        assert_eq!(text(run(fallible_with_request, &request, body)), r#""hi""#);
        request.caller.stake = 0.0;
        assert_eq!(run(fallible_with_request, &request, body), Err(Failure::Unavailable("later".into())));
        assert_eq!(run(fallible, &request, br#"{"text":"hi"}"#), Err(Failure::Refused("times is 0".into())));
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        let request = testing::request("Echo");
        for (body, field) in [
            (r#"{"times":1}"#, "`text`"),
            (r#"{"text":"a","times":"b"}"#, "times: "),
            (r#"{"text":"a","times":-1}"#, "times: "),
            (r#"{"text":"a"} x"#, "trailing characters"),
            ("", "EOF"),
            ("\u{0}", "expected value"),
        ] {
            match run(plain, &request, body.as_bytes()) {
                Err(Failure::Invalid(reason)) => {
                    assert!(reason.contains(field), "{body}: {reason}");
                }
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn takes_every_shape_of_gate() {
        let request = testing::request("Echo");
        assert_eq!(judge(|_| (true, "no"), &request), Verdict::Deny("no".into()));
        assert_eq!(judge(|_| (false, String::new()), &request), Verdict::Allow);
        assert_eq!(judge(|_| Verdict::Allow, &request), Verdict::Allow);
        assert_eq!(rank(|_| 3_u32, &request), 3.0);
        assert_eq!(rank(|request: &Request| request.caller.stake, &request), 0.0);
    }
}
