import pytest
import torch

from tonewright.errors import UsageError
from tonewright.learning.devices import device_of


def test_what_is_named_is_taken():
    assert device_of("cpu", "a training") == "cpu"


@pytest.mark.parametrize(("there", "taken"), [(True, "cuda"), (False, "cpu")])
def test_a_gpu_is_taken_if_there_is_one(monkeypatch, there, taken):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert device_of(None, "a training") == taken


def test_one_that_is_not_there_is_refused_with_what_would_do():
    with pytest.raises(UsageError, match=r"a training runs on 'cpu', 'cuda' or 'cuda:N'; got 'cloud'"):
        device_of("cloud", "a training")
