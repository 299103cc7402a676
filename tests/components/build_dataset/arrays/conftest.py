"""Fixtures that build data sets from named arrays."""

import numpy as np
import pytest

from quantgate.errors import InputError

SCORES = {"y": ("float32", [-1, 4])}


@pytest.fixture
def build(tmp_path, make_facts, build_from):
    """Build a data set of arrays stored as .npz (or as .npy files) and return its folder."""

    def run(inputs, arrays, *, folder_source=False, writer=np.savez, **options):
        source = tmp_path / ("arrays" if folder_source else "arrays.npz")
        if folder_source:
            source.mkdir()
            for key, array in arrays.items():
                np.save(source / f"{key}.npy", array)
        else:
            writer(source, **arrays)
        return build_from(source, make_facts(inputs, SCORES), "serve", **options)

    return run


@pytest.fixture
def refusal(build, tmp_path):
    """Return the message that a build is refused with, with SOURCE for the source's path."""

    def run(*arguments, **options):
        with pytest.raises(InputError) as caught:
            build(*arguments, **options)
        message = str(caught.value)
        for name in ("arrays.npz", "arrays"):
            message = message.replace(str(tmp_path / name), "SOURCE")
        return message

    return run
