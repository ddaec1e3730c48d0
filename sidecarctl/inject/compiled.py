"""Compiled templates are kept as Python keeps compiled modules.

To compile the templates of one workload takes Jinja a quarter of the time of a run. So what it
compiled goes into the ``__pycache__`` beside the template, where Python itself would put it
(``PYTHONPYCACHEPREFIX`` moves it, ``PYTHONDONTWRITEBYTECODE`` keeps it from being written), with
the same trust: who may write there may change the templates as well.
"""

import contextlib
import os
import sys
from importlib.util import cache_from_source
from pathlib import Path
from pickle import UnpicklingError

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

_KIND = ".j2c"


class Beside(BytecodeCache):
    """Keeps the code of a template in a file of its own; where that cannot be, in none.

    A bucket knows the Python that compiled it and the text that it was compiled from, and is
    empty again where either has changed.
    """

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return filename or name

    def get_bucket(
        self, environment: Environment, name: str, filename: str | None, source: str
    ) -> Bucket:
        # The place stands in the code, and a message names it.
        return super().get_bucket(environment, name, filename, f"{filename}\n{source}")

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            with _file(bucket).open("rb") as file:
                bucket.load_bytecode(file)
        except (OSError, EOFError, UnpicklingError):
            bucket.reset()  # not there, or cut off

    def dump_bytecode(self, bucket: Bucket) -> None:
        if sys.dont_write_bytecode:
            return
        target = _file(bucket)
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            target.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                bucket.write_bytecode(file)
            draft.replace(target)  # another run reads a whole file, or none


def _file(bucket: Bucket) -> Path:
    return Path(cache_from_source(bucket.key)).with_suffix(_KIND)
