//! The wallet's files. No password is asked for: what is looked at is not secret.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use soma_wallet::{HotkeySummary, WalletPath, wallet as wallets};

use super::finding::Finding;

const CHECK: &str = "wallet";

/// What was found, and the hotkey's address.
pub fn check(wallet: &WalletPath) -> (Vec<Finding>, Option<String>) {
    let file = match wallet.require_hotkey() {
        Ok(file) => file,
        Err(error) => return (vec![Finding::from_error(CHECK, &error)], None),
    };
    let summary = match wallets::show(wallet) {
        Ok(summary) => summary,
        Err(error) => return (vec![Finding::from_error(CHECK, &error)], None),
    };
    let Some(hotkey) = summary.hotkeys.into_iter().find(|hotkey| hotkey.name == wallet.hotkey()) else {
        let says = format!("{} cannot be read", file.display());
        return (vec![Finding::wrong(CHECK, says, "check that this user may read it")], None);
    };
    let mut findings = vec![state(&hotkey, &file)];
    findings.extend(open_to_others(&file));
    findings.extend(coldkey(wallet));
    (findings, hotkey.address)
}

fn state(hotkey: &HotkeySummary, file: &Path) -> Finding {
    let (name, address) = (&hotkey.name, hotkey.address.as_deref().unwrap_or("not known"));
    if let Some(problem) = &hotkey.problem {
        let says = format!("the hotkey's file {} cannot be used: {problem}", file.display());
        return Finding::wrong(CHECK, says, "make it again from its mnemonic: soma wallet regen");
    }
    if hotkey.crypto.is_some_and(|crypto| crypto != "sr25519") {
        let says = format!("the hotkey {name} ({address}) is no sr25519 key; callers of the axon protocol need one");
        return Finding::remark(CHECK, says, "make one: soma wallet new --wallet.hotkey NAME");
    }
    match hotkey.encryption {
        None => Finding::good(CHECK, format!("hotkey {name} is {address}; its file needs no password")),
        Some(form) => Finding::remark(
            CHECK,
            format!("hotkey {name} is {address}; its file is encrypted ({form}), so every start needs its password"),
            "give `soma run` a password file (--wallet.password_file) or systemd's credential soma-hotkey-password; \
             `soma wallet check` tells whether the password is right",
        ),
    }
}

fn open_to_others(file: &Path) -> Option<Finding> {
    let mode = std::fs::metadata(file).ok()?.mode() & 0o777;
    if mode & 0o077 == 0 {
        return None;
    }
    let says = format!("other users can open the hotkey's file (its mode is {mode:o})");
    Some(Finding::remark(CHECK, says, format!("chmod 600 {}", file.display())))
}

fn coldkey(wallet: &WalletPath) -> Option<Finding> {
    wallet.coldkey_file().is_file().then(|| {
        Finding::remark(
            CHECK,
            "the coldkey's secret is on this machine; a neuron needs only the hotkey",
            "keep the coldkey on another machine, and run `soma chain register` and `soma chain stake` there",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    fn hotkey(problem: Option<&str>, encryption: Option<&'static str>, crypto: &'static str) -> HotkeySummary {
        HotkeySummary {
            name: "default".to_owned(),
            address: Some("5Grw".to_owned()),
            crypto: Some(crypto),
            encryption,
            problem: problem.map(str::to_owned),
        }
    }

    #[test]
    fn what_is_in_the_file_decides() {
        let cases = [
            (hotkey(None, None, "sr25519"), Verdict::Good),
            (hotkey(None, Some("NaCl"), "sr25519"), Verdict::Remark),
            (hotkey(None, None, "ed25519"), Verdict::Remark),
            (hotkey(Some("damaged"), None, "sr25519"), Verdict::Wrong),
        ];
        for (hotkey, verdict) in cases {
            let finding = state(&hotkey, Path::new("k"));
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert_eq!(finding.mend.is_none(), verdict == Verdict::Good, "{finding:?}");
        }
    }

    #[test]
    fn a_missing_hotkey_is_told_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let wallet = WalletPath::new(Some(folder.path()), "nobody", "default").unwrap();
        let (findings, address) = check(&wallet);
        assert_eq!((findings.len(), address), (1, None));
        assert_eq!(findings[0].verdict, Verdict::Wrong);
        assert!(findings[0].mend.is_some(), "{findings:?}");
    }
}
