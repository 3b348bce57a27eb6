import pytest

torch = pytest.importorskip("torch")

from tonewright.learning.averaging import follow, warm_cosine  # noqa: E402


def test_the_rate_rises_for_a_hundredth_and_falls_to_nothing():
    rates = [warm_cosine(update, 1_000) for update in range(1_000)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1, abs=1e-3)
    assert rates.index(max(rates)) == 9
    assert rates[500] == pytest.approx(0.5)
    assert rates[-1] < 1e-5


def test_averaged_weights_follow_quickly_at_first_and_slowly_later():
    trained, averaged = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    for module, value in ((trained, 1.0), (averaged, 0.0)):
        for weights in module.parameters():
            torch.nn.init.constant_(weights, value)
    follow(averaged, trained, 0.99, 0)
    assert averaged.weight.item() == pytest.approx(0.9)  # 1 − 1/10
    torch.nn.init.constant_(averaged.weight, 0.0)
    follow(averaged, trained, 0.99, 10**6)
    assert averaged.weight.item() == pytest.approx(0.01)
