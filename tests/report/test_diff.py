"""A diff that the usual tools take."""

import shutil
import subprocess

import pytest

from sidecarctl.report.diff import diff

BEFORE = "---\na: 1\nb: 2\n"
AFTER = "---\na: 1\nb: 3\nc: 4\n"


def test_unchanged_files_are_left_out():
    assert diff({"same.yaml": ("a: 1\n", "a: 1\n")}, coloured=False) == ""


def test_names_and_hunks():
    assert diff({"./k8s/shop.yaml": (BEFORE, AFTER)}, coloured=False) == (
        "--- a/k8s/shop.yaml\n"
        "+++ b/k8s/shop.yaml\n"
        "@@ -1,3 +1,4 @@\n"
        " ---\n"
        " a: 1\n"
        "-b: 2\n"
        "+b: 3\n"
        "+c: 4\n"
    )


def test_colours_follow_the_sign_and_not_the_text():
    painted = diff({"f": ("---\na: 1\n", "a: 1\n++: 1\n")}, coloured=True)
    assert painted.splitlines()[3:] == ["\x1b[31m----\x1b[0m", " a: 1", "\x1b[32m+++: 1\x1b[0m"]


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs GNU patch")
@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("shop.yaml", BEFORE, AFTER),
        ("my shop.yaml", BEFORE, AFTER),
        ("no-end.yaml", "a: 1\nb: 2", "a: 1\nb: 3"),
        ("end-added.yaml", "a: 1", "a: 1\nb: 2\n"),
        ("crlf.yaml", "a: 1\r\nb: 2\r\n", "a: 1\r\nb: 3\r\nc: 4\r\n"),
        ("odd-separators.yaml", "a: x\x0cy\u2028z\nb: 1\n", "a: x\x0cy\u2028z\nb: 2\n"),
    ],
)
def test_patch_makes_the_one_of_the_other(tmp_path, name, before, after):
    file = tmp_path / name
    file.write_bytes(before.encode())
    text = diff({name: (before, after)}, coloured=False)
    command = ["patch", "-p1", "--binary", "--silent"]
    subprocess.run(command, cwd=tmp_path, input=text.encode(), check=True, timeout=10)
    assert file.read_bytes() == after.encode()
