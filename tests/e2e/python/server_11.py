"""Verifies every request with the real 11.3.0 `http_auth.verify` and says what it found, as JSON.

Prints `READY <port>`, stops when stdin ends.
"""

import argparse
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bittensor import http_auth

# More than any test sends, in bytes.
LARGEST_BODY = 1024 * 1024


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Seconds; a client that hangs must not hold a thread for ever.
    timeout = 30

    def answer(self):
        length = int(self.headers.get("content-length", 0))
        if length > LARGEST_BODY:
            self.reply(413, {"verified": False, "error": "TooLarge"})
            return
        body = self.rfile.read(length)
        try:
            caller = http_auth.verify(
                self.headers,
                body,
                method=self.command,
                path=self.path,
                self_hotkey_ss58=self.server.hotkey,
            )
        except http_auth.AuthError as error:
            self.reply(401, {"verified": False, "error": type(error).__name__, "message": str(error)})
            return
        self.reply(
            200,
            {
                "verified": True,
                "caller": caller.hotkey_ss58,
                "method": self.command,
                "path": self.path,
                "content_type": self.headers.get("content-type"),
                "body": body.decode(errors="replace"),
            },
        )

    do_GET = do_POST = do_PUT = answer

    def reply(self, status, result):
        body = json.dumps(result).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Requests are not logged: the outcome is in the answer."""


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--hotkey", required=True, help="the ss58 address that requests have to be signed for")
arguments = parser.parse_args()
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
server.hotkey = arguments.hotkey
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"READY {server.server_address[1]}", flush=True)
sys.stdin.read()
server.shutdown()
