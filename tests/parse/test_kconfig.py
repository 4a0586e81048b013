# SPDX-License-Identifier: GPL-2.0-only
from kpatch_tools.parse.kconfig import bad_lines, parse_config, unmet


def test_config_is_read() -> None:
    text = '# a remark\nCONFIG_KVM=y\nCONFIG_NR_CPUS=64\nCONFIG_NAME="a b"\n# CONFIG_BLOCK is not set\n'
    assert parse_config(text) == {
        "CONFIG_KVM": "y",
        "CONFIG_NR_CPUS": "64",
        "CONFIG_NAME": '"a b"',
        "CONFIG_BLOCK": "n",
    }


def test_the_last_line_wins() -> None:
    assert parse_config("CONFIG_A=y\n# CONFIG_A is not set\n") == {"CONFIG_A": "n"}


def test_unmet_lines_are_named() -> None:
    wanted = {"CONFIG_A": "y", "CONFIG_B": "n", "CONFIG_C": "n", "CONFIG_D": "y"}
    got = {"CONFIG_A": "m", "CONFIG_C": "y", "CONFIG_D": "y"}
    assert [str(item) for item in unmet(wanted, got)] == [
        "CONFIG_A: wanted y, got m",
        "CONFIG_C: wanted n, got y",
    ]


def test_nothing_is_unmet() -> None:
    assert unmet({"CONFIG_A": "y"}, {"CONFIG_A": "y"}) == ()


def test_lines_that_kconfig_would_pass_over() -> None:
    good = '# words\n\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C="a # b"\n'
    assert list(bad_lines(good)) == []
    bad = "KASAN=y\nCONFIG_A = y\n# CONFIG_B is not  set\nCONFIG_C\n"
    assert [number for number, _line in bad_lines(bad)] == [1, 2, 3, 4]
