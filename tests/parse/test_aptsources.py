# SPDX-License-Identifier: GPL-2.0-only
"""What apt says of its archives: Debian's own are taken, each once, and nothing else."""

from kpatch_tools.parse.aptsources import Archive, parse_targets, parse_uris

TARGET = """MetaKey: main/binary-amd64/Packages
Description: {uri} {codename}/main amd64 Packages
Codename: {codename}
Label: {label}
Origin: {origin}
Component: {component}
Created-By: {by}
Repo-URI: {uri}
Target-Of: deb
"""


def target(**changes: str) -> str:
    fields = {
        "uri": "http://mirror.example/debian/",
        "codename": "bookworm",
        "label": "Debian",
        "origin": "Debian",
        "component": "main",
        "by": "Packages",
    }
    return TARGET.format(**{**fields, **changes})


def test_debians_archives_each_once_in_apts_order() -> None:
    security = {
        "uri": "http://mirror.example/security/",
        "codename": "bookworm-security",
        "label": "Debian-Security",
    }
    text = "\n".join((target(), target(), target(codename="bookworm-updates"), target(**security)))

    found = parse_targets(text)

    assert [archive.codename for archive in found] == ["bookworm", "bookworm-updates", "bookworm-security"]
    assert {archive.release for archive in found} == {"bookworm"}
    assert found[0] == Archive(uri="http://mirror.example/debian/", codename="bookworm", component="main")
    assert found[2].uri == "http://mirror.example/security/"


def test_what_is_not_debians_release_is_passed_over() -> None:
    others = (
        target(origin="Somebody", label="Somebody"),
        target(label="Debian Backports", codename="bookworm-backports"),
        target(by="Translations"),
        target(origin="", label="", codename=""),
    )

    assert parse_targets("\n".join(others)) == ()
    assert parse_targets("") == ()


def test_what_is_no_plain_address_or_name_is_passed_over() -> None:
    hostile = (
        target(uri="http://mirror.example/a b/"),
        target(uri="mirror"),
        target(codename="../bookworm"),
        target(component="main\tTrusted: yes"),
    )

    assert parse_targets("\n".join(hostile)) == ()


def test_a_folded_value_is_not_taken_for_a_field() -> None:
    text = target().replace("Target-Of: deb\n", "Signed-By:\n Origin: Other\n .\nTarget-Of: deb\n")

    assert len(parse_targets(text)) == 1


def test_files_and_sizes() -> None:
    text = (
        "'http://mirror.example/pool/l/linux.deb' linux-image-6.12_6.12-1_arm64.deb 28341196 SHA256:00\n"
        "'http://mirror.example/b.deb' busybox-static_1%3a1.35.0-4_arm64.deb 822236 SHA256:11\n"
        "W: a warning\n'x' ../../etc/x.deb 5 SHA256:22\n"
    )

    assert parse_uris(text) == {
        "linux-image-6.12_6.12-1_arm64.deb": 28341196,
        "busybox-static_1%3a1.35.0-4_arm64.deb": 822236,
    }
