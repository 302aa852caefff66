"""Ways from a client to a provider, and the clients' versions at the end of the run: a test of one says nothing without them."""
import dataclasses
import os

import pytest

from lib import agents, report
from lib.agent_provider import AgentProvider
from lib.chat_gateway import FILTERS, ChatGateway


@pytest.fixture(scope="session", autouse=True)
def tell_versions():
    for name, version in agents.versions().items():
        report.tell("clients in Node", name, version)


@dataclasses.dataclass
class Gateways:
    """One nginx before scripted providers, one before providers that play a coding model."""
    sdk: ChatGateway
    agents: ChatGateway


@pytest.fixture(scope="package")
def gateways(tmp_path_factory):
    folders = [tmp_path_factory.mktemp(name) for name in ("node", "agents")]
    for folder in folders:
        os.chmod(folder, 0o755)
    both = "ai_model both { target anthropic coder; target openai coder; }"
    made = Gateways(ChatGateway(folders[0], server=FILTERS), ChatGateway(folders[1], http=both, server=FILTERS, mock=AgentProvider))
    yield made
    made.sdk.close()
    made.agents.close()
