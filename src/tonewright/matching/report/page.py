"""The page as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tonewright import wording
from tonewright.matching.recording import LEVEL_S, ONLY_NOISE
from tonewright.matching.report import facts, tables
from tonewright.matching.report.curve import search_curve
from tonewright.reports import lanes, patch
from tonewright.reports.markup import Html, data_uri, join, tag
from tonewright.reports.page import Section, page
from tonewright.reports.player import player, save_link
from tonewright.reports.sounds import Preview, equal_loudness, loudness_note
from tonewright.synths.registry import synth as make_synth
from tonewright.synths.words import Performance, words

if TYPE_CHECKING:
    from tonewright.matching.result import MatchResult

_NAMES = ("the target", "the match")
_METER_NOTE = (
    "100 is an identical sound; 0 is no closer than the median random preset of this synth. Averaged over "
    "several published distances."
)
_DISTANCES_NOTE = (
    "Published distances between target and match. The search aimed at none of them. Where it found "
    "several presets about equally good, SOT, wMFCC, RMS and pitch decided between them, so the match may "
    "lie a little above the end of the search curve."
)
_TERMS_NOTE = (
    "The training loss, which the search made as small as it could. Each term is 0 for a perfect copy; "
    "the less alike the sounds are, the closer it gets to 1."
)
_AGAIN_NOTE = "To render the preset again as it was matched:"
_LACKS_NOTHING = (
    "Nothing stands out: attack, decay, brightness, pitch and noise were measured, and all are close to the "
    "target's."
)
_WHOLE_NOTE = "What is hatched was not matched; lines stand where notes begin."
_LOUDEST_OUTSIDE = "The loudest part of the recording lies outside what was matched."
_MOST_NUMBERED = 24
_INTERRUPTED = "The search was stopped early; this is the best it had heard by then."


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
    controls = result.preset.controls
    synth.controls.check(controls)
    vocabulary = words(synth)
    seconds = len(result.target) / result.sample_rate_hz
    gate = result.preset.gate_seconds
    played = Performance(seconds, seconds if gate is None else gate)
    name = facts.target_name(result)
    return page(
        name,
        [
            Section("listen", "Listen", _listen(result, played)),
            _lacks(result),
            *_whole(result),
            Section("patch", "The patch", patch.cards(synth.controls, controls, vocabulary, played)),
            Section("close", "How close it came", _how_close(result)),
            Section("search", "The search", search_curve(result)),
            Section("facts", "Facts", facts.facts(result)),
            Section("again", "Take it with you", _again(result)),
        ],
        title=f"{name}, matched",
        eyebrow="Tonewright match",
        lede=_lede(result, vocabulary.title, played),
        summary=vocabulary.summary(controls, played),
        notice=_notice(result),
        aside=Section("similarity", "Similarity", _similarity(result.similarity)),
    )


def _notice(result: MatchResult) -> str:
    overview = result.overview
    told = [
        _INTERRUPTED if result.interrupted else "",
        wording.sentence(ONLY_NOISE) if result.target_info.get("only_noise") else "",
        _LOUDEST_OUTSIDE if overview and not overview.loudest_is_matched else "",
    ]
    return " ".join(filter(None, told))


def _lacks(result: MatchResult) -> Section:
    """Where the match differs most, and what no preset of the synth could do."""
    told = [wording.sentence(f"out of this synth's reach: {phrase}") for phrase in result.out_of_reach]
    told += [point.words for point in result.lacks]
    listed = [tag("li", wording.unbroken(words)) for words in told]
    content = tag("ul", *listed, class_="findings") if told else tag("p", _LACKS_NOTHING, class_="note")
    return Section("lacks", "What it lacks", content)


def _whole(result: MatchResult) -> list[Section]:
    """The recording from beginning to end, where more of it is there than was matched."""
    overview = result.overview
    if overview is None or overview.is_matched_whole:
        return []
    seconds = overview.seconds
    first_s, last_s = overview.window_s
    lane = lanes.level_lane(["the recording"], overview.levels_dbfs[None], seconds, LEVEL_S)
    outside = [
        (at, until) for at, until in ((0.0, first_s), (last_s, seconds)) if until - at > 0.002 * seconds
    ]
    marks = [lanes.mark("", at, seconds, until) for at, until in outside]
    numbered = len(overview.notes_s) <= _MOST_NUMBERED
    for number, (at, _) in enumerate(overview.notes_s, 1):
        marks.append(lanes.mark(f"{number}" if numbered and len(overview.notes_s) > 1 else "", at, seconds))
    words = [wording.unbroken(wording.sentence(words)) for words in overview.describe()]
    note = tag("p", " ".join(words), " ", _WHOLE_NOTE, class_="note")
    return [Section("recording", "The whole recording", join(lanes.stack([lane], seconds, marks), note))]


def _lede(result: MatchResult, title: str, played: Performance) -> str:
    presets = "preset" if result.renders == 1 else "presets"
    heard = f"{result.renders:,} {presets} heard in {wording.duration(result.seconds)}"
    parts = [title, facts.note_played(result), wording.duration(played.seconds), heard]
    return " · ".join(filter(None, parts))


def _similarity(similarity: float) -> Html:
    shown = min(max(similarity, 0.0), 100.0)
    fill = tag("i", style=f"--at:{shown / 100:.4f}")
    return join(
        tag("p", tag("b", f"{shown:.0f}"), " of 100", class_="score"),
        tag(
            "div", fill, class_="meter", role="meter", aria_valuemin="0", aria_valuemax="100",
            aria_valuenow=f"{shown:.1f}", aria_label="Similarity",
        ),
        tag("div", tag("span", "0 random preset"), tag("span", "100 identical"), class_="meter-ends",
            aria_hidden="true"),
        tag("p", _METER_NOTE, class_="note"),
    )  # fmt: skip


def _listen(result: MatchResult, played: Performance) -> Html:
    sounds, rate_hz = np.stack([result.target, result.audio]), result.sample_rate_hz
    preview = equal_loudness(sounds, rate_hz)
    pictures = [*lanes.spectrograms(_NAMES, sounds, rate_hz), lanes.levels(_NAMES, sounds, rate_hz)]
    note = loudness_note(_NAMES, preview, "target.wav and match.wav beside this page")
    return player(
        "player",
        _NAMES,
        preview,
        lanes.stack(pictures, played.seconds, _marks(played, preview)),
        legend=lanes.legend(len(sounds)),
        note=f"{note} {facts.gain_note(result)}".rstrip(),
    )


def _marks(played: Performance, preview: Preview) -> list[Html]:
    made = []
    if played.released:
        made.append(lanes.mark("key released", played.gate_seconds, played.seconds))
    if preview.cut:
        made.append(lanes.mark("the players end here", preview.seconds, played.seconds, played.seconds))
    return made


def _how_close(result: MatchResult) -> Html:
    parts = (
        ("Distances", _DISTANCES_NOTE, tables.distances(result)),
        ("What was searched on", _TERMS_NOTE, tables.terms(result)),
    )
    made = [tag("div", tag("h3", title), tag("p", note, class_="note"), made) for title, note, made in parts]
    return tag("div", *made, class_="columns")


def _again(result: MatchResult) -> Html:
    preset = data_uri("application/json", result.preset.to_json().encode())
    links = [tag("a", "preset.json", href=preset, download="preset.json")]
    for i, name in enumerate(("target", "match")):
        text = f"{name}, as heard here (WAV)"
        links.append(save_link("player", i, text, f"{name}-loudness-matched.wav"))
    downloads = tag("p", *links, class_="downloads")
    return join(downloads, tag("p", _AGAIN_NOTE, class_="note"), facts.again(result))
