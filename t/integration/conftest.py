"""Fixtures: nginx(...) starts a real nginx, check_config(...) runs nginx -t, mock is a provider that can fail in every way,
keys a keys.json, authority our own CA. See lib/ for what each object can do."""
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from lib import faults as faults_lib  # noqa: E402
from lib import nginx as nginx_lib  # noqa: E402
from lib import report as report_lib  # noqa: E402
from lib.chat_gateway import ChatGateway  # noqa: E402
from lib.keys import KeyFile  # noqa: E402
from lib.mock import Mock  # noqa: E402
from lib.tls import Authority  # noqa: E402


# Nothing of the module runs in these, or they build and start things of their own; nor do the coding agents of agents/.
NOT_FOR_ASAN = {"test_frameworks", "test_mock", "test_agent_provider", "test_readme", "test_quickstart", "test_langchain", "test_vendor_rules", "test_programs",
                "test_quota_script"}


def pytest_collection_modifyitems(items):
    for item in items:
        if "agents" not in item.path.parts and item.path.stem not in NOT_FOR_ASAN and not item.get_closest_marker("slow"):
            item.add_marker("asan")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    setattr(item, f"report_{report.when}", report)
    return report


def pytest_sessionfinish(session):
    """What the processes of pytest -n have to tell goes to the one that prints it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["told"] = {"faults": faults_lib.ROWS, "sections": report_lib.SECTIONS}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    told = getattr(node, "workeroutput", {}).get("told", {"faults": [], "sections": {}})
    faults_lib.ROWS += told["faults"]
    for section, rows in told["sections"].items():
        report_lib.SECTIONS.setdefault(section, {}).update(rows)


def pytest_terminal_summary(terminalreporter):
    if faults_lib.ROWS:
        terminalreporter.section("faults and bad input")
        for line in faults_lib.table():
            terminalreporter.write_line(line)
    for section in report_lib.SECTIONS:
        terminalreporter.section(section)
        for line in report_lib.lines(section):
            terminalreporter.write_line(line)


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    """One gateway for all cases of a file: what a case leaves behind is met by the next."""
    folder = tmp_path_factory.mktemp("faults")
    with pytest.MonkeyPatch.context() as patch:
        if not nginx_lib.sanitizing():
            patch.setenv("NGINX_BIN", faults_lib.with_small_stack(folder))
        made = faults_lib.Faults(folder)
        yield made
        made.close()


def failed(request):
    return getattr(request.node, "report_call", None) is not None and request.node.report_call.failed


@pytest.fixture
def nginx(request, tmp_path):
    """nginx(http=…, server=…, …) or nginx(config=WHOLE); every one is stopped, and questioned, at the end."""
    running = []

    def start(config=None, env=None, **parts):
        prefix = tmp_path / f"nginx{len(running) or ''}"
        running.append(nginx_lib.Nginx(prefix, config or nginx_lib.template(**parts), env))
        return running[-1]

    yield start
    if failed(request):
        for one in running:
            print(f"--- {one.prefix}/logs/error.log, the end\n{one.error_log()[-6000:]}")
            one.kill() if one.process.poll() is None else None
        return
    faults = []
    for one in running:
        try:
            one.stop()
        except AssertionError as fault:
            faults.append(str(fault))
    assert not faults, "\n".join(faults)


@pytest.fixture
def check_config(tmp_path):
    """nginx -t: check_config(http=…, …) or check_config(config=WHOLE), a finished process with .returncode and .stderr."""
    def run(config=None, env=None, **parts):
        return nginx_lib.check(tmp_path / "check", config or nginx_lib.template(**parts), env)

    return run


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def mocks(authority):
    """mocks() makes one more provider."""
    made = []

    def make(**options):
        made.append(Mock(authority=authority, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def mock(mocks):
    return mocks()


@pytest.fixture
def gateway(tmp_path):
    """gateway(location=…, …): a ChatGateway of this test's own."""
    made = []

    def make(**parts):
        made.append(ChatGateway(tmp_path, **parts))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def keys(tmp_path):
    os.chmod(tmp_path, 0o755)
    return KeyFile(tmp_path / "keys.json")
