# SPDX-License-Identifier: GPL-2.0-only
"""The error classes; cli/app.py maps each to an exit code in one place."""


class ToolkitError(Exception):
    """Something kvet can explain: one message, and the cure where one is known.

    ``cure`` is the command or edit that mends it, shown on a line of its own.
    """

    exit_code = 4

    def __init__(self, message: str, *, cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure

    @property
    def line(self) -> str:
        """What happened and the cure in one line, for the reason of a check."""
        return f"{self.message}; cure: {self.cure}" if self.cure else self.message


class UserError(ToolkitError):
    """Wrong usage or a bad document: names the file, the line and the cure (exit 2)."""

    exit_code = 2


class EnvironmentFault(ToolkitError):  # noqa: N818 - the fault is the machine's, not ours
    """A check could not run here: program missing, no tree, disk full (exit 3)."""

    exit_code = 3


class ToolFailed(EnvironmentFault):
    """A program that kvet needs ended badly; carries its last lines and the log's path (exit 3)."""

    def __init__(self, message: str, *, tail: str = "", log: str = "", cure: str = "") -> None:
        super().__init__(message, cure=cure)
        self.tail = tail
        self.log = log

    @property
    def line(self) -> str:
        """As of every error, with the log's path."""
        log = f"full log: {self.log}" if self.log else ""
        cure = f"cure: {self.cure}" if self.cure else ""
        return "; ".join(filter(None, (self.message, log, cure)))


class SandboxLimit(ToolFailed):
    """A program that runs code of a series used more than its sandbox allows, and was ended (a finding)."""
