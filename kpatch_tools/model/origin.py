# SPDX-License-Identifier: GPL-2.0-only
"""Whose code a commit brings to the machine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A commit that a posted series made. ``base`` is the last commit before it that is the user's own.

    ``owner`` stands for the author and the title, whatever the version: what is built of the one's code is
    used again for the one's code alone.
    """

    base: str
    owner: str
