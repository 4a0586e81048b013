# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow.preview_folder import MARK, PreviewFolder


def test_a_new_folder_gets_the_pages(tmp_path):
    place = tmp_path / "deep" / "out"
    assert PreviewFolder.choose(place).write({"a.html": "A", "b.html": "B"}, name="x") == place
    assert sorted(path.name for path in place.iterdir()) == [MARK, "a.html", "b.html"]
    assert (place / "a.html").read_text() == "A"


def test_one_of_ours_is_replaced_and_what_others_put_there_stays(tmp_path):
    PreviewFolder.choose(tmp_path / "out").write({"a.html": "A", "b.html": "B"}, name="x")
    (tmp_path / "out" / "mine.txt").write_text("keep")
    PreviewFolder.choose(tmp_path / "out").write({"a.html": "new"}, name="x")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [MARK, "a.html", "mine.txt"]
    assert (tmp_path / "out" / "a.html").read_text() == "new"


def test_a_mark_cannot_make_us_remove_other_files(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "precious.html").write_text("keep")
    (out / "notes.txt").write_text("keep")
    (out / MARK).write_text("../precious.html\nnotes.txt\n")
    PreviewFolder.choose(out).write({"a.html": "A"}, name="x")
    assert (tmp_path / "precious.html").exists()
    assert (out / "notes.txt").exists()


def test_an_empty_folder_will_do(tmp_path):
    assert PreviewFolder.choose(tmp_path).write({"a.html": "A"}, name="x") == tmp_path


def test_a_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "letter").write_text("dear")
    with pytest.raises(UserError, match="no preview wrote"):
        PreviewFolder.choose(tmp_path)


def test_a_file_or_a_dangling_link_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link"):
        with pytest.raises(UserError, match="not a folder"):
            PreviewFolder.choose(tmp_path / name)


def test_without_a_name_each_run_gets_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    places = {PreviewFolder.choose(None).write({"a.html": "A"}, name="api") for _ in range(2)}
    assert len(places) == 2
    assert {place.parent.as_posix() for place in places} == {".kvet/preview"}


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(EnvironmentFault, match="Not a directory") as raised:
        PreviewFolder.choose(tmp_path / "file" / "below").write({"a.html": "A"}, name="x")
    assert "--out" in raised.value.cure
