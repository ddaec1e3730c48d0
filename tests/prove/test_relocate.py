"""What would lead proofs astray is changed for the run, and said."""

from harness.proxy import outbound
from prove.proving import failed, proved, rendered, words_of


def test_calls_that_are_split_and_mirrored_are_proved_at_the_server_itself(tmp_path):
    there = {"host": "127.0.0.1", "port": 81}
    variants = [{"name": "canary", "weight": "50%", **there}]
    mirror = {"percentage": "100%", **there}
    splits = [{"of": "orders", "variants": variants, "mirror": mirror}]
    concerns = {"retries": {}, "trafficSplit": {"splits": splits}}
    config = rendered([outbound(80, name="egress-orders")], concerns)
    words = words_of(config, "retries", tmp_path)
    assert failed(words) == {}
    assert proved(words)
