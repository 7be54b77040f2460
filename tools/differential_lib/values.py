"""What the grammar cannot say: which words make sense as the value of an argument.

A maker takes the Sentence that is being written and gives one word. It is looked up by the command
and the argument's name, then the command's group and the name, then the name, then the type.
"""

from differential_lib import pools, scripts


def one_of(*choices):
    """Any of them."""
    words = [c if isinstance(c, bytes) else str(c).encode() for c in choices]
    return lambda s: s.rng.choice(words)


def mostly(good, bad, one_in=25):
    """From `good`, now and then from `bad`."""
    return lambda s: s.rng.choice(bad if s.rng.randrange(one_in) == 0 else good)


def _index(s):
    return b"%d" % (s.rng.randint(-7, 12) if s.rng.random() < 0.9 else s.rng.choice([-1000, 700, 10 ** 15]))


def _integer(s):
    if s.rng.random() < 0.04:
        return s.rng.choice(pools.BAD_INTEGERS)
    return b"%d" % s.rng.randint(-3, 20) if s.rng.random() < 0.5 else s.rng.choice(pools.INTEGERS)


def _float(s):
    if s.rng.random() < 0.04:
        return s.rng.choice(pools.BAD_FLOATS)
    return b"%d" % s.rng.randint(-3, 12) if s.rng.random() < 0.5 else s.rng.choice(pools.FLOATS)


def _text(s):
    return s.rng.choice(pools.STRINGS) if s.rng.random() < 0.6 else _integer(s)


def _member(s):
    return s.numbered() or s.rng.choice(pools.MEMBERS)


def _field(s):
    return s.numbered() or s.rng.choice(pools.FIELDS)


def _count(s):
    return b"%d" % s.rng.choice([1, 1, 1, 2, 2, 3, 5, 10, 100, 0, -1, 1000000])


_seconds_bad = [b"0", b"-1", b"x", b"9223372036854775807", b"-9223372036854775808", b"1.5", b""]


def _lifetime(unit):
    """Relative deadlines never meet one another, so that GT and LT do not depend on a millisecond."""
    def make(s):
        if s.rng.random() < 0.08:
            return s.rng.choice(_seconds_bad)
        return b"%d" % (s.episode.next_deadline() * unit)
    return make


def _moment(unit):
    def make(s):
        chance = s.rng.random()
        if chance < 0.05:
            return s.rng.choice(_seconds_bad)
        # A key that SET or GETEX gives a deadline of the past is still counted by Redis's DBSIZE.
        if chance < 0.12 and s.command.name not in ("SET", "GETEX"):
            return b"1"
        return b"%d" % ((4102444800 + s.episode.next_deadline()) * unit)
    return make


# --- geo ---

def _longitude(s):
    if s.rng.random() < 0.03:
        longitude, s.latitude = s.rng.choice(pools.BAD_PLACES)
    elif s.rng.random() < 0.5:
        longitude, latitude = s.rng.choice(pools.PLACES)
        # Never quite the same place twice: Redis has no order for members at equal distance.
        s.latitude = b"%.6f" % (float(latitude) * (1 - s.rng.random() / 1000))
    else:
        longitude = b"%.6f" % s.rng.uniform(-180, 180)
        s.latitude = b"%.6f" % s.rng.uniform(-85, 85)
    return longitude


def _distance(s):
    if s.rng.random() < 0.04:
        return s.rng.choice([b"-1", b"x", b"", b"nan"])
    return s.rng.choice([b"0", b"1", b"100", b"1000.5", b"5000", b"20000", b"1e7", b"2e7"])


# --- bit fields ---

def _bit_offset(s):
    if s.rng.random() < 0.04:
        return s.rng.choice([b"-1", b"#-1", b"x", b"#", b"4294967296", b"#4294967296"])
    return s.rng.choice([b"", b"#"]) + b"%d" % s.rng.choice([0, 1, 2, 3, 7, 8, 33, 100, 190])


def _plain_bit_offset(s):
    return s.rng.choice([b"-1", b"x", b"4294967296"]) if s.rng.random() < 0.04 else \
        b"%d" % s.rng.choice([0, 1, 6, 7, 8, 9, 31, 63, 100, 777, 3000])


# --- ranges of sorted sets ---

_score_end = mostly(pools.SCORE_ENDS, pools.BAD_SCORE_ENDS)
_lex_end = mostly(pools.LEX_ENDS, pools.BAD_LEX_ENDS)


def _range_end(s):
    if s.has(b"BYSCORE"):
        return _score_end(s)
    return _lex_end(s) if s.has(b"BYLEX") else _index(s)


