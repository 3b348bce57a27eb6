import os
import shutil
import signal
import sys
import threading
import time

import numpy as np
import pytest

from tonewright.prompting.generators.stable_audio.generator import StableAudio

from .asking import ask, chord, render


def test_a_process_that_is_killed_is_replaced_and_its_request_tried_again(flow):
    (before,) = render(flow, ask(seed=9, steps=4))
    first = flow.pid
    os.kill(first, signal.SIGKILL)
    (after,) = render(flow, ask(seed=9, steps=4))
    np.testing.assert_array_equal(after, before)
    assert flow.pid != first
    second = flow.pid
    os.kill(second, signal.SIGSTOP)  # so that it cannot be done before it is killed
    threading.Timer(0.3, os.kill, (second, signal.SIGKILL)).start()
    (again,) = render(flow, ask(seed=9, steps=4))
    assert flow.pid != second
    np.testing.assert_array_equal(again, before)


def test_a_process_that_hangs_is_ended_in_time(models, environment):
    model = StableAudio(models / "rf_denoiser", environment=environment, answer_s=1.0)
    try:
        stuck = model.pid
        os.kill(stuck, signal.SIGSTOP)
        begun = time.monotonic()
        # More than a pipe holds: not even the request is taken.
        (late,) = model.generate([ask(init_audio=chord())])
        assert time.monotonic() - begun < 8.0
        assert late.fault == "it gave no answer within 1 s, and was ended"
        with pytest.raises(ProcessLookupError):
            os.kill(stuck, 0)
        assert model.generate([ask()])[0].fault is None
    finally:
        model.close()


def test_a_process_that_dies_twice_is_a_fault_of_that_item(flow, tmp_path):
    script = tmp_path / "dies.py"
    script.write_text("import os, sys; print('no room left', file=sys.stderr); os._exit(7)")
    command = flow._command
    flow.close()
    flow._command = [sys.executable, str(script)]
    try:
        (dead,) = flow.generate([ask()])
    finally:
        flow._command = command
    assert dead.fault.startswith("its process ended with exit code 7: no room left; so did the one that took")
    assert not dead.samples.any()
    assert render(flow, ask())[0].shape == (2, 30_870)


def test_what_is_not_finite_or_breaks_is_a_fault(models, environment, tmp_path):
    from safetensors.numpy import load_file, save_file

    folder = shutil.copytree(models / "rf_denoiser", tmp_path / "nan")
    weights = load_file(folder / "model.safetensors")
    name = next(one for one in weights if one.startswith("model."))
    weights[name] = np.full_like(weights[name], np.nan)
    save_file(weights, folder / "model.safetensors")
    model = StableAudio(folder, environment=environment)
    try:
        assert model.generate([ask()])[0].fault == "it gave numbers that are not finite"
        # What no request gets past the gate is the fault of the item in the process, too.
        answer, payload = model._open().ask({"prompt": "a", "negative_prompt": ""}, b"", 30.0)
        assert (answer, payload) == ({"fault": "'steps'"}, b"")
    finally:
        model.close()
