//! Wallets: what `soma` writes both SDKs open, what they write `soma` opens, and no secret where none belongs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use soma_e2e::account::{ALICE, BOB};
use soma_e2e::neuron::{Bench, free_port};
use soma_e2e::process::{self, Finished, Process};
use soma_e2e::python::{self, Sdk};

use crate::miner;

const PASSWORD: &str = "correct horse";
const WRONG: &str = "wrong horse";

/// Everybody knows this mnemonic; its address is that of the vectors in `host/wallet/tests`.
const PHRASE: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";
const ADDRESS: &str = "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe";

/// A bench with the files that the commands take secrets from.
struct Desk {
    bench: Bench,
    password: PathBuf,
    wrong: PathBuf,
    phrase: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let bench = Bench::new().unwrap();
        let password = bench.write("password", PASSWORD.as_bytes()).unwrap();
        let wrong = bench.write("wrong", WRONG.as_bytes()).unwrap();
        let phrase = bench.write("phrase", PHRASE.as_bytes()).unwrap();
        Self { bench, password, wrong, phrase }
    }

    fn wallets(&self) -> PathBuf {
        self.bench.wallets()
    }

    /// The arguments of one `soma wallet` command about the wallet `name` and its hotkey `k`.
    fn arguments(&self, command: &str, name: &str, more: &[&str]) -> Vec<String> {
        let path = self.wallets().display().to_string();
        let fixed = ["wallet", command, "--wallet.path", &path, "--wallet.name", name, "--wallet.hotkey", "k"];
        fixed.iter().chain(more).map(|word| (*word).to_owned()).collect()
    }

    fn run(&self, command: &str, name: &str, more: &[&str]) -> Finished {
        let mut soma = self.bench.soma().unwrap();
        process::run("soma wallet", soma.args(self.arguments(command, name, more))).unwrap()
    }

    fn json(&self, command: &str, name: &str, more: &[&str]) -> Value {
        let finished = self.run(command, name, &[more, &["--json"]].concat());
        assert!(finished.status.success(), "{finished:?}");
        serde_json::from_str(&finished.stdout).unwrap()
    }

    /// Asks the SDK about the wallet `name`.
    fn sdk(&self, sdk: Sdk, action: &str, name: &str, more: &[&str]) -> Value {
        let path = self.wallets().display().to_string();
        let fixed = [action, "--path", &path, "--name", name, "--hotkey", "k"];
        python::run(sdk, "wallets.py", &self.bench.home(), &[&fixed[..], more].concat()).unwrap().remove(0)
    }

    fn file(&self, name: &str, file: &str) -> PathBuf {
        self.wallets().join(name).join(file)
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A failure with this code, and nothing on standard output.
fn assert_refused(finished: &Finished, code: &str) {
    assert!(!finished.status.success(), "{finished:?}");
    assert!(finished.stderr.contains(code), "no {code} in {}", finished.stderr);
    assert_eq!(finished.stdout, "", "{finished:?}");
}

#[test]
fn both_sdks_open_what_soma_writes_plain_and_encrypted() {
    let desk = Desk::new();
    let password = ["--wallet.password_file", text(&desk.password)];
    let made = desk.json("new", "plain", &[]);
    let sealed = desk.json("new", "sealed", &[&["--encrypt"], &password[..]].concat());
    let cold = desk.json("new", "sealed", &[&["--coldkey", "--overwrite"], &password[..]].concat());
    let again = desk.json("regen", "again", &["--secret-file", text(&desk.phrase), "--crypto", "ed25519"]);
    assert_eq!(cold["backups"].as_array().unwrap().len(), 1, "the address that the first command made: {cold}");
    for sdk in [Sdk::V10, Sdk::V11] {
        let told = desk.sdk(sdk, "read", "plain", &[]);
        assert_eq!(told["hotkey"], made["wallet"]["hotkeys"][0]["address"], "{sdk:?} {told}");
        assert_eq!(told["coldkeypub"], made["wallet"]["coldkey"], "{sdk:?} {told}");
        assert_eq!((&told["encrypted"], &told["signs"]), (&json!(false), &json!(true)), "{sdk:?}");

        let told = desk.sdk(sdk, "read", "sealed", &["--password", PASSWORD]);
        assert_eq!(told["hotkey"], sealed["wallet"]["hotkeys"][0]["address"], "{sdk:?} {told}");
        assert_eq!(told["hotkeypub"], told["hotkey"], "{sdk:?}");
        assert_eq!(told["coldkey"], cold["wallet"]["coldkey"], "{sdk:?} {told}");
        assert_eq!(told["coldkeypub"], told["coldkey"], "{sdk:?}");
        for field in ["encrypted", "coldkey_encrypted", "signs"] {
            assert_eq!(told[field], true, "{sdk:?} {field}");
        }
        let told = desk.sdk(sdk, "read", "again", &[]);
        assert_eq!((&told["hotkey"], &told["crypto"]), (&again["address"], &json!(0)), "{sdk:?}");
    }
    for file in ["sealed/hotkeys/k", "sealed/coldkey"] {
        assert!(fs::read(desk.wallets().join(file)).unwrap().starts_with(b"$NACL"), "{file}");
    }
}

#[test]
fn soma_opens_what_both_sdks_write_plain_and_encrypted() {
    for sdk in [Sdk::V10, Sdk::V11] {
        let desk = Desk::new();
        let plain = desk.sdk(sdk, "write", "plain", &["--mnemonic", PHRASE]);
        let sealed = desk.sdk(sdk, "write", "sealed", &["--mnemonic", PHRASE, "--password", PASSWORD]);
        assert_eq!((&plain["hotkey"], &sealed["hotkey"]), (&json!(ADDRESS), &json!(ADDRESS)), "{sdk:?}");
        assert_eq!(desk.run("check", "plain", &[]).stdout.trim(), ADDRESS, "{sdk:?}");

        let password = ["--wallet.password_file", text(&desk.password)];
        let cold = desk.run("check", "sealed", &[&["--coldkey"], &password[..]].concat());
        assert_eq!(cold.stdout.trim(), sealed["coldkey"].as_str().unwrap(), "{sdk:?} {cold:?}");

        // The variable has the name and the value that the SDK gave it.
        let (name, value) = (sealed["variable"][0].as_str().unwrap(), sealed["variable"][1].as_str().unwrap());
        let mut command = desk.bench.soma().unwrap();
        command.args(desk.arguments("check", "sealed", &[])).env(name, value);
        let opened = process::run("soma wallet check", &mut command).unwrap();
        assert_eq!(opened.stdout.trim(), ADDRESS, "{sdk:?} {opened:?}");
    }
}

#[test]
fn a_wrong_password_a_missing_one_and_a_damaged_file_have_codes_of_their_own() {
    let desk = Desk::new();
    let (password, wrong) = (text(&desk.password).to_owned(), text(&desk.wrong).to_owned());
    desk.json("new", "sealed", &["--encrypt", "--wallet.password_file", &password]);
    assert_refused(&desk.run("check", "sealed", &["--wallet.password_file", &wrong]), "soma::wallet::wrong_password");
    assert_refused(&desk.run("check", "sealed", &[]), "soma::wallet::needs_password");
    assert_refused(&desk.run("check", "sealed", &["--coldkey"]), "soma::wallet::missing_coldkey");
    assert_refused(&desk.run("new", "other", &["--encrypt"]), "soma::wallet::no_terminal");
    assert_refused(&desk.run("new", "other", &["--coldkey"]), "soma::wallet::no_terminal");
    assert_refused(&desk.run("regen", "other", &[]), "soma::wallet::no_terminal");
    let short = desk.bench.write("short", b"1234567").unwrap();
    let refused = desk.run("new", "other", &["--encrypt", "--wallet.password_file", text(&short)]);
    assert_refused(&refused, "soma::wallet::short_password");
    assert!(!desk.wallets().join("other").exists(), "a refusal writes nothing");
    let file = desk.file("sealed", "hotkeys/k");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..30]).unwrap();
    assert_refused(&desk.run("check", "sealed", &["--wallet.password_file", &password]), "soma::wallet::damaged");
    // BT_WALLET_PASSWORD is for coldkeys, as in version 11.
    fs::write(&file, &bytes).unwrap();
    let mut command = desk.bench.soma().unwrap();
    command.args(desk.arguments("check", "sealed", &[])).env("BT_WALLET_PASSWORD", PASSWORD);
    assert_refused(&process::run("soma wallet check", &mut command).unwrap(), "soma::wallet::needs_password");
}

