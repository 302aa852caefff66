"""Every command and every sample of README.md is run, as it stands there but for ports, the module's place and who answers."""
import os
import re
import subprocess
import sys

import pytest

from lib.nginx import ROOT, module_file

README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]
CURLS = [line for line in COMMANDS if line.startswith("curl ")]
OTHERS = [line for line in COMMANDS if not line.startswith("curl ")]


def run(command, cwd, **env):
    return subprocess.run(["bash", "-c", command], cwd=cwd, capture_output=True, text=True, timeout=110, env={**os.environ, **env})


def add_key(folder):
    command = next(line for line in OTHERS if line.startswith("scripts/aigw-key "))
    done = run(f"{ROOT}/{command}", folder)
    assert done.returncode == 0, done.stderr
    return re.search(r"sk-aigw-[\w-]+", done.stdout).group()


@pytest.fixture
def readme_nginx(nginx, mock, tmp_path):
    """The README's configuration as it stands, with the mock in the providers' place."""
    key = add_key(tmp_path)
    text = blocks("nginx")[0]
    assert len(text.splitlines()) == 20
    text = text.replace("modules/ngx_http_aigw_module.so", str(module_file())).replace("127.0.0.1:8080", "127.0.0.1:%PORT%")
    text = text.replace("keys.json", f"{tmp_path}/keys.json")
    text, providers = re.subn(r"(ai_provider \w+\s+\{)", rf"\1 url {mock.url};", text)
    assert providers == 2
    user = "user root;" if os.geteuid() == 0 else ""
    temp = " ".join(f"{kind}_temp_path tmp/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    text = f"{user} daemon off; pid logs/nginx.pid; error_log logs/error.log info;\n" + text
    text = text.replace("http {", f"http {{ {temp} access_log logs/access.log;", 1)
    os.chmod(tmp_path, 0o755)
    ngx = nginx(config=text, env={"OPENAI_API_KEY": "sk-openai", "ANTHROPIC_API_KEY": "sk-anthropic"})
    return ngx, key


def test_curl_commands(readme_nginx, mock):
    ngx, key = readme_nginx
    assert len(CURLS) == 3
    chat, messages, metrics = (run(line.replace("8080", str(ngx.port)), ngx.prefix, AIGW_KEY=key).stdout for line in CURLS)
    assert '"chat.completion"' in chat and "Hello from the mock provider." in chat
    assert '"type":"message"' in messages.replace(" ", "") and "Hello from the mock provider." in messages
    assert "aigw_requests_total" in metrics
    assert [r.headers.get("authorization") for r in mock.requests] == ["Bearer sk-openai"] * 2


def test_failover_as_the_readme_says(readme_nginx, mock):
    ngx, key = readme_nginx
    mock.plan("503", model="gpt-4o")
    answer = run(CURLS[0].replace("8080", str(ngx.port)), ngx.prefix, AIGW_KEY=key).stdout
    assert "Hello from the mock provider." in answer
    assert [r.path for r in mock.requests] == ["/v1/chat/completions"] * 3 + ["/v1/messages"]
    assert mock.last.headers["x-api-key"] == "sk-anthropic"


def test_sdk_sample(readme_nginx):
    ngx, key = readme_nginx
    code = blocks("python")[0].replace("8080", str(ngx.port))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "AIGW_KEY": key}, timeout=60)
    assert done.stdout.splitlines() == ["Hello from the mock provider."] * 2, done.stderr


def test_build_commands():
    for line in OTHERS:
        if line.startswith("cmake "):
            done = run(line, ROOT)
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (ROOT / "build" / "ngx_http_aigw_module.so").exists()


def test_every_other_command_is_known():
    """quickstart has test_quickstart.py; scripts/test is what runs this."""
    tested = ("cmake ", "scripts/aigw-key ")
    assert [line for line in OTHERS if not line.startswith(tested)] == ["scripts/quickstart", "scripts/test"]
    assert all(os.access(ROOT / "scripts" / name, os.X_OK) for name in ("quickstart", "test"))


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target
