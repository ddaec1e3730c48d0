"""Steps of a proof that mostly wait, taken at the same time."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from msgspec.structs import replace

from sidecarctl.prove.row import Shown, Word

Step: TypeAlias = Callable[[], Word]

_AT_ONCE = 12


def together(steps: Sequence[Step]) -> Iterator[Word]:
    """Yield what *steps* say, in their order, each with its own time."""
    if not steps:
        return
    with ThreadPoolExecutor(min(len(steps), _AT_ONCE)) as pool:
        yield from pool.map(_timed, steps)


def _timed(step: Step) -> Word:
    began = time.monotonic()
    word = step()
    return replace(word, seconds=time.monotonic() - began) if isinstance(word, Shown) else word
