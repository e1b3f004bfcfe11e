//! The published development keys, and wallet folders that hold them.
//!
//! These are the accounts of every Substrate development chain (`//Alice` and so on, derived from a phrase that is in
//! Substrate's documentation). Everybody has their keys; nothing of value may ever be put on them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};
use serde_json::{Value, json};
use soma_protocol::ss58::PublicKey;

use crate::error::HarnessError;

/// One development account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The wallet's name, lower case.
    pub name: &'static str,
    /// The ss58 address of its hotkey.
    pub hotkey: &'static str,
    seed: &'static str,
}

/// `//Alice`: the neuron under test.
pub const ALICE: Account = Account {
    name: "alice",
    hotkey: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
    seed: "e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a",
};

/// `//Bob`: a caller that is welcome.
pub const BOB: Account = Account {
    name: "bob",
    hotkey: "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty",
    seed: "398f0c28f98885e046333d4a41c19cee4c37368a9832c6502f6cfd182e2aef89",
};

/// `//Charlie`: a caller that is on a deny list.
pub const CHARLIE: Account = Account {
    name: "charlie",
    hotkey: "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y",
    seed: "bc1ede780f784bb6991a585e4f6e61522c14e1cae6ad0895fb57b9a205a8f938",
};

/// `//Dave`: another neuron.
pub const DAVE: Account = Account {
    name: "dave",
    hotkey: "5DAAnrj7VHTznn2AWBemMuyBwZWs6FNFjdyVXUeYum3PTXFy",
    seed: "868020ae0687dda7d57565093a69090211449845a7e11453612800b663307246",
};

/// `//Eve`: a stranger.
pub const EVE: Account = Account {
    name: "eve",
    hotkey: "5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw",
    seed: "786ad0e2df456fe43dd1f91ebca22e235bc162e0bb8d53c633e8c85b2af68b7a",
};

/// The neuron of the recorded edge cases. Its phrase is published with the wallet vectors.
pub const RECORDED_AXON: Account = Account {
    name: "recorded_axon",
    hotkey: "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe",
    seed: "6fa2796b0071cac425d8a7851038318c2c37dcebfe4bae73197ce93e75909bd2",
};

/// The caller of the recorded edge cases, as public.
pub const RECORDED_CALLER: Account = Account {
    name: "recorded_caller",
    hotkey: "5Hq3Cveh6yM1Do6ijhATJ8y9rzk6sSkuuuUwQF5k5ChLqodv",
    seed: "ad9782e12472724c2108c22e7fe606a62571e697e50416202a35c4c259961ea8",
};

/// All accounts that [`write_wallets`] writes.
pub const ALL: [Account; 7] = [ALICE, BOB, CHARLIE, DAVE, EVE, RECORDED_AXON, RECORDED_CALLER];

impl Account {
    /// The account's sr25519 key pair.
    ///
    /// # Errors
    /// [`HarnessError::Output`] when the seed above is not one.
    pub fn keypair(&self) -> Result<Keypair, HarnessError> {
        let odd = || HarnessError::Output { what: format!("the seed of {}", self.name), output: self.seed.to_owned() };
        let bytes = hex::decode(self.seed).map_err(|_| odd())?;
        let seed = MiniSecretKey::from_bytes(&bytes).map_err(|_| odd())?;
        // Substrate expands its seeds in this mode.
        Ok(seed.expand_to_keypair(ExpansionMode::Ed25519))
    }

    /// Signs `message` in the substrate context.
    ///
    /// # Errors
    /// As [`Account::keypair`].
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], HarnessError> {
        Ok(self.keypair()?.sign_simple(b"substrate", message).to_bytes())
    }

    fn public_file(&self) -> Result<Value, HarnessError> {
        let public = PublicKey(self.keypair()?.public.to_bytes());
        let key = format!("0x{}", hex::encode(public.0));
        Ok(json!({ "accountId": key, "publicKey": key, "ss58Address": public.to_ss58(), "cryptoType": 1 }))
    }

    fn secret_file(&self) -> Result<Value, HarnessError> {
        let mut secret = self.public_file()?;
        if let Some(fields) = secret.as_object_mut() {
            fields.insert("secretSeed".to_owned(), Value::from(format!("0x{}", self.seed)));
        }
        Ok(secret)
    }
}

/// Writes a wallet for each account below `folder`, as both Python SDKs lay them out: hotkey `default`, no coldkey.
///
/// # Errors
/// [`HarnessError::Io`] when a file cannot be written.
pub fn write_wallets(folder: &Path) -> Result<(), HarnessError> {
    for account in ALL {
        let wallet = folder.join(account.name);
        let hotkeys = wallet.join("hotkeys");
        fs::create_dir_all(&hotkeys).map_err(HarnessError::io(format!("creating {}", hotkeys.display())))?;
        let public = account.public_file()?;
        write_private(&hotkeys.join("default"), &account.secret_file()?)?;
        write_private(&hotkeys.join("defaultpub.txt"), &public)?;
        write_private(&wallet.join("coldkeypub.txt"), &public)?;
    }
    Ok(())
}

/// Writes the account's key as the coldkey of its wallet as well, without a password: it pays on development chains.
///
/// # Errors
/// [`HarnessError::Io`] when the file cannot be written.
pub fn write_coldkey(folder: &Path, account: Account) -> Result<(), HarnessError> {
    write_private(&folder.join(account.name).join("coldkey"), &account.secret_file()?)
}

fn write_private(path: &Path, content: &Value) -> Result<(), HarnessError> {
    let failed = || HarnessError::io(format!("writing {}", path.display()));
    fs::write(path, content.to_string()).map_err(failed())?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_gives_its_address() {
        for account in ALL {
            let public = PublicKey(account.keypair().unwrap().public.to_bytes());
            assert_eq!(public.to_ss58(), account.hotkey, "{}", account.name);
        }
    }
}
