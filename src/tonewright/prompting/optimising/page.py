"""The page of a search: what is worth what, and how it sounds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np

from tonewright import wording
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ, Generation
from tonewright.prompting.optimising.search import Search, Trial
from tonewright.reports import lanes, plots
from tonewright.reports.markup import Html, join, tag
from tonewright.reports.page import Section, page
from tonewright.reports.player import player
from tonewright.reports.sounds import equal_loudness, loudness_note
from tonewright.reports.table import Column, table

_SHOWN = 12
_NAMES = ("what is recommended", "the best", "the middle", "the worst")


def heard_trials(found: Search) -> list[Trial]:
    """The trials that the page plays: what is recommended, the best, the middle, the worst."""
    order = sorted(found.trials, key=lambda one: -one.reward)
    some = [found.trials[0], order[0], order[len(order) // 2], order[-1]]
    return list({one.number: one for one in some}.values())


def search_html(found: Search, sounds: Sequence[Generation]) -> Html:
    """The page of a search. It holds all it needs, and the browser lets it connect to nothing.

    Args:
        found: The search.
        sounds: Of `heard_trials`.
    """
    about = found.config.category or found.config.brief or ""
    sections = [
        Section("landscape", "Landscape", _landscape(found)),
        Section("listen", "Listen", _listen(found, sounds)),
        Section("trials", "The best settings", _trials(found)),
    ]
    if found.held_out:
        sections.insert(1, Section("held-out", "On briefs that were held out", _held_out(found)))
    return page(
        f"Settings for {about}",
        sections,
        title="A search for settings",
        eyebrow="A search for settings",
        lede=f"{found.config.generator} · {len(found.trials)} trials · {found.config.briefs} briefs each",
        summary=_summary(found),
        style=_style(),
    )


@cache
def _style() -> str:
    return (files("tonewright.prompting.optimising") / "search.css").read_text("utf-8")


def _summary(found: Search) -> str:
    where = "held-out briefs" if found.held_out else "the brief itself"
    if found.best.number == 0:
        return "Nothing that was tried is better than what is recommended."
    change = "more" if found.gain >= 0 else "less"
    return f"The best settings get {abs(found.gain):.3f} {change} than what is recommended, on {where}."


def _landscape(found: Search) -> Html:
    """Steps against guidance, a panel for each sampler; the darker a dot, the better."""
    rewards = np.array([one.reward for one in found.trials])
    low, high = float(np.quantile(rewards, 0.1)), float(rewards.max())
    steps = [one.settings["steps"] for one in found.trials if "steps" in one.settings]
    scales = [one.settings.get("cfg_scale", 0.0) for one in found.trials]
    if not steps:
        return tag("p", "This generator has no steps to be drawn against.")
    most_steps, most_scale = max(2, *steps), max(1.0, *scales)
    samplers = sorted({str(one.settings.get("sampler", "")) for one in found.trials})
    panels = []
    for sampler in samplers:
        dots = [
            _dot(one, most_steps, most_scale, (one.reward - low) / max(high - low, 1e-9), found.best.number)
            for one in sorted(found.trials, key=lambda one: one.reward)
            if str(one.settings.get("sampler", "")) == sampler
        ]
        ticks = [
            plots.Tick(np.log(n) / np.log(most_steps), str(n))
            for n in (1, 2, 4, 8, 16, 32, 64)
            if n <= most_steps
        ]
        y_ticks = plots.value_ticks(0.0, float(most_scale), 4)
        area = join(plots.drawing(f"Trials with {sampler}", plots.grid(ticks, y_ticks)), *dots)
        panels.append(
            tag(
                "figure",
                tag("figcaption", sampler or "trials"),
                plots.frame(area, ticks, y_ticks, "steps", "guidance"),
            )
        )
    note = (
        f"A dot is a trial: its mean reward goes from {low:.2f}, pale, to {high:.2f}. The ring is the best."
    )
    return join(tag("div", *panels, class_="panels"), tag("p", note, class_="note"))


def _dot(trial: Trial, most_steps: int, most_scale: float, share: float, best: int) -> Html:
    x = np.log(trial.settings["steps"]) / np.log(most_steps)
    y = trial.settings.get("cfg_scale", 0.0) / most_scale
    return tag(
        "i",
        class_="trial best" if trial.number == best else "trial",
        style=f"left:{100 * x:.2f}%;bottom:{100 * y:.2f}%;--good:{min(max(share, 0), 1):.3f}",
        title=f"{trial.reward:.3f}: {settings_told(trial)}",
    )


def settings_told(trial: Trial) -> str:
    """The settings of a trial in a line."""
    return ", ".join(
        f"{name} {wording.number(value) if isinstance(value, float) else value}"
        for name, value in trial.settings.items()
    )


def _listen(found: Search, sounds: Sequence[Generation]) -> Html:
    trials = heard_trials(found)
    pairs = [(trial, made) for trial, made in zip(trials, sounds, strict=True) if not made.fault]
    if not pairs:
        return tag("p", "None of these could be rendered.")
    names = [_name(found, trial) for trial, _ in pairs]
    stereo = np.stack([made.samples for _, made in pairs])
    preview = equal_loudness(stereo, SAMPLE_RATE_HZ)
    mono = stereo.mean(axis=1)
    seconds = stereo.shape[2] / SAMPLE_RATE_HZ
    pictures = lanes.stack(lanes.spectrograms(names, mono, SAMPLE_RATE_HZ), seconds)
    return player("sounds", names, preview, pictures, note=loudness_note(names, preview))


def _name(found: Search, trial: Trial) -> str:
    order = sorted(found.trials, key=lambda one: -one.reward)
    known = {found.trials[0].number: _NAMES[0], order[len(order) // 2].number: _NAMES[2]}
    known |= {order[-1].number: _NAMES[3], order[0].number: _NAMES[1]}
    return known[trial.number]


def _trials(found: Search) -> Html:
    order = sorted(found.trials, key=lambda one: -one.reward)[:_SHOWN]
    if found.trials[0] not in order:
        order.append(found.trials[0])
    rows = [
        [
            join(
                settings_told(one),
                *([tag("span", "recommended", class_="meaning")] if not one.number else []),
            ),
            f"{one.reward:.3f}",
            wording.number(one.evaluations),
        ]
        for one in order
    ]
    columns = [Column("settings"), Column("reward", "figure"), Column("evaluations", "figure")]
    return table("The best trials", columns, rows)


def _held_out(found: Search) -> Html:
    rows = [
        [name, f"{np.mean(some):.3f}", f"{np.std(some) / np.sqrt(len(some)):.3f}"]
        for name, some in found.held_out.items()
    ]
    columns = [Column("settings"), Column("mean reward", "figure"), Column("standard error", "figure")]
    return table("Rewards on held-out briefs", columns, rows)
