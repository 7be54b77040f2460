"""What is measured of each family of commands: the shape of the records."""

import dataclasses

PIPELINE = 64


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table: a sequence of commands that connections send in pipelines."""
    title: str
    commands: tuple  # As template.py reads them. What is counted is the whole sequence.
    same: bool = True  # Both servers give exactly the same replies, from the family's data on.
    pipeline: int = PIPELINE  # Commands of a batch, about.
    connections: int = 50
    reset: tuple = ()  # Commands before each round, so that what grows begins anew.
    varied: bool = False  # No value is written again that is there already: many batches.
    subscribers: int = 0  # Connections that hear "channel".

    @property
    def repeat(self):
        return max(1, self.pipeline // len(self.commands))


@dataclasses.dataclass(frozen=True)
class Family:
    """Rows that share their data, which both servers get before the first."""
    name: str  # What --only names.
    fills: tuple  # ((EACH, FEW or ONCE, commands…), …)
    rows: tuple
    values: object = None  # A function: a client of the filled server, to what is called $NAME.


# How often a fill's commands are sent: per <key>, per <few>, or just once.
EACH, FEW, ONCE = "each", "few", "once"


def fills_of(family, keys):
    """The fills as load.fill takes them."""
    times = {EACH: keys, FEW: keys // 100, ONCE: 1}
    return [(commands, times[how]) for how, *commands in family.fills]


def row(title, *commands, **options):
    return Row(title, commands, **options)
