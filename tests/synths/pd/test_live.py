"""A patch played live by Pd: fed, watched, started again, ended; and its sound on a JACK server."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tonewright.errors import SynthError
from tonewright.synths import synth
from tonewright.synths.pd import live as live_module
from tonewright.synths.pd.host import ORPHANED_S, host_patch
from tonewright.synths.pd.live import LivePd

from .jack import RATE_HZ, Recording, jack_server, ports, with_jack
from .patches import with_pd, write_patch

pytestmark = with_pd

PRINTING = """
inlet
print got
sig~ 0
outlet~
"""
SETTING, HZ, PEAK = [0.5, 0.5], 40 * 2**3.5, 0.25


@pytest.fixture
def start():
    """Starts a patch, without sound unless told otherwise, and ends it; with `told` and `pids`."""
    begun = []

    def begin(name, controls, options=("-nosound",)):
        made, told = synth(f"pd:{name}"), []
        one = LivePd(made.patch, made.description, controls, options=options, tell=told.append)
        one.told = told
        begun.append(one)
        return one

    yield begin
    for one in begun:
        one.close()


@pytest.fixture
def printing(tmp_path):
    return write_patch(tmp_path / "patch folder", PRINTING, "0 1,2 3")


def until(condition, seconds=3.0):
    """How long it took until something was so."""
    begin_s = time.monotonic()
    while not condition():
        assert time.monotonic() < begin_s + seconds, f"not within {seconds} s"
        time.sleep(0.01)
    return time.monotonic() - begin_s


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (
        Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
        if sys.platform == "linux"
        else True
    )


class TestWithoutSound:
    def test_the_patch_gets_its_controls_at_once_and_when_they_are_turned(self, start, printing):
        one = start(printing, [0.125, 1])
        until(lambda: "got: 0.125 1" in one.said)
        one.set(np.array([0.25, 1e-5], np.float32))
        until(lambda: "got: 0.25 1e-05" in one.said, 0.5)

    def test_one_control_is_a_float(self, start, tmp_path):
        one = start(write_patch(tmp_path, PRINTING, "0 1,2 3", controls=("level",)), [0.5])
        until(lambda: "got: 0.5" in one.said)

    def test_a_pd_that_was_killed_is_there_again_with_the_controls(self, start, printing):
        one = start(printing, [0, 0])
        one.set([0.75, 0.5])
        first = one.pid
        os.kill(first, signal.SIGKILL)
        assert until(lambda: one.restarts == 1) < 3
        assert one.pid != first
        until(lambda: "got: 0.75 0.5" in one.said)
        assert one.told == ["Pd has ended (signal SIGKILL); starting it again", "Pd plays again"]

    def test_it_is_started_once_a_second_at_most(self, start, printing):
        one = start(printing, [0, 0])
        begin_s = time.monotonic()
        for count in (1, 2):
            os.kill(one.pid, signal.SIGKILL)
            until(lambda count=count: one.restarts == count)
        assert time.monotonic() - begin_s > 1.9

    def test_a_pd_that_hangs_is_started_again(self, start, printing):
        one = start(printing, [0, 0])
        hung = one.pid
        os.kill(hung, signal.SIGSTOP)
        assert 1 < until(lambda: one.restarts == 1) < 2.5
        assert one.told[0] == "Pd has not answered for 1 s; starting it again"
        assert not alive(hung)

    def test_a_patch_that_broke_meanwhile_is_told_once_and_tried_until_it_works(self, start, tmp_path):
        path = write_patch(tmp_path, PRINTING, "0 1,2 3")
        whole = path.read_text()
        one = start(path, [0, 0])
        path.write_text(whole.replace("print got", "nonesuch"))
        os.kill(one.pid, signal.SIGKILL)
        until(lambda: len(one.told) == 2)
        time.sleep(1.5)
        path.write_text(whole)
        until(lambda: one.restarts == 1)
        assert "[nonesuch]" in one.told[1]
        assert one.told[1].endswith("trying again every second")
        assert one.told[2:] == ["Pd plays again"]

    def test_closing_leaves_nothing(self, start, printing):
        one = start(printing, [0, 0])
        pid, folder = one.pid, one._folder
        assert folder.is_dir()
        begin_s = time.monotonic()
        one.close()
        assert time.monotonic() - begin_s < 1
        assert not alive(pid)
        assert not folder.exists()
        one.set([1, 1])  # too late, and no harm
        one.close()
        assert one.told == []

    def test_closing_does_not_wait_for_a_pd_that_is_being_started(self, start, printing):
        one = start(printing, [0, 0])
        os.kill(one.pid, signal.SIGKILL)
        until(lambda: one.told)
        begin_s = time.monotonic()
        one.close()
        assert time.monotonic() - begin_s < 1
        assert one.pid == 0 or not alive(one.pid)

    def test_pd_ends_by_itself_when_nobody_pings(self, printing):
        script = (
            "import os, sys, time; from tonewright.synths import synth\n"
            "from tonewright.synths.pd.live import LivePd; made = synth('pd:' + sys.argv[1])\n"
            "one = LivePd(made.patch, made.description, [0, 0], options=('-nosound',))\n"
            "print(one.pid, flush=True); time.sleep(60)"
        )
        owner = subprocess.Popen(
            [sys.executable, "-c", script, str(printing)], stdout=subprocess.PIPE, text=True
        )
        pid = int(owner.stdout.readline())
        owner.kill()
        owner.communicate()
        assert alive(pid)
        until(lambda: not alive(pid), ORPHANED_S + 2)

    def test_a_process_that_forgets_to_close_ends_pd(self, printing):
        script = (
            "import sys; from tonewright.synths import synth\n"
            "from tonewright.synths.pd.live import LivePd; made = synth('pd:' + sys.argv[1])\n"
            "one = LivePd(made.patch, made.description, [0, 0], options=('-nosound',))\n"
            "print(one.pid)"
        )
        run = subprocess.run([sys.executable, "-c", script, str(printing)], capture_output=True, text=True)
        assert (run.returncode, run.stderr) == (0, "")
        assert not alive(int(run.stdout))


class TestRefused:
    def test_a_patch_with_an_object_that_is_not_there(self, start, tmp_path):
        path = write_patch(tmp_path, PRINTING.replace("print got", "nonesuch 3"), "0 1,2 3")
        with pytest.raises(SynthError, match=r"\[nonesuch 3\].*install the external"):
            start(path, [0, 0])

    def test_a_patch_that_never_ends_to_load(self, start, tmp_path, monkeypatch):
        monkeypatch.setattr(live_module, "LOADS_S", 1.0)
        path = write_patch(tmp_path, "inlet\nloadbang\nuntil\nsig~ 0\noutlet~", "1 2,3 4")
        with pytest.raises(SynthError, match=r"it has not answered for 1 s, with -nosound"):
            start(path, [0, 0])

    def test_options_that_pd_does_not_know(self, start, printing):
        with pytest.raises(SynthError, match=r"it has ended \(exit code 1\), with -nonesuch"):
            start(printing, [0, 0], ("-nonesuch",))

    def test_a_jack_server_that_is_not_there(self, start, printing, monkeypatch):
        monkeypatch.setenv("JACK_DEFAULT_SERVER", "nonesuch")
        with pytest.raises(SynthError, match=r"it has no audio output \(it says: JACK: .*\), with -jack"):
            start(printing, [0, 0], ("-jack",))

    def test_no_pd(self, printing, monkeypatch):
        made = synth(f"pd:{printing}")
        monkeypatch.setenv("TONEWRIGHT_PD", "/nonesuch")
        with pytest.raises(SynthError, match="needs Pure Data"):
            LivePd(made.patch, made.description, [0, 0])


def test_the_host_patch_has_vanilla_objects_alone():
    boxes = {
        line.split()[4].rstrip(";") for line in host_patch("X", [0, 2], 1, 2, 0).splitlines() if "obj" in line
    }
    vanilla = "route netreceive *~ expr~ clip~ dac~ line~ change pack t netsend delay loadbang s"
    assert boxes == {"X", *vanilla.split()}


@pytest.fixture(scope="module")
def running():
    with jack_server() as name:
        yield name


@pytest.fixture
def server(running, monkeypatch):
    """The name of a JACK server, which is Pd's."""
    monkeypatch.setenv("JACK_DEFAULT_SERVER", running)
    return running


