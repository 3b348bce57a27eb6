import base64
import io
import json

import numpy as np
import pytest
import soundfile

from tonewright.audio import Clip, wav_bytes
from tonewright.documents import JSONFault
from tonewright.errors import GenerationError, UsageError
from tonewright.prompting.generators.base import Generation, Request, Setting
from tonewright.prompting.serving.description import read_settings, settings_fields
from tonewright.prompting.serving.wire import (
    decode_generations,
    decode_requests,
    encode_generations,
    encode_requests,
)

RNG = np.random.default_rng(0)
INIT = Clip(RNG.standard_normal((2, 1_000)).astype(np.float32), 48_000)
EVERYTHING = Request("ä pad", "noise", 2.1, 7, 0.1, "rk4", 0.9, 1e-3, 2**62, INIT, 1 / 3)


def assert_same_clip(one, other):
    assert one.sample_rate_hz == other.sample_rate_hz
    np.testing.assert_array_equal(one.samples, other.samples)


def test_requests_come_back_bit_for_bit():
    sent = [EVERYTHING, Request("a"), Request("b", seconds=np.float64(0.1), steps=np.int64(3))]
    back = decode_requests(encode_requests(sent))
    assert_same_clip(back[0].init_audio, INIT)
    for one, other in zip(back, sent, strict=True):
        names = set(Request.__dataclass_fields__) - {"init_audio"}
        assert {name: getattr(one, name) for name in names} == {name: getattr(other, name) for name in names}
    (alone,) = decode_requests(b'{"prompt": "a", "steps": null, "seconds": 4}')
    assert alone == Request("a", seconds=4)


def test_a_sound_to_begin_from_may_be_flac():
    file = io.BytesIO()
    soundfile.write(file, np.array([0.5, -0.25, 0.0]), 22_050, format="FLAC", subtype="PCM_24")
    body = json.dumps({"prompt": "a", "init_audio": base64.b64encode(file.getvalue()).decode()}).encode()
    assert_same_clip(decode_requests(body)[0].init_audio, Clip(np.float32([[0.5, -0.25, 0.0]]), 22_050))


def test_generations_come_back_bit_for_bit():
    # Subnormal, negative zero and beyond full scale: whatever float32 can hold.
    odd = np.array([[1e-42, -0.0, 3.5], [np.finfo(np.float32).tiny, -1.0, 0.1]], np.float32)
    empty = np.zeros((2, 0), np.float32)
    sent = [
        Generation(odd, EVERYTHING, np.int64(32)),
        Generation(RNG.standard_normal((2, 44_101)).astype(np.float32), Request("b", steps=8), 8),
        Generation(empty, Request("c"), 0, "it failed\nbadly"),
    ]
    back = decode_generations(encode_generations(sent), [one.request for one in sent])
    for one, other in zip(back, sent, strict=True):
        assert one.samples.tobytes() == other.samples.tobytes()
        assert one.samples.shape == other.samples.shape
        assert (one.request, one.evaluations, one.fault) == (other.request, other.evaluations, other.fault)
    assert back[0].samples.flags.writeable


def test_settings_come_back():
    settings = {
        "seconds": Setting(8.0, 0.25, 120.0, meaning="how long"),
        "cfg_scale": Setting(3.0, 0.0),
        "sampler": Setting("euler", choices=("euler", "rk4")),
        "init_audio": Setting(None),
    }
    assert read_settings(json.loads(json.dumps(settings_fields(settings)))) == settings


def with_init(content):
    return json.dumps({"prompt": "a", "init_audio": base64.b64encode(content).decode()}).encode()


def flac_of_silence(seconds, rate_hz=8_000):
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", rate_hz, 1, format="FLAC", subtype="PCM_16") as sound:
        sound.write(np.zeros(round(seconds * rate_hz), np.int16))
    return file.getvalue()


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"[]", r"a call is one request or a list of them; got \[\]; give one or more"),
        (b"3", "a call is one request or a list of them; got 3"),
        (b"[3]", 'request 1 of 1: a request is a JSON object like {"prompt": "a warm pad"}; got 3; give one'),
        (b"{}", 'a request needs the field "prompt" .*; add it'),
        (b'{"prompt": null}', '"prompt" of a request has the wrong type: it is .*; got None'),
        (b'{"prompt": "a", "step": 4}', 'a request has no field "step"; did you mean "steps"?'),
        (b'[{"prompt": "a"}, {"prompt": "a", "steps": 2.5}]', 'request 2 of 2: the field "steps" .* got 2.5'),
        (b'{"prompt": "a", "steps": true}', '"steps" of a request has the wrong type'),
        (b'{"prompt": "a", "seconds": "4"}', '"seconds" of a request has the wrong type'),
        (b'{"prompt": "a", "init_audio": "%%%"}', "base64; got other text; encode the file"),
        (with_init(b"MThd"), "init_audio is a WAV or FLAC file .* cannot be read"),
        (with_init(wav_bytes(INIT, encoding="float")[:40]), "init_audio is a WAV or FLAC file"),
        (with_init(flac_of_silence(601.0)), "got 1 at 8000 Hz, 601.0 s; cut it or mix it down"),
        (
            with_init(wav_bytes(Clip(np.zeros((3, 9), np.float32), 8_000), encoding="float")),
            "in one or two channels .*; got 3 at 8000 Hz",
        ),
        (
            with_init(wav_bytes(INIT, encoding="float")[:-4] + np.float32(np.nan).tobytes()),
            "init_audio: samples are finite numbers; got NaN",
        ),
    ],
)
def test_what_is_no_request_is_told(body, complaint):
    with pytest.raises(UsageError, match=complaint):
        decode_requests(body)


@pytest.mark.parametrize("body", [b"", b"{", b'{"prompt": NaN}', b"\xff", b'{"a": 1, "a": 2}', b"[" * 10**5])
def test_what_is_no_json_is_told(body):
    with pytest.raises(JSONFault):
        decode_requests(body)


def test_numbers_without_end_are_not_sent():
    with pytest.raises(UsageError, match="settings are finite numbers"):
        encode_requests([Request("a", cfg_scale=float("inf"))])


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body[:-1],
        lambda body: body + b"\0" * 8,
        lambda body: b"<html>",
        lambda body: body.replace(b"44100", b"48000"),
        lambda body: body.replace(b'"frames": 3', b'"frames": -3'),
        lambda body: body.replace(b'"generations"', b'"other"'),
    ],
)
def test_an_answer_that_is_none_is_told(change):
    made = Generation(np.ones((2, 3), np.float32), Request("a"))
    body = encode_generations([made])
    assert len(decode_generations(body, [made.request])) == 1
    with pytest.raises(GenerationError):
        decode_generations(change(body), [made.request])
    with pytest.raises(GenerationError):
        decode_generations(body, [made.request] * 2)
