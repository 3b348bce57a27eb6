"""Alignment: whether a sound is what the brief asked for."""

from __future__ import annotations

import numpy as np

from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.briefs.keys import parse_key
from tonewright.prompting.briefs.reading import pitched, things
from tonewright.prompting.listening.analysis import Floats, Heard
from tonewright.prompting.listening.axes import AXES
from tonewright.prompting.listening.norms import norms
from tonewright.prompting.listening.partials import partial_share
from tonewright.prompting.listening.rhythm import tempo_fit
from tonewright.prompting.listening.together import pattern
from tonewright.prompting.listening.tonality import key_fit, pitch_classes
from tonewright.prompting.rewards.ear import element_presence, thing_presence
from tonewright.prompting.rewards.terms import Component, Term
from tonewright.prompting.words.vocabulary import vocabulary

NAME = "alignment"
_TONE_SLOPE = 1.6
_TEMPO_EXPONENT = 3.0
_CLEAR_PULSE = 0.1
"""A pulse that is heard; noise has a fifth of it."""
_PITCHED_SHARE, _PITCH_WEIGHT = 0.2, 2.0
_THING_WEIGHT = 2.0
_LOOPED = "drums"
_ALIKE, _PATTERNED, _MONOTONE, _PATTERN_WEIGHT = 0.02, 0.08, 0.1, 3.0
"""Nine of ten loops of the sketch have 0.06 or more; noise with a gate, and clicks, 0.03 or less."""


def alignment(heard: Heard, brief: Brief) -> Component:
    """Judge tempo, key, pitch, tone words, elements and the thing itself, those that the brief names."""
    target, terms = brief.target, []
    if target.bpm is not None:
        fit, strongest, strength = tempo_fit(heard, target.bpm)
        kept = fit**_TEMPO_EXPONENT * np.minimum(1, strength / _CLEAR_PULSE)
        terms.append(Term("tempo", kept, strongest, "BPM", f"pulse at {target.bpm:g} BPM against others"))
        if brief.category == _LOOPED:
            terms.append(_pattern(heard, target.bpm))
    if target.key is not None:
        classes = pitch_classes(heard)
        fit = np.nan_to_num(key_fit(classes, parse_key(target.key)))
        terms.append(Term("key", fit, fit, "", f"pitch classes against the profile of {target.key}"))
    if pitched(brief):
        share = partial_share(heard)
        meaning = "share of the sound in partials that go on"
        terms.append(Term("pitch", np.minimum(1, share / _PITCHED_SHARE), share, "", meaning, _PITCH_WEIGHT))
    for word in target.tone:
        terms.append(_tone(heard, word, brief.category))
    for element in target.elements:
        presence = element_presence(heard, element)
        terms.append(Term(f"element {element}", presence, presence, "", f"whether {element} is heard"))
    for thing in things(brief):
        presence = thing_presence(heard, thing)
        meaning = f"how sure it is that {thing} is heard"
        terms.append(Term(f"thing {thing}", presence, presence, "", meaning, _THING_WEIGHT))
    return Component(NAME, tuple(terms)) if terms else Component(NAME, (_nothing(heard),))


def _tone(heard: Heard, word: str, category: str) -> Term:
    """How far a sound lies to the side that a tone word asks for, among sounds of its category."""
    tone = vocabulary().tone[word]
    values: Floats = AXES[tone.axis](heard)
    norm = norms().axis(category, tone.axis)
    z = tone.direction * (values - norm.middle) / norm.spread
    score = 1 / (1 + np.exp(-_TONE_SLOPE * np.clip(z, -20, 20)))
    meaning = f"{vocabulary().axes[tone.axis].meaning}; usual is {norm.middle:.2g}"
    return Term(
        f"tone {word}", np.where(np.isnan(z), 0.5, score), values, vocabulary().axes[tone.axis].unit, meaning
    )


def _pattern(heard: Heard, bpm: float) -> Term:
    """Whether a loop has a pattern of half a bar or more: bursts on each beat are all alike."""
    more = pattern(heard, bpm)
    score = np.clip((more - _ALIKE) / (_PATTERNED - _ALIKE), _MONOTONE, 1)
    meaning = "how much more alike it is after a bar, or half of one, than after a beat"
    return Term("pattern", score, more, "", meaning, _PATTERN_WEIGHT)


def _nothing(heard: Heard) -> Term:
    absent = np.full(len(heard.samples), np.nan)
    return Term("nothing", absent, absent, "", "the brief asks for nothing that can be measured")
