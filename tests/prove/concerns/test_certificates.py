"""Mutual TLS is proved wherever the certificates come from: the run has some of its own."""

import pytest
from harness.proxy import inbound, outbound
from prove.proving import failed, open_, proved, rendered, words_of

_SHOP = "spiffe://cluster.local/ns/prod/sa/shop"
_ROTATED = "a new certificate, as the kubelet swaps it in"
_REFUSED = {
    "plaintext",
    "no certificate",
    "a certificate of another authority",
    "an expired certificate",
    "another identity",
}


@pytest.mark.parametrize("source", ["secret", "spiffeCsi", "podCertificate"])
def test_every_row_holds(source, short_folder):
    listeners = [
        inbound(8080, tls="strict"),
        outbound(80, tls="strict", sans=(_SHOP,), sni="shop.prod.svc"),
    ]
    config = rendered(listeners, {"mtls": {}}, certificates={"from": source})
    words = words_of(config, "mtls", short_folder)
    assert failed(words) == {}
    assert open_(words) == {}
    assert {*_REFUSED, _ROTATED, "a right certificate"} <= set(proved(words))


def test_a_pod_certificate_in_two_files_is_proved_too(short_folder):
    config = rendered([inbound(8080, tls="strict")], {"mtls": {}})
    files = {name: text.replace("tls.crt", "chain.pem").replace("tls.key", "key.pem")
             for name, text in config.files.items()}  # fmt: skip
    words = words_of(type(config)(config.bootstrap, files), "mtls", short_folder)
    assert failed(words) == {}
    assert _ROTATED in proved(words)
