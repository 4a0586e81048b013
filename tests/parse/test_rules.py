# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow.patches import profiles
from kpatch_tools.parse.rules import parse_rules
from kpatch_tools.tools.files import data_dir

TEXT = (data_dir("patches") / "profiles/kvm-x86.toml").read_text()


def test_shipped_profiles_are_good() -> None:
    assert [rules.name for rules in profiles()] == ["kvm-x86"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("firm = 75", "firm = 99", "the firm limit is above the hard one"),
        ("firm = 75", "frim = 75", 'did you mean "firm"'),
        ('"virt/kvm/",\n', '"../virt/kvm/",\n', "relative to the top"),
        ('folder = "tools/testing/selftests/kvm/"', 'folder = "tools/x"', "ends in a slash"),
    ],
)
def test_faults_name_file_and_line(old: str, new: str, words: str) -> None:
    assert old in TEXT
    with pytest.raises(UserError) as caught:
        parse_rules(TEXT.replace(old, new), name="x.toml")
    assert words in caught.value.message
    assert "x.toml:" in caught.value.message
