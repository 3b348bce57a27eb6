"""Serving at an address until somebody asks for the end."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tonewright.errors import DeviceError, MissingExtraError, UsageError, system_reason
from tonewright.prompting.serving.app import make_app
from tonewright.prompting.serving.shared import Shared

try:
    import uvicorn
except ModuleNotFoundError as missing:
    raise MissingExtraError("uvicorn", "serve", "serving a generator") from missing

if TYPE_CHECKING:
    from fastapi import FastAPI

HOST, PORT = "127.0.0.1", 8765
_KEEP_ALIVE_S = 75
_END_S = 5
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@contextmanager
def listening(host: str = HOST, port: int = PORT) -> Iterator[socket.socket]:
    """A socket that listens, before anything is loaded to answer with.

    Args:
        host: Name or address of this machine.
        port: 0 for any that is free.

    Raises:
        UsageError: There is no such port.
        DeviceError: The address is taken, or is none of this machine.
    """
    if not 0 <= port <= 65_535:
        raise UsageError(f"a port is 0 to 65535; got {port}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as one:
        try:
            if os.name == "posix":  # elsewhere it would let two servers have the same port
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((host, port))
            one.listen()
        except OSError as error:
            raise DeviceError(
                f"cannot listen at {host}:{port}: {system_reason(error)}; choose another --port or --host"
            ) from None
        yield one


def address(listener: socket.socket) -> str:
    """Where a socket listens, as a URL."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_exposed(host: str) -> bool:
    """Whether other machines can reach what listens there."""
    return host not in _LOOPBACK


@contextmanager
def serving(shared: Shared, listener: socket.socket) -> Iterator[threading.Thread]:
    """Serve a generator meanwhile; in the end what waits is told so, and the worker ends.

    Args:
        shared: The generator; it is closed in the end.
        listener: A socket of `listening`.

    Yields:
        The thread that serves; it ends early only if something is wrong.
    """
    with serving_app(make_app(shared), listener) as thread:
        try:
            yield thread
        finally:
            shared.close()


@contextmanager
def serving_app(app: FastAPI, listener: socket.socket) -> Iterator[threading.Thread]:
    """Serve any application meanwhile; arguments and what is yielded as of `serving`."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE_S,  # longer than clients keep connections: they close them
            timeout_graceful_shutdown=_END_S,
        )
    )
    thread = threading.Thread(target=server.run, args=([listener],), name="server", daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        server.should_exit = True
        thread.join()
