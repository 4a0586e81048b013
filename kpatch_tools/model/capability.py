# SPDX-License-Identifier: GPL-2.0-only
"""What a machine can do: the vocabulary of `kvet doctor`."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a capability stands; DEGRADED works, slower or in part."""

    OK = "ok"
    DEGRADED = "degraded"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """One thing that a machine has or lacks.

    ``purpose`` says what for; ``required`` whether `kvet review` cannot run without it; ``package`` is the
    Debian package that brings it, ``cure`` the whole command.
    """

    name: str
    state: State
    detail: str
    purpose: str
    required: bool = True
    package: str = ""
    cure: str = ""


def can_run(capabilities: tuple[Capability, ...]) -> bool:
    """Whether the main job can run here: nothing that it needs is missing."""
    return all(item.state is not State.MISSING for item in capabilities if item.required)


def packages(capabilities: tuple[Capability, ...]) -> tuple[str, ...]:
    """Debian packages that would mend what is not ok, sorted."""
    return tuple(
        sorted({item.package for item in capabilities if item.state is not State.OK and item.package})
    )
