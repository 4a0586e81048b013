# SPDX-License-Identifier: GPL-2.0-only
"""The jobs of a review: which there are, what each runs, and what is put together within a limit."""

import json
import shutil

import pytest
from click.testing import CliRunner

from kpatch_tools.cli import app
from kpatch_tools.errors import UserError
from kpatch_tools.flow.plan import MOST_JOBS, Request, make_plan
from kpatch_tools.flow.review_run import Options
from kpatch_tools.flow.series import load_series
from kpatch_tools.flow.stages import STAGES
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.series import Series
from kpatch_tools.parse.plan import parse_plan
from kpatch_tools.render import plan as render
from kpatch_tools.tools.files import data_dir
from tests.posted import diff, patch

OURS = "kvm-map-memory/v2"
HOSTILE = 'x"}]}\n::error::owned\u2028##[error]\u202e ${{ secrets.TOKEN }}'


def series(*paths, subjects=()):
    """A series of one patch a path."""
    named = dict(enumerate(subjects, 1))
    patches = tuple(
        patch(named.get(number, f"KVM: {number}"), changes=diff(path, "x"), number=number, total=len(paths))
        for number, path in enumerate(paths, 1)
    )
    return Series(name="s", version=1, total=len(paths), cover=None, patches=patches)


def planned(found, **asked):
    return make_plan(found, Request(series="s.mbox", **asked), tool="kvet 0")


def patches_of(plan):
    return [job.patches for job in plan.jobs[1:]]


def test_one_job_for_the_series_and_one_a_patch():
    plan = planned(series("virt/kvm/a.c", "virt/kvm/b.c"), tree="debian:6.1", onto="abc")
    assert [job.id for job in plan.jobs] == [
        "kvet-series",
        "kvet-patch-0001-default",
        "kvet-patch-0002-default",
    ]
    assert plan.jobs[0].arguments == ("review", "--tree", "debian:6.1", "--onto", "abc", "s.mbox")
    assert plan.jobs[2].arguments == (
        "review", "--patch", "2", "--tree", "debian:6.1", "--onto", "abc", "s.mbox",
    )  # fmt: skip
    assert plan.notes == ()


def test_a_series_with_a_contract_has_its_patches_in_every_mode_of_a_review():
    plan = make_plan(load_series(OURS), Request(series=OURS), tool="kvet 0")
    modes = len(Options().modes)
    # The document comes before the first patch with a kernel, the test after the last one.
    assert patches_of(plan)[::modes] == [(1, 2), (3,), (4,), (5,), (6,), (7,), (8,), (9, 10)]
    words = [job.modes for job in plan.jobs[1 : 1 + modes]]
    assert words == [("default",), ("npt=0",), ("tdp_mmu=0",)]
    assert [job.arguments for job in plan.jobs[1:3]] == [
        ("review", "--patch", "1", "--patch", "2", OURS),
        ("review", "--patch", "1", "--patch", "2", "--mode", "npt=0", OURS),
    ]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (("virt/kvm/a.c", "Documentation/virt/kvm/api.rst", "virt/kvm/b.c"), [(1, 2), (3,)]),
        (("Documentation/a.rst", "tools/testing/selftests/kvm/x.c"), [(1, 2)]),
        (("MAINTAINERS", "virt/kvm/a.c", "virt/kvm/b.c"), [(1, 2), (3,)]),
    ],
)
def test_a_patch_without_a_kernel_of_its_own_goes_with_another(paths, expected):
    assert patches_of(planned(series(*paths))) == expected


def test_a_limit_puts_modes_together_and_then_patches_and_says_so():
    found = series(*(f"virt/kvm/{at}.c" for at in range(6)))
    modes = ({}, {"npt": "0"})
    whole = planned(found, modes=modes, most=13)
    assert len(whole.jobs) == 13
    assert whole.notes == ()
    merged = planned(found, modes=modes, most=12)
    assert patches_of(merged) == [(1,), (2,), (3,), (4,), (5,), (6,)]
    assert {job.modes for job in merged.jobs[1:]} == {("default", "npt=0")}
    assert merged.jobs[1].arguments == (
        "review", "--patch", "1", "--mode", "default", "--mode", "npt=0", "s.mbox",
    )  # fmt: skip
    assert merged.notes == ("12 jobs for patches are more than 11: all modes of a patch are one job",)
    few = planned(found, modes=modes, most=4)
    assert patches_of(few) == [(1, 2), (3, 4), (5, 6)]
    assert "the patches of up to 2 kernels are one job" in few.notes[1]
    with pytest.raises(UserError, match="more than 0"):
        planned(found, modes=modes, most=1)


def test_githubs_limit_is_kept_for_a_long_series():
    plan = planned(series(*(f"virt/kvm/{at}.c" for at in range(300))), modes=({}, {"npt": "0"}))
    assert len(plan.jobs) <= MOST_JOBS
    assert sorted(number for patches in patches_of(plan) for number in patches) == list(range(1, 301))


def test_without_kernel_or_patches_one_job_is_left():
    found = series("virt/kvm/a.c", "virt/kvm/b.c")
    assert [job.arguments for job in planned(found, kernel=False).jobs] == [
        ("review", "--no-kernel", "s.mbox")
    ]
    only = planned(found, per_patch=False, fail_on=Severity.ERROR)
    assert [job.arguments for job in only.jobs] == [("review", "--fail-on", "error", "s.mbox")]


