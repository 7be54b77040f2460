"""A data set with every type and encoding, and what it looks like to a client: the same on a redis-server and on Mydis."""

DATABASES = (0, 3, 15)
LIBRARY = "#!lua name=lib\nredis.register_function('f', function() return 7 end)"
# A deadline that no test reaches.
LATER_MS = 33_000_000_000_000


def fill(server):
    """Every type, small and large, keys and values that are no text, ends, databases, a library."""
    with server.connect() as client:
        for db in DATABASES:
            client.call("SELECT", db)
            _fill_database(client)
        client.call("FUNCTION", "LOAD", LIBRARY)


def _fill_database(client):
    client.call("SET", "int", "12345")
    client.call("SET", "negative", "-9223372036854775808")
    client.call("SET", b"\x00\xff\r\n", bytes(range(256)))
    client.call("SET", "", "the key without a name")
    client.call("SET", "repetitive", "ab" * 50_000)
    client.call("SET", "ends", "v", "PXAT", LATER_MS)
    client.call("SADD", "intset", -1, 2, 300, 1 << 40)
    client.call("SADD", "small-set", "a", "b", 17)
    client.call("SADD", "large-set", *(f"member:{i}" for i in range(1000)))
    client.call("HSET", "small-hash", "f", "v", "n", 7, b"\x01", b"\xfe")
    client.call("HSET", "large-hash", *range(2000))
    client.call("PEXPIREAT", "large-hash", LATER_MS + 5)
    client.call("ZADD", "small-zset", 1.5, "a", "-inf", "b", "inf", "c")
    client.call("ZADD", "large-zset", *(word for i in range(500) for word in (i / 3, f"m{i}")))
    client.call("RPUSH", "small-list", "a", 1, -300, b"\x00")
    client.call("RPUSH", "large-list", *(f"element:{i}" for i in range(5000)))
    client.call("RPUSH", "list-of-large", "x" * 20_000, "y" * 20_000)
    client.call("PFADD", "hll", *range(100))
    _fill_streams(client)


def _fill_streams(client):
    for i in range(1, 301):
        client.call("XADD", "stream", f"{i}-1", "f", f"v{i}", "g", "w" * (i % 7))
    client.call("XDEL", "stream", "2-1", "299-1")
    client.call("XGROUP", "CREATE", "stream", "g", "0")
    for consumer, count in (("c1", 100), ("c2", 30)):
        client.call("XREADGROUP", "GROUP", "g", consumer, "COUNT", count, "STREAMS", "stream", ">")
    client.call("XACK", "stream", "g", "1-1", "5-1")
    client.call("XGROUP", "CREATE", "stream", "h", "$")
    client.call("XGROUP", "CREATE", "empty-stream", "g", "$", "MKSTREAM")
    client.call("XGROUP", "CREATECONSUMER", "empty-stream", "g", "idle")


def contents(server):
    """All keys with their types, values and deadlines; the libraries."""
    found = {}
    with server.connect() as client:
        for db in range(16):
            client.call("SELECT", db)
            for key in client.call("KEYS", "*"):
                kind = client.call("TYPE", key).decode()
                found[db, key] = (kind, client.call("PEXPIRETIME", key), _value(client, kind, key))
        found["libraries"] = sorted(library[library.index(b"library_code") + 1]
                                    for library in client.call("FUNCTION", "LIST", "WITHCODE"))
    return found


def assert_same(test, one, other):
    """Says of the first key that differs how, which is less to read than all of both."""
    one, other = contents(one), contents(other)
    test.assertEqual(set(one), set(other))
    for key, value in one.items():
        test.assertEqual(value, other[key], key)


def _value(client, kind, key):
    if kind == "string":
        return client.call("GET", key)
    if kind == "list":
        return client.call("LRANGE", key, 0, -1)
    if kind == "set":
        return sorted(client.call("SMEMBERS", key))
    if kind == "zset":
        flat = client.call("ZRANGE", key, 0, -1, "WITHSCORES")
        # Before 7.2 Redis wrote more digits.
        return [(member, float(score)) for member, score in zip(flat[::2], flat[1::2])]
    if kind == "hash":
        flat = client.call("HGETALL", key)
        return sorted(zip(flat[::2], flat[1::2]))
    return _stream(client, key)


def _stream(client, key):
    info = _pairs(client.call("XINFO", "STREAM", key))
    about = [info[name] for name in ("length", "last-generated-id", "max-deleted-entry-id",
                                     "entries-added", "recorded-first-entry-id")]
    groups = []
    for group in map(_pairs, client.call("XINFO", "GROUPS", key)):
        pending = client.call("XPENDING", key, group["name"], "-", "+", 10_000)
        consumers = sorted((consumer["name"], consumer["pending"]) for consumer in
                           map(_pairs, client.call("XINFO", "CONSUMERS", key, group["name"])))
        groups.append((group["name"], group["last-delivered-id"], group["entries-read"], group["lag"],
                       [(entry, consumer, times) for entry, consumer, _, times in pending], consumers))
    return about, client.call("XRANGE", key, "-", "+"), sorted(groups)


def _pairs(flat):
    return {name.decode(): value for name, value in zip(flat[::2], flat[1::2])}
