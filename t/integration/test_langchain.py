"""LangChain's standard suite for chat models (clients/langchain_suite.py): ChatOpenAI and ChatAnthropic through the gateway, each
against an OpenAI-shaped and an Anthropic-shaped provider, and through an ai_filter location. Every test of the suite passes, or
stands here with its reason."""
import shutil
import xml.etree.ElementTree as tree

import pytest

from lib import programs, report
from lib.chat_gateway import FILTERS, KINDS, ChatGateway
from lib.chat_model import ChatModel
from lib.nginx import ROOT
from lib.sdk import ROUTES

CHAT = {"openai": "ChatOpenAI", "anthropic": "ChatAnthropic"}
FOLDER = ROOT / "t" / "integration" / "clients"
TESTS = 68  # of the suite's 1.1.9; another number means that it has changed
USAGE = {"cached": 5, "cache_write": 3, "reasoning": 2}

# (client, provider or None for both, test): why it does not pass.
TEXT_ONLY = "left out by the suite: a tool message of OpenAI's holds text only"
NO_SOUND = "left out by the suite: Anthropic's messages have no place for sound"
EXCEPTIONS = {
    ("openai", "openai", "TestStandard.test_image_tool_message"): TEXT_ONLY,
    ("openai", "openai", "TestStandard.test_pdf_tool_message"): TEXT_ONLY,
    ("openai", "anthropic", "TestStandard.test_audio_inputs"): NO_SOUND,
    ("anthropic", None, "TestStandard.test_audio_inputs"): NO_SOUND,
    ("anthropic", None, "TestStandard.test_json_mode"): "left out by the suite: ChatAnthropic has no JSON mode",
    ("anthropic", None, "TestOtherMethod.test_structured_output_pydantic_2_v1"):
        "ChatAnthropic's json_schema takes no classes of pydantic 1: a TypeError of its own before anything is sent",
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    others = "".join(f"ai_model other-{kind} {{ target {kind} other-{kind}; }}" for kind in KINDS)
    made = ChatGateway(tmp_path_factory.mktemp("langchain"), http=others, server=FILTERS)
    for mock in made.mocks.values():
        mock.mind = ChatModel(**USAGE)
    yield made
    made.close()


def excused(client, provider, test):
    return EXCEPTIONS.get((client, provider, test)) or EXCEPTIONS.get((client, None, test))


def run_suite(gateway, folder, client, route):
    """How many passed, and of the others {class.test: what it said}."""
    python = programs.python_folder("clients") / "bin" / "python"
    results = folder / "results.xml"
    provider, model = route.kind, "gpt-mock" if client == "openai" else "claude-mock"
    suite = shutil.copy(FOLDER / "langchain_suite.py", folder)  # snapshots of the suite's own are written beside it
    done = programs.run([python, "-m", "pytest", "-q", "-c", FOLDER / "langchain.ini", "--rootdir", folder, f"--junitxml={results}",
                         "--tb=short", "-k", "structured_output or not TestOtherMethod", suite], folder / "home", folder, timeout=110,
                        SUITE_CLIENT=client, SUITE_PROVIDER=provider, SUITE_URL=gateway.nginx.url + route.path("anthropic"), SUITE_KEY=gateway.key,
                        SUITE_MODEL=f"{provider}/{model}", SUITE_OTHER_MODEL=f"other-{provider}")
    assert results.exists(), done.stdout[-6000:] + done.stderr[-3000:]
    assert done.outside == []
    passed, others = 0, {}
    for case in tree.parse(results).getroot().iter("testcase"):
        said = [f"{child.tag}: {child.get('message')}\n{child.text}" for child in case if child.tag in ("failure", "error", "skipped")]
        if said:
            others[f"{case.get('classname').split('.')[-1]}.{case.get('name')}"] = said[0]
        passed += not said
    return passed, others


def judge(gateway, client, route, passed, others):
    provider = route.kind
    complaints = sorted(set(gateway.mocks[provider].mind.complaints))
    gateway.mocks[provider].mind.complaints.clear()
    unexpected = {test: said for test, said in others.items() if not excused(client, provider, test)}
    versions = ", ".join(programs.versions("clients", "langchain-tests", "langchain-openai", "langchain-anthropic"))
    report.tell(f"LangChain's standard tests ({versions})", f"{CHAT[client]} {'through ai_filter' if route.filter else 'to ' + provider}", f"{passed} passed" + "".join(
        f"\n    {test}: {excused(client, provider, test)}" for test in others if test not in unexpected))
    assert not complaints, f"the provider refused requests: {complaints}; {list(unexpected)} did not pass"
    assert not unexpected, f"{len(unexpected)} did not pass:\n" + "\n".join(f"--- {test}\n{said[-3000:]}" for test, said in unexpected.items())


@pytest.mark.parametrize("client, route", [(client, route) for client in CHAT for route in ROUTES[client]], ids=str)
def test_suite(gateway, tmp_path, client, route):
    passed, others = run_suite(gateway, tmp_path, client, route)
    judge(gateway, client, route, passed, others)
    assert passed + len(others) == TESTS
