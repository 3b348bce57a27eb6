"""A tokenizer made on the spot, and a small server that answers as those of OpenAI do."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


def tiny_tokenizer(folder):
    """A tokenizer of bytes with a chat template, saved to a folder."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<|end|>", "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator([], trainers.BpeTrainer(special_tokens=special, initial_alphabet=alphabet))
    wrapped = PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|end|>", pad_token="<|pad|>")
    wrapped.chat_template = TEMPLATE
    wrapped.save_pretrained(folder)
    return wrapped


class Server(ThreadingHTTPServer):
    """Answers chats with what `replies` gives for each.

    Attributes:
        replies: Takes the messages and the number of the reply; gives text, or status and text of a refusal.
        asked: Bodies of the requests.
    """

    daemon_threads = True

    def __init__(self, replies):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies, self.asked, self.numbers = replies, [], 0
        self.lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        choices = []
        for index in range(asked.get("n") or 1):
            with self.server.lock:
                self.server.asked.append(asked)
                number, self.server.numbers = self.server.numbers, self.server.numbers + 1
            reply = self.server.replies(asked["messages"], number)
            if isinstance(reply, tuple):
                return self._send(*reply)
            choices.append(
                {
                    "index": index,
                    "message": {"role": "assistant", "content": reply},
                    "finish_reason": "stop",
                }
            )
        body = {"id": "x", "object": "chat.completion", "created": int(time.time()), "model": "tiny"}
        return self._send(200, json.dumps(body | {"choices": choices}))

    def _send(self, status, text):
        content = text if isinstance(text, bytes) else text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@contextmanager
def serving(replies):
    server = Server(replies)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def plain_reply(messages, number):
    """The brief as the prompt, with few steps; every third reply is none."""
    if number % 3 == 2:
        return "I cannot do that."
    return json.dumps({"prompt": messages[-1]["content"], "steps": 2 + number % 4})