def test_what_no_job_could_read_is_refused():
    with pytest.raises(UserError, match="incomplete"):
        planned(Series(name="s", version=1, total=2, cover=None, patches=series("a.c").patches))
    with pytest.raises(UserError, match="standard input"):
        make_plan(series("a.c"), Request(series="-@v2"), tool="kvet 0")
    with pytest.raises(UserError, match="such characters"):
        make_plan(series("a.c"), Request(series="\udcff.mbox"), tool="kvet 0")
    dashed = make_plan(series("a.c"), Request(series="--help"), tool="kvet 0")
    assert dashed.jobs[0].arguments[-2:] == ("--", "--help")


def test_the_matrix_is_one_line_of_ascii_whatever_a_subject_holds():
    plan = planned(series("virt/kvm/a.c", subjects=(HOSTILE,)))
    line = render.github(plan)
    assert line.isascii()
    assert line.count("\n") == 1
    assert line.startswith("matrix={")
    cells = json.loads(line.removeprefix("matrix="))["include"]
    assert [set(cell) for cell in cells] == [{"id", "name", "patches", "modes", "arguments"}] * 2
    assert "owned" in cells[1]["name"]
    assert not {"\n", "\u2028", "\u202e"} & set(cells[1]["name"])
    assert json.loads(cells[1]["arguments"]) == ["review", "--patch", "1", "s.mbox"]
    for shown in render.text(plan).splitlines():
        assert "\u202e" not in shown
        assert not shown.startswith("::")


def test_a_plan_that_is_kept_reads_back_the_same():
    plan = planned(series("virt/kvm/a.c", "virt/kvm/b.c", subjects=(HOSTILE,)), most=2)
    read = parse_plan(render.as_json(plan), name="plan.json")
    assert (read.jobs, read.notes, read.tool) == (plan.jobs, plan.notes, plan.tool)
    assert read.series.same_mails(plan.series)
    assert read.series.contents == plan.series.contents != ()


@pytest.mark.parametrize(
    "text",
    ["", "{}", '{"schema": 2}', '{"schema": 1, "tool": "k", "series": {}, "jobs": []}', "\xff"],
)
def test_what_is_no_plan_is_an_error_with_its_name(text):
    with pytest.raises(UserError, match=r"p\.json: no plan"):
        parse_plan(text, name="p.json")


@pytest.mark.parametrize("name", ["../x", "", "-", "a/b", "a b", "\u0661", "a" * 256])
def test_an_id_that_is_no_name_of_a_folder_is_refused(name):
    document = json.loads(render.as_json(planned(series("virt/kvm/a.c"))))
    document["jobs"][0]["id"] = name
    with pytest.raises(UserError, match="no id of a job"):
        parse_plan(json.dumps(document), name="p.json")


def test_two_jobs_of_one_id_are_refused_and_never_planned():
    plan = planned(series("virt/kvm/a.c"), modes=({"npt": "0"}, {"npt": "0"}))
    assert len({job.id for job in plan.jobs}) == len(plan.jobs) == 2
    document = json.loads(render.as_json(plan))
    document["jobs"][1]["id"] = document["jobs"][0]["id"]
    with pytest.raises(UserError, match="is the id of two jobs"):
        parse_plan(json.dumps(document), name="p.json")


def test_a_path_that_leads_upwards_is_no_range(tmp_path, monkeypatch):
    (tmp_path / "below").mkdir()
    shutil.copytree(data_dir("patches") / "demo" / "v1", tmp_path / "v1")
    monkeypatch.chdir(tmp_path / "below")
    shown = CliRunner().invoke(app.cli, ["plan", "../v1"])
    assert shown.exit_code == 0
    assert "3 patches: 4 jobs" in shown.stdout


def test_the_stages_are_those_of_a_review(tmp_path, git_tree, git, monkeypatch):
    tree = git_tree({"Makefile": b"VERSION = 6\nPATCHLEVEL = 1\n", "a.c": b"1\n"})
    (tree / "a.c").write_bytes(b"2\n")
    git(tree, "commit", "--quiet", "--all", "--message=KVM: Two\n\nText.")
    argv = ["review", "HEAD~1..HEAD", "--tree", str(tree), "--onto", "HEAD~1", "--no-kernel"]
    report = CliRunner().invoke(app.cli, [*argv, "--state", str(tmp_path / "s"), "--format", "json"])
    assert tuple(check["check"] for check in json.loads(report.stdout)["checks"]) == STAGES


def test_the_command_prints_keeps_and_refuses(tmp_path):
    kept = tmp_path / "plan.json"
    argv = ["plan", OURS, "--tree", "debian:6.1", "-o", str(kept)]
    shown = CliRunner().invoke(app.cli, argv)
    assert shown.exit_code == 0
    assert "10 patches: 25 jobs" in shown.stdout
    assert "kvet review --patch 3 --mode npt=0 --tree debian:6.1 kvm-map-memory/v2" in shown.stdout
    assert len(parse_plan(kept.read_text(), name="kept").jobs) == 25
    matrix = CliRunner().invoke(app.cli, [*argv, "--github"])
    assert len(json.loads(matrix.stdout.removeprefix("matrix="))["include"]) == 25
    assert isinstance(CliRunner().invoke(app.cli, ["plan", "-"]).exception, UserError)


def test_a_bare_name_says_which_version_was_taken():
    bare = CliRunner().invoke(app.cli, ["plan", "kvm-map-memory", "--tree", "debian:6.1"])
    assert "kvet: kvm-map-memory: v3 was taken, the newest of v2, v3\n" in bare.stderr
    assert "was taken" not in bare.stdout
    named = CliRunner().invoke(app.cli, ["plan", OURS, "--tree", "debian:6.1"])
    assert "was taken" not in named.stderr
