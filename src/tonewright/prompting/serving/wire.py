"""How requests and sounds travel: JSON to the server, a line of JSON and raw samples back.

A call is one request or a list of them, with the names of `base.Request`; what is left open, or null, is as
the generator recommends. A sound to begin from is a WAV (whose 32-bit floats come through bit for bit) or a
FLAC file in base64.

```json
[{"prompt": "a warm pad", "seconds": 4, "seed": 1}, {"prompt": "a drum loop", "steps": 8}]
```

An answer is a JSON document in its first line, and after the line feed the samples: of each generation in
turn `[2, frames]` float32, little-endian, the left channel first.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from tonewright.audio.clip import Clip
from tonewright.audio.writing import wav_bytes
from tonewright.documents import check_fields, load_json, parse_document, short_text
from tonewright.errors import AudioError, GenerationError, UsageError
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ, Generation, Request

MEDIA_TYPE = "application/vnd.tonewright.generations"
LONGEST_INIT_S = 600.0
_FORM, _VERSION = "tonewright-generations", 1
_KINDS: dict[str, type] = {
    "prompt": str,
    "negative_prompt": str,
    "seconds": float,
    "steps": int,
    "cfg_scale": float,
    "sampler": str,
    "sigma_max": float,
    "sigma_min": float,
    "seed": int,
    "init_audio": str,
    "init_noise_level": float,
}
_DEFAULTS = {field.name: field.default for field in fields(Request)}
_BYTES = 2 * np.dtype("<f4").itemsize
_HIGHEST_RATE_HZ = 192_000


def encode_requests(requests: Sequence[Request]) -> bytes:
    """Requests as the JSON of a call.

    Raises:
        UsageError: A setting is no finite number.
    """
    try:
        return json.dumps([_request_fields(one) for one in requests], allow_nan=False).encode()
    except ValueError:
        raise UsageError("settings are finite numbers; got one that is not; give another") from None


def decode_requests(body: bytes) -> list[Request]:
    """The requests of a call, one or more.

    Raises:
        JSONFault: It is no JSON.
        UsageError: It is JSON, and no requests; of several, it is told which.
    """
    found = load_json(body)
    if isinstance(found, dict):
        return [_request(found)]
    if not isinstance(found, list) or not found:
        raise UsageError(
            f"a call is one request or a list of them; got {short_text(found)}; give one or more"
        )
    return [_numbered(place, len(found), one) for place, one in enumerate(found, 1)]


def encode_generations(made: Sequence[Generation]) -> bytes:
    """Generations as the body of an answer; sounds that they began from are not sent back."""
    head = {
        "format": _FORM,
        "format_version": _VERSION,
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "generations": [
            {
                "frames": int(one.samples.shape[1]),
                "evaluations": int(one.evaluations),
                "fault": one.fault,
                "request": _request_fields(replace(one.request, init_audio=None)),
            }
            for one in made
        ],
    }
    return b"\n".join(
        [json.dumps(head).encode(), b"".join(one.samples.astype("<f4", copy=False).tobytes() for one in made)]
    )


def decode_generations(body: bytes, requests: Sequence[Request]) -> list[Generation]:
    """What became of requests.

    Args:
        body: Of the answer.
        requests: Those that were sent, whose sounds to begin from the answer leaves out.

    Raises:
        GenerationError: It is no answer to them.
    """
    line, _, samples = body.partition(b"\n")
    kinds: dict[str, type] = {"sample_rate_hz": int, "generations": list}
    head = parse_document(line, _FORM, _VERSION, kinds, error=GenerationError)
    entries = [_entry(one) for one in head["generations"]]
    whole = sum(one["frames"] for one in entries) * _BYTES
    if len(entries) != len(requests) or whole != len(samples) or head["sample_rate_hz"] != SAMPLE_RATE_HZ:
        raise GenerationError(
            f"an answer holds {len(requests)} sounds at {SAMPLE_RATE_HZ} Hz; got {len(entries)} at "
            f"{head['sample_rate_hz']} Hz in {len(samples):,} bytes; update the older side"
        )
    made, at = [], 0
    for entry, asked in zip(entries, requests, strict=True):
        frames = entry["frames"]
        sound = np.frombuffer(samples, "<f4", 2 * frames, at).reshape(2, frames).astype(np.float32)
        at += frames * _BYTES
        used = replace(entry["request"], init_audio=asked.init_audio)
        made.append(Generation(sound, used, entry["evaluations"], entry["fault"]))
    return made


def _entry(found: object) -> dict[str, Any]:
    """What an answer says of one generation."""
    kinds: dict[str, type] = {"frames": int, "evaluations": int, "fault": object, "request": dict}
    fields = found if isinstance(found, dict) else {}
    entry = check_fields(fields, "generation", kinds, None, error=GenerationError)
    if entry["frames"] < 0:
        raise GenerationError(f"a sound has 0 frames or more; got {entry['frames']}; update the older side")
    try:
        return entry | {"request": _request(entry["request"])}
    except UsageError as error:
        raise GenerationError(f"the answer cannot be read: {error}") from None


def _request_fields(request: Request) -> dict[str, Any]:
    given = {name: getattr(request, name) for name in _KINDS}
    if request.init_audio is not None:
        given["init_audio"] = base64.b64encode(wav_bytes(request.init_audio, encoding="float")).decode()
    return {name: _plain(value, _KINDS[name]) for name, value in given.items() if value is not None}


def _plain(value: Any, kind: type) -> Any:
    """A setting as JSON has it: numbers of NumPy, and 16.0 steps, are as good as 16."""
    return kind(value) if kind in (int, float) and value == kind(value) else value


def _numbered(place: int, count: int, found: object) -> Request:
    try:
        return _request(found)
    except UsageError as error:
        raise UsageError(f"request {place} of {count}: {error}") from None


def _request(found: object) -> Request:
    if not isinstance(found, dict):
        raise UsageError(
            f'a request is a JSON object like {{"prompt": "a warm pad"}}; got {short_text(found)}; give one'
        )
    given = {
        name: value
        for name, value in found.items()
        if value is not None or _DEFAULTS.get(name, "") is not None
    }
    optional = {name: kind for name, kind in _KINDS.items() if name != "prompt"}
    given = check_fields(given, "request", {"prompt": str}, optional, error=UsageError)
    if "init_audio" in given:
        given["init_audio"] = _clip(given["init_audio"])
    return Request(**given)


def _clip(text: str) -> Clip:
    """A sound in base64."""
    import soundfile

    rule = f"init_audio is a WAV or FLAC file of up to {LONGEST_INIT_S:g} s, in base64"
    try:
        content = base64.b64decode(text, validate=True)
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            rate, frames = file.samplerate, file.frames
            if file.format not in ("WAV", "WAVEX", "FLAC"):
                raise UsageError(f"{rule}; got {file.format}; convert it")
            # Before anything is decoded: a small FLAC file may hold hours of silence.
            if file.channels > 2 or rate > _HIGHEST_RATE_HZ or not 0 < frames <= LONGEST_INIT_S * rate:
                raise UsageError(
                    f"{rule}, in one or two channels at up to {_HIGHEST_RATE_HZ} Hz; got {file.channels} at "
                    f"{rate} Hz, {frames / rate:.1f} s; cut it or mix it down"
                )
            samples = file.read(dtype="float32", always_2d=True)
        if len(samples) != frames:
            raise UsageError(f"{rule}; got one that ends early; send an intact one")
        return Clip(np.ascontiguousarray(samples.T), rate)
    except binascii.Error:
        raise UsageError(f"{rule}; got other text; encode the file") from None
    except soundfile.SoundFileError as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"{rule}; got what cannot be read ({reason}); send an intact one") from None
    except AudioError as error:
        raise UsageError(f"init_audio: {error}") from None
