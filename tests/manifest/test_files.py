"""Files are read by name; they are written all or none, and never by halves."""

import errno
import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sidecarctl.errors import ManifestError
from sidecarctl.manifest.document import parse
from sidecarctl.manifest.files import read, write_all

POD = "kind: Pod\n"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Make a folder of files and stand in it."""
    for name in ("b.yaml", "a.yml", "sub/c.json", "sub/d.txt", "sub.yaml", ".hidden/e.yaml",
                 ".f.yaml", "sub/Z.YAML", "empty/x.txt"):  # fmt: skip
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(POD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*given: str) -> list[str]:
    return [source.name for source in read(given)]


def fault(*given: str) -> str:
    with pytest.raises(ManifestError) as caught:
        read(given)
    return str(caught.value)


def stdin(monkeypatch, octets: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(octets)))


# Reading


@pytest.mark.usefixtures("tree")
def test_files_folders_and_patterns():
    assert names("b.yaml", "a.yml") == ["b.yaml", "a.yml"]
    assert names(".") == ["a.yml", "b.yaml", "sub/Z.YAML", "sub/c.json", "sub.yaml"]
    assert names("sub") == ["sub/Z.YAML", "sub/c.json"]
    assert names("*.y*ml") == ["a.yml", "b.yaml", "sub.yaml"]
    assert names("**/*.json") == ["sub/c.json"]
    assert names("s*") == ["sub/Z.YAML", "sub/c.json", "sub.yaml"]
    assert names("sub/d.txt") == ["sub/d.txt"]
    assert names(".hidden/e.yaml") == [".hidden/e.yaml"]


def test_what_is_named_twice_is_read_once(tree):
    Path("link.yaml").symlink_to("b.yaml")
    assert names("b.yaml", "./b.yaml", str(tree / "b.yaml"), "link.yaml", "b*") == ["b.yaml"]


def test_a_symbolic_link_is_read_like_a_file(tree):
    (tree / "sub" / "link.yaml").symlink_to(tree / "b.yaml")
    assert names("sub") == ["sub/Z.YAML", "sub/c.json", "sub/link.yaml"]


@pytest.mark.usefixtures("tree")
def test_a_name_with_brackets_is_a_file_before_it_is_a_pattern():
    Path("a[1].yaml").write_text(POD, encoding="utf-8")
    assert names("a[1].yaml") == ["a[1].yaml"]


def test_standard_input_is_read_once(monkeypatch):
    stdin(monkeypatch, b"a: 1\r\n")
    (source,) = read(["-", "-"])
    assert (source.name, source.path, source.text) == ("stdin", None, "a: 1\r\n")


def test_a_pipe_is_read_like_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = subprocess.Popen(["sh", "-c", f"printf 'a: 1' > {pipe}"])
    assert [source.text for source in read([str(pipe)])] == ["a: 1"]
    assert writer.wait() == 0


def test_bytes_are_kept(tmp_path):
    file = tmp_path / "a.yaml"
    octets = "\ufeffa: é\r\nb: 😀\rc: 1".encode()
    file.write_bytes(octets)
    (source,) = read([str(file)])
    assert source.text.encode() == octets
    assert source.path == file


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.yaml", "there is no file 'none.yaml'"),
        ("none/", "there is no file 'none/'"),
        ("b.yaml/x", "cannot read 'b.yaml/x': not a directory"),
        ("empty", "no YAML or JSON file in folder 'empty'"),
        ("*.none", "'*.none' matches no file"),
    ],
)
def test_a_name_that_leads_nowhere(name, message):
    assert fault("b.yaml", name) == message


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        (b"a: 1\nb: \xc3\xa9\xff\n", "2:5: the byte 0xFF is not UTF-8"),
        (b"\xef\xbb\xbfa: \xff\n", "1:4: the byte 0xFF is not UTF-8"),
        (b"\xef\xbb\xbf\xff\n", "1:1: the byte 0xFF is not UTF-8"),
        (b"a: \xed\xa0\x80\n", "1:4: the byte 0xED is not UTF-8"),
        (b"a: 1\r\nb\0", "2:2: the file holds a NUL byte: this is a binary file"),
        (b"\x7fELF\0\xff", "1:5: the file holds a NUL byte: this is a binary file"),
        (b"\x89PNG\r\n\x1a\n\0", "1:1: the byte 0x89 is not UTF-8: this is a binary file"),
        ("a: 1".encode("utf-16"), "1:1: the file is in UTF-16, not UTF-8"),
        (b"\xfe\xff\0a", "1:1: the file is in UTF-16, not UTF-8"),
    ],
)
def test_a_file_that_is_no_text(tmp_path, monkeypatch, octets, message):
    (tmp_path / "a.yaml").write_bytes(octets)
    monkeypatch.chdir(tmp_path)
    assert fault("a.yaml") == f"a.yaml:{message}"
    stdin(monkeypatch, octets)
    assert fault("-") == f"stdin:{message}"


def test_a_file_over_64_mib_is_refused_before_it_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Path("a.yaml").open("wb") as stream:
        stream.truncate(200 * 2**30)
    assert fault("a.yaml") == "a.yaml:1:1: the file is larger than 64 MiB"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").touch(mode=0)
    assert fault("a.yaml") == "cannot read 'a.yaml': permission denied"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(octets=st.binary() | st.text().map(str.encode))
def test_no_bytes_crash_the_reader(tmp_path, octets):
    file = tmp_path / "any.yaml"
    file.write_bytes(octets)
    places = []
    try:
        (source,) = read([str(file)])
        parse(source.text, source.name)
    except ManifestError as error:
        places.append(error.at)
    assert all(at is not None and at.file == str(file) for at in places)


# Writing


def listing(folder: Path) -> dict[str, str]:
    files = (each for each in sorted(folder.rglob("*")) if each.is_file())
    return {str(each.relative_to(folder)): each.read_bytes().decode() for each in files}


def test_files_are_replaced_made_and_removed(tmp_path):
    (tmp_path / "old.yaml").write_text("old", encoding="utf-8")
    (tmp_path / "gone.yaml").write_text("gone", encoding="utf-8")
    write_all({
        tmp_path / "old.yaml": "\ufeffnew\r\n",
        tmp_path / "gone.yaml": "",
        tmp_path / "deep" / "er" / "made.yaml": "made",
        tmp_path / "never" / "there.yaml": "",
    })  # fmt: skip
    assert listing(tmp_path) == {"old.yaml": "\ufeffnew\r\n", "deep/er/made.yaml": "made"}
    assert not (tmp_path / "never").exists()


def test_mode_and_links_are_kept(tmp_path):
    file, link, folder = tmp_path / "a.yaml", tmp_path / "link.yaml", tmp_path / "folder"
    file.write_text("old", encoding="utf-8")
    file.chmod(0o640)
    link.symlink_to("a.yaml")
    folder.symlink_to(tmp_path)
    write_all({folder / "link.yaml": "new"})
    assert (link.is_symlink(), file.is_symlink()) == (True, False)
    assert file.read_text(encoding="utf-8") == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives away")
def test_the_owner_is_kept(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("old", encoding="utf-8")
    os.chown(file, 1234, 4321)
    write_all({file: "new"})
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 4321)


def test_a_new_file_has_the_rights_that_the_user_gives(tmp_path):
    old = os.umask(0o027)
    try:
        write_all({tmp_path / "a.yaml": "new"})
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a.yaml").stat().st_mode) == 0o640


FULL = """
import resource, sys
from pathlib import Path
from sidecarctl.errors import ManifestError
from sidecarctl.manifest.files import write_all

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_all({Path("a.yaml"): "new", Path("new/c.yaml"): "new", Path("b.yaml"): "n" * 2000})
except ManifestError as error:
    print(error)
