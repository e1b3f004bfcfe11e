//! `soma explain`: what became of a recent request of a running host.

use std::time::{Duration, UNIX_EPOCH};

use bytesize::ByteSize;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::plugin::socket;
use crate::admin;
use crate::cli::ExplainFlags;
use crate::error::SomaError;
use crate::telemetry::report::{RequestReport, StageReport};

/// Explains one request, or lists some.
pub async fn explain(flags: ExplainFlags) -> miette::Result<()> {
    let socket = socket(&flags.admin)?;
    let path = match &flags.request {
        Some(id) => format!("/requests/{}", encoded(id)),
        None => listing(&flags),
    };
    if flags.list {
        let requests: Vec<RequestReport> = admin::ask(&socket, Method::GET, &path, &json!({})).await?;
        if flags.admin.json {
            crate::output::json(&requests)?;
        } else {
            requests.iter().for_each(|request| println!("{}", line(request)));
        }
        return Ok(());
    }
    let request: RequestReport = if flags.last {
        let newest: Vec<RequestReport> = admin::ask(&socket, Method::GET, &path, &json!({})).await?;
        newest.into_iter().next().ok_or(SomaError::NoRequest)?
    } else {
        admin::ask(&socket, Method::GET, &path, &json!({})).await?
    };
    if flags.admin.json {
        crate::output::json(&request)?;
    } else {
        print!("{}", page(&request));
    }
    Ok(())
}

fn listing(flags: &ExplainFlags) -> String {
    let limit = if flags.last { 1 } else { flags.limit };
    let mut path = format!("/requests?limit={limit}");
    for (key, value) in [("code", &flags.code), ("route", &flags.route), ("hotkey", &flags.hotkey)] {
        if let Some(value) = value {
            path.push_str(&format!("&{key}={}", encoded(value)));
        }
    }
    path
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// One request in one line.
fn line(request: &RequestReport) -> String {
    format!(
        "{}  {}  {} {:<17} {:>9}  {}  {}",
        time(request),
        request.id,
        request.status,
        request.code,
        milliseconds(request.elapsed_ms),
        visible(request.route.as_deref().unwrap_or(&request.path)),
        caller(request),
    )
}

/// One request in full.
fn page(request: &RequestReport) -> String {
    let mut rows = vec![
        ("request", request.id.clone()),
        ("received", format!("{} from {}", time(request), request.ip)),
        ("route", route(request)),
        ("caller", caller(request)),
        ("answer", format!("{} {} after {}", request.status, request.code, milliseconds(request.elapsed_ms))),
    ];
    if !request.detail.is_empty() {
        rows.push(("because", visible(&request.detail)));
    }
    rows.push(("bytes", format!("{} in, {} out", request.bytes_in, request.bytes_out)));
    if let Some(version) = &request.version {
        rows.push(("version", version.clone()));
    }
    if let Some(budget) = &request.budget {
        let (memory, output) = (ByteSize::b(budget.memory), ByteSize::b(budget.output));
        let ms = milliseconds;
        rows.push((
            "budget",
            format!(
                "{memory} memory; gates {} CPU, {} wall; answer {} CPU, {output}; request {} wall",
                ms(budget.gate_cpu_ms),
                ms(budget.gate_wall_ms),
                ms(budget.forward_cpu_ms),
                ms(budget.wall_ms),
            ),
        ));
    }
    if let Some(priority) = request.priority {
        rows.push(("priority", priority.to_string()));
    }
    let mut page: String = rows.iter().map(|(name, text)| format!("{name:<9} {text}\n")).collect();
    page.push('\n');
    page.push_str(&stages(&request.stages));
    page
}

fn stages(stages: &[StageReport]) -> String {
    let titles = ["stage", "slot", "version", "wall", "CPU", "memory", "verdict"].map(str::to_owned);
    let rows: Vec<[String; 7]> = std::iter::once(titles).chain(stages.iter().map(cells)).collect();
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..7).map(widest).collect();
    let mut text = String::new();
    for row in &rows {
        let padded: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}", width = *width)).collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn cells(stage: &StageReport) -> [String; 7] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let of = |used: Option<String>, budget: Option<String>| match (used, budget) {
        (Some(used), Some(budget)) => format!("{used} of {budget}"),
        (used, _) => used.unwrap_or_default(),
    };
    let size = |bytes: u64| ByteSize::b(bytes).to_string();
    [
        stage.stage.clone(),
        text(&stage.slot),
        text(&stage.version),
        milliseconds(stage.wall_ms),
        of(stage.cpu_ms.map(milliseconds), stage.cpu_budget_ms.map(milliseconds)),
        of(stage.memory.map(size), stage.memory_budget.map(size)),
        stage.verdict.clone(),
    ]
}

