"""The web application of a shared generator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from tonewright.audio.writing import wav_bytes
from tonewright.documents import JSONFault
from tonewright.errors import GenerationError, MissingExtraError, TonewrightError, UsageError
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ, Generation
from tonewright.prompting.serving.description import limits_fields, settings_fields
from tonewright.prompting.serving.errors import BusyError, LateError, UnavailableError
from tonewright.prompting.serving.metrics import MEDIA_TYPE as METRICS_TYPE
from tonewright.prompting.serving.queue import Ticket
from tonewright.prompting.serving.shared import Shared
from tonewright.prompting.serving.wire import MEDIA_TYPE, decode_requests, encode_generations

try:
    from fastapi import FastAPI, Request, Response
    from fastapi.concurrency import run_in_threadpool
    from fastapi.responses import JSONResponse
except ModuleNotFoundError as missing:
    raise MissingExtraError("fastapi", "serve", "serving a generator") from missing

_AGAIN_S = "1"
WAV_TYPE = "audio/wav"
_WENT_AWAY = 499
"""Nobody reads it; the name of it in logs is that of nginx."""


class _RefusedError(Exception):
    """A call that is no call: a status and why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def make_app(shared: Shared) -> FastAPI:
    """The application: `POST /generate`, `GET /health` and `GET /metrics`.

    What is wrong is told as JSON, `{"detail": "rule; got value; remedy"}`, with status 400 (no JSON), 413
    (too large), 415 (another type), 422 (asks for what cannot be done), 503 (queue full, or no generator now;
    with Retry-After) or 504 (took too long). Sounds are sent as `wire` says; a call of one request that
    accepts audio/wav gets a WAV file of 32-bit floats, and its fault with status 500.

    Args:
        shared: The generator.
    """
    app = FastAPI(title="Tonewright", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/generate")
    async def generate(call: Request) -> Response:
        try:
            requests = await run_in_threadpool(decode_requests, await _body(call, shared.limits.most_bytes))
        except JSONFault as fault:
            reason = f"a call is JSON; this is {fault.reason}{fault.place}; {fault.remedy}"
            return _refused(shared, 400, reason)
        except UsageError as error:
            return _refused(shared, 422, str(error))
        except _RefusedError as refused:
            return _refused(shared, refused.status, str(refused))
        as_wav = WAV_TYPE in call.headers.get("accept", "").lower()
        if as_wav and len(requests) > 1:
            reason = f"a WAV file holds one sound; got {len(requests)} requests; send one at a time"
            return _refused(shared, 422, reason)
        try:
            made = await _made(call, shared, shared.submit(requests))
        except TonewrightError as error:
            return _told(error)
        if made is None:
            return Response(status_code=_WENT_AWAY)
        if not as_wav:
            return Response(await run_in_threadpool(encode_generations, made), media_type=MEDIA_TYPE)
        if made[0].fault is not None:
            return _told(GenerationError(made[0].fault))
        return Response(wav_bytes(made[0].clip, encoding="float"), media_type=WAV_TYPE)

    @app.get("/health")
    async def health() -> Response:
        missing = shared.missing
        fields = {
            "alive": missing is None,
            "status": missing or "ready",
            "generator": shared.name,
            "model": None if shared.model is None else str(shared.model),
            "sample_rate_hz": SAMPLE_RATE_HZ,
            "settings": settings_fields(shared.settings),
            "limits": limits_fields(shared.limits),
            "queue_length": shared.queue_length,
            "workers_replaced": shared.replaced,
        }
        return JSONResponse(fields, 200 if missing is None else 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(shared.metrics_text(), headers={"Content-Type": METRICS_TYPE})

    return app


async def _body(call: Request, most_bytes: int) -> bytes:
    """The body of a call, and no more of it than it may have."""
    kind = call.headers.get("content-type", "")
    # Also what keeps pages of other sites from calling: a browser asks before it sends this type.
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise _RefusedError(415, f"a call is application/json; got {kind[:80] or 'no type'}; name it so")
    body = bytearray()
    async for part in call.stream():
        body += part
        if len(body) > most_bytes:
            raise _RefusedError(413, f"a call has up to {most_bytes:,} bytes; got more; send less at once")
    return bytes(body)


async def _made(call: Request, shared: Shared, tickets: Sequence[Ticket]) -> list[Generation] | None:
    """What becomes of tickets; None if the client went away before.

    Raises:
        TonewrightError: One of them failed.
    """
    futures = [asyncio.wrap_future(one.future) for one in tickets]
    ended = asyncio.gather(*futures, return_exceptions=True)
    gone = asyncio.ensure_future(_gone(call))
    try:
        first: set[asyncio.Future[Any]] = {ended, gone}
        await asyncio.wait(first, timeout=shared.limits.timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if gone.done() and not ended.done():
            return None
        shared.expire(tickets)
        found = await ended
    finally:
        gone.cancel()
        shared.cancel(tickets)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return [one for one in found if isinstance(one, Generation)]


async def _gone(call: Request) -> None:
    while (await call.receive())["type"] != "http.disconnect":
        pass


def _refused(shared: Shared, status: int, reason: str) -> Response:
    shared.metrics.count("refused")
    return JSONResponse({"detail": reason}, status)


def _told(error: TonewrightError) -> Response:
    detail = {"detail": str(error)}
    if isinstance(error, BusyError | UnavailableError):
        return JSONResponse(detail, 503, {"Retry-After": _AGAIN_S})
    if isinstance(error, LateError):
        return JSONResponse(detail, 504)
    return JSONResponse(detail, 422 if isinstance(error, UsageError) else 500)
