"""A server that answers as those of OpenAI do, at once: what is measured is no language model then."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tonewright.prompting.generators.registry import generator
from tonewright.prompting.writers.tiny import TinyConfig, make_tiny

Answer = Callable[[list[dict[str, str]], int], str]
"""Gives a reply to messages; replies are numbered."""


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """Serve at a free port of this machine meanwhile, and give the address of the API."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            choices: list[dict[str, Any]] = [
                {
                    "index": index,
                    "message": {"role": "assistant", "content": answer(asked["messages"], index)},
                    "finish_reason": "stop",
                }
                for index in range(asked.get("n") or 1)
            ]
            body = {"id": "x", "object": "chat.completion", "created": int(time.time()), "model": "stand-in"}
            content = json.dumps(body | {"choices": choices}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()


def plain(messages: list[dict[str, str]], number: int) -> str:
    """The brief as the prompt, with the recommended settings, or some other number of steps."""
    return json.dumps({"prompt": messages[-1]["content"], **({"steps": 8 + number} if number else {})})


def quick(messages: list[dict[str, str]], number: int) -> str:
    """The brief as the prompt, with one or two steps."""
    return json.dumps({"prompt": messages[-1]["content"], "steps": 1 + number % 2, "cfg_scale": 1.0})


def tokenizer(folder: Path) -> Path:
    """The folder of a tokenizer with a chat template."""
    shape = TinyConfig(words=400, width=16, depth=1, heads=2, pairs=50, updates=1)
    make_tiny(folder / "tokenizer", generator("sketch"), shape)
    return folder / "tokenizer"
