"""An exploration as a page: a map on which each sound is heard, and how to get it again."""

from __future__ import annotations

import base64
import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright import wording
from tonewright.audio import Clip, flac_bytes
from tonewright.prompting.exploring.again import again, facts
from tonewright.prompting.exploring.exploration import Exploration, Point
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ
from tonewright.reports.markup import Html, data_uri, join, tag
from tonewright.reports.page import Section, page
from tonewright.reports.pictures import FrequencyAxis, spectrogram_pngs
from tonewright.reports.sounds import PREVIEW_S, equal_loudness

_MOST_S = 150.0
"""Of all sounds together, or the page would weigh many megabytes."""
_PAD_DEG = 9.0
_LEAST_RING_DEG = 22.0
"""How far neighbours are drawn at least: nearer, their points would cover one another."""
_WIDEST = 1.8
"""How wide the map is at most, against its height."""
_MANY = 9
"""More steps or neighbours are drawn smaller."""
_FADE_S = 0.005
_KEYS = ((("←", "→"), "along the walk"), (("Space",), "play, stop"), (("L",), "loop"), (("W",), "walk"))
_MAP_NOTE = "The line is the walk, the letters are neighbours of its beginning."
_ANGLES = "Distances are angles between the noises that the sounds begin from."
_APART = " The letters are drawn further away than they are."
_SAME_NOISE = "Along the line only the prompt changes; how far the letters are is told in degrees of noise."


def exploration_html(found: Exploration) -> str:
    """The page of an exploration. It holds all it needs, and the browser lets it connect to nothing."""
    asked = found.asked
    prompt, other = asked.request.prompt, asked.to_prompt
    lede = f"{found.generator} · {len(found.points)} sounds · {wording.duration(asked.request.seconds)} each"
    faults = [f"{point.title}: {point.made.fault}." for point in found.points if point.made.fault]
    return page(
        prompt if other is None else f"“{prompt}” to “{other}”",
        [Section("map", "Map", _map(found)), Section("again", "How to get them again", again(found))],
        title="Explore",
        eyebrow="A walk through sounds",
        lede=lede,
        summary=_summary(found),
        notice=" ".join(faults),
        style=_asset("explore.css"),
        script=_asset("explore.js"),
    )


@cache
def _asset(name: str) -> str:
    return (files("tonewright.prompting.exploring") / name).read_text("utf-8")


def _summary(found: Exploration) -> str:
    asked = found.asked
    seed = asked.request.seed
    noise = f"the noise of seed {seed}"
    if asked.to_seed is not None:
        noise = f"noise between seeds {seed} and {asked.to_seed}"
    guided = "" if asked.to_prompt is None else ", guided by both prompts"
    text = f"{wording.count(asked.steps).capitalize()} steps from {noise}{guided}"
    if asked.neighbours:
        count = wording.quantity(asked.neighbours, "neighbour")
        text += f", and {count} {wording.number(asked.angle_deg)}° away from the first"
    return f"{text}. Press a point to hear it."


def _map(found: Exploration) -> Html:
    places = np.array([_drawn(found, point) for point in found.points])
    low, high = places.min(axis=0) - _PAD_DEG, places.max(axis=0) + _PAD_DEG
    span = high - low
    more = max(0.0, span[0] / _WIDEST - span[1])
    low[1], span[1] = low[1] - more / 2, span[1] + more
    shares = (places - low) / span
    dots = [
        _dot(point, x, y, number)
        for number, (point, (x, y)) in enumerate(zip(found.points, shares, strict=True))
    ]
    many = " many" if max(found.asked.steps, found.asked.neighbours) > _MANY else ""
    ground = tag(
        "div",
        _lines(found, low, span),
        *dots,
        class_=f"ground{many}",
        style=f"--ratio:{span[0] / span[1]:.4f}",
        role="group",
        aria_label="Map of the sounds",
    )
    bar = tag(
        "div",
        _button(tag("span", "Play"), class_="play", aria_keyshortcuts="Space"),
        _button("Walk", class_="plain walk", aria_pressed="false", aria_keyshortcuts="W"),
        _button("Loop", class_="plain loop", aria_pressed="true", aria_keyshortcuts="L"),
        tag("output", "", class_="clock", aria_label="Position"),
        class_="transport",
    )
    panel = tag(
        "div",
        tag("div", tag("h3", "", class_="which"), tag("a", "Save", class_="save"), class_="panel-head"),
        tag("p", "", class_="note fault", hidden=True),
        tag("div", tag("img", class_="picture", alt=""), tag("i", class_="playhead"), class_="shown"),
        tag("dl", "", class_="recipe"),
        class_="panel",
        aria_label="The sound",
    )
    note = f"{_MAP_NOTE} {_SAME_NOISE if found.asked.to_seed is None else _ANGLES}"
    if found.asked.neighbours and found.asked.angle_deg < _LEAST_RING_DEG:
        note += _APART
    keys = [join(*(tag("kbd", key) for key in one), tag("span", meaning)) for one, meaning in _KEYS]
    chart = tag("div", ground, tag("p", note, class_="note"), class_="chart")
    board = tag(
        "div",
        bar,
        tag("div", chart, panel, class_="board"),
        tag("p", *keys, class_="keys"),
        tag("p", "", class_="unseen said", role="status"),
        class_="explore",
        hidden=True,
    )
    without = tag(
        "noscript", tag("p", "This map needs scripts, which this browser does not run.", class_="notice")
    )
    return join(board, without, _block("explore-data", json.dumps(_data(found), ensure_ascii=False)))


