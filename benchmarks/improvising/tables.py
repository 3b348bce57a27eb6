"""Tables of `benchmarks/RESULTS.md` on improvising; `benchmarks/tables.py` writes the page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tonewright.improvising.evaluation import HEARINGS, SUITES, summarise
from tonewright.improvising.playing.baselines import BASELINES
from tonewright.measuring.records import read_records

RESULTS = Path(__file__).parent.parent / "results"
SCORES = ("reward", "gap_closed", "distance", "lag_ms", "correlation", "travel_per_s", "rails_share")
AGENTS_HEAD = ("synth", "followed", "hears itself", "player", *SCORES)
_ASKED_STEPS = {"looked up, a hop a step": "≥ 300,000", "rendered, a hop a step": "≥ 1,500"}


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table."""
    lines = (f"| {' | '.join(map(str, cells))} |" for cells in (head, *rows))
    first, *others = lines
    return "\n".join([first, f"|{'---|' * len(head)}", *others])


def mean_and_range(values: Iterable[float | None]) -> str:
    """Of what is known, three digits: `0.54 (0.53–0.55)`, or a dash."""
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    spread = f" ({min(known):.3g}–{max(known):.3g})" if min(known) < max(known) else ""
    return f"{np.mean(known):.3g}{spread}"


def measured(name: str) -> dict[str, Any]:
    """A result of the benchmarks beside this file."""
    found: dict[str, Any] = json.loads((RESULTS / f"improvising-{name}.json").read_text())
    return found


def lookup_table() -> str:
    """Builds of lookup tables, and how fast they are."""
    head = (
        "synth", "controls", "points", "asked", "half of processor", "on the clock", "load",
        "looked up a second", "the same, 256 at once", "nearest point",
    )  # fmt: skip
    rows = []
    for name, one in measured("lookup").items():
        build, speed = one["build"], one.get("speed")
        cells = [name, build["controls"], f"{build['points']:,}"]
        cells += ["≤ 60 s" if name.startswith("pd:") else "≤ 20 s"]
        cells += [f"{build['processor_seconds'] / 2:.0f} s", f"{build['seconds']:.0f} s"]
        cells += [f"{build['load_before']:.0f}"]
        if speed:
            cells += [f"{speed[f'looked_up_per_second{how}']:,}" for how in ("", "_256_at_once")]
            cells += [f"{1000 * speed['nearest_milliseconds']:.0f} µs"]
        rows.append([*cells, *[""] * (len(head) - len(cells))])
    return markdown(head, rows)


def map_table() -> str:
    """Pages of maps of lookup tables, and how fluid they are."""
    head = (
        "synth", "points", "MB", "without sounds", "drawn in processor s", "neighbours kept, t-SNE", "PCA",
        "script a frame: heard", "moved", "zoomed", "frame: heard", "moved", "zoomed", "load",
    )  # fmt: skip
    rows = []
    for name, sizes in measured("map").items():
        for one in sizes.values():
            times = [
                f"{one[way][kind]['median']:.1f} / {one[way][kind]['95th percentile']:.0f} ms"
                for kind in ("script ms", "frame ms")
                for way in ("hear", "move", "zoom")
            ]
            kept = [f"{100 * one['neighbours kept'][way]:.0f} %" for way in ("tsne", "pca")]
            cells = [name, f"{one['points']:,}", one["page MB"], one["page without sounds MB"]]
            rows.append([*cells, f"{one['processor s']:.0f}", *kept, *times, one["load average"]])
    return markdown(head, rows)


def lookup_errors_table(part: str) -> str:
    """A part of what was measured of lookup tables: median, 95th percentile, and medians of some columns."""
    found = {name: one[part] for name, one in measured("lookup").items() if part in one}
    kinds = list(
        dict.fromkeys(kind for parts in found.values() for errors in parts.values() for kind in errors)
    )
    rows = [
        [name, what, *(f"{errors[kind]:.3f}" if kind in errors else "" for kind in kinds)]
        for name, parts in found.items()
        for what, errors in parts.items()
    ]
    return markdown(("synth", "", *kinds), rows)


def turning_table() -> str:
    """How fast synths are that are turned while they sound, and how loud they click."""
    head = ("synth", "still", "turned", "64 still", "64 turned", "loudest click of a control", "of all")
    found = measured("turning")
    rows = []
    for name, speed in found["times_realtime"].items():
        clicks = found["clicks"][name]
        cells = [f"{speed[how]:,.0f}×" for how in ("still_1", "turned_1", "still_64", "turned_64")]
        cells += [f"{clicks['alone_db']:.0f} dB, `{clicks['control']}`", f"{clicks['all_db']:.0f} dB"]
        rows.append([name, *cells])
    return markdown(head, rows)