"""


def test_nothing_changes_where_the_disk_is_full(tmp_path):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("old", encoding="utf-8")
    child = subprocess.run(
        [sys.executable, "-c", FULL],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (child.returncode, child.stderr) == (0, "")
    assert child.stdout == "cannot write 'b.yaml': file too large; no file has changed\n"
    assert listing(tmp_path) == {"a.yaml": "old", "b.yaml": "old"}
    assert not (tmp_path / "new").exists()


# The one failure that no file system gives on demand: a rename that is refused midway.
def refuse_third_rename(monkeypatch) -> None:
    rename, calls = Path.replace, []

    def replace(self, target):
        calls.append(target)
        if len(calls) == 3:
            raise OSError(errno.EIO, "Input/output error", str(self), None, str(target))
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", replace)


def test_a_rename_that_fails_takes_back_those_before_it(tmp_path, monkeypatch):
    for name in "abcd":
        (tmp_path / name).write_text(f"old {name}", encoding="utf-8")
    before = listing(tmp_path)
    refuse_third_rename(monkeypatch)
    texts = {"a": "new", "b": "", "deep/e": "", "f": "new", "c": "new", "d": "new"}
    with pytest.raises(ManifestError) as caught:
        write_all({tmp_path / name: text for name, text in texts.items()})
    place = tmp_path / "c"
    assert str(caught.value) == (
        f"cannot write {str(place)!r}: input/output error; no file has changed"
    )
    assert listing(tmp_path) == before
    assert not (tmp_path / "deep").exists()


def test_nothing_changes_where_one_file_cannot_be_written(tmp_path):
    (tmp_path / "a.yaml").write_text("old", encoding="utf-8")
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(ManifestError) as caught:
        write_all({tmp_path / "a.yaml": "new", tmp_path / "folder.yaml": "new"})
    folder = tmp_path / "folder.yaml"
    assert str(caught.value) == f"cannot write {str(folder)!r}: it is no regular file"
    assert listing(tmp_path) == {"a.yaml": "old"}


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("old", encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        write_all({tmp_path / "new" / "a": "new", tmp_path / "file" / "b": "new"})
    assert "no file has changed" in str(caught.value)
    assert listing(tmp_path) == {"file": "old"}
    assert not (tmp_path / "new").exists()


def test_one_file_does_not_get_two_texts(tmp_path):
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(ManifestError) as caught:
        write_all({tmp_path / "a": "one", tmp_path / "link": "two"})
    link = tmp_path / "link"
    assert str(caught.value) == f"{str(link)!r} would be written twice, with different texts"


KILLS = """
import json, os, random, signal, sys, time
from pathlib import Path
from sidecarctl.manifest.files import write_all

