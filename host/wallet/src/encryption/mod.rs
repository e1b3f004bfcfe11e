//! The encrypted forms of key files.
//!
//! Both SDKs write `$NACL` and still read Ansible vaults; Soma does the same. The oldest form, Fernet, is recognised
//! and refused: the SDKs of today do not open it either. Everything that is decrypted lives in wiped memory.

pub mod ansible;
pub mod nacl;

use zeroize::Zeroizing;

use crate::password::Password;

/// How a key file is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `$NACL`: Argon2i and XSalsa20-Poly1305, see [`nacl`].
    Nacl,
    /// `$ANSIBLE_VAULT`: PBKDF2, AES-CTR and HMAC, see [`ansible`].
    Ansible,
    /// `gAAAAA`: Fernet. Recognised only.
    Fernet,
}

/// Why an encrypted file does not open, or a new one cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// The authentication tag is not the one of this password.
    #[error("the password does not open it")]
    WrongPassword,
    /// The file has not the parts of its form.
    #[error("{0}")]
    Damaged(&'static str),
    /// The form is recognised and not supported.
    #[error("the {} form is not supported", .0.name())]
    Unsupported(Form),
    /// There is no memory for the key derivation, or no random numbers.
    #[error("{0}")]
    System(&'static str),
}

impl Form {
    /// The form that these bytes begin as; `None` for a plain file.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let forms =
            [(nacl::PREFIX, Self::Nacl), (ansible::PREFIX, Self::Ansible), (b"gAAAAA".as_slice(), Self::Fernet)];
        forms.into_iter().find(|(prefix, _)| bytes.starts_with(prefix)).map(|(_, form)| form)
    }

    /// What to call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nacl => "NaCl",
            Self::Ansible => "Ansible vault",
            Self::Fernet => "Fernet",
        }
    }

    /// Looks at what can be seen without a password, so that nobody is asked for one in vain.
    ///
    /// # Errors
    /// [`CipherError::Damaged`], [`CipherError::Unsupported`].
    pub fn inspect(self, file: &[u8]) -> Result<(), CipherError> {
        match self {
            Self::Nacl => nacl::parts(file).map(|_| ()),
            Self::Ansible => ansible::Vault::parse(file).map(|_| ()),
            Self::Fernet => Err(CipherError::Unsupported(self)),
        }
    }

    /// Decrypts a file of this form. `$NACL` takes seconds and 512 MiB of memory while it runs.
    ///
    /// # Errors
    /// [`CipherError`].
    pub fn open(self, file: &[u8], password: &Password) -> Result<Zeroizing<Vec<u8>>, CipherError> {
        self.inspect(file)?;
        match self {
            Self::Nacl => nacl::Key::derive(password)?.open(file),
            Self::Ansible => ansible::Vault::parse(file)?.open(password),
            Self::Fernet => Err(CipherError::Unsupported(self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_first_bytes() {
        assert_eq!(Form::of(b"$NACLxyz"), Some(Form::Nacl));
        assert_eq!(Form::of(b"$ANSIBLE_VAULT;1.1;AES256\n"), Some(Form::Ansible));
        assert_eq!(Form::of(b"gAAAAABk"), Some(Form::Fernet));
        for plain in [&b""[..], b"{}", b"0x00", b"$NAC"] {
            assert_eq!(Form::of(plain), None);
        }
        assert_eq!(Form::Fernet.inspect(b"gAAAAABk"), Err(CipherError::Unsupported(Form::Fernet)));
    }
}
