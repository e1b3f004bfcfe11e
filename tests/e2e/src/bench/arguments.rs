//! The command line that the benches share.

use std::str::FromStr;

/// What a bench is told. Options that it has no use for are refused by [`Arguments::parse`].
#[derive(Clone, Debug, PartialEq)]
pub struct Arguments {
    /// Rounds; of their ratios the median counts. At least 1.
    pub rounds: usize,
    /// Seconds of each part of a round. At least 1.
    pub seconds: u64,
    /// How often something is done in all, where the bench counts something. At least 1.
    pub count: usize,
    /// Only cases that contain one of these texts; empty: all.
    pub cases: Vec<String>,
    /// How to print.
    pub form: Form,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A table.
    Table,
    /// A line of JSON for each case and each target.
    Json,
}

impl Arguments {
    /// Reads the words after the bench's name over its defaults. `counted` is what its `count` is called; empty where it
    /// counts nothing.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what there is.
    pub fn parse(defaults: Arguments, counted: &str, words: &[String]) -> Result<Arguments, String> {
        let mut arguments = defaults;
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.strip_prefix("--") {
                Some("json") => arguments.form = Form::Json,
                Some("rounds") => arguments.rounds = number(word, words.next())?,
                Some("seconds") => arguments.seconds = number(word, words.next())?,
                Some(name) if !counted.is_empty() && name == counted => {
                    arguments.count = number(word, words.next())?;
                }
                Some("cases") if counted.is_empty() => {
                    let list = words.next().ok_or("--cases wants names with commas between them")?;
                    arguments.cases = list.split(',').map(str::to_owned).collect();
                }
                _ => return Err(format!("unknown argument {word}; {}", usage(counted))),
            }
        }
        Ok(arguments)
    }

    /// Whether a case of this name was asked for.
    pub fn has(&self, case: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|part| case.contains(part))
    }
}

fn usage(counted: &str) -> String {
    let own = if counted.is_empty() { "--cases NAME,...".to_owned() } else { format!("--{counted} N") };
    format!("there are --rounds N, --seconds N, {own} and --json")
}

/// A number from 1 on.
fn number<T: FromStr + PartialOrd + From<u8>>(name: &str, word: Option<&String>) -> Result<T, String> {
    let number = word.and_then(|word| word.parse().ok()).filter(|number| *number >= T::from(1));
    number.ok_or_else(|| format!("{name} wants a number from 1 on"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(counted: &str, words: &[&str]) -> Result<Arguments, String> {
        let defaults = Arguments { rounds: 5, seconds: 3, count: 7, cases: Vec::new(), form: Form::Table };
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Arguments::parse(defaults, counted, &words)
    }

    #[test]
    fn options_are_read_over_the_defaults() {
        let read = parse("", &["--rounds", "2", "--json", "--cases", "python,fresh"]).unwrap();
        assert_eq!((read.rounds, read.seconds, read.form), (2, 3, Form::Json));
        assert!(read.has("python-10.5") && read.has("sandbox-fresh") && !read.has("native"));
        assert_eq!(parse("swaps", &["--swaps", "9"]).unwrap().count, 9);
        assert!(parse("", &[]).unwrap().has("anything"));
    }

    #[test]
    fn what_is_none_is_said() {
        for words in [&["--rounds", "0"][..], &["--rounds"], &["--swaps", "9"], &["fast"], &["--cases"]] {
            assert!(parse("", words).is_err(), "{words:?}");
        }
        assert!(parse("swaps", &["--cases", "a"]).unwrap_err().contains("--swaps"));
    }
}
