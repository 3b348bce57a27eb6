"""Train the agents that ship, three seeds each, measure them, and what was tried beside them.

Usage: python benchmarks/improvising/agents.py; writes to benchmarks/results:

- improvising-agents-SYNTH.jsonl: the log of `tonewright evaluate improvise`, every phrase that is held out;
- improvising-agents.json: how long each training took, its curve on the validation part, what proportional
  controllers of several gains reach there, and the summaries of the trainings of --ablations;
- improvising-agents.svg: the curves.

Tables, corpus and trainings lie in --folder. What is there is kept, and a training that was stopped goes on,
so the command may be given again until it is done. --ship copies, of each synth, the agent that is best on
the validation part into the package.

Three trainings of a synth take some twenty minutes on a core, and their evaluation five. On two cores it is
quickest to let two commands run side by side, for other synths, each with NUMBA_NUM_THREADS=1 and
OMP_NUM_THREADS=1, and one for all in the end. The picture needs matplotlib.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from tables import AGENTS_HEAD, agent_rows, markdown
from tonewright.improvising.episode_config import ImproviseConfig
from tonewright.improvising.playing.baselines import nearest, proportional
from tonewright.improvising.training import HeldOut, TrainImproviseConfig
from tonewright.learning.configuration import config_from
from tonewright.learning.runs import read_metrics
from tonewright.synths import synth

HERE = Path(__file__).parent
RESULTS = HERE.parent / "results"
RESULT = RESULTS / "improvising-agents.json"
SHIPPED = HERE.parent.parent / "src" / "tonewright" / "improvising" / "networks" / "shipped"
SOUNDS = Path("/usr/share/sonic-pi/samples")
SYNTHS = ("sine", "fm", "granular")
SEEDS = (0, 1, 2)
GAINS = (0.15, 0.25, 0.35, 0.5, 0.7, 0.85, 1.0)
EVALUATED = "evaluation/gap_closed"
ABLATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "fm-table": ("fm", {"episodes": {"hearing": "table"}}),
    "fm-render": ("fm", {"episodes": {"hearing": "render"}}),
    "fm-no-imitation": ("fm", {"cloning": 0.0}),
    "sine-table": ("sine", {"episodes": {"hearing": "table"}}),
    "sine-sb3-ppo": ("sine", {"algorithm": "sb3-ppo"}),
    "sine-a2c": ("sine", {"algorithm": "a2c"}),
    "sine-dqn": ("sine", {"algorithm": "dqn", "episodes": {"action_view": "joint"}}),
    "sine-sac": ("sine", {"algorithm": "sac"}),
}
"""Trainings beside the usual ones, seed 0: synth, and what their configuration says otherwise."""


CARD = """# Model card: improvising agent of {name}, version {version}

`{stem}.onnx` hears a musician and its own sound, and moves the controls of
[`{name}`]({up}/docs/synths.md): {controls}. `tonewright evaluate improvise` and `tonewright agent show` take
it unless another is named.

| | |
|---|---|
| weights | {size} kB; hidden layers of {hidden} |
| hears | {keep} of both sides, now and {history} times before, at 44.1 kHz, 1,024 samples every 256 |
| gives | how far each control moves in a hop, up to {step} % of its range; it decides every {hops} hops |
| what counted | {counted} |
| runs on | ONNX Runtime, on the processor; torch is not needed |
| tied to | version {version} of the synth, and the version of hearing |
| beside it | `{stem}.json`: the whole configuration, the scales of what it hears, the SHA-256 of the graph |

## How it was trained

With our own PPO, which also imitates the step-limited oracle, less and less, on the training part of the CC0
recordings of Debian's `sonic-pi-samples` and on random sounds of the synth: {updates} updates, {steps}
million steps, {minutes} minutes on one core. Of three seeds it is the one that followed the validation part
best, {seed}.

```console
python benchmarks/improvising/agents.py --synths {name} --ship
```

## How good it is

