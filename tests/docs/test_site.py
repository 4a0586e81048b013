# SPDX-License-Identifier: GPL-2.0-only
"""The site: Sphinx has nothing to say, links lead somewhere, nothing is asked of a network."""

import re
import sys
import textwrap
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kpatch_tools.cli import app
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.flow.rulepages import rule_pages
from kpatch_tools.model.run import Command
from kpatch_tools.parse.docs_profile import parse_profile
from kpatch_tools.tools import process
from tests.screens import CHECKOUT

pytest.importorskip("sphinx")
DOCS = CHECKOUT / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The pages as they are published; a warning is a failure."""
    out = tmp_path_factory.mktemp("site")
    argv = (sys.executable, "-m", "sphinx", "-q", "-n", "-W", "--keep-going", "-d", str(out / "trees"))
    done = process.run(Command(argv=(*argv, str(DOCS), str(out / "html")), timeout=110, cwd=out))
    assert (done.error_text, done.ok) == ("", True)
    return out / "html"


class _Links(HTMLParser):
    """What a page asks for, and the places in it that others can point to."""

    def __init__(self):
        super().__init__()
        self.asked, self.linked, self.places = [], [], set()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "id" in given:
            self.places.add(given["id"])
        if tag == "a" and "href" in given:
            self.linked.append(given["href"])
        elif tag in {"img", "script", "link", "iframe"}:
            self.asked += [given[name] for name in ("src", "href") if name in given]


def read(path: Path) -> _Links:
    links = _Links()
    links.feed(path.read_text())
    return links


def test_every_link_inside_leads_somewhere(site):
    pages = {path: read(path) for path in site.rglob("*.html")}
    assert len(pages) > 12
    for path, page in pages.items():
        for link in page.linked:
            if re.match(r"[a-z]+:", link):
                continue
            target, _, place = link.partition("#")
            found = (path.parent / target).resolve() if target else path
            assert found.is_file(), f"{path.name}: {link}"
            if place:
                assert place in pages[found].places, f"{path.name}: {link}"


def test_no_page_asks_a_network(site):
    for path in site.rglob("*.html"):
        assert not [word for word in read(path).asked if re.match(r"(?:[a-z]+:)?//", word)], path.name
    for path in site.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*['\"]?(?:[a-z]+:)?//", path.read_text()), path.name


def test_the_reference_has_every_command_and_rule(site):
    commands = (site / "reference" / "commands.html").read_text()
    assert all(f'id="kvet-{name}"' in commands for name in app.COMMANDS)
    rules = read(site / "reference" / "rules.html").places
    assert {f"rule-{name.strip('/').replace('/', '-')}" for name in rule_pages()} <= rules


def test_the_examples_are_what_kvet_reads():
    assert load_contract(str(DOCS / "examples" / "kvm_warm_range.toml")).ioctl.name == "KVM_WARM_RANGE"
    profile = (DOCS / "examples" / "profile.toml").read_text()
    assert parse_profile(profile, name="profile.toml").required(4) == ("Type", "Parameters", "Returns")


def test_the_workflow_is_called_as_its_own_head_says():
    head = (CHECKOUT / ".github" / "workflows" / "review.yml").read_text().partition("#     jobs:\n")[2]
    called = [line.removeprefix("#     ") for line in head.partition("\n#\n")[0].splitlines()]
    assert len(called) > 5
    assert textwrap.indent("\n".join(called), "   ") in (DOCS / "howto" / "ci.rst").read_text()


def test_no_page_names_a_place_of_this_machine():
    text = "\n".join(path.read_text() for path in DOCS.rglob("*") if path.suffix in {".rst", ".txt", ".py"})
    assert str(CHECKOUT) not in text
    assert str(Path.home()) not in text
