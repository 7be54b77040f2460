"""Compares all the data of both servers, by commands that become part of a reproducer."""

from differential_lib.episode import Step

_READS = {
    b"string": [[b"GET"]],
    b"list": [[b"LRANGE", None, b"0", b"-1"]],
    b"set": [[b"SMEMBERS"]],
    b"hash": [[b"HGETALL"]],
    b"zset": [[b"ZRANGE", None, b"0", b"-1", b"WITHSCORES"]],
    b"stream": [[b"XRANGE", None, b"-", b"+"], [b"XINFO", b"STREAM", None, b"FULL", b"COUNT", b"0"]],
}


def _read(key, words):
    filled = [key if word is None else word for word in words]
    return filled if None in words else filled + [key]


def steps_for(pair):
    """Reads of everything that there is in Redis, as steps to run on both."""
    steps = []
    for db in (b"0", b"1"):
        steps += [Step([b"SELECT", db]), Step([b"DBSIZE"]), Step([b"KEYS", b"*"])]
        pair.redis.client.call("SELECT", db)
        keys = sorted(pair.redis.client.call("KEYS", "*"))
        for key in keys:
            kind = pair.redis.client.call("TYPE", key)
            steps += [Step([b"TYPE", key]), Step([b"OBJECT", b"ENCODING", key]), Step([b"PTTL", key])]
            steps += [Step(_read(key, words)) for words in _READS[kind]]
            if kind == b"hash" and pair.has_field_deadlines:
                fields = sorted(pair.redis.client.call("HKEYS", key))
                steps.append(Step([b"HPTTL", key, b"FIELDS", b"%d" % len(fields), *fields]))
    return steps
