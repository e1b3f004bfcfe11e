//! The rows of `docs/differences.md`.

use std::collections::BTreeSet;

/// The document itself: what a test says about it cannot be older than the document.
const DOCUMENT: &str = include_str!("../../../../docs/differences.md");

/// The ids of all rows: the first cell of each, in backticks.
pub fn ids() -> BTreeSet<&'static str> {
    DOCUMENT.lines().filter_map(id).collect()
}

fn id(line: &str) -> Option<&str> {
    let cell = line.strip_prefix("| `")?;
    let (id, _) = cell.split_once("` |")?;
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_an_id_of_its_own() {
        let rows = DOCUMENT.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
        let rows: Vec<&str> = rows.filter(|line| !line.starts_with("| Id ")).collect();
        let ids: Vec<&str> = rows.iter().filter_map(|line| id(line)).collect();
        assert_eq!(ids.len(), rows.len(), "a row without an id");
        assert_eq!(ids.len(), self::ids().len(), "an id is given twice");
        assert!(ids.len() > 30, "{}", ids.len());
    }
}
