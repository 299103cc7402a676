"""The model card of a promoted model, in the format of Hugging Face: YAML metadata and Markdown.

The card describes the quantization. The purpose of the float model is left to its owner.
"""

from typing import Any

import yaml

from quantgate.domain.figures import METRICS, SIZE, is_likeness, metric_of
from quantgate.domain.modes import BASELINE
from quantgate.domain.recipes import RECIPE_FILE, RECIPES
from quantgate.errors import InputError
from quantgate.foundation.terminal import visible
from quantgate.records.decision import Decision
from quantgate.records.details import Attested
from quantgate.records.entries import Entry
from quantgate.records.targets import TargetMeasurement
from quantgate.report.marked import as_text, texts
from quantgate.report.overview import provenance_items, verdict_text
from quantgate.report.particulars import attested_row, tensor_rows
from quantgate.report.snippet import snippet
from quantgate.report.text import NOTHING, one_line
from quantgate.wording.figures import change_text, ratio_text, readable_text
from quantgate.wording.recovery import edits_text
from quantgate.wording.search import bits_text
from quantgate.wording.verdicts import rule_text


def render(decision: Decision) -> str:
    """Return the card of the winner, or of the float baseline if that is kept.

    Raises:
        InputError: nothing is promoted.
    """
    winner = decision.promoted
    if winner is None:
        raise InputError(f"{decision.name}: there is no model card, as no candidate qualified")
    sections = [
        [f"# {as_text(decision.name)}", "", *_doubts(decision), as_text(_lead(decision, winner))],
        ["## Model details", "", *_details(decision, winner)],
        ["## Uses", "", *_uses(decision)],
        ["## How to use", "", *snippet(decision.details)],
        ["## Evaluation", "", *_evaluation(decision, winner)],
        ["## Limits", "", *_limits(winner)],
        ["## Provenance", "", *texts(("item", "value"), provenance_items(decision))],
    ]
    head = yaml.safe_dump(_head(decision, winner), sort_keys=False, allow_unicode=True)
    body = "\n\n".join("\n".join(part) for part in sections)
    return visible(f"---\n{head}---\n\n{body}\n")


def _doubts(decision: Decision) -> list[str]:
    return [line for doubt in decision.doubts for line in (f"**Doubtful**: {as_text(doubt)}", "")]


def _head(decision: Decision, winner: Entry) -> dict[str, Any]:
    figures = [name for name in winner.measurements if metric_of(name, decision.metrics)]
    return {
        "library_name": "litert",
        "tags": ["litert", "tflite", *_kind(winner), winner.mode, "quantgate"],
        "metrics": sorted({_hub_name(name, decision) for name in figures}),
        "model-index": [
            {
                "name": one_line(decision.name),
                "results": [
                    {
                        "task": {"type": "other", "name": one_line(decision.name)},
                        "dataset": {
                            "type": "evaluation",
                            "name": _samples(decision),
                            "revision": decision.provenance.evaluation_sha256,
                        },
                        "metrics": [
                            {
                                "type": _hub_name(name, decision),
                                "name": name,
                                "value": float(f"{winner.measurements[name]:.6g}"),
                            }
                            for name in figures
                        ],
                    }
                ],
            }
        ],
    }


def _samples(decision: Decision) -> str:
    return f"{decision.provenance.evaluation_samples:,} evaluation samples"


def _hub_name(figure: str, decision: Decision) -> str:
    metric = metric_of(figure, decision.metrics) or figure
    known = METRICS.get(metric)
    return (known and known.hub_name) or metric


def _kind(winner: Entry) -> list[str]:
    return [] if winner.mode == BASELINE.name else ["quantized"]


def _lead(decision: Decision, winner: Entry) -> str:
    if winner.mode == BASELINE.name:
        return "The float32 model in LiteRT's format, kept because no quantized model qualified."
    named = "" if winner.name == winner.mode else f" (candidate {winner.name})"
    return (
        f"A LiteRT model, quantized after training {_method(winner)}{named}. quantgate chose it "
        f"from {len(decision.candidates)} candidates."
    )


