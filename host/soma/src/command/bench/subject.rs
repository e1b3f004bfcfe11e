//! The slots that are measured.

use soma_manifest::PluginFile;
use soma_runtime::{SlotSpec, Slots};

use crate::cli::BenchFlags;
use crate::command::plugin::{probe, sandbox};
use crate::config::File;

/// Slots of soma.toml, or one for a plugin file.
pub struct Subject {
    specs: Vec<SlotSpec>,
}

impl Subject {
    /// Reads what the flags name.
    pub fn read(flags: &BenchFlags) -> miette::Result<Subject> {
        let specs = match &flags.plugin {
            Some(path) => {
                let file = PluginFile::open(path)?;
                vec![SlotSpec { instances: None, ..sandbox::slot(&file, path, Default::default()) }]
            }
            None => File::read(&flags.config)?.slots(&flags.config)?,
        };
        Ok(Subject { specs })
    }

    /// Loads them as `soma run` does. Code that was compiled before is used again.
    pub async fn load(&self) -> miette::Result<Slots> {
        Ok(Slots::load(sandbox::loader(None, self.specs.len())?, self.specs.clone()).await?)
    }

    /// A body that the route's schema may well accept, with the schema's defaults as a plugin gets it.
    pub fn body(&self, slots: &Slots, route: &str) -> Vec<u8> {
        let table = slots.table();
        let Some(route) = table.route(route) else { return b"{}".to_vec() };
        let spec = route.answerer().manifest().routes.get(route.name());
        let made_up = probe::body(spec.and_then(|spec| spec.schema.as_ref()));
        let body = route.contract().accept(made_up.clone()).unwrap_or(made_up);
        serde_json::Value::Object(body).to_string().into_bytes()
    }
}
