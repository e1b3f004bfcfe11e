"""The miner of the benches on FastAPI, with the real 11.3.0 `http_auth.verify` in front of it.

uvicorn serves it in one process and without an access log. Prints `READY <port>`, stops when stdin ends.
"""

import argparse
import sys
import threading
from typing import Optional

import miner_bench
import ports
import uvicorn
from bittensor import http_auth
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, Field, ValidationError


class TextGeneration(BaseModel):
    prompt: str
    max_tokens: int = Field(default=100, ge=0, le=4096)
    temperature: float = Field(default=0.7, ge=0, le=2)
    generated_text: Optional[str] = None
    model_name: Optional[str] = None


def application(hotkey, denied):
    app = FastAPI()
    stakes = {}

    @app.post("/TextGeneration")
    async def text_generation(request: Request) -> TextGeneration:
        body = await request.body()
        try:
            caller = http_auth.verify(
                request.headers, body, method=request.method, path=request.url.path, self_hotkey_ss58=hotkey
            )
        except http_auth.AuthError as error:
            raise HTTPException(401, str(error)) from error
        if caller.hotkey_ss58 in denied:
            raise HTTPException(403, "this hotkey is denied")
        stakes.get(caller.hotkey_ss58, 0.0)
        try:
            synapse = TextGeneration.model_validate_json(body)
            synapse.generated_text = miner_bench.generate(synapse.prompt, synapse.max_tokens, synapse.temperature)
        except (ValidationError, miner_bench.NoWord) as error:
            raise HTTPException(422, str(error)) from error
        synapse.model_name = miner_bench.MODEL
        return synapse

    return app


def serve(arguments):
    port = ports.free_port()
    app = application(arguments.hotkey, set(arguments.deny))
    # The server binds the port itself: what it gets handed is served with other socket options, which is slower.
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False))

    def stop_with_stdin():
        miner_bench.announce(port)
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=stop_with_stdin, daemon=True).start()
    server.run()


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--hotkey", required=True, help="the ss58 address that requests have to be signed for")
parser.add_argument("--deny", action="append", default=[])
serve(parser.parse_args())
