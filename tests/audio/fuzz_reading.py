"""Feed damaged sound files to the reader, in a process of its own with a lid on its memory.

Run by test_fuzz.py: `python fuzz_reading.py SEED FILES_PER_FORMAT FOLDER`. Prints one JSON object.
"""

import json
import resource
import struct
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import soundfile

from tonewright.audio import info, read, read_blocks
from tonewright.errors import TonewrightError

MEMORY_BYTES = 200 * 2**20
SLOWEST_S = 2.0
FORMATS = {
    "wav16": ("WAV", "PCM_16"),
    "wav24": ("WAV", "PCM_24"),
    "wavfloat": ("WAV", "FLOAT"),
    "wavadpcm": ("WAV", "MS_ADPCM"),
    "rf64": ("RF64", "PCM_16"),
    "w64": ("W64", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "nist": ("NIST", "PCM_16"),
    "voc": ("VOC", "PCM_16"),
    "svx": ("SVX", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "vorbis": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}
FIELDS = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


def whole_files(rng, folder):
    """Sound files of each format, as bytes; MP3 also without its info header and in WAV; some joined."""
    time_s = np.arange(3200) / 16000
    sound = 0.3 * np.sin(2 * np.pi * 330 * time_s) + 0.05 * rng.standard_normal(3200)
    files = {}
    for name, (container, encoding) in FORMATS.items():
        path = folder / "whole"
        stereo = np.stack([sound, -sound], axis=1)
        both = sound if container == "SVX" else stereo
        soundfile.write(path, both, 16000, format=container, subtype=encoding)
        files[name] = path.read_bytes()
    mp3 = files["mp3"]
    files["mp3bare"] = bare = mp3[mp3.index(mp3[:2], 4) :]
    layout = struct.pack("<HHIIHHH", 0x55, 2, 16000, 4000, 1, 0, 0)
    body = (
        b"WAVEfmt " + struct.pack("<I", len(layout)) + layout + b"data" + struct.pack("<I", len(bare)) + bare
    )
    files["wavmp3"] = b"RIFF" + struct.pack("<I", len(body)) + body
    for name in ("vorbis", "opus", "mp3", "flac"):
        files[f"two {name}"] = files[name] * 2
    return files


def mutated(rng, data, others):
    """Damage a file in one to three ways; headers suffer more often than bodies."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        if not data:
            break
        reach = int(rng.choice([64, 512, len(data)]))
        at = int(rng.integers(min(reach, len(data))))
        length = int(rng.integers(1, 1 + min(reach, len(data))))
        match rng.integers(7):
            case 0:
                data[at] ^= 1 << int(rng.integers(8))
            case 1:
                del data[at:]
            case 2:
                del data[at : at + length]
            case 3:
                data[at:at] = rng.bytes(length)
            case 4:
                other = others[int(rng.integers(len(others)))]
                start = int(rng.integers(len(other)))
                data[at : at + length] = other[start : start + length]
            case 5:
                data[at : at + length] = rng.bytes(len(data[at : at + length]))
            case 6:
                size = int(rng.choice([1, 2, 4, 8]))
                value = int(rng.choice(FIELDS)) % 256**size
                data[at : at + size] = value.to_bytes(size, str(rng.choice(["little", "big"])))
    return bytes(data)


def blocks(path):
    return list(read_blocks(path, block_seconds=0.05))


def partly(path):
    return read(path, partial=True)


def fault(path):
    """Read a file in every way: the outcome ("read" or "refused"), and what is wrong with it, if anything."""
    outcome = "read"
    for reader in (info, read, blocks, partly):
        started = time.process_time()
        try:
            result = reader(path)
            if reader in (read, partly) and not (result.frames and np.isfinite(result.samples).all()):
                return outcome, "a clip that is empty or not finite"
        except TonewrightError as error:
            outcome = outcome if reader is partly else "refused"
            message = str(error)
            if "\n" in message or "does not fit" in message:
                return outcome, message
        except BaseException as error:
            return outcome, repr(error)
        if time.process_time() - started > SLOWEST_S:
            return outcome, "too slow"
    return outcome, ""


def main(seed, files_per_format, folder):
    rng = np.random.default_rng(seed)
    files = whole_files(rng, folder)
    path = folder / "mutated"
    faults, outcomes = [], {name: Counter() for name in files}
    for name, data in files.items():
        path.write_bytes(data)
        outcome, wrong = fault(path)  # also loads every decoder before the lid goes on
        if outcome != "read" or wrong:
            faults.append([name, "whole", wrong])
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    lid = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (lid, lid))
    for name, data in files.items():
        for number in range(files_per_format):
            path.write_bytes(mutated(rng, data, list(files.values())))
            outcome, wrong = fault(path)
            outcomes[name][outcome] += 1
            if wrong:
                faults.append([name, number, wrong])
    print(json.dumps({"faults": faults, "outcomes": outcomes}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
