"""What a gateway's processes cost, read from /proc: CPU time and memory of one session (a gateway and all its workers).

CPU time is little disturbed by other work on the machine, which is why it is the figure that is compared; caches and
hyper-threads that others use still show in it, so the harness takes the least of several runs.
"""
import os

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def session_pids(sid):
    """[(pid, fields of /proc/PID/stat after the name)] of every process in the session."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            stat = open(f"/proc/{name}/stat").read()
        except OSError:
            continue
        fields = stat[stat.rindex(")") + 2:].split()
        if int(fields[3]) == sid:
            found.append((int(name), fields))
    return found


def cpu_now(sid):
    """(seconds in ticks with the root's reaped children, {thread: nanoseconds})."""
    ticks, threads = 0, {}
    for pid, fields in session_pids(sid):
        ticks += int(fields[11]) + int(fields[12])
        if pid == sid:
            ticks += int(fields[13]) + int(fields[14])
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                threads[thread] = int(open(f"/proc/{pid}/task/{thread}/schedstat").read().split()[0])
        except OSError:
            pass
    return ticks / TICK, threads


def cpu_between(before, after):
    """Seconds between two cpu_now(): the fine clock, unless a thread ended meanwhile and took its time along."""
    if not before[1] or set(before[1]) - set(after[1]):
        return after[0] - before[0]
    return sum(ns - before[1].get(thread, 0) for thread, ns in after[1].items()) / 1e9


def memory(sid):
    """{"rss_kib", "pss_kib"} of the session."""
    rss = pss = 0
    for pid, fields in session_pids(sid):
        rss += int(fields[21]) * PAGE // 1024
        try:
            for line in open(f"/proc/{pid}/smaps_rollup"):
                if line.startswith("Pss:"):
                    pss += int(line.split()[1])
        except OSError:
            pass
    return {"rss_kib": rss, "pss_kib": pss}


def core_busy(core):
    """Seconds that the core was busy since boot, and the seconds that the hypervisor stole."""
    for line in open("/proc/stat"):
        if line.startswith(f"cpu{core} "):
            ticks = [int(x) for x in line.split()[1:]]
            return (sum(ticks) - ticks[3] - ticks[4]) / TICK, ticks[7] / TICK
    return 0, 0


def workers(sid):
    """The processes below the session's leader: nginx's workers. The leader itself where there are none."""
    children = [pid for pid, fields in session_pids(sid) if pid != sid and int(fields[1]) == sid]
    return children or [sid]
