"""`tonewright generate setup`: the environment of a generator that has one of its own."""

from __future__ import annotations

from dataclasses import dataclass

from tonewright.cli.options import Flag, OptionalFolder


@dataclass(frozen=True)
class GenerateSetup:
    """Make the environment that the generator `stable-audio` runs in.

    pip fetches what it needs, as it is configured to: some gigabytes.
    """

    folder: OptionalFolder = None
    """Where; $TONEWRIGHT_STABLE_AUDIO_ENV, or the user's folder of caches,
    unless given."""
    overwrite: Flag = False
    """Make it anew if it is there."""

    def run(self) -> None:
        """Make it, and tell what is done."""
        import sys

        from tonewright.prompting.generators.stable_audio.environment import make_environment

        def tell(line: str) -> None:
            print(line, file=sys.stderr)

        made = make_environment(self.folder, tell=tell, overwrite=self.overwrite)
        print(f"the environment of stable-audio is {made}")
