"""The far end of `stable-audio`: a program that the Python of its own environment runs.

It imports nothing of Tonewright, and is imported by it for its frames only. Both ends talk in frames over
the standard streams: two whole numbers of 32 bits, little endian, say how long a JSON object and the samples
after it are. Whatever else is printed goes to the standard error stream.

The model is told first, `{"ready": …}`, or why there is none. Then each request, a sound to begin from after
it, is answered with `{"channels": 2}` and the samples, or with `{"fault": …}`.
"""

from __future__ import annotations

import json
import math
import os
import struct
import sys
import types
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

Frame = tuple[dict[str, Any], bytes]
_HEAD = struct.Struct("<II")
_MOST_BYTES = 1 << 30
_TEXTS, _NUMBERS = ("t5", "lut"), ("number", "int")
_KNOWN = {"prompt": _TEXTS, "seconds_start": _NUMBERS, "seconds_total": _NUMBERS}
"""What a request says, and the kinds of conditioners that may read it."""


def write_frame(stream: BinaryIO, header: dict[str, Any], payload: bytes = b"") -> None:
    """Write a JSON object, and float32 samples of any number after it."""
    text = json.dumps(header, allow_nan=False).encode()
    stream.write(_HEAD.pack(len(text), len(payload)) + text)
    stream.write(payload)
    stream.flush()


def read_frame(stream: BinaryIO) -> Frame | None:
    """Read a frame; None where the stream ends.

    Raises:
        ValueError: It ends within a frame, or these are no frames.
    """
    head = stream.read(_HEAD.size)
    if not head:
        return None
    text, payload = _HEAD.unpack(_exactly(head, _HEAD.size))
    if text + payload > _MOST_BYTES:
        raise ValueError(f"a frame has up to {_MOST_BYTES} bytes; got {text + payload}")
    header = json.loads(_exactly(stream.read(text), text))
    if not isinstance(header, dict):
        raise ValueError("a frame begins with a JSON object")
    return header, _exactly(stream.read(payload), payload)


def _exactly(data: bytes, count: int) -> bytes:
    if len(data) < count:
        raise ValueError(f"a frame ends early: {len(data)} bytes of {count}")
    return data


class UnusableError(Exception):
    """A model of another kind than is rendered here."""


class EncoderError(Exception):
    """A text encoder that cannot be had, by its name."""


class Model:
    """A model of `stable-audio-tools`, rendered one item at a time.

    Args:
        name: A folder with `model_config.json` and `model.safetensors`, or a name on the hub.
    """

    def __init__(self, name: str) -> None:
        config = json.loads(_file(name, "model_config.json").read_text(encoding="utf-8"))
        self._kinds = _conditioners(config)
        weights = _file(name, "model.safetensors")
        import_library()
        import torch
        from safetensors.torch import load_file
        from stable_audio_tools.models.factory import create_model_from_config

        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            model = create_model_from_config(config)
        except OSError as error:  # all that is read from files here is the text encoder
            raise EncoderError(_encoder(config), error) from error
        model.load_state_dict(load_file(weights))
        self._model = model.to(self.device).eval().requires_grad_(False)
        self._window, self.rate_hz = int(config["sample_size"]), int(config["sample_rate"])

    def about(self) -> dict[str, Any]:
        """What a caller needs to know of it."""
        return {
            "objective": self._model.diffusion_objective,
            "rate_hz": self.rate_hz,
            "seconds": self._window / self.rate_hz,
            "device": self.device,
        }

    def render(self, asked: dict[str, Any], start: bytes) -> Frame:
        """Render a request; `start` is the sound to begin from, `[2, frames]` at the rate of the model."""
        import torch
        from stable_audio_tools.inference.generation import generate_diffusion_cond

        for prompt in (asked["prompt"], asked["negative_prompt"]):
            self._check_length(prompt)
        more: dict[str, Any] = {}
        if asked["negative_prompt"]:
            more["negative_conditioning"] = [self._conditions(asked["negative_prompt"], asked["seconds"])]
        if start:
            sound = torch.frombuffer(bytearray(start), dtype=torch.float32).reshape(2, -1)
            more |= {"init_audio": (self.rate_hz, sound), "init_noise_level": asked["init_noise_level"]}
        with torch.inference_mode():
            made = generate_diffusion_cond(
                self._model,
                steps=asked["steps"],
                cfg_scale=asked["cfg_scale"],
                conditioning=[self._conditions(asked["prompt"], asked["seconds"])],
                sample_size=self._window,  # what it was trained on; a number tells it where the sound ends
                seed=asked["seed"],
                device=self.device,
                sampler_type=asked["sampler"],
                **more,
            )
        frames = math.ceil(asked["seconds"] * self.rate_hz) + 1
        samples = made[0, :, :frames].float().cpu().contiguous().numpy()
        return {"channels": len(samples)}, samples.tobytes()

    def _conditions(self, prompt: str, seconds: float) -> dict[str, Any]:
        said: dict[str, Any] = {"prompt": prompt, "seconds_start": 0.0, "seconds_total": seconds}
        return {
            name: math.ceil(float(said[name])) if kind == "int" else said[name]
            for name, kind in self._kinds.items()
        }

    def _check_length(self, prompt: str) -> None:
        reader = self._model.conditioner.conditioners["prompt"]
        tokens = len(reader.tokenizer(prompt).input_ids)
        if tokens > reader.max_length:
            raise UnusableError(f"the prompt has {tokens} tokens, and this model reads {reader.max_length}")