fn route(request: &RequestReport) -> String {
    let dialect = request.dialect.as_deref().unwrap_or("headers of both dialects");
    match &request.route {
        Some(route) => format!("{route} ({dialect})"),
        None => format!("none for {} ({dialect})", visible(&request.path)),
    }
}

fn caller(request: &RequestReport) -> String {
    match &request.hotkey {
        Some(hotkey) if request.proven => format!("{} (proven)", visible(hotkey)),
        Some(hotkey) => format!("{} (claimed, {})", visible(hotkey), request.class),
        None => "nobody (no hotkey claimed)".to_owned(),
    }
}

fn time(request: &RequestReport) -> String {
    // Beyond what the calendar can show there is no clock's time.
    let latest = Duration::from_secs(253_402_300_799);
    let received = Duration::from_millis(request.received_ms).min(latest);
    humantime::format_rfc3339_millis(UNIX_EPOCH + received).to_string()
}

fn milliseconds(ms: f64) -> String {
    if ms >= 1000.0 { format!("{:.3} s", ms / 1000.0) } else { format!("{ms:.3} ms") }
}

/// What a stranger wrote must not steer the terminal.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn report() -> RequestReport {
        let forward = json!({
            "stage": "forward", "slot": "text", "version": "0123456789ab", "verdict": "answered", "wall_ms": 3.5,
            "cpu_ms": 1.25, "cpu_budget_ms": 10000.0, "memory": 1 << 20, "memory_budget": 64 << 20
        });
        let head = json!({"stage": "head", "verdict": "passed", "wall_ms": 0.014});
        serde_json::from_value(json!({
            "id": "the-id", "received_ms": 1_800_000_000_123_u64, "ip": "192.0.2.1", "dialect": "synapse",
            "path": "/Text", "route": "Text", "hotkey": "5F", "proven": true, "class": "proven", "status": 200,
            "code": "ok", "detail": "", "version": "0123456789ab", "priority": 2.5, "bytes_in": 10, "bytes_out": 20,
            "elapsed_ms": 1004.5, "stages": [head, forward],
            "budget": {
                "memory": 64 << 20, "gate_cpu_ms": 100.0, "gate_wall_ms": 1000.0, "forward_cpu_ms": 10000.0,
                "wall_ms": 60000.0, "output": 4 << 20
            }
        }))
        .unwrap()
    }

    #[test]
    fn a_page_has_the_stages_in_columns() {
        let page = page(&report());
        let expected = "\
request   the-id
received  2027-01-15T08:00:00.123Z from 192.0.2.1
route     Text (synapse)
caller    5F (proven)
answer    200 ok after 1.004 s
bytes     10 in, 20 out
version   0123456789ab
budget    64.0 MiB memory; gates 100.000 ms CPU, 1.000 s wall; answer 10.000 s CPU, 4.0 MiB; request 60.000 s wall
priority  2.5

stage    slot  version       wall      CPU                   memory               verdict
head                         0.014 ms                                             passed
forward  text  0123456789ab  3.500 ms  1.250 ms of 10.000 s  1.0 MiB of 64.0 MiB  answered
";
        assert_eq!(page, expected);
    }

    #[test]
    fn a_filter_cannot_break_out_of_its_place() {
        let listed = encoded("a&limit=9 /?#\u{e4}");
        assert_eq!(listed, "a%26limit%3D9%20%2F%3F%23%C3%A4");
    }

    proptest! {
        #[test]
        fn whatever_a_stranger_wrote_is_shown_in_its_line(path in any::<String>(), hotkey in any::<String>(), at in any::<u64>()) {
            let mut request = report();
            (request.path, request.route, request.hotkey, request.received_ms) = (path, None, Some(hotkey), at);
            prop_assert!(!line(&request).chars().any(char::is_control));
            prop_assert_eq!(page(&request).lines().count(), 13);
        }
    }
}
