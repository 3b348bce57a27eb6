import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.improvising import settings

from tonewright.errors import UnknownNameError, UsageError
from tonewright.features.hearing import hear
from tonewright.improvising.evaluation import Stage
from tonewright.improvising.following.phrases import held_out_phrases
from tonewright.improvising.hearing import FRAMING, HOP
from tonewright.improvising.listening.normalising import LOUDNESS, PITCH
from tonewright.improvising.portrait.portraying import ORACLE, Portrait, _chosen, portray
from tonewright.improvising.portrait.summary import character, facts

from .conftest import HEARD

Told = tuple[Portrait, list[float]]


def test_takes_are_gestures_recordings_and_a_walk(oracle: Told, on: Stage, untaught: Portrait) -> None:
    portrait, told = oracle
    assert on.corpus is not None
    phrases = held_out_phrases(on.corpus)
    assert [take.kind for take in portrait.takes] == ["gesture"] * 5 + ["recording"] * len(phrases) + ["walk"]
    assert portrait.recordings == len(phrases)
    assert {take.name for take in portrait.takes[5:-1]} == {phrase.name for phrase in phrases}
    assert [one.column for one in portrait.columns] == [LOUDNESS, PITCH, "spectral_centroid_hz"]
    assert sum(told) == pytest.approx(1.0)
    assert [take.kind for take in untaught.takes] == ["gesture"] * 5 + ["walk"]


def test_what_is_drawn_is_what_is_heard(oracle: Told) -> None:
    for take in oracle[0].takes:
        for side in (take.musician, take.agent):
            assert side.sound is not None
            assert len(side.sound) == take.hops * HOP
            heard = hear(side.sound[None], FRAMING.sample_rate_hz, HEARD, window=FRAMING.window, hop=HOP)
            levels = heard.values[0][:, heard.names.index(LOUDNESS)]
            loud = levels > -60
            # Recordings that were resampled differ at the edges of what is read.
            off = np.abs(levels - side.traces[LOUDNESS])[loud]
            assert np.quantile(off, 0.9) < 0.05


def test_the_oracle_follows_every_step(oracle: Told) -> None:
    portrait = oracle[0]
    manners = character(portrait).manners
    for column, steps in ((LOUDNESS, 6), (PITCH, 4)):
        manner = manners[column]
        assert (manner.steps, manner.followed) == (steps, steps)
        # It may cross a whole range in 116 ms, and acts every other hop.
        assert manner.rise_ms is not None
        assert 0 < manner.rise_ms < 140
        assert manner.lag_ms is not None
        assert 0 < manner.lag_ms < 140
    # Points of the table lie 2.9 dB and 3.5 semitones apart in the middle.
    assert manners[PITCH].off is not None
    assert manners[PITCH].off < 180
    assert manners[PITCH].trembling == pytest.approx(0, abs=1.0)
    # As the oracle itself is beside it, both are alike.
    for take in portrait.takes:
        assert take.agent.scores == take.oracle.scores
        np.testing.assert_array_equal(take.agent.controls, take.oracle.controls)


def test_who_has_learned_nothing_is_told(untaught: Portrait) -> None:
    found = character(untaught)
    assert found.reward is None
    assert found.manners[PITCH].followed < 4
    gestures = [take for take in untaught.takes if take.kind == "gesture"]
    for take in gestures:
        mine, best = take.agent.scores["reward"], take.oracle.scores["reward"]
        assert mine is not None
        assert best is not None
        assert mine < best


def test_recordings_are_heard_only_as_they_were_analysed(
    on: Stage, oracle: Told, sounds: Path, tmp_path: Path
) -> None:
    for number, path in enumerate(sorted(sounds.iterdir())):
        content = path.read_bytes()
        (tmp_path / path.name).write_bytes(content if number % 2 else content + b"\0")
    portrait = portray(replace(on, corpus=on.corpus), "limited", sounds=tmp_path)
    assert on.corpus is not None
    changed = {file.name for file in on.corpus.files if int(file.name[6]) % 2 == 0}
    for phrase in held_out_phrases(on.corpus):
        (take,) = (one for one in portrait.takes if one.name == phrase.name)
        whole = not changed & {name for name, *_ in phrase.files}
        assert (take.musician.sound is not None) == whole


def test_of_many_phrases_the_best_a_typical_and_the_worst_are_shown(on: Stage) -> None:
    # Tones of the sine itself, and one far beyond what it can do in brightness, more and more of it.
    takes = []
    for share in (0.4, 0.0, 1.0, 0.2, 0.8):
        values = settings.frames(np.full(700, -20.0), 440.0, 1.0, 440.0)
        values[: round(700 * share), settings.COLUMNS.index("spectral_centroid_hz")] = 20_000.0
        takes.append(("test", values))
    corpus = settings.corpus(("train", settings.played(700)), *takes)
    many = replace(on, corpus=corpus)
    chosen = _chosen(many, "limited", held_out_phrases(corpus), lambda share: None)
    assert [phrase.name for phrase, _ in chosen] == ["take 2.wav", "take 1.wav", "take 3.wav"]
    assert [meaning for _, meaning in chosen] == [
        "The one it follows best of 5 phrases that no training saw.",
        "A typical one of 5 phrases that no training saw: half are followed better.",
        "The one it follows worst of 5 phrases that no training saw.",
    ]


def test_facts_are_plain_values(oracle: Told) -> None:
    told = json.loads(json.dumps(facts(oracle[0]), allow_nan=False))
    assert told["synth"] == "sine"
    assert told["character"]["manners"][PITCH]["steps"] == 4
    (first, *_) = told["takes"]
    assert [step["name"] for step in first["steps"]][:1] == ["12 dB louder"]
    assert first["steps"][0][PITCH] is None
    assert first["steps"][0][LOUDNESS]["step"] == pytest.approx(12, abs=0.1)


def test_mistakes_are_told(on: Stage, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="method"):
        portray(on, "oracle")
    with pytest.raises(UsageError, match="no folder"):
        portray(on, ORACLE, sounds=tmp_path / "nowhere")
