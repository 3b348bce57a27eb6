"""The map as a page: one file to look at, to listen to and to play."""

from __future__ import annotations

import base64
import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright import wording
from tonewright.improvising.lookup.map.drawing import LookupMap
from tonewright.improvising.lookup.map.normalising import FARTHEST
from tonewright.improvising.lookup.map.projection import NEIGHBOURS, TITLES, Projection
from tonewright.improvising.lookup.map.variables import Variable, column_label
from tonewright.reports.markup import Html, join, tag
from tonewright.reports.page import Section, page
from tonewright.reports.pictures import colour_map
from tonewright.synths import Preset
from tonewright.synths.words import words

_LEVELS = 64
_DARKEST = 96  # of 256: what is darker is not seen on the ground of the map
_MAIN = (
    "loudness_rms_dbfs", "pitch_f0_hz", "spectral_centroid_hz", "spectral_flatness_db", "onset_strength_db",
    "zero_crossing_rate",
)  # fmt: skip
_MAIN_COUNT = 4
_LOADINGS = 3
_GROUPS = {
    "control": "Controls",
    "mean": "Descriptors, mean over time",
    "spread": "Descriptors, spread over time",
}
_KEYS = (
    (("←", "→", "↑", "↓"), "to the next point, and hear it"),
    (("Space",), "hear it again"),
    (("N",), "next point at the same place"),
    (("+", "−"), "zoom"),
    (("0",), "whole map"),
    (("M",), "mute"),
)


def map_html(drawn: LookupMap) -> str:
    """The page of a map. It holds everything it needs, and the browser lets it connect to nothing."""
    table, name = drawn.table, words(drawn.synth).title
    count = len(drawn.rows)
    of = f" of {len(table):,}" if count < len(table) else ""
    lede = (
        f"{count:,}{of} settings of {wording.quantity(len(table.synth.controls), 'control')}, "
        "placed by what they sound like."
    )
    hear = "Click or drag to hear them." if drawn.sounds else "This map is without sounds."
    return page(
        name,
        [Section("map", "Map", _map(drawn)), Section("made", "How it was made", _facts(drawn))],
        title=f"Map of {name}",
        eyebrow="What a synth can do",
        lede=f"{lede} {hear}",
        style=_asset("map.css"),
        script=_asset("map.js"),
    )


@cache
def _asset(name: str) -> Html:
    return Html((files("tonewright.improvising.lookup.map") / name).read_text("utf-8"))


def _map(drawn: LookupMap) -> Html:
    zoom = tag(
        "div",
        _button("+", class_="zoom-in", aria_label="Zoom in"),
        _button("−", class_="zoom-out", aria_label="Zoom out"),
        _button("0", class_="whole", aria_label="Whole map"),
        class_="zoom",
        role="group",
        aria_label="Zoom",
    )
    field = tag(
        "canvas", "", class_="points", tabindex="0", role="application", aria_roledescription="map of sounds",
        aria_label=f"Map of {len(drawn.rows):,} sounds", aria_describedby="map-keys",
    )  # fmt: skip
    legend = tag("div", tag("div", "", class_="legend-title"), tag("i", class_="ramp"),
                 tag("div", "", class_="legend-ticks"), class_="map-legend")  # fmt: skip
    ground = tag("div", field, tag("canvas", "", class_="marks", aria_hidden="true"), zoom, class_="ground")
    parts = [
        _tools(drawn),
        tag("div", tag("div", ground, legend, class_="chart"), _panel(drawn), class_="board"),
        tag("p", "", class_="note meaning-of-places"),
        _filters(),
        _key_list(drawn),
        tag("p", class_="unseen said", role="status"),
    ]
    without = tag(
        "noscript", tag("p", "This map needs scripts, which this browser does not run.", class_="notice")
    )
    return join(
        tag("div", *parts, class_="map", hidden=True),
        without,
        _block("map-data", json.dumps(_data(drawn), ensure_ascii=False, separators=(",", ":"))),
        _block("map-sounds", "\n".join(map(_base64, drawn.sounds.flacs)) if drawn.sounds else ""),
    )


def _block(id_: str, text: str) -> Html:
    """Text for the script, which no browser runs or shows; nothing in it ends the element."""
    return tag("script", Html(text.replace("<", "\\u003c")), type="application/json", id=id_)