#[test]
fn a_version_11_coldkey_variable_opens_the_coldkey() {
    let desk = Desk::new();
    desk.json("new", "sealed", &["--coldkey", "--wallet.password_file", text(&desk.password)]);
    let address = desk.json("show", "sealed", &[])["coldkey"].clone();
    for (name, value) in [("BT_WALLET_PASSWORD", PASSWORD), ("BT_WALLET_PASSWORD_FILE", text(&desk.password))] {
        let mut command = desk.bench.soma().unwrap();
        command.args(desk.arguments("check", "sealed", &["--coldkey"])).env(name, value);
        let opened = process::run("soma wallet check", &mut command).unwrap();
        assert_eq!(opened.stdout.trim(), address.as_str().unwrap(), "{name}: {opened:?}");
    }
}

#[test]
fn nothing_is_overwritten_unless_asked_and_then_the_old_file_stays() {
    let desk = Desk::new();
    let first = desk.json("new", "w", &[]);
    let file = desk.file("w", "hotkeys/k");
    let before = fs::read(&file).unwrap();
    assert_refused(&desk.run("new", "w", &[]), "soma::wallet::exists");
    let phrase = ["--secret-file", text(&desk.phrase)];
    assert_refused(&desk.run("regen", "w", &phrase), "soma::wallet::exists");
    assert_refused(&desk.run("regen", "w", &["--ss58", BOB.hotkey]), "soma::wallet::exists");
    assert_eq!(fs::read(&file).unwrap(), before);
    let replaced = desk.json("regen", "w", &[&phrase[..], &["--overwrite"]].concat());
    assert_eq!(replaced["address"], ADDRESS);
    assert_eq!(replaced["wallet"]["coldkey"], first["wallet"]["coldkey"], "the coldkey stays");
    let backups: Vec<&str> = replaced["backups"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(backups.len(), 2, "the key and its address: {replaced}");
    assert_eq!(fs::read(backups[0]).unwrap(), before);
    for path in [backups[0], backups[1], text(&file), text(&desk.file("w", "coldkeypub.txt"))] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{path}");
    }
    for folder in [desk.file("w", ""), desk.file("w", "hotkeys")] {
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700, "{}", folder.display());
    }
    assert_eq!(desk.sdk(Sdk::V11, "read", "w", &[])["hotkeys"], json!(["k"]), "the SDK lists no backup");
}

