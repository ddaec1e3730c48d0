"""The files that a bootstrap names, moved below a folder of the run.

Certificates become the run's own, whatever stands in the Secret: it is not in the input as a rule,
and its keys are nobody's business.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from posixpath import basename, dirname, normpath

from msgspec import Struct, field

from sidecarctl.envoy.bootstrap import dump
from sidecarctl.envoy.mounts import RUN, publish, under
from sidecarctl.findings import FieldPath, Json, JsonObject
from sidecarctl.manifest.document import parse
from sidecarctl.prove.certificates import Leaf
from sidecarctl.prove.draft import Draft
from sidecarctl.prove.subject import Subject
from sidecarctl.prove.walk import field_of, mappings_below, snake

_ROLES = {
    "certificate_chain": "certificate",
    "private_key": "key",
    "trusted_ca": "authority",
    "ca_certificate": "authority",
}
_INLINE = ("inline_string", "inline_bytes", "environment_variable")
_PATHS = ("path_config_source", "watched_directory", "pipe")
_SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"  # noqa: S105  a type
_MOVED = "its folder of the run"


class Files(Struct):
    """What is written for a run: texts, and certificates by folder, name and role.

    *keys* are the public keys of tokens, a JSON Web Key Set.
    """

    root: Path
    leaf: Leaf
    keys: str
    texts: dict[str, str] = field(default_factory=dict)
    certificates: dict[str, dict[str, str]] = field(default_factory=dict)
    logs: list[str] = field(default_factory=list)

    def at(self, path: str) -> Path:
        return under(self.root, normpath(path))

    def write(self) -> None:
        for path, text in self.texts.items():
            file = self.at(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        for path in self.logs:
            self.at(path).parent.mkdir(parents=True, exist_ok=True)
        self.publish(self.leaf)

    def publish(self, leaf: Leaf) -> None:
        """Put the certificates of *leaf* where Envoy looks for them; again is a rotation."""
        for folder, roles in self.certificates.items():
            publish(self.at(folder), {name: leaf.content(role) for name, role in roles.items()})


def move_files(draft: Draft, subject: Subject, files: Files) -> None:
    """Move what *draft* names below the folder of the run, and prepare it there."""
    admin = _admin_socket(draft.data)
    for path, part in list(mappings_below(draft.data)):
        _move_secret(draft, path, part, subject, files)
        _replace_keys(draft, path, part, files)
    for path, part in list(mappings_below(draft.data)):
        _move_named(draft, path, part, files, admin)
    for path, part in list(mappings_below(draft.data)):
        _replace_inline(draft, path, part, files)


def _replace_keys(draft: Draft, path: FieldPath, part: JsonObject, files: Files) -> None:
    """Let a provider of tokens know the run's own keys, wherever it has its keys from."""
    why = "the run's own keys of tokens: nobody here signs with others"
    known = [key for key in part if snake(key) in ("local_jwks", "remote_jwks")]
    for key in known:
        if snake(key) == "remote_jwks":
            draft.remove((*path, key), why)
    if known:
        local = next((key for key in known if snake(key) == "local_jwks"), "local_jwks")
        draft.set((*path, local), {"inline_string": files.keys}, why)


def _move_named(draft: Draft, path: FieldPath, part: JsonObject, files: Files, admin: str) -> None:
    for key, value in list(part.items()):
        if not isinstance(value, str) or value.startswith(str(files.root)):
            continue
        name, owner = snake(key), field_of(path)
        if name == "filename":
            _note_certificate(value, owner, files)
        elif name == "path" and owner == "pipe":
            moved = f"{RUN}/admin.sock" if value == admin else value
            files.at(moved).parent.mkdir(parents=True, exist_ok=True)
            draft.set((*path, key), str(files.at(moved)), _MOVED)
            continue
        elif name == "path" and _is_file_log(part):
            if value.startswith("/dev/"):
                continue
            files.logs.append(value)
        elif not (name == "symlink_root" or (name == "path" and owner in _PATHS)):
            continue
        if owner == "watched_directory" or name == "symlink_root":
            files.at(value).mkdir(parents=True, exist_ok=True)
        draft.set((*path, key), str(files.at(value)), _MOVED)