On recordings that no training saw, and on random walks over the sounds of the synth: the means of three
seeds, of which this agent is one, in brackets their range.
[What the numbers mean]({up}/docs/improvising.md#evaluate); [where they come
from]({up}/benchmarks/RESULTS.md#improvising-agents).

{table}

## Limits

- It follows loudness, pitch and brightness, of one voice at a time; nothing else counted.
- It was trained on short samples of many instruments, not on anybody's playing. For yours,
  [train one]({up}/docs/improvising.md#train): minutes.
- What the synth cannot play, it can only come near to.

## Licence

MIT, as the rest of Tonewright. The recordings are CC0.
"""


def tonewright(*words: object, folder: Path) -> str:
    """What a command prints; its progress goes to where ours goes."""
    given = [sys.executable, "-m", "tonewright", *map(str, words)]
    return subprocess.run(given, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def prepare(folder: Path, sounds: Path, synths: list[str]) -> None:
    """Tables and corpus, where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "corpus.parquet").exists():
        tonewright("corpus", "analyse", sounds, "-o", "corpus.parquet", folder=folder)
    for name in synths:
        if not (folder / f"{name}.parquet").exists():
            tonewright("lookup", "build", "--synth", name, "-o", f"{name}.parquet", folder=folder)


def train(folder: Path, run: str, name: str, seed: int, changes: dict[str, Any]) -> None:
    """A training, unless it is there; one that was stopped goes on."""
    if (folder / run / "agent.onnx").exists():
        return
    if (folder / run).exists():
        tonewright("train", "improvise", "-o", run, "--resume", folder=folder)
        return
    (folder / f"{run}.json").write_text(json.dumps(changes))
    words = ["--table", f"{name}.parquet", "--corpus", "corpus.parquet", "--config", f"{run}.json"]
    tonewright("train", "improvise", *words, "--seed", seed, "-o", run, folder=folder)


def curve(folder: Path, run: str) -> dict[str, Any]:
    """How long a training took, and its course on the validation part."""
    lines = read_metrics(folder / run)
    evaluated = [line for line in lines if EVALUATED in line]
    return {
        "seconds": round(lines[-1]["wall_s"]),
        "updates": int(lines[-1]["step"]) + 1,
        "gap_closed": [[int(line["step"]) + 1, round(line[EVALUATED], 4)] for line in evaluated],
    }


def gains(folder: Path, name: str) -> dict[str, float]:
    """What proportional controllers reach on the validation part, rendered; 1 is the step-limited oracle."""
    files = {what: str(folder / f"{what}.parquet") for what in (name, "corpus")}
    episodes = ImproviseConfig(synth=name, table=files[name], corpus=files["corpus"])
    held_out = HeldOut(TrainImproviseConfig(episodes=episodes))
    players = {f"{gain:g}": proportional(held_out.env, gain) for gain in GAINS}
    players["no step limit"] = nearest(held_out.env)
    return {what: round(held_out(player)["gap_closed"], 4) for what, player in players.items()}


def evaluate(folder: Path, name: str, runs: list[str]) -> None:
    """Held-out phrases, into the log of the synth."""
    log = RESULTS / f"improvising-agents-{name}.jsonl"
    words = ["--table", f"{name}.parquet", "--corpus", "corpus.parquet", "--agents", *runs, "--log", log]
    tonewright("evaluate", "improvise", *words, "--json", folder=folder)


def ablation(folder: Path, run: str, name: str) -> dict[str, Any]:
    """How a training went, and what became of it on held-out phrases under both hearings."""
    words = ["--table", f"{name}.parquet", "--corpus", "corpus.parquet", "--agents", run]
    methods = ["--methods", run, "hold", "limited"]
    told = tonewright("evaluate", "improvise", *words, *methods, "--json", folder=folder)
    rows = [row for row in json.loads(told)["summary"] if row["method"] == run]
    shown = ("reward", "gap_closed", "lag_ms", "travel_per_s", "rails_share")
    scores = {f"{row['suite']}, {row['hearing']}": {key: row[key] for key in shown} for row in rows}
    return {"synth": name, "changes": ABLATIONS[run][1], **curve(folder, run), "scores": scores}


def plot(trained: dict[str, Any], path: Path) -> None:
    """The curve of each seed, by synth, with what proportional controllers reach."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "tonewright"
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        1, len(trained), figsize=(3.4 * len(trained), 3.2), sharey=True, squeeze=False
    )
    for axis, (name, of_synth) in zip(axes[0], trained.items(), strict=True):
        for number, (run, one) in enumerate(of_synth["runs"].items()):
            updates, closed = np.transpose(one["gap_closed"])
            axis.plot(updates, closed, color=f"C{number}", marker=".", label=f"seed {run.rsplit('-', 1)[1]}")
        axis.axhline(1, color="0.3", lw=0.8, label="oracle, step-limited")
        axis.axhline(of_synth["gains"]["0.5"], color="0.3", lw=0.8, ls="--", label="proportional, 0.5")
        axis.set(title=name, xlabel="updates")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("gap closed, validation, rendered")
    axes[0][0].legend(frameon=False, fontsize=8, loc="lower right")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def ship(folder: Path, name: str, runs: dict[str, Any]) -> None:
    """Put the agent into the package that is best on the validation part, with a model card."""
    best = max(runs, key=lambda run: runs[run]["gap_closed"][-1][1])
    stem = f"agent-{name}-v{synth(name).version}"
    for ending in ("onnx", "json"):
        shutil.copy(folder / best / f"agent.{ending}", SHIPPED / f"{stem}.{ending}")
    (SHIPPED / f"{stem}.md").write_text(card(folder, name, best, runs))
    print(f"{best} ships")


def card(folder: Path, name: str, best: str, runs: dict[str, Any]) -> str:
    """The model card of an agent."""
    played = synth(name)
    stem = f"agent-{name}-v{played.version}"
    kept = json.loads((folder / best / "config.json").read_text())
    values = {key: value for key, value in kept["config"].items() if key != "recipe"}
    config = config_from(TrainImproviseConfig, values)
    episodes = config.episodes
    return CARD.format(
        name=name,
        version=played.version,
        stem=stem,
        controls=", ".join(f"`{one}`" for one in played.controls.names),
        size=f"{(SHIPPED / f'{stem}.onnx').stat().st_size / 1000:.0f}",
        hidden=" and ".join(map(str, config.hidden)),
        keep=", ".join(f"`{one}`" for one in episodes.features_keep),
        counted=", ".join(f"`{one}`" for one in episodes.features_reward),
        history=episodes.history,
        step=f"{100 * episodes.step_size:g}",
        hops=episodes.hops_per_step,
        updates=config.updates,
        steps=f"{config.updates * config.loop.steps * config.num_envs / 1e6:.1f}",
        minutes=f"{runs[best]['seconds'] / 60:.1f}",
        seed=kept["seed"],
        table=markdown(AGENTS_HEAD, agent_rows(name)),
        up="../../../../..",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/improvising"), help="for all that is made")
    parser.add_argument("--sounds", type=Path, default=SOUNDS, help="the recordings")
    parser.add_argument("--synths", nargs="*", choices=SYNTHS, default=list(SYNTHS), help="all unless given")
    parser.add_argument("--ablations", nargs="*", choices=list(ABLATIONS), help="all if none is named")
    parser.add_argument("--ship", action="store_true", help="put the best agents into the package")
    given = parser.parse_args()
    folder = given.folder.resolve()
    chosen = list(ABLATIONS) if given.ablations == [] else given.ablations or []
    prepare(folder, given.sounds, sorted({*given.synths, *(ABLATIONS[run][0] for run in chosen)}))
    found: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    found = {"agents": {}, "ablations": {}} | found

    def keep() -> None:
        found["agents"] = {name: found["agents"][name] for name in SYNTHS if name in found["agents"]}
        RESULT.write_text(json.dumps(found, indent=1) + "\n")

    for name in given.synths:
        runs = [f"{name}-{seed}" for seed in SEEDS]
        for run, seed in zip(runs, SEEDS, strict=True):
            train(folder, run, name, seed, {})
        curves = {run: curve(folder, run) for run in runs}
        found["agents"][name] = {"runs": curves, "gains": gains(folder, name)}
        keep()
        evaluate(folder, name, runs)
        if given.ship:
            ship(folder, name, curves)
    for run in chosen:
        name, changes = ABLATIONS[run]
        train(folder, run, name, 0, changes)
        found["ablations"][run] = ablation(folder, run, name)
        keep()
    if found["agents"]:
        plot(found["agents"], RESULTS / "improvising-agents.svg")
    print(f"{time.strftime('%H:%M')}: {RESULT}")


if __name__ == "__main__":
    main()
