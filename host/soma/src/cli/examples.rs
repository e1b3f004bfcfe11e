//! What stands below the flags of `--help`: how a command is used, and what its exit status says.

/// `soma run`.
pub const RUN: &str = "\
Examples:
  soma run --network test --netuid 1 --wallet.name miner --axon.external_ip 203.0.113.7
  soma run --offline --wallet.name miner --axon.port 8091

Exit status:
  0    stopped by SIGINT or SIGTERM, after the requests that were in
  2    the command line cannot be read
  75   a restart may help: a port, the state folder or the admin socket is taken; no endpoint of the chain answers
  78   a restart does not help: soma.toml, a plugin, the wallet or the registration has to be mended
  130  stopped at once, by a second signal";

/// `soma query`.
pub const QUERY: &str = "\
Examples:
  soma query 127.0.0.1:8091 TextGeneration '{\"prompt\": \"hello\"}' --hotkey 5F... --wallet.name caller
  soma query 127.0.0.1:8091 /TextGeneration '{\"prompt\": \"hello\"}' --hotkey 5F... --dialect btauth

Exit status: 0 for a success, 1 for another answer, 78 when there is no answer.";

/// `soma explain`.
pub const EXPLAIN: &str = "\
Examples:
  soma explain --last --code denied
  soma explain --list --route TextGeneration --limit 5";

/// `soma bench`.
pub const BENCH: &str = "\
Examples:
  soma bench
  soma bench my-miner.wasm --seconds 20 --json

Nothing but the loopback address is reached, and no wallet is opened.";

/// `soma plugin new`.
pub const NEW: &str = "\
Example:
  soma plugin new rust my-miner && cd my-miner && soma plugin build";

/// `soma plugin build`.
pub const BUILD: &str = "\
Examples:
  soma plugin build my-miner
  soma plugin build my-miner --output /srv/soma/my-miner.wasm";

/// `soma plugin inspect`.
pub const INSPECT: &str = "\
Example:
  soma plugin inspect my-miner.wasm --measure";

/// `soma plugin test`.
pub const TEST: &str = "\
Examples:
  soma plugin test
  soma plugin test my-miner.wasm --cases more-cases.toml --json

A case in cases.toml:
  [[case]]
  name = \"refuses an empty prompt\"
  route = \"TextGeneration\"
  body = { prompt = \"\" }
  expect = { status = 422, reason = \"prompt\" }

Routes without a case are asked once with a body made of their schema.";

/// `soma plugin list`.
pub const LIST: &str = "\
Example:
  soma plugin list --config /etc/soma/soma.toml

The file digest names the plugin's file; the version id names file and configuration together.";

/// `soma plugin swap`.
pub const SWAP: &str = "\
Example:
  soma plugin swap text my-miner.wasm

If the new plugin cannot be loaded, the old one goes on serving and the status is 78.";

/// `soma wallet new`.
pub const WALLET_NEW: &str = "\
Examples:
  soma wallet new --wallet.name miner
  soma wallet new --wallet.name miner --encrypt --wallet.password_file password.txt";

/// `soma wallet regen`.
pub const WALLET_REGEN: &str = "\
Examples:
  soma wallet regen --wallet.name miner
  soma wallet regen --wallet.name miner --coldkey --ss58 5F...";

/// `soma wallet check`.
pub const WALLET_CHECK: &str = "\
Example:
  soma wallet check --wallet.name miner";

/// `soma wallet list`.
pub const WALLET_LIST: &str = "\
Example:
  soma wallet list --json";

/// `soma wallet show`.
pub const WALLET_SHOW: &str = "\
Example:
  soma wallet show --address --wallet.name miner";

/// `soma chain metagraph`.
pub const METAGRAPH: &str = "\
Examples:
  soma chain metagraph --network finney --netuid 1 --sort incentive --limit 20
  soma chain metagraph --network local --json";

/// `soma chain hyperparameters`.
pub const HYPERPARAMETERS: &str = "\
Example:
  soma chain hyperparameters --network test --netuid 1";

/// `soma chain balance`.
pub const BALANCE: &str = "\
Examples:
  soma chain balance --network finney --wallet.name miner
  soma chain balance 5F... --network finney --json";

/// `soma chain register`.
pub const REGISTER: &str = "\
Examples:
  soma chain register --network test --netuid 1 --wallet.name miner --dry-run
  soma chain register --network test --netuid 1 --wallet.name miner --max-cost 0.5 --yes

Exit status: 0 when it is final on the chain or already so, 1 when the question was answered with no, 75 when the chain
cannot be reached, 78 when the chain refuses.";

/// `soma chain stake`.
pub const STAKE: &str = "\
Examples:
  soma chain stake --amount 100 --network finney --netuid 1 --wallet.name validator --dry-run
  soma chain stake --amount 100 --network finney --netuid 1 --wallet.name validator";

/// `soma chain serve`.
pub const SERVE: &str = "\
Example:
  soma chain serve --network finney --netuid 1 --axon.external_ip 203.0.113.7 --axon.port 8091 --wallet.name miner

Nothing is sent when the chain has this address already.";

/// `soma chain weights`.
pub const WEIGHTS: &str = "\
Example:
  soma chain weights 0=0.7 3=0.3 --network test --netuid 1 --wallet.name validator --dry-run";

/// `soma doctor`.
pub const DOCTOR: &str = "\
Examples:
  soma doctor --config /etc/soma/soma.toml
  soma doctor --offline --json

Give it the flags that `soma run` is started with. It changes nothing, and needs no password.

Exit status: 0 when nothing is wrong (there may be remarks), 1 when something has to be mended.";

/// `soma localnet`.
pub const LOCALNET: &str = "\
Examples:
  soma localnet
  soma localnet --block-time instant --port 0 --json

Its state is in memory and ends with it. In another terminal every command takes --network local, for instance
`soma chain register --network local --netuid 1`.";
