//! How a key file is opened: the file, and where its password may be.
//!
//! The order is the SDKs'. For a hotkey: the password file that was named, the file's own variable (`BT_PW_...`),
//! systemd's credential, the terminal. For a coldkey, as in version 11: `BT_WALLET_PASSWORD`, the file's own variable,
//! the password file (`BT_WALLET_PASSWORD_FILE` when none was named), the terminal. The first place that holds a
//! password decides; a wrong one is an error and not a reason to look further, only the terminal asks again.

use std::ffi::OsStr;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use soma_confine::{Policy, Profile};

use crate::encryption::Form;
use crate::error::WalletError;
use crate::handover::Variables;
use crate::keyfile;
use crate::keypair::Keypair;
use crate::password::{self, Password};
use crate::terminal::Terminal;

/// The variable that version 11 takes a coldkey's password from, as it is.
pub const COLDKEY_VARIABLE: &str = "BT_WALLET_PASSWORD";

/// The variable that names version 11's password file for a coldkey.
pub const COLDKEY_FILE_VARIABLE: &str = "BT_WALLET_PASSWORD_FILE";

/// The name of the credential: `LoadCredential=soma-hotkey-password:...` in a systemd unit.
pub const CREDENTIAL: &str = "soma-hotkey-password";

/// The variable in which systemd names the folder of a unit's credentials.
const CREDENTIALS_VARIABLE: &str = "CREDENTIALS_DIRECTORY";

/// How often the terminal asks for the password of one file.
const ATTEMPTS: usize = 3;

/// Takes from this process what endangers a secret in its memory: no core dump, and no other process of the same user
/// may trace it or read its memory. For commands that open or make a key themselves; the signer does more.
pub fn shield_process() {
    // A kernel without one of the measures is no reason not to open the owner's key for the owner.
    let _ = soma_confine::apply(Profile::KeyReader, Policy::BestEffort);
}

/// A place where a password may be. It holds no password itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// A file that the owner named. It has to be there.
    File(PathBuf),
    /// A file of systemd. It may be missing.
    Credential(PathBuf),
    /// A variable with the password as it is.
    PlainVariable(String),
    /// A variable of the SDKs (`BT_PW_...`).
    Variable(String),
    /// The terminal, when there is one.
    Terminal,
}

/// What opening is about to do that takes longer than reading a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// A question is at the terminal.
    Asking,
    /// The key is derived from the password.
    Deriving,
}

/// What opening a key may use besides its file.
#[derive(Debug, Default)]
pub struct Surroundings<'a> {
    /// Where the variables are.
    pub variables: Variables,
    /// A socket: when its other end is closed, nobody waits for the answer of a question any more.
    pub asker: Option<BorrowedFd<'a>>,
}

/// A key file and the places for its password, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    keyfile: PathBuf,
    places: Vec<Place>,
}

impl From<&Path> for Access {
    fn from(keyfile: &Path) -> Self {
        Self::hotkey(keyfile, None)
    }
}

impl From<&PathBuf> for Access {
    fn from(keyfile: &PathBuf) -> Self {
        Self::hotkey(keyfile, None)
    }
}

impl Access {
    /// A hotkey's file, and the password file that the owner named.
    #[must_use]
    pub fn hotkey(keyfile: &Path, password_file: Option<&Path>) -> Self {
        let named = password_file.map(|path| Place::File(path.to_owned()));
        let variables = password::variable_names(keyfile).into_iter().map(Place::Variable);
        let credential = std::env::var_os(CREDENTIALS_VARIABLE).filter(|folder| !folder.is_empty());
        let credential = credential.map(|folder| Place::Credential(Path::new(&folder).join(CREDENTIAL)));
        let places = named.into_iter().chain(variables).chain(credential).chain([Place::Terminal]).collect();
        Self { keyfile: keyfile.to_owned(), places }
    }

