"""What both commands (bench/run, bench/profile) have in common: options, the scratch folder, the mock."""
import contextlib, os, tempfile

from harness import tools
from harness.target import HERE, free_port, load_targets


def add_options(parser):
    parser.add_argument("--seconds", type=float, default=3, help="length of one measurement (default %(default)s)")
    parser.add_argument("--gateway-core", type=int, default=0, help="the gateway's core (default %(default)s)")
    parser.add_argument("--load-core", type=int, default=1, help="the core of mock and load generator (default %(default)s)")
    parser.add_argument("--targets", action="append", default=[], metavar="FILE", help="more targets (JSON), later ones win")
    parser.add_argument("--work", default=os.path.join(tempfile.gettempdir(), f"aigw-bench-{os.getuid()}"), help="scratch folder")
    parser.add_argument("--module", default=os.path.join(HERE, "..", "build", "ngx_http_aigw_module.so"), help="the module under test")


@contextlib.contextmanager
def bench(settings):
    """(targets, mock), with the mock running."""
    settings.work, settings.module = os.path.abspath(settings.work), os.path.abspath(settings.module)
    settings.mock = f"127.0.0.1:{free_port()}"
    os.makedirs(settings.work, exist_ok=True)
    os.chmod(settings.work, 0o755)
    tools.build(settings.work)
    mock = tools.Mock(settings)
    try:
        mock.start()
        yield load_targets(settings, settings.targets), mock
    finally:
        mock.stop()
