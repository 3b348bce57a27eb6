"""Sounds that libsndfile does not know, decoded by the program ffmpeg where the machine has it.

AAC and ALAC in MP4, Windows Media, WebM, the sound of videos and so on come through a pipe, block by block.
ffmpeg may open the one file and nothing else: lists of other files or addresses are not among the formats
it is allowed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

# Formats that hold the sound itself and begin with something that tells them apart.
_FORMATS = (
    "3g2,3gp,aac,ac3,adx,aea,aiff,amr,ape,asf,ast,au,avi,avr,brstm,caf,dsf,dts,dtshd,eac3,epaf,flac,flv,"
    "iff,ipmovie,ircam,iss,loas,m4a,matroska,mj2,mlp,mov,mp4,mpc,mpc8,mpeg,mpegts,mxf,nistsphere,nut,ogg,oma,"
    "pvf,qcp,rm,shn,sox,svx,tak,truehd,tta,voc,vqf,w64,wav,webm,wsaud,wtv,wv,xa,xwma"
)
_ALLOWED = ("-protocol_whitelist", "file", "-format_whitelist", _FORMATS)
_LEAST_SCORE = 25  # below, ffmpeg guesses
_PROBE_SECONDS = 60.0
_AU_HEADER = struct.Struct(">4s5I")
_SAMPLE_BYTES = 4
_TELL_LENGTH = ("mov", "tta", "wv", "ape", "dsf", "avi", "tak")
_INACCURACY_S = 0.2  # a frame of a codec or two, at low rates
_MOST_LOG_BYTES = 2**16


@dataclass(frozen=True)
class Probe:
    """What ffprobe tells about a file.

    Attributes:
        format: ffmpeg's name of the container ("mov"), in capitals.
        codec: ffmpeg's name of the encoding ("aac"), in capitals.
        seconds: Duration, where the format is one that tells it; else 0.
    """

    format: str
    codec: str
    seconds: float


def has_ffmpeg() -> bool:
    """Whether ffmpeg and ffprobe are on the path."""
    return all(shutil.which(program) for program in ("ffmpeg", "ffprobe"))


class FfmpegSource:
    """A sound as it comes out of ffmpeg.

    Attributes:
        channels: How many channels.
        sample_rate_hz: Frames per second.
        frames: -1: it is known at the end only.
        format: ffmpeg's name of the container.
        subtype: ffmpeg's name of the encoding.
        tolerance_frames: As for other sources.
        can_seek: False.
        is_ffmpeg: True.
        reached: Frame up to which was decoded.
    """

    frames, tolerance_frames, can_seek, is_ffmpeg = -1, 0, False, True

    def __init__(self, process: subprocess.Popen[bytes], log: IO[bytes], probe: Probe, partial: bool) -> None:
        self._process, self._log, self._probe, self._partial = process, log, probe, partial
        self.format, self.subtype = probe.format, probe.codec
        self.reached = 0
        header = self._read(_AU_HEADER.size)
        if len(header) < _AU_HEADER.size:
            raise DecodingError(self._reason() or "it gave nothing")
        _, start, _, _, self.sample_rate_hz, self.channels = _AU_HEADER.unpack(header)
        self._read(start - _AU_HEADER.size)

    def decode(self, frames: int) -> NDArray[np.float32]:
        """The next frames, `[frames, channels]`; fewer at the end.

        Raises:
            DecodingError: ffmpeg complains, or the file tells that it holds more.
        """
        frame_bytes = _SAMPLE_BYTES * self.channels
        data = self._read(frames * frame_bytes)
        whole = len(data) // frame_bytes
        self.reached += whole
        if whole < frames and not self._partial:
            self._check_end()
        samples = np.frombuffer(data, ">f4", whole * self.channels).astype(np.float32)
        return samples.reshape(whole, self.channels)

    def seek(self, frame: int) -> None:
        """Never called, because a pipe cannot seek."""
        raise NotImplementedError

    def _read(self, size: int) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.read(size) if size > 0 else b""

    def _check_end(self) -> None:
        failed = self._process.wait() != 0
        reason = self._reason()
        if failed or reason:
            raise DecodingError(reason or f"ffmpeg ended with code {self._process.returncode}")
        seconds = self.reached / self.sample_rate_hz
        if seconds < self._probe.seconds - _INACCURACY_S:
            raise DecodingError(f"its header promises {self._probe.seconds:.3f} s")

    def _reason(self) -> str:
        return _first_error(self._log)


class DecodingError(Exception):
    """ffmpeg cannot read the file, or not to its end."""


class UnknownFormatError(DecodingError):
    """ffmpeg does not know what the file is."""


@contextmanager
def decoded(path: str, *, partial: bool) -> Iterator[FfmpegSource]:
    """Start ffmpeg on a file; it ends with the context.

    Args:
        path: A plain file.
        partial: Whether to take what can be decoded of a damaged file.

    Raises:
        DecodingError: ffmpeg cannot read it.
    """
    place = "file:" + os.path.abspath(path)
    probe = _probe(place)
    strict = () if partial else ("-xerror",)
    sound = (
        "-map",
        "0:a:0",
        "-vn",
        "-sn",
        "-dn",
        "-map_metadata",
        "-1",
        "-c:a",
        "pcm_f32be",
        "-f",
        "au",
        "pipe:1",
    )
    command = [
        "ffmpeg",
        "-nostdin",
        "-hide_banner",
        "-loglevel",
        "level+error",
        *strict,
        *_ALLOWED,
        "-i",
        place,
        *sound,
    ]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, **_apart(log), stdout=subprocess.PIPE)
        try:
            yield FfmpegSource(process, log, probe, partial)
        finally:
            process.kill()
            assert process.stdout is not None
            process.stdout.close()
            process.wait()


def _probe(place: str) -> Probe:
    entries = "format=format_name,probe_score:stream=codec_name,duration"
    command = ["ffprobe", "-hide_banner", "-loglevel", "level+error", *_ALLOWED, "-select_streams", "a:0"]
    command += ["-show_entries", entries, "-of", "json", place]
    with tempfile.TemporaryFile() as log:
        try:
            run = subprocess.run(
                command, **_apart(log), stdout=subprocess.PIPE, timeout=_PROBE_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise DecodingError(f"ffprobe did not answer within {_PROBE_SECONDS:.0f} s") from None
        reason = _first_error(log)
    try:
        told: dict[str, Any] = json.loads(run.stdout)
    except ValueError:
        told = {}
    container = told.get("format", {})
    if int(container.get("probe_score", 0)) < _LEAST_SCORE:
        raise UnknownFormatError(reason or "no format that it knows")
    streams = told.get("streams") or [{}]
    if not streams[0].get("codec_name"):
        raise UnknownFormatError("no sound in it")
    name = str(container.get("format_name", "")).split(",")[0]
    seconds = float(streams[0].get("duration", 0)) if name in _TELL_LENGTH else 0.0
    return Probe(name.upper(), streams[0]["codec_name"].upper(), seconds)


def _first_error(log: IO[bytes]) -> str:
    """The first error that ffmpeg or ffprobe wrote, in one line; empty if there is none."""
    log.seek(0)
    for line in log.read(_MOST_LOG_BYTES).decode(errors="replace").splitlines():
        if "[error] " in line or "[fatal] " in line:
            message = re.split(r"\[(?:error|fatal)\] ", line)[-1]
            if "whitelist" in message:
                return "a format that is not allowed"
            return " ".join(re.sub(r"^file:.*: ", "", message).split()).rstrip(".")
    return ""


def _apart(log: IO[bytes]) -> dict[str, Any]:
    """Settings of a process that shares only variables with this one, and complains to a file."""
    variables = {name: value for name, value in os.environ.items() if name != "FFREPORT"}
    return {"stdin": subprocess.DEVNULL, "stderr": log, "env": variables}
