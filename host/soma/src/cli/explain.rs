//! Flags of `soma explain`.

use clap::Args;

use super::AdminFlags;

/// Flags of `soma explain`.
#[derive(Clone, Debug, Args)]
#[command(group(clap::ArgGroup::new("which").required(true)))]
pub struct ExplainFlags {
    /// The request: its id, from the answer's x-request-id or the log.
    #[arg(group = "which")]
    pub request: Option<String>,
    /// The newest request; with --code, --route and --hotkey the newest of those.
    #[arg(long, group = "which")]
    pub last: bool,
    /// List requests, the newest first.
    #[arg(long, group = "which")]
    pub list: bool,
    /// Only requests with this code: ok, hung-up or a refusal's.
    #[arg(long, conflicts_with = "request")]
    pub code: Option<String>,
    /// Only requests of this route.
    #[arg(long, conflicts_with = "request")]
    pub route: Option<String>,
    /// Only requests in the name of this hotkey, proven or not.
    #[arg(long, value_name = "SS58", conflicts_with = "request")]
    pub hotkey: Option<String>,
    /// List at most so many.
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    pub limit: usize,
    /// Where the host is reached.
    #[command(flatten)]
    pub admin: AdminFlags,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Only {
        #[command(flatten)]
        flags: ExplainFlags,
    }

    #[test]
    fn exactly_one_of_request_last_and_list_is_asked_for() {
        let read = |flags: &[&str]| Only::try_parse_from([&["soma"], flags].concat());
        for good in
            [&["an-id"][..], &["--last"], &["--list"], &["--last", "--code", "denied"], &["--list", "--limit", "5"]]
        {
            assert!(read(good).is_ok(), "{good:?}");
        }
        for bad in [&[][..], &["an-id", "--last"], &["--last", "--list"], &["an-id", "--code", "denied"]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        assert_eq!(read(&["--list"]).unwrap().flags.limit, 20);
    }
}
