from tonewright.matching import speed


def test_of_a_match(monkeypatch):
    matched = []

    def match(clip, renders):
        matched.append((clip.sample_rate_hz, clip.seconds, renders))

    monkeypatch.setattr(speed, "match", match)
    measured = speed.match_speed(batch=4, runs=1)
    assert {*measured} == {
        "load_networks_seconds",
        "propose_32_presets_seconds",
        "render_hear_compare_per_second",
        "match_seconds_44100_hz",
        "match_seconds_16000_hz",
        "threads",
        "peak_memory_mb",
    }
    assert min(measured.values()) > 0
    assert [facts for facts in matched if facts[2] == 10_000] == [
        (44_100, 1.0, 10_000),
        (16_000, 1.0, 10_000),
    ]