#[test]
fn addresses_are_restored_without_a_secret() {
    let desk = Desk::new();
    desk.json("regen", "watch", &["--ss58", ALICE.hotkey]);
    desk.json("regen", "watch", &["--coldkey", "--ss58", BOB.hotkey]);
    let shown = desk.json("show", "watch", &[]);
    assert_eq!(shown["coldkey"], BOB.hotkey);
    assert!(!desk.file("watch", "hotkeys/k").exists() && !desk.file("watch", "coldkey").exists());
    assert_refused(&desk.run("regen", "watch", &["--ss58", "5GrwvaEF"]), "--ss58");
}

#[test]
fn a_secret_on_the_command_line_works_and_is_warned_about() {
    let desk = Desk::new();
    let words: Vec<&str> = PHRASE.split(' ').collect();
    desk.json("new", "source", &[]);
    let fields: Value = serde_json::from_slice(&fs::read(desk.file("source", "hotkeys/k")).unwrap()).unwrap();
    let address = fields["ss58Address"].as_str().unwrap();
    let cases = [
        ("quoted", vec!["--mnemonic", PHRASE], ADDRESS),
        ("words", [&["--mnemonic"], &words[..]].concat(), ADDRESS),
        ("seed", vec!["--seed", fields["secretSeed"].as_str().unwrap()], address),
    ];
    for (name, arguments, expected) in cases {
        let finished = desk.run("regen", name, &arguments);
        assert!(finished.status.success(), "{name}: {finished:?}");
        assert!(finished.stderr.contains("shell's history"), "{name}: {finished:?}");
        assert_eq!(desk.run("check", name, &[]).stdout.trim(), expected, "{name}");
    }
}

