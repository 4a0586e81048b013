# SPDX-License-Identifier: GPL-2.0-only
from pathlib import Path

from kpatch_tools.model.run import Command
from kpatch_tools.tools import guest, process

HARD = 'it\'s a "test"; $(rm -rf x) `id`'


def test_the_script_is_good_shell_with_hard_names() -> None:
    programs = [
        guest.Program(name=f"sub/{HARD}", binary=Path("/x"), arguments=("a b", "$HOME", "it's"), limit=7)
    ]
    place = Path("/tmp/a b'c")
    for text in (guest.shared_script(place, programs, "00ff"), guest.alone_script(place, programs, "00ff")):
        check = process.run(Command(argv=("sh", "-n"), timeout=10, stdin=text.encode()))
        assert check.ok, check.error_text


def test_names_reach_the_shell_as_they_are(tmp_path: Path) -> None:
    """Run only the lines that start programs, with a run() that prints its arguments."""
    program = guest.Program(name=HARD, binary=Path("/x"), arguments=("a b", "$HOME"), limit=7)
    lines = guest.shared_script(tmp_path, [program], "00ff").splitlines()
    (line,) = [line for line in lines if line.startswith("run 1 ")]
    script = f"run() {{ for word; do printf '%s\\n' \"$word\"; done; }}\n{line}\n"
    result = process.run(Command(argv=("sh",), timeout=10, stdin=script.encode()))
    assert result.text.splitlines() == ["1", "7", str(guest.inside(guest.LOCAL, 1, program)), "a b", "$HOME"]


def test_a_name_never_leaves_the_shared_folder(tmp_path: Path) -> None:
    for name in ("../../etc/passwd", "/etc/passwd", "..", ""):
        program = guest.Program(name=name, binary=Path("/x"))
        place = guest.inside(tmp_path, 3, program)
        assert place.parent == tmp_path / "bin" / "3"
        assert place.name not in {"..", "", "."}


def test_parameters_that_the_record_must_hold() -> None:
    text = guest.shared_script(
        Path("/s"), [], "00", parameters=("npt", "kvm.eager_page_split", "kvm_amd.npt")
    )
    assert "for name in npt eager_page_split; do" in text
