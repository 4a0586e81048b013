# SPDX-License-Identifier: GPL-2.0-only
"""Our v2 with four hostile patches behind it, on the real kernel."""

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.tools.files import cache_dir, data_dir
from kpatch_tools.tools.git import Repository
from tests.hostile.fakekernel import Field, listening
from tests.hostile.tries import TRIES, mail
from tests.machines import debian_tree, require

pytestmark = [pytest.mark.kernel, pytest.mark.vm, pytest.mark.timeout(3600)]

OURS, THEIRS = 10, 4
BY_MAKE = ("reads the home by its path", "writes outside", "calls a listener", "leaves a process")
KVM_MAKE, SELFTEST_MAKE = "arch/x86/kvm/Makefile", "tools/testing/selftests/kvm/Makefile"
CONF, KERNEL = "Documentation/conf.py", "arch/x86/kvm/x86.c"
# It looks for a file of the host, says so where the report will show it, and speaks as a test would.
IN_THE_KERNEL = """
#include <linux/fs.h>

static int __init kvet_hostile_try(void)
{
	struct file *file = filp_open("{planted}", O_RDONLY, 0);
	char text[64] = "";
	loff_t at = 0;

	if (!IS_ERR(file)) {
		kernel_read(file, text, sizeof(text) - 1, &at);
		filp_close(file, NULL);
	}
	pr_info("TAP version 13\\n1..1\\nok 1 everything\\nkvet 0 end 1 0 9\\nverdict: PASS\\n");
	WARN(1, "hostile try: host file %s: %ld\\n", text, IS_ERR(file) ? PTR_ERR(file) : 0);
	return 0;
}
late_initcall(kvet_hostile_try);
"""


def behind(tree: Repository, commit: str, path: str, lines: str, number: int) -> str:
    """A patch that adds lines to the end of a file of the tree, in the place ``number`` of the series."""
    blob = tree.read_blob(commit, path)
    assert blob is not None
    old = blob.decode().split("\n")[:-1]
    text = mail(path, "\n".join(old[-3:]).encode(), lines, number=number, total=OURS + THEIRS)
    first = len(old) - 2
    return re.sub(r"^@@ -1,(\d+) \+1,", rf"@@ -{first},\1 +{first},", text, flags=re.MULTILINE).replace(
        "[PATCH ", "[PATCH v2 "
    )


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    calls: list[bytes] = []
    place = tmp_path_factory.mktemp("field")
    with listening(calls) as port:
        made = Field(home=place / "home", outside=place / "outside", objects=place, port=port, calls=calls)
        made.plant()
        yield made
        made.end()


@pytest.fixture(scope="module")
def report(field: Field, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The review of it, as JSON."""
    require("bwrap", "vng", "make", "gcc")
    found = debian_tree("6.1")
    tree = Repository.open(found.path)
    mails = [
        path.read_text().replace(f"/{OURS}]", f"/{OURS + THEIRS}]", 1)
        for path in sorted((data_dir("patches") / "kvm-map-memory/v2").glob("*.patch"))
    ]
    # Under a title of its own: what is built of it must not be taken for our v2's.
    mails[0] = re.sub(r"(?m)^(Subject: \[[^]]*\]) ", r"\1 Hostile: ", mails[0], count=1)
    lines = "\n".join(TRIES[name].added(field) for name in BY_MAKE)
    secret_of_conf = f'open("{field.outside}/conf", "w").write(open("{field.key}").read())'
    mails += [
        behind(tree, found.commit, KVM_MAKE, lines, 11),
        behind(tree, found.commit, CONF, secret_of_conf, 12),
        behind(tree, found.commit, KERNEL, IN_THE_KERNEL.replace("{planted}", str(field.key)), 13),
        behind(tree, found.commit, SELFTEST_MAKE, lines, 14),
    ]
    state = tmp_path_factory.mktemp("state")
    box = tmp_path_factory.mktemp("mail") / "hostile.mbox"
    box.write_text("".join(mails))
    field.objects = state
    disk = os.statvfs(state).f_bavail
    assert run(["review", str(box), "--tree", "debian:6.1", "--state", str(state)]) == 1
    # A kernel's objects for this author, not a disk that was filled.
    assert disk - os.statvfs(state).f_bavail < (4 << 30) // os.statvfs(state).f_frsize
    (written,) = (state / "runs").glob("*/report.json")
    return json.loads(written.read_text())


def check_of(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(check for check in report["checks"] if check["check"] == name)


def test_every_stage_ran(report: dict[str, Any]) -> None:
    states = {check["check"]: check["status"] for check in report["checks"]}
    assert states["apply"] == "PASS", check_of(report, "apply")["reason"]
    assert states["build"] == "PASS", check_of(report, "build")
    assert states["tests"] == "FAIL"


def test_nothing_was_taken_and_nothing_is_left(report: dict[str, Any], field: Field) -> None:
    assert field.spread(field.objects, cache_dir("owners"), cache_dir("logs")) == []
    assert list(field.outside.iterdir()) == []
    assert field.calls == []
    assert field.left_behind() == []
    assert field.key.read_text() == f"{field.secret}\n"


@pytest.mark.parametrize(
    ("patch", "path", "rules"),
    [
        (11, KVM_MAKE, {TRIES[name].told for name in BY_MAKE}),
        (12, CONF, {"build-file/secret"}),
        (14, SELFTEST_MAKE, {TRIES[name].told for name in BY_MAKE}),
    ],
)
def test_each_try_is_named_with_its_patch(
    report: dict[str, Any], patch: int, path: str, rules: set[str]
) -> None:
    found = check_of(report, "patches")["findings"]
    assert rules <= {one["rule"] for one in found if (one["patch"], one["path"]) == (patch, path)}


def test_the_kernel_saw_no_file_of_the_host_and_its_word_counts_for_nothing(
    report: dict[str, Any], field: Field
) -> None:
    consoles = [path.read_text(errors="replace") for path in field.objects.rglob("console.log")]
    assert consoles
    assert all("hostile try: host file : -2" in text for text in consoles)
    assert any("ok 1 everything" in text for text in consoles)
    tests = check_of(report, "tests")
    assert not [test for test in tests["tests"] if test["name"] == "everything"]
    assert any("hostile try" in one["message"] + one["detail"] for one in tests["findings"])
