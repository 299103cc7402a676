"""Hashes of folders."""

from pathlib import Path

import pytest

from quantgate.foundation.hashing import sha256_of_tree

#: The hash of `tree`.
HASH = "18160557afc5a7ed2abf96db1dbaffb92a75bb0fa5191d57ea3780e87068c697"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    for name in ("saved_model.pb", "variables/variables.index", "variables-old", "assets/a/b"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def test_a_folder_keeps_the_hash_that_earlier_versions_gave_it(tree: Path) -> None:
    assert sha256_of_tree(tree) == HASH


@pytest.mark.parametrize("linked", ["variables", "saved_model.pb"])
def test_a_link_counts_as_what_it_leads_to(tree: Path, linked: str) -> None:
    before = sha256_of_tree(tree)
    elsewhere = tree.parent / "elsewhere"
    (tree / linked).rename(elsewhere)
    (tree / linked).symlink_to(elsewhere)
    assert sha256_of_tree(tree) == before
    changed = elsewhere / "variables.index" if elsewhere.is_dir() else elsewhere
    changed.write_text("other weights")
    assert sha256_of_tree(tree) != before


def test_a_link_to_a_folder_above_ends(tree: Path) -> None:
    before = sha256_of_tree(tree)
    (tree / "again").symlink_to(tree, target_is_directory=True)
    (tree / "broken").symlink_to("nowhere")
    assert sha256_of_tree(tree) == before
