"""A plaintext client reaches a real PostgreSQL by the mutual TLS of the proxy, and no other way."""

import shutil
import subprocess

import pytest
from harness.certificates import Authority, spiffe
from harness.postgres import postgres
from harness.proxy import outbound, proxied

_QUERY = "select ssl, version, client_dn from pg_stat_ssl where pid = pg_backend_pid()"


def _ask(port, *, mode="disable"):
    address = f"host=127.0.0.1 port={port} dbname=postgres user=workload sslmode={mode}"
    command = ["psql", "-XAt", f"{address} connect_timeout=10", "-c", _QUERY]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.skipif(not shutil.which("psql"), reason="no psql here")
def test_a_plaintext_client_reaches_postgres_by_mutual_tls(tmp_path):
    ours, rogue = Authority(), Authority("rogue")
    with postgres(ours.leaf(dns=("localhost",))) as port:
        values = {"name": "db", "protocol": "postgres", "tls": "mutual"}
        for leaf, reached in (
            (ours.leaf(spiffe("web", "prod")), True),
            (rogue.leaf(spiffe("web", "prod"), trusted=ours.certificate), False),
        ):
            listener = outbound(port, "tcp", target_host="localhost", tls="mutual",
                                sni="localhost", values=values)  # fmt: skip
            with proxied([listener], {"egress": {}}, root=tmp_path / str(reached), leaf=leaf):
                found = _ask(listener.port)
            assert (found.returncode == 0) is reached, found.stderr
            if reached:
                assert found.stdout.strip() == "t|TLSv1.3|/CN=workload"
        for mode in ("disable", "require"):  # without a certificate
            assert _ask(port, mode=mode).returncode != 0
