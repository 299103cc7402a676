"""The figure of a guess, which a useful model beats."""

from quantgate.records.base import Record


class Guess(Record):
    """A metric's figure for a model that ignores its inputs, and what that model `predicts`."""

    predicts: str
    figure: float
