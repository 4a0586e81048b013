# SPDX-License-Identifier: GPL-2.0-only
"""What goes on beside a call: pauses, signals, other vCPUs, changes of the memslots.

A call with such steps is made by a thread of its own. Where order matters a missing page of userfaultfd
stops it at an exact place, and what "asleep in its ioctl" means is asked of the kernel: nothing depends on
how long something takes.
"""

from typing import Literal

from kpatch_tools.model.place import Place, place
from kpatch_tools.model.terms import Document

Blockable = Literal["SIGUSR1", "SIGBUS"]


class Pause(Document, tag_field="do", tag="pause", kw_only=True, frozen=True):
    """Takes the host's page at ``at`` away: who touches it sleeps in the kernel until it is given back."""

    at: Place


class Occupy(Document, tag_field="do", tag="occupy", kw_only=True, frozen=True):
    """Another thread runs the guest, which reads the missing page: until that is back the vCPU is in use."""


class Hold(Document, tag_field="do", tag="hold", kw_only=True, frozen=True):
    """Another vCPU calls for the missing page and sleeps there, with all that the kernel holds meanwhile."""


class DeleteSlot(Document, tag_field="do", tag="delete", kw_only=True, frozen=True):
    """Deletes the memslot at ``at``; beside a call another thread does it, and sleeps in that ioctl first.

    With ``held`` that is so before the call as well: what the step "hold" holds keeps it from its end.
    """

    at: Place = place("base")
    held: bool = False


class Run(Document, tag_field="do", tag="run", kw_only=True, frozen=True):
    """The guest runs and reads the page of its warm-up, nothing else."""


class Poison(Document, tag_field="do", tag="poison", kw_only=True, frozen=True):
    """Marks the host's page at ``at`` as broken (MADV_HWPOISON)."""

    at: Place


class Paused(Document, tag_field="do", tag="paused", kw_only=True, frozen=True):
    """Waits until the call sleeps because of the missing page."""


class Waits(Document, tag_field="do", tag="waits", kw_only=True, frozen=True):
    """Waits until the call sleeps in its ioctl for whatever reason; a call that ends instead fails."""


class Ended(Document, tag_field="do", tag="ended", kw_only=True, frozen=True):
    """Waits until the call has ended by itself; one that loops is ended, and fails."""


class Signal(Document, tag_field="do", tag="signal", kw_only=True, frozen=True):
    """Sends SIGUSR1 to the thread of the call."""


class MoveSlot(Document, tag_field="do", tag="move", kw_only=True, frozen=True):
    """Another thread moves the memslot at ``at`` to ``to``, and sleeps in that ioctl first."""

    to: Place
    at: Place = place("base")


class Invalidate(Document, tag_field="do", tag="invalidate", kw_only=True, frozen=True):
    """The host throws the page at ``at`` away, which KVM's fault handler has to take note of."""

    at: Place


class Resume(Document, tag_field="do", tag="resume", kw_only=True, frozen=True):
    """Gives the missing page back, with what stood in it."""


Beside = Pause | Occupy | Hold | DeleteSlot | Run | Poison
During = Paused | Waits | Ended | Signal | DeleteSlot | MoveSlot | Invalidate | Resume
