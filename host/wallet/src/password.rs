//! Passwords, and the environment variables that carry them.
//!
//! Both SDKs keep the password of a key file in a variable named after the file's path. The value is XORed with the
//! variable's own name and written in base64: that keeps it from being read over a shoulder and protects from nobody
//! who can read the environment.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::WalletError;
use crate::terminal::Terminal;

/// Longest password in bytes; it is also the longest line that a terminal takes.
pub const LONGEST_BYTES: usize = 4095;

/// Shortest password of a new key file, in characters. Existing files open with any.
pub const SHORTEST_NEW: usize = 8;

/// What the variables' names start with.
pub(crate) const VARIABLE_PREFIX: &str = "BT_PW_";

/// A password: not empty, wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(hidden)")
    }
}

impl Password {
    /// Takes a copy of the text; `None` for an empty one, which never is a password.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// Reads a file that holds a password and nothing else. White space around it does not count, as in the SDK.
    ///
    /// # Errors
    /// [`WalletError::PasswordFile`] when it cannot be read, is longer than [`LONGEST_BYTES`], is empty or not UTF-8.
    pub fn from_file(path: &Path) -> Result<Self, WalletError> {
        let failed = |reason: String| WalletError::PasswordFile { path: path.to_owned(), reason };
        // The whole capacity at once: a vector that grows leaves unwiped copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_BYTES + 2));
        let limit = u64::try_from(LONGEST_BYTES).unwrap_or(u64::MAX) + 1;
        std::fs::File::open(path)
            .and_then(|file| file.take(limit).read_to_end(&mut bytes))
            .map_err(|error| failed(error.to_string()))?;
        if bytes.len() > LONGEST_BYTES {
            return Err(failed(format!("it is longer than {LONGEST_BYTES} bytes")));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| failed("it is not UTF-8".to_owned()))?;
        Self::new(text.trim()).ok_or_else(|| failed("it is empty".to_owned()))
    }

    /// Reads the value of one of the SDK's variables; `None` for an empty value.
    ///
    /// # Errors
    /// [`WalletError::PasswordVariable`] names the variable and never its value.
    pub fn from_variable(name: &str, value: &OsStr) -> Result<Option<Self>, WalletError> {
        let failed = || WalletError::PasswordVariable { name: name.to_owned() };
        let mut bytes = Zeroizing::new(STANDARD.decode(value.as_encoded_bytes()).map_err(|_| failed())?);
        for (byte, key) in bytes.iter_mut().zip(name.bytes().cycle()) {
            *byte ^= key;
        }
        Ok(Self::new(std::str::from_utf8(&bytes).map_err(|_| failed())?))
    }

    /// The password of a new file: from the file that the owner named, or asked for twice at the terminal.
    ///
    /// # Errors
    /// [`WalletError::NoTerminal`], [`WalletError::ShortPassword`], and those of [`Password::from_file`] and
    /// [`Terminal::ask_new_password`].
    pub fn for_new_file(named: Option<&Path>, question: &str) -> Result<Self, WalletError> {
        let Some(path) = named else {
            let no_terminal = WalletError::NoTerminal {
                what: "a password for the new file",
                instead: "name a file that holds it with --wallet.password_file",
            };
            return Terminal::open().ok_or(no_terminal)?.ask_new_password(question);
        };
        let password = Self::from_file(path)?;
        password.check_new()?;
        Ok(password)
    }

