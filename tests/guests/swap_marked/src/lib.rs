//! Says in every hook which version it is: in the log from `blacklist`, in the answer from `forward` and `streaming`,
//! each time with the request's id. The version is a number in the built file: whoever writes another one there has another
//! version, with a digest of its own, whose code says so.

use soma_sdk::prelude::*;
use soma_sdk::serde_json;

/// Stands once in the built file. The digits are the version.
static MARK: [u8; 24] = *b"soma-mark-digits:0000000";
/// Where the digits begin.
const DIGITS: usize = 17;

/// Read when it runs and not when it is compiled.
fn mark() -> &'static str {
    let mark: &'static [u8; 24] = std::hint::black_box(&MARK);
    std::str::from_utf8(&mark[DIGITS..]).unwrap_or("not text")
}

#[derive(Serialize)]
struct Marked<'a> {
    id: &'a str,
    mark: &'static str,
}

/// Every route as bytes, so that one file serves under any name.
fn forward(request: &Request, _: &[u8]) -> Result<Reply, Failure> {
    let marked = Marked { id: &request.id, mark: mark() };
    let body = serde_json::to_vec(&marked).map_err(|error| Failure::internal(error.to_string()))?;
    Ok(Reply { body, content_type: None, status: None })
}

/// How much to write.
#[derive(Deserialize)]
struct MarkedStream {
    /// Pieces of 64 KiB.
    pieces: u32,
}

fn stream(asked: MarkedStream, request: &Request, out: &ResponseStream) -> Result<(), Failure> {
    out.write(format!("id {}\n", request.id))?;
    let line = format!("mark {}\n", mark());
    let piece = line.repeat((64 << 10) / line.len());
    for _ in 0..asked.pieces {
        out.write(&piece)?;
    }
    out.write("end\n")?;
    Ok(())
}

fn blacklist(_: &Request) -> (bool, String) {
    log::info!("gate {}", mark());
    (false, String::new())
}

fn priority(_: &Request) -> f64 {
    std::hint::black_box(0.0)
}

soma_sdk::plugin! {
    forward: forward,
    streaming: { MarkedStream => stream },
    blacklist: blacklist,
    priority: priority,
}
