//! `soma query`: one signed request to any axon.

use std::process::ExitCode;
use std::time::Duration;

use http::{HeaderValue, Method};
use serde_json::{Value, json};
use soma_dendrite::{BtauthRequest, Dendrite, DendriteError, SynapseOptions, SynapseTarget};
use soma_protocol::json::parse_object;
use soma_protocol::pytype::PyType;
use soma_wallet::{Access, Signer};

use super::{signer, this_program};
use crate::cli::{DialectFlag, QueryFlags};
use crate::error::SomaError;
use crate::exit::NOT_A_SUCCESS;
use crate::output::say;

/// What came back, in both dialects.
struct Answered {
    /// None when no answer came.
    http_status: Option<u16>,
    status_code: Option<u16>,
    status_message: Option<String>,
    body: Value,
    elapsed: Duration,
}

/// Sends the request and prints the answer. The exit code says whether it was a success.
pub async fn query(flags: QueryFlags) -> miette::Result<ExitCode> {
    let timeout =
        Duration::try_from_secs_f64(flags.timeout).map_err(|error| argument("--timeout", error.to_string()))?;
    let wallet = flags.wallet.locate()?;
    let hotkey = Access::hotkey(&wallet.require_hotkey()?, flags.wallet.password_file.as_deref());
    let signer = Signer::start(&this_program(), &[signer::SUBCOMMAND], hotkey).await?;
    let dendrite = Dendrite::new(signer)?;
    let answered = match flags.dialect {
        DialectFlag::Synapse => synapse(&dendrite, &flags, timeout).await,
        DialectFlag::Btauth => btauth(&dendrite, &flags, timeout).await,
    };
    let answered = answered.or_else(unanswered)?;
    print(&flags, &answered)?;
    let success = answered.status_code.is_some_and(|code| (200..300).contains(&code));
    Ok(if success { ExitCode::SUCCESS } else { ExitCode::from(NOT_A_SUCCESS) })
}

async fn synapse(dendrite: &Dendrite, flags: &QueryFlags, timeout: Duration) -> miette::Result<Answered> {
    let fields = parse_object(flags.body.as_bytes())?;
    let target = SynapseTarget::new(&flags.axon, &flags.hotkey, flags.route.trim_start_matches('/'))?;
    let hash_fields = hash_fields(flags.hash_fields.as_deref().unwrap_or_default())?;
    let options = SynapseOptions { timeout, hash_fields, ..SynapseOptions::default() };
    let answer = dendrite.synapse(&target, fields, &options).await?;
    Ok(Answered {
        http_status: Some(answer.synapse.http_status),
        status_code: answer.synapse.status_code,
        status_message: answer.synapse.status_message,
        body: answer.synapse.fields.map_or(Value::Null, Value::Object),
        elapsed: answer.elapsed,
    })
}

async fn btauth(dendrite: &Dendrite, flags: &QueryFlags, timeout: Duration) -> miette::Result<Answered> {
    let method = Method::from_bytes(flags.method.to_ascii_uppercase().as_bytes())
        .map_err(|error| argument("--method", error.to_string()))?;
    let request = BtauthRequest {
        url: format!("http://{}/{}", flags.axon, flags.route.trim_start_matches('/')),
        method,
        body: flags.body.clone().into(),
        content_type: Some(HeaderValue::from_static("application/json")),
        receiver: Some(flags.hotkey.clone()),
        timeout,
    };
    let answer = dendrite.btauth(request).await?;
    let text = || Value::String(String::from_utf8_lossy(&answer.body).into_owned());
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_else(|_| text());
    let message = body.get("message").and_then(Value::as_str).map(str::to_owned);
    let refused = answer.status >= 400;
    Ok(Answered {
        http_status: Some(answer.status),
        status_code: Some(answer.status),
        status_message: if refused { message } else { None },
        body,
        elapsed: answer.elapsed,
    })
}

/// A request that was sent and not answered has the outcome that a Python dendrite writes for it; anything else is
/// an error. What went wrong goes to standard error, so that standard output holds the outcome alone.
fn unanswered(report: miette::Report) -> miette::Result<Answered> {
    let error = report.downcast_ref::<DendriteError>();
    let Some(status) = error.and_then(DendriteError::v10_status) else { return Err(report) };
    let status_message = Some(report.to_string());
    eprintln!("{report:?}");
    let (body, elapsed) = (Value::Null, Duration::ZERO);
    Ok(Answered { http_status: None, status_code: Some(status), status_message, body, elapsed })
}

fn print(flags: &QueryFlags, answered: &Answered) -> miette::Result<()> {
    let elapsed_ms = answered.elapsed.as_secs_f64() * 1000.0;
    let dialect = match flags.dialect {
        DialectFlag::Synapse => "synapse",
        DialectFlag::Btauth => "btauth",
    };
    if flags.json {
        let all = json!({
            "dialect": dialect,
            "http_status": answered.http_status,
            "status_code": answered.status_code,
            "status_message": answered.status_message,
            "body": answered.body,
            "elapsed_ms": elapsed_ms,
        });
        say!("{all}")?;
        return Ok(());
    }
    if answered.http_status.is_none() {
        // What went wrong is on standard error.
        return Ok(());
    }
    let code = answered.status_code.map_or("no status".to_owned(), |code| code.to_string());
    let message = answered.status_message.as_deref().unwrap_or_default();
    let said = [&*code, message].join(" ");
    say!("{} ({elapsed_ms:.1} ms, {dialect})", said.trim_end())?;
    if !answered.body.is_null() {
        crate::output::json(&answered.body)?;
    }
    Ok(())
}

/// `prompt=str,max_tokens=int`. A comma inside of brackets belongs to the type.
fn hash_fields(text: &str) -> Result<Vec<(String, PyType)>, SomaError> {
    let mut fields = Vec::new();
    for part in split_outside_brackets(text).into_iter().filter(|part| !part.trim().is_empty()) {
        let Some((name, ty)) = part.split_once('=') else {
            return Err(argument("--hash-fields", format!("`{part}` is not FIELD=TYPE")));
        };
        let parsed = ty.trim().parse().map_err(|error| argument("--hash-fields", format!("{ty}: {error}")))?;
        fields.push((name.trim().to_owned(), parsed));
    }
    Ok(fields)
}

fn split_outside_brackets(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let parts = text.split(move |c| {
        match c {
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.collect()
}

fn argument(what: &'static str, problem: String) -> SomaError {
    SomaError::Argument { what, problem, command: "query" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_fields_are_read_in_their_order() {
        let read = |text| hash_fields(text).map(|fields| fields.into_iter().map(|(name, _)| name).collect::<Vec<_>>());
        assert_eq!(read("").unwrap(), Vec::<String>::new());
        assert_eq!(read("prompt=str, n=int").unwrap(), ["prompt", "n"]);
        assert_eq!(read("d=dict[str,int],l=list[float]").unwrap(), ["d", "l"]);
        assert!(read("prompt").is_err());
        assert!(read("prompt=strr[").is_err());
    }
}