    /// Whether it may protect a new key file.
    ///
    /// # Errors
    /// [`WalletError::ShortPassword`].
    pub fn check_new(&self) -> Result<(), WalletError> {
        let characters = self.0.chars().count();
        if characters < SHORTEST_NEW { Err(WalletError::ShortPassword { characters }) } else { Ok(()) }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// The name of the variable for a key file whose path is spelled like this.
#[must_use]
pub fn variable_name(path: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", path.replace(['/', '.'], "_").to_uppercase())
}

/// The names under which the password of a key file may be: the path as it was given, the absolute path, and the path
/// from `~`, which a key file that was named without its wallet keeps.
#[must_use]
pub fn variable_names(keyfile: &Path) -> Vec<String> {
    let absolute = std::path::absolute(keyfile).ok();
    let home = std::env::home_dir().filter(|home| home.is_absolute());
    let from_home = home.zip(absolute.as_ref()).and_then(|(home, path)| {
        let rest = path.strip_prefix(home).ok()?;
        Some(Path::new("~").join(rest))
    });
    let mut names: Vec<String> = Vec::new();
    for path in [Some(keyfile.to_owned()), absolute, from_home].into_iter().flatten() {
        let Some(name) = path.to_str().map(variable_name) else { continue };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scramble(name: &str, password: &str) -> String {
        STANDARD.encode(password.bytes().zip(name.bytes().cycle()).map(|(a, b)| a ^ b).collect::<Vec<u8>>())
    }

    #[test]
    fn names_and_values_are_the_sdks() {
        let vectors = include_str!("../tests/vectors/wallet_env_password.json");
        let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
        let cases = vectors["keyfile"].as_array().unwrap();
        assert_eq!(cases.len(), 2);
        for case in cases {
            let text = |field: &str| case[field].as_str().unwrap();
            let name = variable_name(text("path"));
            assert_eq!(name, text("env_var_name"));
            let password = Password::from_variable(&name, OsStr::new(text("env_value"))).unwrap().unwrap();
            assert_eq!(password, Password::new(text("password")).unwrap());
            assert_eq!(scramble(&name, text("password")), text("env_value"));
        }
    }

    #[test]
    fn a_path_below_home_has_both_names() {
        let home = std::env::home_dir().unwrap();
        let names = variable_names(&home.join(".bittensor/wallets/default/hotkeys/hk1"));
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(names[0].ends_with("__BITTENSOR_WALLETS_DEFAULT_HOTKEYS_HK1"), "{names:?}");
        assert_eq!(names[1], "BT_PW_~__BITTENSOR_WALLETS_DEFAULT_HOTKEYS_HK1");
        assert_eq!(variable_names(Path::new("/a/b.c/d e")), ["BT_PW__A_B_C_D E"]);
        assert_eq!(variable_names(Path::new("w/k"))[0], "BT_PW_W_K");
    }

    #[test]
    fn a_bad_value_is_an_error_that_does_not_show_it() {
        for value in ["not base64!", "////", "AA"] {
            let error = Password::from_variable("BT_PW_X", OsStr::new(value)).unwrap_err();
            assert!(matches!(&error, WalletError::PasswordVariable { name } if name == "BT_PW_X"), "{error:?}");
            assert!(!format!("{error} {error:?}").contains(value), "{error}");
        }
        assert!(Password::from_variable("BT_PW_X", OsStr::new("")).unwrap().is_none());
    }

    #[test]
    fn a_file_is_read_without_the_white_space_around() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, " correct horse \n").unwrap();
        assert_eq!(Password::from_file(&path).unwrap(), Password::new("correct horse").unwrap());
        for bad in [&b""[..], b" \n", b"\xff", &[b'x'; LONGEST_BYTES + 1]] {
            std::fs::write(&path, bad).unwrap();
            let error = Password::from_file(&path).unwrap_err();
            assert!(matches!(error, WalletError::PasswordFile { .. }), "{error:?}");
        }
        assert!(Password::from_file(&folder.path().join("missing")).is_err());
    }

    #[test]
    fn a_new_password_has_at_least_eight_characters_and_none_is_printed() {
        assert!(Password::new("").is_none());
        let short = Password::new("1234567").unwrap();
        assert!(matches!(short.check_new(), Err(WalletError::ShortPassword { characters: 7 })));
        assert!(Password::new("äöüäöüäö").unwrap().check_new().is_ok());
        assert_eq!(format!("{short:?}"), "Password(hidden)");
    }

    proptest! {
        #[test]
        fn any_password_survives_any_name(name in "BT_PW_[A-Z_]{0,40}", text in "\\PC{1,60}") {
            let value = scramble(&name, &text);
            let read = Password::from_variable(&name, OsStr::new(&value)).unwrap();
            prop_assert_eq!(read, Password::new(&text));
        }

        #[test]
        fn any_value_is_a_password_or_an_error(name in "\\PC{0,20}", value in "\\PC{0,80}") {
            let _ = Password::from_variable(&name, OsStr::new(&value));
        }
    }
}
