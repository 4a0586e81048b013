# SPDX-License-Identifier: GPL-2.0-only
"""The b4 program, which fetches threads for us; what they hold is judged elsewhere.

Of b4's subcommands `mbox` gives the mails as they were sent, replies included. `am` drops patches on some
resends and exits 0 on what is incomplete, so it is not used. b4 runs in a scratch folder with data and cache
folders of its own: no clone's configuration takes part, and nothing the user's b4 remembers is changed.
The user's ~/.gitconfig is heard, for a mirror in b4.midmask.
"""

import os
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

from kpatch_tools.errors import EnvironmentFault, ToolFailed, UserError
from kpatch_tools.model.run import Command, Ended, RunResult
from kpatch_tools.tools import gitrun, process

FETCH_TIMEOUT_S = 180.0
LORE = "KVET_LORE"
CURE_MISSING = "pip install 'kpatch-tools[fetch]', or apt-get install b4"
_UNREACHABLE = re.compile(
    r"All hosts failed|Max retries exceeded|Failed to establish|timed out|Name or service not known"
)
_CODES = re.compile(r"returned (?:an error: )?(\d{3})")


def fetch_thread(message_id: str, *, newer: bool = False, lore: str | None = None) -> bytes:
    """The whole thread of a mail as an mbox (mboxrd); ``newer`` asks for later versions of its series too.

    ``lore`` is the archive's address (``https://lore.kernel.org/all/``), by default the environment's
    KVET_LORE, or else what b4 is configured to. Nothing is cached: two calls ask the archive twice. Raises
    UserError when the archive has no such mail, EnvironmentFault without b4 or without network.
    """
    program = find_b4()
    with gitrun.scratch() as folder:
        for part in ("cache", "data", "out"):
            (folder / part).mkdir()
        command = Command(
            argv=(program, *_options(lore), "mbox", *(("-c",) if newer else ("-C",)), "-n", "thread",
                  "-o", str(folder / "out"), "--", message_id),
            timeout=FETCH_TIMEOUT_S,
            cwd=folder,
            # b4 asks git for its settings: of the user alone, not of a repository above the folder.
            env={
                **gitrun.HEARD_ENVIRONMENT,
                "GIT_CEILING_DIRECTORIES": str(folder.resolve().parent),
                "XDG_CACHE_HOME": str(folder / "cache"),
                "XDG_DATA_HOME": str(folder / "data"),
            },
        )  # fmt: skip
        result = process.run(command)
        made = [item for item in (folder / "out").iterdir() if item.is_file()]
        if result.ok and len(made) == 1:
            return made[0].read_bytes()
    raise _fault(message_id, result)


def find_b4() -> str:
    """The path of b4: beside the running Python first, then on PATH. Raises EnvironmentFault without one."""
    beside = Path(sys.executable).parent / "b4"
    if os.access(beside, os.X_OK) and beside.is_file():
        return str(beside)
    found = shutil.which("b4")
    if not found:
        raise EnvironmentFault(
            "fetching a series by its Message-ID needs b4, which is not installed", cure=CURE_MISSING
        )
    return found


def _options(lore: str | None) -> tuple[str, ...]:
    address = lore or os.environ.get(LORE, "")
    options = ["-n", "--no-stdin", "-c", "b4.save-maildirs=no"]
    if address:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise UserError(
                f"{LORE}: {address!r} is no archive's address", cure=f"{LORE}=https://lore.kernel.org/all/"
            )
        options += ["-c", f"b4.midmask={address.rstrip('/').removesuffix('/%s')}/%s"]
    return tuple(options)


def _fault(message_id: str, result: RunResult) -> UserError | EnvironmentFault:
    """What b4 0.16 means when it gives no thread: its exit code is 1 whatever happened."""
    words = result.error_text
    if result.ended is Ended.NOT_FOUND:
        return EnvironmentFault("b4 cannot be started", cure=CURE_MISSING)
    if result.ended is Ended.TIMED_OUT or _UNREACHABLE.search(words):
        return EnvironmentFault(
            f"{message_id}: the mail archive cannot be reached from here",
            cure=f"check the network, name a mirror ({LORE}=URL), or name the file of a saved thread",
        )
    codes = _CODES.findall(words)
    if "No messages found" in words or "404" in codes:
        return UserError(
            f"{message_id}: the mail archive has no mail of that Message-ID",
            cure="look at the mail's Message-ID header; a mail is found there some minutes after it was sent",
        )
    if codes:
        return EnvironmentFault(
            f"{message_id}: the mail archive answered with error {codes[-1]}",
            cure="try again later, or name another archive: KVET_LORE=URL",
        )
    return ToolFailed(
        f"{message_id}: b4 gave no thread",
        tail=result.tail,
        cure="copy the Message-ID anew, or name the archive that has it: KVET_LORE=URL",
    )
