"""A real nginx with the module, in a prefix of its own on free loopback ports.

A configuration is either made of parts (main, events, http, server, servers) or given whole; in both, %PORT%, %PORT2%,
%PORT_ANY% become free ports, %PREFIX% the prefix, %MODULE% the module's file. The environment says what runs:
NGINX_BIN (default /usr/sbin/nginx), AIGW_MODULE_SO (default build/ngx_http_aigw_module.so), AIGW_ASAN=1 (the module is
a sanitizer build: its runtimes are preloaded).

stop() is where a test's silent faults come out: alerts, sanitizer reports, leaked contexts, a worker that won't exit.
"""
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

from . import canary, ports, procfs
from .wait import wait_until

ROOT = pathlib.Path(__file__).parents[3]
EXIT_SECONDS = 5
FAULT = re.compile(r"\[(alert|crit|emerg)\]|AddressSanitizer|LeakSanitizer|runtime error:|terminate called|exited on signal|process \d+ exited with code [1-9]")
AI_VARIABLES = (
    "ai_key_id ai_team ai_user ai_project ai_env ai_model ai_stream ai_provider ai_upstream_model ai_attempts "
    "ai_prompt_tokens ai_completion_tokens ai_cached_tokens ai_reasoning_tokens ai_total_tokens ai_usage_source ai_ttft "
    "ai_tpot ai_overhead_time ai_finish_reason ai_stream_end ai_dropped ai_error").split()
CORE_VARIABLES = (
    "request_method request_uri status body_bytes_sent request_time request_id upstream_addr upstream_status "
    "upstream_response_time request_completion").split()


def binary():
    return os.environ.get("NGINX_BIN", "/usr/sbin/nginx")


def module_file():
    return pathlib.Path(os.environ.get("AIGW_MODULE_SO", ROOT / "build" / "ngx_http_aigw_module.so")).resolve()


