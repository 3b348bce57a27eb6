"""Sessions in real time, on a real JACK server."""

import json
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from tonewright.errors import DeviceError
from tonewright.features import hear
from tonewright.improvising.hearing import HOP, HOP_S
from tonewright.improvising.session.commands import Command
from tonewright.improvising.session.kept.folder import read_session, replay
from tonewright.improvising.session.opening import Request, Show

from ...synths.pd.jack import NAMES, jack_server, started, with_jack
from .conftest import RATE_HZ, tones, wait

pytestmark = [pytest.mark.timeout(60), with_jack]


def start(show):
    thread = threading.Thread(target=show.run)
    thread.start()
    return thread


def pitch_hz(sound, at_s):
    some = sound[round((at_s - 0.15) * RATE_HZ) : round(at_s * RATE_HZ)]
    return float(np.median(hear(some, RATE_HZ, "pitch_f0").values[..., 0]))


def test_the_server_is_listed(jack):
    words = [sys.executable, "-m", "tonewright", "play", "--devices", "--json"]
    found = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    assert any("JACK" in one["system"] and one["inputs"] and one["outputs"] for one in found)


@pytest.fixture
def played(musician, tmp_path):
    """A session in which a musician plays three tones, with commands, and what it left."""
    show = Show(Request("sine", "default", "default", seconds=3.0, folder=tmp_path / "session"))
    thread = start(show)
    musician.connect()
    musician.play(tones(220, 440, 880, seconds=0.7))
    time.sleep(1.2)
    show.session.command(Command("remember", "a"))
    show.session.command(Command("stance", "contrast"))
    thread.join()
    fields = show.close()
    return fields, musician.heard, tmp_path / "session"


def test_a_session_follows_and_can_be_played_again_to_the_sample(played):
    fields, heard, folder = played
    assert fields["hops"] * HOP_S == pytest.approx(3.0, abs=HOP_S)
    kept = read_session(folder)
    assert [command.do for _, command in kept.commands] == ["remember", "stance"]
    agent, again = kept.sound("agent"), replay(kept)
    np.testing.assert_array_equal(agent, again.sound)
    f0_hz = hear(kept.sound("musician"), RATE_HZ, "pitch_f0", window=1024, hop=HOP).values[..., 0].ravel()
    first, last = np.flatnonzero(np.abs(f0_hz - 220) < 3)[0], np.flatnonzero(np.abs(f0_hz - 440) < 3)[0]
    if (last - first) * HOP_S > 0.5:  # so much of the tone was heard, however busy the machine is
        assert pitch_hz(agent, (last - 5) * HOP_S) == pytest.approx(220, rel=0.06)
    # What came out of the server is what was recorded, but for hops that came too late.
    counters = kept.counters
    blocks = {block.tobytes() for block in agent.reshape(-1, HOP)}
    sounding = [
        block for block in heard[: len(heard) // HOP * HOP].reshape(-1, HOP) if np.abs(block).max() > 0.05
    ]
    strange = sum(block.tobytes() not in blocks for block in sounding)
    assert len(sounding) > 100
    assert strange <= 2 * counters["underruns"] + counters["overruns"] + 2


def test_when_the_server_dies_the_session_waits_and_goes_on(jack, monkeypatch):
    """As when a card is unplugged: what has it ends alone, and another one takes its place."""
    server, name = started(NAMES)
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    show = Show(Request("sine", "default", "default"))
    thread = start(show)
    try:
        wait(lambda: show.session.hops > 20)
        stalls = show.session.stalls
        server.kill()
        server.wait()
        wait(lambda: not show.device.active)
        wait(lambda: show.session.stalls > stalls)
        stopped_at = show.session.hops
        assert not show.device.reopen()
        server, _ = started([name])
        assert show.device.reopen()
        wait(lambda: show.session.hops > stopped_at + 20)
        waited, went_on = [words for _, words in show.events][-2:]
        assert waited == "no sound goes in or out for 50 ms; waiting"
        assert went_on.startswith("it goes on, after ")
    finally:
        show.session.stop()
        thread.join()
        show.close()
        server.kill()
        server.wait()


def test_another_device_is_told_before_the_show(jack):
    with pytest.raises(
        DeviceError, match=r"cannot open 'no such card' as input: .*; choose one of those .*--devices"
    ):
        Show(Request("sine", "no such card", "default"))


def test_a_device_at_another_rate_is_told_before_the_show(jack, monkeypatch):
    with jack_server(rate_hz=48_000) as other:
        monkeypatch.setenv("JACK_DEFAULT_SERVER", other)
        with pytest.raises(
            DeviceError,
            match=r"^cannot open 'default' at 44,100 Hz: .*Invalid sample rate.*set it to that rate",
        ):
            Show(Request("sine", "default", "default"))


@pytest.mark.parametrize("period", [64, 1024])
def test_cards_with_other_blocks_lose_nothing(jack, monkeypatch, period):
    with jack_server(period=period) as name:
        monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
        show = Show(Request("sine", "default", "default", seconds=2.0))
        show.run()
        counters = show.close()["counters"]
    assert counters["dropped_hops"] <= 16
    assert counters["stalls"] == 0
    assert counters["underruns"] <= 16  # the first block, and one for each time that the machine was busy
