"""Every proof holds for what is rendered, and fails for what is broken in the way it is about."""

import pytest
from harness.proxy import inbound, outbound
from prove.proving import (
    cluster,
    failed,
    http_filter,
    listener,
    manager,
    open_,
    proved,
    rendered,
    route,
    routes,
    tls,
    words_of,
)

_SHOP = "spiffe://cluster.local/ns/prod/sa/shop"
_IN, _OUT, _DB = "inbound-8080", "egress-80", "egress-6379"


def _strict():
    return rendered(
        [inbound(8080, tls="strict")], {"mtls": {"allow": ["spiffe://cluster.local/*"]}}
    )


def _mutual():
    listeners = [outbound(80, tls="strict", sans=(_SHOP,), sni="shop.prod.svc")]
    return rendered(listeners, {"mtls": {}})


def _guarded():
    rule = {"from": [_SHOP], "methods": ["GET"], "paths": ["/api/*"]}
    concerns = {"mtls": {}, "accessControl": {"rules": [rule]}}
    return rendered([inbound(8080, tls="strict")], concerns)


def _limited(**values):
    return rendered([inbound(8080, tls="strict")], {"mtls": {}, "rateLimit": values})


def _per_client():
    limit = {"requests": 5, "per": "1s", "burst": 10}
    total = {"requests": 20, "per": "1s", "burst": 25}
    return _limited(perInstance=total, perClient={"by": "identity", **limit})


def _timed():
    return rendered([inbound(8080), outbound(80), outbound(6379, "tcp")], {"timeouts": {}})


def _retried():
    return rendered([outbound(80)], {"retries": {}})


def _broken_circuit():
    return rendered([outbound(80)], {"circuitBreaker": {"outlier": {"consecutiveErrors": 3}}})


def _logged():
    return rendered([inbound(8080)], {"accessLog": {}})


def _measured():
    return rendered([inbound(8080)], {"metrics": {"statsd": "datadog"}})


def _traced():
    return rendered([inbound(8080)], {"tracing": {"to": "otlp", "sampling": "100%"}})


def _called():
    values = {"name": "rates", "protocol": "http", "tls": "simple", "ca": "mesh"}
    simple = outbound(
        80, target_host="rates.example", tls="simple", sni="rates.example", values=values
    )
    return rendered([simple], {"egress": {}})


def _plain():
    return rendered([inbound(8080)], {})


_WHOLE = {
    "mtls in": ("mtls", _strict),
    "mtls out": ("mtls", _mutual),
    "accessControl": ("accessControl", _guarded),
    "rateLimit": ("rateLimit", _per_client),
    "timeouts": ("timeouts", _timed),
    "retries": ("retries", _retried),
    "circuitBreaker": ("circuitBreaker", _broken_circuit),
    "accessLog": ("accessLog", _logged),
    "metrics": ("metrics", _measured),
    "tracing": ("tracing", _traced),
    "egress": ("egress", _called),
    "lifecycle": ("lifecycle", _plain),
    "hardening": ("hardening", _plain),
}


@pytest.mark.parametrize("case", _WHOLE)
def test_what_is_rendered_is_proved(case, short_folder):
    concern, whole = _WHOLE[case]
    words = words_of(whole(), concern, short_folder)
    assert failed(words) == {}
    assert open_(words) == {}
    assert len(proved(words)) >= 2


def _no_demand(b):
    tls(b, _IN)["require_client_certificate"] = False
    context = tls(b, _IN)["common_tls_context"]["combined_validation_context"]
    # With names to match, Envoy would demand a certificate all the same.
    del context["default_validation_context"]["match_typed_subject_alt_names"]


def _no_validation(b):
    del tls(b, _IN)["common_tls_context"]["combined_validation_context"]


def _certificate_in_place(b):
    pair = {"certificate_chain": {"filename": "/etc/envoy-certs/tls.crt"},
            "private_key": {"filename": "/etc/envoy-certs/tls.key"}}  # fmt: skip
    common = tls(b, _IN)["common_tls_context"]
    del common["tls_certificate_sds_secret_configs"]
    common["tls_certificates"] = [pair]


