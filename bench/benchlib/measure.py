"""One measurement of one server: load, rates, latencies, and the processor time the server took."""

import csv
import dataclasses
import io
import json
import socket
import subprocess
import time

KEYS = 100000


@dataclasses.dataclass
class Sample:
    """What one run gave. Latencies in milliseconds, of a whole pipeline where there is one."""
    per_second: float
    p50: float
    p99: float
    cpu_per_million: float  # Seconds of all threads of all servers, user and system.


def processor_seconds(pids):
    """Seconds that these processes have run, all threads, user and system."""
    # The clock of another process (what clock_getcpuclockid gives): /proc counts in 10 ms.
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def alternate(rounds, ours, other):
    """Calls both by turns, each first in every second round. Gives both lists of samples."""
    samples = ([], [])
    for i in range(rounds):
        for side in ((0, 1), (1, 0))[i % 2]:
            samples[side].append((ours, other)[side]())
    return samples


def fill(port, size):
    """Sets every key that redis-benchmark may ask for."""
    value = b"x" * size
    chunk = 1000
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        replies = connection.makefile("rb")
        for start in range(0, KEYS, chunk):
            commands = [b"*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n$%d\r\n%s\r\n" % (i, size, value)
                        for i in range(start, start + chunk)]
            connection.sendall(b"".join(commands))
            for _ in range(chunk):
                reply = replies.readline()
                if reply != b"+OK\r\n":
                    raise RuntimeError(f"SET answered {reply!r}")


def redis_benchmark(contender, command, connections, pipeline, size, requests):
    """Runs redis-benchmark with so many requests."""
    arguments = ["redis-benchmark", "-p", str(contender.port), "-t", command, "-n", str(requests),
                 "-c", str(connections), "-P", str(pipeline), "-d", str(size), "-r", str(KEYS),
                 "--csv"]
    before = processor_seconds(contender.pids)
    done = subprocess.run(arguments, capture_output=True, text=True)
    cpu = processor_seconds(contender.pids) - before
    rows = [row for row in csv.DictReader(io.StringIO(done.stdout)) if row.get("rps")]
    if done.returncode != 0 or not rows:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
    row = rows[-1]
    return Sample(float(row["rps"]), float(row["p50_latency_ms"]), float(row["p99_latency_ms"]),
                  cpu / requests * 1e6)


def requests_for(contender, command, connections, pipeline, size, seconds):
    """How many requests take about so many seconds."""
    trial = max(2000, connections * pipeline * 20)
    for _ in range(2):
        rate = redis_benchmark(contender, command, connections, pipeline, size, trial).per_second
        trial = max(connections * pipeline * 4, int(rate * seconds))
    return trial


def etcd_load(binary, contender, endpoints, clients, connections, size, seconds):
    """Runs bench/etcd_load for so many seconds."""
    arguments = [binary, "-endpoints", ",".join(endpoints), "-clients", str(clients),
                 "-connections", str(connections), "-seconds", str(seconds), "-warmup", "0",
                 "-size", str(size), "-keys", str(KEYS)]
    before = processor_seconds(contender.pids)
    done = subprocess.run(arguments, capture_output=True, text=True)
    cpu = processor_seconds(contender.pids) - before
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip()}")
    result = json.loads(done.stdout)
    if result["errors"] or not result["operations"]:
        raise RuntimeError(f"etcd refused {result['errors']} puts: {done.stderr.strip()}")
    return Sample(result["per_second"], result["p50_ms"], result["p99_ms"],
                  cpu / result["operations"] * 1e6)
