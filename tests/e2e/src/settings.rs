//! The `soma.toml` of a test.

use std::path::PathBuf;

use toml::{Table, Value};

/// One slot: a plugin, the routes it serves and what it is granted.
#[derive(Clone, Debug)]
pub struct Slot {
    name: String,
    table: Table,
}

impl Slot {
    /// A slot that serves `routes` with the component at `plugin` and is granted nothing.
    pub fn new(name: &str, plugin: PathBuf, routes: &[&str]) -> Self {
        let routes = routes.iter().map(|route| Value::from(*route)).collect();
        Self::with_all_routes(name, plugin).with("routes", Value::Array(routes))
    }

    /// A slot that serves every route of the component at `plugin` and is granted nothing.
    pub fn with_all_routes(name: &str, plugin: PathBuf) -> Self {
        let mut table = Table::new();
        table.insert("plugin".to_owned(), Value::from(plugin.display().to_string()));
        Self { name: name.to_owned(), table }
    }

    /// Grants capabilities, by the names that manifests use.
    #[must_use]
    pub fn grant(mut self, capabilities: &[&str]) -> Self {
        let list = capabilities.iter().map(|name| Value::from(*name)).collect();
        self.table.insert("grant".to_owned(), Value::Array(list));
        self
    }

    /// Adds one configuration value.
    #[must_use]
    pub fn config(mut self, key: &str, value: &str) -> Self {
        let entry = self.table.entry("config").or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(config) = entry {
            config.insert(key.to_owned(), Value::from(value));
        }
        self
    }

    /// Sets any other key of the slot.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.table.insert(key.to_owned(), value.into());
        self
    }
}

/// A whole `soma.toml`.
#[derive(Clone, Debug)]
pub struct Settings {
    table: Table,
}

impl Default for Settings {
    /// A neuron of network 1 on a local chain, without slots. All requests of a test come from one address and few
    /// hotkeys, so their rates are higher than usual.
    fn default() -> Self {
        let mut neuron = Table::new();
        neuron.insert("netuid".to_owned(), Value::from(1));
        neuron.insert("network".to_owned(), Value::from("local"));
        let mut table = Table::new();
        table.insert("neuron".to_owned(), Value::Table(neuron));
        let rates = ["address_rate", "address_burst", "hotkey_rate", "hotkey_burst"];
        let limits: Table = rates.iter().map(|rate| ((*rate).to_owned(), Value::from(100_000))).collect();
        Self { table }.set("axon", "limits", limits)
    }
}

impl Settings {
    /// Adds a slot.
    #[must_use]
    pub fn slot(self, slot: Slot) -> Self {
        let name = slot.name.clone();
        self.set("slots", &name, slot.table)
    }

    /// Sets one key of one section.
    #[must_use]
    pub fn set(mut self, section: &str, key: &str, value: impl Into<Value>) -> Self {
        let entry = self.table.entry(section).or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(table) = entry {
            table.insert(key.to_owned(), value.into());
        }
        self
    }

    /// The file's text.
    pub fn text(&self) -> String {
        self.table.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_slots_as_an_operator_would() {
        let slot =
            Slot::new("text", PathBuf::from("a.wasm"), &["TextGeneration"]).grant(&["config"]).config("deny", "[]");
        let text = Settings::default().slot(slot).text();
        let read: Table = text.parse().unwrap();
        assert_eq!(read["slots"]["text"]["routes"][0].as_str(), Some("TextGeneration"), "{text}");
        assert_eq!(read["slots"]["text"]["config"]["deny"].as_str(), Some("[]"), "{text}");
        assert_eq!(read["neuron"]["netuid"].as_integer(), Some(1), "{text}");
    }
}
