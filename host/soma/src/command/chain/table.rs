//! Tables for a terminal.

use crate::error::SomaError;

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table with a line of titles.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<(&'static str, Side)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Without rows yet.
    pub fn new(columns: &[(&'static str, Side)]) -> Table {
        Table { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row: a cell for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The lines, the titles first.
    pub fn lines(&self) -> Vec<String> {
        let titles = self.columns.iter().map(|(title, _)| (*title).to_owned()).collect();
        let rows: Vec<&Vec<String>> = std::iter::once(&titles).chain(&self.rows).collect();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let shapes: Vec<(Side, usize)> =
            self.columns.iter().enumerate().map(|(column, (_, side))| (*side, width(column))).collect();
        rows.iter().map(|row| line(row, &shapes)).collect()
    }

    /// Writes it to standard output.
    ///
    /// # Errors
    /// [`SomaError::Output`].
    pub fn print(&self) -> Result<(), SomaError> {
        self.lines().iter().try_for_each(|line| crate::output::line(line))
    }
}

fn line(row: &[String], shapes: &[(Side, usize)]) -> String {
    let padded = row.iter().zip(shapes).map(|(cell, (side, width))| match side {
        Side::Left => format!("{cell:<width$}"),
        Side::Right => format!("{cell:>width$}"),
    });
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_left_and_numbers_right() {
        let mut table = Table::new(&[("uid", Side::Right), ("hotkey", Side::Left), ("stake", Side::Right)]);
        table.row(["7".to_owned(), "5F".to_owned(), "1.5".to_owned()]);
        table.row(["1024".to_owned(), "5Grw".to_owned(), "12345.5".to_owned()]);
        assert_eq!(table.lines(), [" uid  hotkey    stake", "   7  5F          1.5", "1024  5Grw    12345.5"]);
    }

    #[test]
    fn no_line_ends_in_blanks() {
        let mut table = Table::new(&[("name", Side::Left), ("remark", Side::Left)]);
        table.row(["a".to_owned(), String::new()]);
        assert_eq!(table.lines(), ["name  remark", "a"]);
    }
}
