"""Reading of the JSON files that `quantize.recipes` names."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from quantgate.domain.recipe_hardware import unfit_for
from quantgate.domain.recipe_ops import ENDS
from quantgate.domain.recipes import (
    BLOCKWISE,
    FLOAT_CASTING,
    GPTQ,
    HADAMARD,
    MIN_MAX,
    NO_QUANTIZE,
    OSCAR,
    REFUSED_ALGORITHMS,
    REFUSED_UNLESS_DYNAMIC,
    REFUSED_WITH_8_BITS,
    Rule,
)
from quantgate.errors import KeyPath
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.spec.checks.recipes import dense_only_findings, operation_findings, regex_findings
from quantgate.spec.model.locations import scheme_of
from quantgate.spec.model.recipe import RecipeCandidate
from quantgate.spec.model.recipe_file import FileRule, OpConfig, TensorConfig
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import did_you_mean, listed, shortened

#: Maximum size in bytes. The rules are part of an argument of tasks.
LARGEST = 60_000
_ALGORITHMS = (MIN_MAX, FLOAT_CASTING, NO_QUANTIZE, "OCTAV", "MSE", GPTQ, OSCAR, HADAMARD)


@dataclass(frozen=True)
class ReadRecipe:
    """A candidate with the rules of its file.

    Attributes:
        candidate: the candidate.
        findings: errors in the file. If there are any, the rules may be missing.
    """

    candidate: RecipeCandidate
    findings: list[Finding]


def read_recipe(
    candidate: RecipeCandidate, folder: Path, path: KeyPath, targets: Collection[str]
) -> ReadRecipe:
    """Read the JSON file of a candidate, or its content in the spec.

    Args:
        candidate: the candidate.
        folder: the spec's folder, which the path of the file is relative to.
        path: key path of the candidate.
        targets: names of the hardware that candidates are for or measured on.
    """
    place = (*path, "recipe")
    if candidate.content is None and scheme_of(candidate.recipe):
        message = f"`{candidate.recipe}` is a URI, and a recipe has to be a local file"
        return ReadRecipe(candidate, [Finding(place, message, "Download it next to the spec.")])
    try:
        content = content_of(candidate, folder)
        rules = json.loads(content)
    except OSError as error:
        message = f"`{candidate.recipe}` cannot be read: {folder / candidate.recipe}: "
        hint = f"Paths are relative to {folder}."
        return ReadRecipe(candidate, [Finding(place, f"{message}{error.strerror}", hint)])
    except ValueError as error:
        message = f"`{candidate.recipe}` is not JSON: {error}"
        return ReadRecipe(candidate, [Finding(place, message, "Correct the file.")])
    sha256 = sha256_of_bytes(content)
    problems = [*_size_problems(content), *_hash_problems(candidate, sha256), *_problems(rules)]
    if not problems:
        rules = [_completed(rule) for rule in rules]
        problems = list(_target_problems(rules, targets))
    findings = [
        Finding(place, f"`{candidate.recipe}`: {message}", hint) for message, hint in problems
    ]
    return ReadRecipe(candidate if findings else candidate.with_rules(rules, sha256), findings)


def content_of(candidate: RecipeCandidate, folder: Path) -> bytes:
    """Return the content of a candidate's JSON file.

    Args:
        candidate: the candidate.
        folder: the spec's folder.

    Raises:
        OSError: the content is not in the spec, and the file cannot be read.
    """
    if candidate.content is not None:
        return candidate.content.encode()
    return (folder / candidate.recipe).read_bytes()


_Problem = tuple[str, str | None]


def _size_problems(content: bytes) -> Iterator[_Problem]:
    if len(content) > LARGEST:
        yield f"it has {len(content):,} bytes", f"The maximum is {LARGEST:,}."


def _hash_problems(candidate: RecipeCandidate, sha256: str) -> Iterator[_Problem]:
    if candidate.sha256 not in (None, sha256):
        yield f"its SHA-256 is {sha256}", "Write that as `sha256`, or remove the key."


def _completed(rule: Rule) -> Rule:
    """Return a rule without the keys that are null."""
    config = rule.get("op_config") or {}
    given = {key: value for key, value in config.items() if value is not None}
    return {**rule, "op_config": given}


def _target_problems(rules: list[Rule], targets: Collection[str]) -> Iterator[_Problem]:
    for number, rule in enumerate(rules, start=1):
        is_float = rule["algorithm_key"] == NO_QUANTIZE or rule["operation"] in ENDS
        unfit = {} if is_float else unfit_for(rule["op_config"])
        for target in sorted(unfit.keys() & set(targets)):
            yield (
                f"rule {number} is not for `{target}`: {unfit[target]}",
                "Use static rules in 8 bits.",
            )


def _problems(rules: Any) -> Iterator[_Problem]:
    if not isinstance(rules, list) or not rules:
        yield "it is not a list of rules", 'Write `[{"regex": ".*", ...}]`.'
        return
    for number, rule in enumerate(rules, start=1):
        for message, hint in _problems_of_rule(rule):
            yield f"rule {number}: {message}", hint


def _problems_of_rule(content: Any) -> Iterator[_Problem]:
    try:
        rule = FileRule.model_validate(content)
    except ValidationError as error:
        yield from (_form_problem(details) for details in error.errors())
        return
    for finding in (
        *regex_findings(rule.regex, ()),
        *operation_findings(rule.operation, ()),
        *dense_only_findings(rule.algorithm_key, rule.operation, ()),
    ):
        yield finding.message, finding.hint
    yield from _algorithm_problems(rule.algorithm_key, rule.op_config)
    if rule.op_config and rule.algorithm_key != NO_QUANTIZE:
        yield from _weight_problems(rule.op_config)


def _form_problem(details: Any) -> _Problem:
    *around, key = (str(part) for part in details["loc"] or ("",))
    place = f"`{'.'.join(around)}`" if around else "it"
    if details["type"] == "extra_forbidden":
        known = _keys_in(around)
        return f"{place} has no key `{shortened(key)}`", (
            did_you_mean(key, known) or f"Its keys are {listed(known, 'and')}."
        )
    if details["type"] == "missing":
        return f"{place} needs the key `{key}`", None
    if key == "skip_checks":
        return "`skip_checks` writes models that no kernel runs", "Remove it."
    return f"`{'.'.join([*around, key])}`: {details['msg']}", None


def _keys_in(around: list[str]) -> list[str]:
    if not around:
        return list(FileRule.model_fields)
    if around[-1].endswith("tensor_config"):
        return list(TensorConfig.model_fields)
    return list(OpConfig.model_fields)


def _algorithm_problems(algorithm: str, config: OpConfig | None) -> Iterator[_Problem]:
    if reason := REFUSED_ALGORITHMS.get(algorithm):
        yield f"`{algorithm}` cannot be used: {reason}", "Remove the rule."
    elif algorithm not in _ALGORITHMS:
        yield (
            f"there is no algorithm `{shortened(algorithm)}`",
            did_you_mean(algorithm, _ALGORITHMS),
        )
    elif algorithm != NO_QUANTIZE and config is None:
        yield "it needs the key `op_config`", None
    elif config and config.weight_tensor_config.num_bits == 8 and algorithm in REFUSED_WITH_8_BITS:
        yield f"`{algorithm}`: {REFUSED_WITH_8_BITS[algorithm]}", "Name another algorithm."
    elif config and not config.is_dynamic and algorithm in REFUSED_UNLESS_DYNAMIC:
        yield f"`{algorithm}`: {REFUSED_UNLESS_DYNAMIC[algorithm]}", "Name another algorithm."


def _weight_problems(config: OpConfig) -> Iterator[_Problem]:
    weights = config.weight_tensor_config
    if weights.num_bits == 2:
        yield "2-bit weights give NaN or do not load", "Use 4 bits or more."
    is_in_blocks = weights.granularity in BLOCKWISE or weights.block_size
    if weights.num_bits == 8 and is_in_blocks:
        yield "no op supports 8-bit weights in blocks", "Use `CHANNELWISE`."
