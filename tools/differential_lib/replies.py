"""Decides whether two replies to one command are the same, as far as Redis promises it.

Replies are those of resp_client: (kind, value). Most are compared as they are. Elements that come in
any order are compared as sets, what is chosen by chance by its shape, and times with some slack.
"""

import math

from differential_lib import older, scripts

_UNORDERED = {b"SMEMBERS", b"SINTER", b"SUNION", b"SDIFF", b"HKEYS", b"HVALS", b"KEYS"}
_PAIRS = {b"HGETALL"}
_GEO = {b"GEORADIUS", b"GEORADIUS_RO", b"GEORADIUSBYMEMBER", b"GEORADIUSBYMEMBER_RO", b"GEOSEARCH"}
_CHANCE = {b"SPOP", b"SRANDMEMBER", b"HRANDFIELD", b"ZRANDMEMBER", b"RANDOMKEY"}
_SCANS = {b"SCAN", b"SSCAN", b"HSCAN", b"ZSCAN"}
_SHAPE_ONLY = {b"DUMP", b"HELLO", b"TIME"}
_TIMES = {b"TTL": 2, b"PTTL": 2000, b"EXPIRETIME": 2, b"PEXPIRETIME": 2000, b"HTTL": 2, b"HPTTL": 2000,
          b"HEXPIRETIME": 2, b"HPEXPIRETIME": 2000}
_IDLE_NAMES = {b"idle", b"inactive", b"seen-time", b"active-time"}
_NEW_NAMES = {b"active-time", b"inactive"}  # Since 7.2.
_SLACK_MS = 60000
# What Redis's SORT says when some command before has left an error behind in errno.
_STALE_ERROR = b"ERR One or more scores can't be converted into double"
_NULLS = {"$nil", "*nil", "_"}