# --- streams ---

def _stream_id(s):
    chance = s.rng.random()
    if chance < 0.03:
        return s.rng.choice([b"x", b"", b"1-", b"-1", b"1-x", b"18446744073709551616-0", b"1-2-3"])
    newest = s.episode.stream_clock
    if chance < 0.5:
        return b"%d-%d" % (s.rng.randint(max(0, newest - 8), newest + 1), s.rng.choice([0, 0, 0, 1, 2]))
    if chance < 0.6:
        return b"%d" % s.rng.randint(0, newest + 1)
    return s.rng.choice([b"0", b"0-0", b"0-1", b"1-1", b"%d-0" % newest,
                         b"18446744073709551615-18446744073709551615"])


def _new_stream_id(s):
    if s.rng.random() < 0.12:
        return _stream_id(s) if s.rng.random() < 0.5 else b"%d-*" % s.episode.stream_clock
    if s.rng.random() < 0.7:
        s.episode.stream_clock += 1
    s.episode.stream_sequence += 1
    return b"%d-%d" % (s.episode.stream_clock, s.episode.stream_sequence)


def _stream_end(s):
    chance = s.rng.random()
    if chance < 0.35:
        return s.rng.choice([b"-", b"+"])
    return (b"(" if chance < 0.5 else b"") + _stream_id(s)


def _stream_after(s):
    return s.rng.choice([b"$", b">", b"0"]) if s.rng.random() < 0.2 else _stream_id(s)


def _new_for_group(s):
    return b">" if s.rng.random() < 0.6 else _stream_after(s)


def _threshold(s):
    return _stream_id(s) if s.has(b"MINID") else b"%d" % s.rng.choice([0, 1, 2, 3, 5, 10, 100, -1])


# --- sort ---

_by_patterns = [b"nosort", b"k*", b"n*", b"h*->f0", b"h*->f1", b"*", b"k*->", b"->f0", b"none*", b"h0->f*"]
_get_patterns = [b"#", b"k*", b"n*", b"h*->f0", b"h*->f1", b"none*", b"*", b"h*->", b"#x"]


def _timeout(s):
    if s.in_transaction:
        return s.rng.choice([b"0", b"0.01", b"1", b"-1", b"x", b"1e-3"])
    return b"0.01"


def _block_ms(s):
    return s.rng.choice([b"0", b"1", b"-1", b"x"]) if s.in_transaction else b"10"


