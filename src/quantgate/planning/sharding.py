"""The division of evaluations among tasks."""

from quantgate.domain.sharding import AUTO, SHARD_S, SLOW, USUAL_SAMPLES, slots_for
from quantgate.foundation.machine import MOST_PROCESSES, processors
from quantgate.planning.plan import Plan
from quantgate.spec.model.spec import Spec


def shards_of(plan: Plan) -> int:
    """Return the largest number of tasks that share the samples of a candidate."""
    return _shards(plan, is_slow=_is_slow(plan))


def baseline_shards_of(plan: Plan) -> int:
    """Return the largest number of tasks that share the samples of the baseline."""
    return _shards(plan, is_slow=False)


def are_by_time(spec: Spec) -> bool:
    """Return whether the time of a sample decides how many shards have samples."""
    return spec.measure.evaluation is not None and spec.measure.evaluation.shards == AUTO


def with_local_shards(spec: Spec) -> Spec:
    """Return a spec with the number of shards of this machine in place of `auto`."""
    evaluation = spec.measure.evaluation
    if evaluation is None or evaluation.shards != AUTO:
        return spec
    own = evaluation.model_copy(update={"shards": _local_shards()})
    measure = spec.measure.model_copy(update={"evaluation": own})
    return spec.model_copy(update={"measure": measure})


def description(plan: Plan) -> str:
    """Return what `shards: auto` does in words, empty if the spec does not ask for it."""
    if not are_by_time(plan.spec):
        return ""
    samples = _samples(plan) or USUAL_SAMPLES
    assumed = "" if _samples(plan) else ", assumed because data.evaluation.samples is not set"
    kernels = " on slow 16-bit kernels" if _is_slow(plan) else ""
    return (
        f"up to {shards_of(plan)} on a cluster, for {samples:,} samples{kernels}{assumed}. A "
        f"candidate uses as many as have {SHARD_S // 60} minutes of work each, by the time of its "
        f"trial run. {_local_shards()} in a run on this machine"
    )


def _shards(plan: Plan, *, is_slow: bool) -> int:
    evaluation = plan.spec.measure.evaluation
    if evaluation is None or "shards" not in evaluation.model_fields_set:
        return plan.data_shards
    if isinstance(evaluation.shards, int):
        return evaluation.shards
    return slots_for(_samples(plan), is_slow=is_slow)


def _local_shards() -> int:
    """Return the number of tasks, each of which uses up to `MOST_PROCESSES` processors."""
    return -(-processors() // MOST_PROCESSES)


def _samples(plan: Plan) -> int | None:
    """Return the largest number of samples of a signature, None if the spec does not say it."""
    counts = [each.data.samples for each in plan.evaluation_data]
    return max(count for count in counts if count) if all(counts) else None


def _is_slow(plan: Plan) -> bool:
    return any(candidate.mode.activations == SLOW for candidate in plan.candidates)
