"""What can be shown of interception without a network of its own, and what is told to be open."""

import pytest
from harness.proxy import inbound, outbound
from prove.proving import failed, listener, open_, proved, rendered, words_of

_CIRCLE = "a connection that nobody redirected"


@pytest.fixture(scope="module")
def captured():
    capture = outbound(0, "tcp", name="capture", target_host="")
    return rendered([inbound(8080), outbound(80, hosts=("orders",)), capture], {"accessLog": {}})


def test_what_nobody_redirected_is_closed_and_the_rest_is_open(captured, short_folder):
    words = words_of(captured, "interception", short_folder)
    assert proved(words) == [_CIRCLE]
    assert open_(words) == {
        "connections that are redirected":
            "it takes root, and a network of its own with rules of iptables"
    }  # fmt: skip


def test_a_listener_that_would_send_them_in_a_circle_fails(captured, short_folder):
    def without_the_chain_that_closes(bootstrap):
        listener(bootstrap, "capture")["filter_chains"].pop(0)

    words = words_of(captured.broken(without_the_chain_that_closes), "interception", short_folder)
    assert failed(words) == {
        _CIRCLE: "it is sent on to where it was meant for, which is this listener: without end"
    }


def test_without_interception_nothing_is_said(short_folder):
    assert words_of(rendered([inbound(8080)], {}), "interception", short_folder) == []
