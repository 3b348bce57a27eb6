import numpy as np
import pytest
import soundfile

from tonewright.audio import Clip

FORMATS = {
    "wav": ("WAV", "PCM_16"),
    "wav24": ("WAV", "PCM_24"),
    "wavfloat": ("WAV", "FLOAT"),
    "rf64": ("RF64", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "flac": ("FLAC", "PCM_24"),
    "vorbis": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}


def tone(frequency_hz, seconds, sample_rate_hz, amplitude=1.0, phase=0.0):
    """A sine, `[frames]` float32."""
    time_s = np.arange(round(seconds * sample_rate_hz)) / sample_rate_hz
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time_s + phase)).astype(np.float32)


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.fixture
def noise_clip(rng):
    """Two seconds of different noise on two channels at 48 kHz, which every format can hold."""
    return Clip(0.1 * rng.standard_normal((2, 96_000)).astype(np.float32), 48_000)


@pytest.fixture(params=FORMATS)
def sound_file(request, tmp_path, noise_clip):
    """`noise_clip` in each format, as soundfile writes it."""
    container, encoding = FORMATS[request.param]
    path = tmp_path / f"sound.{request.param}"
    soundfile.write(path, noise_clip.samples.T, noise_clip.sample_rate_hz, format=container, subtype=encoding)
    return path
