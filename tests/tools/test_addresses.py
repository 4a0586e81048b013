# SPDX-License-Identifier: GPL-2.0-only
"""Line tables of a small program instead of a kernel's: real gcc, objcopy, nm and addr2line."""

import shutil
from pathlib import Path

import pytest

from kpatch_tools.model.run import Command
from kpatch_tools.parse.stack import Symbol
from kpatch_tools.tools import process
from kpatch_tools.tools.addresses import _bases, keep_tables, resolve
from kpatch_tools.tools.kbuild import MAPPED_SOURCE

pytestmark = pytest.mark.skipif(
    not all(shutil.which(name) for name in ("gcc", "objcopy", "nm", "addr2line")),
    reason="needs gcc, binutils",
)
SOURCE = """\
static volatile int sink;
static inline __attribute__((always_inline)) void deep(void) { sink = *(volatile int *)0; }
__attribute__((noinline)) int culprit(void)
{
	deep();
	return sink;
}
int main(void)
{
	return culprit();
}
"""


def program(tmp_path: Path, *flags: str) -> Path:
    (tmp_path / "sub").mkdir(exist_ok=True)
    (tmp_path / "sub" / "x.c").write_text(SOURCE)
    mapped = f"-fdebug-prefix-map={tmp_path}={MAPPED_SOURCE}"
    argv = ("gcc", "-O1", *flags, mapped, "-o", "vmlinux", f"{tmp_path}/sub/../sub/x.c")
    process.run(Command(argv=argv, timeout=60, cwd=tmp_path)).ok_or_raise("gcc")
    return tmp_path / "vmlinux"


def of(tables: Path, name: str, offset: int, *, exact: bool = True) -> Symbol:
    size = next(size for known, size in _bases(tables) if known == name)
    return Symbol(name=name, offset=offset, size=size, exact=exact)


def test_an_inlined_place_comes_with_what_it_was_inlined_into(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    assert keep_tables(program(tmp_path, "-g1"), tables)
    symbol = of(tables, "culprit", 0)
    found = resolve(tables, [symbol, symbol])
    assert [(frame.function, str(frame)) for frame in found[symbol]] == [
        ("deep", "sub/x.c:2"),
        ("culprit", "sub/x.c:5"),
    ]


def test_a_return_address_is_the_call_before_it(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    keep_tables(program(tmp_path, "-g1"), tables)
    size = of(tables, "main", 0).size
    places = {offset: resolve(tables, [of(tables, "main", offset, exact=False)]) for offset in range(1, size)}
    lines = {frame.line for found in places.values() for frames in found.values() for frame in frames}
    assert lines <= {9, 10, 11}
    assert 10 in lines


def test_what_does_not_fit_is_left_out(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    keep_tables(program(tmp_path, "-g1"), tables)
    good = of(tables, "culprit", 0)
    other = Symbol(name="culprit", offset=0, size=good.size + 16, exact=True)
    beyond = Symbol(name="culprit", offset=good.size, size=good.size, exact=True)
    absent = Symbol(name="nobody", offset=0, size=good.size, exact=True)
    assert set(resolve(tables, [good, other, beyond, absent])) == {good}


def test_without_line_tables_nothing_is_guessed(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    assert keep_tables(program(tmp_path, "-g0"), tables)
    assert resolve(tables, [of(tables, "culprit", 0)]) == {}
    assert resolve(tmp_path / "absent", [Symbol(name="a", offset=0, size=1)]) == {}


def test_no_vmlinux_no_tables(tmp_path: Path) -> None:
    assert not keep_tables(tmp_path / "absent", tmp_path / "tables")
    assert list(tmp_path.iterdir()) == []