def pure_data_table() -> str:
    """How fast Pd renders the patches that ship."""
    head = (
        "patch", "of 2 s", "points of 0.5 s", "8,000 points, two cores", "live hops a second", "start",
        "of 16",
    )  # fmt: skip
    rows = [
        [
            f"`pd:{name}`",
            *(f"{one[key]:,.0f}×" for key in ("times_realtime", "times_realtime_points")),
            f"{one['table_seconds_two_cores']:.0f} s",
            f"{one['live_steps_per_second']:,.0f}",
            *(f"{one[key]:.0f} ms" for key in ("start_ms", "start_16_ms")),
        ]
        for name, one in measured("pure-data")["patches"].items()
    ]
    return markdown(head, rows)


def environment_speed_table() -> str:
    """Steps of the improvise environment a second, of 256 rows together."""
    head = ("synth", "points", "what", "asked", "steps a second", "per second of processor")
    keys = ("steps_per_second", "steps_per_processor_second")
    rows = [
        [name, f"{one['points']:,}", what, _ASKED_STEPS.get(what, ""), *(f"{speed[key]:,}" for key in keys)]
        for name, one in measured("environment").items()
        for what, speed in one["speed"].items()
    ]
    return markdown(head, rows)


def hearing_table() -> str:
    """How far looked-up and rendered hearing differ, by column."""
    found = {name: one["differences"] for name, one in measured("environment").items()}
    columns = dict.fromkeys(column for differences in found.values() for column in differences)

    def cell(one: dict[str, float] | None) -> str:
        if one is None:
            return ""
        return f"{one['difference']:.3f} of {one['range']:.2f} ({one['unit_difference']:.3g})"

    rows = [
        [f"`{column}`", *(cell(found[name].get(column)) for name in found)]
        for column in columns
    ]  # fmt: skip
    return markdown(("column", *found), rows)


def baselines_table() -> str:
    """Mean rewards of the baselines of the improvise environment."""
    found = {name: one["baselines"] for name, one in measured("environment").items()}
    players = dict.fromkeys(one for kinds in found.values() for scores in kinds.values() for one in scores)
    rows = [
        [name, kind, *(f"{scores[one]:.3f}" if one in scores else "" for one in players)]
        for name, kinds in found.items()
        for kind, scores in kinds.items()
    ]
    return markdown(("synth", "targets, hearing", *players), rows)


def corpus_table() -> str:
    """How fast recordings are analysed, and what that takes."""
    found = measured("corpus")
    size, alone = found["corpus"], found["times_real_time_alone"]
    rows = [
        [
            what,
            f"{one['minutes']:.0f}",
            "≥ 100×",
            *(f"{one[key]:.0f}×" for key in ("times_real_time", "times_real_time_by_processor")),
            f"{one['peak_memory_mb']:.0f} MB",
        ]
        for what, one in (
            ("20 of a minute", found["many_files"]),
            ("one of two hours", found["one_long_file"]),
        )
    ]
    head = ("recordings", "minutes", "asked", "on the clock", "by the processor", "peak memory")
    read = (
        f"An hour takes {size['megabytes_per_hour']:.0f} MB in the corpus, and is read in "
        f"{size['read_all_s_per_hour']:.2f} s, its MFCC alone in {size['read_mfcc_s_per_hour']:.2f} s."
    )
    heard = markdown(
        ("heard on one core", *alone), [["times real time", *(f"{one:.0f}×" for one in alone.values())]]
    )
    return f"{markdown(head, rows)}\n\n{heard}\n\n{read}"


def agents_table() -> str:
    """Agents of all seeds together, beside the players that do not learn."""
    return markdown(AGENTS_HEAD, [row for synth in measured("agents")["agents"] for row in agent_rows(synth)])


def agent_rows(synth: str) -> list[list[str]]:
    """The rows of a synth in that table."""
    found = []
    rows = summarise(read_records(RESULTS / f"improvising-agents-{synth}.jsonl"))
    for suite in SUITES:
        for hearing in HEARINGS:
            here = [row for row in rows if (row["suite"], row["hearing"]) == (suite, hearing)]
            agents = [row for row in here if row["method"] not in BASELINES]
            players = [(f"agent, {len(agents)} seeds", agents)]
            players += [(row["method"], [row]) for row in here if row["method"] in BASELINES]
            for player, of_player in players:
                scores = [mean_and_range(row[score] for row in of_player) for score in SCORES]
                found.append([synth, suite, hearing, player, *scores])
    return found


def trainings_table() -> str:
    """How long trainings took, and what they and proportional controllers reach on the validation part."""
    found = measured("agents")["agents"]
    gains = list(dict.fromkeys(gain for one in found.values() for gain in one["gains"]))
    first, *others = gains
    head = (
        "synth", "updates", "asked", "minutes", "gap closed by the agent", f"by gain {first}", *others,
    )  # fmt: skip
    rows = []
    for synth, one in found.items():
        runs = one["runs"].values()
        cells = [synth, f"{max(run['updates'] for run in runs)}", "≤ 20 min"]
        cells += [mean_and_range(run["seconds"] / 60 for run in runs)]
        cells += [mean_and_range(run["gap_closed"][-1][1] for run in runs)]
        rows.append(cells + [f"{one['gains'][gain]:.3f}" for gain in gains])
    return markdown(head, rows)


