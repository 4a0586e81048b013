# SPDX-License-Identifier: GPL-2.0-only
"""Headless Chromium on pages from memory: what they measure, how they look, what they ask for.

A page under test has no script. A harness beside it, of the same origin, holds it in a frame of a given size
and looks into it; what it finds stands in its title as JSON.
"""

import html
import http.server
import json
import re
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kpatch_tools.model.run import Command, RunResult
from kpatch_tools.tools import process

CHROMIUM = shutil.which("chromium") or ""
LACKING = "chromium is not installed (apt-get install -y chromium fonts-dejavu-core)"
_HARNESS = """<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,"><title></title>
<style>body {{ margin: 0; }} iframe {{ border: 0; width: {width}px; height: {height}px; }}</style>
<iframe></iframe><script>
const frame = document.querySelector("iframe");
frame.onload = async () => {{
  const page = frame.contentDocument, view = frame.contentWindow;
  document.title = JSON.stringify(await (async () => {{ {probe} }})());
}};
frame.src = "/page.html";
</script>"""


@dataclass(slots=True, kw_only=True)
class Site:
    """A server on this machine: its pages by path, and which paths were asked for."""

    root: str
    pages: dict[str, str]
    asked: list[str] = field(default_factory=list)


@contextmanager
def site(pages: Mapping[str, str]) -> Iterator[Site]:
    """Serve the pages until the end of the block."""
    served = Site(root="", pages=dict(pages))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            text = served.pages.get(self.path)
            self.send_response(404 if text is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write((text or "").encode())

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.root = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def chromium(*options: str, home: Path, dark: bool = False) -> RunResult:
    """Run it once with a profile of its own below ``home``; it reaches no other machine."""
    argv = [
        CHROMIUM,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--enable-logging=stderr",
        f"--user-data-dir={home / 'profile'}",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        *options,
    ]
    return process.run(Command(argv=tuple(argv), cwd=home, timeout=90))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a probe returned, what the console said, and what was asked of the server."""

    value: Any
    console: tuple[str, ...]
    asked: tuple[str, ...]


def probed(page: str, probe: str, *, home: Path, width: int = 390, dark: bool = False) -> Seen:
    """Run ``probe``, the body of a function of ``page`` and ``view`` that returns what JSON can hold."""
    harness = _HARNESS.format(width=width, height=844, probe=probe)
    with site({"/page.html": page, "/": harness}) as served:
        done = chromium("--virtual-time-budget=60000", "--dump-dom", f"{served.root}/", home=home, dark=dark)
    found = re.search(r"<title>(.*?)</title>", done.stdout.decode(), re.DOTALL)
    assert found, done.stderr.decode()
    said = tuple(line for line in done.stderr.decode().splitlines() if ":CONSOLE" in line)
    return Seen(value=json.loads(html.unescape(found[1])), console=said, asked=tuple(served.asked))


def shot(page: str, to: Path, *, home: Path, size: tuple[int, int], dark: bool = False) -> bytes:
    """A picture of the page as PNG, written to ``to`` as well."""
    with site({"/": page}) as served:
        chromium(
            f"--screenshot={to}",
            f"--window-size={size[0]},{size[1]}",
            f"{served.root}/",
            home=home,
            dark=dark,
        )
    return to.read_bytes()
