"""What episodes are written with: the commands both servers know, their coverage, sample payloads."""

from differential_lib import coverage, episode, grammar, scripts

# Values whose DUMP makes payloads for RESTORE.
_SAMPLES = [
    [b"SET", b"k", b"text"], [b"SET", b"k", b"12345"], [b"SET", b"k", b"x" * 100], [b"RPUSH", b"k", b"a", b"1", b"-300"],
    [b"SADD", b"k", b"1", b"2", b"70000"], [b"HSET", b"k", b"f0", b"1", b"f1", b"b"],
    [b"ZADD", b"k", b"1", b"a", b"2.5", b"b"], [b"XADD", b"k", b"5-5", b"f", b"v"], [b"PFADD", b"k", b"a", b"b", b"c"],
]


def blocking_commands(server):
    """Names of the commands that may wait."""
    found = set()
    with server.connect() as client:
        for info in client.call("COMMAND"):
            if b"blocking" in info[2]:
                found.add(info[0].decode().upper())
    return found


class World:
    def __init__(self, mydis, redis):
        ours = {name: command for name, command in grammar.read(mydis.host, mydis.redis_port).items()}
        theirs = grammar.read(redis.host, redis.redis_port)
        mine = {name: command for name, command in ours.items() if episode.is_included(command)}
        self.left_out = sorted(name for name, command in ours.items()
                               if name in episode.LEFT_OUT and command.group in episode.GROUPS)
        self.commands, self.missing = grammar.common(mine, theirs)
        self.names = sorted(self.commands)
        self.fillers = sorted(name for name in self.names if name in episode.FILLERS)
        self.owner = {point: name for name, command in self.commands.items() for point in command.points()}
        self.coverage = coverage.Coverage(self.commands)
        self.blocking = blocking_commands(mydis) & set(self.names)
        self.payloads = [b"", b"bad payload"]
        self.functions = [b"bad payload"]
        with redis.connect() as client:
            self.settings = {name.decode() for name in client.call("CONFIG", "GET", "*")[::2]}
            self.version = tuple(int(n) for n in redis.info("server")["redis_version"].split(".")[:2])
            self.older = self.version < (7, 2)
            for sample in _SAMPLES:
                client.call("FLUSHALL")
                client.call(*sample)
                self.payloads.append(client.call("DUMP", "k"))
            for library in scripts.LIBRARIES[:4]:
                client.call("FUNCTION", "FLUSH")
                client.call("FUNCTION", "LOAD", library)
                self.functions.append(client.call("FUNCTION", "DUMP"))