MAKERS = {
    # By type.
    "string": _text, "integer": _integer, "double": _float, "unix-time": _moment(1),
    "pattern": mostly(pools.PATTERNS, [b"[", b"\\"]),
    # By name, whatever the command.
    "count": _count, "cursor": mostly([b"0"] * 12, [b"1", b"5", b"x", b"-1", b"18446744073709551616"], 8),
    "start": _index, "stop": _index, "end": _index, "index": _index, "member": _member, "field": _field,
    "member1": _member, "member2": _member, "seconds": _lifetime(1), "milliseconds": _lifetime(1000),
    "unix-time-seconds": _moment(1), "unix-time-milliseconds": _moment(1000), "limit": one_of(0, 1, 2, 5, -1, "x"),
    "timeout": _timeout, "offset": one_of(0, 0, 1, 2, 5, -1, 100), "element": _member, "pivot": _member,
    "score": _float, "weight": mostly([b"1", b"2", b"-1", b"0.5", b"inf", b"0"], pools.BAD_FLOATS),
    "longitude": _longitude, "latitude": lambda s: s.latitude, "radius": _distance, "width": _distance,
    "height": _distance, "group": mostly(pools.GROUPS, [b"nogroup", b""], 12),
    "consumer": mostly(pools.CONSUMERS, [b"", b"dora"], 12), "ID": _stream_id, "id": _stream_id,
    "destination-db": mostly([b"0", b"1"], [b"99", b"x"], 12), "db": mostly([b"0", b"1"], [b"99", b"x"], 12),
    # By group and name.
    "set member": _member, "bitmap offset": _plain_bit_offset, "list count": _count,
    "sorted-set min": _score_end, "sorted-set max": _score_end, "stream start": _stream_end, "stream end": _stream_end,
    "stream field": lambda s: s.rng.choice(pools.FIELDS), "stream value": _text, "stream threshold": _threshold,
    "stream min-idle-time": one_of(0, 0, 0, 100000000, -1, "x"), "hyperloglog element": _member,
    # By command and name.
    "SETBIT value": one_of(0, 1, 1, 1, 2, "x"), "BITPOS bit": one_of(0, 1, 0, 1, 2, "x"),
    "SETRANGE offset": one_of(0, 1, 3, 5, 60, 300, 536870912, -1, "x"), "LCS min-match-len": one_of(0, 1, 2, 4, -1),
    "SORT by-pattern": one_of(*_by_patterns), "SORT_RO by-pattern": one_of(*_by_patterns),
    "SORT get-pattern": one_of(*_get_patterns), "SORT_RO get-pattern": one_of(*_get_patterns),
    "SCAN type": one_of("string", "list", "set", "zset", "hash", "stream", "none"),
    "LPOS rank": one_of(1, 1, 2, -1, -2, 0, "x"), "LPOS num-matches": one_of(0, 1, 2, -1),
    "LPOS len": one_of(0, 1, 3, 100, -1), "LREM count": one_of(0, 1, -1, 2, -2, "x"),
    "ZRANGE start": _range_end, "ZRANGE stop": _range_end, "ZRANGESTORE min": _range_end, "ZRANGESTORE max": _range_end,
    "ZLEXCOUNT min": _lex_end, "ZLEXCOUNT max": _lex_end, "ZRANGEBYLEX min": _lex_end, "ZRANGEBYLEX max": _lex_end,
    "ZREVRANGEBYLEX min": _lex_end, "ZREVRANGEBYLEX max": _lex_end, "ZREMRANGEBYLEX min": _lex_end,
    "ZREMRANGEBYLEX max": _lex_end, "ZINCRBY increment": _float, "HINCRBYFLOAT increment": _float,
    "XADD id": _new_stream_id, "XREAD ID": _stream_after, "XREADGROUP ID": _new_for_group,
    "XREAD milliseconds": _block_ms, "XREADGROUP milliseconds": _block_ms, "XCLAIM ms": one_of(0, 200000000, -1),
    "XCLAIM unix-time-milliseconds": one_of(1, 1000), "XPENDING min-idle-time": one_of(0, 0, 100000000),
    "XSETID entries-added": one_of(0, 5, 100, 100000, -1), "XSETID max-deleted-id": _stream_id,
    "XGROUP CREATE entries-read": one_of(0, 1, 5, 100, -1, -2), "XGROUP SETID entriesread": one_of(0, 1, 5, 100, -1, -2),
    "XSETID last-id": _stream_id, "RESTORE ttl": lambda s: b"%d" % s.rng.choice([0, 0, 0, 50000000, -1, 4102444800000]),
    "RESTORE serialized-value": lambda s: s.rng.choice(s.episode.payloads), "RESTORE seconds": one_of(0, 1000, -1),
    "RESTORE frequency": one_of(0, 5, 255, 256, -1), "WAIT numreplicas": one_of(0), "WAIT timeout": one_of(1),
    "SELECT index": one_of(0, 0, 0, 0, 0, 1, 99, "x"), "SWAPDB index1": one_of(0, 1, 99), "SWAPDB index2": one_of(0, 1, "x"),
    "GETRANGE start": _index, "BITFIELD encoding": mostly(pools.BIT_TYPES, pools.BAD_BIT_TYPES),
    "BITFIELD offset": _bit_offset, "BITFIELD_RO offset": _bit_offset,
    "BITFIELD_RO encoding": mostly(pools.BIT_TYPES, pools.BAD_BIT_TYPES),
    "HRANDFIELD count": one_of(0, 1, 2, 100, -1, -3, -20, "x"), "SRANDMEMBER count": one_of(0, 1, 2, 100, -1, -3, -20, "x"),
    "ZRANDMEMBER count": one_of(0, 1, 2, 100, -1, -3, -20, "x"),
    "scripting script": mostly(scripts.SCRIPTS, scripts.CALLS), "sha1": mostly(scripts.HASHES, [b""]),
    "scripting function": one_of(*scripts.FUNCTIONS), "function-code": one_of(*scripts.LIBRARIES),
    "library-name": one_of(*scripts.LIBRARY_NAMES), "library-name-pattern": one_of(*scripts.LIBRARY_NAMES),
    "FUNCTION RESTORE serialized-value": lambda s: s.rng.choice(s.episode.world.functions),
    "SCAN count": one_of(1, 1000, 1000, 1000, 0), "SSCAN count": one_of(1, 1000, 1000, 1000, 0),
    "HSCAN count": one_of(1, 1000, 1000, 1000, 0), "ZSCAN count": one_of(1, 1000, 1000, 1000, 0),
}


def maker(command, argument):
    """The maker for one argument of a command."""
    for key in (f"{command.name} {argument.name}", f"{command.group} {argument.name}", argument.name, argument.type):
        if key in MAKERS:
            return MAKERS[key]
    return _text