@functools.cache
def version():
    """(1, 22, 1) of the nginx that runs."""
    said = subprocess.run([binary(), "-v"], check=True, capture_output=True, text=True).stderr
    return tuple(int(part) for part in re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", said).groups())


def listen_http2(mark="%PORT2%"):
    """Lines of a server block: one more port, where HTTP/2 is understood without TLS."""
    return f"listen 127.0.0.1:{mark}; http2 on;" if version() >= (1, 25, 1) else f"listen 127.0.0.1:{mark} http2;"


def sanitizing():
    return os.environ.get("AIGW_ASAN") == "1"


@functools.cache
def _sanitizer_runtimes():
    names = ("libasan.so", "libubsan.so", "libstdc++.so.6")
    found = [subprocess.run(["g++", f"-print-file-name={name}"], check=True, capture_output=True, text=True) for name in names]
    return ":".join(str(pathlib.Path(done.stdout.strip()).resolve()) for done in found)


def environment(prefix, extra=None):
    env = {**os.environ, **(extra or {})}
    if sanitizing():
        log = pathlib.Path(prefix) / "logs" / "sanitizer"
        env["LD_PRELOAD"] = _sanitizer_runtimes()
        env["ASAN_OPTIONS"] = f"detect_odr_violation=0:abort_on_error=0:log_path={log}"
        env["LSAN_OPTIONS"] = f"suppressions={ROOT / 't' / 'lsan.supp'}:print_suppressions=0"
        env["UBSAN_OPTIONS"] = f"print_stacktrace=1:log_path={log}"
    return env


@functools.cache
def directive_exists(name):
    """Whether the module has a directive of that name; asked once, by nginx -t."""
    prefix = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"aigw-probe-{os.getpid()}"
    try:
        found = check(prefix, f"load_module %MODULE%;\nevents {{}}\nhttp {{ server {{ location / {{ {name} ; }} }} }}\n")
    finally:
        shutil.rmtree(prefix, ignore_errors=True)
    return "unknown directive" not in found.stderr


def template(main="", events="", http="", server="", servers="", workers=1, log_variables=(), error_level="info"):
    """A whole configuration from its parts. Port %PORT% is the server's; %PORT_METRICS% answers ai_metrics."""
    fields = ",".join(f'"{name}":"${name}"' for name in (*CORE_VARIABLES, *log_variables))
    metrics = "server { listen 127.0.0.1:%PORT_METRICS%; access_log off; location = /metrics { ai_metrics; } }"
    own_server = f"server {{ listen 127.0.0.1:%PORT%; {server} }}" if server else ""
    user = "user root;" if os.geteuid() == 0 else ""
    return f"""load_module %MODULE%;
{user}
daemon off;
worker_processes {workers};
pid logs/nginx.pid;
error_log logs/error.log {error_level};
{main}
events {{ worker_connections 4096; {events} }}
http {{
    client_body_temp_path tmp/body; proxy_temp_path tmp/proxy; fastcgi_temp_path tmp/fastcgi;
    uwsgi_temp_path tmp/uwsgi; scgi_temp_path tmp/scgi;
    log_format fields escape=json '{{{fields}}}';
    access_log logs/access.log fields;
    {http}
    {own_server}
    {servers}
    {metrics if directive_exists("ai_metrics") else ""}
}}
"""


def fill_in(text, prefix, taken=None):
    """Replaces the %NAME% marks; `taken` keeps ports over several fillings (a reload)."""
    known = {} if taken is None else taken

    def value(match):
        name = match.group(1)
        if name == "PREFIX":
            return str(prefix)
        if name == "MODULE":
            return str(module_file())
        if name not in known:
            known[name] = ports.free_port()
        return str(known[name])

    return re.sub(r"%(PREFIX|MODULE|PORT\w*)%", value, text), known


def _make_prefix(prefix):
    for folder in ("logs", "tmp"):
        (prefix / folder).mkdir(parents=True, exist_ok=True)


def check(prefix, config, env=None):
    """nginx -t of a whole configuration: the finished process, its messages in .stderr."""
    prefix = pathlib.Path(prefix)
    _make_prefix(prefix)
    text, _ = fill_in(config, prefix)
    path = prefix / "check.conf"
    path.write_text(text)
    return subprocess.run([binary(), "-t", "-p", prefix, "-c", path, "-e", "stderr"], capture_output=True, text=True,
                          env=environment(prefix, {"ASAN_OPTIONS": "detect_leaks=0"} | (env or {})), timeout=60)


class Nginx:
    def __init__(self, prefix, config, env=None):
        self.prefix = pathlib.Path(prefix)
        self.may_log_prompts = False
        self.allowed = []  # regular expressions: faults in the error log that this test means to cause
        self.context_check = directive_exists("ai_metrics") and "%PORT_METRICS%" in config
        _make_prefix(self.prefix)
        self.ports = {}
        self._config = self.prefix / "nginx.conf"
        self.write_config(config)
        self._stderr = open(self.prefix / "logs" / "stderr.log", "w+")
        canary.environment(env)
        self._env = environment(self.prefix, env)
        self.process = subprocess.Popen([binary(), "-p", self.prefix, "-c", self._config, "-e", "stderr"],
                                        stdout=self._stderr, stderr=self._stderr, env=self._env, cwd=self.prefix)
        self._wait_for_start()

    # ---- life

    def write_config(self, config):
        text, self.ports = fill_in(config, self.prefix, self.ports)
        self._config.write_text(text)

    def _wait_for_start(self):
        listening = {int(port) for port in re.findall(r"listen\s+127\.0\.0\.1:(\d+)", self._config.read_text())}

        def started():
            if self.process.poll() is not None:
                raise AssertionError(f"nginx did not start:\n{self.stderr()}{self.error_log()}")
            return self.worker_pids() and all(ports.is_listening(port) for port in listening)

        wait_until(started, timeout=20, what="nginx listening")

    def reload(self, config=None, wait=True):
        """SIGHUP, with another configuration if given. Returns the old workers' pids once new ones have taken over."""
        old = self.worker_pids()
        if config is not None:
            self.write_config(config)
        self.process.send_signal(signal.SIGHUP)
        if wait:
            wait_until(lambda: any(pid not in old for pid in self.worker_pids()), timeout=20, what="new workers")
        return old

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """For a test that failed: away with it, no questions."""
        for pid in (self.process.pid, *self.worker_pids(also_exiting=True)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self._stderr.close()

    def stop(self):
        """The graceful end, with all its questions asked. Harmless the second time."""
        if self._stderr.closed:
            return
        faults = []
        if self.process.poll() is None:
            faults += self._context_faults()
            faults += canary.faults("ai_metrics", (self.metrics() or "").encode()) if self.context_check else []
            workers = self.worker_pids(also_exiting=True)
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(EXIT_SECONDS * (4 if sanitizing() else 1))
            except subprocess.TimeoutExpired:
                faults.append(f"no graceful exit in {EXIT_SECONDS} s; still there: {[p for p in workers if procfs.alive(p)]}")
        self.kill() if self.process.poll() is None else self._stderr.close()
        if self.process.returncode not in (0, -signal.SIGKILL):
            faults.append(f"nginx exited with {self.process.returncode}")
        faults += self.log_faults()
        for log in sorted((self.prefix / "logs").glob("*.log")):
            faults += canary.faults(log.name, log.read_bytes(), prompts=not self.may_log_prompts)
        assert not faults, "nginx ended badly:\n" + "\n".join(faults)

    # ---- what it says

    def stderr(self):
        return (self.prefix / "logs" / "stderr.log").read_text(errors="replace")

    def error_log(self):
        path = self.prefix / "logs" / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def access_log(self):
        path = self.prefix / "logs" / "access.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def access(self, count=None, timeout=5):
        """The access log's entries as dicts; with `count`, once at least that many are there."""
        def entries():
            return [json.loads(line) for line in self.access_log().splitlines()]

        if count is not None:
            wait_until(lambda: len(self.access_log().splitlines()) >= count, timeout, f"{count} access log lines")
        return entries()

    def log_faults(self):
        """Lines no test may leave behind, but for the ones it allowed."""
        text = self.error_log() + self.stderr()
        for report in sorted((self.prefix / "logs").glob("sanitizer*")):
            text += f"{report.name}: runtime error: see below\n{report.read_text(errors='replace')}"
        lines = text.splitlines()
        bad = [i for i, line in enumerate(lines) if FAULT.search(line) and not any(re.search(p, line) for p in self.allowed)]
        return ["\n".join(lines[i:i + (25 if sanitizing() else 1)]) for i in bad[:10]]

    def metrics(self):
        """The Prometheus text, or None where nothing answers ai_metrics."""
        if "PORT_METRICS" not in self.ports:
            return None
        from .client import get
        return get(self.ports["PORT_METRICS"], "/metrics").body.decode()

    def contexts(self):
        """Requests that the module holds now, over all workers; None if it doesn't tell."""
        found = re.search(r"^aigw_contexts(?:\{[^}]*\})?\s+(\d+)", self.metrics() or "", re.M)
        return int(found.group(1)) if found else None

    def _context_faults(self):
        if not self.context_check or self.contexts() is None:
            return []
        try:
            wait_until(lambda: self.contexts() == 0, timeout=3)  # another worker tells it once a second
        except AssertionError:
            return [f"{self.contexts()} requests are still held by the module"]
        return []

    # ---- where it is

    @property
    def port(self):
        return self.ports["PORT"]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def worker_pids(self, also_exiting=False):
        children = procfs.children(self.process.pid)
        pids = [pid for pid in children if procfs.title(pid).startswith("nginx: worker process")]
        return pids if also_exiting else [pid for pid in pids if "shutting down" not in procfs.title(pid)]

    def rss_bytes(self):
        return sum(procfs.rss_bytes(pid) for pid in self.worker_pids(also_exiting=True))

    def cpu_seconds(self):
        return sum(procfs.cpu_seconds(pid) for pid in self.worker_pids(also_exiting=True))

    def descriptors(self):
        return sum(procfs.descriptors(pid) for pid in self.worker_pids(also_exiting=True))
