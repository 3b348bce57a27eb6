"""The patch: a card for each module of the synth, a row for each control."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tonewright import wording
from tonewright.reports.markup import Html, join, tag
from tonewright.synths.control import Control, ControlSpace
from tonewright.synths.words import Performance, Words, label, value

_STAGES = ("attack_s", "decay_s", "sustain", "release_s")
_KNOB_FROM, _KNOB_TO = -135.0, 135.0  # degrees from twelve o'clock


def cards(controls: ControlSpace, values: Mapping[str, float], words: Words, played: Performance) -> Html:
    """A card for each module; controls that change nothing are greyed and say why."""
    reasons = words.idle(values, played)
    made = []
    # Single knobs come last, so that cards beside each other are about as tall.
    for group, members in sorted(controls.groups.items(), key=lambda module: len(module[1]) == 1):
        rows = [_row(control, values[control.name], reasons.get(control.name)) for control in members]
        title = words.groups.get(group, group.capitalize())
        picture = _envelope(members, values, played)
        class_ = "card idle" if all(control.name in reasons for control in members) else "card"
        made.append(
            tag("section", tag("h3", title), picture, tag("div", *rows, class_="rows"), class_=class_)
        )
    return tag("div", *made, class_="cards")


def _row(control: Control, physical: float, reason: str | None) -> Html:
    text = tag("span", label(control), class_="label")
    shown = tag("span", value(control, physical), class_="value")
    note = tag("span", f"no effect: {reason}" if reason else control.meaning, class_="meaning")
    ends = " to ".join(value(control, end) for end in (control.low, control.high))
    hidden = tag("span", f"range {ends}", class_="unseen")
    class_ = "row idle" if reason else "row"
    if control.landmarks:
        return tag("div", text, shown, _landmarks(control, physical), note, hidden, class_=f"{class_} wide")
    return tag("div", _knob(control, physical), text, shown, note, hidden, class_=class_)


def _landmarks(control: Control, physical: float) -> Html:
    names = [
        tag("span", name, style=f"--at:{float(control.to_unit(at)):.4f}") for at, name in control.landmarks
    ]
    dot = tag("i", style=f"--at:{float(control.to_unit(physical)):.4f}")
    return tag("div", tag("div", dot, class_="track"), *names, class_="landmarks", aria_hidden="true")


def _knob(control: Control, physical: float) -> Html:
    here = _angle(control, physical)
    origin = _angle(control, 0.0) if control.low < 0 < control.high else _KNOB_FROM
    x, y = _on_circle(here, 9.0)
    shapes = [tag("path", d=_arc(_KNOB_FROM, _KNOB_TO), class_="knob-track")]
    if abs(here - origin) > 0.5:
        shapes.append(tag("path", d=_arc(*sorted((origin, here))), class_="knob-value"))
    shapes.append(tag("path", d=f"M20 20L{x:.1f} {y:.1f}", class_="knob-hand"))
    return tag("svg", *shapes, viewBox="0 0 40 40", class_="knob", aria_hidden="true")


def _angle(control: Control, physical: float) -> float:
    # An integer's unit value is the middle of its bin; its knob goes from end to end.
    share = float(control.to_unit(physical))
    if control.curve == "integer":
        share = (physical - control.low) / (control.high - control.low)
    return _KNOB_FROM + min(max(share, 0.0), 1.0) * (_KNOB_TO - _KNOB_FROM)


def _arc(start: float, end: float) -> str:
    (x0, y0), (x1, y1) = _on_circle(start, 16.0), _on_circle(end, 16.0)
    return f"M{x0:.2f} {y0:.2f}A16 16 0 {int(end - start > 180)} 1 {x1:.2f} {y1:.2f}"


def _on_circle(degrees: float, radius: float) -> tuple[float, float]:
    angle = math.radians(degrees)
    return 20 + radius * math.sin(angle), 20 - radius * math.cos(angle)


def _envelope(members: list[Control], values: Mapping[str, float], played: Performance) -> Html:
    """The shape of a module that has attack, decay, sustain and release; nothing for any other."""
    names = {stage: control.name for stage in _STAGES for control in members if control.name.endswith(stage)}
    if len(names) < len(_STAGES):
        return join()
    attack, decay, sustain, release = (values[names[stage]] for stage in _STAGES)
    gate = played.held_seconds
    points = [i / 120 * played.seconds for i in range(121)]
    heights = [_level(t, gate, attack, decay, sustain, release) for t in points]
    path = " ".join(
        f"{t / played.seconds * 300:.1f} {44 - 40 * height:.1f}"
        for t, height in zip(points, heights, strict=True)
    )
    shapes = [
        tag("path", d=f"M0 44L{path}L300 44Z", class_="fill accent"),
        tag("path", d=f"M{path}", class_="stroke accent"),
    ]
    if played.released:
        x = gate / played.seconds * 300
        shapes.insert(0, tag("path", d=f"M{x:.1f} 0V44", class_="gate"))
    about = f"Shape of the envelope over {wording.duration(played.seconds)}"
    return tag(
        "svg", *shapes, viewBox="0 0 300 46", preserveAspectRatio="none", class_="shape", role="img",
        aria_label=about,
    )  # fmt: skip


def _level(t: float, gate: float, attack: float, decay: float, sustain: float, release: float) -> float:
    """A linear attack, then falls that are nearly done after their time."""
    held = min(t, gate)
    fallen = math.exp(-5 * max(held - attack, 0.0) / decay)
    level = held / attack if held < attack else sustain + (1 - sustain) * fallen
    return level if t <= gate else level * math.exp(-5 * (t - gate) / release)
