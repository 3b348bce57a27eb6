from tonewright.synths.speed import render_speed


def test_of_the_synth():
    measured = render_speed(batch=4, runs=1)
    assert {*measured} == {
        "presets_per_second_14_voices",
        "presets_per_second_random",
        "live_voice_times_realtime",
        "threads",
        "peak_memory_mb",
    }
    assert min(measured.values()) > 0
