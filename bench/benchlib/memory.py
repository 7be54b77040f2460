"""Bytes per key and per element: what a server grows by, and what it says that it uses.

Each row is filled into servers of its own, redis-server without persistence: its memory is then
nothing but the data. Mydis keeps its log as always, and the newest of it in memory. That does not
grow with the data: WARM_UP has filled it before the start, and the row IDLE says what it takes.
"""

import contextlib
import dataclasses
import os

from benchlib import contenders, load
from resp_client import Client

MILLION, MANY, FEW = 10, 1, 0.1  # Keys of a row, in multiples of --keys.
_SPACED = " ".join


@dataclasses.dataclass(frozen=True)
class Row:
    """Data of one kind."""
    title: str
    commands: tuple  # One round of filling; `times` rounds.
    times: float  # In multiples of --keys.
    elements: int = 1  # Of one round.
    keys: int = 0  # In all; 0: one per round.
    first: str = ""  # A command before the first round.
    only_ours: bool = False  # redis-server 7.0 does not know it.


def _small(command):
    return f"{command} " + _SPACED(_element(command, i) for i in range(10))


def _element(command, i):
    """The i-th element for a command that adds some."""
    name = command.split(" ")[0]
    return {"HSET": f"field-{i} value-{i}", "ZADD": f"{i * 100} member-{i}",
            "GEOADD": f"1.{1000 + i} 48.{1000 + i} place-{i}"}.get(name, f"member-{i}")


_ENTRY = "field-0 value-0 field-1 value-1"

WARM_UP = (("SET warm:<key> " + "x" * 256,), 500000)  # About 150 MB of log, 1000 keys.
IDLE = "an empty server that has been written to, in all"

ROWS = (
    Row(IDLE, (), 0, keys=1),
    Row("string of 8 bytes", ("SET key:<n> " + "x" * 8,), MILLION),
    Row("string of 32 bytes", ("SET key:<n> " + "x" * 32,), MILLION),
    Row("string of 256 bytes", ("SET key:<n> " + "x" * 256,), MILLION),
    Row("string that is a number", ("SET key:<n> <n>",), MILLION),
    Row("string of 32 bytes with a TTL", ("SET key:<n> " + "x" * 32 + " EX <10000-99999>",), MILLION),
    Row("list of 10", (_small("RPUSH key:<n>"),), MANY, 10),
    Row("hash of 10", (_small("HSET key:<n>"),), MANY, 10),
    Row("set of 10", (_small("SADD key:<n>"),), MANY, 10),
    Row("set of 10 integers", ("SADD key:<n> 1 2 3 4 5 6 7 8 9 10",), MANY, 10),
    Row("sorted set of 10", (_small("ZADD key:<n>"),), MANY, 10),
    Row("geo, 10 places", (_small("GEOADD key:<n>"),), MANY, 10),
    Row("stream of 10 entries", tuple(f"XADD key:<n> {i}-1 {_ENTRY}" for i in range(1, 11)), MANY,
        10),
    Row("HyperLogLog of 10", (_small("PFADD key:<n>"),), MANY, 10),
    Row("HyperLogLog, dense", ("PFADD key:<n> " + _SPACED(["<n>"] + [
        f"{i}" for i in range(2500)]),), FEW / 10, 2501),
    Row("hash of 5, 2 with a TTL", (
        "HSET key:<n> " + _SPACED(f"field-{i} value-{i}" for i in range(5)),
        "HEXPIRE key:<n> 100000 FIELDS 2 field-0 field-1"), MANY, 5, only_ours=True),
    Row("one list", ("RPUSH key member-<n>",), MILLION, keys=1),
    Row("one hash", ("HSET key field-<n> value-<n>",), MILLION, keys=1),
    Row("one set", ("SADD key member-<n>",), MILLION, keys=1),
    Row("one set of integers", ("SADD key <n>",), MILLION, keys=1),
    Row("one sorted set", ("ZADD key <n> member-<n>",), MILLION, keys=1),
    Row("one geo index", ("GEOADD key 1.<10000-99999> 48.<10000-99999> place-<n>",), MILLION, keys=1),
    Row("one stream", (f"XADD key <n>-1 {_ENTRY}",), MILLION, keys=1),
    Row("one stream, all entries pending",
        (f"XADD key <n>-1 {_ENTRY}", "XREADGROUP GROUP g c STREAMS key >"), MILLION, keys=1,
        first="XGROUP CREATE key g $ MKSTREAM"),
    Row("one bitmap, a bit in 8", ("SETBIT key <n>0 1",), MILLION, keys=1),
)


@dataclasses.dataclass
class Growth:
    """What the data takes, in bytes."""
    rss: int
    used: int  # used_memory, as the server reports it.


def _taken(contender, client):
    client.call("MEMORY", "PURGE")  # Allocators keep for a while what is free.
    with open(f"/proc/{contender.pids[0]}/status") as file:
        rss = next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS"))
    info = client.call("INFO", "memory").decode()
    used = next(int(line[12:]) for line in info.splitlines() if line.startswith("used_memory:"))
    return Growth(rss, used)


def measure(row, contender, keys):
    """Fills a fresh server. Gives what it grew by; None if it does not know the commands."""
    with Client("127.0.0.1", contender.port) as client:
        load.fill(contender.port, [WARM_UP], 1000)
        client.call("FLUSHALL")
        if row.first:
            client.call(*row.first.split(" "))
        load.settle(contender.pids)
        before = _taken(contender, client)
        if row.title == IDLE:
            return before
        try:
            load.fill(contender.port, [(row.commands, round(row.times * keys))], keys)
        except RuntimeError:
            if row.only_ours:
                return None
            raise
        load.settle(contender.pids)
        after = _taken(contender, client)
    return Growth(after.rss - before.rss, after.used - before.used)


HEADER = """\
| data | keys | elements | RSS per key | RSS per element | RSS ratio | used_memory per key | used_memory per element | used_memory ratio |
|---|--:|--:|--:|--:|--:|--:|--:|--:|"""


def table_row(row, keys, ours, other):
    """A line of the table: Growth of both sides, `other` may be None."""
    rounds = round(row.times * keys)
    elements = max(1, rounds * row.elements)
    columns = [row.title, f"{row.keys or rounds:,}", f"{elements:,}"]
    for field in ("rss", "used"):
        taken = [side and getattr(side, field) for side in (ours, other)]
        for count in (row.keys or rounds, elements):
            # A key with a million says nothing that an element does not.
            columns.append("-" if count == 1 and elements > 1 else " / ".join(
                "-" if value is None else f"{value / count:,.1f}" for value in taken))
        columns.append(f"**{taken[0] / taken[1]:.2f}**" if taken[1] else "-")
    return "| " + " | ".join(columns) + " |"


def measure_rows(options, folder, rows, show):
    """Measures these rows, and hands each line to show()."""
    for i, row in enumerate(rows):
        growths = []
        for side in ("ours", "other"):
            own = os.path.join(folder, f"memory-{i}-{side}")
            with contextlib.ExitStack() as stack:
                if side == "other":
                    contender = contenders.Redis(own, False)
                elif options.stand_in:
                    contender = contenders.StandIn(own, False)
                else:
                    contender = contenders.Mydis(own, options.mydis_binary)
                stack.callback(contender.close)
                growths.append(measure(row, contender, options.keys))
        if growths[0]:
            show(table_row(row, options.keys, *growths))