def _method(winner: Entry) -> str:
    if winner.mode == RECIPE_FILE.name:
        return "by LiteRT Quantizer with rules of its own"
    if winner.mode in RECIPES:
        return f"by LiteRT Quantizer with the recipe {winner.mode}"
    return f"in the mode {winner.mode}"


def _details(decision: Decision, winner: Entry) -> list[str]:
    entries = [entry for entry in decision.details.attested if entry.candidate == winner.name]
    rows = [
        ("file", "model.tflite"),
        ("size", _figure(SIZE.name, winner.measurements.get(SIZE.name), decision)),
        ("SHA-256", winner.model_sha256 or NOTHING),
        *(item for attested in entries for item in _ops(attested)),
        *([("edits", as_text(edits_text(winner.recovery)))] if winner.recovery else []),
        *([("mixed precision", as_text(bits_text(winner.search)))] if winner.search else []),
        *(item for target in winner.targets for item in _files_for(target)),
    ]
    ends = tensor_rows(decision.details.inputs, decision.details.outputs)
    titles = ("", "name", "shape", "dtype", "scale", "zero point")
    return [*texts(("item", "value"), rows), *(["", *texts(titles, ends)] if ends else [])]


def _files_for(target: TargetMeasurement) -> list[tuple[str, str]]:
    """Return the files for a target beside the model, as an item if there are any."""
    sources = [f"{target.target}.h", f"{target.target}.cc"] if target.ops else []
    names = [*([target.compiled] if target.compiled else []), *sources]
    return [(f"files for {target.target}", ", ".join(names))] if names else []


def _ops(attested: Attested) -> list[tuple[str, str]]:
    arithmetics, ops, macs, by_op = attested_row(attested)
    left = f"{ops} of the ops, {macs} of the multiply-accumulates: {by_op}" if by_op else "nothing"
    return [("ops by type of computation", arithmetics), ("left in float", left)]


def _uses(decision: Decision) -> list[str]:
    ends = [*decision.details.inputs, *decision.details.outputs]
    scaled = any(tensor.scale for tensor in ends)
    return [
        "- The intended uses and the limitations are those of the float model.",
        "- The metrics below apply to data like the evaluation data. Measure again on other data.",
        *(
            ["- Integer inputs and outputs represent `real = (integer - zero point) * scale`."]
            if scaled
            else []
        ),
        "- Latency depends on the processor. It was measured on the one named below.",
    ]


def _evaluation(decision: Decision, winner: Entry) -> list[str]:
    rows = [
        (
            name,
            _figure(name, value, decision),
            _figure(name, decision.baseline.measurements.get(name), decision),
            _change(name, value, decision),
        )
        for name, value in winner.measurements.items()
    ]
    processor = one_line(decision.provenance.processor)
    return [
        as_text(f"Accuracy on {_samples(decision)}, latency on {processor}."),
        "",
        *texts(("metric", "this model", "float32", "change"), rows),
    ]


def _figure(name: str, value: float | None, decision: Decision) -> str:
    if value is None:
        return NOTHING
    return readable_text(metric_of(name, decision.metrics) or name, value)


def _change(name: str, value: float, decision: Decision) -> str:
    metric, base = metric_of(name, decision.metrics), decision.baseline.measurements.get(name)
    if not base or is_likeness(metric):
        return NOTHING
    return change_text(metric, value - base) if metric else f"{ratio_text(value / base)}x"


def _limits(winner: Entry) -> list[str]:
    rows = [
        (rule_text(verdict), f"{verdict.outcome.mark} {verdict_text(verdict)}")
        for verdict in winner.verdicts
    ]
    return texts(("limit", "this model"), rows) if rows else ["The spec has no limits."]
