import hashlib
import json

import pytest

from tonewright.documents import document_text, parse_json, read_document, read_vouched, read_whole, sha256
from tonewright.errors import CheckpointError, UsageError

FIELDS = {"name": str, "size": int}


def write(path, document):
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_a_document_comes_back_as_it_was_written(tmp_path):
    text = document_text("a-thing", 2, {"name": "é", "size": 3, "more": [1, {"x": None}]})
    document = read_document(write(tmp_path / "a.json", text), "a-thing", 2, FIELDS, error=CheckpointError)
    assert document == {
        "format": "a-thing",
        "format_version": 2,
        "name": "é",
        "size": 3,
        "more": [1, {"x": None}],
    }


def test_an_older_version_is_read(tmp_path):
    path = write(tmp_path / "a.json", document_text("a-thing", 1, {"name": "a", "size": 3}))
    assert read_document(path, "a-thing", 2, FIELDS, error=CheckpointError)["format_version"] == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"bytes", object()])
def test_what_json_has_no_word_for_is_refused(value):
    with pytest.raises(UsageError, match="holds numbers, text, lists and mappings only"):
        document_text("a-thing", 1, {"value": [value]})


GOOD = {"format": "a-thing", "format_version": 1, "name": "a", "size": 3}


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ('{"format": NaN}', "not valid JSON"),
        ('{"format": 1e999}', "not valid JSON"),
        ('{"format": 1' + "0" * 400 + "}", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", 'a a-thing is a JSON object with "format": "a-thing"'),
        (GOOD | {"format": "another"}, 'with "format": "a-thing"'),
        (GOOD | {"format_version": 2}, "has format version 2, newer than 1; update tonewright"),
        (GOOD | {"format_version": 0}, "format_version is a whole number from 1; got 0"),
        (GOOD | {"format_version": True}, "format_version is a whole number from 1; got True"),
        (GOOD | {"format_version": "x" * 1000}, r"format_version is a whole number from 1; got x+\.\.\."),
        (GOOD | {"size": True}, 'the field "size" .* it is a whole number; got True'),
        (GOOD | {"name": ["a\nb"]}, 'the field "name" .* it is text; got'),
        ({"format": "a-thing", "format_version": 1, "size": 1}, r'needs the field "name" \(text\); add it'),
    ],
    ids=range(15),
)
def test_any_other_file_gets_one_clear_line(tmp_path, document, complaint):
    path = write(tmp_path / "a.json", document)
    with pytest.raises(CheckpointError, match=complaint) as caught:
        read_document(path, "a-thing", 1, FIELDS, error=CheckpointError)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_no_document(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\xfa\x00\x80")
    with pytest.raises(CheckpointError, match="not UTF-8 text"):
        read_document(tmp_path / "a.json", "a-thing", 1, FIELDS, error=CheckpointError)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("missing", "no such file"), (".", "is a directory"), ("a\0b", "null byte")],
)
def test_a_file_that_cannot_be_read(tmp_path, name, complaint):
    with pytest.raises(CheckpointError, match=f"cannot read .*{complaint}"):
        read_whole(tmp_path / name, 10, error=CheckpointError)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "expecting property name enclosed in double quotes (line 1, column 2)"),
        ('{"a": 1,\n "b" 2}', "expecting ':' delimiter (line 2, column 6)"),
        ('{"a": 1,\n\n  "b": NaN}', "NaN is no JSON number (line 3, column 8)"),
        ('{"a": [1,\n 1e999]}', "1e999 is beyond the range of numbers (line 2, column 2)"),
        ('{"é": "é", "a": -Infinity}', "-Infinity is no JSON number (line 1, column 17)"),
        ('{"a": 1,\n "b": 2,\n "a": 3}', 'the key "a" is given twice (line 3, column 2)'),
        ('{"a": {"b": 1, "b": 2}}', 'the key "b" is given twice (line 1, column 16)'),
    ],
)
def test_what_is_no_json_is_told_with_its_line_and_column(text, fault):
    with pytest.raises(CheckpointError) as caught:
        parse_json(text, error=CheckpointError, what="thing")
    assert str(caught.value) == f"not a thing: this is not valid JSON: {fault}; mend it there"


@pytest.mark.parametrize(
    "text",
    ['{"a": 1, "b": {"a": 2}, "a": 3}', '["NaN", "is NaN", NaN]'],
    ids=["a key that another mapping has too", "a word that text holds too"],
)
def test_no_place_is_told_that_may_be_another(text):
    with pytest.raises(CheckpointError, match=r"(given twice|no JSON number); mend it there$"):
        parse_json(text, error=CheckpointError)


def test_mappings_beside_each_other_may_share_their_keys():
    assert parse_json('[{"a": 1}, {"a": 2}]', error=CheckpointError) == [{"a": 1}, {"a": 2}]


def test_a_file_larger_than_it_may_be_is_not_read_whole(tmp_path):
    (tmp_path / "a").write_bytes(bytes(11))
    assert read_whole(tmp_path / "a", 11, error=CheckpointError) == bytes(11)
    with pytest.raises(CheckpointError, match="larger than 10 bytes"):
        read_whole(tmp_path / "a", 10, error=CheckpointError)


def test_only_the_file_vouched_for_is_read(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    digest = sha256(b"content")
    assert digest == hashlib.sha256(b"content").hexdigest()
    assert read_vouched(tmp_path / "a", digest, 100, error=CheckpointError) == b"content"
    for other in (b"conten", b"contenu", b""):
        (tmp_path / "a").write_bytes(other)
        with pytest.raises(CheckpointError, match="truncated, changed or belongs to another run"):
            read_vouched(tmp_path / "a", digest, 100, error=CheckpointError)