def _forwards_all(b):
    manager(b, _IN)["forward_client_cert_details"] = "ALWAYS_FORWARD_ONLY"


def _upstream(b):
    return cluster(b, _OUT)["transport_socket"]["typed_config"]["common_tls_context"]


def _server_unverified(b):
    del _upstream(b)["combined_validation_context"]


def _server_unnamed(b):
    context = _upstream(b)["combined_validation_context"]["default_validation_context"]
    del context["match_typed_subject_alt_names"]


def _shows_nothing(b):
    del _upstream(b)["tls_certificate_sds_secret_configs"][0:]
    _upstream(b)["tls_certificates"] = []


def _no_rules(b):
    del http_filter(b, _IN, "rbac")["rules"]


def _everybody(b):
    (policy,) = http_filter(b, _IN, "rbac")["rules"]["policies"].values()
    policy["principals"] = [{"any": True}]


def _raw_paths(b):
    rules = http_filter(b, _IN, "rbac")["rules"]
    rules["action"] = "DENY"
    rules["policies"] = {"admin": {"permissions": [{"url_path": {"path": {"prefix": "/admin"}}}],
                                   "principals": [{"any": True}]}}  # fmt: skip
    for field in ("normalize_path", "merge_slashes", "path_with_escaped_slashes_action"):
        manager(b, _IN).pop(field)


def _limit(b):
    return http_filter(b, _IN, "local_ratelimit")


def _not_enforced(b):
    del _limit(b)["filter_enforced"]


def _not_enabled(b):
    del _limit(b)["filter_enabled"], _limit(b)["filter_enforced"]


def _one_bucket(b):
    _limit(b)["descriptors"][0]["entries"] = [{"key": "identity", "value": "nobody"}]


def _silent_refusal(b):
    _limit(b)["status"] = {"code": 503}


def _stream_first(b):
    found = route(b, _IN, "event-stream")
    found["match"].pop("headers")
    routes(b, _IN).insert(0, found)


def _streams_last(b):
    found = routes(b, _IN)
    found.insert(0, found.pop())


def _never_idle(b):
    route(b, _IN, "default")["route"]["idle_timeout"] = "0s"


def _post_again(b):
    route(b, _OUT, "default")["route"]["retry_policy"]["retry_on"] = "5xx,reset"


def _no_split(b):
    route(b, _OUT, "repeatable")["match"].pop("headers")


def _without_budget(b):
    for each in cluster(b, _OUT)["circuit_breakers"]["thresholds"]:
        each.pop("retry_budget")
        each["max_retries"] = 10000
    policy = route(b, _OUT, "repeatable")["route"]["retry_policy"]
    policy["retry_back_off"] = {"base_interval": "0.001s", "max_interval": "0.001s"}


def _other_priority(b):
    for each in cluster(b, _OUT)["circuit_breakers"]["thresholds"]:
        each["priority"] = "HIGH"


def _panics(b):
    del cluster(b, _OUT)["common_lb_config"]


def _never_ejects(b):
    outlier = cluster(b, _OUT)["outlier_detection"]
    outlier["enforcing_consecutive_gateway_failure"] = 0
    outlier["enforcing_consecutive_local_origin_failure"] = 0


def _format(b):
    return manager(b, _IN)["access_log"][0]["typed_config"]["log_format"]["json_format"]


def _logs_secrets(b):
    _format(b)["auth"] = "%REQ(AUTHORIZATION)%"
    _format(b)["path"] = "%REQ(:PATH)%"


def _logs_two_lines(b):
    log = manager(b, _IN)["access_log"][0]["typed_config"]["log_format"]
    del log["json_format"], log["omit_empty_values"]
    log["text_format_source"] = {"inline_string": "%START_TIME%\n%RESPONSE_CODE%\n"}


