"""How a worker is named in the rows that it works on, and whether the process behind a name is gone."""

from __future__ import annotations

import os
import secrets
import socket


def my_name() -> str:
    """host:process id:random, so that a process id used again (after a restart of a container) is another worker."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_gone(name: str) -> bool:
    """Whether the worker certainly ended. A worker on another machine is not known to be gone."""
    host, process_id, _ = name.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    return int(process_id) == os.getpid() or not _process_lives(int(process_id))


def _process_lives(process_id: int) -> bool:
    """Whether a process of this machine may be alive; always True on Windows, where asking would end it."""
    if os.name == "nt":
        return True
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
