"""The rows of the families that are not collections: strings, keys, scripts and what else there is.

Reads come before writes in a family, as both servers' data must be the same for the comparison of
replies. A sequence of several commands leaves sizes as they were. "Small" is 10 elements in their
compact encoding, "large" as many as there are keys.
"""

import hashlib

from benchlib import collections_rows
from benchlib.rows import EACH, FEW, ONCE, Family, row

VALUE = "x" * 32
HASH = " ".join(f"f{i} value-{i}" for i in range(10))
_SPACED = " ".join

STRINGS = Family("strings", (
    (EACH, f"SET s:<n> {VALUE}"),
    (EACH, "SET c:<n> 1000000"),
    (EACH, "SET a:<n> 0123456789", "SET f:<n> 1000.25"),
), (
    row("GET", "GET s:<key>"),
    row("MGET of 10", "MGET " + _SPACED(["s:<key>"] * 10), pipeline=16),
    row("GETRANGE of 8 bytes", "GETRANGE s:<key> 8 15"),
    row("STRLEN", "STRLEN s:<key>"),
    row("SET", f"SET s:<key> {VALUE}"),
    row("MSET of 10", "MSET " + _SPACED([f"s:<key> {VALUE}"] * 10), pipeline=16),
    row("GETEX EX", "GETEX s:<key> EX <10000-99999>", varied=True),
    row("SETRANGE of 8 bytes", "SETRANGE s:<key> 8 <10000000-99999999>", varied=True),
    row("INCR", "INCR c:<key>"),
    row("INCRBYFLOAT", "INCRBYFLOAT f:<key> 1.5"),
    row("APPEND of 4 bytes", "APPEND a:<key> abcd"),
))

BITMAPS = Family("bitmaps", (
    (EACH, "SETBIT b:<n> 799 1", "SETBIT b:<n> 400 1"),
    (EACH, "SETBIT large <1000000-9999999> 1"),
    (ONCE, "SETBIT large 9999999 1"),
), (
    row("GETBIT of 100 bytes", "GETBIT b:<key> <100-799>"),
    row("BITCOUNT of 100 bytes", "BITCOUNT b:<key>"),
    row("BITCOUNT of 1.25 MB", "BITCOUNT large", pipeline=1, connections=10),
    row("BITPOS of 100 bytes", "BITPOS b:<key> 1"),
    row("BITFIELD_RO GET", "BITFIELD_RO b:<key> GET u8 <100-700>"),
    row("SETBIT of 100 bytes, 1 and 0", "SETBIT b:<a=key> <b=100-799> 1", "SETBIT b:<a> <b> 0"),
    row("SETBIT of 1.25 MB, 1 and 0", "SETBIT large <a=1000000-9999999> 1", "SETBIT large <a> 0",
        same=False),
    row("BITFIELD INCRBY", "BITFIELD b:<key> INCRBY u8 <100-700> 1"),
    row("BITOP AND of two of 100 bytes", "BITOP AND target:<few> b:<key> b:<key>"),
))

RESTORED = "a hash of 10 fields"

GENERIC = Family("keys", (
    (EACH, f"SET s:<n> {VALUE}"),
    (EACH, f"HSET h:<n> {HASH}"),
), (
    row("EXISTS", "EXISTS s:<key>"),
    row("TYPE", "TYPE s:<key>"),
    row("TTL", "TTL s:<key>"),
    row("OBJECT ENCODING", "OBJECT ENCODING h:<key>"),
    row("SCAN COUNT 10", "SCAN 0 COUNT 10", same=False),
    row("RANDOMKEY", "RANDOMKEY", same=False),
    row(f"DUMP, {RESTORED}", "DUMP h:<key>", same=False),
    row(f"RESTORE REPLACE, {RESTORED}", "RESTORE h:<key> 0 $payload REPLACE"),
    row("COPY REPLACE, a string", "COPY s:<key> copy:<key> REPLACE"),
    row("EXPIRE", "EXPIRE s:<key> <10000-99999>", varied=True),
    row("DEL+SET", "DEL s:<a=key>", f"SET s:<a> {VALUE}"),
    row("DEL+HSET of 10 fields", "DEL h:<a=key>", f"HSET h:<a> {HASH}"),
    row("RENAME and back", "RENAME s:<a=key> renamed:<a>", "RENAME renamed:<a> s:<a>", same=False),
), lambda client: {"payload": client.call("DUMP", "h:" + client.call("RANDOMKEY").decode()[2:])})

HLL = Family("hyperloglog", (
    (FEW, "PFADD sparse:<n> " + _SPACED(f"e{i}" for i in range(50))),
    (EACH, "PFADD dense <n>"),
    (EACH, "PFADD other <n>0"),
), (
    row("PFCOUNT, sparse", "PFCOUNT sparse:<few>"),
    row("PFCOUNT, dense", "PFCOUNT dense"),
    row("PFCOUNT of two dense", "PFCOUNT dense other", pipeline=4),
    row("PFADD, sparse", "PFADD new:<key> <key>", varied=True, same=False),
    row("PFADD, dense", "PFADD dense <seq>", same=False),
    row("PFADD+PFCOUNT, dense", "PFADD dense <seq> <seq> <seq> <seq>", "PFCOUNT dense", same=False),
    row("PFMERGE of sparse into dense", "PFMERGE dense sparse:<few>", pipeline=16),
    row("PFMERGE of two dense", "PFMERGE target:<few> dense other", pipeline=4),
))

