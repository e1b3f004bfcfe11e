//! What is logged while the tests run, for all of them: guests have threads of their own.

use std::io::Write;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::Value;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Sink;

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Starts to keep the lines of plugins, and what the host says of them.
pub fn keep() {
    static KEEPING: LazyLock<()> = LazyLock::new(|| {
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::TRACE)
            .with_env_filter("plugin=trace,soma=info")
            .with_writer(|| Sink)
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
    LazyLock::force(&KEEPING);
}

/// Level and text of each line of the plugin in this slot. A slot's name belongs to one test.
pub fn lines_of(slot: &str) -> Vec<(String, String)> {
    lines_from("plugin", slot)
}

/// The same of the host's lines about the slot's conduct.
pub fn conduct_of(slot: &str) -> Vec<(String, String)> {
    lines_from("soma_runtime::conduct", slot)
}

fn lines_from(target: &str, slot: &str) -> Vec<(String, String)> {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let lines = String::from_utf8(lines).unwrap();
    let entries = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let own = entries.filter(|entry| entry["fields"]["slot"] == slot && entry["target"] == target);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    own.map(|entry| (text(&entry["level"]), text(&entry["fields"]["message"]))).collect()
}
