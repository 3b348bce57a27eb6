from tonewright.distances.speed import compare_speed


def test_of_the_training_loss():
    measured = compare_speed(batch=4, runs=1)
    assert {*measured} == {
        "losses_per_second_one_target",
        "losses_per_second_many_targets",
        "threads",
        "peak_memory_mb",
    }
    assert min(measured.values()) > 0
