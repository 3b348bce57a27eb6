"""Write every table of `benchmarks/RESULTS.md` from the result files.

Usage: python benchmarks/tables.py

The page is written whole; nobody types numbers. What the tables mean is told in `benchmarks/README.md`.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from improvising import tables as improvising
from prompting import tables as prompting
from tonewright.matching.evaluation import SELF, summarise
from tonewright.matching.search.methods import METHODS
from tonewright.measuring.records import read_records

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PAGE = HERE / "RESULTS.md"
SUITES = ("random", "factory", "real")
ORDER = (*METHODS, SELF)
"""Methods in the order of the tables."""
BUDGETS = (50, 200, 1_000, 5_000, 20_000)
DISTANCES = (
    "sot", "wmfcc", "rms", "mss", "loss",
    "spectral_convergence", "log_stft_mae", "mfcc_mae", "lufs_difference", "f0_cents",
)  # fmt: skip
"""Columns; those outside the reward that published work reports first."""


def speed_table() -> str:
    """What was asked for and what was measured."""
    speed = json.loads((RESULTS / "speed.json").read_text())
    render, hear, compare, match = (speed[part] for part in ("render", "hear", "compare", "match"))
    ratio = compare["losses_per_second_one_target"] / speed["scipy_spectra_per_second"]
    memory = max(part["peak_memory_mb"] for part in (render, hear, compare, match))
    rows = [
        (
            "presets of 0.5 s at 16 kHz, all 14 voices, batch 512",
            "≥ 10,000/s",
            render["presets_per_second_14_voices"],
        ),
        ("the same, random presets", "", render["presets_per_second_random"]),
        (
            "training loss against an analysed target, 0.5 s at 16 kHz",
            "≥ 8,000/s",
            compare["losses_per_second_one_target"],
        ),
        ("the same, a target for each", "≥ 8,000/s", compare["losses_per_second_many_targets"]),
        ("the loss against SciPy's three spectra alone, as a ratio", "", ratio),
        ("loudness and MFCC of 0.5 s at 16 kHz", "", hear["hear_loudness_mfcc_per_second"]),
        ("render + hear + compare, 0.5 s at 16 kHz", "≥ 4,000/s", match["render_hear_compare_per_second"]),
        (
            "a live note of 14 voices in blocks of 64 at 44.1 kHz, times realtime",
            "",
            render["live_voice_times_realtime"],
        ),
        ("every descriptor of a live hop of 16 ms, milliseconds", "", hear["live_hop_milliseconds"]),
        ("loading both networks, seconds", "≤ 1 s", match["load_networks_seconds"]),
        ("proposing 32 presets, seconds", "≤ 0.5 s", match["propose_32_presets_seconds"]),
        ("match, 10,000 renders of 1 s at 44.1 kHz, seconds", "≤ 15 s", match["match_seconds_44100_hz"]),
        ("match, 10,000 renders of 1 s at 16 kHz, seconds", "≤ 15 s", match["match_seconds_16000_hz"]),
        ("peak memory of a process that renders, hears, compares or matches, MB", "≤ 400 MB", memory),
        ("`tonewright --help`, warm, seconds", "≤ 0.5 s", speed["help_seconds"]),
    ]
    lines = ["| what | asked | measured |", "|---|---|---|"]
    lines += [f"| {what} | {asked} | {_number(value)} |" for what, asked, value in rows]
    return "\n".join(lines)


def learning_speed_table() -> str:
    """Steps of the match environment a second."""
    path = RESULTS / "learning_speed.json"
    if not path.exists():
        return "Not measured yet."
    measured = json.loads(path.read_text())["match"]
    lines = ["| what | asked | measured |", "|---|---|---|"]
    for name, value in measured.items():
        asked = "≥ 2,500/s" if "learning" in name else "≥ 4,000/s"
        lines.append(f"| {name} | {asked} | {value:,.0f} |")
    return "\n".join(lines)


def sampler_table() -> str:
    """How near a sampler comes to the synth, over the factory presets."""
    measured = json.loads((RESULTS / "sampler.json").read_text())
    rows = {
        "difference_db": "what is left when sampler and synth are subtracted, a key with a sample, dB",
        "transposed_mss": "MSS, a key a semitone beside its sample, dB",
        "reseeded_mss": "MSS of the synth itself with other noise, for comparison, dB",
        "release_level_db": "levels after the key is let go, looped presets, dB",
        "join": "sharpest bend at the join of a loop, by the sharpest within it",
        "loop_level_db": "level of a second that only loops reach, dB",
    }
    lines = ["| what | median | worst |", "|---|---|---|"]
    lines += [
        f"| {what} | {_number(measured[name]['median'])} | {_number(measured[name]['worst'])} |"
        for name, what in rows.items()
    ]
    held = (
        f"Of {measured['presets']} presets {measured['looped']} are looped, {measured['dies_away']} die away "
        f"by themselves, and {measured['cut']} end with their samples."
    )
    return "\n".join([*lines, "", held])


def recordings_tables() -> str:
    """Whether the note is found in recordings as people have them, and what it scores."""
    measured = json.loads((RESULTS / "recordings.json").read_text())
    scores, found = measured["scores"], measured["found"]
    lines = ["| the sound lies | note found | similarity: bass | saw |", "|---|---|---|---|"]
    for name in ["clean", *found]:
        share = f"{found[name]['right']} of {found[name]['of']}" if name in found else ""
        bass, saw = (f"{scores[name][key]:.1f}" if name in scores else "" for key in ("bass", "saw"))
        lines.append(f"| {name} | {share} | {bass} | {saw} |")
    lines += ["", "| played | notes heard: how many sounds |", "|---|---|"]
    for name, counts in measured["notes"].items():
        lines.append(f"| {name} | {', '.join(f'{number}: {count}' for number, count in counts.items())} |")
    lines += ["", "| heard | in |", "|---|---|"]
    lines += [f"| {name} | {count['heard']} of {count['of']} |" for name, count in measured["reach"].items()]
    return "\n".join(lines)


def pitch_error_table() -> str:
    """Share of gross errors by octave and condition, means over timbres and rates, before and now."""
    rows = _pitch("tone")
    conditions = list(dict.fromkeys(row["condition"] for row in rows))
    lines = [f"| octave from | {' | '.join(conditions)} | cents | confidence |"]
    lines.append("|---" * (len(conditions) + 3) + "|")
    for octave_hz in dict.fromkeys(row["octave_hz"] for row in rows):
        of_octave = [row for row in rows if row["octave_hz"] == octave_hz]
        cells = [
            _before_now([row for row in of_octave if row["condition"] == condition], "gross", "{:.1%}")
            for condition in conditions
        ]
        cells += [_before_now(of_octave, "cents", "{:.2g}"), _before_now(of_octave, "confidence", "{:.3f}")]
        lines.append(f"| {octave_hz:,.0f} Hz | {' | '.join(cells)} |")
    cells_of = [(row[PITCH_LIMITS[0]]["gross"], row[PITCH_LIMITS[1]]["gross"]) for row in rows]
    worse = sum(now > before for before, now in cells_of)
    better = sum(now < before for before, now in cells_of)
    lines += ["", f"Of {len(rows):,} cells {better:,} have fewer gross errors than before, {worse:,} more."]
    return "\n".join(lines)


def pitch_noise_table() -> str:
    """Share of the frames of noise in which a pitch is found, means over the rates."""
    bands: dict[tuple[float, float | None], list[dict[str, Any]]] = {}
    for row in _pitch("noise"):
        open_ended = row["high_hz"] == row["rate_hz"] / 2
        bands.setdefault((row["low_hz"], None if open_ended else row["high_hz"]), []).append(row)
    lines = ["| noise | sample rates | frames with a pitch | mean confidence |", "|---|---|---|---|"]
    for (low_hz, high_hz), rows in sorted(bands.items(), key=lambda item: (item[0][0], item[0][1] or 0.0)):
        to = "half the rate" if high_hz is None else f"{high_hz:,.0f} Hz"
        rates = [f"{row['rate_hz']:,}" for row in rows]
        at = f"{rates[0]} to {rates[-1]} Hz" if len(rates) > 1 else f"{rates[0]} Hz"
        cells = [_before_now(rows, "voiced", "{:.1%}"), _before_now(rows, "confidence", "{:.3f}")]
        lines.append(f"| {low_hz:,.0f} Hz to {to} | {at} | {' | '.join(cells)} |")
    return "\n".join(lines)


def pitch_note_table() -> str:
    """Factory presets whose note is estimated within half a semitone."""
    lines = ["| rate | note | presets | right before | right now |", "|---|---|---|---|---|"]
    for row in _pitch("note"):
        right = [str(row[limit]["right"]) for limit in PITCH_LIMITS]
        lines.append(f"| {row['rate_hz']:,} Hz | {row['note']} | {row['presets']} | {' | '.join(right)} |")
    return "\n".join(lines)


def pitch_speed_table() -> str:
    """Time now as a share of the time before."""
    lines = ["| sound | every descriptor of a live hop | pitch of whole sounds |", "|---|---|---|"]
    for row in _pitch("speed"):
        lines.append(f"| {row['sound']} | {row['live_hop']:.2f} | {row['whole_files']:.2f} |")
    return "\n".join(lines)


PITCH_LIMITS = ("to_2500_hz", "to_5000_hz")


def _pitch(kind: str) -> list[dict[str, Any]]:
    lines = (RESULTS / "pitch.jsonl").read_text("utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["kind"] == kind]


def _before_now(rows: list[dict[str, Any]], field: str, form: str) -> str:
    means = []
    for limit in PITCH_LIMITS:
        values = [row[limit][field] for row in rows if row[limit][field] is not None]
        means.append(form.format(np.mean(values)) if values else "")
    return means[0] if means[0] == means[1] else " → ".join(means)


def quality_table(suite: str) -> str:
    """Median and bad end of every distance by method, budget and seeds, from the log of the evaluation."""
    rows = sorted(summarise(_records(suite)), key=lambda row: (row["renders"], ORDER.index(row["method"])))
    names = [name for name in DISTANCES if name in rows[0]]
    lines = [
        "| renders | method | targets × seeds | " + " | ".join(names) + " |",
        "|---|---|---|" + "---|" * len(names),
    ]
    for row in rows:
        cells = [f"{row[name]['median']:.3g} ({row[name]['p90']:.3g})" for name in names]
        count = f"{row['targets']} × {row['seeds']}"
        lines.append(f"| {row['renders']:,} | {row['method']} | {count} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def mss_table() -> str:
    """Median MSS of every method by suite and budget, with the range of the seeds."""
    lines = ["| suite | method | " + " | ".join(f"{n:,}" for n in BUDGETS) + " |", "|---|---|" + "---|" * 5]
    for suite in SUITES:
        found = {(row["method"], row["renders"]): row for row in summarise(_records(suite))}
        for method in METHODS:
            cells = [_with_range(found.get((method, renders))) for renders in BUDGETS]
            if any(cells):
                lines.append(f"| {suite} | {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def claims_table() -> str:
    """What the scoreboard was to show, and what it shows: median MSS in dB, means over the seeds."""
    mss = {
        (suite, row["method"], row["renders"]): row["mss"]["median"]
        for suite in SUITES
        for row in summarise(_records(suite))
    }
    lines = ["| what | suite | measured |", "|---|---|---|"]
    for suite in SUITES:
        budgets = [n for n in BUDGETS if {(suite, "full", n), (suite, "cma", n)} <= mss.keys()]
        ratios = [mss[suite, "full", n] / mss[suite, "cma", n] for n in budgets]
        what = "`full` is at or below `cma` at every budget"
        at = ", ".join(f"{ratio:.2f} at {n:,}" for n, ratio in zip(budgets, ratios, strict=True))
        lines.append(f"| {what} | {suite} | {_yes(max(ratios) <= 1)}: ratio {at} |")
    for ours, theirs, suites in (
        (("full", 1_000), ("cma", 20_000), ("random", "factory")),
        (("agent", 50), ("cma", 1_000), ("random",)),
    ):
        for suite in suites:
            left, right = mss[suite, *ours], mss[suite, *theirs]
            what = f"`{ours[0]}` at {ours[1]:,} renders is at or below `{theirs[0]}` at {theirs[1]:,}"
            lines.append(f"| {what} | {suite} | {_yes(left <= right)}: {left:.3g} and {right:.3g} |")
    return "\n".join(lines)


def _yes(holds: bool) -> str:
    return "yes" if holds else "**no**"


def improved_table() -> str:
    """On how many targets what follows improves on the best of the estimator's first 32 candidates."""
    lines = ["| suite | renders in all | targets improved | runs |", "|---|---|---|---|"]
    for suite in SUITES:
        losses: dict[tuple[str, int], dict[int, float]] = {}
        for record in _records(suite):
            if record["method"] == "estimator-agent":
                run = losses.setdefault((record["target"], record["seed"]), {})
                run[record["renders"]] = record["loss"]
        for renders in (50, 200):
            better = [run[renders] < run[32] for run in losses.values() if {32, renders} <= run.keys()]
            if better:
                lines.append(f"| {suite} | {renders} | {np.mean(better):.1%} | {len(better)} |")
    return "\n".join(lines)


