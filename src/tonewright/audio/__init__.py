"""Sounds as arrays: reading, writing, resampling, loudness, true peak, silence, notes.

Light to import: soundfile, soxr and scipy are loaded by the first call that needs them.
"""

from tonewright.audio.channels import channel_names, channel_weights
from tonewright.audio.clip import Clip
from tonewright.audio.fading import fade_out_at
from tonewright.audio.folders import SkippedSoundsWarning, read_sounds, sound_files
from tonewright.audio.levels import rms_dbfs, true_peak_dbtp
from tonewright.audio.loudness import clip_lufs, integrated_lufs, k_weighting_sos, momentary_lufs
from tonewright.audio.notes import hz_note, note_hz, note_name, parse_note
from tonewright.audio.reading import SoundInfo, info, read, read_blocks
from tonewright.audio.resampling import resample, resample_array, resample_blocks
from tonewright.audio.silence import channels_cancel, is_silent, sounding_bounds, trim_silence
from tonewright.audio.writing import flac_bytes, wav_bytes, write

__all__ = [
    "Clip",
    "SkippedSoundsWarning",
    "SoundInfo",
    "channel_names",
    "channel_weights",
    "channels_cancel",
    "clip_lufs",
    "fade_out_at",
    "flac_bytes",
    "hz_note",
    "info",
    "integrated_lufs",
    "is_silent",
    "k_weighting_sos",
    "momentary_lufs",
    "note_hz",
    "note_name",
    "parse_note",
    "read",
    "read_blocks",
    "read_sounds",
    "resample",
    "resample_array",
    "resample_blocks",
    "rms_dbfs",
    "sound_files",
    "sounding_bounds",
    "trim_silence",
    "true_peak_dbtp",
    "wav_bytes",
    "write",
]
