// One neuron under pm2: `pm2 start ecosystem.config.js`, `pm2 save`, `pm2 startup`.
//
// pm2 hides nothing from a process: a hotkey's password is better kept by systemd (soma.service).
module.exports = {
  apps: [
    {
      name: "miner",
      script: "/usr/local/bin/soma",
      // A program of its own, and nothing for node to run.
      interpreter: "none",
      args: "run --config /etc/soma/soma.toml --wallet.name miner --wallet.password_file /etc/soma/hotkey-password",
      // Two hosts with one hotkey refuse each other's state folder.
      instances: 1,
      exec_mode: "fork",
      // 75 says that a restart may help. 0 is a stop, 78 and 2 say that something has to be mended first.
      stop_exit_codes: [0, 2, 78],
      restart_delay: 15000,
      // An outage of the chain may last: pm2 gives up after 16 restarts otherwise.
      max_restarts: 100000,
      // Requests that are in have a minute to come to their end after pm2's SIGINT.
      kill_timeout: 65000,
      // `pm2 sendSignal SIGHUP miner` reads soma.toml again; a file that changes must not restart the host.
      watch: false,
    },
  ],
};
