"""What libmpg123 writes to the standard error stays off it; what others write there does not."""

import os
import subprocess
import sys
import threading
from contextlib import suppress

import numpy as np
import soundfile

from tonewright.audio import read
from tonewright.audio.quiet import without_chatter
from tonewright.errors import AudioError

CHATTER = (
    b"Warning: Xing stream size off by more than 1%, fuzzy seeking may be even more fuzzy than by design!\n"
    b"\nNote: Illegal Audio-MPEG-Header 0x00000000 at offset 123.\n"
    b"[src/libmpg123/layer3.c:INT123_do_layer3():1771] error: part2_3_length (2000) too large\n"
)


def test_lines_of_libmpg123_are_dropped_and_others_passed_on(capfd):
    with without_chatter():
        os.write(2, CHATTER + b"mine\n" + CHATTER + b"a warning: mine too\nlast")
    assert capfd.readouterr().err == "mine\na warning: mine too\nlast"


def test_threads_that_overlap_and_errors_restore_it(capfd):
    inside, done = threading.Event(), threading.Event()

    def other():
        with without_chatter():
            inside.set()
            done.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait(60)
    with suppress(ValueError), without_chatter():
        os.write(2, CHATTER + b"first\n")
        raise ValueError
    assert capfd.readouterr().err == ""
    done.set()
    thread.join()
    os.write(2, b"second\n")
    assert capfd.readouterr().err == "first\nsecond\n"


def test_a_process_without_standard_error_reads_all_the_same(tmp_path):
    soundfile.write(tmp_path / "a.mp3", np.zeros(9_000), 22_050)
    code = "import sys, tonewright as tw; print(tw.read(sys.argv[1]).frames)"
    command = ["sh", "-c", 'exec "$0" -c "$1" "$2" 2>&-', sys.executable, code, tmp_path / "a.mp3"]
    assert subprocess.check_output(command) == b"9000\n"


def test_damaged_mp3_files_say_nothing(tmp_path, capfd):
    """Each of these makes libmpg123 complain, or did."""
    rng = np.random.default_rng(3)
    path = tmp_path / "a.mp3"
    soundfile.write(path, 0.3 * rng.standard_normal((30_000, 2)), 44_100)
    data = path.read_bytes()
    refused = 0
    for _ in range(60):
        damaged = bytearray(data)
        for at in rng.integers(0, len(data), 8):
            damaged[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            read(path, partial=True)
            read(path)
        except AudioError:
            refused += 1
    assert refused < 60
    assert capfd.readouterr().err == ""
