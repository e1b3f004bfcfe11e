//! What is recorded from finney, for the tests; not part of the repository.

use std::path::PathBuf;

use subxt::metadata::Metadata;

/// A file of the recordings; none, with a message, where they are not at hand.
pub(crate) fn file(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    let found = std::fs::read(&path).ok();
    if found.is_none() {
        println!("skipped: there is no {}", path.display());
    }
    found
}

/// The metadata of finney 393.
pub(crate) fn metadata() -> Option<Metadata> {
    Some(Metadata::decode_from(&file("finney-393.scale")?).unwrap())
}
