//! Exit codes: they say whether a restart helps.

use soma_axon::ServeError;
use soma_chain::{ChainError, WriteError};
use soma_localnet::LocalnetError;

use crate::command::ChainCommandError;
use crate::error::SomaError;

/// A request was answered, but not with a success; so were those of a bench.
pub const NOT_A_SUCCESS: u8 = 1;
/// Stopped by Ctrl-C (as a shell reports SIGINT).
pub const INTERRUPTED: u8 = 130;
/// A restart may help: a port or socket is taken, a host or the chain is not there (sysexits' EX_TEMPFAIL).
const TRY_AGAIN: u8 = 75;
/// A restart does not help: configuration, plugin or wallet have to be mended (sysexits' EX_CONFIG).
const NEEDS_MENDING: u8 = 78;

/// The program behind the pipe has seen enough (as a shell reports SIGPIPE).
pub const PIPE_CLOSED: u8 = 141;

/// Whether the error is only that nobody reads on: there is nothing to say about that.
pub fn is_closed_pipe(report: &miette::Report) -> bool {
    let closed = |cause: &std::io::Error| cause.kind() == std::io::ErrorKind::BrokenPipe;
    matches!(report.downcast_ref::<SomaError>(), Some(SomaError::Output { cause }) if closed(cause))
}

/// The exit code of a command that ended with this error.
pub fn code(report: &miette::Report) -> u8 {
    if matches!(report.downcast_ref::<SomaError>(), Some(SomaError::Bench { .. })) {
        return NOT_A_SUCCESS;
    }
    let passing = report.downcast_ref::<ServeError>().is_some()
        || report.downcast_ref::<ChainError>().is_some_and(ChainError::passes)
        || report.downcast_ref::<WriteError>().is_some_and(WriteError::passes)
        || report.downcast_ref::<ChainCommandError>().is_some_and(ChainCommandError::passes)
        || matches!(report.downcast_ref::<LocalnetError>(), Some(LocalnetError::Listen { .. }))
        || matches!(
            report.downcast_ref::<SomaError>(),
            Some(
                SomaError::StateInUse { .. }
                    | SomaError::AdminSocket { .. }
                    | SomaError::AdminPort { .. }
                    | SomaError::NoHost { .. }
                    | SomaError::NoView { .. }
            )
        );
    if passing { TRY_AGAIN } else { NEEDS_MENDING }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_may_be_free_later_and_a_bad_file_stays_bad() {
        let source = || std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let address = "127.0.0.1:1".parse().unwrap();
        assert_eq!(code(&ServeError::Bind { address, cause: source() }.into()), TRY_AGAIN);
        assert_eq!(code(&LocalnetError::Listen { address, source: source() }.into()), TRY_AGAIN);
        assert_eq!(code(&SomaError::NoHost { path: "s".into(), cause: source() }.into()), TRY_AGAIN);
        let elsewhere = ChainCommandError::FinishedElsewhere { call: "a.b".to_owned() };
        assert_eq!((code(&elsewhere.into()), code(&ChainCommandError::NobodyToAsk.into())), (TRY_AGAIN, NEEDS_MENDING));
        let in_use = SomaError::StateInUse { path: "s".into(), holder: "process 1".to_owned() };
        assert_eq!(code(&in_use.into()), TRY_AGAIN);
        let no_view = SomaError::NoView { max_age: "1h".to_owned(), cause: "refused".to_owned() };
        assert_eq!(code(&no_view.into()), TRY_AGAIN);
        let hotkey = "5F".to_owned();
        let stranger = SomaError::NotRegistered { hotkey, netuid: 1, network: "test".to_owned() };
        assert_eq!(code(&stranger.into()), NEEDS_MENDING);
        let down = ChainError::EndpointDown { endpoint: "ws://a".to_owned(), detail: "refused".to_owned() };
        assert_eq!(code(&down.into()), TRY_AGAIN);
        assert_eq!(code(&ChainError::NoSubnet { netuid: 1 }.into()), NEEDS_MENDING);
        assert_eq!(code(&SomaError::NoSlots { path: "s".into() }.into()), NEEDS_MENDING);
    }
}
