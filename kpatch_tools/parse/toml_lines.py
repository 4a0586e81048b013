# SPDX-License-Identifier: GPL-2.0-only
"""Where each key of a TOML text stands: tomllib keeps no positions, and a fault needs a line."""

from collections.abc import Iterator

Path = tuple[str | int, ...]

_BLANK = " \t\r\n"
_ENDS_VALUE = ",]}# \t\r\n"


def key_lines(text: str) -> dict[Path, int]:
    """Line (from 1) of every table, key and array item of a text that tomllib has accepted.

    Paths are keys and array indexes from the top: ("case", 2, "setup", 0, "pages").
    """
    return _Scanner(text).scan()


def nearest_line(lines: dict[Path, int], path: Path) -> int:
    """The line of that path, or of the nearest thing around it; 1 where nothing is known."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 1


class _Scanner:
    """A walk over valid TOML; it checks nothing, since tomllib did."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        while self._skip_blank():
            if self._text.startswith("[[", self._at):
                self._at += 2
                table = self._array_table(self._key())
                self._at += 2
            elif self._text[self._at] == "[":
                self._at += 1
                table = self._resolve(self._key())
                self._lines.setdefault(table, self._line())
                self._at += 1
            else:
                self._pair(table)
        return self._lines

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1

    def _skip_blank(self) -> bool:
        """Move to the next character that counts; False at the end."""
        while self._at < len(self._text):
            if self._text[self._at] == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            elif self._text[self._at] in _BLANK:
                self._at += 1
            else:
                return True
        return False

    def _resolve(self, keys: tuple[str, ...]) -> Path:
        """The path of a table's name: an array of tables on the way stands for its last item."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path

    def _array_table(self, keys: tuple[str, ...]) -> Path:
        array = (*self._resolve(keys[:-1]), keys[-1])
        index = self._counts.get(array, 0)
        self._counts[array] = index + 1
        self._lines.setdefault(array, self._line())
        self._lines[(*array, index)] = self._line()
        return (*array, index)

    def _key(self) -> tuple[str, ...]:
        parts = []
        while True:
            self._skip_blank()
            if self._text[self._at] in "\"'":
                parts.append(self._string()[1:-1])
            else:
                start = self._at
                while self._text[self._at] not in " \t.=]":
                    self._at += 1
                parts.append(self._text[start : self._at])
            self._skip_blank()
            if self._text[self._at] != ".":
                return tuple(parts)
            self._at += 1

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        for key in self._key():
            path = (*path, key)
            self._lines.setdefault(path, line)
        self._at += 1
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip_blank()
        char = self._text[self._at]
        if char in "\"'":
            self._string()
        elif char == "[":
            for index in self._items("]"):
                self._lines[(*path, index)] = self._line()
                self._value((*path, index))
        elif char == "{":
            for _ in self._items("}"):
                self._pair(path)
        else:
            while self._at < len(self._text) and self._text[self._at] not in _ENDS_VALUE:
                self._at += 1

    def _items(self, close: str) -> Iterator[int]:
        """Walk an array or inline table: the caller reads one item at each index."""
        self._at += 1
        index = 0
        while True:
            self._skip_blank()
            if self._text[self._at] == close:
                self._at += 1
                return
            if self._text[self._at] == ",":
                self._at += 1
                continue
            yield index
            index += 1

    def _string(self) -> str:
        start = self._at
        quote = self._text[self._at]
        mark = quote * 3 if self._text.startswith(quote * 3, self._at) else quote
        self._at += len(mark)
        while not self._text.startswith(mark, self._at):
            self._at += 2 if quote == '"' and self._text[self._at] == "\\" else 1
        self._at += len(mark)
        # A multi-line string may end in quotes of its own before the closing three.
        while len(mark) == 3 and self._at < len(self._text) and self._text[self._at] == quote:
            self._at += 1
        return self._text[start : self._at]