def _counts_nothing(b):
    matcher = b["stats_config"]["stats_matcher"]
    matcher["exclusion_list"]["patterns"].append({"safe_regex": {"regex": "http\\..*"}})


def _scrapes_elsewhere(b):
    route(b, "ops", "stats/prometheus")["route"]["prefix_rewrite"] = "/ready?/stats/prometheus"


def _no_collector(b):
    provider = manager(b, _IN)["tracing"]["provider"]["typed_config"]
    provider["grpc_service"]["envoy_grpc"]["cluster_name"] = "nowhere"


def _traces_queries(b):
    del manager(b, _IN)["tracing"]["custom_tags"]


def _traces_nothing(b):
    manager(b, _IN)["tracing"]["overall_sampling"] = {"value": 0}


def _waits_for_names(b):
    del cluster(b, _OUT)["wait_for_warm_on_init"]
    cluster(b, _OUT)["typed_dns_resolver_config"]["typed_config"]["query_timeout_seconds"] = 30


def _no_direction(b):
    del listener(b, _IN)["traffic_direction"]
    listener(b, _IN)["address"]["socket_address"]["address"] = "0.0.0.0"


def _abrupt_drain(b):
    lua = route(b, "ops", "drain")["typed_per_filter_config"]["envoy.filters.http.lua"]
    code = lua["source_code"]["inline_string"]
    lua["source_code"]["inline_string"] = code.replace("&graceful&skip_exit", "")


def _not_ready(b):
    route(b, "ops", "ready")["match"]["path"] = "/readyz"
    routes(b, "ops").insert(0, {"match": {"path": "/readyz"}, "direct_response": {"status": 503}})


def _whole_admin(b):
    del b["admin"]["allow_paths"]
    deny = route(b, "ops", "deny")
    del deny["direct_response"]
    deny["route"] = {"cluster": "envoy-admin"}


def _open_socket(b):
    b["admin"]["address"]["pipe"]["mode"] = 0o666


def _believes(b):
    manager(b, _IN)["internal_address_config"] = {
        "cidr_ranges": [{"address_prefix": "127.0.0.0", "prefix_len": 8}]
    }


def _ops_counts(b):
    ops = listener(b, "ops")
    del ops["ignore_global_conn_limit"]
    ops["bypass_overload_manager"] = False
    ops["traffic_direction"] = "UNSPECIFIED"


def _sheds_nothing(b):
    for action in b["overload_manager"]["actions"]:
        if action["name"].endswith("stop_accepting_requests"):
            action["triggers"][0]["threshold"]["value"] = 1.0
            action["triggers"][0]["name"] = (
                "envoy.resource_monitors.global_downstream_max_connections"
            )


