import json

import pytest

from tonewright.errors import CheckpointError, OutputError, UsageError
from tonewright.measuring.records import RecordLog, read_records, write_records

HEADER = {"suite": "random", "networks": {"agent": "ab12"}, "version": "1.0"}
KEY = ("target", "renders")
RECORDS = [{"target": name, "renders": n, "loss": n / 8} for name in "ab" for n in (1, 2)]


def opened(path, header=HEADER):
    return RecordLog(path, key=KEY, header=header)


class TestLog:
    def test_what_was_appended_is_there_when_it_is_opened_again(self, tmp_path):
        log = opened(tmp_path / "log.jsonl")
        assert log.records == {}
        log.append(RECORDS[:1])
        log.append(RECORDS[1:])
        again = opened(tmp_path / "log.jsonl")
        assert (
            again.records
            == log.records
            == {("a", 1): RECORDS[0], ("a", 2): RECORDS[1]}
            | {
                ("b", 1): RECORDS[2],
                ("b", 2): RECORDS[3],
            }
        )
        assert read_records(tmp_path / "log.jsonl") == RECORDS

    def test_the_first_line_says_what_decides_the_results(self, tmp_path):
        opened(tmp_path / "log.jsonl").append(RECORDS)
        first, *others = (tmp_path / "log.jsonl").read_text().splitlines()
        assert json.loads(first) == {
            "format": "tonewright-records",
            "format_version": 1,
            "header": HEADER,
        }
        assert len(others) == len(RECORDS)

    def test_a_later_record_of_a_key_replaces_an_earlier_one(self, tmp_path):
        opened(tmp_path / "log.jsonl").append([RECORDS[0], RECORDS[0] | {"loss": 9.0}])
        assert opened(tmp_path / "log.jsonl").records["a", 1]["loss"] == 9.0

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"suite": "real"}, "with suite random, and these have real"),
            ({"networks": {"agent": "cd34"}}, "with networks agent ab12, and these have cd34"),
            ({"version": "1.1"}, "with version 1.0, and these have 1.1"),
            ({"synth": "x"}, "with synth None, and these have x"),
        ],
    )
    def test_results_of_something_else_are_never_mixed_in(self, tmp_path, change, told):
        path = tmp_path / "log.jsonl"
        opened(path).append(RECORDS)
        before = path.read_bytes()
        with pytest.raises(UsageError, match=told):
            opened(path, HEADER | change)
        assert path.read_bytes() == before

    @pytest.mark.parametrize("lost", range(1, 40, 4))
    def test_a_line_that_was_half_written_is_dropped(self, tmp_path, lost):
        path = tmp_path / "log.jsonl"
        opened(path).append(RECORDS)
        path.write_bytes(path.read_bytes()[:-lost])
        log = opened(path)
        assert list(log.records.values()) == RECORDS[:3]
        log.append(RECORDS[3:])
        assert read_records(path) == RECORDS

    @pytest.mark.parametrize(
        "content",
        [
            b"Dear diary\n",
            b"[1, 2]\n",
            b'{"a": 1}\n',
            b"RIFF\x04\0\0\0WAVE",
            b"\xff\n",
            b"3\n\n",
            b'{"target": "a", "renders": 1, "loss": 0.5}\n',  # without a header: whose results?
        ],
    )
    def test_another_file_is_no_log_and_stays_as_it_is(self, tmp_path, content):
        path = tmp_path / "log.jsonl"
        path.write_bytes(content)
        with pytest.raises(UsageError, match="is no log of finished work; name another file"):
            opened(path)
        assert path.read_bytes() == content

    def test_folders_above_it_are_made(self, tmp_path):
        opened(tmp_path / "new" / "deep" / "log.jsonl").append(RECORDS)
        assert (tmp_path / "new" / "deep" / "log.jsonl").stat().st_size > 100

    def test_a_damaged_line_is_named(self, tmp_path):
        path = tmp_path / "log.jsonl"
        opened(path).append(RECORDS)
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join([*lines[:2], "{broken\n", *lines[2:]]))
        with pytest.raises(UsageError, match=r"line 3 of .* is damaged"):
            opened(path)

    @pytest.mark.parametrize("kept", [0, 1, 20, -1])
    def test_a_header_that_was_half_written_is_written_again(self, tmp_path, kept):
        path = tmp_path / "log.jsonl"
        opened(path)
        whole = path.read_bytes()
        path.write_bytes(whole[:kept])
        opened(path).append(RECORDS)
        assert path.read_bytes().startswith(whole)
        assert list(opened(path).records.values()) == RECORDS

    def test_what_cannot_be_read_again_is_not_written(self, tmp_path):
        path = tmp_path / "log.jsonl"
        log = opened(path)
        with pytest.raises(UsageError, match="holds finite numbers, text, lists and mappings only"):
            log.append([RECORDS[0], RECORDS[1] | {"loss": float("nan")}])
        assert opened(path).records == log.records == {}

    def test_a_record_without_its_key_is_told(self, tmp_path):
        opened(tmp_path / "log.jsonl").append(RECORDS)
        with pytest.raises(UsageError, match="lacks one of target, seed; name another file"):
            RecordLog(tmp_path / "log.jsonl", key=("target", "seed"), header=HEADER)

    def test_a_place_that_cannot_be_written(self, tmp_path):
        (tmp_path / "file").touch()
        for path in (tmp_path, tmp_path / "file" / "log.jsonl"):
            with pytest.raises(OutputError, match="cannot keep a log in"):
                opened(path)


class TestPlainLogs:
    def test_come_back_as_they_were_written(self, tmp_path):
        write_records(tmp_path / "a.jsonl", RECORDS)
        assert read_records(tmp_path / "a.jsonl") == RECORDS
        write_records(tmp_path / "a.jsonl", [])
        assert read_records(tmp_path / "a.jsonl") == []

    def test_are_read_while_they_are_written(self, tmp_path):
        path = tmp_path / "a.jsonl"
        path.write_text('{"a": 1}\n{"a": 2}\n{"a"')
        assert read_records(path) == [{"a": 1}, {"a": 2}]

    def test_errors_are_of_the_kind_asked_for(self, tmp_path):
        with pytest.raises(CheckpointError, match=r"cannot read .*no such file"):
            read_records(tmp_path / "none", error=CheckpointError)
        (tmp_path / "a").write_text('{"a": NaN}\n')
        with pytest.raises(
            CheckpointError,
            match=r"line 1 of .* is damaged \(column 7: not valid JSON: NaN is no JSON number\); restore",
        ):
            read_records(tmp_path / "a", error=CheckpointError)
