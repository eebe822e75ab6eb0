"""What the machine tells of a process: its CPU time and its memory; and which core who gets."""

import os
import re
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))
# Envoy has a core for itself; the load and the upstream share another, where there is one.
ENVOY_CORE, LOAD_CORE = CORES[0], CORES[-1]
# Linear memory lies in a reservation of gigabytes, so that V8 needs no checks of bounds.
RESERVED = 1 << 30


def on_core(core, command):
    return on_cores([core], command)


def on_cores(cores, command):
    return ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]


def cpu_ns(pid):
    """What all threads of a process have spent on a CPU, `utime + stime`, but to the nanosecond."""
    spent = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        spent += int((task / "schedstat").read_text().split()[0])
    return spent


def resident(pid):
    """Bytes in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def linear_memories(pid):
    """The sizes of the linear memories of all VMs in a process, bytes."""
    return [end - begin for begin, end in where_linear_memories_are(pid)]


def where_linear_memories_are(pid):
    """Where they begin and end: mappings that can be written to, each with gigabytes right behind it that cannot."""
    mappings = []
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        begin, end, rights, inode = re.match(r"(\w+)-(\w+) (\S+) \S+ \S+ (\d+)", line).groups()
        mappings.append((int(begin, 16), int(end, 16), rights, inode))
    return [
        (begin, end)
        for (begin, end, rights, inode), (next_begin, next_end, next_rights, _) in zip(mappings, mappings[1:])
        if rights == "rw-p" and inode == "0" and next_begin == end
        and next_rights == "---p" and next_end - next_begin >= RESERVED
    ]
