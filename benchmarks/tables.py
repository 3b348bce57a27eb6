"""Write the tables of `benchmarks/README.md` from the result files.

Usage: python benchmarks/tables.py

Everything between a line `<!-- NAME -->` and the next `<!-- end -->` is replaced; nobody types numbers.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "results"
SUITES = ("random", "factory", "real")
LEARNED = tuple(f"{suite}-learned" for suite in SUITES)
"""The methods with trained networks, at small budgets."""


def speed_table() -> str:
    """What was asked for and what was measured."""
    speed = json.loads((RESULTS / "speed.json").read_text())
    render, hear, match = speed["render"], speed["hear"], speed["match"]
    ratio = hear["losses_per_second_one_target"] / speed["scipy_spectra_per_second"]
    memory = max(part["peak_memory_mb"] for part in (render, hear, match))
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
            hear["losses_per_second_one_target"],
        ),
        ("the same, a target for each", "≥ 8,000/s", hear["losses_per_second_many_targets"]),
        ("the loss against SciPy's three spectra alone, as a ratio", "", ratio),
        ("loudness and MFCC of 0.5 s at 16 kHz", "", hear["hear_loudness_mfcc_per_second"]),
        ("render + hear + compare, 0.5 s at 16 kHz", "≥ 4,000/s", hear["render_hear_compare_per_second"]),
        (
            "a live note of 14 voices in blocks of 64 at 44.1 kHz, times realtime",
            "",
            render["live_voice_times_realtime"],
        ),
        ("every descriptor of a live hop of 16 ms, milliseconds", "", hear["live_hop_milliseconds"]),
        ("match, 10,000 renders of 1 s at 44.1 kHz, seconds", "≤ 15 s", match["match_seconds_44100_hz"]),
        ("match, 10,000 renders of 1 s at 16 kHz, seconds", "≤ 15 s", match["match_seconds_16000_hz"]),
        ("peak memory of a process that renders, hears and matches, MB", "≤ 400 MB", memory),
        ("`tonewright --help`, warm, seconds", "≤ 0.5 s", speed["help_seconds"]),
    ]
    lines = ["| what | asked | measured |", "|---|---|---|"]
    lines += [f"| {what} | {asked} | {_number(value)} |" for what, asked, value in rows]
    return "\n".join(lines)


def quality_table(suite: str) -> str:
    """Median and bad end of every distance, by method and budget."""
    path = RESULTS / f"{suite}.json"
    if not path.exists():
        return "Not measured yet."
    summary = json.loads(path.read_text())["summary"]
    names = [name for name in summary[0] if name not in {"method", "renders", "targets"}]
    lines = [
        "| method | renders | targets | " + " | ".join(names) + " |",
        "|---|---|---|" + "---|" * len(names),
    ]
    for row in summary:
        cells = [f"{row[name]['median']:.3g} ({row[name]['p90']:.3g})" for name in names]
        lines.append(
            f"| {row['method']} | {row['renders']:,} | {row['targets']} | " + " | ".join(cells) + " |"
        )
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def main() -> None:
    page = HERE / "README.md"
    text = page.read_text("utf-8")
    tables = {"speed": speed_table()} | {suite: quality_table(suite) for suite in SUITES + LEARNED}
    for name, table in tables.items():
        pattern = re.compile(f"<!-- {name} -->.*?<!-- end -->", re.S)
        text = pattern.sub(lambda _, n=name, t=table: f"<!-- {n} -->\n{t}\n<!-- end -->", text)
    page.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
