"""One gateway for all tests of the vendors' SDKs; clients as most of them want it."""
from importlib.metadata import version

import pytest

from lib import report, sdk, vendor_rules
from lib.chat_gateway import FILTERS, ChatGateway, empty_environment


@pytest.fixture(scope="package")
def gateway(tmp_path_factory, authority):
    for name in ("openai", "anthropic", "httpx2", "h2"):
        report.tell("clients in Python", name, version(name))
    certificate, key = authority.cert("localhost")
    h2 = f"""server {{
        listen 127.0.0.1:%PORT_H2% http2; listen 127.0.0.1:%PORT_TLS% ssl http2; http2_max_concurrent_streams 64;
        ssl_certificate {certificate}; ssl_certificate_key {key};
        location /v1/ {{ ai_gateway; ai_auth keys; }} {FILTERS} }}"""
    made = ChatGateway(tmp_path_factory.mktemp("sdk"), server=FILTERS, servers=h2)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def clean(gateway, monkeypatch, tmp_path):
    """Whatever a test asks, no provider gets what its vendor would refuse."""
    empty_environment(monkeypatch, tmp_path)
    gateway.reset()
    yield
    faults = {vendor_rules.fault(kind, request.json) for kind, mock in gateway.mocks.items() for request in mock.requests if request.is_chat}
    assert faults <= {""}


@pytest.fixture
def client(request, gateway):
    """Of the SDK that the file is about: its SDK."""
    with sdk.client(request.module.SDK, gateway) as made:
        yield made
