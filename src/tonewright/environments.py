"""Every environment by name, collected from the crafts, and made known to Gymnasium.

After `import tonewright`, `gymnasium.make("tonewright/Match-v0")` works. Gymnasium itself is imported by
whoever uses it: registering waits for that, so that importing Tonewright stays light.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from tonewright import improvising, learning, matching
from tonewright.learning.registry import Environment

_ROOMS = (learning, matching, improvising)
"""Rooms that declare environments, each in a mapping `ENVIRONMENTS`; see `learning.registry`."""


def environments() -> dict[str, Environment]:
    """Where each environment is found, by name."""
    return {name: found for room in _ROOMS for name, found in room.ENVIRONMENTS.items()}


def register() -> None:
    """Register with Gymnasium what it does not know yet."""
    import gymnasium

    for name, environment in environments().items():
        if name not in gymnasium.registry:
            gymnasium.register(
                name,
                entry_point=environment.single,
                vector_entry_point=environment.batch,
                kwargs=dict(environment.kwargs),
            )


def register_with_gymnasium() -> None:
    """Call `register` now if Gymnasium has been imported, else as soon as somebody imports it."""
    if "gymnasium" in sys.modules:
        register()
    elif not any(isinstance(finder, _GymnasiumFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _GymnasiumFinder())


class _GymnasiumFinder:
    """Finds Gymnasium as Python would, and has `register` called after it was executed.

    Of no base class: `importlib.abc` takes longer to import than the rest of the package.
    """

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != "gymnasium":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        sys.meta_path.insert(0, self)  # again, since looking a module up need not lead to importing it
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_and_register(module: ModuleType) -> None:
            sys.meta_path.remove(self)
            execute(module)
            register()

        spec.loader.exec_module = execute_and_register  # type: ignore[method-assign]
        return spec