def ablations_table() -> str:
    """Trainings that differ from the usual one in something."""
    places = ("corpus, table", "corpus, render", "walks, table", "walks, render")
    head = (
        "synth",
        "differs in",
        "minutes",
        *(f"gap closed: {place}" for place in places),
        "travel_per_s",
        "lag_ms",
    )
    rows = []
    for one in measured("agents")["ablations"].values():
        changes = {**one["changes"], **one["changes"].get("episodes", {})}
        changes.pop("episodes", None)
        scores = one["scores"]
        cells = [one["synth"], ", ".join(f"`{name}` {value}" for name, value in changes.items())]
        cells += [f"{one['seconds'] / 60:.1f}", *(f"{scores[place]['gap_closed']:.3f}" for place in places)]
        rows.append(cells + [mean_and_range([scores["corpus, render"][name]]) for name in head[-2:]])
    return markdown(head, rows)


def session_clock_table() -> str:
    """The clock of sessions, and of one beside that does nothing."""
    head = ("machine", "clock", "hops", "median", "p99", "p99.9", "worst", "late", "share late")
    rows = []
    for part, machine in (
        ("clock", "nothing else runs"),
        ("clock_with_one_core_busy", "another process keeps one core busy"),
    ):
        one = measured("session")[part]
        for kind, what in (("session", "of the session"), ("bare_clock_beside", "that does nothing")):
            found = one[kind]
            times = [f"{found[name]:.2f} ms" for name in ("median_ms", "p99_ms", "p999_ms", "worst_ms")]
            share = f"{100 * found['late'] / found['hops']:.3f} %"
            rows.append((machine, what, f"{found['hops']:,}", *times, f"{found['late']:,}", share))
    return markdown(head, rows)


def session_table() -> str:
    """What was asked of sessions, and what was measured."""
    found = measured("session")
    still, busy, flood = found["clock"], found["clock_with_one_core_busy"], found["flood"]
    machine = found["machine"]
    share = 100 * busy["session"]["late"] / busy["session"]["hops"]
    works = "; ".join(f"{name} {one['p99_ms']:.2f} ms" for name, one in found["work"].items())
    rows = [
        ("work of a hop, p99: hearing both sides, deciding, rendering", "≤ 2 ms", works),
        ("deviation from a deadline, p99, ten minutes", "≤ 1 ms", f"{still['session']['p99_ms']:.2f} ms"),
        ("late deadlines in ten minutes", "0", f"{still['session']['late']:,}"),
        (
            f"times in ten minutes at which a process that never sleeps was stopped for longer than "
            f"{machine['longer_than_ms']:.1f} ms",
            "",
            f"{machine['gaps']:,}, the longest for {machine['worst_ms']:.0f} ms",
        ),
        ("the same late deadlines while one core is busy", "< 0.1 %", f"{share:.3f} %"),
        (
            f"from an impulse on JACK to another control, worst of {found['delay']['impulses']}",
            f"≤ {found['delay']['one_hop_and_one_window_ms']:.0f} ms, a hop and a window",
            f"{found['delay']['worst_ms']:.1f} ms",
        ),
        ("a packet and its answer, p99", "≤ 2 ms", f"{found['round_trip']['p99_ms']:.2f} ms"),
        (
            f"late deadlines while {flood['packets_per_s']:,} packets a second come, half of them broken",
            "0",
            f"{flood['clock']['late']:,} of {flood['clock']['hops']:,}; "
            f"{flood['bare_clock_beside']['late']:,} of a clock that does nothing",
        ),
        ("the newest of them is heard", "yes", "yes" if flood["newest_kept"] else "no"),
        ("memory that they take", "flat", f"{flood['memory_grown_mb']:.1f} MB"),
        ("growth of memory in ten minutes", "≤ 5 MB", f"{still['memory_grown_mb']:.1f} MB"),
        ("start, from the command to the first control, worst", "≤ 3 s", f"{max(found['start_s']):.1f} s"),
    ]
    return markdown(("what", "asked", "measured"), rows)


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
            "Improvising sessions",
            "Written by `python benchmarks/improvising/session.py`, on two cores. The clock of a session of\n"
            "ten minutes that hears a recording and sends controls, beside a clock in another process that\n"
            "does nothing else at the same time; deviations from deadlines are upper bounds of classes, ten\n"
            "to a decade.",
            session_clock_table(),
        ),
        (
            "What else a session was asked for",
            "By the same command. A virtual machine stops programs whatever they do: one that only looks at\n"
            "the clock tells how often no program could have met a deadline.",
            session_table(),
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