#[test]
fn a_mnemonic_is_shown_once_and_never_logged() {
    let desk = Desk::new();
    for more in [&["--logging.trace"][..], &["--logging.trace", "--logging.json"]] {
        let name = format!("new{}", more.len());
        let finished = desk.run("new", &name, more);
        assert!(finished.status.success(), "{finished:?}");
        let phrase = |kind: &str| {
            let line = finished.stdout.lines().find_map(|line| line.trim().strip_prefix(kind)).unwrap().trim();
            assert_eq!(line.split(' ').count(), 12, "{line}");
            line.to_owned()
        };
        for words in [phrase("hotkey:"), phrase("coldkey:")] {
            assert_eq!(finished.stdout.matches(&words).count(), 1, "shown once");
            let first_three = words.split(' ').take(3).collect::<Vec<_>>().join(" ");
            assert!(!finished.stderr.contains(&first_three), "logged");
        }
    }
    let finished = desk.run("regen", "again", &["--secret-file", text(&desk.phrase), "--logging.trace"]);
    assert!(finished.status.success(), "{finished:?}");
    assert!(!format!("{finished:?}").contains("winner thank"), "what the owner has is not shown: {finished:?}");
    for bad in ["legal winner thank", "0xlegal", "{\"secretPhrase\": \"legal winner\"}"] {
        let file = desk.bench.write("bad", bad.as_bytes()).unwrap();
        let finished = desk.run("regen", "bad", &["--secret-file", text(&file), "--logging.trace"]);
        assert!(!finished.status.success());
        assert!(!format!("{finished:?}").contains("winner") && !finished.stderr.contains("legal"), "{finished:?}");
    }
}

/// Runs a `soma` command at a terminal. The pairs are questions and what is typed then.
fn at_terminal(desk: &Desk, questions: &Value, arguments: &[String]) -> Value {
    let soma = desk.bench.soma().unwrap().get_program().to_str().unwrap().to_owned();
    let questions = questions.to_string();
    let mut all = vec![questions.as_str(), soma.as_str()];
    all.extend(arguments.iter().map(String::as_str));
    python::run(Sdk::V11, "terminal.py", &desk.bench.home(), &all).unwrap().remove(0)
}

#[test]
fn the_terminal_asks_and_shows_no_answer() {
    let desk = Desk::new();
    let new = "New password for the hotkey: ";
    let again = "once more: ";
    let typed = json!([["(not shown): ", format!("{PHRASE}\n")], [new, "correct horse\n"], [again, "correct horse\n"]]);
    let told = at_terminal(&desk, &typed, &desk.arguments("regen", "w", &["--encrypt"]));
    assert_eq!((&told["code"], &told["unasked"]), (&json!(0), &json!(0)), "{told}");
    let shown = told["shown"].as_str().unwrap();
    assert!(shown.contains(ADDRESS) && !shown.contains("winner") && !shown.contains(PASSWORD), "{shown}");

    let file = text(&desk.file("w", "hotkeys/k")).to_owned();
    let question = format!("Password of {file}: ");
    let typed = json!([[question, "wrong one\n"], ["Password: ", "correct horse\n"]]);
    let told = at_terminal(&desk, &typed, &desk.arguments("check", "w", &[]));
    assert_eq!(told["code"], 0, "a wrong answer is asked again: {told}");
    assert!(told["shown"].as_str().unwrap().contains(ADDRESS), "{told}");

    for (questions, command, name, more, code) in [
        (json!([[question, "\u{3}"]]), "check", "w", &[][..], "soma::wallet::cancelled"),
        (json!([[question, "\n"]]), "check", "w", &[], "soma::wallet::cancelled"),
        (json!([[new, "correct horse\n"], [again, "another one\n"]]), "new", "x", &["--encrypt"], "passwords_differ"),
        (json!([[new, "short\n"]]), "new", "x", &["--encrypt"], "soma::wallet::short_password"),
    ] {
        let told = at_terminal(&desk, &questions, &desk.arguments(command, name, more));
        assert_ne!(told["code"], 0, "{told}");
        assert!(told["shown"].as_str().unwrap().contains(code), "{code}: {told}");
    }
    assert!(!desk.wallets().join("x").exists(), "a refusal writes nothing");
}

