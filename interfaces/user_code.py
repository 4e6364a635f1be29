"""What processes that run user code get of this one."""

import os
import resource

# User code never sees a broker's key or a setting.
PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "PYTHONHASHSEED",
    "LD_LIBRARY_PATH",
    # by which `make coverage` measures these processes, too; without coverage.py nobody reads it
    "COVERAGE_PROCESS_CONFIG",
)


def scrubbed_environment() -> dict[str, str]:
    """Return the environment for a process that runs user code."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}


def limit_memory(megabytes: int) -> None:
    """Let code that eats memory fail by itself, in this process: it is to take nobody else's."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, most))
