"""Writes episodes: random commands that begin with an empty server and depend on nothing before."""

import dataclasses
import random

from differential_lib import pools, scripts
from differential_lib.sentence import Sentence

# Groups of commands whose replies follow from the data alone.
GROUPS = ("string", "bitmap", "list", "set", "hash", "sorted-set", "geo", "stream", "hyperloglog", "generic",
          "transactions", "scripting")
# Commands of other groups that belong here too.
ALSO = ("DBSIZE", "FLUSHDB", "FLUSHALL", "SWAPDB", "ECHO", "PING", "SELECT", "COMMAND GETKEYS",
        "COMMAND GETKEYSANDFLAGS", "PUBLISH", "SPUBLISH")
# And those that cannot be compared, each with its reason; what they do has transcripts of its own.
LEFT_OUT = {
    "MIGRATE": "needs a second server",
    "PFSELFTEST": "takes a second and depends on nothing",
    "PFDEBUG": "shows the insides",
    "OBJECT FREQ": "needs a policy that Mydis has not",
    "WAITAOF": "counts disks, which two servers have differently",
    "OBJECT HELP": "text of its own", "XGROUP HELP": "text of its own", "XINFO HELP": "text of its own",
    "SCRIPT HELP": "text of its own", "FUNCTION HELP": "text of its own", "SCRIPT DEBUG": "a debugger",
    "SCRIPT KILL": "needs a script that runs", "FUNCTION KILL": "needs a function that runs",
    "FUNCTION STATS": "counts what else runs",
}
FILLERS = ("SET", "MSET", "SETBIT", "BITFIELD", "RPUSH", "LPUSH", "SADD", "HSET", "ZADD", "GEOADD", "XADD", "PFADD",
            "XGROUP CREATE", "XREADGROUP", "HEXPIRE", "EXPIREAT")
_RARE = ("FLUSHALL", "FLUSHDB", "SWAPDB", "SELECT", "WAIT", "DEL", "UNLINK", "RENAME")
# What stands before or behind these in _tied() must stay there.
_TIED = ("SPOP", "XADD", "SORT", "SORT_RO", "PFCOUNT", "EVAL_RO", "ZRANGE", "ZRANGESTORE", "XCLAIM", "XAUTOCLAIM",
         "XREADGROUP", "XSETID")


@dataclasses.dataclass
class Step:
    """A command. Steps with the same `tie`, side by side, only make sense together."""
    words: list
    points: tuple = ()
    tie: int = None


@dataclasses.dataclass
class Unit:
    """Steps that belong together, as those of a transaction."""
    steps: list


def is_included(command):
    return command.name not in LEFT_OUT and (command.group in GROUPS or command.name in ALSO)