_GET = "return redis.call('GET', KEYS[1])"
_SET = "return redis.call('SET', KEYS[1], ARGV[1])"
_LOOP = "local n = 0 for i = 1, 100 do n = n + i % 7 end return n"
_FLAGGED = "#!lua flags=no-writes\n" + _GET
_LIBRARY = f"""#!lua name=bench
redis.register_function{{function_name='fget', flags={{'no-writes'}},
                        callback=function(KEYS) {_GET} end}}
redis.register_function('fset', function(KEYS, ARGV) {_SET} end)
"""


def load_scripts(client):
    """The digests of the scripts, which this server then has; it has the functions, too."""
    client.call("FUNCTION", "LOAD", "REPLACE", _LIBRARY)
    scripts = {"get": _GET, "set": _SET, "loop": _LOOP, "flagged": _FLAGGED}
    for script in scripts.values():
        client.call("SCRIPT", "LOAD", script)
    digests = {name: hashlib.sha1(script.encode()).hexdigest().encode()
               for name, script in scripts.items()}
    return {**digests, "text": _GET.encode()}


SCRIPTS = Family("scripts", (
    (EACH, f"SET s:<n> {VALUE}"),
), (
    row("EVALSHA of a GET", "EVALSHA $get 1 s:<key>"),
    row("EVALSHA of a GET, flags=no-writes", "EVALSHA $flagged 1 s:<key>"),
    row("EVALSHA_RO of a GET", "EVALSHA_RO $get 1 s:<key>"),
    row("EVAL of a GET", "EVAL $text 1 s:<key>"),
    row("EVALSHA_RO of a loop of 100", "EVALSHA_RO $loop 0"),
    row("FCALL of a GET, no-writes", "FCALL fget 1 s:<key>"),
    row("FCALL_RO of a GET", "FCALL_RO fget 1 s:<key>"),
    row("EVALSHA of a SET", f"EVALSHA $set 1 s:<key> {VALUE}"),
    row("FCALL of a SET", f"FCALL fset 1 s:<key> {VALUE}"),
), load_scripts)

TRANSACTIONS = Family("transactions", (
    (EACH, "SET c:<n> 1000000"),
), (
    row("MULTI+GET+EXEC", "MULTI", "GET c:<key>", "EXEC"),
    row("MULTI+INCR+EXEC", "MULTI", "INCR c:<key>", "EXEC"),
    row("MULTI+5 SET+EXEC", "MULTI", *[f"SET s:<key> {VALUE}"] * 5, "EXEC"),
    row("WATCH+MULTI+INCR+EXEC", "WATCH c:<a=key>", "MULTI", "INCR c:<a>", "EXEC", same=False),
))

PUBSUB = Family("pubsub", (), (
    row("PUBLISH, no subscriber", f"PUBLISH channel {VALUE}"),
    row("PUBLISH, one subscriber", f"PUBLISH channel {VALUE}", subscribers=1),
    row("PUBLISH, ten subscribers", f"PUBLISH channel {VALUE}", subscribers=10),
))

BLOCKING = Family("blocking", (), (
    row("RPUSH+BLPOP", "RPUSH q:<a=key> element", "BLPOP q:<a> 0"),
    row("LPUSH+BLMOVE+LPOP", "LPUSH q:<a=key> element", "BLMOVE q:<a> r:<a> LEFT RIGHT 0",
        "LPOP r:<a>"),
    row("RPUSH+BLPOP, not pipelined", "RPUSH q:<a=key> element", "BLPOP q:<a> 0", pipeline=2),
    row("ZADD+BZPOPMIN", "ZADD z:<a=key> <100-999> member-<seq>", "BZPOPMIN z:<a> 0", same=False),
))

SORT = Family("sort", (
    (FEW, "RPUSH n:<n> " + _SPACED(["<1000-9999>"] * 100)),
    (FEW, "RPUSH t:<n> " + _SPACED(f"member-{i * 37 % 100}" for i in range(100))),
    (FEW, "RPUSH m:<n> " + _SPACED(f"{1000 + i * 37 % 100}" for i in range(100))),
    (ONCE, *(f"SET weight:{1000 + i} {i * 61 % 100}" for i in range(100))),
), (
    row("SORT of 100 numbers", "SORT n:<few>", pipeline=16),
    row("SORT of 100 texts, LIMIT 0 10", "SORT t:<few> ALPHA LIMIT 0 10", pipeline=16),
    row("SORT of 100 BY and GET", "SORT m:<few> BY weight:* GET weight:* LIMIT 0 10", pipeline=16),
    row("SORT of 100 numbers, STORE", "SORT n:<few> STORE target:<few>", pipeline=16),
))

ALL = (STRINGS, BITMAPS, GENERIC, *collections_rows.ALL, HLL, SCRIPTS, TRANSACTIONS, PUBSUB, BLOCKING,
       SORT)
