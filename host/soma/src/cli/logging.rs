//! Flags of the log. They go with every command.

use std::path::PathBuf;

use bytesize::ByteSize;
use clap::Args;
use clap::builder::FalseyValueParser;

/// How much to log, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logging")]
pub struct LoggingFlags {
    /// Log what is of use when something does not work.
    #[arg(long = "logging.debug", global = true, env = "BT_LOGGING_DEBUG", value_parser = FalseyValueParser::new())]
    pub debug: bool,
    /// Log everything.
    #[arg(long = "logging.trace", global = true, env = "BT_LOGGING_TRACE", value_parser = FalseyValueParser::new())]
    pub trace: bool,
    /// Log one JSON object a line.
    #[arg(
        id = "logging.json",
        long = "logging.json",
        global = true,
        env = "SOMA_LOGGING_JSON",
        value_parser = FalseyValueParser::new()
    )]
    pub json: bool,
    /// Let `soma run` write its log into this folder too, as soma.log.
    #[arg(long = "logging.logging_dir", global = true, env = "BT_LOGGING_LOGGING_DIR", value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
    /// Put soma.log aside when it has this size, and when a day ends.
    #[arg(
        long = "logging.max_size",
        global = true,
        env = "SOMA_LOGGING_MAX_SIZE",
        default_value = "25MiB",
        value_parser = soma_manifest::size::parse,
        value_name = "SIZE"
    )]
    pub max_size: ByteSize,
    /// Keep so many files beside soma.log.
    #[arg(
        long = "logging.max_files",
        global = true,
        env = "SOMA_LOGGING_MAX_FILES",
        default_value_t = 10,
        value_name = "NUMBER"
    )]
    pub max_files: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        flags: LoggingFlags,
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let read = |size| Only::try_parse_from(["soma", "--logging.max_size", size]).map(|only| only.flags.max_size);
        assert_eq!(read("10MB").unwrap(), ByteSize::mb(10));
        assert_eq!(read("4 KiB").unwrap(), ByteSize::kib(4));
        for wrong in ["much", "10Mb", "10"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let usual = Only::try_parse_from(["soma"]).unwrap().flags;
        assert_eq!((usual.max_size, usual.max_files, usual.dir), (ByteSize::mib(25), 10, None));
    }
}
