"""The page as a whole."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from string import Template

import numpy as np

from tonewright import wording
from tonewright.matching.report import facts, tables
from tonewright.matching.report.curve import search_curve
from tonewright.matching.result import MatchResult
from tonewright.reports import patch
from tonewright.reports.lanes import lanes, legend
from tonewright.reports.markup import Html, data_uri, join, tag
from tonewright.reports.sounds import Players, players
from tonewright.synths.registry import synth as make_synth
from tonewright.synths.words import Performance, words

_METER_NOTE = (
    "100 is an identical sound; 0 is no closer than the median random preset of this synth. Averaged over "
    "several published distances."
)


def report_html(result: MatchResult) -> str:
    """The page of a match: listen, look, read the patch, see how close it came and how to render it again.

    Args:
        result: The match.

    Returns:
        One HTML document that needs no other file and no network. Whatever the result holds as text is
        escaped.

    Raises:
        PresetError: The preset does not fit its synth.
        UnknownNameError: Its synth is not known here.
    """
    synth = make_synth(result.preset.synth, result.sample_rate_hz)
    synth.controls.check(result.preset.controls)
    vocabulary = words(synth.name, synth.controls)
    seconds = len(result.target) / result.sample_rate_hz
    gate = result.preset.gate_seconds
    played = Performance(seconds, seconds if gate is None else gate)
    sounds = players(np.stack([result.target, result.audio]), result.sample_rate_hz)
    name = facts.target_name(result)
    style, script = _asset("page.css"), _asset("player.js")
    fields: dict[str, str] = {
        "policy": _policy(script),
        "style": style,
        "script": script,
        "title": join(f"{name}, matched"),
        "name": join(name),
        "lede": join(wording.unbroken(_lede(result, vocabulary.title, played))),
        "interrupted": _interrupted(result),
        "similarity": join(f"{_shown(result.similarity):.0f}"),
        "meter": _meter(result.similarity),
        "lanes": lanes(result, played, sounds.seconds),
        "legend": legend(),
        "player_attributes": Html(f'data-seconds="{sounds.seconds:.9g}" data-duration="{seconds:.9g}" '
                                  f'data-rate="{result.sample_rate_hz}"'),
        "sounds": _sounds(sounds),
        "levels": join(wording.unbroken(_levels(sounds, seconds, facts.gain_note(result)))),
        "summary": join(wording.unbroken(vocabulary.summary(result.preset.controls, played))),
        "cards": patch.cards(synth.controls, result.preset.controls, vocabulary, played),
        "distances": tables.distances(result),
        "terms": tables.terms(result),
        "curve": search_curve(result),
        "facts": facts.facts(result),
        "again": facts.again(result),
        "preset_uri": data_uri("application/json", result.preset.to_json().encode()),
    }  # fmt: skip
    return Template(_asset("page.html")).substitute(fields)


@cache
def _asset(name: str) -> str:
    return (files("tonewright.reports") / name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    """Forbid the browser every connection, and every script but the page's own."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "media-src data:; base-uri 'none'; form-action 'none'"
    )


def _lede(result: MatchResult, title: str, played: Performance) -> str:
    presets = "preset" if result.renders == 1 else "presets"
    heard = f"{result.renders:,} {presets} heard in {wording.duration(result.seconds)}"
    parts = [title, facts.note_played(result), wording.duration(played.seconds), heard]
    return " · ".join(filter(None, parts))


def _interrupted(result: MatchResult) -> Html:
    if not result.interrupted:
        return join()
    return tag("p", "The search was stopped early; this is the best it had heard by then.", class_="banner")


def _shown(similarity: float) -> float:
    return min(max(similarity, 0.0), 100.0)


def _meter(similarity: float) -> Html:
    shown = _shown(similarity)
    fill = tag("i", style=f"--at:{shown / 100:.4f}")
    return join(
        tag(
            "div", fill, class_="meter", role="meter", aria_valuemin="0", aria_valuemax="100",
            aria_valuenow=f"{shown:.1f}", aria_label="Similarity",
        ),
        tag("div", tag("span", "0 random preset"), tag("span", "100 identical"), class_="meter-ends",
            aria_hidden="true"),
        tag("p", _METER_NOTE, class_="note"),
    )  # fmt: skip


def _sounds(sounds: Players) -> Html:
    return join(
        *(
            tag(
                "figure",
                tag("figcaption", title),
                tag("audio", id=side, src=data_uri("audio/wav", wav), controls=True, preload="none"),
            )
            for side, title, wav in zip(("target", "match"), ("Target", "Match"), sounds.wavs, strict=True)
        )
    )


def _turned(gain_db: float) -> str:
    return f"turned {wording.turn(gain_db)}" if abs(gain_db) >= 0.05 else "left as it is"


def _levels(sounds: Players, seconds: float, gain_note: str) -> str:
    if sounds.silent:
        text = "One of the sounds is silent, so their loudness could not be matched."
    else:
        text = (
            f"Both sounds play equally loud, at {wording.minus(f'{sounds.lufs:.1f}')} LUFS, so that neither "
            f"wins by volume: here the target is {_turned(sounds.gains_db[0])} and the match "
            f"{_turned(sounds.gains_db[1])}, and both fade out over their last 5 ms. Pictures and figures "
            "show them untouched."
        )
    if sounds.cut:
        text += (
            f" To keep this page small, the players hold the first {wording.duration(sounds.seconds)} of "
            f"{wording.duration(seconds)}; pictures and figures cover all of it, and target.wav and "
            "match.wav beside this page are whole."
        )
    return f"{text} {gain_note}".rstrip()
