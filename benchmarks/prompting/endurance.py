"""Let the environment of Atropos run for a thousand groups: its memory, and what a kill -9 loses.

Usage: python benchmarks/prompting/endurance.py [--groups 1000] [--kills 4]; writes
benchmarks/results/prompting-endurance.json. `serve` feeds Atropos's own API server, from which a stand-in for
a trainer takes batches until it has seen the groups; the memory of the process is read meanwhile. `process`
writes as many groups to a file, and is killed on the way, at random, and started again. The language model
answers at once, with prompts of one or two steps, two to a brief.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
import psutil
from standin import answering, quick, tokenizer

from tonewright.prompting.task.rollouts import read_groups

RESULT = Path(__file__).parent.parent / "results" / "prompting-endurance.json"
REPLIES, BATCH = 2, 20
FIRST = 100
"""Groups after which memory is compared: until then things are loaded and compiled."""
MODULE = "tonewright.prompting.adapters.atropos"


def words(url: str, folder: Path, **more: object) -> list[str]:
    options = {
        "env.tokenizer_name": folder / "tokenizer",
        "env.group_size": REPLIES,
        "env.sounds": 1,
        "env.ensure_scores_are_not_same": False,
        "env.max_num_workers": 2,
        "openai.base_url": url,
        "openai.model_name": "stand-in",
        **more,
    }
    return [str(part) for name, value in options.items() for part in (f"--{name}", value)]


@contextmanager
def started(*command: str, folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", *command], stdout=log, stderr=log, cwd=folder)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until_up(url: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"no server at {url}")


def memory(folder: Path, groups: int) -> dict[str, Any]:
    """Memory of `serve` as groups go by."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    api = f"http://127.0.0.1:{port}"
    run_api = ("atroposlib.cli.run_api", "--host", "127.0.0.1", "--port", str(port))
    with answering(quick) as url, started(*run_api, folder=folder, name="api"):
        until_up(api)
        httpx.post(
            f"{api}/register",
            json={
                "wandb_group": "", "wandb_project": "", "batch_size": BATCH, "max_token_len": 4_096,
                "checkpoint_dir": "", "save_checkpoint_interval": 0, "starting_step": 0, "num_steps": 10_000,
            },
        )  # fmt: skip
        more = {"env.rollout_server_url": api}
        with started(MODULE, "serve", *words(url, folder, **more), folder=folder, name="serve") as process:
            watched, taken = psutil.Process(process.pid), 0
            read: list[tuple[int, float]] = []
            began_s = time.monotonic()
            while taken < groups:
                batch = httpx.get(f"{api}/batch").json()["batch"]
                if batch is None:
                    if process.poll() is not None:
                        raise SystemExit((folder / "serve.log").read_text()[-2_000:])
                    time.sleep(0.05)
                    continue
                taken += len(batch)
                read.append((taken, watched.memory_info().rss / 2**20))
                if taken % 100 < len(batch):
                    print(f"serve: {taken} groups, {read[-1][1]:.0f} MB", flush=True)
            seconds = time.monotonic() - began_s
    counts, sizes = np.array(read).T
    late = counts >= FIRST
    slope = np.polyfit(counts[late], sizes[late], 1)[0]
    return {
        "groups": taken,
        "seconds": seconds,
        "mb_after_100_groups": float(sizes[late][0]),
        "mb_at_last": float(sizes[-1]),
        "mb_most": float(sizes.max()),
        "kb_per_group": float(1024 * slope),
    }


def kills(folder: Path, groups: int, times: int) -> dict[str, Any]:
    """What is in the file after a run that was killed so many times, and each time goes on."""
    path, rng, lost = folder / "groups.jsonl", np.random.default_rng(0), []
    goals = sorted(rng.integers(groups // 20, groups - groups // 20, times).tolist())
    with answering(quick) as url:
        more = {
            "env.total_steps": groups,
            "env.data_path_to_save_groups": path,
            "env.keep_sounds": 0,
        }
        for goal in [*goals, None]:
            command = (MODULE, "process", *words(url, folder, **more))
            with started(*command, folder=folder, name="process") as process:
                while process.poll() is None:
                    if goal is not None and path.exists() and path.read_bytes().count(b"\n") >= goal:
                        time.sleep(float(rng.uniform(0, 0.3)))
                        before = path.read_bytes().count(b"\n")
                        os.kill(process.pid, signal.SIGKILL)
                        process.wait()
                        lost.append(before - sum(1 for _ in read_groups(path)))
                        print(f"killed after {before} groups, lost {lost[-1]}", flush=True)
                        break
                    time.sleep(0.02)
    seeds = [group["group_overrides"]["seed"] for group in read_groups(path)]
    return {
        "groups": len(seeds),
        "kills": len(lost),
        "written_groups_lost": sum(lost),
        "seeds_missing": len({*range(groups)} - {*seeds}),
        "seeds_twice": len(seeds) - len({*seeds}),
    }


def main() -> None:
    """Run, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--groups", type=int, default=1_000, help="of each (1000)")
    parser.add_argument("--kills", type=int, default=4, help="of process (4)")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        tokenizer(folder)
        result = {"memory_of_serve": memory(folder, options.groups)}
        print(json.dumps(result), flush=True)
        result["killed_process"] = kills(folder, options.groups, options.kills)
    print(json.dumps(result, indent=1))
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
