"""Ends a command by a signal while it asks at a terminal of its own, and looks at the terminal's echo; prints one line
of JSON.

Arguments: the question, `command` or `signer` (its child of that name) as the target, the signal's name, the command.
"""

import fcntl
import json
import os
import pathlib
import signal
import sys
import termios
import time

LIMIT_S = 60
POLL_S = 0.02


def echoes(terminal):
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def start(terminal, command):
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        for descriptor in (0, 1, 2):
            os.dup2(terminal, descriptor)
        os.execv(command[0], command)
    return pid


def child(parent, name):
    for folder in pathlib.Path("/proc").iterdir():
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except (OSError, IndexError):
            continue
        if fields[1] == str(parent) and name.encode() in words:
            return int(folder.name)
    raise SystemExit(f"there is no {name}")


def wait(condition):
    """Whether it came true in time."""
    end = time.monotonic() + LIMIT_S / 4
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)
    return True


def main():
    question, target, name, *command = sys.argv[1:]
    # A command that does not ask must not wait for ever. The limit ends this script.
    signal.alarm(LIMIT_S)
    # The other end stays open here, so that its settings outlive the command.
    master, terminal = os.openpty()
    pid = start(terminal, command)
    shown = ""
    while question not in shown:
        shown += os.read(master, 4096).decode(errors="replace")
    # The question is written when the echo is off already.
    echo_while_asked = echoes(terminal)
    os.kill(pid if target == "command" else child(pid, target), signal.Signals[name])
    _, status = os.waitpid(pid, 0)
    # A signer whose parent was killed needs a moment.
    echo_after = wait(lambda: echoes(terminal))
    code = os.waitstatus_to_exitcode(status)
    print(json.dumps({"echo_while_asked": echo_while_asked, "echo_after": echo_after, "code": code, "shown": shown}))


if __name__ == "__main__":
    main()
