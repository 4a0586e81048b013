# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.model.test import Verdict
from kpatch_tools.parse.matrix_file import parse_matrix

HEAD = 'schema = 1\ntitle = "t"\n'
TESTS = '[[test]]\nselftest = "x86_64/a_test"\n[[test]]\ncontract = "c"\n'
KERNELS = '[[kernel]]\nimage = "debian:6.12"\n[[kernel]]\ntree = "debian:6.1"\nseries = "s/v2"\n'


def keys(text: str, **options: str) -> list[str]:
    return [cell.key for cell in parse_matrix(text, path="m.toml", **options).cells]


def faults(text: str) -> str:
    with pytest.raises(UserError) as caught:
        parse_matrix(text, path="m.toml")
    return caught.value.message


def test_the_product_in_order_with_one_default_mode() -> None:
    assert keys(HEAD + TESTS + KERNELS) == [
        "x86_64/a_test [default] on debian:6.12",
        "x86_64/a_test [default] on debian:6.1 + s/v2",
        "c [default] on debian:6.12",
        "c [default] on debian:6.1 + s/v2",
    ]


def test_a_list_is_a_machine_for_each_value_and_two_lists_all_pairs() -> None:
    modes = "[[mode]]\n[[mode]]\nnpt = [true, false]\ncpus = [1, 2]\n[[mode]]\nhuge_2m = 8\nmemory = '2G'\n"
    modes += "parameters.'kvm.eager_page_split' = 'N'\n"
    parsed = parse_matrix(HEAD + TESTS + KERNELS + modes, path="m.toml")
    points = list(dict.fromkeys(cell.point.label for cell in parsed.cells))
    assert points == [
        "default",
        "npt=1,cpus=1",
        "npt=1,cpus=2",
        "npt=0,cpus=1",
        "npt=0,cpus=2",
        "kvm.eager_page_split=N,memory=2G,huge_2m=8",
    ]
    last = parsed.cells[-1].point
    assert last.parameters == {"kvm.eager_page_split": "N"}
    assert (last.cpus, last.memory, last.memory_bytes, last.huge) == (1, "2G", 2 << 30, {"2M": 8})
    assert parsed.cells[3].point.parameters == {"npt": "0"}


def test_exclude_takes_out_and_include_brings_back() -> None:
    modes = "[[mode]]\n[[mode]]\nnpt = false\n"
    lists = '[[exclude]]\nmode = "npt=0"\n[[include]]\ntest = "c"\nkernel = "debian:6.12"\n'
    parsed = parse_matrix(HEAD + TESTS + KERNELS + modes + lists, path="m.toml")
    assert parsed.excluded == 3
    assert "c [npt=0] on debian:6.12" in [cell.key for cell in parsed.cells]
    assert len(parsed.cells) == 5


def test_expectations_by_word_of_the_mode_and_by_star() -> None:
    modes = "[[mode]]\n[[mode]]\nnpt = false\ntdp_mmu = [true, false]\n"
    lists = (
        '[[expect]]\nmode = "npt=0"\ntest = "x86_64/*"\nverdict = "SKIP"\nbecause = "no paging"\n'
        '[[expect]]\nmode = "default"\nkernel = ["*s/v2"]\nverdict = "KNOWN-BUG"\n'
    )
    cells = parse_matrix(HEAD + TESTS + KERNELS + modes + lists, path="m.toml").cells
    expected = {cell.key: (cell.expect, cell.because) for cell in cells if cell.expect is not Verdict.PASS}
    assert expected == {
        "x86_64/a_test [npt=0,tdp_mmu=1] on debian:6.12": (Verdict.SKIP, "no paging"),
        "x86_64/a_test [npt=0,tdp_mmu=0] on debian:6.12": (Verdict.SKIP, "no paging"),
        "x86_64/a_test [npt=0,tdp_mmu=1] on debian:6.1 + s/v2": (Verdict.SKIP, "no paging"),
        "x86_64/a_test [npt=0,tdp_mmu=0] on debian:6.1 + s/v2": (Verdict.SKIP, "no paging"),
        "x86_64/a_test [default] on debian:6.1 + s/v2": (Verdict.KNOWN_BUG, ""),
        "c [default] on debian:6.1 + s/v2": (Verdict.KNOWN_BUG, ""),
    }


def test_the_tree_of_the_document_goes_before_that_of_the_command_line() -> None:
    own = parse_matrix(HEAD + 'tree = "debian:6.12"\n' + TESTS + KERNELS, path="m.toml", tree="/linux")
    given = parse_matrix(HEAD + TESTS + KERNELS, path="m.toml", tree="/linux")
    assert [own.cells[at].kernel.tree for at in (0, 1)] == ["debian:6.12", "debian:6.1"]
    assert [given.cells[at].kernel.tree for at in (0, 1)] == ["/linux", "debian:6.1"]


