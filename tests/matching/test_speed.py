import pytest

from tonewright.matching import speed


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(speed, "_BATCH", 4)
    monkeypatch.setattr(speed, "_RUNS", 1)


def test_of_the_synth():
    measured = speed.render_speed()
    assert {*measured} == {
        "presets_per_second_14_voices",
        "presets_per_second_random",
        "live_voice_times_realtime",
        "threads",
        "peak_memory_mb",
    }
    assert min(measured.values()) > 0


def test_of_hearing():
    measured = speed.hear_speed()
    assert {"losses_per_second_one_target", "render_hear_compare_per_second"} <= {*measured}
    assert min(measured.values()) > 0


def test_of_a_match(monkeypatch):
    matched = []

    def match(clip, renders):
        matched.append((clip.sample_rate_hz, clip.seconds, renders))

    monkeypatch.setattr(speed, "match", match)
    measured = speed.match_speed()
    assert {"match_seconds_44100_hz", "match_seconds_16000_hz"} <= {*measured}
    assert min(measured["load_networks_seconds"], measured["propose_32_presets_seconds"]) > 0
    assert [facts for facts in matched if facts[2] == 10_000] == [
        (44_100, 1.0, 10_000),
        (16_000, 1.0, 10_000),
    ]