def _tools(drawn: LookupMap) -> Html:
    groups = [
        tag("optgroup", *(tag("option", one.label, value=i, selected=i == drawn.colour)
                          for i, one in enumerate(drawn.variables) if one.kind == kind), label=title)
        for kind, title in _GROUPS.items()
    ]  # fmt: skip
    parts = []
    if len(drawn.projections) > 1:
        choices = [
            _button(TITLES[one.name], aria_pressed="true" if i == 0 else "false")
            for i, one in enumerate(drawn.projections)
        ]
        parts.append(tag("div", *choices, class_="segments ways", role="group", aria_label="Projection"))
    parts.append(
        tag("label", tag("span", "Colour"), tag("select", *groups, class_="colour"), class_="choice")
    )
    if drawn.sounds:
        slider = tag("input", type="range", class_="volume", min=-48, max=0, value=-12, step=1,
                     aria_label="Volume in decibels")  # fmt: skip
        mute = _button("Mute", class_="plain mute", aria_pressed="false", aria_keyshortcuts="M")
        level = tag("output", "", class_="volume-said")
        parts.append(tag("div", tag("label", tag("span", "Volume"), slider, class_="choice"), level, mute,
                         class_="volumes"))  # fmt: skip
    return tag("div", *parts, class_="tools")


def _panel(drawn: LookupMap) -> Html:
    hear = _button("Hear", class_="play hear") if drawn.sounds else join()
    return tag(
        "aside",
        tag("div", tag("h3", "No point chosen", class_="which"), hear, class_="panel-head"),
        tag("p", "Point at the map, or give it the focus and press an arrow key.", class_="note hint"),
        tag(
            "div",
            _button("Copy preset", class_="plain copy"),
            tag("a", "Save preset", class_="plain save"),
            class_="actions",
        ),
        tag("p", "", class_="note copied", role="status"),
        tag("dl", "", class_="of-controls"),
        tag("dl", "", class_="of-descriptors"),
        tag(
            "details", tag("summary", "All descriptors"), tag("dl", "", class_="of-all"), class_="everything"
        ),
        class_="panel",
        aria_label="The point",
    )


def _filters() -> Html:
    add = tag("label", tag("span", "Filter by"), tag("select", "", class_="add"), class_="choice")
    count = tag("output", "", class_="passing")
    return tag("div", tag("div", add, count, class_="filter-head"), tag("div", "", class_="filter-rows"),
               class_="filters")  # fmt: skip


def _key_list(drawn: LookupMap) -> Html:
    parts: list[Html | str] = []
    for keys, meaning in _KEYS:
        if drawn.sounds or ("hear" not in meaning and meaning != "mute"):
            parts += [tag("span", *(tag("kbd", key) for key in keys), meaning)]
        elif keys[0] == "←":
            parts += [tag("span", *(tag("kbd", key) for key in keys), "to the next point")]
    hear = " Drag over points to hear them." if drawn.sounds else ""
    mouse = (
        f"{hear} Shift and drag moves the map, the wheel zooms once the map was clicked; so do two fingers."
    )
    return tag("div", tag("p", *parts, class_="keys"), tag("p", mouse.strip(), class_="note"), id="map-keys")


def _facts(drawn: LookupMap) -> Html:
    table, framing = drawn.table, drawn.table.framing
    of = (
        f"{len(drawn.rows):,} of the {len(table) - drawn.silent:,} that sound, which cover the controls most "
        "evenly: each is the farthest from those taken before it"
        if len(drawn.rows) < len(table) - drawn.silent
        else f"all {len(drawn.rows):,} that sound"
    )
    layout = (
        f"a grid of {' × '.join(map(str, table.grid))}"
        if table.layout == "grid"
        else "a Sobol sequence and the ends of every control"
    )
    rate = wording.frequency(framing.sample_rate_hz)
    facts = [
        ("Synth", f"{table.synth.name}, version {table.synth.version}"),
        ("Table", f"{len(table):,} points in {layout}, {wording.duration(table.seconds)} each"),
        ("Points", of),
        ("Silent points", f"{drawn.silent:,}, not on the map" if drawn.silent else "none"),
        ("Heard", f"at {rate}, window {framing.window} and hop {framing.hop} samples"),
        ("Placed by", f"{wording.listing(list(drawn.descriptors))}: means and spreads over time"),
        ("Normalised", "frequencies in octaves; each column by the interquartile range of its means, ending "
         f"at {FARTHEST:g} of them; every category of descriptors weighs the same"),
        ("Sounds", _of_sounds(drawn)),
        ("Seed", str(drawn.seed)),
    ]  # fmt: skip
    return tag(
        "dl", *(tag("div", tag("dt", key), tag("dd", wording.unbroken(value))) for key, value in facts)
    )


