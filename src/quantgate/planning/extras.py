"""The extras of quantgate that a run of a spec needs."""

from collections.abc import Iterator

from quantgate.domain.targets import TARGETS
from quantgate.foundation.extras import EXTRAS
from quantgate.planning.plan import Plan, run_parameters
from quantgate.spec.model.formats import declared_format
from quantgate.spec.model.locations import scheme_of

#: The extras of every run, with a report that has plots.
ALWAYS = ("evaluate", "kfp", "report")
#: Formats that need no further library.
PLAIN = ("csv", "npy", "npz", "python", "random")
_STORAGE = {"gs": "gcs", "s3": "s3", "minio": "s3"}


def extras_of(plan: Plan) -> list[str]:
    """Return the names of the extras, sorted."""
    return sorted({*ALWAYS, *_for_model(plan), *_for_data(plan), *_for_targets(plan)})


def _for_model(plan: Plan) -> Iterator[str]:
    if plan.spec.model.tflite is None:
        yield "convert"


def _for_data(plan: Plan) -> Iterator[str]:
    """Yield the extras for data. A folder whose format the spec does not name may be of images."""
    samples = plan.data
    if any(declared_format(each.data) not in PLAIN for each in samples):
        yield "data"
    schemes = (scheme_of(location) for location in run_parameters(plan).values())
    yield from (_STORAGE[scheme] for scheme in schemes if scheme in _STORAGE)


def _for_targets(plan: Plan) -> Iterator[str]:
    for entry in plan.spec.measure.targets:
        module = TARGETS[entry.target].module
        if module:
            yield EXTRAS[module]
