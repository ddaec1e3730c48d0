"""Where certificates come from: what each source adds to the pod, and that it goes again."""

from pathlib import Path

import pytest
import yaml
from api_schemas import VERSIONS, faults

from sidecarctl.envoy.binary import validate
from sidecarctl.errors import ProfileError
from sidecarctl.inject.eject import eject
from sidecarctl.inject.inject import inject
from sidecarctl.manifest.document import parse
from sidecarctl.profile.profile import load_profile

SHOP = Path(__file__).parents[1] / "fixtures" / "shop.yaml"
_FROM = "sidecars.envoy.certificates.from="
_ISSUER = ["sidecars.envoy.certificates.issuer.name=mesh-ca"]
SOURCES = {
    "secret": [],
    "certificate": _ISSUER,
    "certManagerCsi": _ISSUER,
    "spiffeCsi": [],
    "podCertificate": ["sidecars.envoy.certificates.signer=example.com/spiffe"],
}
_VERSIONS = {"podCertificate": ("1.37",)}


def run(source, version="1.37", *more, text=None):
    sets = [f"{_FROM}{source}", *SOURCES[source], *more]
    profile = load_profile("strict", sets=sets, kubernetes_version=version)
    text = SHOP.read_text(encoding="utf-8") if text is None else text
    result = inject([parse(text, "shop.yaml")], [], profile)
    assert not result.refused
    return result.texts["shop.yaml"][1], result


def documents(text):
    return [each for each in yaml.safe_load_all(text) if each]


def volume(text):
    """Return the volume of certificates of the first workload, and how Envoy mounts it."""
    pod = next(each["spec"]["template"]["spec"] for each in documents(text)
               if "template" in each.get("spec", {}))  # fmt: skip
    (found,) = [each for each in pod["volumes"] if each["name"] == "envoy-certs"]
    envoy = next(each for each in pod["initContainers"] if each["name"] == "envoy")
    (mount,) = [each for each in envoy["volumeMounts"] if each["name"] == "envoy-certs"]
    return found, mount


@pytest.mark.parametrize("source", SOURCES)
def test_it_fits_the_schemas_and_goes_without_a_trace(source):
    before = SHOP.read_text(encoding="utf-8")
    for version in _VERSIONS.get(source, VERSIONS):
        after, _ = run(source, version)
        for each in documents(after):
            assert not faults(each, version)
        again, _ = run(source, version, text=after)
        assert again == after
        assert eject([parse(after, "shop.yaml")]).texts["shop.yaml"][1] == before


@pytest.mark.parametrize("source", SOURCES)
def test_the_whole_folder_is_mounted_read_only(source):
    _, mount = volume(run(source)[0])
    assert mount == {"name": "envoy-certs", "mountPath": "/etc/envoy-certs", "readOnly": True}


@pytest.mark.parametrize("source", [each for each in SOURCES if each != "secret"])
def test_a_secret_is_asked_for_only_where_nobody_makes_it(source):
    assert "secret-needed" in [each.code for each in run("secret")[1].notes]
    assert "secret-needed" not in [each.code for each in run(source)[1].notes]


def test_cert_manager_is_asked_for_a_certificate_of_the_identity():
    text, _ = run("certificate", "1.33", "sidecars.envoy.certificates.issuer.kind=ClusterIssuer")
    found, _ = volume(text)
    certificate = next(each for each in documents(text) if each["kind"] == "Certificate")
    assert certificate["apiVersion"] == "cert-manager.io/v1"
    assert certificate["spec"] == {
        "secretName": found["secret"]["secretName"],
        "issuerRef": {"name": "mesh-ca", "kind": "ClusterIssuer"},
        "uris": ["spiffe://cluster.local/ns/default/sa/shop"],
        "duration": "24h",
        "renewBefore": "8h",
        "usages": ["digital signature", "server auth", "client auth"],
        "privateKey": {
            "algorithm": "ECDSA",
            "size": 256,
            "encoding": "PKCS8",
            "rotationPolicy": "Always",
        },
    }