def _of_sounds(drawn: LookupMap) -> str:
    sounds = drawn.sounds
    if sounds is None:
        return "none"
    which = "the whole" if sounds.seconds >= drawn.table.seconds - 1e-6 else "the beginning"
    return (
        f"{which} of what was measured, {wording.duration(sounds.seconds)}, 16 bits at "
        f"{wording.frequency(sounds.sample_rate_hz)}, lossless; all turned {wording.turn(sounds.gain_db)} "
        "together, so that they are as loud to each other as the synth makes them"
    )


def _data(drawn: LookupMap) -> dict[str, Any]:
    controls = drawn.synth.controls
    table, sounds = drawn.table, drawn.sounds
    template = Preset.of(
        drawn.synth, table.params[0], midi_note=table.note, gate_seconds=table.seconds
    ).to_json()  # fmt: skip
    physical = controls.to_physical(table.params[drawn.rows])
    return {
        "points": drawn.rows.tolist(),
        "ways": [_way(drawn, one) for one in drawn.projections],
        "variables": [_variable(one) for one in drawn.variables],
        "controls": [
            {"name": control.name, "values": _blob(physical[:, i], np.float64)}
            | _texts([wording.minus(control.describe(value)) for value in physical[:, i].tolist()])
            for i, control in enumerate(controls)
        ],
        "main": _main(drawn),
        "colours": ["#" + bytes(one).hex() for one in _colours()],
        "preset": json.loads(template),
        "file": "".join(letter if letter.isalnum() else "-" for letter in drawn.synth.name),
        "sound": None if sounds is None else {"rate": sounds.sample_rate_hz, "seconds": sounds.seconds},
    }


def _way(drawn: LookupMap, projection: Projection) -> dict[str, Any]:
    near = f"the {NEIGHBOURS} nearest"
    kept = f"Of {near} on the map {projection.kept:.0%} are among {near} by sound."
    if projection.loadings is None:
        text = "Neighbours sound alike; how far apart groups lie, and in which direction, means nothing."
        return {"note": f"{text} {kept}", "places": _blob(projection.places), "axes": []}
    names = [f"{column_label(column)}{end}" for end in ("", " (spread)") for column in drawn.columns]
    axes = []
    for weights, share in zip(projection.loadings, projection.shares, strict=True):
        largest = np.abs(weights).argsort()[::-1][:_LOADINGS]
        parts = [f"{'more' if weights[i] > 0 else 'less'} {names[i]}" for i in largest if weights[i]]
        axes.append(f"{wording.listing(parts)} ({share:.0%})" if parts else "")
    shown = f"Both axes together show {sum(projection.shares):.0%} of the variance."
    return {"note": f"{shown} {kept}", "places": _blob(projection.places), "axes": axes}


def _variable(variable: Variable) -> dict[str, Any]:
    made: dict[str, Any] = {
        "kind": variable.kind,
        "group": _GROUPS[variable.kind],
        "label": variable.label,
        "unit": variable.unit,
        "values": _blob(variable.values),
        "low": variable.low,
        "high": variable.high,
        "log": variable.logarithmic,
        "ticks": [[round(tick.at, 4), tick.label] for tick in variable.ticks],
    }
    if variable.control is not None:
        control = variable.control
        made["control"] = {
            "low": control.low,
            "high": control.high,
            "curve": control.curve,
            "steps": control.steps,
        }
        made["percent"] = not control.unit and (control.low, control.high) == (0.0, 1.0)
    return made


def _main(drawn: LookupMap) -> list[int]:
    """Numbers of the means that are shown of every point."""
    means = {one.name: i for i, one in enumerate(drawn.variables) if one.kind == "mean"}
    known = [means[name] for name in _MAIN if name in means]
    return (known or list(means.values()))[:_MAIN_COUNT]


def _texts(texts: list[str]) -> dict[str, Any]:
    """Texts of which many are alike."""
    known = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    return {"texts": list(known), "text": _blob(np.array([known[text] for text in texts]), np.uint32)}


def _colours() -> NDArray[np.uint8]:
    colours: NDArray[np.uint8] = colour_map(256)[np.linspace(_DARKEST, 255, _LEVELS).round().astype(int)]
    return colours


def _blob(values: NDArray[Any], kind: type[np.generic] = np.float32) -> str:
    """Numbers in the order of bytes that browsers use."""
    return _base64(np.ascontiguousarray(values, np.dtype(kind).newbyteorder("<")).tobytes())


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _button(*content: str, **attributes: str) -> Html:
    return tag("button", *content, type="button", **attributes)
