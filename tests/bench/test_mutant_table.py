# SPDX-License-Identifier: GPL-2.0-only
"""The table of kernel mutants agrees with its patch, and disagreement does not go unseen."""

import re
from collections.abc import Callable

import pytest

from bench.kernel_mutants.table import DEFAULT, HERE, load_table, read_table
from kpatch_tools.checks.series import completeness
from kpatch_tools.errors import UserError
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.flow.series import load_series

HEAD = """\
schema = 1
contract = "kvm_map_memory"
series = "s/v2"
patch = "p.patch"
tree = "debian:6.1"
own_test = "x86_64/t.c"
parameter = "kvm.mutant"
"""
ROW = '[[mutant]]\nnumber = {}\nname = "{}"\nbreaks = "something"\n'
TABLE = HEAD + ROW.format(1, "first_one") + ROW.format(2, "second_one")
PATCH = """\
+\tKVM_MUTANT_NONE = 0,
+\tKVM_MUTANT_FIRST_ONE = 1,
+\tKVM_MUTANT_SECOND_ONE = 2,
+#define kvm_mutant(name) (chosen == KVM_MUTANT_##name)
+\tif (kvm_mutant(FIRST_ONE))
+\tif (a && kvm_mutant(SECOND_ONE))
"""


@pytest.fixture
def refused() -> Callable[..., str]:
    """``refused(table, patch)``: the words of the UserError."""

    def read(table: str, patch: str = PATCH) -> str:
        with pytest.raises(UserError) as caught:
            read_table(table, patch, path="t.toml")
        return caught.value.message

    return read


def test_a_table_that_agrees() -> None:
    assert [one.name for one in read_table(TABLE, PATCH, path="t.toml").mutant] == ["first_one", "second_one"]


@pytest.mark.parametrize(
    ("table", "patch", "said"),
    [
        (TABLE.replace("= 2\n", "= 3\n"), PATCH, "t.toml:13: mutant second_one: the number has to be 2"),
        (TABLE.replace("second", "first"), PATCH, "mutant first_one: the name is used twice"),
        (TABLE + 'mode = "npt"\n', PATCH, "mutant second_one: --mode npt"),
        (TABLE, PATCH.replace("ONE = 2", "ONE = 7"), "mutant second_one: p.patch gives it 7, the table 2"),
        (TABLE, PATCH.replace("a && kvm_mutant(SECOND_ONE)", "a"), "second_one: p.patch never asks for it"),
        (TABLE, PATCH + "+\tKVM_MUTANT_THIRD = 3,\n", "p.patch has a mutant third that is not in the table"),
        (TABLE, PATCH + "+\tif (kvm_mutant(FOURTH))\n", "has a mutant fourth that is not in the table"),
        (TABLE + "colour = 1\n", PATCH, "colour"),
    ],
)
def test_a_table_that_does_not(table: str, patch: str, said: str, refused: Callable[..., str]) -> None:
    assert said in refused(table, patch)


def test_several_faults_at_once(refused: Callable[..., str]) -> None:
    said = refused(TABLE.replace("= 2\n", "= 3\n"), PATCH + "+\tKVM_MUTANT_THIRD = 3,\n")
    assert "the number has to be 2" in said
    assert "a mutant third" in said


def test_a_mutant_that_the_patch_takes_out_again_is_not_asked_for(refused: Callable[..., str]) -> None:
    patch = PATCH.replace("+\tif (kvm_mutant(FIRST", "-\tif (kvm_mutant(FIRST")
    assert "first_one: p.patch never asks for it" in refused(TABLE, patch)


def test_choice_by_number_and_name() -> None:
    table = read_table(TABLE, PATCH, path="t.toml")
    assert [one.number for one in table.chosen(())] == [1, 2]
    assert [one.number for one in table.chosen(("second_one", "1", "2"))] == [1, 2]
    with pytest.raises(UserError, match="no mutant third"):
        table.chosen(("1", "third"))


def test_the_shipped_table() -> None:
    """It has more than the 24 faults that were asked for, for a contract and a series that exist."""
    table = load_table()
    assert len(table.mutant) >= 24
    assert load_contract(table.contract).name == table.contract
    series = load_series(table.series)
    assert any(
        change.path == f"tools/testing/selftests/kvm/{table.own_test}"
        for patch in series.patches
        for change in patch.files
    )
    modes = [one.mode for one in table.mutant]
    assert modes.count("") > len(modes) / 2


def test_the_shipped_patch() -> None:
    """One complete mail, on top of the files that the series touches; its parameter is the table's."""
    table = load_table()
    series = load_series(str(HERE / table.patch))
    assert completeness(series) is None
    (patch,) = series.patches
    assert {change.path for change in patch.files} == {
        "arch/x86/kvm/mmu/mmu.c",
        "arch/x86/kvm/x86.c",
        "include/linux/kvm_mutants.h",
        "virt/kvm/kvm_main.c",
    }
    text = (HERE / table.patch).read_text()
    module, _dot, name = table.parameter.partition(".")
    assert module == "kvm"
    assert re.search(rf"^\+module_param_named\({name}, \w+, uint, 0644\);$", text, re.MULTILINE)


def test_the_default_is_the_one_beside_the_code() -> None:
    assert DEFAULT.parent == HERE
    assert DEFAULT.is_file()