def _dot(point: Point, x: float, y: float, number: int) -> Html:
    kind = "step" if point.key.isdigit() else "neighbour"
    failed = " failed" if point.made.fault else ""
    return tag(
        "button", point.key, type="button", class_=f"dot {kind}{failed}", aria_label=point.title,
        aria_pressed="false", data_point=str(number), style=f"--x:{x:.4f};--y:{1 - y:.4f}",
    )  # fmt: skip


def _drawn(found: Exploration, point: Point) -> tuple[float, float]:
    """Where a point is drawn."""
    if point.key.isdigit():
        return point.at_deg
    scale = max(1.0, _LEAST_RING_DEG / found.asked.angle_deg)
    return scale * point.at_deg[0], scale * point.at_deg[1]


def _lines(found: Exploration, low: NDArray[np.float64], span: NDArray[np.float64]) -> Html:
    """The walk, and from its beginning to each neighbour, behind the points."""
    steps = [_drawn(found, point) for point in found.points if point.key.isdigit()]
    apart = [_drawn(found, point) for point in found.points if not point.key.isdigit()]

    def at(place: tuple[float, float]) -> str:
        return f"{place[0] - low[0]:.2f} {low[1] + span[1] - place[1]:.2f}"

    spokes = "".join(f"M{at(steps[0])}L{at(one)}" for one in apart)
    parts = [
        tag("path", d=spokes, class_="spokes") if spokes else join(),
        tag("path", d=f"M{at(steps[0])}L{at(steps[-1])}", class_="way"),
    ]
    return tag(
        "svg",
        *parts,
        viewBox=f"0 0 {span[0]:.2f} {span[1]:.2f}",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def _data(found: Exploration) -> dict[str, Any]:
    """What the script shows and plays of each point."""
    sounds = np.stack([point.made.samples for point in found.points])
    frames = sounds.shape[-1]
    held = min(round(min(PREVIEW_S, _MOST_S / len(sounds)) * SAMPLE_RATE_HZ), frames)
    gains = 10 ** (np.array(equal_loudness(sounds, SAMPLE_RATE_HZ).gains_db) / 20)
    mono = np.asarray(sounds[..., :held].mean(axis=1), np.float32)
    pictures = spectrogram_pngs(mono, SAMPLE_RATE_HZ, FrequencyAxis.of_rate(SAMPLE_RATE_HZ), 480, 120)
    points = []
    for point, sound, gain, png in zip(found.points, sounds, gains, pictures, strict=True):
        heard = np.asarray(gain * sound[:, :held], np.float32)
        if held < frames:  # a loop that is whole has no end to fade
            fade = round(_FADE_S * SAMPLE_RATE_HZ)
            heard[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
        flac = b"" if point.made.fault else flac_bytes(Clip(heard, SAMPLE_RATE_HZ), encoding="pcm16")
        points.append(
            {
                "title": point.title,
                "key": point.key,
                "fault": point.made.fault or "",
                "facts": facts(found, point),
                "flac": base64.b64encode(flac).decode("ascii"),
                "picture": data_uri("image/png", png),
            }
        )
    steps = sum(point.key.isdigit() for point in found.points)
    return {"points": points, "steps": steps, "seconds": held / SAMPLE_RATE_HZ}


def _block(id_: str, text: str) -> Html:
    """Text for the script, which no browser runs or shows; nothing in it ends the element."""
    return tag("script", Html(text.replace("<", "\\u003c")), type="application/json", id=id_)


def _button(*content: str, **attributes: str) -> Html:
    return tag("button", *content, type="button", **attributes)
