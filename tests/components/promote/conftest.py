"""Decisions to promote, and checks of what was published."""

import pytest

from quantgate.components.promote.versions import Promotion
from quantgate.components.promote.work import promote
from quantgate.foundation.hashing import sha256_of_bytes, sha256_of_file
from quantgate.records.outcomes import DecisionOutcome


@pytest.fixture
def decided(tmp_path, small_wins):
    """Write a decision and the model that won, and return both paths."""

    def write(content=b"model", winner="small", created="2025-01-14", **changes):
        folder = tmp_path / f"decided-{sha256_of_bytes(content + created.encode())[:6]}"
        folder.mkdir(exist_ok=True)
        model, decision = folder / "winner", folder / "decision"
        model.write_bytes(content)
        small_wins(
            sha256_of_bytes(content),
            created=created,
            outcome=DecisionOutcome("winner" if winner else "none_qualified"),
            winner=winner,
            **changes,
        ).write(decision)
        return str(decision), str(model)

    return write


@pytest.fixture
def publish(tmp_path):
    """Promote into the folder `fleet`, and return the promotion."""

    def run(decision, model, to=None):
        manifest = tmp_path / "promotion.json"
        promote(
            decision,
            winner_path=model,
            to=str(to or tmp_path / "fleet"),
            manifest_path=str(manifest),
        )
        return Promotion.read(manifest)

    return run


@pytest.fixture
def check_fleet():
    """Return a check that `latest` names a version, and that every version there is whole."""

    def check(fleet, versions):
        for folder in (path for path in fleet.iterdir() if not path.name.startswith(".")):
            if folder.is_dir():
                promotion = Promotion.read(folder / "manifest.json")
                assert promotion.version == folder.name
                for name, file in promotion.files.items():
                    assert sha256_of_file(folder / name) == file.sha256
        latest = fleet / "latest"
        if latest.exists():
            version = latest.read_text().removesuffix("\n")
            assert version in versions
            assert (fleet / version).is_dir()

    return check
