"""Files that the settings name and that are not there: told with 78 before anybody is called."""

from __future__ import annotations

import subprocess

import factories
import pytest
from gateways import needs

NOWHERE = "/nowhere/file.pem"


def put(gateway, table, line, more=""):
    """Put a line into a table of the configuration, made where it is not there, and more after."""
    text = gateway.site.config.read_text()
    if f"{table}\n" not in text:
        text += f"{table}\n"
    gateway.site.config.write_text(text.replace(f"{table}\n", f"{table}\n{line}\n") + more)


def complaint(result):
    assert result.code == 78, result
    (text,) = {line["text"] for line in result.lines if line["status"] == "error"}
    return text


@pytest.mark.parametrize(
    ("table", "line", "setting"),
    [
        ("[redcap]", 'certificates = "{}"', "redcap.certificates"),
        ("[receiver]", 'tls_port = 2762\ntls_key = "{}"\ntls_certificate = "{}"', "receiver.tls_c"),
        ("[receiver]", 'web_port = 8443\nweb_token_file = "{}"', "the secret"),
        ("[pacs.research]", 'tls = true\ntls_trusted = "{}"', "pacs.research.tls_trusted"),
        ("[pacs.research]", 'tls = true\ntls_key = "{}"', "pacs.research.tls_key"),
        ("[pacs.research]", 'web_token_file = "{}"', "the secret"),
        ("[mail]", 'certificates = "{}"', "mail.certificates"),
        ("[notify.ann]", 'address = "a@b.example"\n[mail]\npassword_file = "{}"', "the secret"),
        ("[slides]", 'coupling_list = "{}"', "slides.coupling_list"),
        (
            "[destinations.site]",
            'host = "h"\nuser = "u"\npassword_file = "{password}"\nhost_key_file = "{}"',
            "destinations.site.host_key_file",
        ),
    ],
)
def test_check_config_tells_a_file_that_is_not_there_without_calling_anybody(
    a_tree, table, line, setting
):
    password = a_tree.site.folder / "secrets" / "incoming"
    put(a_tree, table, line.replace("{password}", str(password)).replace("{}", NOWHERE))
    told = complaint(a_tree.site.run("check-config"))
    assert NOWHERE in told
    assert setting in told


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize(
    "command", [("populate-incoming",), ("assign", "--list"), ("check-config",)]
)
def test_what_calls_redcap_tells_that_its_authorities_cannot_be_had(
    a_tree, tmp_path, command, is_there
):
    path = tmp_path / "authorities.pem"
    if is_there:
        path.write_text("no certificates\n")
    a_tree.receive(factories.Study("authorities").instance())
    assert a_tree.site.run("process").code == 0
    a_tree.settle()
    put(a_tree, "[redcap]", f'certificates = "{path}"')
    told = complaint(a_tree.site.run(*command))
    assert f"redcap.certificates: {path}" in told
    assert ("holds no certificates" if is_there else "is not there") in told


def test_the_receiver_names_the_file_that_is_not_there(a_tree):
    put(a_tree, "[receiver]", f'tls_port = 2762\ntls_certificate = "{NOWHERE}"\ntls_key = "x"')
    told = complaint(a_tree.site.run("storescpd"))
    assert f"receiver.tls_certificate: {NOWHERE} is not there" in told


@pytest.mark.parametrize("table", ["receiver", "pacs.research"])
@pytest.mark.parametrize(
    ("made", "days", "told"),
    [("now", 30, ""), ("now", 3, "expires on"), ("10 days ago", 2, "expired on")],
)
def test_check_config_tells_before_a_certificate_of_ours_expires(
    a_tree, tmp_path, table, made, days, told
):
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=gateway"]
    words += ["-days", str(days), "-keyout", tmp_path / "own.key", "-out", tmp_path / "own.pem"]
    then = [needs("faketime", "faketime"), made, needs("openssl", "openssl")]
    subprocess.run([*then, *words], check=True, capture_output=True)
    key, certificate = f"{tmp_path}/own.key", f"{tmp_path}/own.pem"
    more = "tls = true" if table == "pacs.research" else "tls_port = 2762"
    put(a_tree, f"[{table}]", f'{more}\ntls_key = "{key}"\ntls_certificate = "{certificate}"')
    result = a_tree.site.run("check-config", "-q")
    if not told:
        assert result.code == 0
        return
    text = complaint(result)
    assert f"{table}.tls_certificate {told} 20" in text
    assert "renew it" in text
