//! Versions of one plugin that say which they are.
//!
//! The guest `swap_marked` has a number in its code and says it in every hook. Here the number is written into the built
//! file: each number is a version with a digest and compiled code of its own, and what an answer says comes from the code
//! that ran and not from the host.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use soma_manifest::{Manifest, PluginFile, RouteSpec, embed};

use crate::error::HarnessError;
use crate::places;

/// The route of the guest that answers in one piece.
pub const ROUTE: &str = "Marked";
/// The route of the guest that streams.
pub const STREAM: &str = "MarkedStream";
/// What stands before the digits in the built file.
const BEFORE: &[u8] = b"soma-mark-digits:";
/// How many digits there are.
const DIGITS: usize = 7;

/// The built guest.
#[derive(Clone, Debug)]
pub struct Marked {
    bytes: Vec<u8>,
    manifest: Manifest,
    at: usize,
}

/// The number as answers and log lines have it.
pub fn text(number: usize) -> String {
    format!("{number:0DIGITS$}")
}

impl Marked {
    /// Reads the guest.
    ///
    /// # Errors
    /// [`HarnessError::NotPrepared`] when it was not built, [`HarnessError::Output`] when its mark does not stand in it
    /// once.
    pub fn open() -> Result<Marked, HarnessError> {
        let path = places::guest("swap_marked")?;
        let odd = |output: String| HarnessError::Output { what: path.display().to_string(), output };
        let file = PluginFile::open(&path).map_err(|error| odd(error.to_string()))?;
        let windows = file.bytes.windows(BEFORE.len()).enumerate();
        let mut found = windows.filter(|(_, window)| *window == BEFORE).map(|(at, _)| at + BEFORE.len());
        match (found.next(), found.next()) {
            (Some(at), None) => Ok(Marked { at, manifest: file.manifest, bytes: file.bytes }),
            _ => Err(odd("its mark does not stand in it once".to_owned())),
        }
    }

    /// Writes the version of this number into a folder.
    ///
    /// # Errors
    /// [`HarnessError::Io`].
    pub fn write(&self, folder: &Path, number: usize) -> Result<PathBuf, HarnessError> {
        self.write_as(folder, number, &self.manifest)
    }

    /// The same as a plugin that answers one route, of this name.
    ///
    /// # Errors
    /// [`HarnessError::Io`].
    pub fn write_for(&self, folder: &Path, number: usize, route: &str) -> Result<PathBuf, HarnessError> {
        let mut manifest = self.manifest.clone();
        manifest.hooks.remove(&soma_manifest::Hook::Streaming);
        manifest.routes = BTreeMap::from([(route.to_owned(), RouteSpec::default())]);
        self.write_as(folder, number, &manifest)
    }

    fn write_as(&self, folder: &Path, number: usize, manifest: &Manifest) -> Result<PathBuf, HarnessError> {
        let mut bytes = self.bytes.clone();
        if let Some(digits) = bytes.get_mut(self.at..self.at + DIGITS) {
            digits.copy_from_slice(text(number).as_bytes());
        }
        let path = folder.join(format!("marked-{}.wasm", text(number)));
        let odd = |error: &dyn std::fmt::Display| HarnessError::Output {
            what: path.display().to_string(),
            output: error.to_string(),
        };
        let packed = embed(&bytes, manifest).map_err(|error| odd(&error))?;
        fs::write(&path, packed).map_err(HarnessError::io(format!("writing {}", path.display())))?;
        Ok(path)
    }
}
