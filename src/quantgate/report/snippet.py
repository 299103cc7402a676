"""An example in Python that runs a promoted model."""

import numpy as np

from quantgate.records.attestation import TensorAttest
from quantgate.records.details import Details


def snippet(details: Details) -> list[str]:
    """Return a code block that quantizes integer inputs, runs the model and dequantizes outputs."""
    keys = details.signatures
    key = keys[0] if keys else "serving_default"
    prefix = f"{key}." if len(keys) > 1 else ""
    inputs, outputs = (
        {
            _literal(end.name.removeprefix(prefix)): end
            for end in ends
            if end.name.startswith(prefix)
        }
        for ends in (details.inputs, details.outputs)
    )
    return [
        "```python",
        "import numpy as np",
        *_loaded(key, details.without_xnnpack),
        "inputs = {",
        *(f"    {name}: {_zeros(end)},  # your values" for name, end in inputs.items()),
        "}",
        *(_quantized(name, end) for name, end in inputs.items() if end.scale),
        "outputs = run(**inputs)",
        *(_dequantized(name, end) for name, end in outputs.items() if end.scale),
        "```",
    ]


def _loaded(key: str, without_xnnpack: bool) -> list[str]:
    runner = f"get_signature_runner({_literal(key)})"
    if not without_xnnpack:
        return [
            "from ai_edge_litert.interpreter import Interpreter",
            "",
            f'run = Interpreter(model_path="model.tflite").{runner}',
        ]
    return [
        "from ai_edge_litert.interpreter import Interpreter, OpResolverType",
        "",
        "builtin = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES  # no XNNPACK",
        'model = Interpreter(model_path="model.tflite", experimental_op_resolver_type=builtin)',
        f"run = model.{runner}",
    ]


def _literal(name: str) -> str:
    """Return a Python string literal on one line, without backticks that would end the block."""
    return ascii(name).replace("`", r"\x60")


def _zeros(end: TensorAttest) -> str:
    shape = [max(size, 1) for size in end.shape]
    return f"np.zeros({shape}, np.{'float32' if end.scale else end.dtype})"


def _quantized(name: str, end: TensorAttest) -> str:
    limits, item = np.iinfo(end.dtype), f"inputs[{name}]"
    steps = f"np.rint({item} / {end.scale:.9g}){_plus(end.zero_point)}"
    return f"{item} = np.clip({steps}, {limits.min}, {limits.max}).astype(np.{end.dtype})"


def _dequantized(name: str, end: TensorAttest) -> str:
    item = f"outputs[{name}]"
    return f"{item} = {end.scale:.9g} * ({item}.astype(np.float32){_plus(-end.zero_point)})"


def _plus(number: int) -> str:
    return f" {'-' if number < 0 else '+'} {abs(number)}" if number else ""