    /// A coldkey's file, and the password file that the owner named.
    #[must_use]
    pub fn coldkey(keyfile: &Path, password_file: Option<&Path>) -> Self {
        let variables = password::variable_names(keyfile).into_iter().map(Place::Variable);
        let from_variable =
            || std::env::var_os(COLDKEY_FILE_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
        let file = password_file.map(Path::to_owned).or_else(from_variable).map(Place::File);
        let plain = Place::PlainVariable(COLDKEY_VARIABLE.to_owned());
        let places = [plain].into_iter().chain(variables).chain(file).chain([Place::Terminal]).collect();
        Self { keyfile: keyfile.to_owned(), places }
    }

    /// The same without a question at the terminal.
    #[must_use]
    pub fn without_terminal(mut self) -> Self {
        self.places.retain(|place| *place != Place::Terminal);
        self
    }

    /// The key file.
    #[must_use]
    pub fn keyfile(&self) -> &Path {
        &self.keyfile
    }

    /// The places for the password, in their order.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The environment variables that opening looks at.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.places.iter().filter_map(|place| match place {
            Place::PlainVariable(name) | Place::Variable(name) => Some(name.as_str()),
            Place::File(_) | Place::Credential(_) | Place::Terminal => None,
        })
    }

    /// The same with absolute paths, for a process in another folder. The variables keep their names.
    ///
    /// # Errors
    /// The system's error when there is no current folder.
    pub fn absolute(mut self) -> std::io::Result<Self> {
        self.keyfile = std::path::absolute(&self.keyfile)?;
        for place in &mut self.places {
            if let Place::File(path) | Place::Credential(path) = place {
                *path = std::path::absolute(&path)?;
            }
        }
        Ok(self)
    }

    /// Opens the key file, which has to hold a secret. A plain file needs no password, and none is looked for.
    /// `announce` hears of a phase before it begins.
    ///
    /// # Errors
    /// [`WalletError`]: unreadable, damaged, [`WalletError::NeedsPassword`], [`WalletError::WrongPassword`].
    pub fn open(&self, announce: impl FnMut(Phase)) -> Result<Keypair, WalletError> {
        self.open_within(&Surroundings::default(), announce)
    }

    /// As [`open`](Access::open), in other surroundings than this process's own.
    ///
    /// # Errors
    /// As [`open`](Access::open).
    pub fn open_within(
        &self,
        surroundings: &Surroundings<'_>,
        mut announce: impl FnMut(Phase),
    ) -> Result<Keypair, WalletError> {
        let path = self.keyfile.as_path();
        let bytes = keyfile::bytes(path)?;
        let Some(form) = Form::of(&bytes) else {
            return keyfile::secret(path, keyfile::parse(&bytes).map_err(|defect| defect.at(path))?);
        };
        let damaged = |error| WalletError::from_cipher(path, form, error, String::new());
        form.inspect(&bytes).map_err(damaged)?;
        for place in &self.places {
            if *place == Place::Terminal {
                return self.open_by_asking(form, &bytes, surroundings.asker, announce);
            }
            if let Some(password) = place.look(&surroundings.variables)? {
                announce(Phase::Deriving);
                return self.decrypt(form, &bytes, &password, place);
            }
        }
        Err(self.needs_password(form))
    }

    fn open_by_asking(
        &self,
        form: Form,
        bytes: &[u8],
        asker: Option<BorrowedFd<'_>>,
        mut announce: impl FnMut(Phase),
    ) -> Result<Keypair, WalletError> {
        let mut terminal = Terminal::open().ok_or_else(|| self.needs_password(form))?.asked_by(asker);
        let mut question = format!("Password of {}: ", self.keyfile.display());
        for attempt in 1..=ATTEMPTS {
            announce(Phase::Asking);
            let password = terminal.ask_password(&question)?;
            announce(Phase::Deriving);
            match self.decrypt(form, bytes, &password, &Place::Terminal) {
                Err(WalletError::WrongPassword { .. }) if attempt < ATTEMPTS => {
                    "That is not its password. Password: ".clone_into(&mut question);
                }
                decided => return decided,
            }
        }
        Err(self.needs_password(form))
    }

    fn decrypt(&self, form: Form, bytes: &[u8], password: &Password, place: &Place) -> Result<Keypair, WalletError> {
        let path = self.keyfile.as_path();
        let refused = |error| WalletError::from_cipher(path, form, error, place.to_string());
        let text = form.open(bytes, password).map_err(refused)?;
        keyfile::secret(path, keyfile::parse(&text).map_err(|defect| defect.at(path))?)
    }

    fn needs_password(&self, form: Form) -> WalletError {
        // The first of the names is the one that the SDKs use for this wallet.
        let variable = self.variables().find(|name| *name != COLDKEY_VARIABLE).unwrap_or(COLDKEY_VARIABLE).to_owned();
        WalletError::NeedsPassword { path: self.keyfile.clone(), form: form.name(), variable }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) | Self::Credential(path) => write!(f, "in {}", path.display()),
            Self::PlainVariable(name) | Self::Variable(name) => write!(f, "in the variable {name}"),
            Self::Terminal => f.write_str("from the terminal"),
        }
    }
}

impl Place {
    /// The password in this place, if there is one. The terminal is not asked here.
    fn look(&self, variables: &Variables) -> Result<Option<Password>, WalletError> {
        match self {
            Self::File(path) => Password::from_file(path).map(Some),
            Self::Credential(path) if path.exists() => Password::from_file(path).map(Some),
            Self::PlainVariable(name) => {
                Ok(variables.get(name).and_then(|value| Password::new(std::str::from_utf8(&value).ok()?)))
            }
            Self::Variable(name) => match variables.get(name) {
                Some(value) => Password::from_variable(name, OsStr::from_bytes(&value)),
                None => Ok(None),
            },
            Self::Credential(_) | Self::Terminal => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without the credential, which this test itself may have been given.
    fn names(access: &Access) -> Vec<String> {
        let places = access.places().iter().filter(|place| !matches!(place, Place::Credential(_)));
        places.map(Place::to_string).collect()
    }

    #[test]
    fn a_hotkeys_password_is_looked_for_in_the_order_of_the_sdks() {
        let access = Access::hotkey(Path::new("/w/default/hotkeys/k.1"), Some(Path::new("/run/pw")));
        let expected = ["in /run/pw", "in the variable BT_PW__W_DEFAULT_HOTKEYS_K_1", "from the terminal"];
        assert_eq!(names(&access), expected);
        // BT_WALLET_PASSWORD unlocks coldkeys only.
        assert!(!access.variables().any(|name| name == COLDKEY_VARIABLE));
    }

    #[test]
    fn a_coldkeys_password_is_looked_for_in_the_order_of_version_11() {
        let access = Access::coldkey(Path::new("/w/default/coldkey"), Some(Path::new("/run/pw")));
        let expected = [
            "in the variable BT_WALLET_PASSWORD",
            "in the variable BT_PW__W_DEFAULT_COLDKEY",
            "in /run/pw",
            "from the terminal",
        ];
        assert_eq!(names(&access), expected);
        assert_eq!(names(&access.without_terminal()).len(), 3);
    }
}
