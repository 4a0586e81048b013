# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel tree says about KVM's interface: read once, then from the cache."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from kpatch_tools.model.kernelfacts import KernelFacts
from kpatch_tools.parse.kernelfacts_paths import is_uapi
from kpatch_tools.tools import kernelfacts as kept
from kpatch_tools.tools.git import Repository


def parse_facts(texts: Iterator[tuple[str, str]]) -> KernelFacts | None:
    """Read the files of a tree; the parsers are imported here, as a tree is read once and then kept."""
    from kpatch_tools.parse import kernelfacts  # noqa: PLC0415

    return kernelfacts.parse_facts(texts)


def facts_of(place: Repository | Path, treeish: str = "HEAD") -> KernelFacts | None:
    """The facts of a tree: of a repository's commit or tree (no checkout), or of a plain folder's files.

    ``treeish`` counts for a repository only. None where there is no KVM header, or no such tree.
    """
    if isinstance(place, Path):
        listing = kept.list_folder(place)
        return _of_listing(listing, lambda: kept.read_folder(place, listing))
    tree = kept.tree_key(place, treeish)
    if not tree:
        return None
    key = kept.known_key(tree)
    if key and (facts := kept.load(key)) is not None:
        return facts
    listing = kept.list_tree(place, treeish)
    facts = _of_listing(listing, lambda: kept.read_blobs(place, listing))
    if facts is not None:
        kept.note_key(tree, kept.listing_key(listing))
    return facts


def facts_of_index(repository: Repository, env: Mapping[str, str] | None = None) -> KernelFacts | None:
    """The facts of what is staged; ``env`` may name another index. None where it has no KVM header."""
    listing = kept.list_index(repository, env)
    return _of_listing(listing, lambda: kept.read_blobs(repository, listing))


def _of_listing(listing: kept.Listing, texts: Callable[[], Iterator[tuple[str, str]]]) -> KernelFacts | None:
    if not any(is_uapi(path) for path in listing):
        return None
    key = kept.listing_key(listing)
    facts = kept.load(key)
    if facts is None:
        facts = parse_facts(texts())
        if facts is not None:
            kept.keep(key, facts)
    return facts
