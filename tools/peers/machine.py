"""What a run was measured on and with."""

import os
import platform
import re
import subprocess
from pathlib import Path

REQUIREMENTS = ["rasteret", "rasterio", "async-geotiff", "duckdb"]


def describe() -> dict:
    """CPU model, cores, memory and system: nothing that tells one machine of a kind from another."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory() / 1e9),
        "system": platform.system(),
        "load_at_the_end": round(os.getloadavg()[0], 1),
    }


def cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
        return re.search(r"^model name\s*: (.+)$", text, re.MULTILINE).group(1)
    except (OSError, AttributeError):
        return platform.processor() or platform.machine()


def memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def versions(root: Path) -> dict:
    """Versions of the peers, by what is pinned, and of this project."""
    found = {}
    for name in REQUIREMENTS:
        pins = (root / f"tools/peers/requirements-{name}.txt").read_text()
        found[name] = re.search(rf"^{name}==(\S+)", pins, re.MULTILINE).group(1)
    found["rustc"] = output(["rustc", "--version"], root).removeprefix("rustc ").split(" ")[0]
    found["rasteret (Rust)"] = output(["git", "describe", "--always", "--dirty"], root)
    return found


def output(command: list[str], folder: Path) -> str:
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
