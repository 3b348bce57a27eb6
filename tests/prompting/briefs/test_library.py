import json

import pytest

from tonewright.errors import BriefError, UnknownNameError
from tonewright.prompting.briefs.brief import Brief, Target, bar_seconds
from tonewright.prompting.briefs.keys import parse_key
from tonewright.prompting.briefs.library import BRIEFS, FORMS, PRESETS, TEMPLATES, library, read_library
from tonewright.prompting.briefs.reading import brief_of_text
from tonewright.prompting.briefs.schemas import FOLDER, schemas
from tonewright.prompting.words.vocabulary import vocabulary

ENTRY = {
    "id": "mine",
    "category": "drums",
    "subcategory": "house",
    "description": "120 BPM house beat",
    "target": {"seconds": 4.0, "bpm": 120, "bars": 2, "tone": ["bright"], "elements": ["kick"]},
    "baseline_prompt": "House beat",
}


def write(folder, name, entries):
    form, key = FORMS[name]
    text = json.dumps({"format": form, "format_version": 1, key: entries})
    (folder / name).write_text(text)
    return folder


def test_at_least_a_hundred_briefs_over_all_categories_say_what_their_targets_say():
    briefs = library().briefs.values()
    assert len(briefs) >= 100
    for category in vocabulary().categories:
        assert sum(brief.category == category for brief in briefs) >= 18
    assert len({brief.description for brief in briefs}) == len(briefs)
    for brief in briefs:
        read = brief_of_text(brief.description)
        assert read.category == brief.category
        assert read.target.seconds == pytest.approx(brief.target.seconds, abs=1e-3)
        for name in ("bpm", "bars", "key", "tone", "elements"):
            assert getattr(read.target, name) == getattr(brief.target, name), brief.id
        assert brief.settings in library().presets
    asked = {word for brief in briefs for word in brief.target.tone}
    assert len(asked) >= 25
    assert {element for brief in briefs for element in brief.target.elements} >= {
        "kick",
        "snare",
        "hats",
        "bass",
    }


def test_the_schemas_are_those_of_the_code_and_what_ships_fits_them():
    jsonschema = pytest.importorskip("jsonschema")
    for name, schema in schemas().items():
        assert json.loads((FOLDER / name.replace(".json", ".schema.json")).read_text("utf-8")) == schema
        jsonschema.Draft202012Validator.check_schema(schema)
        shipped = json.loads((FOLDER.parent / name).read_text("utf-8"))
        jsonschema.validate(shipped, schema)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"id": " "}, "the id of a brief is some text"),
        ({"category": "drum"}, "did you mean 'drums'"),
        ({"difficulty": 6}, "a difficulty is 1 to 5; got 6"),
        ({"difficulty": "hard"}, "difficulty.* is a whole number"),
        ({"dificulty": 3}, 'did you mean "difficulty"'),
        ({"target": {}}, 'a target needs the field "seconds"'),
        ({"target": {"seconds": 4, "bpm": 10}}, "40 to 220 BPM; got 10"),
        ({"target": {"seconds": 4, "bpm": 120, "bars": 3}}, r"3 bars at 120 BPM take 6\.000 s; got 4"),
        ({"target": {"seconds": 4, "bars": 2}}, "give both"),
        ({"target": {"seconds": 4, "key": "H minor"}}, "a key is named as in"),
        ({"target": {"seconds": 4, "tone": ["brigt"]}}, "did you mean 'bright'"),
        ({"target": {"seconds": 4, "tone": ["bright", "dark"]}}, "both ends of brightness"),
        ({"target": {"seconds": 4, "tone": [1]}}, "tone is a list of text"),
        ({"target": {"seconds": 4, "elements": ["kik"]}}, "did you mean 'kick'"),
        ({"target": {"seconds": 0.01}}, "0.1 to 300 seconds; got 0.01"),
        ({"references": ["there.wav"]}, "got 'there.wav'; put it there"),
        ({"settings": "quick"}, "no preset of settings is called 'quick'"),
    ],
)  # fmt: skip
def test_broken_briefs_are_told_and_refused_by_the_schema_or_the_folder(tmp_path, change, complaint):
    write(tmp_path, BRIEFS, [ENTRY | change])
    with pytest.raises((BriefError, UnknownNameError), match=complaint):
        read_library(tmp_path)


def test_a_folder_of_ones_own(tmp_path):
    (tmp_path / "references").mkdir()
    (tmp_path / "references" / "loop.wav").write_bytes(b"sound")
    write(tmp_path, BRIEFS, [ENTRY | {"references": ["loop.wav"], "settings": "quick"}])
    write(tmp_path, PRESETS, [{"name": "quick", "meaning": "mine", "settings": {"sketch": {"steps": 2}}}])
    write(tmp_path, TEMPLATES, [{"id": "t", "kind": "brief", "category": "sfx", "text": "{tone1} {noun}"}])
    mine = read_library(tmp_path)
    assert list(mine.briefs) == ["mine"]
    assert mine.presets["quick"].settings == {"sketch": {"steps": 2}}
    assert {*library().presets} < {*mine.presets}
    assert "t" in mine.templates
    assert mine.references(mine.brief("mine")) == [tmp_path / "references" / "loop.wav"]
    assert mine.brief("a dark piano note").target.tone == ("dark",)
    with pytest.raises(UnknownNameError, match="no brief is called 'min'; did you mean 'mine'"):
        mine.brief("min")


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ({"text": "{tone1} {nouns}"}, "did you mean 'noun'"),
        ({"text": "{tone1"}, "places in braces"),
        ({"text": "{noun!r}"}, "a name alone"),
        ({"kind": "briefs"}, "did you mean 'brief'"),
        ({"category": "drum"}, "did you mean 'drums'"),
    ],
)
def test_broken_templates(tmp_path, entry, complaint):
    write(tmp_path, BRIEFS, [ENTRY])
    write(tmp_path, TEMPLATES, [{"id": "t", "kind": "brief", "category": "sfx", "text": "{noun}"} | entry])
    with pytest.raises(BriefError, match=complaint):
        read_library(tmp_path)


def test_entries_are_named_and_not_there_twice(tmp_path):
    write(tmp_path, BRIEFS, [ENTRY, ENTRY])
    with pytest.raises(BriefError, match=r"entry 2 of '.*target_styles\.json': 'mine' is there twice"):
        read_library(tmp_path)
    with pytest.raises(BriefError, match="cannot read"):
        read_library(tmp_path / "nowhere")


def test_keys_and_bars():
    assert [str(parse_key(text)) for text in ("C major", "Bb minor", "F♯ min", "e-flat major")] == [
        "C major",
        "A# minor",
        "F# minor",
        "D# major",
    ]
    # Lengths that loops are known by.
    assert [round(bar_seconds(*one), 1) for one in ((74, 2), (128, 4), (170, 8))] == [6.5, 7.5, 11.3]
    with pytest.raises(BriefError, match="brief 'x'"):
        Brief("x", "drums", "", "some", Target(1.0), "", 3)
