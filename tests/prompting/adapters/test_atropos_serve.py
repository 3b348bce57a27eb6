"""The environment, the real API server of Atropos, and a stand-in for a trainer, on one machine."""

import socket
import subprocess
import sys
import time

import pytest

pytest.importorskip("atroposlib")
httpx = pytest.importorskip("httpx")

from transformers import AutoTokenizer  # noqa: E402

from tonewright.prompting.adapters.tokens import NOT_TRAINED  # noqa: E402

from .tiny import plain_reply, serving  # noqa: E402

GROUP, BATCH = 2, 4


@pytest.fixture
def api(tmp_path):
    """Address of an API server of Atropos."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    words = ["-m", "atroposlib.cli.run_api", "--host", "127.0.0.1", "--port", str(port)]
    with (tmp_path / "api.log").open("w") as log:
        process = subprocess.Popen([sys.executable, *words], stdout=log, stderr=log, cwd=tmp_path)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: httpx.get(url).status_code == 200)
        yield url
    finally:
        process.kill()
        process.wait()


def until(done, seconds=60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := done():
                return found
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("it took too long")


def test_a_trainer_gets_batches_with_tokens_and_masks(api, tokenizer_folder, tmp_path):
    registered = httpx.post(
        f"{api}/register",
        json={
            "wandb_group": "", "wandb_project": "", "batch_size": BATCH, "max_token_len": 4_096,
            "checkpoint_dir": "", "save_checkpoint_interval": 0, "starting_step": 0, "num_steps": 100,
        },
    )  # fmt: skip
    assert registered.status_code == 200
    with serving(plain_reply) as server:
        words = {
            "--env.tokenizer_name": tokenizer_folder, "--env.rollout_server_url": api,
            "--env.group_size": GROUP, "--env.sounds": 1, "--env.categories": "instruments",
            "--env.max_num_workers": 2, "--openai.base_url": server.url, "--openai.model_name": "tiny",
        }  # fmt: skip
        flags = [str(part) for pair in words.items() for part in pair]
        module = "tonewright.prompting.adapters.atropos"
        with (tmp_path / "env.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, "serve", *flags], stdout=log, stderr=log, cwd=tmp_path
            )
        try:
            batch = until(lambda: httpx.get(f"{api}/batch").json()["batch"])
        finally:
            process.kill()
            process.wait()
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
    assert sum(len(group["tokens"]) for group in batch) == BATCH
    for group in batch:
        assert len({*group["scores"]}) > 1  # groups that teach nothing are not sent
        for tokens, masks, card in zip(group["tokens"], group["masks"], group["overrides"], strict=True):
            written = [one for one, mask in zip(tokens, masks, strict=True) if mask != NOT_TRAINED]
            text = tokenizer.decode(written)
            assert text.endswith("<|end|>")
            if "reply" in card:
                assert card["reply"]["prompt"] in text
