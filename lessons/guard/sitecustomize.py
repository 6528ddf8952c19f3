"""Python runs this first where this folder is on PYTHONPATH: the process then has no network.

Whatever the process, or a Python process it starts, tries to reach beyond this machine is refused
and written down, so that an attempt is seen even where the refusal is caught. When it ends, it
writes down how much memory it held at most. Used by lessons/offline.py.
"""

import atexit
import ipaddress
import os
import resource
import socket
import sys
from pathlib import Path


def is_here(host):
    """Whether a host is this machine; None and "" stand for it, numbers are no hosts."""
    if not isinstance(host, str | bytes):
        return True
    name = host.decode() if isinstance(host, bytes) else host
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return name in ("", "localhost", "0.0.0.0", socket.gethostname())


def refuse_the_network(folder):
    def hook(event, arguments):
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            address = arguments[1]
            # A path is a socket in the file system.
            host = address[0] if isinstance(address, tuple) else None
        elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
            host = arguments[0]
        else:
            return
        if not is_here(host):
            with open(folder / "network.log", "a") as log:
                log.write(f"{event} {host}\n")
            raise ConnectionRefusedError(f"There is no network in this test: {event} {host!r}.")

    sys.addaudithook(hook)


def record_memory(folder):
    def write():
        with open(folder / "memory.log", "a") as log:
            log.write(f"{peak_bytes()}\n")

    atexit.register(write)


def peak_bytes():
    try:
        # Where there is /proc, ask it: getrusage counts the process that started this one too.
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes, on macOS


if "MINILLM_GUARD" in os.environ:
    refuse_the_network(Path(os.environ["MINILLM_GUARD"]))
    record_memory(Path(os.environ["MINILLM_GUARD"]))
