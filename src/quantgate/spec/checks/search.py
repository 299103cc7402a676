"""Checks of `quantize.search`: that the hardware has the bits, and that there is data."""

from collections.abc import Iterator, Sequence

from quantgate.domain.hardware import CPU, HARDWARE
from quantgate.domain.search import EIGHT, SLOTS, default_bits, recipes_for
from quantgate.errors import KeyPath
from quantgate.spec.checks.draft import Draft
from quantgate.spec.checks.held_back import held_back_findings
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import listed

_PATH: KeyPath = ("quantize", "search")


def search_findings(draft: Draft) -> Iterator[Finding]:
    """Check the search, if the spec asks for it."""
    if draft.search is None:
        return
    yield from held_back_findings(draft, _PATH, "the search")
    yield from _names(draft)
    target = draft.text("quantize", "target") or CPU.name
    if target in HARDWARE:
        yield from _bits(target, draft.search.bits)


def _names(draft: Draft) -> Iterator[Finding]:
    slots = {slot.name for slot in SLOTS}
    modes = {path: entry.name for path, entry in draft.candidates.items()}
    recipes = {path: entry.name for path, entry in draft.recipes.items()}
    for path, name in {**modes, **recipes}.items():
        if name in slots:
            yield Finding(
                (*path, "name"),
                f"the search fills a candidate named `{name}`",
                "Choose another name.",
            )


def _bits(target: str, bits: Sequence[int] | None) -> Iterator[Finding]:
    known = recipes_for(target)
    if len(known) == 1:
        yield Finding(
            _PATH,
            f"{HARDWARE[target].why_not}, so layers cannot differ in their bits",
            "Remove `search`, or name other hardware in `quantize.target`.",
            at_key=True,
        )
        return
    missing = [str(each) for each in dict.fromkeys(bits or ()) if each not in known]
    if missing:
        yield Finding(
            (*_PATH, "bits"),
            f"the target `{target}` has no kernels for layers of {listed(missing)} bits",
            f"Use `bits: {default_bits(target)}`.",
            at_key=True,
        )
    elif bits is not None and (EIGHT not in bits or len(set(bits)) == 1):
        yield Finding(
            (*_PATH, "bits"),
            "the search compares with 8 bits in all layers, and needs 8 and another number of bits",
            f"Use `bits: {default_bits(target)}`.",
            at_key=True,
        )
