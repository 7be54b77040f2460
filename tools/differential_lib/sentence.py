"""Writes one random command out of its argument tree."""

from differential_lib import pools, values

# The types of keys for the arguments of some commands; otherwise the command's group says it.
_KEY_GROUPS = {
    "SORT": ("list", "set", "sorted-set"), "SORT_RO": ("list", "set", "sorted-set"),
    "SORT STORE": ("list",), "GEORADIUS STORE": ("geo", "sorted-set"), "LCS": ("string",),
    # Not streams: what changes only their groups is a change to Mydis, and none to Redis.
    "WATCH": ("string", "list", "set", "hash", "sorted-set", "hyperloglog"),
}
# These take sets too.
_ALSO_SETS = ("ZUNION", "ZINTER", "ZDIFF", "ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE", "ZINTERCARD")
_COUNTED = ("numkeys", "numfields")
_OPTION_CHANCE = 0.3


class _Node:
    """An argument that was chosen, with what stands inside of each of its repetitions."""

    def __init__(self, argument, repetitions):
        self.argument = argument
        self.repetitions = repetitions


class Sentence:
    """One command. `wanted` is a point that must be part of it."""

    def __init__(self, rng, command, episode, wanted=None, in_transaction=False):
        self.rng = rng
        self.command = command
        self.episode = episode
        self.wanted = wanted
        self.in_transaction = in_transaction
        self.latitude = b"0"
        self.points = [command.name]
        self.first_key = None
        self._tokens = set()
        self._counts = {}
        self._number = None
        nodes = self._plan(command.arguments)
        self.words = list(command.words) + self._write(nodes)

    def has(self, token):
        """Whether this command has that token."""
        return token in self._tokens

    def numbered(self):
        """One of many members, while many are written at once."""
        if self._number is None:
            return None
        self._number += 1
        return b"m%d" % self._number if self._number % 2 else b"%d" % self._number

    # --- Which arguments, and how often ---

    def _plan(self, arguments):
        nodes = []
        for argument in arguments:
            forced = self.wanted is not None and self.wanted in argument.points()
            if argument.optional and not forced and self.rng.random() >= _OPTION_CHANCE:
                continue
            nodes.append(self._node(argument))
        return nodes

    def _node(self, argument):
        self._tokens.add(argument.token)
        if argument.point:
            self.points.append(argument.point)
        repeats = self._repeats(argument)
        if repeats > 1:
            self.points.append(argument.repeat_point)
        return _Node(argument, [self._inside(argument) for _ in range(repeats)])

    def _inside(self, argument):
        if argument.type == "oneof":
            wanted = [c for c in argument.children if self.wanted in c.points()]
            return [self._node(self.rng.choice(wanted or argument.children))]
        if argument.type == "block":
            self._counts.pop(argument.path, None)
            return self._plan(argument.children)
        return []

    def _repeats(self, argument):
        if not argument.multiple:
            return 1
        if argument.name == "weight":
            return self._counts.get("keys", 1) if self.rng.random() < 0.95 else 1
        parent = argument.path.rsplit(" ", 1)[0]
        if parent in self._counts and argument.name == "ID" and self.rng.random() < 0.97:
            return self._counts[parent]  # XREAD STREAMS: as many ids as keys.
        chance = self.rng.random()
        keys = argument.type == "key"
        if argument.repeat_point == self.wanted:
            repeats = self.rng.randint(2, 4)
        elif chance < 0.5:
            repeats = 1
        elif chance < 0.97 or keys or not self.episode.may_be_large(self.command):
            repeats = self.rng.randint(2, 4 if keys else 9)
        else:
            repeats = self.rng.choice([20, 129, 140, 260, 520])
            self._number = self.rng.choice([0, 0, 1000])
        if keys:
            self._counts[parent] = self._counts["keys"] = repeats
        return repeats

    # --- Words ---

    def _write(self, nodes):
        nodes = self._shuffled(nodes)
        words = []
        for i, node in enumerate(nodes):
            if node.argument.name in _COUNTED:
                counts = i + 1 < len(nodes) and nodes[i + 1].argument.name != "arg"
                self._counted = len(nodes[i + 1].repetitions) if counts else 0
            words += self._write_node(node)
        return words

    def _shuffled(self, nodes):
        """Options that stand side by side may come in any order."""
        if self.rng.random() >= 0.3:
            return nodes
        result, run = [], []
        for node in nodes + [None]:
            movable = node is not None and node.argument.optional and _starts_with_token(node.argument)
            if movable:
                run.append(node)
                continue
            self.rng.shuffle(run)
            result += run + ([node] if node else [])
            run = []
        return result

    def _write_node(self, node):
        argument = node.argument
        words = []
        for i, inside in enumerate(node.repetitions):
            if argument.token and (i == 0 or argument.multiple_token):
                words.append(argument.token.lower() if self.rng.random() < 0.2 else argument.token)
            if argument.type in ("block", "oneof"):
                words += self._write(inside)
            elif argument.type == "key":
                words.append(self._key(argument))
            elif argument.type != "pure-token":
                words.append(self._value(argument))
        return words

    def _value(self, argument):
        if argument.name in _COUNTED:
            if self.rng.random() < 0.03:
                return self.rng.choice([b"0", b"1", b"2", b"-1", b"x", b"100"])
            return b"%d" % self._counted
        return values.maker(self.command, argument)(self)

    def _key(self, argument):
        key = self._any_key(argument)
        if self.first_key is None:
            self.first_key = key
        return key

    def _any_key(self, argument):
        chance = self.rng.random()
        if chance < 0.06 and self.command.name != "WATCH":
            return self.rng.choice(_strangers(self.command.group))
        name = self.command.name
        groups = _KEY_GROUPS.get(argument.path.replace(" DIST", "")) or _KEY_GROUPS.get(name)
        if name in _ALSO_SETS and chance < 0.3 and argument.name != "destination":
            groups = ("set", "geo")
        groups = groups or (self.command.group,)
        group = self.rng.choice(groups)
        return self.rng.choice(pools.KEYS.get(group, pools.ANY_KEY))


def _strangers(group):
    """Keys of other types. No bytes of HyperLogLogs are changed: Redis notices that late or never."""
    if group in ("string", "bitmap"):
        return [key for key in pools.ANY_KEY if key not in pools.KEYS["hyperloglog"]]
    if group == "hyperloglog":
        return [key for key in pools.ANY_KEY if key not in pools.KEYS["string"] + pools.KEYS["bitmap"]]
    # Nor are there members of one score, and so at one place, among those of geo commands.
    other = {"geo": "sorted-set", "sorted-set": "geo"}.get(group)
    return [key for key in pools.ANY_KEY if key not in pools.KEYS.get(other, ())]


def _starts_with_token(argument):
    if argument.token:
        return True
    if argument.type == "oneof":
        return all(_starts_with_token(child) for child in argument.children)
    return argument.type == "block" and _starts_with_token(argument.children[0])
