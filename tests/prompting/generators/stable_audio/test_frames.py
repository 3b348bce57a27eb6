import io
import sys
import time

import numpy as np
import pytest

from tonewright.prompting.generators.stable_audio.link import DeadError, LateError, Link
from tonewright.prompting.generators.stable_audio.worker import read_frame, write_frame


def test_frames_follow_each_other_and_keep_every_sample():
    stream = io.BytesIO()
    samples = np.random.default_rng(0).standard_normal((2, 1_000), np.float32)
    write_frame(stream, {"prompt": "träger Baß\n", "steps": 3}, samples.tobytes())
    write_frame(stream, {})
    stream.seek(0)
    header, payload = read_frame(stream)
    assert header == {"prompt": "träger Baß\n", "steps": 3}
    np.testing.assert_array_equal(np.frombuffer(payload, np.float32).reshape(2, -1), samples)
    assert read_frame(stream) == ({}, b"")
    assert read_frame(stream) is None


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"\x01\x00", "ends early: 2 bytes of 8"),
        (b"\x05\x00\x00\x00\x00\x00\x00\x00{}", "ends early: 2 bytes of 5"),
        (b"\x02\x00\x00\x00\x04\x00\x00\x00{}abc", "ends early: 3 bytes of 4"),
        (b"Loading weights: 100%", "up to 1073741824 bytes"),
        (b"\x02\x00\x00\x00\x00\x00\x00\x00[]", "begins with a JSON object"),
    ],
)
def test_what_is_no_frame_is_told(content, complaint):
    with pytest.raises(ValueError, match=complaint):
        read_frame(io.BytesIO(content))


def other(script):
    return [sys.executable, "-c", script]


SAYS = """
import os, struct, sys
def say(text):
    os.write(1, struct.pack("<II", len(text), 0) + text)
"""


def test_a_process_answers_and_ends_with_its_input():
    echo = SAYS + "say(b'{}')\nwhile sys.stdin.buffer.read(10): say(b'[1]' if 0 else b'{\"a\": 1}')"
    link = Link(other(echo), ready_s=20.0)
    assert link.hello == {}
    assert link.ask({}, b"", 5.0) == ({"a": 1}, b"")
    process = link._process
    link.close()
    assert process.returncode == 0
    link.close()


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        (
            "import sys; print('no such model', file=sys.stderr); sys.exit(3)",
            "with exit code 3: no such model",
        ),
        ("import os; os.abort()", "ended by SIGABRT: it said nothing"),
        ("import os; os.kill(os.getpid(), 9)", "by SIGKILL; the system may have run out of memory"),
        ("print('Loading weights', flush=True); import time; time.sleep(60)", "said what is no answer"),
    ],
)
def test_a_process_that_dies_says_why(script, complaint):
    with pytest.raises(DeadError, match=complaint):
        Link(other(script), ready_s=20.0)


def test_a_process_that_is_silent_is_not_waited_for():
    begun = time.monotonic()
    with pytest.raises(LateError, match=r"no answer within 0.3 s, and was ended"):
        Link(other("import time; time.sleep(60)"), ready_s=0.3)
    assert time.monotonic() - begun < 10.0


def test_what_cannot_be_started():
    with pytest.raises(DeadError, match="cannot be started: no such file"):
        Link(["/nothing/python"], ready_s=1.0)
