"""Measures the rows of families.py on two servers in turn."""

import contextlib
import os

from benchlib import contenders, load, measure
from benchlib.rows import fills_of
from benchlib.template import Template
from resp_client import Client

# A family's row takes this share of --seconds: there are many, and processor time needs no more.
SHARE = 0.3
VARIED_POOL = 6000


class Side:
    """A server with a family's data."""

    def __init__(self, contender, family, keys):
        self.contender = contender
        self.name = contender.name
        self.keys = keys
        load.fill(contender.port, fills_of(family, keys), keys)
        self.client = Client("127.0.0.1", contender.port)
        self.values = family.values(self.client) if family.values else {}

    def close(self):
        self.client.close()

    def template(self, row):
        """What this row sends."""
        return Template(row.commands, row.repeat, self.keys, self.values)

    def replies(self, batch):
        with load.connect(self.contender.port) as connection:
            return load.exchange(connection, batch)

    def run(self, row, batches, seconds):
        for command in row.reset:
            self.client.call(*command.split(" "))
        load.settle(self.contender.pids)
        return load.run(self.contender, batches, seconds, row.subscribers)


def compare_replies(row, sides, templates):
    """Both servers do a row's first batch without an error, and answer alike if they should."""
    batch = templates[0].batch()
    others = batch if templates[0] is templates[1] else templates[1].batch()
    replies = [sides[0].replies(batch), sides[1].replies(others)]
    if row.same and replies[0] != replies[1]:
        at = next((i for i, pair in enumerate(zip(*replies)) if pair[0] != pair[1]),
                  min(map(len, replies)))
        parts = [reply[max(at - 60, 0):at + 60] for reply in replies]
        raise RuntimeError(f"the replies differ: {parts[0]!r} and {parts[1]!r}")


def templates_for(row, sides):
    """What each side is sent: the same, but where a value such as RESTORE's is a server's own."""
    first = sides[0].template(row)
    alike = sides[0].values == sides[1].values
    return [first, first if alike else sides[1].template(row)]


def measure_row(row, sides, rounds, seconds):
    """The samples of both sides."""
    templates = templates_for(row, sides)
    compare_replies(row, sides, templates)
    pool = VARIED_POOL if row.varied else load.POOL
    ours = load.Batches(templates[0], row.connections, pool)
    other = ours if templates[0] is templates[1] else \
        load.Batches(templates[1], row.connections, pool)
    return measure.alternate(rounds, lambda: sides[0].run(row, ours, seconds),
                             lambda: sides[1].run(row, other, seconds))


def measure_family(options, folder, family, table):
    """All rows of a family, with servers of its own."""
    folder = os.path.join(folder, family.name)
    with contextlib.ExitStack() as stack:
        sides = []
        ours = contenders.StandIn(folder, True) if options.stand_in else \
            contenders.Mydis(folder, options.mydis_binary)
        stack.callback(ours.close)
        other = contenders.Redis(folder, True)
        stack.callback(other.close)
        for contender in (ours, other):
            sides.append(Side(contender, family, options.keys))
            stack.callback(sides[-1].close)
        for row in family.rows:
            try:
                samples = measure_row(row, sides, options.rounds, options.seconds * SHARE)
            except RuntimeError as error:
                raise RuntimeError(f"{family.name}, {row.title}: {error}") from None
            table.add(row.title, (ours.name, samples[0]), (other.name, samples[1]))