_BREAKS = [
    ("mtls in", _no_demand, {"no certificate": "require_client_certificate is not set"}),
    (
        "mtls in",
        _no_validation,
        {
            "no certificate": "there is no validation context",
            "a certificate of another authority": "there is no validation context",
            "an expired certificate": "there is no validation context",
        },
    ),
    (
        "mtls in",
        _certificate_in_place,
        {"a new certificate, as the kubelet swaps it in": "only what SDS reads"},
    ),
    (
        "mtls in",
        _forwards_all,
        {"a made-up x-forwarded-client-cert": "forward_client_cert_details"},
    ),
    (
        "mtls out",
        _server_unverified,
        {
            "a server of another authority": "there is no validation context",
            "a server of another name": "there are no match_typed_subject_alt_names",
        },
    ),
    (
        "mtls out",
        _server_unnamed,
        {"a server of another name": "there are no match_typed_subject_alt_names"},
    ),
    ("mtls out", _shows_nothing, {"the right server": "it shows another one, or none"}),
    ("accessControl", _no_rules, {"another identity": "the RBAC filter has no rules"}),
    ("accessControl", _raw_paths, {"/admin in 5 other spellings": "paths are not normalised"}),
    ("rateLimit", _not_enforced, {"one client, 30 requests at once": "filter_enforced missing"}),
    (
        "rateLimit",
        _not_enabled,
        {"one client, 30 requests at once": "filter_enabled and filter_enforced missing"},
    ),
    ("rateLimit", _one_bucket, {"one client, 30 requests at once": "the buckets do not count"}),
    ("timeouts", _stream_first, {"an answer after 2.4 s": "the limit does not count"}),
    (
        "timeouts",
        _streams_last,
        {
            "an event stream, quiet for longer than a request may take": "it is cut",
        },
    ),
    ("timeouts", _never_idle, {"a request on which nothing moves": "the idle timeout of streams"}),
    (
        "retries",
        _post_again,
        {
            "a POST that fails": "its route tries again on 5xx, reset",
            "a POST whose connection breaks": "its route tries again on 5xx, reset",
        },
    ),
    (
        "retries",
        _no_split,
        {
            "a POST that fails": "its route tries again on gateway-error, reset",
            "a POST whose connection breaks": "its route tries again on gateway-error, reset",
        },
    ),
    (
        "retries",
        _without_budget,
        {"200 requests, 20 at once, to a server that is down": "retries multiply the load"},
    ),
    (
        "circuitBreaker",
        _other_priority,
        {"8 requests at once, limits scaled to 2": "the limits do not count"},
    ),
    ("circuitBreaker", _panics, {"a host that fails": "with one endpoint the panic threshold"}),
    ("circuitBreaker", _never_ejects, {"a host that fails": "outlier_detection does not eject"}),
    ("accessLog", _logs_secrets, {"secrets in query, authorization, cookie": "the format names"}),
    ("accessLog", _logs_two_lines, {"a request": "the log does not say"}),
    ("metrics", _counts_nothing, {"3 requests": "the statistics leave out"}),
    (
        "metrics",
        _scrapes_elsewhere,
        {"GET /stats/prometheus": "", "3 requests": "the statistics leave out"},
    ),
    ("tracing", _no_collector, {"spans": "there is no cluster 'nowhere'"}),
    ("tracing", _traces_queries, {"the query string": "http.url holds it"}),
    ("tracing", _traces_nothing, {"spans of 6 requests": "nothing is sampled"}),
    (
        "egress",
        _server_unverified,
        {
            "a server of another authority": "there is no validation context",
            "a server of another name": "there are no match_typed_subject_alt_names",
        },
    ),
    ("egress", _waits_for_names, {"a resolver that never answers": "a cluster holds up the start"}),
    (
        "lifecycle",
        _no_direction,
        {"an open connection after a drain": "the listener is not drained"},
    ),
    (
        "lifecycle",
        _abrupt_drain,
        {"a new connection after a drain": "callers that do not know yet"},
    ),
    ("lifecycle", _not_ready, {"GET /readyz": "the start gate would never open"}),
    ("hardening", _whole_admin, {"5 other paths of admin": "a route leads to the whole admin"}),
    ("hardening", _open_socket, {"the admin socket": "others than its owner"}),
    (
        "hardening",
        _believes,
        {"3 headers that only a proxy may set": "internal_address_config brings"},
    ),
    (
        "hardening",
        _ops_counts,
        {"GET /ready at the limit of connections": "a pod under load"},
    ),
    ("hardening", _sheds_nothing, {"a request while the heap is full": "the overload manager"}),
]


@pytest.mark.parametrize(
    ("case", "how", "expected"), _BREAKS, ids=[f"{case}-{how.__name__}" for case, how, _ in _BREAKS]
)
def test_what_is_broken_fails_and_its_cause_is_named(case, how, expected, short_folder):
    concern, whole = _WHOLE[case]
    config = whole().broken(how)
    found = failed(words_of(config, concern, short_folder, until=expected))
    assert set(expected) <= set(found)
    assert {tried: found[tried][: len(cause)] for tried, cause in expected.items()} == expected


def test_who_allows_everybody_is_told_that_nothing_is_refused(short_folder):
    words = words_of(_guarded().broken(_everybody), "accessControl", short_folder)
    assert failed(words) == {}
    assert "another identity" not in proved(words)