def _note_certificate(value: str, owner: str, files: Files) -> None:
    role = _ROLES.get(owner)
    if role:
        folder = dirname(normpath(value)) or "/"
        roles = files.certificates.setdefault(folder, {})
        # One file may hold both, as that of a pod certificate does.
        known = roles.get(basename(value), role)
        roles[basename(value)] = role if known == role else "bundle"


def _is_file_log(part: JsonObject) -> bool:
    kind = part.get("@type")
    return isinstance(kind, str) and kind.endswith(".FileAccessLog")


def _replace_inline(draft: Draft, path: FieldPath, part: JsonObject, files: Files) -> None:
    role = _ROLES.get(field_of(path))
    for key in list(part):
        if role and snake(key) in _INLINE:
            text = files.leaf.content(role).decode()
            draft.set(path, {"inline_string": text}, "the run's own certificates")


def _move_secret(
    draft: Draft, path: FieldPath, part: JsonObject, subject: Subject, files: Files
) -> None:
    """Give the secret that *part* refers to by SDS a file of the run."""
    key = next((each for each in part if snake(each) == "sds_config"), None)
    config = part.get(key) if key else None
    if key is None or not isinstance(config, dict):
        return
    name = part.get("name")
    file = next(_sds_files(config), "")
    text = subject.file(file) if file else None
    if text is not None:
        _move_known(file, text, draft, subject, files)
        return
    is_certificate = "tls_certificate" in field_of(path)
    kind = "certificate" if is_certificate else "authority"
    made = f"/prove/sds-{kind}-{re.sub(r'[^A-Za-z0-9._-]', '-', str(name))}.yaml"
    files.texts[made] = dump(_secret(str(name), files, is_certificate=is_certificate))
    source: JsonObject = {
        "path_config_source": {
            "path": str(files.at(made)),
            "watched_directory": {"path": str(files.at("/prove/certificates"))},
        },
        "resource_api_version": "V3",
    }
    draft.set((*path, key), source, "the secret is not in the input: the run's own")


def _move_known(file: str, text: str, draft: Draft, subject: Subject, files: Files) -> None:
    if normpath(file) in files.texts:
        return
    documents = parse(text, f"{subject.name}: {basename(file)}").documents
    inner = Draft.of(documents[0].data if documents else {}, basename(file))
    for path, part in list(mappings_below(inner.data)):
        _move_named(inner, path, part, files, "")
    for path, part in list(mappings_below(inner.data)):
        _replace_inline(inner, path, part, files)
    files.texts[normpath(file)] = dump(inner.data)
    draft.rewrites += inner.rewrites


def _sds_files(config: JsonObject) -> Iterator[str]:
    for key, value in config.items():
        if snake(key) == "path_config_source" and isinstance(value, dict):
            path = value.get("path")
            if isinstance(path, str):
                yield path
        elif key == "path" and isinstance(value, str):
            yield value


def _secret(name: str, files: Files, *, is_certificate: bool) -> JsonObject:
    folder = "/prove/certificates"
    roles = files.certificates.setdefault(folder, {})

    def file(name: str, role: str) -> Json:
        roles[name] = role
        return {"filename": str(files.at(f"{folder}/{name}"))}

    content: JsonObject
    if is_certificate:
        pair: JsonObject = {
            "certificate_chain": file("tls.crt", "certificate"),
            "private_key": file("tls.key", "key"),
        }
        content = {"tls_certificate": pair}
    else:
        content = {"validation_context": {"trusted_ca": file("ca.crt", "authority")}}
    return {"resources": [{"@type": _SECRET, "name": name, **content}]}


def _admin_socket(data: JsonObject) -> str:
    for path, part in mappings_below(data.get("admin")):
        value = part.get("path")
        if field_of(path) == "pipe" and isinstance(value, str):
            return value
    return ""
