"""Tables of `benchmarks/RESULTS.md` on improvising; `benchmarks/tables.py` writes the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tonewright.improvising.evaluation import HEARINGS, SUITES, summarise
from tonewright.improvising.playing.baselines import BASELINES
from tonewright.measuring.records import read_records

RESULTS = Path(__file__).parent.parent / "results"


def lookup_results() -> dict[str, Any]:
    """What was measured of the lookup table of each synth."""
    found: dict[str, Any] = json.loads((RESULTS / "improvising-lookup.json").read_text())
    return found


def lookup_table() -> str:
    """Builds of lookup tables, and how fast they are."""
    lines = [
        "| synth | controls | points | asked | half of processor | on the clock | load "
        "| looked up a second | the same, 256 at once | nearest point |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, measured in lookup_results().items():
        build, speed = measured["build"], measured.get("speed")
        asked = "≤ 60 s" if name.startswith("pd:") else "≤ 20 s"
        rates = ["", "", ""]
        if speed:
            rates = [
                f"{speed['looked_up_per_second']:,}",
                f"{speed['looked_up_per_second_256_at_once']:,}",
                f"{1000 * speed['nearest_milliseconds']:.0f} µs",
            ]
        cells = [name, build["controls"], f"{build['points']:,}", asked]
        cells += [f"{build['processor_seconds'] / 2:.0f} s", f"{build['seconds']:.0f} s"]
        cells += [f"{build['load_before']:.0f}", *rates]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def map_table() -> str:
    """Pages of maps of lookup tables, and how fluid they are."""
    lines = [
        "| synth | points | MB | without sounds | drawn in processor s | neighbours kept, t-SNE | PCA "
        "| script a frame: heard | moved | zoomed | frame: heard | moved | zoomed | load |",
        f"|---|{'---|' * 13}",
    ]
    for name, sizes in json.loads((RESULTS / "improvising-map.json").read_text()).items():
        for measured in sizes.values():
            ways = [measured[way] for way in ("hear", "move", "zoom")]
            times = [
                f"{way[kind]['median']:.1f} / {way[kind]['95th percentile']:.0f} ms"
                for kind in ("script ms", "frame ms")
                for way in ways
            ]
            kept = [f"{100 * measured['neighbours kept'][way]:.0f} %" for way in ("tsne", "pca")]
            cells = [name, f"{measured['points']:,}", measured["page MB"], measured["page without sounds MB"]]
            cells += [f"{measured['processor s']:.0f}", *kept, *times, measured["load average"]]
            lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def lookup_errors_table(part: str) -> str:
    """A part of what was measured of lookup tables: median, 95th percentile, and medians of some columns."""
    found = {name: measured[part] for name, measured in lookup_results().items() if part in measured}
    kinds = list(
        dict.fromkeys(kind for parts in found.values() for errors in parts.values() for kind in errors)
    )
    lines = [f"| synth | | {' | '.join(kinds)} |", f"|---|---|{'---|' * len(kinds)}"]
    for name, parts in found.items():
        for what, errors in parts.items():
            cells = [f"{errors[kind]:.3f}" if kind in errors else "" for kind in kinds]
            lines.append(f"| {name} | {what} | {' | '.join(cells)} |")
    return "\n".join(lines)


def turning_table() -> str:
    """How fast synths are that are turned while they sound, and how loud they click."""
    path = RESULTS / "improvising-turning.json"
    if not path.exists():
        return "Not measured yet."
    measured = json.loads(path.read_text())
    lines = [
        "| synth | still | turned | 64 still | 64 turned | loudest click of a control | of all |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, speed in measured["times_realtime"].items():
        cells = [f"{speed[how]:,.0f}×" for how in ("still_1", "turned_1", "still_64", "turned_64")]
        clicks = measured["clicks"][name]
        cells += [f"{clicks['alone_db']:.0f} dB, `{clicks['control']}`", f"{clicks['all_db']:.0f} dB"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def pure_data_table() -> str:
    """How fast Pd renders the patches that ship."""
    path = RESULTS / "improvising-pure-data.json"
    if not path.exists():
        return "Not measured yet."
    lines = [
        "| patch | of 2 s | points of 0.5 s | 8,000 points, two cores | live hops a second | start | of 16 |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, measured in json.loads(path.read_text())["patches"].items():
        cells = [f"{measured[key]:,.0f}×" for key in ("times_realtime", "times_realtime_points")]
        cells += [f"{measured['table_seconds_two_cores']:.0f} s", f"{measured['live_steps_per_second']:,.0f}"]
        cells += [f"{measured[key]:.0f} ms" for key in ("start_ms", "start_16_ms")]
        lines.append(f"| `pd:{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def environment_results() -> dict[str, Any]:
    """What was measured of the improvise environment with each synth."""
    found: dict[str, Any] = json.loads((RESULTS / "improvising-environment.json").read_text())
    return found


_ASKED_STEPS = {"looked up, a hop a step": "≥ 300,000", "rendered, a hop a step": "≥ 1,500"}


def environment_speed_table() -> str:
    """Steps of the improvise environment a second, of 256 rows together."""
    lines = [
        "| synth | points | what | asked | steps a second | per second of processor |",
        "|---|---|---|---|---|---|",
    ]
    for name, measured in environment_results().items():
        for what, speed in measured["speed"].items():
            asked = _ASKED_STEPS.get(what, "")
            cells = [name, f"{measured['points']:,}", what, asked, f"{speed['steps_per_second']:,}"]
            lines.append(f"| {' | '.join([*cells, format(speed['steps_per_processor_second'], ',')])} |")
    return "\n".join(lines)


def hearing_table() -> str:
    """How far looked-up and rendered hearing differ, by column."""
    measured = {name: result["differences"] for name, result in environment_results().items()}
    columns = dict.fromkeys(column for found in measured.values() for column in found)
    lines = [f"| column | {' | '.join(measured)} |", f"|---|{'---|' * len(measured)}"]
    for column in columns:
        found = [measured[name].get(column) for name in measured]
        cells = [
            f"{one['difference']:.3f} of {one['range']:.2f} ({one['unit_difference']:.3g})" if one else ""
            for one in found
        ]
        lines.append(f"| `{column}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def baselines_table() -> str:
    """Mean rewards of the baselines of the improvise environment."""
    measured = {name: result["baselines"] for name, result in environment_results().items()}
    policies = dict.fromkeys(
        one for kinds in measured.values() for scores in kinds.values() for one in scores
    )
    lines = [f"| synth | targets, hearing | {' | '.join(policies)} |", f"|---|---|{'---|' * len(policies)}"]
    for name, kinds in measured.items():
        for kind, scores in kinds.items():
            cells = [f"{scores[one]:.3f}" if one in scores else "" for one in policies]
            lines.append(f"| {name} | {kind} | {' | '.join(cells)} |")
    return "\n".join(lines)


def corpus_table() -> str:
    """How fast recordings are analysed, and what that takes."""
    path = RESULTS / "improvising-corpus.json"
    if not path.exists():
        return "Not measured yet."
    measured = json.loads(path.read_text())
    lines = [
        "| recordings | minutes | asked | on the clock | by the processor | peak memory |",
        "|---|---|---|---|---|---|",
    ]
    for what, key in (("20 of a minute", "many_files"), ("one of two hours", "one_long_file")):
        one = measured[key]
        cells = [what, f"{one['minutes']:.0f}", "≥ 100×", f"{one['times_real_time']:.0f}×"]
        cells += [f"{one['times_real_time_by_processor']:.0f}×", f"{one['peak_memory_mb']:.0f} MB"]
        lines.append(f"| {' | '.join(cells)} |")
    size = measured["corpus"]
    read = (
        f"An hour takes {size['megabytes_per_hour']:.0f} MB in the corpus, and is read in "
        f"{size['read_all_s_per_hour']:.2f} s, its MFCC alone in {size['read_mfcc_s_per_hour']:.2f} s."
    )
    return "\n".join([*lines, "", read])


def agents_results() -> dict[str, Any]:
    """What was measured of trainings."""
    path = RESULTS / "improvising-agents.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"agents": {}, "ablations": {}}
    return found


SCORES = ("reward", "gap_closed", "distance", "lag_ms", "correlation", "travel_per_s", "rails_share")
AGENTS_HEAD = (
    f"| synth | followed | hears itself | player | {' | '.join(SCORES)} |",
    f"|{'---|' * (len(SCORES) + 4)}",
)


def agents_table() -> str:
    """Agents of all seeds together, beside the players that do not learn."""
    return "\n".join(
        [*AGENTS_HEAD, *(row for synth in agents_results()["agents"] for row in agent_rows(synth))]
    )


def agent_rows(synth: str) -> list[str]:
    """The rows of a synth in that table."""
    lines = []
    rows = summarise(read_records(RESULTS / f"improvising-agents-{synth}.jsonl"))
    for suite in SUITES:
        for hearing in HEARINGS:
            here = [row for row in rows if (row["suite"], row["hearing"]) == (suite, hearing)]
            agents = [row for row in here if row["method"] not in BASELINES]
            players = [(f"agent, {len(agents)} seeds", agents)]
            players += [(row["method"], [row]) for row in here if row["method"] in BASELINES]
            for player, of_player in players:
                cells = [synth, suite, hearing, player]
                cells += [_range([row[score] for row in of_player]) for score in SCORES]
                lines.append(f"| {' | '.join(cells)} |")
    return lines


def trainings_table() -> str:
    """How long trainings took, and what they and proportional controllers reach on the validation part."""
    found = agents_results()["agents"]
    gains = list(dict.fromkeys(gain for one in found.values() for gain in one["gains"]))
    lines = [
        f"| synth | updates | asked | minutes | gap closed by the agent | by gain {' | '.join(gains)} |",
        f"|---|---|---|---|---|{'---|' * len(gains)}",
    ]
    for synth, one in found.items():
        runs = one["runs"].values()
        cells = [synth, f"{max(run['updates'] for run in runs)}", "≤ 20 min"]
        cells += [_range([run["seconds"] / 60 for run in runs])]
        cells += [_range([run["gap_closed"][-1][1] for run in runs])]
        cells += [f"{one['gains'][gain]:.3f}" if gain in one["gains"] else "" for gain in gains]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def ablations_table() -> str:
    """Trainings that differ from the usual one in something."""
    found = agents_results()
    places = ("corpus, table", "corpus, render", "walks, table", "walks, render")
    lines = [
        f"| synth | differs in | minutes | gap closed: {' | '.join(places)} | travel_per_s | lag_ms |",
        f"|---|---|---|{'---|' * len(places)}---|---|",
    ]
    for one in found["ablations"].values():
        flat = {**one["changes"], **one["changes"].get("episodes", {})}
        flat.pop("episodes", None)
        changes = ", ".join(f"`{name}` {_value(value)}" for name, value in flat.items())
        scores = one["scores"]
        cells = [one["synth"], changes or "nothing", f"{one['seconds'] / 60:.1f}"]
        cells += [f"{scores[place]['gap_closed']:.3f}" for place in places]
        cells += [_range([scores["corpus, render"][name]]) for name in ("travel_per_s", "lag_ms")]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _range(values: list[float | None]) -> str:
    """Mean and range of what is known."""
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    spread = f" ({min(known):.3g}–{max(known):.3g})" if min(known) < max(known) else ""
    return f"{np.mean(known):.3g}{spread}"


def sections() -> list[tuple[str, str, str]]:
    """Heading, caption and table of each section, in order."""
    return [
        (
            "Lookup tables",
            "Written by `python benchmarks/improvising/lookup.py`, on two cores that others used,\n"
            "too: the load is how many programs wanted them before. Half of the seconds of processor is the\n"
            "least that a build takes where nothing else runs.",
            lookup_table(),
        ),
        (
            "Between the points of a lookup table",
            "Errors at 1,000 points at random, in robust spreads of a column; median over points and\n"
            "columns, 95th percentile, and the median of some columns.",
            lookup_errors_table("between_points"),
        ),
        (
            "Descriptors heard at fewer hops",
            "Differences at 250 points at random from every descriptor at every hop, in the same unit.",
            lookup_errors_table("fewer_hops"),
        ),
        (
            "Synths that are turned while they sound",
            "Written by `python benchmarks/improvising/turning.py`: times faster than time on one core, of\n"
            "one voice and of 64 together, and clicks against the sound.",
            turning_table(),
        ),
        (
            "Pure Data patches",
            "Written by `python benchmarks/improvising/pure_data.py`: times faster than time on one core,\n"
            "what 8,000 points of 0.5 s take at that speed, and hops of 256 samples of 16 voices.",
            pure_data_table(),
        ),
        (
            "Maps of lookup tables",
            "Written by `python benchmarks/improvising/map_page.py`, in headless Chromium on two cores,\n"
            "without a graphics card. Times are the median and the 95th percentile; 16.7 ms is 60 frames a\n"
            "second. The load is how many programs wanted the cores as the page was tried.",
            map_table(),
        ),
        (
            "Speed of the improvise environment",
            "Written by `python benchmarks/improvising/environment.py`; 256 rows.",
            environment_speed_table(),
        ),
        (
            "Looked-up and rendered hearing",
            "Root mean square of the difference while controls move as fast as an agent may, and the\n"
            "standard deviation of what is rendered, both in spreads of the column; in brackets the\n"
            "difference in octaves, dB or what else its scale is.",
            hearing_table(),
        ),
        (
            "Baselines of the improvise environment",
            "Mean reward (`closeness`), three seeds; `gain` is that of a proportional controller.",
            baselines_table(),
        ),
        (
            "Analysis of recordings",
            "Written by `python benchmarks/improvising/corpus.py`: times faster than time, on two cores.",
            corpus_table(),
        ),
        (
            "Improvising agents",
            "Written by `python benchmarks/improvising/agents.py`: held-out recordings and random walks,\n"
            "means over the seeds, in brackets their range.",
            agents_table(),
        ),
        (
            "Trainings of improvising agents",
            "On one core each. The gap between holding still and the step-limited oracle, on the validation\n"
            "part, rendered: by agents at the end of their training, in brackets the range of three seeds,\n"
            "and by proportional controllers. With a gain of 1 they are the oracle.\n\n"
            "![Share of the gap closed on the validation part, by updates: three seeds of each synth, "
            "beside a proportional controller](results/improvising-agents.svg)",
            trainings_table(),
        ),
        (
            "What was tried beside them",
            "Trainings of one seed that differ from the usual one in one thing.",
            ablations_table(),
        ),
    ]
