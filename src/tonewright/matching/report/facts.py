"""What is known about note, target, search and versions, and how to render the preset again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tonewright import wording
from tonewright.audio.notes import note_hz, note_name
from tonewright.matching.search.methods import METHODS
from tonewright.reports.markup import Html, join, tag

if TYPE_CHECKING:
    from tonewright.matching.result import MatchResult

_NOTE_SOURCES = {"estimated": "heard in the sound", "searched": "searched, for want of a clear pitch"}

# Facts on the target by their names in `MatchResult.target_info`; others are shown as they come.
_TARGET: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "sample_rate_hz": ("Sample rate", lambda rate: f"{rate:,} Hz"),
    "channels": ("Channels", str),
    "seconds": ("Duration", wording.duration),
    "start_s": ("Matched from", wording.duration),
    "matched_seconds": ("Matched for", wording.duration),
    "shortened": ("The note", lambda cut: "lasts longer" if cut else "was matched to its end"),
    "notes": ("Notes heard in it", str),
    "note_taken": ("Note that was matched", lambda number: f"number {number}"),
    "noise_dbfs": ("Noise floor", lambda level: wording.minus(f"{level:.0f} dBFS")),
    "offset": ("Offset removed", lambda offset: wording.number(offset) if offset else "none"),
    "loudness_lufs": ("Loudness", lambda loudness: wording.minus(f"{loudness:.1f} LUFS")),
    "gain_db": ("Gain before the search", wording.decibels),
    "note_source": ("Note was", lambda source: _NOTE_SOURCES.get(source, source)),
    "note_estimate": ("Note as estimated", note_name),
    "note_confidence": ("Confidence in its pitch", lambda confidence: f"{confidence:.0%}"),
}

_HIDDEN = ("path", "sha256", "only_noise")


def target_name(result: MatchResult) -> str:
    """Name of the target's file without its folder, which is nobody's business where a page is shared."""
    return PurePath(str(result.target_info.get("path") or "")).name or "the target"


def facts(result: MatchResult) -> Html:
    """Note and gate, the target's file, the search, and versions."""
    versions = [(name, str(version)) for name, version in result.versions.items()]
    return tag(
        "div",
        _list("The note", _note_facts(result)),
        _list("The target", _target_facts(result)),
        _list("The search", _search_facts(result)),
        _list("Versions", versions),
        class_="facts",
    )


def note_played(result: MatchResult) -> str:
    """The note in words, and whether it could be heard in the target at all."""
    if result.preset.midi_note is None:
        return ""
    name = note_name(result.preset.midi_note)
    if result.target_info.get("note_source") == "searched":
        return f"no clear pitch, note searched: {name}"
    return f"playing {name}"


def again(result: MatchResult) -> Html:
    """How to render the preset again: on the command line and in Python."""
    rate_hz, seed = result.sample_rate_hz, result.seed
    seconds = f"{len(result.target) / rate_hz:.9g}"
    command = f"tonewright render preset.json -o again.wav --seconds {seconds} --rate {rate_hz} --seed {seed}"
    code = (
        "from tonewright.synths import load_preset, render_preset\n\n"
        'preset = load_preset("preset.json")\n'
        f"clip = render_preset(preset, sample_rate_hz={rate_hz}, seconds={seconds}, seed={seed})"
    )
    return join(
        tag("pre", tag("code", command), tabindex="0", aria_label="Command line"),
        tag("pre", tag("code", code), tabindex="0", aria_label="Python"),
    )


def gain_note(result: MatchResult) -> str:
    """A sentence on the gain that the target was searched at; empty where there was none."""
    gain_db = result.target_info.get("gain_db", 0.0)
    if abs(gain_db) < 0.05:
        return ""
    return (
        f"The recording was turned {wording.turn(gain_db)} before the search; turn the patch "
        f"{wording.turn(-gain_db)} to meet its level."
    )


def _list(title: str, pairs: list[tuple[str, str]]) -> Html:
    rows = [tag("div", tag("dt", name), tag("dd", text)) for name, text in pairs]
    return tag("section", tag("h3", title), tag("dl", *rows))


def _note_facts(result: MatchResult) -> list[tuple[str, str]]:
    preset = result.preset
    seconds = len(result.target) / result.sample_rate_hz
    pairs = []
    if preset.midi_note is not None:
        hz = wording.frequency(note_hz(preset.midi_note))
        pairs.append(("Note", f"{note_name(preset.midi_note)} (MIDI {preset.midi_note:.2f}, {hz})"))
    if preset.gate_seconds is not None:
        held = f"for {wording.duration(preset.gate_seconds)} of {wording.duration(seconds)}"
        pairs.append(("Key held", "to the end" if preset.gate_seconds >= seconds else held))
    pairs.append(("Rendered at", f"{result.sample_rate_hz:,} Hz"))
    pairs.append(("Synth", f"{preset.synth}, version {preset.synth_version}"))
    return pairs


def _target_facts(result: MatchResult) -> list[tuple[str, str]]:
    pairs = [("File", target_name(result))]
    for key, fact in result.target_info.items():
        if key in _HIDDEN or fact is None:
            continue
        label, words = _TARGET.get(key, (key.replace("_", " ").capitalize(), str))
        pairs.append((label, words(fact)))
    return pairs


def _search_facts(result: MatchResult) -> list[tuple[str, str]]:
    speed = wording.number(result.renders / result.seconds) if result.seconds > 0 else "0"
    return [
        ("Method", _method(result)),
        ("Presets rendered", f"{result.renders:,}"),
        ("Time", f"{wording.duration(result.seconds)} ({speed} presets per second)"),
        ("Seed", str(result.seed)),
        ("Ended", "stopped early" if result.interrupted else "budget spent"),
    ]


def _method(result: MatchResult) -> str:
    if result.method != "full":
        return METHODS[result.method].words if result.method in METHODS else result.method
    networks = [name for name in ("estimator", "agent") if name in result.versions]
    return ", ".join([*networks, "refinement", "CMA-ES"]) if networks else METHODS["cma"].words
