import json
import re
import shutil

import numpy as np
import pytest
import soundfile

from tonewright.errors import SessionError
from tonewright.improvising.hearing import HOP_S
from tonewright.improvising.session.kept import report as module
from tonewright.improvising.session.kept.folder import read_session
from tonewright.improvising.session.kept.moments import moments
from tonewright.improvising.session.kept.page import report_html
from tonewright.improvising.session.kept.report import report
from tonewright.improvising.session.opening import Request, Show

from ....reports.reading import Page, wavs, without_data

RATE_HZ = 44_100
HOSTILE = "<script>alert('x')</script>&"
COMMANDS = [
    (0.5, "stance", "lead"),
    (1.0, "remember", HOSTILE),
    (1.5, "vary", HOSTILE),
    (2.0, "back", "nowhere"),  # which is an event
    (2.25, "dial", 0.9),
    (2.3, "dial", 0.4),
    (2.5, "go", None),
]
WORK, CLOCK = "How long hops took", "How late hops began"


def play(folder, seconds=3.0, commands=COMMANDS):
    """A session from file to file, kept in `folder / "session"`."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    sound = 0.3 * np.sin(2 * np.pi * np.where(time_s < 1, 220, 440) * time_s)
    soundfile.write(folder / "in.wav", sound.astype(np.float32), RATE_HZ, "FLOAT")
    score = {
        "format": "tonewright-play-score",
        "format_version": 1,
        "commands": [{"at_s": at_s, "do": do, "value": value} for at_s, do, value in commands],
    }
    (folder / "score.json").write_text(json.dumps(score))
    show = Show(
        Request(
            synth="sine",
            input=str(folder / "in.wav"),
            output=str(folder / "out.wav"),
            folder=folder / "session",
            score=folder / "score.json",
        )
    )
    show.run()
    for event in show.events:
        show.log.tell(*event)
    show.close()
    return folder / "session"


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    return play(tmp_path_factory.mktemp("played"))


@pytest.fixture(scope="module")
def found(played):
    done = []
    found = report(read_session(played), progress=done.append)
    assert sum(done) == pytest.approx(1)
    return found


@pytest.fixture
def changed(played, tmp_path):
    """A copy whose session.json says something else."""

    def change(**fields):
        folder = tmp_path / "changed"
        shutil.copytree(played, folder, dirs_exist_ok=True)
        path = folder / "session.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))
        return folder

    return change


def drawings(page):
    return [one["aria-label"] for one in page.all("svg") if "aria-label" in one]


class TestPlayingAgain:
    def test_it_gives_the_same_samples(self, found):
        facts = json.loads(json.dumps(found.facts(), allow_nan=False))
        assert facts["same"] is True
        assert facts["differs_from_s"] is facts["largest_difference"] is None
        assert facts["outcome"] == found.same == "Played again, it gives the same samples."
        assert facts["hops"] == -(-3 * RATE_HZ // 256)
        assert facts["seconds"] == facts["shown_s"] == pytest.approx(facts["hops"] * HOP_S, abs=1e-4)
        assert (facts["commands"], facts["events"]) == (6, 1)
        assert facts["counters"]["failures"] == 0

    def test_a_changed_sample_is_found(self, changed):
        folder = changed()
        sound, _ = soundfile.read(folder / "agent.wav", dtype="float32")
        sound[70_000] += 0.1
        soundfile.write(folder / "agent.wav", sound, RATE_HZ, "FLOAT")
        found = report(read_session(folder))
        assert found.facts()["same"] is False
        assert found.differs_from_s == 70_000 / RATE_HZ
        assert found.largest_difference == pytest.approx(0.1, abs=1e-6)
        assert found.same.startswith("Played again, it differs from 1.59 s on, by −20 dBFS at most: nothing")
        page = Page(report_html(found))
        assert found.same in page.text.replace("\u00a0", " ")
        assert "differs" in page.texts  # the mark

    def test_a_recording_that_lacks_its_end_differs_there(self, changed):
        folder = changed()
        sound, _ = soundfile.read(folder / "agent.wav", dtype="float32")
        soundfile.write(folder / "agent.wav", sound[:90_000], RATE_HZ, "FLOAT")
        found = report(read_session(folder))
        assert found.differs_from_s == 90_000 / RATE_HZ
        assert found.largest_difference == 0

    def test_another_seed_differs_from_what_is_random_on(self, changed):
        folder = changed(seed=1, counters={"failures": 2, "recording_dropped": 1, "stalls": 0})
        found = report(read_session(folder))
        assert found.same_samples is False
        assert 1.49 < found.differs_from_s < 1.6
        assert "when it was played, 2 hops failed and 1 hop was not recorded" in found.same
        assert "stall" not in found.same

    def test_another_agent_is_shown_from_the_recordings(self, changed):
        found = report(read_session(changed(agent_sha256="0" * 64)))
        assert found.facts()["same"] is None
        assert "the agent was trained anew since." in found.same
        page = Page(report_html(found))
        assert "the agent was trained anew since." in page.text
        assert len(page.all("audio")) == 2
        assert "Pitch over time: the musician, the agent" in drawings(page)
        assert not [one for one in drawings(page) if one.startswith("frequency_hz")]

    def test_a_synth_that_is_gone_is_shown_too(self, changed):
        found = report(read_session(changed(synth=HOSTILE)))
        assert found.same_samples is None
        document = report_html(found)
        page = Page(document)
        assert "<script>alert" not in document
        assert f"A session with {HOSTILE}" in page.text
        assert "Brightness over time: the musician, the agent" in drawings(page)

    def test_of_descriptors_alone_the_agent_is_heard(self, changed):
        found = report(read_session(changed(input="osc")))
        assert found.same_samples is None
        assert [side.name for side in found.sides] == ["agent"]
        page = Page(report_html(found))
        assert "sent descriptors and no sound" in page.text
        assert len(page.all("audio")) == 1
        assert "Pitch over time: the agent" in drawings(page)

    def test_without_recordings_there_are_the_tables(self, changed):
        folder = changed(recording="disk is full")
        for side in ("musician", "agent"):
            (folder / f"{side}.wav").unlink()
        page = Page(report_html(report(read_session(folder))))
        assert "There is no recording of the agent" in page.text
        assert "Nothing was recorded" in page.text
        assert "ended early: disk is full." in page.text
        assert "stance" in page.texts


class TestPage:
    def test_it_is_whole_and_needs_nothing_else(self, found):
        document = report_html(found)
        page = Page(document)  # which checks the nesting
        assert page.text.count("A session with sine") == 2
        bare = without_data(document)
        assert not re.search(r"https?://", bare)
        assert not re.search(r"""(src|href)=["'](?!data:|#)""", bare)
        assert "<script>alert" not in document

    def test_both_sides_are_heard_and_what_was_heard_and_turned_is_drawn(self, found):
        page = Page(report_html(found))
        held, rate = wavs(page)
        assert rate == RATE_HZ
        gain = np.abs(held[1]).max() / np.abs(found.sides[1].sound).max()
        for one, side in zip(held, found.sides, strict=True):
            np.testing.assert_allclose(one[:-500], gain * side.sound[:-500], atol=2e-4)
        for title in ("Loudness in dBFS", "Pitch", "Brightness"):
            assert f"{title} over time: the musician, the agent" in drawings(page)
        for control in ("frequency_hz", "amplitude"):
            assert f"{control} over time: the agent" in drawings(page)

    def test_curves_are_where_the_sounds_are(self, found):
        agent, musician = found.sides
        assert (agent.name, musician.name) == ("agent", "musician")
        pitch = musician.traces["pitch_f0_hz"]
        assert pitch[round(0.5 / HOP_S)] == pytest.approx(220, rel=0.01)
        assert pitch[round(1.5 / HOP_S)] == pytest.approx(440, rel=0.01)
        assert len(pitch) == len(found.turned) == found.kept.hops

    def test_commands_and_events_are_at_their_times(self, found):
        page = Page(report_html(found))
        text = page.text.replace("\u00a0", " ")
        for words in (
            "1 0.50 s stance lead",
            f"2 1.00 s remember {HOSTILE}",
            "5 2.25 to 2.30 s dial 0.9 to 0.4, in 2 turns",
            "6 2.50 s go –",
            "4 2.00 s a moment is remembered before it is gone back to; got 'nowhere'",
        ):
            assert words in text
        lines = [one["style"] for one in page.all("i") if one.get("class", "").startswith("mark line")]
        at = sorted(float(re.search(r"--at:([\d.]+)", style)[1]) for style in lines[:6])
        assert at == pytest.approx([t / found.shown_s for t in (0.5, 1.0, 1.5, 2.0, 2.25, 2.5)], abs=3e-3)

    def test_hostile_names_are_text(self, changed):
        folder = changed(input=HOSTILE, output=f"{HOSTILE}\n", agent=HOSTILE)
        with (folder / "log.jsonl").open("a") as log:
            log.write(json.dumps({"at_s": 0.1, "event": HOSTILE}) + "\n")
        document = report_html(report(read_session(folder)))
        assert "<script>alert" not in document
        assert Page(document).text.count(HOSTILE) >= 5

    def test_a_long_session_is_shown_in_part(self, played, monkeypatch):
        monkeypatch.setattr(module, "LEAST_SHOWN_S", 1.0)
        monkeypatch.setattr(module, "_MOST_BYTES", 0.0)
        found = report(read_session(played))
        assert found.shown_s == pytest.approx(1.0, abs=HOP_S)
        assert found.same_samples is True  # of all of it
        page = Page(report_html(found))
        assert "the first 998 ms of 3 s are shown here" in page.text.replace("\u00a0", " ")
        assert wavs(page)[0].shape == (2, round(found.shown_s * RATE_HZ))
        assert "2.50 s" in page.text.replace("\u00a0", " ")

    def test_the_shortest_session_has_a_page(self, tmp_path):
        folder = play(tmp_path, seconds=256 / RATE_HZ, commands=[])
        found = report(read_session(folder))
        assert found.same_samples is True
        page = Page(report_html(found))
        assert len(page.all("audio")) == 2
        assert "What it was told" not in page.texts


