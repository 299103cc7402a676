"""Advice on a run whose candidates were all rejected or failed."""

from collections.abc import Callable, Sequence

from quantgate.domain.method import Method
from quantgate.domain.methods import METHODS
from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.domain.recipes import RECIPES
from quantgate.records.attestation import Attestation
from quantgate.records.outcomes import AttestationStatus

Attestations = Sequence[Attestation]
#: The last advice, which always applies.
READ_THE_REASONS = (
    "read the reason of each candidate with `quantgate explain CANDIDATE`, and the messages of "
    "converter and interpreter with `quantgate logs`"
)


def advice_on_conversions(attestations: Attestations) -> list[str]:
    """Return the sentences that apply if no candidate was measured."""
    rejected = [each for each in attestations if each.status == AttestationStatus.REJECTED]
    sentences = [
        sentence(concerned)
        for applies, sentence in _SENTENCES
        if (concerned := list(filter(applies, rejected)))
    ]
    return [*sentences, *_try_other_modes(attestations), READ_THE_REASONS]


def _is_unchanged(attestation: Attestation) -> bool:
    return attestation.unchanged


def _has_float_ops(attestation: Attestation) -> bool:
    return METHODS[attestation.mode].integer_only and bool(attestation.float_ops)


def _is_broken(attestation: Attestation) -> bool:
    trial = attestation.trial
    return trial is not None and bool(trial.not_finite or trial.constant)


def _has_constant_columns(attestation: Attestation) -> bool:
    trial = attestation.trial
    return trial is not None and any(check.constant for check in trial.columns.values())


def _replace_float_ops(attestations: Attestations) -> str:
    names = sorted({name for each in attestations for name in each.float_ops})
    return (
        f"replace {', '.join(names)} in the model, which integer-only modes cannot quantize, and "
        "export it again"
    )


def _check_calibration(attestations: Attestations) -> str:
    return (
        f"check the calibration data and its preprocessing: outputs of {_names(attestations)} are "
        "constant or not finite, as happens with ranges that do not fit the model's inputs"
    )


def _split_outputs(attestations: Attestations) -> str:
    return (
        "export values of different sizes as outputs of their own, such as boxes and scores: "
        f"columns of one output are constant in {_names(attestations)}, because one scale is too "
        "coarse for all of them"
    )


def _keep_the_float_model(attestations: Attestations) -> str:
    return (
        f"keep the float model: {_names(attestations)} left it as it is, so there is nothing to "
        "gain in these modes"
    )


def _names(attestations: Attestations) -> str:
    return " and ".join(sorted(each.candidate for each in attestations))


def _try_other_modes(attestations: Attestations) -> list[str]:
    untried = _untried({attestation.mode for attestation in attestations})
    if not untried:
        return []
    return [f"try {' and '.join(untried)}, which may keep ops in float, if the target runs them"]


def _untried(tried: set[str]) -> list[str]:
    """Return the modes that may keep ops in float, or such recipes if only recipes were tried."""
    if tried <= RECIPES.keys():
        known: list[Method] = [each for each in RECIPES.values() if not each.reserved]
    else:
        known = [mode for mode in QUANTIZED_MODES.values() if not mode.integer_only]
    narrow = (method.name for method in known if method.activations != "int16")
    return [name for name in narrow if name not in tried]


#: The rejected candidates that a sentence is about, and the sentence.
_SENTENCES: tuple[tuple[Callable[[Attestation], bool], Callable[[Attestations], str]], ...] = (
    (_is_unchanged, _keep_the_float_model),
    (_has_float_ops, _replace_float_ops),
    (_is_broken, _check_calibration),
    (_has_constant_columns, _split_outputs),
)