@with_jack
class TestOnJack:
    def test_pitch_and_level(self, server, start, tmp_path):
        one = start("sine", SETTING, None)  # which finds the server by itself
        assert "tonewright:output_1" in ports(server)
        assert "tonewright:input_1" not in ports(server)
        with Recording(tmp_path, server, 2.0) as recording:
            time.sleep(0.3)
            silent_s = time.monotonic()
            one.level(1.0)
            time.sleep(0.5)
            first_s = time.monotonic()
            time.sleep(0.4)
            one.set([0.5 + 1 / 7, 0.5])  # an octave up
            time.sleep(0.2)
            second_s = time.monotonic()
        assert not recording.between(0, silent_s).any()
        check_tone(recording.between(first_s, first_s + 0.35), HZ)
        check_tone(recording.between(second_s, second_s + 0.35), 2 * HZ)

    def test_it_fades_out_within_50_ms(self, server, start, tmp_path):
        one = start("sine", [1.0, 1.0], None)
        told_s = []
        with Recording(tmp_path, server, 2.6) as recording:
            for _ in range(4):
                one.level(1.0)
                time.sleep(0.3)
                told_s.append(time.monotonic())
                one.level(0.0)
                time.sleep(0.3)
        took_s, later_s = [], []
        for begin_s in told_s:
            fade = recording.between(begin_s - 0.01, begin_s + 0.29)
            last = np.flatnonzero(fade)[-1]
            loud = np.flatnonzero(np.abs(fade) > 0.97)[-1]
            took_s.append((last - loud) / RATE_HZ)
            later_s.append(recording.after_s(begin_s, last, 0.01))
        # The best of some, because a busy machine stops now and then.
        assert 0.045 < min(took_s) <= 0.050
        assert min(later_s) < 0.090  # with the buffers of Pd, of the server and of the recorder

    def test_a_pd_that_was_killed_sounds_again(self, server, start, tmp_path):
        one = start("sine", [0, 0], None)
        one.set(SETTING)
        one.level(1.0)
        with Recording(tmp_path, server, 4.5) as recording:
            time.sleep(1.0)
            killed_s = time.monotonic()
            os.kill(one.pid, signal.SIGKILL)
            until(lambda: one.restarts == 1)
        check_tone(recording.between(killed_s - 0.3, killed_s - 0.1), HZ)
        check_tone(recording.between(killed_s + 2.5, killed_s + 2.9), HZ)
        assert one.told == ["Pd has ended (signal SIGKILL); starting it again", "Pd plays again"]

    def test_it_is_there_again_after_the_server_was(self, start, monkeypatch):
        with jack_server() as name:
            monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
            one = start("sine", SETTING, None)
        until(lambda: one.told)
        assert "no audio output" in one.told[0]
        with jack_server(name):
            until(lambda: one.restarts == 1, 5)
            assert "tonewright:output_1" in ports(name)
            one.close()

    def test_what_is_no_number_is_silence(self, server, start, tmp_path):
        path = write_patch(tmp_path, "inlet\nexpr~ 1/0 - 1/0*0\noutlet~", "1 2", controls=("level",))
        one = start(path, [0.5], None)
        one.level(1.0)
        with Recording(tmp_path, server, 0.5) as recording:
            pass
        assert len(recording.samples) > 0.3 * RATE_HZ
        assert not recording.samples.any()


def check_tone(samples, hz):
    """Assert the pitch within 10 cents and the level within half a decibel, most of the time.

    A busy machine drops samples now and then, which is not what is tested here: medians pass over it.
    """
    blocks = samples[: len(samples) // 441 * 441].reshape(-1, 441).astype(float)
    assert len(blocks) >= 10
    middle = blocks[:, 1:-1]
    cosine = np.sum(middle * (blocks[:, 2:] + blocks[:, :-2]), 1) / np.maximum(2 * np.sum(middle**2, 1), 1e-9)
    found_hz = np.median(np.arccos(np.clip(cosine, -1, 1))) * RATE_HZ / (2 * np.pi)
    assert abs(1200 * np.log2(found_hz / hz)) < 10
    level = np.sqrt(2 * np.median(np.mean(blocks**2, axis=1)))
    assert abs(20 * np.log10(level / PEAK)) < 0.5
