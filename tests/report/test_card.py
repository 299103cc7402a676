import re

import pytest
import yaml
from markdown_it import MarkdownIt

from quantgate.errors import InputError
from quantgate.records.targets import TargetMeasurement
from quantgate.report import html, markdown
from quantgate.report.card import render


def head_and_body(text):
    _, head, body = text.split("---\n", 2)
    return yaml.safe_load(head), body


def test_the_metadata_is_valid_for_hugging_face(rich):
    head, _ = head_and_body(render(rich))
    assert head["library_name"] == "litert"
    assert head["tags"] == ["litert", "tflite", "quantized", "integer_only_int8", "quantgate"]
    assert head["metrics"] == ["accuracy"]
    (index,) = head["model-index"]
    (result,) = index["results"]
    assert index["name"] == "fashion"
    assert set(result) == {"task", "dataset", "metrics"}
    assert set(result["dataset"]) == {"type", "name", "revision"}
    assert result["metrics"] == [{"type": "accuracy", "name": "top1", "value": 0.8908}]


def test_the_sections_and_their_contents(rich):
    _, body = head_and_body(render(rich))
    headings = re.findall(r"^##? (.*)$", body, re.MULTILINE)
    assert headings == [
        "fashion", "Model details", "Uses", "How to use", "Evaluation", "Limits",
        "Provenance",
    ]  # fmt: skip
    lines = body.splitlines()
    assert "| top1 | 0.8908 | 0.8892 | +0.0016 |" in lines
    assert "| size\\_bytes | 30,496 bytes | 50,044 bytes | 0.61x |" in lines
    assert "| size\\_bytes ratio at most 0.65 | ✓ 0.609 |" in lines
    assert "| input | image | ?x28x28x1 | int8 | 1 | -128 |" in lines
    assert any(line.startswith("| left in float | 13.3 % of the ops") for line in lines)


def test_sizes_of_large_models_are_in_mib(rich):
    large = {"size_bytes": 100_746_854.0}
    entries = [
        entry.model_copy(update={"measurements": {**entry.measurements, **large}})
        for entry in rich.candidates
    ]
    decision = rich.model_copy(update={"candidates": entries})
    assert "| size\\_bytes | 96.08 MiB | 50,044 bytes | " in render(decision)
    assert "| 100,746,854 bytes (96.08 MiB, " in markdown.render(decision)
    assert "96.08 MiB" in html.render(decision)


def test_a_candidate_with_another_name_is_shown_with_its_mode(rich):
    named = [
        entry.model_copy(update={"name": "mine"}) if entry.name == rich.winner else entry
        for entry in rich.candidates
    ]
    text = render(rich.model_copy(update={"candidates": named, "winner": "mine"}))
    assert "in the mode integer\\_only\\_int8 (candidate mine). quantgate chose it" in text


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("static_wi8_ai8", "by LiteRT Quantizer with the recipe static\\_wi8\\_ai8 (candidate"),
        ("recipe_file", "by LiteRT Quantizer with rules of its own (candidate"),
    ],
)
def test_a_recipe_is_named(rich, mode: str, text: str):
    entries = [entry.model_copy(update={"mode": mode}) for entry in rich.candidates]
    assert text in render(rich.model_copy(update={"candidates": entries}))


def test_a_card_without_limits_and_details(winner):
    bare = [entry.model_copy(update={"verdicts": []}) for entry in winner.candidates]
    text = render(winner.model_copy(update={"candidates": bare}))
    assert "The spec has no limits." in text
    assert "get_signature_runner('serving_default')" in text


def test_there_is_no_card_without_a_winner(none_qualified):
    with pytest.raises(InputError, match="there is no model card, as no candidate qualified"):
        render(none_qualified)


def test_names_with_markup_are_text(rich):
    text = "x<b>|`_*[a](b)\n---\n# y"
    _, body = render(rich.model_copy(update={"name": text})).split("---\n\n", 1)
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    heading = tokens[1]
    assert {child.type for child in heading.children} <= {"text", "text_special"}
    assert "".join(child.content for child in heading.children) == "x<b>|`_*[a](b) --- # y"
    head, _ = head_and_body(render(rich.model_copy(update={"name": "a: b\n---\nc"})))
    assert head["model-index"][0]["name"] == "a: b --- c"


def test_the_snippet_names_the_first_of_several_signatures(rich):
    details = rich.details.model_copy(
        update={
            "signatures": ["encode", "decode"],
            "inputs": [
                rich.details.inputs[0].model_copy(update={"name": name})
                for name in ("encode.image", "decode.code")
            ],
        }
    )
    text = render(rich.model_copy(update={"details": details}))
    assert "get_signature_runner('encode')" in text
    assert "    'image': np.zeros([1, 28, 28, 1], np.float32),  # your values" in text
    assert "'code'" not in text


def test_the_snippet_quantizes_inputs_and_dequantizes_outputs(rich):
    lines = render(rich).splitlines()
    assert lines[lines.index("inputs = {") : lines.index("## Evaluation") - 1] == [
        "inputs = {",
        "    'image': np.zeros([1, 28, 28, 1], np.float32),  # your values",
        "}",
        "inputs['image'] = np.clip(np.rint(inputs['image'] / 1) - 128, -128, 127).astype(np.int8)",
        "outputs = run(**inputs)",
        "outputs['probs'] = 0.00390625 * (outputs['probs'].astype(np.float32) + 128)",
        "```",
    ]


def test_names_with_backticks_do_not_end_the_snippet(rich):
    named = rich.details.inputs[0].model_copy(update={"name": "a```\nb'\ud800", "scale": 0.0})
    details = rich.details.model_copy(update={"inputs": [named], "outputs": []})
    text = render(rich.model_copy(update={"details": details}))
    assert r"""    "a\x60\x60\x60\nb'\ud800": np.zeros([1, 28, 28, 1], np.int8),""" in text
    block = text.split("```")[1].removeprefix("python\n")
    compile(block, "snippet", "exec")


def test_the_snippet_loads_a_model_that_xnnpack_refuses(rich):
    details = rich.details.model_copy(update={"without_xnnpack": True})
    text = render(rich.model_copy(update={"details": details}))
    block = text.split("```python\n")[1].split("```")[0]
    compile(block, "snippet", "exec")
    assert "experimental_op_resolver_type=builtin)" in block
    assert "run = model.get_signature_runner(" in block


def test_the_tool_of_a_target_and_the_files_for_it_are_in_report_and_card(rich):
    target = TargetMeasurement(
        target="ethos_u",
        options={"accelerator": "ethos-u55-128", "memory_mode": "Shared_Sram"},
        tool="ethos-u-vela 5.2.0",
        figures={},
        ops={"ethos-u": 1},
        compiled="ethos_u.tflite",
    )
    entries = [entry.model_copy(update={"targets": [target]}) for entry in rich.candidates]
    decision = rich.model_copy(update={"candidates": entries})
    tool = "ethos-u-vela 5.2.0, accelerator ethos-u55-128, memory\\_mode Shared\\_Sram"
    card = render(decision)
    assert f"| ethos\\_u | {tool} |" in card
    assert "| files for ethos\\_u | ethos\\_u.tflite, ethos\\_u.h, ethos\\_u.cc |" in card
    assert f"| ethos\\_u | {tool} |" in markdown.render(decision)
    assert tool.replace("\\", "") in html.render(decision)
