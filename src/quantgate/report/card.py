"""The card of a promoted model, in the format of Hugging Face: a YAML head, and Markdown.

It says what is known here, which is the quantization; what the float model is for its owner knows.
"""

from typing import Any

import yaml

from quantgate.domain.figures import METRICS, SIZE, is_likeness, metric_of
from quantgate.domain.modes import BASELINE
from quantgate.errors import InputError
from quantgate.records.decision import Decision, Entry
from quantgate.records.details import Attested
from quantgate.report.marked import as_text, texts
from quantgate.report.overview import provenance_items, verdict_text
from quantgate.report.particulars import attested_row, tensor_rows
from quantgate.report.snippet import snippet
from quantgate.report.text import NOTHING, one_line
from quantgate.wording.figures import change_text, ratio_text, readable_text
from quantgate.wording.verdicts import rule_text


def render(decision: Decision) -> str:
    """The card of the winner, or of the float baseline where that is kept.

    Raises:
        InputError: nothing is promoted.
    """
    winner = decision.promoted
    if winner is None:
        raise InputError(f"{decision.name}: a model card is of a winner, and nothing qualified")
    sections = [
        [f"# {as_text(decision.name)}", "", as_text(_lead(decision, winner))],
        ["## Model details", "", *_details(decision, winner)],
        ["## Uses", "", *_uses(decision)],
        ["## How to use", "", *snippet(decision.details)],
        ["## Evaluation", "", *_evaluation(decision, winner)],
        ["## Limits that it keeps", "", *_limits(winner)],
        ["## Provenance", "", *texts(("what", "which"), provenance_items(decision))],
    ]
    head = yaml.safe_dump(_head(decision, winner), sort_keys=False, allow_unicode=True)
    return f"---\n{head}---\n\n" + "\n\n".join("\n".join(part) for part in sections) + "\n"


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
        return "The float32 model in LiteRT's format, kept because no quantized one qualified."
    named = "" if winner.name == winner.mode else f" as candidate {winner.name}"
    return (
        f"A LiteRT model, quantized after training in the mode {winner.mode}{named} and chosen by "
        f"quantgate among {len(decision.candidates)} candidates."
    )


def _details(decision: Decision, winner: Entry) -> list[str]:
    attested = [one for one in decision.details.attested if one.candidate == winner.name]
    rows = [
        ("file", "model.tflite"),
        ("size", _figure(SIZE.name, winner.measurements.get(SIZE.name), decision)),
        ("SHA-256", winner.model_sha256 or NOTHING),
        *(item for found in attested for item in _ops(found)),
    ]
    ends = tensor_rows(decision.details.inputs, decision.details.outputs)
    titles = ("", "name", "shape", "dtype", "scale", "zero point")
    return [*texts(("what", "which"), rows), *(["", *texts(titles, ends)] if ends else [])]


def _ops(found: Attested) -> list[tuple[str, str]]:
    arithmetics, ops, macs, by_op = attested_row(found)
    left = f"{ops} of the ops, {macs} of the multiply-accumulates: {by_op}" if by_op else "nothing"
    return [("ops by what they compute in", arithmetics), ("left in float", left)]


def _uses(decision: Decision) -> list[str]:
    ends = [*decision.details.inputs, *decision.details.outputs]
    scaled = any(tensor.scale for tensor in ends)
    return [
        "- What the float model that this one was made of is for, and is not for, holds for this "
        "one too.",
        "- The figures below hold for data like the evaluation data; elsewhere they have to be "
        "measured again.",
        *(
            ["- Integer inputs and outputs stand for `real = (integer - zero point) * scale`."]
            if scaled
            else []
        ),
        "- Latency depends on the processor; the one below is where it was measured.",
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
        as_text(f"On {_samples(decision)}; latency on {processor}."),
        "",
        *texts(("figure", "this model", "float32", "change"), rows),
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
    return texts(("limit", "this model"), rows) if rows else ["None were asked for."]
