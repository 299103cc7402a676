"""Checks of `quantize.recipes`: that recipes and rules exist, and work on the target."""

import re
from collections.abc import Iterable, Iterator, Mapping

from quantgate.domain.method import FLOAT32
from quantgate.domain.recipe_ops import DENSE, EVERY_OP, LIBRARY_NAMES, OPERATIONS
from quantgate.domain.recipe_rules import needs_samples
from quantgate.domain.recipes import (
    MOMENTS_OF,
    RECIPE_FILE,
    RECIPES,
    REFUSED_ALGORITHMS,
    REFUSED_RECIPES,
    REFUSED_UNLESS_DYNAMIC,
    REFUSED_WITH_8_BITS,
    Recipe,
)
from quantgate.errors import KeyPath
from quantgate.spec.model.recipe import RecipeCandidate, RecipeRule
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import did_you_mean, dotted, listed, shortened

RecipeCandidates = Mapping[KeyPath, RecipeCandidate]


def recipe_findings(candidates: RecipeCandidates, targets: Iterable[str]) -> Iterator[Finding]:
    """Check the candidates without reading their JSON files.

    Args:
        candidates: well-formed candidates by path.
        targets: names of the hardware that candidates are for or measured on.
    """
    for path, candidate in candidates.items():
        yield from _candidate_findings(candidate, path)
        yield from _target_findings(candidate, path, set(targets))
        for number, rule in enumerate(candidate.rules):
            yield from _rule_findings(rule, (*path, "rules", number))


def uncalibrated_findings(candidates: RecipeCandidates) -> Iterator[Finding]:
    """Return a finding for the first candidate that needs data, in a spec that has none."""
    for path, candidate in candidates.items():
        if is_known(candidate) and needs_samples(candidate.all_rules):
            others = [name for name, recipe in RECIPES.items() if not recipe.calibrated]
            message = f"`{candidate.title}` needs representative data, but there is no "
            yield Finding(
                (*path, "recipe"),
                f"{message}`data.calibration`",
                "Add `data: {calibration: {source: ...}}`, or use another recipe, such as "
                f"{listed(others[:3])}.",
            )
            return


def is_known(candidate: RecipeCandidate) -> bool:
    """Return whether a candidate's recipes exist, as far as they are named."""
    rules = (rule.recipe in (FLOAT32, *RECIPES) for rule in candidate.rules)
    return (candidate.is_file or candidate.recipe in RECIPES) and all(rules)


def algorithm_findings(algorithm: str, recipe: Recipe, path: KeyPath) -> Iterator[Finding]:
    """Check that a recipe takes an algorithm."""
    if algorithm in (recipe.algorithm, *recipe.algorithms):
        return
    message = f"`{recipe.name}` cannot use `{shortened(algorithm)}`"
    if reason := REFUSED_ALGORITHMS.get(algorithm):
        yield Finding(path, f"{message}: {reason}", "Remove it.")
    elif recipe.weight_bits == 8 and algorithm in REFUSED_WITH_8_BITS:
        yield Finding(path, f"{message}: {REFUSED_WITH_8_BITS[algorithm]}", "Remove it.")
    elif not recipe.is_dynamic and algorithm in REFUSED_UNLESS_DYNAMIC:
        why = REFUSED_UNLESS_DYNAMIC[algorithm]
        yield Finding(path, f"{message}: {why}", "Use a dynamic recipe, or another algorithm.")
    else:
        near = did_you_mean(algorithm, recipe.algorithms)
        known = f"It takes {listed([recipe.algorithm, *recipe.algorithms])}."
        yield Finding(path, message, near or known)


def regex_findings(regex: str, path: KeyPath) -> Iterator[Finding]:
    """Check that a regular expression compiles."""
    try:
        re.compile(regex)
    except re.error as error:
        message = f"`{shortened(regex)}` is not a regular expression: {error}"
        yield Finding(path, message, "Put a backslash before characters that stand for themselves.")


def operation_findings(operation: str, path: KeyPath) -> Iterator[Finding]:
    """Check that a rule can be for a type of op."""
    if operation in OPERATIONS:
        return
    alias = LIBRARY_NAMES.get(operation)
    near = f"Did you mean `{alias}`?" if alias else did_you_mean(operation, OPERATIONS)
    hint = near or f"They are {listed(OPERATIONS, 'and')}."
    yield Finding(path, f"there is no operation `{shortened(operation)}`", hint)


