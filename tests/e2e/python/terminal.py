"""Runs a command at a terminal of its own and answers its questions; prints one line of JSON.

The first argument is a JSON list of [question, answer] pairs, the others are the command. An answer is typed when its
question has appeared.
"""

import json
import os
import pty
import signal
import sys

LIMIT_S = 110


def main():
    questions = json.loads(sys.argv[1])
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.argv[2], sys.argv[2:])
    # A command that asks something else must not wait for ever. The limit ends this script, the command with it.
    signal.alarm(LIMIT_S)
    shown = ""
    unread = ""
    while True:
        try:
            piece = os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            # Linux's way to say that nobody has the other end open any more.
            break
        if not piece:
            break
        shown += piece
        unread += piece
        if questions and questions[0][0] in unread:
            unread = unread.split(questions[0][0], 1)[1]
            os.write(terminal, questions.pop(0)[1].encode())
    _, status = os.waitpid(pid, 0)
    print(json.dumps({"shown": shown, "code": os.waitstatus_to_exitcode(status), "unasked": len(questions)}))


if __name__ == "__main__":
    main()
