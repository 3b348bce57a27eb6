import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tonewright.errors import OutputError, UsageError
from tonewright.prompting.task.rollouts import RolloutFile, read_groups

GROUPS = [{"seed": number, "scores": [0.25, number / 7]} for number in range(5)]


def write(path, groups=GROUPS):
    with RolloutFile(path) as file:
        for group in groups:
            file.write(group)


def test_groups_are_lines_and_a_later_process_goes_on(tmp_path):
    path = tmp_path / "new" / "groups.jsonl"
    write(path, GROUPS[:2])
    with RolloutFile(path) as file:
        assert file.groups == 2
        for group in GROUPS[2:]:
            file.write(group)
        assert file.groups == 5
    assert [json.loads(line) for line in path.read_text().splitlines()] == GROUPS
    assert list(read_groups(path)) == GROUPS


@pytest.mark.parametrize("kept", [1, 20, 40])
def test_what_a_killed_process_was_writing_is_taken_back(tmp_path, kept):
    path = tmp_path / "groups.jsonl"
    write(path)
    last = len(json.dumps(GROUPS[-1])) + 1
    os.truncate(path, path.stat().st_size - last + min(kept, last - 1))
    assert list(read_groups(path)) == GROUPS[:-1]
    write(path, [GROUPS[-1]])
    assert list(read_groups(path)) == GROUPS


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "groups.jsonl"
    with RolloutFile(path) as file:
        file.write(GROUPS[0])
        wrote = os.write

        def full(descriptor, data):
            if len(data) > 8:
                return wrote(descriptor, data[:8])  # the last that fits
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            with pytest.raises(OutputError, match=r"cannot write rollouts to .* make room"):
                file.write({"seed": 1, "text": "x" * 3})
        assert path.read_text() == json.dumps(GROUPS[0]) + "\n"
        file.write(GROUPS[1])
    assert list(read_groups(path)) == GROUPS[:2]


def test_a_process_that_is_killed_loses_one_group_at_most(tmp_path):
    path = tmp_path / "groups.jsonl"
    script = (
        "import sys; from tonewright.prompting.task.rollouts import RolloutFile\n"
        "file = RolloutFile(sys.argv[1])\n"
        "for number in range(10**6):\n"
        "    file.write({'seed': number, 'text': 'x' * 50_000}); print(number, flush=True)\n"
    )
    words = [sys.executable, "-c", script, path]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(20):
            last = process.stdout.readline()
        time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        told = [last, *process.stdout.read().split()]
    with RolloutFile(path) as file:
        assert int(told[-1]) + 1 <= file.groups <= int(told[-1]) + 2
    assert [group["seed"] for group in read_groups(path)] == list(range(file.groups))


def test_bad_input(tmp_path):
    path = tmp_path / "groups.jsonl"
    with RolloutFile(path) as file:
        with pytest.raises(UsageError, match="a group holds finite numbers"):
            file.write({"score": float("nan")})
        with pytest.raises(OutputError, match="being written by another process"):
            RolloutFile(path)
    path.write_text('{"seed": 0}\n[1]\n')
    with pytest.raises(UsageError, match=r"line 2 of .* is no group"):
        list(read_groups(path))
    with pytest.raises(UsageError, match="cannot read"):
        list(read_groups(tmp_path / "none.jsonl"))
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write rollouts"):
        RolloutFile(tmp_path / "file" / "groups.jsonl")