class Episode:
    """One run from empty: the settings, the protocol and the units."""

    def __init__(self, seed, world, length):
        self.seed = seed
        self.rng = random.Random(seed)
        self.world = world
        self.payloads = world.payloads
        self.stream_clock = 3
        self.stream_sequence = 0
        self._deadlines = 0
        self._ties = 0
        self.resp3 = self.rng.random() < 0.4
        self.settings = self._settings()
        self.units = []
        while sum(len(unit.steps) for unit in self.units) < length:
            self.units.append(self._unit())

    def _settings(self):
        if self.rng.random() < 0.4:
            return {}
        return {name: self.rng.choice(choices) for name, choices in pools.SETTINGS.items()
                if name in self.world.settings and self.rng.random() < 0.6}

    def next_deadline(self):
        """Numbers that never come twice and are not in order."""
        self._deadlines += 1
        return 1000 + 10 * (self._deadlines * 7919 % 9973)

    def may_be_large(self, command):
        return command.name in self.world.fillers and self.rng.random() < 0.3

    # --- Units ---

    def _unit(self):
        chance = self.rng.random()
        if chance < 0.06:
            return self._transaction()
        if chance < 0.09:
            return Unit([self._spoiled()])
        command, wanted = self._choose()
        if command.group == "transactions":
            return self._transaction()
        if command.name in self.world.blocking and self.rng.random() < 0.97:
            return self._transaction(command, wanted)
        return Unit(self._steps(command, wanted))

    def _choose(self):
        world = self.world
        chance = self.rng.random()
        if chance < 0.25 and world.coverage.uncovered:
            wanted = self.rng.choice(world.coverage.uncovered)
            return world.commands[world.owner[wanted]], wanted
        if chance < 0.5:
            return world.commands[self.rng.choice(world.fillers)], None
        while True:
            command = world.commands[self.rng.choice(world.names)]
            if command.name not in _RARE or self.rng.random() < 0.1:
                return command, None

    def _steps(self, command, wanted=None, in_transaction=False):
        sentence = Sentence(self.rng, command, self, wanted, in_transaction)
        step = Step(sentence.words, tuple(sentence.points))
        if command.name.startswith("COMMAND GETKEYS"):
            other = Sentence(self.rng, self._plain_command(), self)
            step = Step(list(command.words) + other.words, (command.name, *sentence.points))
        if command.name in ("EVAL", "EVAL_RO") and wanted is None and self.rng.random() < 0.6:
            step = self._script_of_one_command(command)
        steps = self._tied(sentence, step)
        if len(steps) > 1:
            self._ties += 1
            for each in steps:
                each.tie = self._ties
        return steps

    def _script_of_one_command(self, command):
        while True:
            other = self._plain_command()
            refused = self.world.older and other.name in self.world.blocking  # In scripts, before 7.2.
            if other.name not in _TIED and "LEX" not in other.name and other.group != "scripting" and not refused:
                words = Sentence(self.rng, other, self, None, True).words
                return Step([command.name.encode(), self.rng.choice(scripts.CALLS), b"0", *words], (command.name,))

    def _tied(self, sentence, step):
        """With what makes the step's outcome the same on both, or undoes what may differ."""
        name, key = sentence.command.name, sentence.first_key
        gone = Step([b"DEL", key])
        if name == "SPOP" or (name == "PFCOUNT" and len(step.words) == 2):
            return [step, gone]  # Who is taken is chance; Redis keeps the count with the value.
        if name == "XADD" and sentence.has(b"*"):
            if self.rng.random() < 0.5:
                return [step, gone]
            # The stream's last id lies in the future: then the next id follows from it.
            return [Step([b"XADD", key, b"20000000000000-5", b"a", b"b"]), step, gone]
        if name.startswith("SORT"):
            # Redis's SORT turns small sorted sets into large ones; and ties keep whatever order they had.
            step.words[1] = b"copy"
            stored = [word for option, word in zip(step.words[2:], step.words[3:]) if option.upper() == b"STORE"]
            stored = stored if sentence.has(b"BY") else []
            return [Step([b"COPY", key, b"copy", b"REPLACE"]), step, Step([b"DEL", b"copy", *stored])]
        if name == "EVAL_RO":
            return [Step([b"SCRIPT", b"LOAD", step.words[1]]), step]  # A read of Mydis keeps no script.
        if "LEX" in name or sentence.has(b"BYLEX"):
            # Redis says nothing about ranges of names among different scores.
            at = 2 if name == "ZRANGESTORE" else 1
            key, step.words[at] = step.words[at], b"lex"
            return [Step([b"ZUNIONSTORE", b"lex", b"1", key, b"WEIGHTS", b"0"]), step]
        if name == "XSETID" and self.world.older:
            return [step, gone]  # What it refuses has changed.
        if name in ("XCLAIM", "XAUTOCLAIM", "XREADGROUP") and self.world.older:
            # Only from 7.2 on they create the consumer when there is nothing for it.
            at = [word.upper() for word in step.words].index(b"GROUP") + 1 if name == "XREADGROUP" else 2
            keys = [key]
            if name == "XREADGROUP":
                after = step.words[[word.upper() for word in step.words].index(b"STREAMS") + 1:]
                keys = after[:max(1, len(after) // 2)]
            return [Step([b"XGROUP", b"CREATECONSUMER", key, *step.words[at:at + 2]]) for key in keys] + [step]
        return [step]

    def _transaction(self, command=None, wanted=None):
        steps = []
        if self.rng.random() < 0.3:
            steps += self._steps(self.world.commands["WATCH"])
            if self.rng.random() < 0.3:
                steps += self._steps(self._plain_command())
        if self.rng.random() < 0.1:
            steps += self._steps(self.world.commands["UNWATCH"])
        steps.append(Step([b"MULTI"], ("MULTI",)))
        inner = []
        for _ in range(self.rng.randint(0, 5)):
            inner.append(self._steps(self._plain_command(), None, True))
        if command is not None:
            inner.insert(self.rng.randint(0, len(inner)), self._steps(command, wanted, True))
        steps += [step for group in inner for step in group]
        if self.rng.random() < 0.07:
            steps.append(self.rng.choice([Step([b"GET"]), Step([b"NOSUCHCOMMAND", b"a"]), Step([b"MULTI"]),
                                          Step([b"WATCH", b"k0"])]))
        end = "DISCARD" if self.rng.random() < 0.08 else "EXEC"
        steps.append(Step([end.encode()], (end,)))
        return Unit(steps)

    def _plain_command(self):
        while True:
            command, _ = self._choose()
            if command.group != "transactions" and command.name not in ("SELECT", "WAIT") \
                    and not command.name.startswith("COMMAND"):
                return command

    def _spoiled(self):
        """A command with something wrong."""
        while True:
            command, _ = self._choose()
            if command.name in self.world.blocking or command.group == "transactions" or command.name == "WAIT" \
                    or command.name in _TIED or "LEX" in command.name \
                    or command.name.startswith("COMMAND"):
                continue
            words = Sentence(self.rng, command, self).words
            at = self.rng.randrange(len(words))
            kind = self.rng.randrange(4)
            if kind == 0 and at > 0:
                del words[at]
            elif kind == 1:
                words.insert(at + 1, self.rng.choice(pools.STRINGS))
            elif kind == 2:
                words.append(words[at])
            elif at > 0:
                words[at] = self.rng.choice(pools.STRINGS)
            if words:
                return Step(words)
