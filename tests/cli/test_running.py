"""A script that runs as the command line does: what hinders it ends in one line and an exit code."""

import os
import signal

import numpy as np
import pytest

from tonewright.cli.running import run_script
from tonewright.errors import AudioError, UsageError
from tonewright.files import write_text


@pytest.fixture
def outcome(capsys):
    """The exit code of a main function, and the line on stderr."""

    def run(main):
        code = 0
        try:
            run_script(main)
        except SystemExit as stop:
            code = stop.code
        err = capsys.readouterr().err
        assert err.count("\n") <= 1
        return code, err.strip()

    return run


def raising(error):
    raise error


def test_what_goes_well(outcome):
    assert outcome(lambda: None) == (0, "")


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (UsageError("rates are above 0;\ngot 0"), 2, "tonewright: rates are above 0; got 0"),
        (AudioError("silent"), 1, "tonewright: silent"),
        (KeyboardInterrupt(), 130, "tonewright: interrupted"),
        (KeyboardInterrupt("; nothing was written"), 130, "tonewright: interrupted; nothing was written"),
        (SystemExit(), 0, ""),
        (SystemExit(3), 3, ""),
    ],
    ids=repr,
)
def test_what_is_raised_on_purpose(outcome, error, code, told):
    assert outcome(lambda: raising(error)) == (code, told)


def test_what_is_a_fault_of_the_code_stays_visible(outcome):
    for error in (ValueError("here"), RuntimeError("here"), OSError("here")):
        with pytest.raises(type(error), match="here"):
            run_script(lambda error=error: raising(error))


def test_a_file_that_the_system_refuses(outcome, tmp_path):
    told = f"no such file or directory: '{tmp_path}/none'; check the name, or choose another place"
    assert outcome(lambda: (tmp_path / "none").read_text()) == (1, f"tonewright: {told}")


def test_too_little_memory(outcome):
    code, told = outcome(lambda: np.ones(2**58))
    assert code == 1
    assert told.startswith("tonewright: not enough memory: Unable to allocate 2.00 EiB for an array")
    assert told.endswith("; ask for less at once, or free some")
    assert outcome(lambda: bytes(2**62)) == (
        1,
        "tonewright: not enough memory: none is left; ask for less at once, or free some",
    )


def test_too_little_memory_for_torch(outcome):
    torch = pytest.importorskip("torch")
    code, told = outcome(lambda: torch.ones(2**58))
    assert code == 1
    assert told.startswith("tonewright: not enough memory: ")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows lacks SIGHUP")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_each_signal_does_what_ctrl_c_does(outcome, name, tmp_path):
    number = getattr(signal, name)
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def work():
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            for again in (signal.SIGTERM, signal.SIGHUP):  # a terminal that closes sends several at once
                signal.raise_signal(again)
            write_text(tmp_path / "best.txt", "so far")
            raise

    expected = (128 + number, "tonewright: interrupted")
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        assert outcome(work) == expected
    finally:
        signal.signal(signal.SIGINT, before[signal.SIGINT])
    assert os.listdir(tmp_path) == ["best.txt"]
    assert {one: signal.getsignal(one) for one in before} == before


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows lacks SIGHUP")
def test_signals_that_are_ignored_stay_so(outcome):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` does
    try:
        assert outcome(lambda: signal.raise_signal(signal.SIGHUP)) == (0, "")
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_second_ctrl_c_ends_what_is_being_done(outcome):
    def work():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            signal.raise_signal(signal.SIGINT)
            pytest.fail("it goes on")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert outcome(work) == (130, "tonewright: interrupted")
    finally:
        signal.signal(signal.SIGINT, before)