def dense_only_findings(algorithm: str, operation: str, path: KeyPath) -> Iterator[Finding]:
    """Check that an algorithm for dense layers is not for another type of op."""
    if algorithm in MOMENTS_OF and operation in OPERATIONS and operation not in (EVERY_OP, DENSE):
        message = f"`{algorithm}` is for `{DENSE}` only, not for `{operation}`"
        yield Finding(path, message, "Name another operation or algorithm.")


def _candidate_findings(candidate: RecipeCandidate, path: KeyPath) -> Iterator[Finding]:
    if candidate.is_file:
        if candidate.algorithm:
            message = f"{dotted(path)} has an algorithm, but its rules are in a file"
            yield Finding((*path, "algorithm"), message, "Name it in the file.", at_key=True)
        return
    yield from _name_findings(candidate.recipe, path, ())
    recipe = RECIPES.get(candidate.recipe)
    if recipe is None:
        return
    if candidate.algorithm:
        yield from algorithm_findings(candidate.algorithm, recipe, (*path, "algorithm"))
    yield from _end_findings(candidate, recipe, path)
    for key in ("sha256", "content"):
        if getattr(candidate, key):
            message = f"{dotted(path)} has a `{key}`, but `{recipe.name}` is not a file"
            yield Finding((*path, key), message, "Remove it.", at_key=True)


def _name_findings(name: str, path: KeyPath, others: tuple[str, ...]) -> Iterator[Finding]:
    if name in (*RECIPES, *others):
        return
    if reason := REFUSED_RECIPES.get(name):
        message = f"`{name}` never works: {reason}"
        yield Finding((*path, "recipe"), message, "Remove it.")
        return
    known = (*RECIPES, *others)
    hint = did_you_mean(name, known) or f"The recipes are {listed(known, 'and')}."
    yield Finding((*path, "recipe"), f"there is no recipe `{shortened(name)}`", hint)


def _end_findings(candidate: RecipeCandidate, recipe: Recipe, path: KeyPath) -> Iterator[Finding]:
    for key in ("inputs", "outputs"):
        dtype = getattr(candidate, key)
        if dtype and dtype not in recipe.io_types:
            others = [name for name, other in RECIPES.items() if dtype in other.io_types]
            hint = f"Its {key} can be {listed(recipe.io_types)}. For {dtype} use {listed(others)}."
            yield Finding((*path, key), f"`{recipe.name}` cannot have {dtype} {key}", hint)


def _target_findings(
    candidate: RecipeCandidate, path: KeyPath, targets: set[str]
) -> Iterator[Finding]:
    named = [(candidate.recipe, (*path, "recipe"))]
    named += [
        (rule.recipe, (*path, "rules", number, "recipe"))
        for number, rule in enumerate(candidate.rules)
    ]
    for name, place in named:
        unfit = RECIPES.get(name, RECIPE_FILE).unfit
        for target in sorted(targets & unfit.keys()):
            message = f"`{name}` is not for `{target}`: {unfit[target]}"
            fit = [other.name for other in RECIPES.values() if target not in other.unfit]
            yield Finding(place, message, f"Use {listed(fit)}, or another target.")


def _rule_findings(rule: RecipeRule, path: KeyPath) -> Iterator[Finding]:
    yield from _name_findings(rule.recipe, path, (FLOAT32,))
    yield from regex_findings(rule.regex, (*path, "regex"))
    yield from operation_findings(rule.operation, (*path, "operation"))
    yield from dense_only_findings(rule.algorithm or "", rule.operation, (*path, "algorithm"))
    if rule.algorithm and rule.recipe in RECIPES:
        yield from algorithm_findings(rule.algorithm, RECIPES[rule.recipe], (*path, "algorithm"))
    if rule.algorithm and rule.recipe == FLOAT32:
        message = f"{dotted(path)} leaves ops in float, so it has no algorithm"
        yield Finding((*path, "algorithm"), message, "Remove it.", at_key=True)
