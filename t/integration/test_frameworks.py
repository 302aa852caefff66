"""Frameworks and vendors' clients that nobody here has written (clients/frameworks.py): what their users see through the gateway is
what they would see at the vendor, with a provider of either shape behind."""
import json
import re

import pytest

from lib import programs, report
from lib.chat_gateway import KINDS, ChatGateway
from lib.chat_model import HELLO, ChatModel
from lib.nginx import ROOT

SCRIPT = ROOT / "t" / "integration" / "clients" / "frameworks.py"
PACKAGES = {"litellm": "litellm", "pydantic_ai": "pydantic-ai-slim", "openai_agents": "openai-agents", "instructor": "instructor",
            "mistralai": "mistralai", "llama_index": "llama-index-llms-openai-like"}
WAYS = ["litellm.openai", "litellm.anthropic", "pydantic_ai.openai", "pydantic_ai.responses", "pydantic_ai.anthropic", "openai_agents.openai",
        "openai_agents.responses", "go.openai", "instructor.openai", "instructor.anthropic", "mistralai.mistral", "llama_index.openai"]
GO_MODULES = SCRIPT.parent / "go" / "go.mod"
GO = re.compile(r"openai-go/v\S+ v\S+")
USAGE = {"prompt": 40, "completion": 7}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    made = ChatGateway(tmp_path_factory.mktemp("frameworks"),
                       http="ai_provider mistral { url %OPENAI%; key env:UPSTREAM_KEY; } ai_model mistral/* { target mistral *; }")
    for mock in made.mocks.values():
        mock.mind = ChatModel(**USAGE)
    yield made
    made.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_says_streams_and_calls(gateway, tmp_path, way, kind):
    name = way.split(".")[0]
    client = [programs.python_folder("go") / "openai"] if name == "go" else [programs.python_folder("frameworks") / "bin" / "python", SCRIPT, way]
    gateway.mocks[kind].mind.beyond = ("prefix",) if way == "mistralai.mistral" else ()
    model = f"{'mistral' if way == 'mistralai.mistral' and kind == 'openai' else kind}/mock"
    done = programs.run(client, tmp_path / "home", tmp_path, timeout=100, FRAMEWORK_URL=gateway.nginx.url, FRAMEWORK_KEY=gateway.key,
                        FRAMEWORK_MODEL=model, LITELLM_LOCAL_MODEL_COST_MAP="True", OPENAI_API_KEY=gateway.key)
    mind = gateway.mocks[kind].mind
    complaints, mind.complaints = mind.complaints, []
    assert not complaints
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    assert done.outside == []
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["calls"] and set(map(str, seen["calls"])) == {str({"city": "Paris"})}
    words = "Paris" if name == "instructor" else HELLO
    assert (seen["plain"], seen["stream"], seen["last"]) == (words, words, words)
    assert seen["usage"] == [USAGE["prompt"], USAGE["completion"]]
    version = GO.search(GO_MODULES.read_text())[0] if name == "go" else programs.versions("frameworks", PACKAGES[name])[0]
    report.tell("frameworks", f"{way} to {kind}", version)
