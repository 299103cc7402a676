"""The samples that the tasks of a plan would build."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from quantgate.components.build_dataset.sources import LABELLED, Purpose, Request
from quantgate.components.build_dataset.variants import (
    FIRST,
    STRATIFIED,
    Choice,
    most_samples,
    rules_of,
)
from quantgate.errors import KeyPath
from quantgate.planning.candidates import key_of
from quantgate.planning.data import SignatureData
from quantgate.planning.plan import Plan
from quantgate.records.tasks import ModelFacts
from quantgate.spec.model.data import CalibrationData, EvaluationData


@dataclass(frozen=True)
class Samples:
    """The samples of a signature, for calibration or evaluation.

    Attributes:
        signature: key of the signature.
        purpose: "calibration", "evaluation" or "search".
        section: their section of the spec.
        path: of the section in the spec.
        label: key of the labels, or None.
        choices: the selections of samples, by key.
        fields: the further arrays that metrics need, with the values that must occur in each.
        group: key of the groups, or None.
    """

    signature: str
    purpose: Purpose
    section: SignatureData
    path: KeyPath
    label: str | None
    choices: Mapping[str, Choice]
    fields: Mapping[str, Sequence[str]]
    group: str | None

    @property
    def needs_label(self) -> bool:
        """True if the source has to have labels."""
        return self.purpose in LABELLED or STRATIFIED in rules_of(self.choices)

    def request(self, source: str, facts: ModelFacts) -> Request:
        """Return the request to read them from a path."""
        return Request(
            data=self.section.data.model_copy(update={"source": source}),
            signature=facts.signature(self.signature),
            signatures=facts.keys,
            purpose=self.purpose,
            label=self.label,
            samples=most_samples(self.choices),
            seed=self.choices[""].seed,
            first=most_samples(self.choices) if rules_of(self.choices) == [FIRST] else None,
            fields=frozenset(self.fields),
            group=self.group,
        )


def samples_of(plan: Plan) -> Iterator[Samples]:
    """Yield the samples that the tasks of a plan would build."""
    yield from _for_calibration(plan)
    yield from _for_evaluation(plan)
    yield from _for_search(plan)


def _for_calibration(plan: Plan) -> Iterator[Samples]:
    spec = plan.spec
    for place, section in enumerate(plan.calibration_data):
        settings = {key_of(other): other[place] for other in plan.calibrations}
        first, *_ = settings.values()
        yield Samples(
            signature=section.signature,
            purpose="calibration",
            section=section,
            path=_path("calibration", spec.data.calibration, section.signature),
            label=section.data.label or spec.data.evaluation.of(section.signature).label,
            choices={key: Choice(**asdict(one)) for key, one in {**settings, "": first}.items()},
            fields={},
            group=spec.data.evaluation.of(section.signature).group,
        )


def _for_evaluation(plan: Plan) -> Iterator[Samples]:
    for section in plan.evaluation_data:
        data = section.data
        select = data.select if data.samples else FIRST
        yield Samples(
            signature=section.signature,
            purpose="evaluation",
            section=section,
            path=_path("evaluation", plan.spec.data.evaluation, section.signature),
            label=data.label,
            choices={"": Choice(data.samples, select, data.seed)},
            fields=plan.fields_of(section.signature),
            group=plan.spec.data.evaluation.of(section.signature).group,
        )


def _for_search(plan: Plan) -> Iterator[Samples]:
    search = plan.search_data
    if search is None:
        return
    section, data = search.samples, search.samples.data
    yield Samples(
        signature=section.signature,
        purpose="search",
        section=section,
        path=("data", "search"),
        label=data.label,
        choices={"": Choice(data.samples, data.select if data.samples else FIRST, data.seed)},
        fields=search.fields,
        group=plan.spec.data.evaluation.of(section.signature).group,
    )


def _path(
    purpose: Purpose, data: CalibrationData | EvaluationData | None, signature: str
) -> KeyPath:
    own = data is not None and signature in data.signatures
    return ("data", purpose, *(("signatures", signature) if own else ()))