folder = Path(sys.argv[1])
names = [folder / name for name in ("a.yaml", "b.yaml", "c.yaml")]
states = [{name: f"{name.name} {letter} " * 3000 for name in names} for letter in "xy"]
write_all(states[0])
random.seed(1)
seen = {"kills": 0, "mixed": 0, "x": 0, "y": 0, "left over": 0}
# At least 80 kills; on a busy machine more, until enough of them have hit the middle of the work.
while seen["kills"] < 80 or (
    seen["kills"] < 800 and (seen["left over"] < 20 or not seen["x"] * seen["y"])
):
    child = os.fork()
    if not child:
        for turn in range(10**6):
            write_all(states[(turn + 1) % 2])
    time.sleep(random.uniform(0.001, 0.02))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    seen["kills"] += 1
    letters = set()
    for name in names:
        text = name.read_text()
        assert text in [state[name] for state in states], (name, len(text))
        letters.add(text[7])
    seen["mixed" if len(letters) > 1 else letters.pop()] += 1
    spare = [each for each in folder.iterdir() if each not in names]
    assert all(each.name.startswith(".") and each.suffix == ".tmp" for each in spare)
    seen["left over"] += bool(spare)
    for each in spare:
        each.unlink()
print(json.dumps(seen))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_leaves_every_file_old_or_new(tmp_path):
    child = subprocess.run(
        [sys.executable, "-c", KILLS, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (child.returncode, child.stderr) == (0, "")
    seen = json.loads(child.stdout)
    assert seen["kills"] >= 80
    # Kills did hit the middle of the work, or the test shows nothing.
    assert seen["left over"] >= 20
    assert seen["x"] + seen["y"] + seen["mixed"] == seen["kills"]
    assert seen["x"] * seen["y"] > 0
