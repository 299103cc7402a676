"""The requirements of a decision."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from quantgate.decision.family import JOINT
from quantgate.domain.recovery import NONE_QUALIFIES
from quantgate.domain.warnings import DOUBTS
from quantgate.spec.model.choice import Objective
from quantgate.spec.model.limit import Limit


@dataclass(frozen=True)
class Terms:
    """The requirements of a decision.

    Attributes:
        name: the spec's name.
        limits: the spec's `gate`, by figure.
        choose: the spec's objectives, in order.
        allow_random: whether random calibration or evaluation data may pass.
        keep_baseline: whether the baseline is promoted if nothing qualifies.
        family: "joint" if all candidates share the error rate, "none" if each has its own.
        doubtful: the ids of the warnings that make the run doubtful.
        spec_sha256: the hash of the resolved spec.
        code_sha256: the hash of the Python file that data or metrics come from.
        rank_recovered: when recovered candidates are ranked: "none_qualifies" if no other one
            qualifies, or "always".
    """

    name: str
    limits: Mapping[str, Limit]
    choose: Sequence[Objective]
    spec_sha256: str
    allow_random: bool = False
    keep_baseline: bool = False
    family: str = JOINT
    doubtful: Collection[str] = DOUBTS
    code_sha256: str | None = None
    rank_recovered: str = NONE_QUALIFIES
