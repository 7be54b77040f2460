"""Scripts and libraries for EVAL, EVALSHA, FUNCTION and FCALL."""

import hashlib

# Runs the command that its arguments are.
CALL = b"return redis.call(unpack(ARGV))"
_PCALL = b"return redis.pcall(unpack(ARGV))"
CALLS = (CALL, _PCALL)

SCRIPTS = [
    b"return {KEYS[1], ARGV[1], #KEYS, #ARGV}", b"return redis.status_reply('FINE')", b"return redis.error_reply('MY error')",
    b"return 3.99", b"return {1, 2, nil, 3}", b"return false", b"return true", b"return {ok='yes'}", b"return {err='no'}",
    b"redis.setresp(3) return redis.call('ZRANGE', 'z0', 0, -1, 'WITHSCORES')", b"return redis.call('HMGET', 'h0', 'f0', 'f1')", b"return redis.pcall('NOSUCH')",
    b"error('boom')", b"error({err='ERR boom'})", b"return redis.call('INCR')", b"return redis.call('LPUSH', 'k0', 'x')",
    b"return cjson.encode({1, 'a', {b=2.5}, cjson.null})", b"return cjson.decode('{\"a\": [1, 2.5, null, true]}').a",
    b"return cmsgpack.unpack(cmsgpack.pack({1, 'two', {3}}))", b"return {bit.band(7, 13), bit.tohex(255), bit.lshift(1, 31)}",
    b"return {struct.unpack('>I2s', struct.pack('>I2s', 513, 'x'))}", b"return redis.sha1hex(ARGV[1] or '')", b"return tostring(KEYS[1])",
    b"local t = {} for i = 1, 20 do t[i] = i * i end return t", b"return string.rep('ab', 40)", b"return tonumber('0x10')",
    b"redis.setresp(3) return {double=1.5}", b"return {map={a=1}}", b"return nosuchvariable", b"x = 1", b"syntax error here",
    b"#!lua flags=no-writes\nreturn redis.call('SET', 'k0', '1')", b"#!lua name=x\nreturn 1", b"return math.floor(-1.5)",
    b"redis.call('SET', 'k1', ARGV[1] or 'none') return redis.call('GET', 'k1')", b"return table.concat({1, 2, 3}, ',')",
]

_LIBRARY = b"""#!lua name=lib0
redis.register_function('f0', function(keys, args) return {#keys, args[1], keys[1]} end)
redis.register_function{function_name='f1', callback=function(keys, args) return redis.call('GET', 'k0') end, flags={'no-writes'}, description='reads'}
redis.register_function('f2', function(keys, args) return redis.call('INCRBY', 'n0', 3) end)
"""
LIBRARIES = [
    _LIBRARY,
    # Another with one name that the first has: of several Redis names any.
    _LIBRARY.replace(b"lib0", b"lib1").replace(b"f1", b"f4").replace(b"f2", b"f5"), b"#!lua name=lib1\nredis.register_function('f3', function() return 'three' end)",
    b"#!lua name=lib0\nredis.register_function('f0', function() return redis.status_reply('new') end)", b"#!lua name=lib2\nreturn 1",
    b"return 1", b"#!js name=lib0\nx", b"#!lua name=lib0\nredis.call('GET', 'x')", b"#!lua\nx", b"#!lua name=bad-name\nx = 1",
]
FUNCTIONS = [b"f0", b"f1", b"f2", b"f3", b"f4", b"nofunction"]
LIBRARY_NAMES = [b"lib0", b"lib1", b"lib2", b"nolib", b"lib*"]
HASHES = [hashlib.sha1(script).hexdigest().encode() for script in SCRIPTS[:8]]
HASHES += [HASHES[0].upper(), b"0" * 40, b"short"]


def inner_words(words):
    """The command that a script of CALLS runs, or None."""
    if len(words) < 4 or words[0].upper() not in (b"EVAL", b"EVAL_RO") or words[1] not in CALLS:
        return None
    return words[3:] if words[2] == b"0" else None
