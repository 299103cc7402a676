"""Describe the contents of a .tflite in a record."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from ai_edge_litert.schema_py_generated import ModelT

from quantgate.components.litert.conformity import biases_of, shortfalls_of, weights_of
from quantgate.components.litert.flatbuffer import (
    NOT_COMPUTING,
    Content,
    computes_in_float,
    contents_of,
    counted,
)
from quantgate.components.litert.operations import Operation, operations
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.records.attestation import Delivered


def delivered(content: Content, model: ModelT) -> Delivered:
    """Describe a .tflite from its bytes and the model parsed from them."""
    model_ops = operations(model)
    in_float = [each for each in model_ops if computes_in_float(each.name, each.dtypes)]
    computing = [each for each in model_ops if each.name not in NOT_COMPUTING]
    return Delivered(
        model_sha256=sha256_of_bytes(content),
        size_bytes=len(content),
        ops=contents_of(model).ops,
        op_types=_op_types(model_ops),
        float_ops=counted(each.name for each in in_float),
        float_op_share=_share(len(in_float), len(computing)),
        macs=_macs((each.arithmetic, each.macs) for each in model_ops),
        float_macs=_macs((each.name, each.macs) for each in in_float),
        float_mac_share=_share(_sum(in_float), _sum(model_ops)),
        weights=weights_of(model_ops),
        biases=counted(biases_of(model_ops)),
        shortfalls=shortfalls_of(model_ops),
    )


def _op_types(model_ops: list[Operation]) -> dict[str, dict[str, int]]:
    types: dict[str, Counter[str]] = defaultdict(Counter)
    for each in model_ops:
        types[each.name][each.arithmetic] += 1
    return {name: dict(sorted(types[name].items())) for name in sorted(types)}


def _macs(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for key, macs in counts:
        totals[key] += macs
    return {key: totals[key] for key in sorted(totals) if totals[key]}


def _sum(model_ops: list[Operation]) -> int:
    return sum(each.macs for each in model_ops)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
