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

/// Starts to keep the lines of plugins and requests.
pub fn keep() {
    static KEEPING: LazyLock<()> = LazyLock::new(|| {
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::TRACE)
            .with_env_filter("plugin=trace,request=trace")
            .with_writer(|| Sink)
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
    LazyLock::force(&KEEPING);
}

/// Level and text of each line of the plugin in this slot. A slot's name belongs to one test.
pub fn lines_of(slot: &str) -> Vec<(String, String)> {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let lines = String::from_utf8(lines).unwrap();
    let entries = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let own = entries.filter(|entry| entry["fields"]["slot"] == slot && entry["target"] == "plugin");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    own.map(|entry| (text(&entry["level"]), text(&entry["fields"]["message"]))).collect()
}

/// The fields of the line about the refused request with this id.
pub fn refusal_of(id: &str) -> Option<Value> {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let lines = String::from_utf8(lines).unwrap();
    let entries = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries
        .filter(|entry| entry["target"] == "request" && entry["fields"]["id"] == id)
        .map(|mut entry| entry["fields"].take())
        .next()
}
