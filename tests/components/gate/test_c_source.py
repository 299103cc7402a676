"""C++ sources of a model: compiled and read back by a real compiler."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from quantgate.components.gate.c_source import c_sources, method_of

CONTENT = bytes(range(256)) * 3 + b"end"
OPS = {"CONV_2D": 3, "SOFTMAX": 1, "UNIDIRECTIONAL_SEQUENCE_LSTM": 1}
#: Prints the model, its size, alignment and arena, and the ops that it adds.
PROGRAM = """\
#include <cstdint>
#include <cstdio>
#include "microcontroller.h"

struct Resolver {
  int AddConv2D() { std::puts("CONV_2D"); return 0; }
  int AddSoftmax() { std::puts("SOFTMAX"); return 0; }
  int AddUnidirectionalSequenceLSTM() { return failed; }
  int failed;
};

int main() {
  namespace model = quantgate::microcontroller;
  Resolver works{0}, fails{1};
  const auto place = reinterpret_cast<std::uintptr_t>(model::kModel);
  std::printf("%d %d\\n", model::AddOps(works), model::AddOps(fails));
  std::printf("%zu %zu %u %zu\\n", model::kModelSize, model::kArenaSize, model::kOpCount,
              static_cast<std::size_t>(place % 16));
  std::fwrite(model::kModel, 1, model::kModelSize, stdout);
}
"""


ETHOS_U_PROGRAM = """\
#include <cstdio>
#include "ethos_u.h"

struct Resolver {
  int AddEthosU() { std::puts("ethos-u"); return 0; }
};

int main() {
  Resolver resolver;
  std::printf("%d ", quantgate::ethos_u::AddOps(resolver));
  std::printf("%u %zu\\n", quantgate::ethos_u::kOpCount, quantgate::ethos_u::kModelSize);
}
"""


def printed_by(program: str, sources: dict[str, str], folder: Path) -> bytes:
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    for name, text in {"main.cc": program, **sources}.items():
        (folder / name).write_text(text, encoding="ascii")
    strict = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    units = [name for name in ("main.cc", *sources) if name.endswith(".cc")]
    subprocess.run([compiler, *strict, *units, "-o", "main"], cwd=folder, check=True)
    return subprocess.run([folder / "main"], capture_output=True, check=True).stdout


def test_a_compiler_takes_the_sources(tmp_path: Path) -> None:
    sources = c_sources("microcontroller", CONTENT, OPS, 12_345.0)
    printed = printed_by(PROGRAM, sources, tmp_path)
    lines, model = printed[: -len(CONTENT)].decode(), printed[-len(CONTENT) :]
    assert lines.splitlines()[:4] == ["CONV_2D", "SOFTMAX"] * 2
    assert lines.splitlines()[4:] == ["1 0", "771 12345 3 0"]
    assert model == CONTENT


def test_a_compiler_takes_the_sources_for_ethos_u(tmp_path: Path) -> None:
    sources = c_sources("ethos_u", CONTENT, {"ethos-u": 1}, None)
    assert printed_by(ETHOS_U_PROGRAM, sources, tmp_path) == b"ethos-u\n1 1 771\n"


def test_the_header_says_how_to_find_the_size_of_an_unknown_arena() -> None:
    header = c_sources("ethos_u", CONTENT, {"ethos-u": 1}, None)["ethos_u.h"]
    assert "kArenaSize" not in header
    assert "tflite::MicroInterpreter::arena_used_bytes()" in header
    assert "namespace quantgate::ethos_u {" in header
    assert "resolver.AddEthosU() == 0;" in header


@pytest.mark.parametrize(
    ("op", "method"),
    [
        ("ADD", "AddAdd"),
        ("AVERAGE_POOL_2D", "AddAveragePool2D"),
        ("BATCH_MATMUL", "AddBatchMatMul"),
        ("BATCH_TO_SPACE_ND", "AddBatchToSpaceNd"),
        ("CUMSUM", "AddCumSum"),
        ("DEPTHWISE_CONV_2D", "AddDepthwiseConv2D"),
        ("FULLY_CONNECTED", "AddFullyConnected"),
        ("L2_NORMALIZATION", "AddL2Normalization"),
        ("MAX_POOL_2D", "AddMaxPool2D"),
        ("PADV2", "AddPadV2"),
        ("RELU6", "AddRelu6"),
        ("RESIZE_NEAREST_NEIGHBOR", "AddResizeNearestNeighbor"),
        ("SPLIT_V", "AddSplitV"),
        ("SVDF", "AddSvdf"),
    ],
)
def test_methods_have_the_names_of_the_op_resolver(op: str, method: str) -> None:
    assert method_of(op) == method


def test_the_array_has_every_byte() -> None:
    source = c_sources("microcontroller", CONTENT, OPS, None)["microcontroller.cc"]
    assert bytes(int(byte, 16) for byte in re.findall(r"0x([0-9a-f]{2}),", source)) == CONTENT
