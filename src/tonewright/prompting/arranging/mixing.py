"""A scene as sound: its layers are made in one batch, and added up."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tonewright.audio import read, resample, true_peak_dbtp
from tonewright.audio.clip import Clip
from tonewright.errors import AudioError, GenerationError, SceneError
from tonewright.prompting.arranging.joining import Sound
from tonewright.prompting.arranging.loops import Bars, close_loops, fold
from tonewright.prompting.arranging.scene import Layer, Scene
from tonewright.prompting.arranging.seams import loop_seam
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ, Generator

_LONGEST_FILE_S = 600.0
_STEP_DB = 0.01


@dataclass(frozen=True, eq=False)
class Mix:
    """A scene that was mixed.

    Attributes:
        clip: The sound, stereo at 44.1 kHz.
        peak_dbtp: Its true peak.
        seeds: Of each layer that was made, by its name.
        evaluations: How often the network was evaluated.
    """

    clip: Clip
    peak_dbtp: float
    seeds: dict[str, int]
    evaluations: int


def render_scene(scene: Scene, generator: Generator) -> Mix:
    """Make all layers of a scene in one batch, and mix them.

    Nothing is normalised: where the mix would clip, the gain that it needs is told.

    Raises:
        SceneError: The generator cannot make a layer, a file does not fit, or the mix would clip; all faults
            of layers are told, each with its layer.
        GenerationError: The generator failed at a layer; likewise.
    """
    scene.check(generator)
    files = _read_files(scene)
    prompts = [layer for layer in scene.layers if layer.prompt is not None]
    made = generator.generate([scene.request(layer) for layer in prompts]) if prompts else []
    made = close_loops(generator, made, [layer.loop for layer in prompts])
    told = [
        f"layer {layer.name!r}: {one.fault}" for layer, one in zip(prompts, made, strict=True) if one.fault
    ]
    if told:
        raise GenerationError(f"{generator.name} failed: {'; '.join(told)}; try other seeds or settings")
    sounds = files | {layer.name: one.samples for layer, one in zip(prompts, made, strict=True)}
    mixed = mix(scene, sounds)
    return Mix(
        Clip(mixed, SAMPLE_RATE_HZ),
        check_peak(mixed, scene.headroom_db),
        {layer.name: one.request.seed for layer, one in zip(prompts, made, strict=True)},
        sum(one.evaluations for one in made),
    )


def mix(scene: Scene, sounds: dict[str, Sound]) -> Sound:
    """Add up layers.

    Args:
        scene: When, how long and how loud each is heard.
        sounds: `[2, n]` of each layer by its name: one round of a loop, or as long as it is heard.

    Returns:
        `[2, frames]`.
    """
    mixed = np.zeros((2, round(scene.seconds * SAMPLE_RATE_HZ)))
    for layer in scene.layers:
        first = round(layer.start_s * SAMPLE_RATE_HZ)
        frames = min(round(layer.seconds * SAMPLE_RATE_HZ), mixed.shape[1] - first)
        heard = _repeated(sounds[layer.name], frames)
        gains = 10 ** (layer.level_db / 20) * np.minimum(1, [1 - layer.pan, 1 + layer.pan])
        mixed[:, first : first + frames] += gains[:, None] * _faded(heard, layer)
    return np.asarray(10 ** (-scene.headroom_db / 20) * mixed, np.float32)


def check_peak(mixed: Sound, headroom_db: float) -> float:
    """True peak of a mix in dBTP.

    Raises:
        SceneError: It would clip; the gain that it needs is told.
    """
    peak_dbtp = float(true_peak_dbtp(mixed[None])[0])
    if peak_dbtp > 0:
        needed_db = _STEP_DB * math.ceil((headroom_db + peak_dbtp) / _STEP_DB)
        raise SceneError(
            f"a mix peaks at 0 dBTP at most; got {peak_dbtp:+.2f}; set headroom_db to {needed_db:.2f}, or "
            "turn layers down"
        )
    return peak_dbtp


def _repeated(sound: Sound, frames: int) -> Sound:
    return np.tile(sound, (1, -(-frames // sound.shape[1])))[:, :frames]


def _faded(sound: Sound, layer: Layer) -> Sound:
    faded = np.array(sound)
    for seconds, ends in ((layer.fade_in_s, faded), (layer.fade_out_s, faded[:, ::-1])):
        fade = round(seconds * SAMPLE_RATE_HZ)
        ends[:, :fade] *= np.sin(0.5 * np.pi * np.arange(fade) / max(fade, 1)).astype(np.float32) ** 2
    return faded


def _read_files(scene: Scene) -> dict[str, Sound]:
    found, told = {}, []
    for layer in scene.layers:
        if layer.file is None:
            continue
        try:
            found[layer.name] = _read_file(scene, layer)
        except (AudioError, SceneError) as error:
            told.append(f"layer {layer.name!r}: {error}")
    if told:
        raise SceneError("; ".join(told))
    return found


def _read_file(scene: Scene, layer: Layer) -> Sound:
    """The sound of a file: as long as it is heard, or one round of its loop."""
    clip = resample(read(scene.folder / str(layer.file), max_seconds=_LONGEST_FILE_S), SAMPLE_RATE_HZ)
    if clip.channels > 2:
        raise SceneError(f"a file has one or two channels; got {clip.channels}; mix it down")
    sound = clip.samples if clip.channels == 2 else np.repeat(clip.samples, 2, axis=0)
    frames = round(layer.seconds * SAMPLE_RATE_HZ) if layer.loop is None else layer.loop.frames
    if sound.shape[1] < frames:
        what = "as it is heard" if layer.loop is None else "as its loop"
        raise SceneError(
            f"a file is as long {what}, {frames / SAMPLE_RATE_HZ:.2f} s; got {clip.seconds:.2f} s of "
            f"{str(layer.file)!r}; shorten the layer"
        )
    return sound[:, :frames] if layer.loop is None else _looped(sound, layer.loop)


def _looped(sound: Sound, bars: Bars) -> Sound:
    cut = sound[:, : bars.frames]
    return fold(sound, bars.frames, bars.fade_frames) if loop_seam(cut).audible else cut
