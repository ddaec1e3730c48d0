"""Work in several processes: the same result in the same order, and nothing left behind."""

import os
import signal
import time

import pytest

from sidecarctl.lint.parallel import share

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def no_children():
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.parametrize("processes", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 10, 101])
def test_everything_is_done_once_and_in_order(processes, count):
    items = list(range(count))

    assert share(lambda some: [n * n for n in some], items, processes) == [n * n for n in items]
    no_children()


def test_a_part_is_done_elsewhere():
    assert len(set(share(lambda some: [os.getpid() for _ in some], range(8), 4))) == 4


def test_more_comes_back_than_a_pipe_holds():
    made = share(lambda some: [str(n) * 200_000 for n in some], range(6), 3)

    assert [len(each) for each in made] == [200_000] * 6


@pytest.mark.parametrize("end", ["raise", "exit", "kill"])
def test_what_a_lost_process_had_is_done_here(end):
    here = os.getpid()

    def work(some):
        if os.getpid() != here:
            if end == "raise":
                raise RuntimeError
            os.kill(os.getpid(), signal.SIGKILL) if end == "kill" else os._exit(0)
        return list(some)

    assert share(work, range(10), 3) == list(range(10))
    no_children()


def test_a_fault_of_the_work_is_raised_and_leaves_no_child():
    def work(some):
        if 0 in some:
            raise RuntimeError("the first part")
        time.sleep(30)

    began = time.monotonic()
    with pytest.raises(RuntimeError, match="the first part"):
        share(work, range(10), 3)
    assert time.monotonic() - began < 20
    no_children()
