"""Damaged files by the thousand: a clip or a one-line error, in little memory and time, and never a crash."""

import json
import os
import subprocess
import sys
from pathlib import Path

FILES_PER_FORMAT = 80


def test_readers_survive_damaged_files(tmp_path):
    script = Path(__file__).with_name("fuzz_reading.py")
    command = [sys.executable, script, "7", str(FILES_PER_FORMAT), tmp_path]
    # Without a path: ffmpeg, where there is one, would be asked about what nobody knows, which takes long.
    run = subprocess.run(command, capture_output=True, check=False, env=os.environ | {"PATH": ""})
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stderr == b""
    result = json.loads(run.stdout)
    assert result["faults"] == []
    outcomes = result["outcomes"]
    assert sum(sum(counts.values()) for counts in outcomes.values()) >= 1_000
    assert all(counts.get("refused", 0) > FILES_PER_FORMAT // 8 for counts in outcomes.values())
    assert sum(counts.get("read", 0) for counts in outcomes.values()) > 100