def test_every_fault_of_form_at_once_with_its_line() -> None:
    text = HEAD + '[[test]]\nselftest = "../evil"\n[[mode]]\ncpus = 0\nhuge = 1\n[[mode]]\nmemory = 1\n'
    text += '[[kernel]]\nimage = "i"\n[[expect]]\nmode = "default"\nverdict = "INFRA"\n'
    said = faults(text)
    for line in (
        "m.toml:4: test[1].selftest",
        "m.toml:6: mode[1].cpus",
        'm.toml:7: mode[1]: unknown key "huge"',
        "m.toml:9: mode[2].memory",
        'm.toml:14: expect[1].verdict: expected "PASS" or "SKIP"',
    ):
        assert line in said


def test_axes_that_contradict_themselves_at_once() -> None:
    text = 'schema = 2\ntitle = "t"\n'
    text += '[[test]]\n[[test]]\ncontract = "c"\narguments = ["-x"]\n[[test]]\ncontract = "c"\n'
    text += "[[mode]]\n[[mode]]\nnpt = []\n[[mode]]\n" + '[[kernel]]\nimage = "i"\n'
    text += '[[mode]]\nmemory = ["1G", "1Z"]\n'
    said = faults(text)
    for line in (
        "m.toml:1: schema: 2 is not known",
        "m.toml:3: test: it needs either contract = or selftest =",
        "m.toml:6: test.arguments: the test of a contract takes none",
        'm.toml:7: test: "c" is there twice',
        "m.toml:11: mode.npt: the list is empty",
        'm.toml:12: mode: "default" is there twice',
        "m.toml:16: mode.memory: expected a size as qemu takes it",
    ):
        assert line in said


def test_a_list_that_would_do_nothing_is_a_fault() -> None:
    lists = (
        '[[exclude]]\ntest = "x86_64/a_tset"\n[[exclude]]\n[[include]]\nmode = "npt=1"\n'
        '[[expect]]\nkernel = "debian:6.13"\nverdict = "FAIL"\n'
    )
    said = faults(HEAD + TESTS + KERNELS + lists)
    assert 'm.toml:13: exclude.test: no test is called "x86_64/a_tset", did you mean "x86_64/a_test"?' in said
    assert "m.toml:14: exclude: it names no test, mode or kernel" in said
    assert 'm.toml:16: include.mode: no mode is called "npt=1"; there is "default"' in said
    assert 'm.toml:18: expect.kernel: no kernel is called "debian:6.13", did you mean "debian:6.12"?' in said


def test_lists_that_contradict_each_other() -> None:
    lists = '[[include]]\ntest = "c"\n[[expect]]\ntest = "c"\nverdict = "SKIP"\n'
    lists += '[[expect]]\nkernel = "debian:6.12"\nverdict = "FAIL"\n'
    said = faults(HEAD + TESTS + KERNELS + lists)
    assert "m.toml:12: include: nothing that it names is excluded" in said
    assert "m.toml:17: expect: FAIL for c [default] on debian:6.12, but line 14 expects SKIP" in said
    gone = '[[exclude]]\ntest = "c"\n[[expect]]\ntest = "c"\nverdict = "SKIP"\n'
    assert "m.toml:14: expect: all that it names is excluded" in faults(HEAD + TESTS + KERNELS + gone)


def test_nothing_left_and_far_too_much() -> None:
    assert "all cells are excluded" in faults(HEAD + TESTS + KERNELS + '[[exclude]]\ntest = "*"\n')
    lists = ", ".join(str(number) for number in range(1, 65))
    many = f"[[mode]]\ncpus = [{lists}]\nhuge_2m = [{lists}]\nnpt = [true, false]\n"
    assert "at most 4096" in faults(HEAD + TESTS + KERNELS + many)


def test_fragments_of_the_configuration_are_for_kernels_that_are_built() -> None:
    built = '[[kernel]]\ntree = "t"\nconfig = ["debug"]\n'
    assert keys(HEAD + '[[test]]\nselftest = "a"\n' + built) == ["a [default] on t + debug"]
    said = faults(HEAD + TESTS + '[[kernel]]\nimage = "i"\nconfig = ["debug"]\n')
    assert said == "m.toml:9: kernel.config: an image is built already"


def test_what_is_no_toml_names_the_line() -> None:
    assert faults("schema = 1\n[[test\n").startswith("m.toml:2: no TOML")


def test_brackets_in_a_name_are_no_pattern() -> None:
    names = '[[test]]\nselftest = "a"\nname = "a [fast]"\n[[test]]\nselftest = "a"\nname = "a f"\n'
    kernel = '[[kernel]]\nimage = "i"\n[[exclude]]\ntest = "a [fast]"\n'
    assert keys(HEAD + names + kernel) == ["a f [default] on i"]
