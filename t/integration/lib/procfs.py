"""What /proc knows about a process: children, memory, CPU, descriptors."""
import os
import pathlib

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    return text[text.rindex(")") + 2:].split()


def children(pid):
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if int(_stat(name)[1]) == pid:
                    found.append(int(name))
            except (OSError, ValueError):
                continue
    return sorted(found)


def title(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def rss_bytes(pid):
    return int(_stat(pid)[21]) * os.sysconf("SC_PAGE_SIZE")


def reset_peak(pid):
    """From now on peak_rss_bytes() counts anew."""
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_rss_bytes(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0]) << 10


def shared_bytes(pid):
    """Of anonymous shared memory, as nginx's zones are."""
    total = 0
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
        span, access, _, _, _, *name = line.split(None, 5)
        if access[3] == "s" and (not name or name[0].startswith("/dev/zero")):
            begin, end = span.split("-")
            total += int(end, 16) - int(begin, 16)
    return total


def cpu_seconds(pid):
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def connections(pid, port):
    """Established TCP connections of a process to or at this port."""
    own = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            own.add(os.readlink(f"/proc/{pid}/fd/{name}"))
        except OSError:
            continue
    count = 0
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        ports = {int(fields[i].split(":")[1], 16) for i in (1, 2)}
        count += fields[3] == "01" and port in ports and f"socket:[{fields[9]}]" in own
    return count


def alive(pid):
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return False
