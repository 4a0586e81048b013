# SPDX-License-Identifier: GPL-2.0-only
"""A stand-in for lore.kernel.org on 127.0.0.1: answers the requests that b4 0.16 makes from mails in memory.

``with Lore(mails) as lore`` serves until the block ends; ``lore.url`` goes into KVET_LORE, ``lore.mask``
into b4.midmask. Served are GET /all/MSGID/t.mbox.gz, GET /all/MSGID/raw and POST /all/?x=m[&t=1]&q=QUERY
with the terms patchid:, nq:, s:, f:, m: and d: (public-inbox's help page of its search). A term that is
not known is answered by 400, so that a test notices a new kind of question. Every request line is kept in
``requests``.
"""

import email
import email.header
import email.utils
import gzip
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from kpatch_tools.model.run import Command
from kpatch_tools.tools import process

_ID = re.compile(r"<([^<>\s]+)>")
_TERM = re.compile(r'(patchid|nq|s|f|m|d):(?:"([^"]*)"|([^\s()]+))')


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One mail with what searches ask of it."""

    raw: bytes
    message_id: str
    links: tuple[str, ...]
    subject: str
    sender: str
    day: str
    body: str

    @classmethod
    def read(cls, raw: bytes) -> "Stored":
        """Take the headers of one mail (without its "From " line)."""
        message = email.message_from_bytes(raw)
        linked = f"{message.get('In-Reply-To', '')} {message.get('References', '')}"
        when = email.utils.parsedate_to_datetime(str(message["Date"])).astimezone(UTC)
        subject = str(email.header.make_header(email.header.decode_header(str(message["Subject"]))))
        return cls(
            raw=raw,
            message_id=_ID.findall(str(message["Message-ID"]))[0],
            links=tuple(_ID.findall(linked)),
            subject=" ".join(subject.split()),
            sender=str(message["From"]),
            day=f"{when:%Y%m%d}",
            body=raw.partition(b"\n\n")[2].decode("utf-8", "replace"),
        )


@dataclass(slots=True)
class Lore:
    """The server; ``requests`` are the request lines in order, ``agents`` the User-Agents."""

    mails: list[Stored] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    _server: ThreadingHTTPServer | None = None
    _thread: threading.Thread | None = None

    def add(self, *mails: bytes | str) -> None:
        """Serve these mails as well; each one alone, or an mbox of several."""
        for item in mails:
            raw = item.encode() if isinstance(item, str) else item
            self.mails += [Stored.read(mail) for mail in split(raw)]

    @property
    def url(self) -> str:
        """The archive's base address."""
        assert self._server
        return f"http://127.0.0.1:{self._server.server_address[1]}/all/"

    @property
    def mask(self) -> str:
        """The address as b4.midmask wants it."""
        return f"{self.url}%s"

    def __enter__(self) -> Self:
        lore = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(lore.get(self.path))

            def do_HEAD(self) -> None:
                self.answer(lore.get(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                self.answer(lore.post(self.path, body))

            def answer(self, answer: tuple[int, bytes]) -> None:
                code, content = answer
                lore.requests.append(f"{self.command} {unquote(self.path)}")
                lore.agents.add(self.headers.get("User-Agent", ""))
                self.send_response(code)
                self.send_header("Content-Type", "application/gzip" if code == 200 else "text/plain")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_message(self, *_args: object) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._server and self._thread:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def get(self, path: str) -> tuple[int, bytes]:
        """A thread or one mail."""
        words = [unquote(word) for word in urlsplit(path).path.strip("/").split("/")]
        if len(words) != 3 or words[0] != "all":
            return 404, b"no such page"
        found = [mail for mail in self.mails if mail.message_id == words[1]]
        if not found or words[2] not in ("t.mbox.gz", "raw"):
            return 404, b"not found"
        return (200, found[0].raw) if words[2] == "raw" else (200, packed(self.thread(found)))

    def post(self, path: str, body: str) -> tuple[int, bytes]:
        """The answer of a search as an mbox, with t=1 the whole threads of what was found."""
        asked = parse_qs(urlsplit(path).query) | parse_qs(body)
        query = asked.get("q", [""])[0]
        try:
            found = [mail for mail in self.mails if matches(mail, query)]
        except ValueError as error:
            return 400, str(error).encode()
        if asked.get("x") != ["m"]:
            return 400, b"only x=m is served"
        if asked.get("t") == ["1"]:
            found = self.thread(found)
        return (200, packed(found)) if found else (404, b"nothing found")

    def thread(self, start: Iterable[Stored]) -> list[Stored]:
        """All mails that hang together with those, by any reference, in the order they came."""
        known = {name for mail in start for name in (mail.message_id, *mail.links)}
        while True:
            more = {
                name
                for mail in self.mails
                if known & {mail.message_id, *mail.links}
                for name in (mail.message_id, *mail.links)
            }
            if more <= known:
                return [mail for mail in self.mails if mail.message_id in known]
            known |= more


def split(raw: bytes) -> list[bytes]:
    """The mails of an mboxrd without their "From " lines; a lone mail is itself."""
    if not raw.startswith(b"From "):
        return [raw]
    parts = re.split(rb"(?m)^From [^\n]*\n", raw)[1:]
    return [re.sub(rb"(?m)^>(>*From )", rb"\1", part) for part in parts]


def packed(mails: Iterable[Stored]) -> bytes:
    """A gzip of an mboxrd, as public-inbox sends it."""
    day = f"{datetime(2024, 1, 1, tzinfo=UTC):%a %b %d %H:%M:%S %Y}"
    text = b""
    for mail in mails:
        quoted = re.sub(rb"(?m)^(>*From )", rb">\1", mail.raw)
        text += f"From mboxrd@z {day}\n".encode() + quoted.rstrip(b"\n") + b"\n\n"
    return gzip.compress(text)


def matches(mail: Stored, query: str) -> bool:
    """Whether a mail answers a query of terms, AND, OR and parentheses; ValueError for anything else."""
    tokens = re.findall(r'\(|\)|AND|OR|(?:[a-z]+:(?:"[^"]*"|[^\s()]+))', query)
    if re.sub(r"\s", "", "".join(tokens)) != re.sub(r"\s", "", query) or not tokens:
        raise ValueError(f"cannot read the query {query!r}")
    answer, rest = _either(mail, tokens)
    if rest:
        raise ValueError(f"cannot read the query {query!r} from {rest[0]!r} on")
    return answer


def _either(mail: Stored, tokens: list[str]) -> tuple[bool, list[str]]:
    answer, rest = _both(mail, tokens)
    while rest and rest[0] == "OR":
        more, rest = _both(mail, rest[1:])
        answer = answer or more
    return answer, rest


def _both(mail: Stored, tokens: list[str]) -> tuple[bool, list[str]]:
    answer, rest = _term(mail, tokens)
    while rest and rest[0] not in ("OR", ")"):
        more, rest = _term(mail, rest[1:] if rest[0] == "AND" else rest)
        answer = answer and more
    return answer, rest


def _term(mail: Stored, tokens: list[str]) -> tuple[bool, list[str]]:
    if not tokens:
        raise ValueError("the query ends too early")
    if tokens[0] == "(":
        answer, rest = _either(mail, tokens[1:])
        if not rest or rest[0] != ")":
            raise ValueError("a parenthesis stays open")
        return answer, rest[1:]
    match = _TERM.fullmatch(tokens[0])
    if not match:
        raise ValueError(f"no such term: {tokens[0]!r}")
    kind, value = match[1], match[2] if match[2] is not None else match[3]
    return _holds(mail, kind, value), tokens[1:]


def _holds(mail: Stored, kind: str, value: str) -> bool:
    if kind == "patchid":
        return patch_id(mail.raw) == value
    if kind == "nq":
        lines = [line for line in mail.body.splitlines() if not line.startswith(">")]
        return value in "\n".join(lines)
    if kind == "d":
        first, dots, last = value.partition("..")
        return first <= mail.day <= (last or "99999999") if dots else mail.day == first
    if kind == "m":
        return mail.message_id == value
    return value.lower() in (mail.subject if kind == "s" else mail.sender).lower()


def patch_id(raw: bytes) -> str:
    """The patch id as public-inbox indexes it: `git patch-id --stable` of the diff, "" without one."""
    command = Command(
        argv=("git", "patch-id", "--stable"), timeout=30, cwd=Path("/"), stdin=raw.partition(b"\n\n")[2]
    )
    return process.run(command).text.partition(" ")[0].strip()
