"""Results as Markdown: medians, ratios and the facts of the machine they hold for."""

import datetime
import os
import platform
import statistics
import subprocess
import time


def median(samples, field):
    return statistics.median(getattr(sample, field) for sample in samples)


def _rate(value):
    return f"{value:,.0f}"


def _spread(samples):
    """Half the distance of the extreme rates, in per cent of the median."""
    rates = [sample.per_second for sample in samples]
    return f"±{(max(rates) - min(rates)) / 2 / statistics.median(rates) * 100:.0f} %"


def row(title, ours, other):
    """A line of the table: `ours` and `other` are (name, samples)."""
    columns = [title, other[0]]
    rates = [median(side[1], "per_second") for side in (ours, other)]
    columns += [f"{_rate(rates[0])} {_spread(ours[1])}", f"{_rate(rates[1])} {_spread(other[1])}",
                f"**{rates[0] / rates[1]:.2f}**"]
    for field in ("p50", "p99"):
        columns.append(" / ".join(f"{median(side[1], field):.3f}" for side in (ours, other)))
    cpu = [median(side[1], "cpu_per_million") for side in (ours, other)]
    columns.append(" / ".join(f"{value:.2f}" for value in cpu))
    columns.append(f"{cpu[0] / cpu[1]:.2f}" if cpu[1] else "-")
    return "| " + " | ".join(columns) + " |"


HEADER = """\
| measurement | against | Mydis /s | other /s | ratio | p50 ms | p99 ms | CPU s per million | CPU ratio |
|---|---|--:|--:|--:|--:|--:|--:|--:|"""


def _first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True)
        return (done.stdout or done.stderr).strip().splitlines()[0]
    except (OSError, IndexError):
        return "unknown"


def _cpu_model():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _memory():
    with open("/proc/meminfo") as file:
        kib = int(file.readline().split()[1])
    return f"{kib / 1024 / 1024:.0f} GiB"


def sync_write_us(folder, count=300):
    """Median of writing 4 KiB durably into a file that has its blocks, in microseconds."""
    path = os.path.join(folder, "sync-probe")
    block = b"x" * 4096
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(file, block * count, 0)
        os.fsync(file)
        times = []
        for i in range(count):
            start = time.perf_counter()
            os.pwrite(file, block, i * len(block))
            os.fdatasync(file)
            times.append(time.perf_counter() - start)
    finally:
        os.close(file)
        os.unlink(path)
    return statistics.median(times) * 1e6


def machine_facts(folder, binary):
    """A Markdown list of what the numbers depend on."""
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    disk = " ".join(_first_line("findmnt", "-no", "FSTYPE,SOURCE", "-T", folder).split())
    facts = [
        f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, commit "
        f"{_first_line('git', '-C', root, 'rev-parse', '--short', 'HEAD')}",
        f"{os.cpu_count()} × {_cpu_model()}, {_memory()}, Linux {platform.release()}",
        f"data on {disk}; a durable write of 4 KiB takes {sync_write_us(folder):.0f} µs (median)",
        f"load average at the start {os.getloadavg()[0]:.2f}; servers and load on the same cores",
        _first_line("redis-server", "--version").partition(" malloc")[0],
        _first_line("etcd", "--version"),
        _first_line(binary, "--version") if binary else "redis-server in the place of Mydis",
    ]
    return "\n".join(f"- {fact}" for fact in facts)
