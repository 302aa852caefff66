"""One gateway under test: an entry of targets.json, started on its own port, in its own session, on its own core.

Words of a command or a configuration in @at-signs@ are filled in: @work@ (the target's scratch folder), @bench@, @module@,
@port@, @listen@ (extra words for nginx's listen), @workers@, @mock@ (host:port), @http@ and @location@ (directives: the entry's
"policies"), @beside@ (the port of the program under "beside", which is started first and has the load generator's core).
Configurations named under "files" are copied into the scratch folder that way.
"""
import json, os, resource, shutil, signal, socket, subprocess, time, urllib.error, urllib.request

from harness import proc

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
READY_SECONDS = 60


def pinned(core):
    """A preexec function: that core only, and as many descriptors as are allowed."""
    def enter():
        os.sched_setaffinity(0, {core})
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return enter


def http(method, url, body=None, headers=None, timeout=10):
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Unavailable(Exception):
    """The target cannot be run here; the text says why."""


class Target:
    def __init__(self, name, entry, settings):
        self.name, self.entry, self.settings = name, entry, settings
        self.process = self.beside = None
        self.port = self.beside_port = None
        self.folder = os.path.join(settings.work, name)

    def fill(self, text, workers=1):
        words = {"work": self.folder, "bench": HERE, "module": self.settings.module, "port": str(self.port),
                 "workers": str(workers), "listen": "reuseport" if workers > 1 else "", "mock": self.settings.mock, "http": "", "location": "",
                 **self.entry.get("policies", {}), "beside": str(self.beside_port)}
        for word, value in words.items():
            text = text.replace("@" + word + "@", value)
        return text

    def route(self, kind):
        return self.entry["routes"].get(kind)

    def headers(self, route):
        return {**self.entry.get("headers", {}), **route.get("headers", {})}

    @property
    def base(self):
        return self.entry.get("base") or f"http://127.0.0.1:{self.port}"

    def write_files(self, workers):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        os.chmod(self.folder, 0o755)
        for name in self.entry.get("files", []):
            with open(os.path.join(HERE, "peers", name)) as source, open(os.path.join(self.folder, name), "w") as copy:
                copy.write(self.fill(source.read(), workers))

    def check(self):
        """Raises Unavailable where it cannot be run here."""
        needs = self.entry.get("needs")
        if needs and not shutil.which(needs):
            raise Unavailable(f"{needs} is not installed")
        self.port, self.beside_port = self.port or free_port(), self.beside_port or free_port()
        self.write_files(1)
        if self.entry.get("check"):
            tried = subprocess.run([self.fill(x) for x in self.entry["check"]], capture_output=True, text=True)
            if tried.returncode:
                raise Unavailable((tried.stderr or tried.stdout).strip().splitlines()[0][:200])

    def start(self, workers=1, wrap=()):
        """Starts it and waits for its first good answer. `wrap`: words before the command (a profiler)."""
        if not self.entry.get("start"):
            return
        self.port, self.beside_port = free_port(), free_port()
        self.write_files(workers)
        self.start_beside()
        command = list(wrap) + [self.fill(x, workers) for x in self.entry["start"]]
        log = open(os.path.join(self.settings.work, self.name + ".log"), "w")
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                        preexec_fn=pinned(self.settings.gateway_core), start_new_session=True)
        until = time.time() + READY_SECONDS
        while time.time() < until and self.process.poll() is None:
            try:
                if self.once()[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        self.stop()
        raise Unavailable(f"did not become ready, see {log.name}")

    def start_beside(self):
        if not self.entry.get("beside"):
            return
        command = [self.fill(x) for x in self.entry["beside"]]
        self.beside = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                       preexec_fn=pinned(self.settings.load_core), start_new_session=True)
        until = time.time() + READY_SECONDS
        while time.time() < until:
            try:
                socket.create_connection(("127.0.0.1", self.beside_port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Unavailable(f"{command[0]} did not start")

    def once(self):
        """One small chat request."""
        route = self.route("openai")
        body = {"model": route["model"], "messages": [{"role": "user", "content": "hello"}]}
        return http("POST", self.base + route["path"], json.dumps(body).encode(),
                    {"Content-Type": "application/json", **self.headers(route)}, 20)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        if self.beside is not None:
            self.beside.kill()
            self.beside.wait(8)
            self.beside = None
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(8)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(8)
        for pid, _ in proc.session_pids(self.process.pid):  # what is left of this session only
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        self.process = None


def load_targets(settings, more=()):
    """{name: Target} of targets.json and further files; later ones win."""
    entries = {}
    for path in [os.path.join(HERE, "targets.json"), *more]:
        with open(path) as f:
            entries.update(json.load(f))
    for name, entry in entries.items():
        if "like" in entry:
            entries[name] = {**entries[entry["like"]], **entry}
    return {name: Target(name, entry, settings) for name, entry in entries.items()}
