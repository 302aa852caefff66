"""The mock provider and the load generator (Go, bench/mock and bench/load), driven from here.

The mock runs as several processes on one port, because a process may hold only so many descriptors; each has a port of its
own for /_mock/, and what they say is added up.
"""
import json, os, subprocess, tempfile, time

from harness.target import HERE, free_port, http, pinned

MOCK_PROCESSES = 2
PROMPT = "Please summarise the following notes for the team and keep every number exactly as it is written. "
DEFAULTS = dict(chunks=200, chunk_bytes=20, delay_us=0, latency_us=0, resp_bytes=600, err429=0, err500=0, batch=1, frag=0,
                cut_after=0, jitter=False, watch=False)


def build(work):
    for name in ("mock", "load"):
        subprocess.run(["go", "build", "-o", os.path.join(work, name), "."], cwd=os.path.join(HERE, name), check=True)


class Mock:
    def __init__(self, settings):
        self.settings = settings
        self.processes = []
        self.admin = []

    def start(self):
        for _ in range(MOCK_PROCESSES):
            admin = f"127.0.0.1:{free_port()}"
            self.processes.append(subprocess.Popen(
                [os.path.join(self.settings.work, "mock"), "-listen", self.settings.mock, "-admin", admin],
                preexec_fn=pinned(self.settings.load_core), start_new_session=True))
            self.admin.append("http://" + admin + "/_mock/")
        for url in self.admin:
            for attempt in range(100):
                try:
                    http("GET", url + "stats", timeout=1)
                    break
                except OSError:
                    time.sleep(0.05)
            else:
                raise SystemExit("the mock did not start")

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait(5)

    def config(self, **changes):
        for url in self.admin:
            http("POST", url + "config", json.dumps({**DEFAULTS, **changes}).encode())

    def stats(self):
        total = {}
        for url in self.admin:
            for key, value in json.loads(http("GET", url + "stats")[1]).items():
                total[key] = total.get(key, 0) + value
        return total

    def closed(self):
        """{stream's id: Unix nanoseconds at which its connection was seen closed}, with "watch" on."""
        seen = {}
        for url in self.admin:
            seen.update(json.loads(http("GET", url + "closed")[1]))
        return seen


def body_file(settings, route, stream, size):
    """A chat request of about that many bytes; its text holds a stream-id that the load generator may fill in."""
    text = "stream-id:000000; " + (PROMPT * (size // len(PROMPT) + 1))[:size]
    body = {"model": route["model"], "messages": [{"role": "system", "content": "You are a careful assistant."},
                                                  {"role": "user", "content": text}], "max_tokens": 512, "temperature": 0.2}
    if stream:
        body.update(stream=True, stream_options={"include_usage": True})
    body.update(route.get("extra", {}))
    handle, path = tempfile.mkstemp(prefix="body-", suffix=".json", dir=settings.work)
    with os.fdopen(handle, "w") as f:
        json.dump(body, f)
    return path


class Load:
    """One run of the load generator: started at once, result() waits for it."""

    def __init__(self, settings, target, route, mode, size=800, body=None, **options):
        self.seconds = options.pop("d")
        command = [os.path.join(settings.work, "load"), "-mode", mode, "-url", target.base + route["path"], "-d", f"{self.seconds}s",
                   "-body", body or body_file(settings, route, mode != "ns", size)]
        for key, value in options.items():
            command += ["-" + key.replace("_", "-"), str(value)]
        for key, value in target.headers(route).items():
            command += ["-H", f"{key}: {value}"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        preexec_fn=pinned(settings.load_core))

    def result(self):
        out, err = self.process.communicate(timeout=self.seconds + 90)
        if self.process.returncode:
            raise RuntimeError("load: " + err[-300:])
        return json.loads(out)
