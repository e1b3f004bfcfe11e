//! The `soma:manifest` custom section at the end of a component.

use wasm_encoder::{ComponentSection, CustomSection, Encode};
use wasmparser::{Encoding, Parser, Payload};

use crate::error::PluginFileError;
use crate::manifest::Manifest;

/// Name of the section.
pub const NAME: &str = "soma:manifest";

/// Appends the manifest to a component, in place of one that is there.
pub fn embed(component: &[u8], manifest: &Manifest) -> Result<Vec<u8>, PluginFileError> {
    let mut packed = Vec::with_capacity(component.len() + 4096);
    let mut kept_to = 0;
    for section in manifest_sections(component)? {
        packed.extend_from_slice(component.get(kept_to..section.start).unwrap_or_default());
        kept_to = section.end;
    }
    packed.extend_from_slice(component.get(kept_to..).unwrap_or_default());
    let data = manifest.to_section().map_err(PluginFileError::Manifest)?;
    let section = CustomSection { name: NAME.into(), data: data.into() };
    packed.push(section.id());
    section.encode(&mut packed);
    Ok(packed)
}

/// Where the whole sections (with id and size) lie in the component, in order.
fn manifest_sections(component: &[u8]) -> Result<Vec<std::ops::Range<usize>>, PluginFileError> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut section_start = 0;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(invalid)?;
        match &payload {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                return Err(PluginFileError::CoreModule);
            }
            Payload::Version { range, .. } if depth == 0 => section_start = range.end,
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(end) if depth > 0 => {
                depth -= 1;
                section_start = *end;
            }
            Payload::CustomSection(custom) if depth == 0 => {
                let end = custom.range().end;
                if custom.name() == NAME {
                    found.push(section_start..end);
                }
                section_start = end;
            }
            other if depth == 0 => {
                if let Some((_, range)) = other.as_section() {
                    section_start = range.end;
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// The parser's words on one line: it prints bytes one to a line.
pub(crate) fn invalid(error: wasmparser::BinaryReaderError) -> PluginFileError {
    let words: Vec<&str> = error.message().split_whitespace().collect();
    PluginFileError::Invalid(format!("{} (at byte {})", words.join(" "), error.offset()))
}
