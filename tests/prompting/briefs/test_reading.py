import pytest

from tonewright.errors import BriefError
from tonewright.prompting.briefs.reading import asked, brief_of_text, words_in


@pytest.mark.parametrize(
    ("text", "category", "target"),
    [
        (
            "128 BPM techno drum loop, punchy kick, crisp hats",
            "drums",
            {
                "seconds": 7.5,
                "bpm": 128,
                "bars": 4,
                "tone": ["punchy", "crisp"],
                "elements": ["kick", "hats"],
            },
        ),
        (
            "a warm, wide pad drone in F# minor, 10 seconds, slowly evolving",
            "ambient",
            {"seconds": 10, "key": "F# minor", "tone": ["warm", "wide", "evolving"], "elements": ["pad"]},
        ),
        ("74bpm 2-bar dub beat", "drums", {"seconds": 480 / 74, "bpm": 74, "bars": 2}),
        (
            "short marimba note in B-flat minor",
            "instruments",
            {"seconds": 3, "key": "A# minor", "tone": ["short"]},
        ),
        ("8-second rising whoosh", "sfx", {"seconds": 8, "tone": ["rising"]}),
        ("170 BPM break, 8 bars", "drums", {"seconds": 8 * 240 / 170, "bpm": 170, "bars": 8}),
        ("jungle", "drums", {"seconds": 8}),
        ("punchy kick drum", "instruments", {"seconds": 3, "tone": ["punchy"], "elements": ["kick"]}),
        ("a bright note in A", "instruments", {"seconds": 3, "tone": ["bright"]}),
    ],
)  # fmt: skip
def test_what_a_text_asks_for(text, category, target):
    brief = brief_of_text(text)
    assert brief.category == category
    found = brief.fields()["target"]
    assert found.pop("seconds") == pytest.approx(target.pop("seconds"))
    assert found == target
    assert brief.description == brief.baseline_prompt == text


def test_the_longest_words_are_read_first():
    assert [word for _, word in words_in("drum and bass drum loop")] == ["drum and bass", "drum loop"]
    assert asked("ambient house chord progression").nouns == ["phrases"]
    assert asked("brightly lit, unbright").tone == []


@pytest.mark.parametrize("text", ["", "   ", "something nice", "bright and warm", "x" * 2_001])
def test_texts_that_name_nothing(text):
    with pytest.raises(BriefError, match="a brief"):
        brief_of_text(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a bright and dark note", "do not ask for both ends of brightness; got 'bright' and 'dark'"),
        ("300 BPM drum loop", "a tempo is 40 to 220 BPM; got 300"),
        ("a drone of 900 seconds", "a sound has 0.1 to 300 seconds; got 900"),
    ],
)
def test_texts_that_ask_for_nonsense(text, complaint):
    with pytest.raises(BriefError, match=complaint):
        brief_of_text(text)
