# SPDX-License-Identifier: GPL-2.0-only
"""The object folder that a build of a commit works in: the user's own, or one of a stranger's."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from kpatch_tools.model.event import Event, Sink
from kpatch_tools.tools import kbuild, origins, outputs
from kpatch_tools.tools.files import cache_dir
from kpatch_tools.tools.objects import hold


@contextlib.contextmanager
def build_site(  # noqa: PLR0913 - of what, where, and where its words go
    tree: Path, commit: str, *, source: Path, key: str, log: Path, sink: Sink, stage: str
) -> Iterator[kbuild.Site]:
    """Hold the object folder of that ``key`` for ``commit``, which ``source`` is checked out at.

    A stranger's begins as a copy of the user's own, so that only what the series touches is compiled. Raises
    EnvironmentFault when it cannot be had.
    """
    shared = cache_dir("obj") / key
    origin = origins.origin_of(tree, commit)
    if origin is None:
        with hold(shared, sink, stage):
            yield kbuild.Site(source=source, objects=shared, log=log)
        return
    own = origins.folder_of(origin, "obj") / key
    with hold(own, sink, stage):
        if not any(own.iterdir()) and shared.is_dir():
            sink(Event(stage, "copying the base's objects"))
            with hold(shared, sink, stage):
                origins.copied(shared, own)
        yield kbuild.Site(
            source=source,
            objects=own,
            log=log,
            ccache=origins.folder_of(origin, "ccache"),
            inside=shared,
        )


def forget_objects(site: kbuild.Site) -> None:
    """Empty an object folder: that of a build which was over a limit of its sandbox."""
    for left in list(site.objects.iterdir()):
        outputs.remove(site.objects, left.name)