class TestTiming:
    def test_every_hop_is_counted(self, found):
        assert found.timings.keys() == {"work"}  # nobody waited for a clock
        assert found.timings["work"].counts.sum() == found.kept.hops
        page = Page(report_html(found))
        assert f"hops, {found.kept.hops:,} in all" in page.texts
        assert [one for one in drawings(page) if one.startswith(WORK)]
        assert "one hop, 5.8 ms" in page.texts
        assert CLOCK not in page.texts

    def test_late_hops_and_counters_have_words(self, changed, found):
        work = found.kept.deadlines["work"]
        counts = [0] * len(work["counts"])
        counts[0], counts[-1] = 7, 1
        folder = changed(
            deadlines={"work": work, "clock": {**work, "counts": counts}},
            counters={"late_deadlines": 1, "underruns": 0, "stalls": 12, "worst_hop_ms": 3.21, "new": 4},
        )
        page = Page(report_html(report(read_session(folder))))
        assert CLOCK in page.texts
        assert "hops, 8 in all" in page.texts
        text = page.text.replace("\u00a0", " ")
        for words in (
            "1 late deadline and 12 stalls.",
            "No under-runs.",
            "The slowest hop took 3.2 ms; there are 5.8 ms for each.",
            "Work, the slowest 3.21 ms",
            "new 4",
        ):
            assert words in text

    @pytest.mark.parametrize(
        "classes",
        [{}, {"edges_us": [0, 1], "counts": [1]}, {"edges_us": [0, 2, 1], "counts": [1, 1, 1]}, [], "no"],
    )
    def test_damage_is_told(self, changed, classes):
        kept = read_session(changed(deadlines={"work": classes}))
        with pytest.raises(SessionError, match="rising from 0"):
            report(kept)


def test_turns_of_a_dial_that_follow_soon_are_one_moment(changed):
    turns = [[hop, "dial", 0.1 * i] for i, hop in enumerate((10, 20, 30, 400, 410))]
    kept = read_session(changed(commands=[*turns[:3], [30, "panic", None], *turns[3:]]))
    words = [(one.number, one.do, one.words) for one in moments(kept) if one.do]
    assert words == [
        (1, "dial", "0 to 0.2, in 3 turns"),
        (2, "panic", "–"),
        (4, "dial", "0.3 to 0.4, in 2 turns"),
    ]
