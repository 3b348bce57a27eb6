"""`remote`: a generator that is served elsewhere."""

from __future__ import annotations

import random
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tonewright.documents import check_fields, parse_json, short_text
from tonewright.errors import GenerationError, MissingExtraError, UsageError
from tonewright.files import StrPath
from tonewright.prompting.generators.base import Generation, Request, Setting, complete
from tonewright.prompting.serving.description import read_limits, read_settings
from tonewright.prompting.serving.wire import decode_generations, encode_requests

if TYPE_CHECKING:
    import httpx

DEFAULT_URL = "http://127.0.0.1:8765"
_CONNECT_S = 5.0
_MARGIN_S = 10.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 10.0


class Remote:
    """A generator of a server, as `tonewright generate serve` starts one.

    Args:
        url: Of the server; that of this machine unless given.
        patience_s: How long to try again while the server has no room or no generator, in seconds.

    Attributes:
        name: `remote`.
        settings: Those of the generator that is served.
        served: What is known of it, as the server tells.

    Raises:
        UsageError: The URL is none.
        MissingExtraError: httpx is not installed.
        GenerationError: Nothing answers there, or something else does.
    """

    name = "remote"

    def __init__(self, url: StrPath | None = None, *, patience_s: float = 120.0) -> None:
        self.url = str(url or DEFAULT_URL).rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(
                f"the model of remote is the URL of a server, like {DEFAULT_URL}; got {short_text(self.url)}"
            )
        self._httpx = _import_httpx()
        self._patience_s = patience_s
        self._random = random.Random()  # of pauses alone
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        # The environment may name a proxy, which leads nowhere from this machine to itself.
        self._client: httpx.Client = self._httpx.Client(timeout=_CONNECT_S, trust_env=not local)
        self._close = weakref.finalize(self, self._client.close)
        self.served = self._health()
        self.settings: Mapping[str, Setting] = read_settings(self.served["settings"])
        items, seconds, timeout_s = read_limits(self.served["limits"])
        self._most = items, seconds
        self._timeout = self._httpx.Timeout(timeout_s + _MARGIN_S, connect=_CONNECT_S)

    def generate(self, requests: Sequence[Request]) -> list[Generation]:
        """See `Generator.generate`; what is more than the server takes at once is sent in parts.

        Raises:
            GenerationError: The server is gone, took too long, or had no room for too long.
        """
        for one in requests:
            complete(one, self)
        return [made for part in self._parts(requests) for made in self._generate(part)]

    def close(self) -> None:
        """Let go of connections."""
        self._close()

    def _parts(self, requests: Sequence[Request]) -> Iterator[list[Request]]:
        items, seconds = self._most
        part: list[Request] = []
        for one in requests:
            if part and (len(part) == items or sum(other.seconds for other in part) + one.seconds > seconds):
                yield part
                part = []
            part.append(one)
        if part:
            yield part

    def _generate(self, requests: list[Request]) -> list[Generation]:
        answer = self._patiently(
            "POST",
            "/generate",
            content=encode_requests(requests),
            headers={"Content-Type": "application/json"},
            timeout=self._timeout,
        )
        return decode_generations(answer.content, requests)

    def _health(self) -> dict[str, Any]:
        found = parse_json(self._patiently("GET", "/health").content, error=GenerationError, what="server")
        kinds: dict[str, type] = {"settings": dict, "limits": dict}
        if not isinstance(found, dict) or not kinds.keys() <= found.keys():
            raise GenerationError(f"what answers at {self.url} serves no generator; check the address")
        return check_fields(found, "server", kinds, None, error=GenerationError)

    def _patiently(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """The answer to a call, which is tried again while the server asks for that."""
        until_s = time.monotonic() + self._patience_s
        pause_s = _FIRST_PAUSE_S
        while True:
            answer = self._call(method, path, **arguments)
            if answer.status_code == 200:
                return answer
            detail = _detail(answer)
            if answer.status_code in (400, 413, 422):
                raise UsageError(detail)
            # Those who were refused together do not come back together.
            wait_s = max(pause_s, _retry_after_s(answer)) * self._random.uniform(1.0, 1.5)
            if answer.status_code != 503 or time.monotonic() + wait_s > until_s:
                raise GenerationError(f"the server at {self.url} answers {answer.status_code}: {detail}")
            time.sleep(wait_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _call(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            return self._client.request(method, self.url + path, **arguments)
        except self._httpx.ConnectError as error:
            raise GenerationError(
                f"no server answers at {self.url} ({_reason(error)}); start one with `tonewright generate "
                "serve`, or check the address"
            ) from None
        except self._httpx.TimeoutException:
            raise GenerationError(
                f"the server at {self.url} does not answer in time; see what {self.url}/health says"
            ) from None
        except (self._httpx.TransportError, self._httpx.InvalidURL) as error:
            raise GenerationError(
                f"the server at {self.url} went away ({_reason(error)}); start it again"
            ) from None


def _detail(answer: httpx.Response) -> str:
    """Why a server refuses, in a line."""
    try:
        found = parse_json(answer.content, error=GenerationError)
    except GenerationError:
        found = None
    if isinstance(found, dict):
        reason = found.get("detail") or found.get("status")
        if isinstance(reason, str):
            return " ".join(reason.split())
    return short_text(answer.text) or "nothing"


def _retry_after_s(answer: httpx.Response) -> float:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else 0.0


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _import_httpx() -> ModuleType:
    try:
        import httpx
    except ModuleNotFoundError as missing:
        raise MissingExtraError("httpx", "serve", "asking a server for sounds") from missing
    return httpx
