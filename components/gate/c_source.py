"""C++ sources of a model for firmware with TFLite Micro.

Source of the names: tflite-micro, tensorflow/lite/micro/micro_mutable_op_resolver.h
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

#: Alignment that TFLite Micro asks for, in bytes.
ALIGNMENT = 16
_BYTES_IN_LINE = 12
#: Methods of the op resolver that do not follow from the name of the op.
_METHODS: Mapping[str, str] = MappingProxyType(
    {
        "BATCH_MATMUL": "AddBatchMatMul",
        "CUMSUM": "AddCumSum",
        "PADV2": "AddPadV2",
        "TFLite_Detection_PostProcess": "AddDetectionPostprocess",
        "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
        "ethos-u": "AddEthosU",
    }
)
_HEADER = """\
// The model as a C array for TFLite Micro.
#ifndef {guard}
#define {guard}

#include <cstddef>

namespace quantgate::{namespace} {{

// The model, aligned to {alignment} bytes.
extern const unsigned char kModel[];
constexpr std::size_t kModelSize = {size};
{arena}
// The number of different ops, for tflite::MicroMutableOpResolver<kOpCount>.
constexpr unsigned int kOpCount = {count};

// Adds the ops of the model to an op resolver. Returns whether all of them were added.
template <typename Resolver>
bool AddOps(Resolver& resolver) {{
  return {calls};
}}

}}  // namespace quantgate::{namespace}

#endif  // {guard}
"""
_ARENA = """
// The tensor arena as measured with TFLite Micro on a 64-bit machine. A 32-bit one needs less.
constexpr std::size_t kArenaSize = {bytes};
"""
_UNKNOWN_ARENA = """
// The size of the tensor arena can only be measured on the device. The arena must hold the memory
// that Vela reports and the data of the interpreter. Start with a large one, and read
// tflite::MicroInterpreter::arena_used_bytes() after AllocateTensors().
"""
_SOURCE = """\
#include "{header}"

namespace quantgate::{namespace} {{

alignas({alignment}) const unsigned char kModel[] = {{
{lines}
}};

}}  // namespace quantgate::{namespace}
"""


def c_sources(
    target: str, content: bytes, ops: Mapping[str, int], arena_bytes: float | None
) -> dict[str, str]:
    """Return a header and a source file by file name.

    Args:
        target: the target, which names the files and the namespace.
        content: of the .tflite.
        ops: number of ops in the model, by name.
        arena_bytes: size of the tensor arena. If it is None, the header says how to find it.
    """
    calls = [f"resolver.{method_of(op)}() == 0" for op in sorted(ops)]
    header = _HEADER.format(
        guard=f"QUANTGATE_{target.upper()}_H_",
        namespace=target,
        alignment=ALIGNMENT,
        size=len(content),
        arena=_ARENA.format(bytes=int(arena_bytes)) if arena_bytes else _UNKNOWN_ARENA,
        count=len(calls),
        calls=" &&\n         ".join(calls) or "true",
    )
    source = _SOURCE.format(
        header=f"{target}.h",
        namespace=target,
        alignment=ALIGNMENT,
        lines="\n".join(_lines(content)),
    )
    return {f"{target}.h": header, f"{target}.cc": source}


def method_of(op: str) -> str:
    """Return the method of `tflite::MicroMutableOpResolver` that adds an op."""
    return _METHODS.get(op) or "Add" + "".join(map(_capitalized, op.split("_")))


def _capitalized(word: str) -> str:
    return word if word[:1].isdigit() else word.capitalize()


def _lines(content: bytes) -> Iterator[str]:
    for start in range(0, len(content), _BYTES_IN_LINE):
        stretch = content[start : start + _BYTES_IN_LINE]
        yield "    " + " ".join(f"0x{byte:02x}," for byte in stretch)
