import numpy as np
import pytest

from tonewright.errors import UsageError
from tonewright.improvising.hearing import HOP, HOP_S
from tonewright.improvising.networks.load import load_agent
from tonewright.improvising.session.commands import Command, Timed
from tonewright.improvising.session.offline import play_through
from tonewright.improvising.session.performer import FADE_S, Performer
from tonewright.synths import synth

from .conftest import RATE_HZ, tones


@pytest.fixture(scope="module")
def made():
    player = synth("sine", RATE_HZ)
    return player, load_agent(player)


@pytest.fixture
def play(made):
    def run(sound, *score, seed=0):
        return play_through(
            Performer(*made, seed=seed), sound, [Timed(at, Command(*do)) for at, *do in score]
        )

    return run


def pitch(played, at_s):
    """The frequency that the sine is turned to, in Hz."""
    return float(synth("sine", RATE_HZ).controls.to_physical(played.controls[round(at_s / HOP_S)])[0])


class TestFollowing:
    def test_it_goes_where_the_musician_is(self, play):
        played = play(tones(220, 440, 880))
        for at_s, f in ((0.45, 220), (0.95, 440), (1.45, 880)):
            assert pitch(played, at_s) == pytest.approx(f, rel=0.06)

    def test_the_sound_is_what_the_controls_say(self, made, play):
        """Rendered again with what it turned, but for the fade at the beginning."""
        player, _agent = made
        played = play(tones(330, 500))
        first = player.controls.defaults().astype(np.float32)
        tracks = np.concatenate([first[None], played.controls])[None]
        again = player.voice(tracks[:, 0])
        rendered = []
        for hop in tracks[0, 1:]:
            again.turn(hop[None])
            rendered.append(again.render(HOP)[0])
        fade = round(FADE_S * RATE_HZ) + HOP
        sound = np.concatenate(rendered)[: len(played.sound)]
        np.testing.assert_array_equal(played.sound[fade:], sound[fade:])

    def test_it_is_a_function_of_what_is_heard_and_of_the_seed(self, play):
        sound = tones(220, 300, 700)
        score = (0.3, "remember", "a"), (0.6, "stance", "lead"), (1.2, "vary", "a")
        one, same, other = (play(sound, *score, seed=seed) for seed in (1, 1, 2))
        np.testing.assert_array_equal(one.sound, same.sound)
        assert (one.controls != other.controls).any()

    def test_silence_makes_it_silent(self, play):
        played = play(np.concatenate([tones(440), np.zeros(RATE_HZ, np.float32)]))
        assert np.abs(played.sound[RATE_HZ // 2 - 2_000 : RATE_HZ // 2]).max() > 0.05
        assert np.abs(played.sound[-RATE_HZ // 4 :]).max() < 2e-3  # −54 dB; below −60 dB is silence to it


class TestStances:
    def test_contrast_is_low_where_the_musician_is_high(self, play):
        low, high = (play(tones(f, seconds=1.0), (0.0, "stance", "contrast")) for f in (110, 1760))
        assert pitch(low, 0.95) > 2 * pitch(high, 0.95)

    def test_lead_plays_on_while_the_musician_is_silent(self, play):
        sound = np.concatenate([tones(220, 440, 660, 880), np.zeros(2 * RATE_HZ, np.float32)])
        follows, leads = play(sound), play(sound, (2.0, "stance", "lead"))
        rest = slice(round(2.2 * RATE_HZ), None)
        assert np.abs(follows.sound[rest]).max() < 2e-3
        assert np.sqrt(np.square(leads.sound[rest]).mean()) > 0.01

    def test_the_dial_slows_it_down_to_nothing(self, play):
        travels = [
            np.abs(np.diff(play(tones(220, 880), (0.0, "dial", dial)).controls, axis=0)).sum()
            for dial in (0.0, 0.3, 1.0)
        ]
        assert travels[0] == 0 < travels[1] < travels[2]


class TestCommands:
    def test_freeze_holds(self, play):
        played = play(tones(220, 880), (0.4, "freeze", True), (0.7, "freeze", False))
        frozen = played.controls[round(0.42 / HOP_S) : round(0.69 / HOP_S)]
        assert not np.ptp(frozen, axis=0).any()
        assert pitch(played, 0.95) == pytest.approx(880, rel=0.06)

    def test_back_goes_to_a_moment_and_stays_until_go(self, play):
        score = (0.45, "remember", "here"), (0.9, "back", "here"), (1.4, "go")
        played = play(tones(220, 880, 880, 880), *score)
        here = played.controls[round(0.45 / HOP_S)]
        np.testing.assert_allclose(played.controls[round(1.35 / HOP_S)], here, atol=0.03)
        assert pitch(played, 1.9) == pytest.approx(880, rel=0.06)

    def test_vary_goes_near(self, play):
        played = play(tones(220, 880, 880), (0.45, "remember", "here"), (0.9, "vary", "here"))
        off = played.controls[-1] - played.controls[round(0.45 / HOP_S)]
        assert 0.005 < np.abs(off).max() < 0.4

    @pytest.mark.parametrize(("ending", "begun"), [(("mute", False), ("mute", True)), (("go",), ("panic",))])
    def test_silence_comes_within_the_fade_and_without_a_click(self, play, begun, ending):
        played = play(tones(440, seconds=2.0), (1.0, *begun), (1.5, *ending))
        silent = slice(round((1.0 + FADE_S + HOP_S) * RATE_HZ), round(1.5 * RATE_HZ) - HOP)
        assert not played.sound[silent].any()
        assert np.abs(played.sound[-4_000:]).max() > 0.1
        steps = np.abs(np.diff(played.sound))
        around = slice(round(0.99 * RATE_HZ), round(1.1 * RATE_HZ))
        assert steps[around].max() <= 1.05 * steps[round(0.8 * RATE_HZ) : round(0.99 * RATE_HZ)].max()

    def test_panic_holds_and_mute_plays_on_unheard(self, play):
        sound = tones(220, 880)
        panicked, muted = play(sound, (0.45, "panic")), play(sound, (0.45, "mute", True))
        assert not np.ptp(panicked.controls[round(0.5 / HOP_S) :], axis=0).any()
        assert pitch(muted, 0.95) == pytest.approx(880, rel=0.06)

    def test_what_cannot_be_done_is_told_and_changes_nothing(self, play):
        sound = tones(220, 440)
        played = play(sound, (0.2, "back", "nowhere"))
        ((at_s, told),) = played.told
        assert at_s == pytest.approx(0.2, abs=HOP_S)
        assert told == "a moment is remembered before it is gone back to; got 'nowhere'; none is remembered"
        np.testing.assert_array_equal(played.sound, play(sound).sound)


def test_another_rate_is_refused(made):
    with pytest.raises(UsageError, match="44,100"):
        Performer(synth("sine", 48_000), made[1])