def near_table() -> str:
    """Share of matches that come below a training loss of 0.1 and of 0.2, over all seeds."""
    lines = ["| suite | method | " + " | ".join(f"{n:,}" for n in BUDGETS) + " |", "|---|---|" + "---|" * 5]
    for suite in SUITES:
        losses: dict[tuple[str, int], list[float]] = {}
        for record in _records(suite):
            losses.setdefault((record["method"], record["renders"]), []).append(record["loss"])
        for method in METHODS:
            cells = [_shares_below(losses.get((method, renders), []), (0.1, 0.2)) for renders in BUDGETS]
            lines.append(f"| {suite} | {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _shares_below(losses: list[float], thresholds: tuple[float, ...]) -> str:
    return " · ".join(f"{np.mean(np.array(losses) < t):.1%}" for t in thresholds) if losses else ""


def curriculum_table() -> str:
    """What agents reach in each stage when they leave it, beside acting at random and search."""
    keys = {"success": "below_0.1", "below_0.2": "below_0.2", "below_0.3": "below_0.3", "loss": "loss"}
    lines = [
        "| stage | method | renders | below 0.1 (success) | below 0.2 | below 0.3 | mean loss |",
        "|---|---|---|---|---|---|---|",
    ]
    of_search = json.loads((RESULTS / "stages.json").read_text())
    for number, name in enumerate(("oscillators", "filter", "envelopes", "lfo")):
        last = []
        for path in sorted(RESULTS.glob("agent-curriculum-*.jsonl")):
            of_run = read_records(path)
            last.append([line for line in of_run if line.get("evaluation/stage") == number][-1])
        for prefix, method in (("", f"agent, {len(last)} seeds"), ("random_", "acting at random")):
            cells = [
                improvising.mean_and_range([line[f"evaluation/{prefix}{key}"] for line in last])
                for key in keys
            ]
            lines.append(f"| {name} | {method} | 50 | " + " | ".join(cells) + " |")
        for row in of_search:
            if row["stage"] == name:
                cells = [f"{row[key]:.3g}" for key in keys.values()]
                lines.append(f"| {name} | {row['method']} | {row['renders']:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _records(suite: str) -> list[dict[str, Any]]:
    """Records of every method, seed and budget that all targets of a suite were matched with."""
    records = read_records(RESULTS / f"{suite}.jsonl")
    different = list({(record["target"], *_run_of(record)): record for record in records}.values())
    counts = Counter(map(_run_of, different))
    return [record for record in different if counts[_run_of(record)] == max(counts.values())]


def _run_of(record: dict[str, Any]) -> tuple[str, int, int]:
    return record["method"], record["seed"], record["renders"]


def _with_range(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    mss = row["mss"]
    spread = f" ({mss['low']:.3g}–{mss['high']:.3g})" if row["seeds"] > 1 else ""
    return f"{mss['median']:.3g}{spread}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


EVERY_DISTANCE = (
    "Median over the targets, in brackets the 90th percentile (for `rms`, where more is better, the 10th);\n"
    "means over the seeds."
)


def sections() -> list[tuple[str, str, str]]:
    """Heading, caption and table of each section of the page, in order."""
    return [
        ("Speed and memory", "Written by `python benchmarks/speed.py`.", speed_table()),
        ("Speed of learning", "Written by `python benchmarks/learning_speed.py`.", learning_speed_table()),
        *improvising.sections(),
        *prompting.sections(),
        (
            "Recordings as people have them",
            "Written by `python benchmarks/recordings.py`. Similarity is the mean of three seeds with 1,000\n"
            "renders; it was measured where something lies before the sound.",
            recordings_tables(),
        ),
        (
            "A preset in a sampler",
            "Written by `python benchmarks/sampler.py`: factory presets as SFZ instruments in sfizz.",
            sampler_table(),
        ),
        (
            "Median MSS",
            "In dB over the targets, by renders: the mean over the seeds, in brackets their range.",
            mss_table(),
        ),
        ("What was asked of the scoreboard", "Median MSS in dB, means over the seeds.", claims_table()),
        (
            "Matches below a loss of 0.1 and 0.2",
            "Shares of the matches whose training loss lies below 0.1 · below 0.2, by renders; all seeds\n"
            "together.",
            near_table(),
        ),
        (
            "What the agent improves",
            "How often `estimator-agent` ends with a lower training loss than the best of the estimator's\n"
            "first 32 candidates.",
            improved_table(),
        ),
        (
            "Stages of the curriculum",
            "The last held-out evaluation in each stage: means over the seeds, in brackets their range.",
            curriculum_table(),
        ),
        (
            "Errors of pitch",
            "Gross errors (more than 50 cents off, or no pitch), median cents of the others and median\n"
            "confidence: means over timbres and sample rates, looked for up to 2.5 kHz → up to 5 kHz.\n"
            "Written by `python benchmarks/pitch.py`.",
            pitch_error_table(),
        ),
        ("Pitch found in noise", "Means over the sample rates, up to 2.5 kHz → 5 kHz.", pitch_noise_table()),
        (
            "Notes of factory presets",
            "Estimated within half a semitone, with pitches looked for up to 2.5 kHz and up to 5 kHz.",
            pitch_note_table(),
        ),
        (
            "Time to find pitches up to 5 kHz",
            "As a share of the time up to 2.5 kHz, in one process, medians.",
            pitch_speed_table(),
        ),
        *((f"Every distance: {suite}", EVERY_DISTANCE, quality_table(suite)) for suite in SUITES),
    ]


def page() -> str:
    """The whole page."""
    parts = ["# Results", "<!-- Written by `python benchmarks/tables.py`: edit nothing here. -->"]
    parts += [
        "[The page on the benchmarks](README.md) tells what the tables mean, and the commands behind them."
    ]
    for heading, caption, table in sections():
        parts += [f"## {heading}", caption, table]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
