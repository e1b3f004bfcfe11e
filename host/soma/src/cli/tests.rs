//! The command line as a whole.

use super::*;
use clap::CommandFactory;

#[test]
fn the_flags_are_consistent() {
    Cli::command().debug_assert();
}

/// The commands that do something, with their full names.
fn leaves(command: &clap::Command, name: &str, found: &mut Vec<(String, clap::Command)>) {
    let visible: Vec<_> = command.get_subcommands().filter(|inner| !inner.is_hide_set()).collect();
    if visible.is_empty() {
        found.push((name.to_owned(), command.clone()));
    }
    for inner in visible.into_iter().filter(|inner| inner.get_name() != "help") {
        leaves(inner, &format!("{name} {}", inner.get_name()), found);
    }
}

#[test]
fn every_command_has_an_example_that_can_be_read_and_explains_every_flag() {
    let mut commands = Vec::new();
    leaves(&Cli::command(), "soma", &mut commands);
    assert!(commands.len() >= 13, "{commands:?}");
    for (name, command) in commands {
        let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples: Vec<_> = below.lines().filter_map(|line| line.strip_prefix("  soma ")).collect();
        assert!(!examples.is_empty(), "{name} has no example");
        for example in examples {
            let first = example.split(" && ").next().unwrap_or_default();
            // Only JSON is quoted, and it has one blank.
            let words = first.replace("'{\"prompt\": \"hello\"}'", "{}");
            let read = Cli::try_parse_from(["soma"].into_iter().chain(words.split(' ')));
            assert!(read.is_ok(), "{name}: {example}: {:?}", read.err().map(|error| error.to_string()));
            assert!(format!("soma {example}").starts_with(&name), "{name}: {example}");
        }
        for flag in command.get_arguments().filter(|flag| !["help", "version"].contains(&flag.get_id().as_str())) {
            let id = flag.get_id().as_str();
            assert!(flag.get_help().is_some(), "{name}: {id} is not explained");
            let of_a_wallet = id.starts_with("wallet.") || ["coldkey", "encrypt", "overwrite"].contains(&id);
            assert!(of_a_wallet || flag.get_help_heading() != Some("Wallet"), "{name}: {id} is no wallet's");
        }
    }
}

#[test]
fn the_help_of_run_says_what_each_exit_status_means() {
    for status in ["  0 ", "  2 ", "  75 ", "  78 ", "  130 "] {
        assert!(examples::RUN.contains(status), "{status}");
    }
}