def test_the_csi_driver_of_cert_manager_makes_files_that_the_proxy_may_read():
    found, _ = volume(run("certManagerCsi")[0])
    assert found["csi"]["driver"] == "csi.cert-manager.io"
    assert found["csi"]["readOnly"] is True
    attributes = found["csi"]["volumeAttributes"]
    assert attributes["csi.cert-manager.io/fs-group"] == "65532"
    assert attributes["csi.cert-manager.io/uri-sans"] == (
        "spiffe://cluster.local/ns/${POD_NAMESPACE}/sa/${SERVICE_ACCOUNT_NAME}"
    )


def test_spire_is_asked_over_its_socket_and_no_key_is_mounted():
    text, _ = run("spiffeCsi", "1.33", "sidecars.envoy.certificates.socket=agent.sock")
    found, _ = volume(text)
    assert found == {"name": "envoy-certs", "csi": {"driver": "csi.spiffe.io", "readOnly": True}}
    config = next(each for each in documents(text) if each["kind"] == "ConfigMap")["data"]
    assert "sds-cert.yaml" not in config
    bootstrap = yaml.safe_load(config["bootstrap.yaml"])
    clusters = {each["name"]: each for each in bootstrap["static_resources"]["clusters"]}
    assert "/etc/envoy-certs/agent.sock" in str(clusters["workload-api"])


def test_spire_is_known_before_what_is_reloaded():
    sets = [f"{_FROM}spiffeCsi", "reload=files"]
    profile = load_profile("strict", sets=sets)
    result = inject([parse(SHOP.read_text(encoding="utf-8"), "shop.yaml")], [], profile)
    maps = [each["data"] for each in documents(result.texts["shop.yaml"][1])
            if each["kind"] == "ConfigMap"]  # fmt: skip
    assert maps
    for files in maps:
        bootstrap = yaml.safe_load(files["bootstrap.yaml"])
        names = [each["name"] for each in bootstrap["static_resources"]["clusters"]]
        (cds,) = [text for name, text in files.items() if name.startswith("cds")]
        reloaded = [each["name"] for each in yaml.safe_load(cds)["resources"]]
        assert "workload-api" in names
        assert "workload-api" not in reloaded
        assert validate(files.pop("bootstrap.yaml"), files).messages == ()


def test_a_pod_certificate_is_one_file_beside_the_bundle_of_its_signer():
    found, _ = volume(run("podCertificate")[0])
    certificate, bundle = found["projected"]["sources"]
    assert certificate["podCertificate"] == {
        "signerName": "example.com/spiffe",
        "keyType": "ECDSAP256",
        "maxExpirationSeconds": 86400,
        "credentialBundlePath": "bundle.pem",
    }
    assert bundle["clusterTrustBundle"] == {
        "signerName": "example.com/spiffe",
        "labelSelector": {"matchLabels": {}},
        "path": "ca.crt",
    }


@pytest.mark.parametrize("version", ["1.29", "1.33", "1.36"])
def test_older_targets_refuse_pod_certificates_by_name(version):
    with pytest.raises(ProfileError) as caught:
        run("podCertificate", version)
    assert str(caught.value) == (
        "envoy.certificates.from: 'podCertificate' needs Kubernetes 1.37 or later, and the target "
        f"is {version}"
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("certificate", "lacks the issuer"),
        ("certManagerCsi", "lacks the issuer"),
        ("podCertificate", "lacks the signer"),
    ],
)
def test_what_a_source_needs_is_asked_for(source, message):
    with pytest.raises(ProfileError) as caught:
        load_profile("strict", sets=[f"{_FROM}{source}"], kubernetes_version="1.37")
    assert message in str(caught.value)


def test_a_source_that_is_not_known_is_named():
    with pytest.raises(ProfileError) as caught:
        load_profile("strict", sets=[f"{_FROM}podcertificate"])
    assert "podCertificate" in f"{caught.value} {caught.value.hint}"
