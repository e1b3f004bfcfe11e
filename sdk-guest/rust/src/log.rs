//! Lines in the host's log: `log::info!("{} tokens", n)`. Always granted.
//!
//! The host marks each line with slot, version and request, replaces control characters and cuts what is longer
//! than 1 KiB a line or 64 KiB a call (its defaults).

use std::fmt::Arguments;

pub use crate::bindings::sdk::soma::neuron::log::Level;
#[doc(inline)]
pub use crate::{
    __log_debug as debug, __log_error as error, __log_info as info, __log_trace as trace, __log_warn as warn,
};

/// Writes one line. The macros of this module are shorter.
pub fn line(level: Level, text: Arguments<'_>) {
    match text.as_str() {
        Some(text) => write(level, text),
        None => write(level, &text.to_string()),
    }
}

#[cfg(target_arch = "wasm32")]
fn write(level: Level, text: &str) {
    crate::bindings::sdk::soma::neuron::log::log(level, text);
}

/// In a unit test there is no host: the line goes to the test's output, from level `info` on, as a host that was not
/// told otherwise keeps it.
#[cfg(not(target_arch = "wasm32"))]
fn write(level: Level, text: &str) {
    if !matches!(level, Level::Trace | Level::Debug) {
        eprintln!("{level:?}: {text}");
    }
}

/// A line at level `trace`; takes what `format!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_trace {
    ($($text:tt)+) => {
        $crate::log::line($crate::log::Level::Trace, ::core::format_args!($($text)+))
    };
}

/// A line at level `debug`; takes what `format!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_debug {
    ($($text:tt)+) => {
        $crate::log::line($crate::log::Level::Debug, ::core::format_args!($($text)+))
    };
}

/// A line at level `info`; takes what `format!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_info {
    ($($text:tt)+) => {
        $crate::log::line($crate::log::Level::Info, ::core::format_args!($($text)+))
    };
}

/// A line at level `warn`; takes what `format!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_warn {
    ($($text:tt)+) => {
        $crate::log::line($crate::log::Level::Warn, ::core::format_args!($($text)+))
    };
}

/// A line at level `error`; takes what `format!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __log_error {
    ($($text:tt)+) => {
        $crate::log::line($crate::log::Level::Error, ::core::format_args!($($text)+))
    };
}
