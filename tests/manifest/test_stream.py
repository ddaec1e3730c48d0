"""Several files make one stream that kubectl and every YAML reader take."""

import pytest
import yaml

from sidecarctl.manifest.stream import join


@pytest.mark.parametrize(
    ("texts", "stream"),
    [
        ([], ""),
        (["a: 1"], "a: 1"),
        (["\ufeffa: 1\r\n"], "\ufeffa: 1\r\n"),
        (["", "a: 1\n"], "a: 1\n"),
        (["a: 1", "b: 2\n"], "a: 1\n---\nb: 2\n"),
        (["a: 1\n", "---\nb: 2\n"], "a: 1\n---\nb: 2\n"),
        (["a: 1\n", "# b\n\n--- # c\nb: 2\n"], "a: 1\n# b\n\n--- # c\nb: 2\n"),
        (["a: 1\n", "%YAML 1.1\n---\nb: 2\n"], "a: 1\n...\n%YAML 1.1\n---\nb: 2\n"),
        (["a: 1\n", "\ufeffb: 2\n"], "a: 1\n---\nb: 2\n"),
        (['{"a": 1}', '{"b": 2}\n'], '{"a": 1}\n{"b": 2}\n'),
        (['{"a": 1}\n', "b: 2\n"], '---\n{"a": 1}\n---\nb: 2\n'),
        (["a: 1\n", '{"b": 2}\n'], 'a: 1\n---\n{"b": 2}\n'),
    ],
)
def test_join(texts, stream):
    assert join(texts) == stream
    if len(texts) > 1 and not stream.startswith("{"):
        documents = [each for each in yaml.safe_load_all(stream) if each is not None]
        assert documents == [each for text in texts for each in yaml.safe_load_all(text) if each]
