"""Asks one server with the real 11.3.0 `http_auth.sign` over plain `http.client`; prints one line of JSON for each case."""

import argparse
import http.client
import json
import sys
import time

from bittensor import Wallet, http_auth
from bittensor.sp_core import CRYPTO_ED25519, Keypair

# The stale nonce is older than any window that a server of the tests keeps (10 s), the future one further ahead than
# any skew (2 s).
STALE_NS = 3600 * 10**9
FUTURE_NS = 60 * 10**9


class Client:
    def __init__(self, arguments):
        self.arguments = arguments
        wallet = Wallet(arguments.wallet_name, arguments.wallet_hotkey, arguments.wallet_path)
        self.signer = wallet.hotkey
        self.body = arguments.body.encode()

    def sign(self, signer=None, receiver="", nonce_ns=None, path=None, method=None):
        return http_auth.sign(
            signer or self.signer,
            method=method or self.arguments.method,
            path=path or self.arguments.path,
            body=self.body,
            receiver_ss58=self.arguments.receiver if receiver == "" else receiver,
            nonce_ns=nonce_ns,
        )

    def send(self, headers, body=None, path=None):
        arguments = self.arguments
        connection = http.client.HTTPConnection(arguments.host, arguments.port, timeout=arguments.timeout)
        try:
            connection.request(
                arguments.method,
                path or arguments.path,
                body=self.body if body is None else body,
                headers={"Content-Type": "application/json", **headers},
            )
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()


def ok(client):
    return client.send(client.sign())


def wrong_receiver(client):
    return client.send(client.sign(receiver=client.signer.ss58_address))


def missing_receiver(client):
    return client.send(client.sign(receiver=None))


def stale_nonce(client):
    return client.send(client.sign(nonce_ns=time.time_ns() - STALE_NS))


def future_nonce(client):
    return client.send(client.sign(nonce_ns=time.time_ns() + FUTURE_NS))


def replayed_nonce(client):
    headers = client.sign()
    first, _, _ = client.send(headers)
    if first != 200:
        sys.exit(f"the first of the two equal requests got {first}")
    return client.send(headers)


def tampered_body(client):
    return client.send(client.sign(), body=client.body + b" ")


def other_path(client):
    return client.send(client.sign(), path=client.arguments.path + "?added=1")


def forged_signature(client):
    headers = client.sign()
    stranger = client.sign(signer=Keypair.create_from_uri("//Mallory"))
    headers[http_auth.HEADER_SIGNATURE] = stranger[http_auth.HEADER_SIGNATURE]
    return client.send(headers)


def malformed(client):
    headers = client.sign()
    headers[http_auth.HEADER_SIGNATURE] = "0xzz"
    return client.send(headers)


def ed25519(client):
    return client.send(client.sign(signer=Keypair.create_from_uri("//Alice", crypto_type=CRYPTO_ED25519)))


CASES = {
    case.__name__: case
    for case in (
        ok,
        ed25519,
        wrong_receiver,
        missing_receiver,
        stale_nonce,
        future_nonce,
        replayed_nonce,
        tampered_body,
        other_path,
        forged_signature,
        malformed,
    )
}


def readable(body):
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--receiver", required=True, help="the server's hotkey")
parser.add_argument("--method", default="POST")
parser.add_argument("--path", default="/TextGeneration")
parser.add_argument("--body", default='{"prompt": "Hello"}')
parser.add_argument("--case", action="append", choices=CASES)
parser.add_argument("--timeout", type=float, default=12.0)
parser.add_argument("--wallet-path", required=True)
parser.add_argument("--wallet-name", default="default")
parser.add_argument("--wallet-hotkey", default="default")
client = Client(parser.parse_args())
for name in client.arguments.case or CASES:
    status, headers, body = CASES[name](client)
    lowered = {key.lower(): value for key, value in headers.items()}
    print(
        json.dumps(
            {
                "case": name,
                "http_status": status,
                "content_type": lowered.get("content-type"),
                "body": readable(body),
            }
        ),
        flush=True,
    )
