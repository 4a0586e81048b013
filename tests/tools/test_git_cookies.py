# SPDX-License-Identifier: GPL-2.0-only
"""A partial clone whose configuration lets its server write a file of the user's, as a jar of cookies."""

import contextlib
import gzip
import http.server
import os
import subprocess  # noqa: TID251 - plain git, as a server starts it
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kpatch_tools.tools.git import Repository
from tests.hostile.traps import Tree, git, partial

COOKIE = "x=$(touch${IFS}owned); Max-Age=99999"


class _Answers(http.server.BaseHTTPRequestHandler):
    folder: Path

    def do_GET(self) -> None:
        self._answer(b"", "--advertise-refs")

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(gzip.decompress(data) if self.headers.get("Content-Encoding") == "gzip" else data)

    def _answer(self, data: bytes, *options: str) -> None:
        done = subprocess.run(
            ("git", "upload-pack", "--stateless-rpc", *options, str(self.folder)),
            input=data,
            env={**os.environ, "GIT_PROTOCOL": "version=2"},
            capture_output=True,
            check=False,
            timeout=30,
        )
        self.send_response(200)
        self.send_header("Set-Cookie", COOKIE)
        kind = "advertisement" if options else "result"
        self.send_header("Content-Type", f"application/x-git-upload-pack-{kind}")
        self.end_headers()
        self.wfile.write(done.stdout)

    def log_message(self, *_words: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address at which git finds that repository."""
    handler = type("Answers", (_Answers,), {"folder": folder})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("key", ["http.saveCookies", "http.{url}.saveCookies"])
def test_a_server_writes_no_file_of_the_users(tmp_path: Path, key: str) -> None:
    if not Path(git(tmp_path, "--exec-path"), "git-remote-http").exists():
        pytest.skip("this git knows no http")
    tree = Tree(tmp_path)
    partial(tree, "{folder}")
    startup = tmp_path / "bashrc"
    blobs = [git(tmp_path / "whole", "rev-parse", name) for name in ("HEAD:x", "HEAD~1:x")]
    with serving(tmp_path / "whole") as url:
        tree.config("remote.origin.url", url)
        tree.config("http.cookieFile", str(startup))
        tree.config(key.format(url=url), "true")
        startup.write_text("alias a=b\n")
        assert Repository.open(tree.path).run("cat-file", "-p", blobs[0]).text == "one\n2\nthree\n"
        assert startup.read_text() == "alias a=b\n"
        git(tree.path, "cat-file", "-p", blobs[1])
    assert "$(touch" in startup.read_text(), "the trap is no trap"
