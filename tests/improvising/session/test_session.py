"""What a session does with ticks, sources and failures, step by step and without a clock."""

import threading

import numpy as np
import pytest

from tonewright.errors import AudioError, SynthError
from tonewright.improvising.hearing import HOP, HOP_S
from tonewright.improvising.networks.load import load_agent
from tonewright.improvising.session.card.exchange import Exchange
from tonewright.improvising.session.commands import Command, Timed
from tonewright.improvising.session.performer import FADE_S, Performer
from tonewright.improvising.session.session import STALL_S, Session
from tonewright.improvising.session.sources import CardSource, FileSource
from tonewright.improvising.session.ticking import FreeTicks
from tonewright.synths import synth

from .conftest import RATE_HZ, tones

STALL_HOPS = round(STALL_S / HOP_S)
FADE_HOPS = -(-round(FADE_S * RATE_HZ) // HOP)


@pytest.fixture(scope="module")
def made():
    player = synth("sine", RATE_HZ)
    return player, load_agent(player)


class Ticks:
    """Ticks as they are listed: how many hops are due each time."""

    def __init__(self, *due):
        self.due = list(due)
        self.session = None

    def wait(self, seconds):
        assert seconds == STALL_S
        if len(self.due) == 1:
            self.session.stop()
        return self.due.pop(0)


class Frames:
    """A source of descriptors that come when they are told to."""

    def __init__(self, frame, comes):
        self._frame, self._comes = frame, list(comes)
        self.came = self.dropped = 0
        self.ended = False

    def hear(self, due, ears):
        if self._comes.pop(0):
            self.came += 1
            ears.take(self._frame)
        self.ended = not self._comes


class Kept:
    def __init__(self):
        self.sounds, self.controls, self.levels = [], [], []

    def take(self, sound, controls, level):
        self.sounds.append(sound.copy())
        self.controls.append(controls.copy())
        self.levels.append(level)

    def close(self):
        pass


def play(made, ticks, source, **options):
    kept, told = Kept(), []
    session = Session(Performer(*made), ticks, source, [kept], tell=told.append, **options)
    if isinstance(ticks, Ticks):
        ticks.session = session
    session.run()
    return session, kept, told


def test_after_a_stall_the_newest_hop_is_heard_and_the_others_are_counted(made):
    sound = tones(220, 440)
    source = FileSource(sound)
    session, kept, _ = play(made, Ticks(1, 1, 5, 1), source)
    assert (session.hops, source.came, source.dropped) == (4, 8, 4)
    assert len(kept.sounds) == 4
    measured = Performer(*made).musician
    for hop in (0, 1, 6, 7):
        measured.hear(sound[hop * HOP : (hop + 1) * HOP])
    np.testing.assert_array_equal(session.performer.musician.values, measured.values)


def test_no_tick_is_told_once_and_that_it_goes_on(made):
    session, _, told = play(made, Ticks(1, 0, 0, 0, 1, 1), FileSource(tones(220)))
    assert told == ["no sound goes in or out for 50 ms; waiting", "it goes on, after 50 ms"]
    assert (session.hops, session.stalls) == (3, 1)


def test_who_is_not_heard_any_more_is_waited_for_in_silence(made):
    frame = Performer(*made).musician.measured.copy()
    frame[:3] = -20.0, 800.0, -40.0
    comes = [True] * 40 + [False] * (STALL_HOPS + FADE_HOPS + 20) + [True] * 40
    session, kept, told = play(made, FreeTicks(), Frames(frame, comes))
    away = 40 + STALL_HOPS
    assert kept.levels[39] == 1.0
    assert kept.levels[away + FADE_HOPS] == 0.0
    assert not np.any(kept.sounds[away + FADE_HOPS])
    assert not np.ptp(kept.controls[away : away + FADE_HOPS + 20], axis=0).any()
    assert kept.levels[-1] == 1.0
    assert told == [
        "nothing is heard of the musician for 50 ms; waiting", "the musician is heard again",
    ]  # fmt: skip
    assert [(hop, one.value) for hop, one in session.done] == [(away - 1, True), (len(comes) - 40, False)]
    steps = np.abs(np.diff(np.concatenate(kept.sounds[20:])))
    assert steps.max() <= 1.05 * max(steps[: 20 * HOP].max(), steps[-20 * HOP :].max())


class Failing:
    """An agent that fails for some hops."""

    def __init__(self, agent, hops, error):
        self._agent, self._hops, self._error, self._at = agent, hops, error, 0
        self.config, self.scales, self.columns = agent.config, agent.scales, agent.columns

    def alone(self):
        whole = self._agent.alone()

        def act(observations):
            self._at += 1
            if self._at in self._hops:
                raise self._error
            return whole(observations)

        return act


@pytest.mark.parametrize("error", [AudioError("broken"), ZeroDivisionError("broken")])
def test_a_hop_that_fails_holds_fades_and_comes_back(made, error):
    failing = Failing(made[1], range(100, 120), error)
    session, kept, told = play((made[0], failing), FreeTicks(), FileSource(tones(440, seconds=2.0)))
    assert told == ["broken; the controls are held"]
    assert session.failures == 20
    sound = np.concatenate(kept.sounds)
    first = 99 * made[1].config.hops_per_step  # an action is decided once in so many hops
    assert not sound[(first + 1) * HOP : (first + 20) * HOP].any()
    assert np.abs(sound[(first + 40) * HOP :]).max() > 0.05
    usual = np.abs(np.diff(sound[(first - 40) * HOP : first * HOP])).max()
    assert np.abs(np.diff(sound[(first - 1) * HOP :])).max() <= 2 * usual


def test_commands_of_a_score_come_before_the_hop_they_fall_in(made):
    times_s = (0.0, 10.2 * HOP_S, 10.9 * HOP_S, 1e6)
    score = [Timed(at_s, Command("remember", str(at_s))) for at_s in times_s]
    session, _, told = play(made, FreeTicks(), FileSource(tones(220)), score=score)
    assert [hop for hop, _ in session.done] == [0, 10, 10]
    assert told == ["1 command of the score came after the end"]


def test_a_flood_of_commands_is_one(made):
    session = Session(Performer(*made), FreeTicks(), FileSource(tones(220)), [])
    for number in range(1_000):
        session.command(Command("dial", number / 1_000))
        session.command(Command("remember", "a"))
        session.command(Command("mute", number % 2))
    session.run(seconds=2 * HOP_S)
    done = [command for _, command in session.done]
    assert len(done) == 1_002
    assert done[-3:] == [Command("dial", 0.999), Command("remember", "a"), Command("mute", True)]


def test_a_session_lasts_as_long_as_asked_and_is_stopped_from_outside(made):
    kept = Kept()
    session = Session(Performer(*made), FreeTicks(), FileSource(tones(220)), [kept])
    session.run(seconds=10 * HOP_S)
    assert session.hops == 10
    endless = Session(Performer(*made), FreeTicks(), Frames(None, [False] * 10**7), [kept])
    thread = threading.Thread(target=endless.run)
    thread.start()
    endless.stop()
    thread.join(5.0)
    assert not thread.is_alive()


def test_hops_with_nan_are_heard_as_silence(made):
    exchange = Exchange()
    source = CardSource(exchange)
    ears = Performer(*made).musician
    exchange.give_in(np.full(HOP, np.nan, np.float32))
    assert not source.hear(1, ears).any()
    assert source.not_finite == 1
    assert np.isfinite(ears.values).all()


def test_hops_that_cannot_be_heard_do_not_end_the_show(made):
    """Samples far beyond full scale, as a broken driver gives them."""
    hops = tones(440, seconds=1.0)[: 160 * HOP].reshape(-1, HOP).copy()
    hops[80:85] = 1e6
    exchange = Exchange()

    class Blocks:
        def wait(self, seconds):
            exchange.give_in(hops[self.session.hops])
            if self.session.hops == len(hops) - 1:
                self.session.stop()
            return 1

    ticks, kept, told = Blocks(), Kept(), []
    ticks.session = Session(Performer(*made), ticks, CardSource(exchange), [kept], tell=told.append)
    ticks.session.run()
    assert (ticks.session.hops, ticks.session.failures) == (160, 5)
    assert len(told) == 1
    assert told[0].endswith("the controls are held")
    assert not np.any(kept.sounds[81:85])
    assert np.abs(kept.sounds[-1]).max() > 0.05


def test_a_voice_that_cannot_be_made_again_is_tried_again(made, monkeypatch):
    performer = Performer(*made)

    def fail():
        raise SynthError("no voice")

    monkeypatch.setattr(performer, "play", fail)
    monkeypatch.setattr(performer, "recover", fail)
    session = Session(performer, FreeTicks(), FileSource(tones(220, seconds=0.1)), [Kept()])
    session.run()
    assert session.failures == session.hops == 18
