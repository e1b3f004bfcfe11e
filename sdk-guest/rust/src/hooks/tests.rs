//! The shapes that functions may have.

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
fn a_body_that_is_not_the_class_is_the_plugins_fault_and_the_log_names_the_field() {
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
            Err(Failure::Internal(text)) => {
                assert!(text.contains(field) && text.contains("schema"), "{body}: {text}");
            }
            other => panic!("{body}: {other:?}"),
        }
    }
}

fn words(echo: Echo, out: &ResponseStream) -> Result<(), Failure> {
    for word in echo.text.split(' ') {
        out.write(word)?;
    }
    Ok(())
}

fn words_for(echo: Echo, request: &Request, out: &ResponseStream) -> Result<(), Failure> {
    out.write(&request.caller.hotkey)?;
    words(echo, out)
}

#[test]
fn takes_every_shape_of_streaming() {
    let mut request = testing::request("Echo");
    request.caller.hotkey = "5F".into();
    let body = br#"{"text":"a b  c"}"#;
    let listener = testing::Listener::default();
    assert_eq!(stream(words, &request, body, &listener.stream()), Ok(()));
    assert_eq!(listener.heard(), [b"a", b"b", b"c"], "an empty piece sends nothing");
    let hasty = testing::Listener::patient_for(2);
    let ended = stream(words_for, &request, body, &hasty.stream());
    assert!(matches!(ended, Err(Failure::Unavailable(_))), "{ended:?}");
    assert_eq!(hasty.heard(), [b"5F".as_slice(), b"a"]);
    let unread = stream(words, &request, b"{}", &listener.stream());
    assert!(matches!(&unread, Err(Failure::Internal(text)) if text.contains("`text`")), "{unread:?}");
}

#[test]
fn takes_every_shape_of_verify() {
    let request = testing::request("Echo");
    let body = br#"{"text":"hi"}"#;
    let short = |_: &Request, echo: &Echo| if echo.text.len() < 3 { Err("too short") } else { Ok(()) };
    assert_eq!(check(short, &request, body), Verdict::Deny("too short".into()));
    assert_eq!(check(short, &request, br#"{"text":"long"}"#), Verdict::Allow);
    assert_eq!(check(|_: &Request, _: &Echo| Verdict::Allow, &request, body), Verdict::Allow);
    assert_eq!(check(short, &request, b"{}"), Verdict::Deny("the body cannot be checked".into()));
    let empty = |_: &Request, body: &[u8]| if body.is_empty() { Err(String::from("empty")) } else { Ok(()) };
    assert_eq!(verify_bytes(empty, &request, b""), Verdict::Deny("empty".into()));
    assert_eq!(verify_bytes(empty, &request, b"x"), Verdict::Allow);
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
