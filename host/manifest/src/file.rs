//! A plugin file, checked before anything is compiled.
//!
//! Admission reads the component at depth 0 and validates it. What it refuses, it refuses with the line to
//! mend: in `plugin.toml` when the component and its manifest disagree, in `soma.toml` when a grant is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::Types;
use wasmparser::{Encoding, Parser, Payload, Validator};

use crate::contract::{ALWAYS_GRANTED, Hook, InterfaceName, LIFECYCLE, Want};
use crate::error::{GrantError, PluginFileError, SettingError};
use crate::manifest::Manifest;
use crate::section;

/// The largest plugin file. Python components, the largest known kind, have about 20 MB.
pub const LARGEST_PLUGIN: u64 = 128 * 1024 * 1024;

/// BLAKE3 of a plugin file: names its content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Digest of these bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(*blake3::hash(bytes).as_bytes())
    }

    /// The first 12 hexadecimal digits: enough to tell versions apart in a log.
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A component with its manifest, valid and consistent.
#[derive(Clone, Debug)]
pub struct PluginFile {
    /// What it says about itself.
    pub manifest: Manifest,
    /// Names its content.
    pub digest: Digest,
    /// What it really imports, apart from what every plugin may.
    pub imports: BTreeSet<Want>,
    /// The hooks that it exports whole. The manifest's hooks are a subset.
    pub exports: BTreeSet<Hook>,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The names at depth 0.
#[derive(Default)]
struct Surface {
    imports: Vec<String>,
    exports: Vec<String>,
    manifests: Vec<Vec<u8>>,
}

impl PluginFile {
    /// Reads and checks a file. Only an ordinary file: a pipe would hold the host up, a device would fill its
    /// memory.
    pub fn open(path: &Path) -> Result<PluginFile, PluginFileError> {
        let unreadable = |cause| PluginFileError::Unreadable { path: path.to_owned(), cause };
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
        let file = File::options().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
        let kind = file.metadata().map_err(unreadable)?;
        if !kind.is_file() {
            return Err(unreadable(io::Error::other("it is no ordinary file")));
        }
        let mut bytes = Vec::new();
        file.take(LARGEST_PLUGIN + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > LARGEST_PLUGIN {
            let size = kind.len().max(bytes.len() as u64);
            return Err(PluginFileError::TooLarge { size, limit: LARGEST_PLUGIN });
        }
        PluginFile::parse(bytes)
    }

    /// Checks a plugin that is in memory.
    pub fn parse(bytes: Vec<u8>) -> Result<PluginFile, PluginFileError> {
        let mut surface = Surface::read(&bytes)?;
        let manifest = match (surface.manifests.pop(), surface.manifests.is_empty()) {
            (None, _) => return Err(PluginFileError::NoManifest),
            (Some(_), false) => return Err(PluginFileError::TwoManifests),
            (Some(section), true) => Manifest::from_section(&section).map_err(PluginFileError::Manifest)?,
        };
        let types = Validator::new().validate_all(&bytes).map_err(section::invalid)?;
        let imports = surface.wanted_imports(&manifest)?;
        let exports = surface.whole_hooks(&types)?;
        if let Some(hook) = manifest.hooks.difference(&exports).next() {
            return Err(PluginFileError::MissingHook { hook: *hook });
        }
        Ok(PluginFile { manifest, digest: Digest::of(&bytes), imports, exports, bytes })
    }

    /// Refuses the plugin when it imports something that the operator does not grant to this slot.
    pub fn check_grants(&self, slot: &str, granted: &BTreeSet<Want>) -> Result<(), GrantError> {
        match self.imports.difference(granted).next() {
            None => Ok(()),
            Some(want) => {
                let line = quoted(granted.union(&self.imports));
                Err(GrantError { slot: slot.to_owned(), want: *want, line })
            }
        }
    }

    /// Refuses settings that the plugin does not read, when it says which it reads.
    pub fn check_settings(&self, slot: &str, config: &BTreeMap<String, String>) -> Result<(), SettingError> {
        let unknown = self.manifest.unknown_settings(config);
        if unknown.is_empty() {
            return Ok(());
        }
        let (unknown, known) = (quoted(unknown), quoted(self.manifest.config.keys()));
        Err(SettingError { slot: slot.to_owned(), unknown, known })
    }

    /// What an operator grants and the manifest does not want: it changes nothing, and is probably meant for another
    /// plugin.
    pub fn unused_grants(&self, granted: &BTreeSet<Want>) -> Vec<Want> {
        granted.difference(&self.manifest.wants).copied().collect()
    }
}

impl Surface {
    fn read(bytes: &[u8]) -> Result<Surface, PluginFileError> {
        let mut surface = Surface::default();
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(section::invalid)? {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                    return Err(PluginFileError::CoreModule);
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(imports) if depth == 0 => {
                    for import in imports {
                        surface.imports.push(import.map_err(section::invalid)?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(exports) if depth == 0 => {
                    for export in exports {
                        surface.exports.push(export.map_err(section::invalid)?.name.name.to_owned());
                    }
                }
                Payload::CustomSection(custom) if depth == 0 && custom.name() == section::NAME => {
                    surface.manifests.push(custom.data().to_vec());
                }
                _ => {}
            }
        }
        Ok(surface)
    }

    /// Every import is one of ours, and the manifest wants it.
    fn wanted_imports(&self, manifest: &Manifest) -> Result<BTreeSet<Want>, PluginFileError> {
        let mut imports = BTreeSet::new();
        for import in &self.imports {
            let interface = match InterfaceName::parse(import) {
                Some(InterfaceName { interface, compatible: true }) => interface,
                _ => return Err(PluginFileError::ForeignImport { import: import.clone() }),
            };
            if ALWAYS_GRANTED.contains(&interface) {
                continue;
            }
            let Some(want) = Want::from_name(interface) else {
                return Err(PluginFileError::ForeignImport { import: import.clone() });
            };
            imports.insert(want);
        }
        match imports.difference(&manifest.wants).next() {
            None => Ok(imports),
            Some(want) => {
                let line = quoted(manifest.wants.union(&imports));
                Err(PluginFileError::UnwantedImport { want: *want, line })
            }
        }
    }

    /// The hooks that are exported with all of their functions. Exports outside of `soma:neuron` are tool
    /// chains' own and are left alone.
    fn whole_hooks(&self, types: &Types) -> Result<BTreeSet<Hook>, PluginFileError> {
        let mut hooks = BTreeSet::new();
        for export in &self.exports {
            let Some(name) = InterfaceName::parse(export) else { continue };
            let hook = match Hook::from_name(name.interface) {
                Some(hook) if name.compatible => hook,
                None if name.compatible && name.interface == LIFECYCLE.0 => {
                    if !exported_functions(types, export).contains(LIFECYCLE.1) {
                        return Err(PluginFileError::ForeignVersion { export: export.clone() });
                    }
                    continue;
                }
                _ => return Err(PluginFileError::ForeignVersion { export: export.clone() }),
            };
            let exported = exported_functions(types, export);
            if let Some(missing) = hook.functions().iter().find(|function| !exported.contains(**function)) {
                return Err(PluginFileError::HalfHook { hook, function: (*missing).to_owned() });
            }
            hooks.insert(hook);
        }
        Ok(hooks)
    }
}

/// Names of the functions in an exported instance.
fn exported_functions(types: &Types, export: &str) -> BTreeSet<String> {
    let types = types.as_ref();
    let Some(item) = types.component_item_for_export(export) else { return BTreeSet::new() };
    let ComponentEntityType::Instance(id) = item.ty else { return BTreeSet::new() };
    let Some(instance) = types.get(id) else { return BTreeSet::new() };
    let functions = instance.exports.iter().filter(|(_, item)| matches!(item.ty, ComponentEntityType::Func(_)));
    functions.map(|(name, _)| name.clone()).collect()
}

fn quoted<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    names.into_iter().map(|name| format!("{:?}", name.to_string())).collect::<Vec<_>>().join(", ")
}