#[test]
fn the_signer_asks_for_the_password_at_the_terminal() {
    let desk = Desk::new();
    // The old form: its key takes milliseconds, so that three wrong answers do not take a minute.
    let vault = include_bytes!("../../../../host/wallet/tests/vectors/legacy_ansible_hotkey");
    fs::create_dir_all(desk.file("w", "hotkeys")).unwrap();
    fs::write(desk.file("w", "hotkeys/k"), vault).unwrap();
    let question = format!("Password of {}: ", desk.file("w", "hotkeys/k").display());
    // Nobody answers at this address: it is enough that the request could be signed.
    let mut arguments: Vec<String> =
        ["query", "127.0.0.1:1", "TextGeneration", "{}", "--hotkey", ALICE.hotkey].map(str::to_owned).to_vec();
    arguments.extend(desk.arguments("check", "w", &[]).into_iter().skip(2));
    let told = at_terminal(&desk, &json!([[question, "correct horse\n"]]), &arguments);
    assert_eq!((&told["code"], &told["unasked"]), (&json!(1), &json!(0)), "{told}");
    let shown = told["shown"].as_str().unwrap();
    assert!(!shown.contains(PASSWORD) && !shown.contains("soma::signer"), "{shown}");
    for (typed, code) in [("\u{3}", "soma::wallet::cancelled"), ("wrong one\n", "soma::wallet::wrong_password")] {
        let again = "That is not its password. Password: ";
        let told = at_terminal(&desk, &json!([[question, typed], [again, typed], [again, typed]]), &arguments);
        assert!(told["shown"].as_str().unwrap().contains(code), "{code}: {told}");
    }
}

#[test]
fn an_encrypted_hotkey_serves_and_asks() {
    let desk = Desk::new();
    for account in [ALICE, BOB] {
        let file = desk.wallets().join(account.name).join("hotkeys/default");
        let mut command = desk.bench.soma().unwrap();
        command.args(["wallet", "regen", "--encrypt", "--overwrite", "--secret-file"]).arg(&file);
        command.arg("--wallet.password_file").arg(&desk.password);
        desk.bench.name_wallet(&mut command, account);
        let finished = process::run("soma wallet regen", &mut command).unwrap();
        assert!(finished.status.success(), "{finished:?}");
        assert!(fs::read(&file).unwrap().starts_with(b"$NACL"));
    }
    let settings = desk.bench.write("soma.toml", miner::settings().text().as_bytes()).unwrap();
    let port = free_port().unwrap();
    let mut command = desk.bench.run_command(&settings, ALICE, port).unwrap();
    let mut neuron = Process::start("soma run", command.arg("--wallet.password_file").arg(&desk.password)).unwrap();
    neuron.wait_for(|log| log.contains("serving offline").then_some(())).unwrap();

    let mut query = desk.bench.soma().unwrap();
    query.args(["query", &format!("127.0.0.1:{port}"), "TextGeneration", r#"{"prompt": "one two", "temperature": 0}"#]);
    query.args(["--hotkey", ALICE.hotkey, "--json"]).env("SOMA_WALLET_PASSWORD_FILE", &desk.password);
    desk.bench.name_wallet(&mut query, BOB);
    let asked = process::run("soma query", &mut query).unwrap();
    assert!(asked.status.success(), "{asked:?}\n{}", neuron.output());
    assert!(!neuron.output().contains(PASSWORD) && !asked.stderr.contains(PASSWORD));
}