class Rules:
    """`version` of Redis: what 7.2 changed since, or later versions have changed, is no difference."""

    def __init__(self, version=(7, 2)):
        self.older = version < (7, 2)
        self._newer = version > (7, 2)
        self._floats = self.older

    def same(self, words, ours, theirs):
        if ours == theirs or (self.older and older.changed(words, ours, theirs)):
            return True
        if self._newer and older.changed_since(words, ours, theirs):
            return True
        name = words[0].upper() if words else b""
        inner = scripts.inner_words(words)
        if inner is not None:
            return self.same(inner, ours, theirs)
        self._floats = self.older or name.lstrip(b"B").startswith((b"Z", b"GEO"))
        if name == b"OBJECT" and len(words) > 1:
            return self._object(words[1].upper(), ours, theirs)
        if name == b"XADD" and b"*" in words:
            return _kinds(ours) == _kinds(theirs)
        if name == b"FUNCTION" and len(words) > 1:
            if words[1].upper() == b"DUMP":
                return ours[0] == theirs[0]
            return _sorted(ours) == _sorted(theirs)
        if name in _SHAPE_ONLY:
            return ours[0] == theirs[0]
        if name in _TIMES:
            return self._near(ours, theirs, _TIMES[name])
        if name in _CHANCE:
            repeats = any(word.startswith(b"-") for word in words[2:])
            step = 2 if words[-1].upper() in (b"WITHSCORES", b"WITHVALUES") else 1
            return _kinds(ours) == _kinds(theirs) and (repeats or _distinct(ours, step) == _distinct(theirs, step))
        if name in _SCANS:
            return self._scan(words, ours, theirs)
        if name in (b"SORT", b"SORT_RO") and theirs[1] == _STALE_ERROR:
            return True
        if name in (b"SORT", b"SORT_RO") and _has_ties(words):
            limited = b"LIMIT" in [word.upper() for word in words]
            if limited and ours[0] == theirs[0] == "*":
                return len(ours[1]) == len(theirs[1])
            return self._unordered(ours, theirs, 1)
        if name in _UNORDERED:
            return self._unordered(ours, theirs, 1)
        if name in _PAIRS:
            return self._unordered(ours, theirs, 2)
        if name in _GEO:
            return self._unordered(ours, theirs, 1)
        if name == b"XPENDING":
            return self._pending(ours, theirs)
        if name == b"XINFO":
            return self._equal(self._timeless(ours), self._timeless(theirs))
        return self._equal(ours, theirs)

    # --- The kinds of comparison ---

    def _equal(self, ours, theirs):
        if ours == theirs:
            return True
        (our_kind, our_value), (their_kind, their_value) = ours, theirs
        if our_kind != their_kind:
            return False
        if isinstance(our_value, list):
            return len(our_value) == len(their_value) and \
                all(self._equal(o, t) for o, t in zip(our_value, their_value))
        if our_kind == ":":
            return _both_recent(our_value, their_value)
        # Distances come from another sine; zeros may have signs; and both write doubles their own way.
        return self._floats and our_kind in ",$" and _close(our_value, their_value)

    def _near(self, ours, theirs, slack):
        if ours[0] != theirs[0]:
            return False
        if isinstance(ours[1], list):
            return len(ours[1]) == len(theirs[1]) and \
                all(self._near(o, t, slack) for o, t in zip(ours[1], theirs[1]))
        if ours[0] != ":":
            return ours == theirs
        a, b = int(ours[1]), int(theirs[1])
        return a == b or (a > 0 and b > 0 and abs(a - b) <= slack)

    def _unordered(self, ours, theirs, group):
        if ours[0] != theirs[0] or not isinstance(ours[1], list) or len(ours[1]) != len(theirs[1]):
            return False
        left = sorted(_groups(ours[1], group), key=repr)
        right = sorted(_groups(theirs[1], group), key=repr)
        return all(self._equal(o, t) for a, b in zip(left, right) for o, t in zip(a, b))

    def _scan(self, words, ours, theirs):
        if ours[0] != "*" or theirs[0] != "*":
            return ours[0] == theirs[0] and self._equal(ours, theirs)
        at = 1 if words[0].upper() == b"SCAN" else 2
        upper = [word.upper() for word in words]
        whole = words[at] == b"0" and b"COUNT" in upper[at:] and \
            upper[len(upper) - 1 - upper[::-1].index(b"COUNT") + 1:][:1] == [b"1000"]
        if not whole:
            return _kinds(ours[1][0]) == _kinds(theirs[1][0]) and ours[1][1][0] == theirs[1][1][0]
        if ours[1][0] != theirs[1][0]:
            return False
        group = 2 if words[0].upper() in (b"HSCAN", b"ZSCAN") and b"NOVALUES" not in upper else 1
        return self._unordered(ours[1][1], theirs[1][1], group)

    def _pending(self, ours, theirs):
        """[[id, consumer, idle, count] …]: the idle time differs."""
        def timeless(reply):
            if reply[0] != "*":
                return reply
            return "*", [("*", item[1][:2] + [_rough(item[1][2])] + item[1][3:])
                         if item[0] == "*" and len(item[1]) == 4 and item[1][2][0] == ":" else item
                         for item in reply[1]]
        return self._equal(timeless(ours), timeless(theirs))

    def _timeless(self, reply):
        """XINFO's replies with the times since something roughly only."""
        kind, value = reply
        if not isinstance(value, list):
            return reply
        items = []
        for item in value:
            name = items[-1][1] if items and items[-1][0] == "$" else None
            if self.older and name in _NEW_NAMES:
                items.pop()
            elif name in _IDLE_NAMES and item[0] == ":":
                items.append(_rough(item))
            else:
                items.append(self._timeless(item))
        return kind, items

    def _object(self, subcommand, ours, theirs):
        if subcommand == b"REFCOUNT":
            return ours[0] == theirs[0]
        if subcommand == b"IDLETIME":
            return self._near(ours, theirs, 60) or (ours[0] == theirs[0] == ":")
        if subcommand == b"ENCODING" and ours[0] == theirs[0] == "$":
            # Redis's SETBIT and BITFIELD make a string raw also where they change nothing.
            # A list's grows before LSET, LINSERT … find that they change nothing.
            same = [{b"raw", b"int"}, {b"raw", b"embstr"}, {b"quicklist", b"listpack"}]
            if self.older:
                # Sets had no listpack; ZADD did not count its pairs first.
                same += [{b"hashtable", b"listpack"}, {b"skiplist", b"listpack"}]
            return ours == theirs or {ours[1], theirs[1]} in same
        return self._equal(ours, theirs)


def _close(a, b):
    try:
        return math.isclose(float(a), float(b), rel_tol=1e-14)
    except ValueError:
        return False


def _both_recent(a, b):
    """Both are moments in milliseconds, close to one another."""
    return len(a) == len(b) == 13 and abs(int(a) - int(b)) <= _SLACK_MS


def _rough(reply):
    """An idle time: what is small is like nothing."""
    return ":", b"%d" % (int(reply[1]) // 100000)


def _kinds(reply):
    kind, value = reply
    kind = "nil" if kind in _NULLS else kind
    return (kind, [_kinds(item) for item in value]) if isinstance(value, list) else kind


def _sorted(reply):
    """With everything inside in one order: libraries and their functions have none."""
    kind, value = reply
    return (kind, sorted(map(_sorted, value), key=repr)) if isinstance(value, list) else reply


def _groups(items, size):
    return [tuple(items[i:i + size]) for i in range(0, len(items), size)]


def _distinct(reply, step):
    """How many different elements; in flat pairs only the first of each counts."""
    kind, value = reply
    if not isinstance(value, list):
        return 0
    flat = value and not isinstance(value[0][1], list)
    return len({repr(item) for item in (value[::step] if flat else value)})


def _has_ties(words):
    """Whether SORT may meet elements that it has no order for."""
    upper = [word.upper() for word in words]
    return b"BY" in upper[2:-1] and (b"*" not in words[upper.index(b"BY", 2) + 1] or b"ALPHA" in upper)
