"""A page in a real browser, with a script that reports what it sees."""

from __future__ import annotations

import base64
import hashlib
import html
import queue
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

needs_chromium = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")

COMPLAINTS = """
  const complaints = [];
  addEventListener("error", (event) => complaints.push(event.message));
  addEventListener("unhandledrejection", (event) => complaints.push(String(event.reason)));
  addEventListener("securitypolicyviolation", (event) => complaints.push(event.violatedDirective));
  console.error = console.warn = (...words) => complaints.push(words.join(" "));
"""


class Visit(BaseHTTPRequestHandler):
    """Serves the server's `page`, notes paths in `asked`, and queues what the page posts in `seen`."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.page if self.path == "/" else b""
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.server.seen.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def ask_browser(document: str, script: str, profile: Path, width: int = 1200) -> str:
    """What a script at the end of the page reports with `report(text)`.

    The page's own policy holds, but for this script and its report. A page that asks for anything fails.
    """
    with _server() as server:
        server.page = _with_script(document, script, "/seen", "'self'").encode()
        seen = _visit(server, f"http://127.0.0.1:{server.server_port}/", profile, width)
    assert set(server.asked) <= {"/", "/favicon.ico"}  # which browsers ask for on their own
    return seen


def ask_browser_on_disk(path: Path, script: str, profile: Path, width: int = 1200) -> str:
    """As `ask_browser`, for a page that is opened from a disk, with the files beside it."""
    with _server() as server:
        there = f"http://127.0.0.1:{server.server_port}"
        visited = path.with_name(f"visited-{path.name}")
        visited.write_text(_with_script(path.read_text("utf-8"), script, f"{there}/seen", there), "utf-8")
        seen = _visit(server, visited.as_uri(), profile, width)
    assert not server.asked
    return seen


def _server() -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Visit)
    server.page, server.asked, server.seen = b"", [], queue.Queue()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _with_script(document: str, script: str, address: str, source: str) -> str:
    """The page with a script that reports to an address, and a policy that lets it."""
    options = "{ method: 'POST', mode: 'no-cors', body }"
    script = f"{COMPLAINTS} const report = (body) => fetch('{address}', {options});\n{script}"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = re.sub("script-src ", f"script-src &#x27;sha256-{digest}&#x27; ", document, count=1)
    page = page.replace("default-src ", f"connect-src {html.escape(source)}; default-src ", 1)
    # Before the page's own script, to hear its complaints; whatever it does waits for the page to be ready.
    before, last, after = page.rpartition("<script>")
    return f"{before}<script>{script}</script>{last}{after}"


def _visit(server: ThreadingHTTPServer, address: str, profile: Path, width: int) -> str:
    flags = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--mute-audio", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--autoplay-policy=no-user-gesture-required", f"--user-data-dir={profile}",
        "--hide-scrollbars", f"--window-size={width},1000",
        "--remote-debugging-port=0",  # without it a headless Chromium ends as soon as the page is loaded
    ]  # fmt: skip
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    browser = subprocess.Popen(["chromium", *flags, address], **silent)
    try:
        return server.seen.get(timeout=400)
    finally:
        browser.terminate()
        browser.wait(timeout=100)
        server.shutdown()
