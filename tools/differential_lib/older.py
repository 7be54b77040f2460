"""What other versions of Redis than 7.2 do in another way: Debian's 7.0, and 7.4."""

_RANKS = (b"ZRANK", b"ZREVRANK")


def changed(words, ours, theirs):
    """Whether the two replies differ only by such a change."""
    name = words[0].upper() if words else b""
    if name == b"XSETID":
        return True  # An id below the largest deleted one was accepted.
    if ours[0] == theirs[0] == "-":
        if name == b"COMMAND":
            return True  # GETKEYS of one word was a wrong number of arguments.
        if name in _RANKS and len(words) > 3:
            return True  # There was no WITHSCORE, so that was a wrong number of arguments.
        if ours[1].startswith(b"ERR Unbalanced '") and theirs[1].startswith(b"ERR Unbalanced XREAD"):
            return True
    return False


def changed_since(words, ours, theirs):
    """The same for what 7.4 changed."""
    name = words[0].upper() if words else b""
    if name.endswith(b"SCAN") and theirs == ("-", b"ERR invalid cursor"):
        return True  # A cursor was any number that C reads.
    if name == b"BITCOUNT" and theirs[0] == "-":
        return True  # Its range is looked at also where there is no key.
    if name == b"COMMAND" and words[2:3] and words[2].upper() == b"SINTERSTORE":
        return True  # Its destination is overwritten (OW), no longer changed (RW).
    # Asked for a deadline of a field that is not there, a hash becomes able to have them.
    return name == b"OBJECT" and {ours[1], theirs[1]} == {b"listpack", b"listpackex"}
