"""Sessions whose sound Pd makes: with a real Pd, on a real JACK server."""

import gc
import os
import signal
import threading
import time

import numpy as np
import pytest

from tonewright.errors import SynthError, UsageError
from tonewright.features import hear
from tonewright.improvising.agent.loaded import Agent
from tonewright.improvising.hearing import HOP_S
from tonewright.improvising.networks.load import load_agent
from tonewright.improvising.session import opening
from tonewright.improvising.session.commands import Command
from tonewright.improvising.session.opening import Request, Show
from tonewright.improvising.session.sinks import PdSink
from tonewright.synths import synth
from tonewright.synths.pd.program import has_program

from ...synths.pd.jack import Recording, jack_server, with_jack
from .conftest import RATE_HZ, tones, wait

pytestmark = pytest.mark.timeout(60)
with_pd = pytest.mark.skipif(not has_program(), reason="needs Pure Data: apt-get install puredata-core")


@pytest.fixture(autouse=True)
def agent(monkeypatch):
    """The agent of the sine that is built in also plays the patch, which sounds the same."""
    network = load_agent(synth("sine", RATE_HZ))._network
    monkeypatch.setattr(opening, "load_agent", lambda player, folder: Agent(network, player))
    yield
    gc.collect()  # a show is a circle, and the Pd in which the agent hears itself goes with it


@pytest.fixture
def melody(tmp_path):
    import soundfile

    path = tmp_path / "melody.wav"
    soundfile.write(path, tones(220, 440, 880, seconds=1.2), RATE_HZ, subtype="FLOAT")
    return str(path)


@pytest.fixture
def start():
    """Starts a session, and ends it."""
    begun = []

    def begin(*arguments, **named):
        show = Show(Request(*arguments, **named))
        thread = threading.Thread(target=show.run)
        thread.start()
        begun.append((show, thread))
        return show, thread

    yield begin
    while begun:
        show, thread = begun.pop()
        show.session.stop()
        thread.join()
        show.close()


class TestSink:
    class Pd:
        def __init__(self):
            self.told = []

        def set(self, controls):
            self.told.append(controls)

        def level(self, level):
            self.told.append(level)

    def test_it_turns_the_controls_at_every_hop_and_tells_where_a_fade_goes_when_it_begins(self):
        pd = self.Pd()
        sink = PdSink(pd)
        controls = np.array([0.5, 0.25], np.float32)
        for level in (0.0, 0.1, 0.5, 1.0, 1.0, 0.9, 0.8, 0.9):
            sink.take(np.zeros(256, np.float32), controls, level)
        assert [one for one in pd.told if isinstance(one, list)] == [[0.5, 0.25]] * 8
        assert [one for one in pd.told if isinstance(one, float)] == [1.0, 1.0, 1.0, 0.0, 0.0, 1.0]


@with_pd
class TestOpening:
    def test_the_synth_is_a_patch(self, melody):
        with pytest.raises(UsageError, match=r"Pd plays its patch; got the synth 'sine', which is none"):
            Show(Request("sine", melody, "pd"))

    def test_options_of_pd(self, melody):
        with pytest.raises(SynthError, match=r"exit code 1\), with -nonesuch"):
            Show(Request("pd:sine", melody, "pd -nonesuch"))
        with pytest.raises(UsageError, match="close the quote"):
            Show(Request("pd:sine", melody, "pd 'x"))

    def test_a_pd_that_was_killed_is_counted_and_told_while_the_show_goes_on(self, start, melody):
        show, thread = start("pd:sine", melody, "pd -nosound", seconds=2.5)
        wait(lambda: show.session.hops > 50)
        os.kill(show.pd.pid, signal.SIGKILL)
        hops = show.session.hops
        wait(lambda: show.counters()["restarts"] == 1)
        wait(lambda: show.session.hops > hops + 10)
        thread.join()
        counters = show.counters()
        assert show.session.hops + counters["skipped_deadlines"] == pytest.approx(2.5 / HOP_S, abs=2)
        assert [words for _, words in show.events] == [
            "Pd has ended (signal SIGKILL); starting it again",
            "Pd plays again",
        ]
        assert show.facts()["output"] == "pd -nosound"


@pytest.fixture
def server(monkeypatch):
    with jack_server() as name:
        monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
        yield name


def played_s(show):
    """How far the musician is, hops included that a busy machine left out."""
    return (show.session.hops + show.counters()["skipped_deadlines"]) * HOP_S


@with_pd
@with_jack
def test_pd_follows_on_jack_and_is_silent_after_panic(server, start, melody, tmp_path):
    show, thread = start("pd:sine", melody, "pd")
    with Recording(tmp_path, server, 3.6) as recording:
        begin_s = time.monotonic() - played_s(show)
        wait(lambda: played_s(show) > 3.4, 12)
        show.session.command(Command("panic"))
        told_s = time.monotonic()
    thread.join()
    for number, hz in ((1, 440), (2, 880)):
        end_s = begin_s + 1.2 * (number + 1) - 0.3
        some = recording.between(end_s - 0.3, end_s)
        assert np.median(hear(some, RATE_HZ, "pitch_f0").values[..., 0]) == pytest.approx(hz, rel=0.06)
    assert np.abs(recording.between(told_s - 0.1, told_s)).max() > 0.05
    assert not recording.between(told_s + 0.15, told_s + 9).any()
