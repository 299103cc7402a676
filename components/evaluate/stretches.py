"""How the samples of an evaluation are spread over processes."""

from itertools import pairwise

from quantgate.components.dataset import open_dataset
from quantgate.components.evaluate.run import Subject
from quantgate.components.processes import processes_for

#: What these ops give depends on how often they ran, which no reset undoes.
RANDOM_OPS = frozenset({"MULTINOMIAL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM"})
#: Of a process: a large 16x8 model takes longer for two samples than a process takes to start,
#: and with a small one as many take no time at all.
LEAST_SAMPLES = 2


def stretches_of(subject: Subject) -> list[range]:
    """Divide the samples into stretches that follow one another, as many as processes.

    The model forgets between samples, so that the results are those of one process, bit for bit.
    """
    samples = open_dataset(subject.dataset, subject.signature.key).manifest.samples
    count = _processes(subject, samples)
    bounds = [samples * place // count for place in range(count + 1)]
    return [range(start, stop) for start, stop in pairwise(bounds)]


def _processes(subject: Subject, samples: int) -> int:
    # A user's function takes all outputs at once: they stay in the process that has them.
    if any(plan.is_own for plan in subject.plans) or RANDOM_OPS & subject.facts.ops.keys():
        return 1
    return processes_for(samples, LEAST_SAMPLES)
