# SPDX-License-Identifier: GPL-2.0-only
"""Whose code a commit brings to the machine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A commit that a posted series made. ``base`` is the last commit before it that is the user's own.

    ``owner`` stands for the series, by its last commit: what is built of a series is used again for that very
    series alone.
    """

    base: str
    owner: str