def import_library() -> None:
    """Import `stable-audio-tools` without what it imports and does not use where sounds are generated.

    What stands in for that is gone afterwards: others ask whether it is installed.
    """
    transforms = types.ModuleType("torchaudio.transforms")
    transforms.Resample = None  # type: ignore[attr-defined]  # sounds come at the rate of the model
    torchaudio = types.ModuleType("torchaudio")
    torchaudio.transforms = transforms  # type: ignore[attr-defined]
    sampling = types.ModuleType("k_diffusion")
    stubs = {"k_diffusion": sampling, "torchaudio": torchaudio, "torchaudio.transforms": transforms}
    sys.modules.update(stubs)
    for module in ("inference.generation", "models.autoencoders", "models.diffusion"):
        import_module(f"stable_audio_tools.{module}")
    for name in stubs:
        del sys.modules[name]


def _file(name: str, part: str) -> Path:
    if Path(name).is_dir():
        path = Path(name) / part
        if not path.is_file():
            raise FileNotFoundError(f"it has no {part}")
        return path
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(name, part))


def _conditioners(config: dict[str, Any]) -> dict[str, str]:
    """Kind of each conditioner by its name, if all of them can be given what they read."""
    kind = config.get("model_type")
    if kind != "diffusion_cond":
        raise UnusableError(f"a model that makes sound of a text is a diffusion_cond; got {kind}")
    found = {one["id"]: one["type"] for one in config["model"]["conditioning"]["configs"]}
    for name, reader in found.items():
        if reader not in _KNOWN.get(name, ()):
            raise UnusableError(f"it is conditioned on {name} ({reader}), which a request does not say")
    if "prompt" not in found:
        raise UnusableError("it is not conditioned on a prompt")
    return found


def _encoder(config: dict[str, Any]) -> str:
    readers = [one["config"] for one in config["model"]["conditioning"]["configs"] if one["id"] == "prompt"]
    return str(readers[0].get("t5_model_name") or readers[0].get("tokenizer_name"))


def main(name: str) -> None:
    """Serve a model until the standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries print their seeds, and anything may be printed by anyone
    sys.stdout = sys.stderr
    try:
        model = Model(name)
    except UnusableError as error:
        write_frame(answers, {"unusable": str(error)})
        return
    except EncoderError as error:
        encoder, cause = error.args
        write_frame(answers, {"encoder": encoder, "error": type(cause).__name__, "message": str(cause)})
        return
    except Exception as error:  # of any library, at files that are missing or damaged
        write_frame(answers, {"error": type(error).__name__, "message": str(error)})
        return
    write_frame(answers, {"ready": model.about()})
    while frame := read_frame(sys.stdin.buffer):
        try:
            answer = model.render(*frame)
        except Exception as error:  # whatever a model raises is the fault of this item
            answer = {"fault": str(error).strip() or type(error).__name__}, b""
        write_frame(answers, *answer)


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        import_library()
    else:
        main(sys.argv[1])
