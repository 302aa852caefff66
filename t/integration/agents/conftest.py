"""The clients' versions, at the end of the run: a test of a client says nothing without them."""
import pytest

from lib import agents, report


@pytest.fixture(scope="session", autouse=True)
def tell_versions():
    for name, version in agents.versions().items():
        report.tell("clients in Node", name, version)
