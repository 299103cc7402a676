"""Seeds for the readers, made as users make their files, and mutations of them."""

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from quantgate.errors import QuantgateError

#: Values at the edges of what formats can hold.
TOKENS = (
    b"",
    b"\x00",
    b"\xff" * 8,
    b"\xff\xff\xff\x7f",
    b"-1",
    b"0",
    b"1e999",
    b"NaN",
    b"99999999999999999999",
    b"null",
    b"[]",
    b"{}",
    b"[" * 2000,
    b'{"a":' * 2000,
    b"(" * 300,
    b"\x1b[2J",
    "\u202e".encode(),
    b"\n",
    b"\r",
    b",",
    b'"',
    b": ",
)
Mutate = Callable[[bytearray, random.Random, Sequence[bytes]], None]


def flip_bits(content: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    for _number in range(chance.choice((1, 1, 1, 4, 32))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def cut_off(content: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    del content[chance.randrange(len(content)) :]


def cut_out(content: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    start = chance.randrange(len(content))
    del content[start : start + chance.choice((1, 4, 16, 256))]


def splice(content: bytearray, chance: random.Random, seeds: Sequence[bytes]) -> None:
    other = chance.choice(seeds)
    start, size = chance.randrange(len(other)), chance.choice((1, 8, 64, 1024))
    place = chance.randrange(len(content))
    end = place + chance.choice((0, size))
    content[place:end] = other[start : start + size]


def put_token(content: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    token = chance.choice(TOKENS)
    place = chance.randrange(len(content))
    content[place : place + chance.choice((0, len(token)))] = token


MUTATIONS: tuple[Mutate, ...] = (flip_bits, flip_bits, cut_off, cut_out, splice, put_token)


def mutated(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """Return one of the seeds, changed once or several times."""
    content = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 4))):
        if content:
            chance.choice(MUTATIONS)(content, chance, seeds)
    return bytes(content)


def mutated_json(document: Any, chance: random.Random) -> Any:
    """Return a JSON document with one other value in a random place."""
    if not isinstance(document, dict | list) or not document or chance.random() < 0.1:
        token = chance.choice(TOKENS).decode("latin-1")
        return chance.choice((None, True, -1, 2**63, 1e300, token, [], {}, [document]))
    changed = document.copy()
    place = chance.choice([*document] if isinstance(document, dict) else range(len(document)))
    if isinstance(changed, dict) and chance.random() < 0.1:
        del changed[place]
    else:
        changed[place] = mutated_json(document[place], chance)
    return changed


Change = Callable[[Sequence[bytes], random.Random], bytes]


def changed_json(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """Return a JSON seed with another value, or with mutated bytes."""
    if chance.random() < 0.3:
        return mutated(seeds, chance)
    return json.dumps(mutated_json(json.loads(chance.choice(seeds)), chance)).encode()


def changed_archive(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """Return a zip seed with a mutated member whose checksum is right, or with mutated bytes."""
    if chance.random() < 0.5:
        return mutated(seeds, chance)
    with zipfile.ZipFile(io.BytesIO(chance.choice(seeds))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    chosen = chance.choice([*members])
    is_json = chosen.endswith(".json") and chance.random() < 0.7
    change = changed_json if is_json else mutated
    members[chosen] = change([members[chosen]], chance)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return written.getvalue()


def changed_gzip(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """Return mutated bytes, now and then compressed."""
    content = mutated(seeds, chance)
    return gzip.compress(content, 1) if chance.random() < 0.2 else content


CHANGES: dict[str, Change] = {
    "bytes": mutated,
    "JSON": changed_json,
    "a zip archive": changed_archive,
    "gzip": changed_gzip,
}


@pytest.fixture
def fuzz(inputs: int, tmp_path: Path) -> Callable[..., None]:
    """Read mutated files. Every one of them is read, or refused with an error for the user.

    Modules set the number of files with `INPUTS`.
    """

    def run(
        read: Callable[[Path], object],
        seeds: Sequence[bytes],
        kind: str = "bytes",
        name: str = "input",
        share: float = 1.0,
    ) -> None:
        path, change = tmp_path / name, CHANGES[kind]

        @settings(
            max_examples=int(share * inputs),
            deadline=None,
            database=None,
            derandomize=inputs < 1000,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.integers(0, 2**64))
        def reads_or_refuses(number: int) -> None:
            path.write_bytes(change(seeds, random.Random(number)))
            try:
                read(path)
            except QuantgateError as error:
                assert str(error).strip()

        for seed in seeds:
            path.write_bytes(seed)
            read(path)
        reads_or_refuses()

    return run
