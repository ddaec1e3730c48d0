"""What is sent to collectors is proved by what arrives there, and what is broken is named."""

import pytest
from harness.proxy import inbound, outbound
from prove.proving import failed, manager, open_, proved, rendered, words_of

_AT = {"host": "127.0.0.1", "port": 4317}
_IN = "inbound-8080"


def _logged(**values):
    return rendered([inbound(8080)], {"accessLog": {"otlp": _AT, **values}})


def _traced(kind):
    listeners = [inbound(8080), outbound(80)]
    return rendered(listeners, {"tracing": {"to": kind, "sampling": "100%"}})


def test_records_and_the_share_of_successes_are_proved(short_folder):
    words = words_of(_logged(successes="10%"), "accessLog", short_folder)
    assert (failed(words), open_(words)) == ({}, {})
    assert "OpenTelemetryAccessLogConfig" in proved(words)
    for kind in ("StdoutAccessLog", "OpenTelemetryAccessLogConfig"):
        assert f"{kind}: 500 answers of 200" in proved(words)
        assert f"{kind}: 20 answers of 503" in proved(words)


def test_metrics_over_otlp_are_proved(short_folder):
    config = rendered([inbound(8080)], {"metrics": {"otlp": _AT}})
    words = words_of(config, "metrics", short_folder)
    assert (failed(words), open_(words)) == ({}, {})
    assert "what is pushed over OTLP" in proved(words)


@pytest.mark.parametrize("kind", ["otlp", "otlpHttp", "datadog", "zipkin"])
def test_spans_of_server_and_client_are_proved_to_be_of_one_trace(kind, short_folder):
    words = words_of(_traced(kind), "tracing", short_folder)
    assert (failed(words), open_(words)) == ({}, {})
    assert "a call that leads to another" in proved(words)


def test_a_share_that_runtime_overrules_is_found_out(short_folder):
    def overruled(b):
        layer = {"access_log.successes": 0}
        b["layered_runtime"] = {"layers": [{"name": "static", "static_layer": layer}]}

    config = _logged(successes="50%", stdout=True).broken(overruled)
    found = failed(words_of(config, "accessLog", short_folder))
    assert "StdoutAccessLog: 500 answers of 200" in found


def test_secrets_in_records_are_found_out(short_folder):
    def told(b):
        config = manager(b, _IN)["access_log"][0]["typed_config"]
        config["body"] = {"string_value": "%REQ(COOKIE)%"}

    found = failed(words_of(_logged(stdout=False).broken(told), "accessLog", short_folder))
    assert "secrets in what is sent" in found


def test_a_trace_that_is_cut_is_found_out(short_folder):
    def unsampled(b):
        manager(b, "egress-80")["tracing"]["overall_sampling"] = {"value": 0}

    found = failed(words_of(_traced("otlp").broken(unsampled), "tracing", short_folder))
    assert found["a call that leads to another"].startswith("the trace is cut")
