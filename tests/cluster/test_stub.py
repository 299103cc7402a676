"""The API server of these tests answers only with fields of KFP's own API."""

from typing import Any

import kfp_server_api
import pytest
from kfp_server_api import models

API = "/apis/v2beta1"
NODE = {
    "display_name": "gate",
    "state": "SUCCEEDED",
    "error": {"message": "why"},
    "start_time": "2026-11-23T10:00:00Z",
    "child_tasks": [{"pod_name": "digits-x7k2p-1"}],
}
ANSWERS = [
    ("GET", "/experiments", models.V2beta1ListExperimentsResponse),
    ("GET", "/runs/r1", models.V2beta1Run),
    ("POST", "/runs", models.V2beta1Run),
    ("GET", "/recurringruns", models.V2beta1ListRecurringRunsResponse),
    ("POST", "/recurringruns", models.V2beta1RecurringRun),
    ("GET", "/pipelines", models.V2beta1ListPipelinesResponse),
    ("POST", "/pipelines", models.V2beta1Pipeline),
    ("GET", "/pipelines/p1/versions", models.V2beta1ListPipelineVersionsResponse),
    ("GET", "/pipelines/p1/versions/v1", models.V2beta1PipelineVersion),
    ("POST", "/pipelines/upload_version", models.V2beta1PipelineVersion),
]
FILTER = '{"predicates": [{"stringValue": "v1"}]}'


def unknown_fields(value: Any, kind: str, place: str = "") -> list[str]:
    """Return the fields of an answer that the model in kfp's client does not have."""
    if kind.startswith("list["):
        return [name for one in value for name in unknown_fields(one, kind[5:-1], place)]
    model = getattr(models, kind, None)
    if model is None or not model.openapi_types:
        return []
    attributes = {model.attribute_map[name]: form for name, form in model.openapi_types.items()}
    wrong = [f"{place}.{name}" for name in value if name not in attributes]
    inside = [(name, value[name]) for name in value if name in attributes]
    return wrong + [
        name
        for key, one in inside
        for name in unknown_fields(one, attributes[key], f"{place}.{key}")
    ]


@pytest.mark.parametrize(("method", "path", "model"), ANSWERS)
@pytest.mark.parametrize("uploaded", [False, True])
def test_answers_have_only_fields_of_the_api(kfp, method, path, model, uploaded) -> None:
    kfp.tasks, kfp.root = [NODE], "gs://bucket"
    kfp.schedules, kfp.pipelines, kfp.versions = [{"recurring_run_id": "s1"}], ["p1"], ["v1"]
    if uploaded:
        kfp.pipeline_spec, kfp.version_spec = {}, {"root": {}}
    query = {"filter": FILTER, "name": "v1"}
    body = {"display_name": "first", "experiment_id": "e1"}
    answer = kfp.answer(method, f"{API}{path}", query, body)
    assert answer
    assert unknown_fields(answer, model.__name__) == []


def test_client_of_kfp_has_no_version_field() -> None:
    """The raw answer is no longer needed once this fails."""
    assert "tag_name" not in kfp_server_api.V2beta1GetHealthzResponse.attribute_map
