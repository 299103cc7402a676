"""Checks of `measure.targets`: options that fit the target and each other."""

from collections.abc import Iterator, Mapping

from quantgate.domain.targets import ETHOS_U, TARGETS
from quantgate.errors import KeyPath
from quantgate.spec.model.target import MeasuredTarget, family_of
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import dotted, listed

_OPTIONS = tuple(dict.fromkeys(option for target in TARGETS.values() for option in target.options))
#: Systems with SRAM and flash only. Flash cannot store intermediate tensors.
_WITHOUT_DRAM = (
    "Ethos_U55_Deep_Embedded",
    "Ethos_U55_High_End_Embedded",
    "Ethos_U65_Embedded",
    "Ethos_U85_SYS_Flash_Low",
    "Ethos_U85_SYS_Flash_High",
)


def target_findings(targets: Mapping[KeyPath, MeasuredTarget]) -> Iterator[Finding]:
    """Check the well-formed entries."""
    seen: set[str] = set()
    for path, entry in targets.items():
        if entry.target in seen:
            message = f"`{entry.target}` is measured already"
            yield Finding(path, message, "List it once. A target has one configuration in a spec.")
        seen.add(entry.target)
        yield from _option_findings(entry, path)
        if entry.target == ETHOS_U.name:
            yield from _ethos_u(entry, path)


def _option_findings(entry: MeasuredTarget, path: KeyPath) -> Iterator[Finding]:
    for option in _OPTIONS:
        takers = [name for name, target in TARGETS.items() if option in target.options]
        if getattr(entry, option) is not None and entry.target not in takers:
            message = f"`{entry.target}` takes no `{option}`"
            verb = "do" if len(takers) > 1 else "does"
            hint = f"Only {listed(takers, 'and')} {verb}. Remove it."
            yield Finding((*path, option), message, hint, at_key=True)


def _ethos_u(entry: MeasuredTarget, path: KeyPath) -> Iterator[Finding]:
    if entry.accelerator is None:
        message = f"{dotted(path)} needs the key `accelerator`"
        hint = "Write for example `{target: ethos_u, accelerator: ethos-u55-128}`."
        yield Finding(path, message, hint)
        return
    config, mode = entry.options["system_config"], entry.options["memory_mode"]
    if family_of(config) != family_of(entry.accelerator):
        message = f"`{config}` is not a system with an {entry.accelerator}"
        hint = f"Name a system with a {family_of(entry.accelerator).upper()}, or remove it."
        yield Finding((*path, "system_config"), message, hint)
    elif mode.startswith("Dedicated") and config in _WITHOUT_DRAM:
        message = f"`{mode}` keeps tensors in DRAM, but `{config}` has none"
        key = "memory_mode" if entry.memory_mode else "system_config"
        yield Finding((*path, key), message, "Use `Shared_Sram` or `Sram_Only`.")
