"""Values to choose from: few, so that they meet again, and on both sides of the limits of encodings."""

# Numbers around which integers change their size in listpacks, intsets and in the protocol.
EDGES = [0, 1, 12, 13, 127, 128, 4095, 4096, 32767, 32768, 8388607, 8388608, 2147483647, 2147483648,
         9223372036854775807]
INTEGERS = [str(n).encode() for edge in EDGES for n in (edge, -edge)] + [b"-9223372036854775808"]
BAD_INTEGERS = [b"", b"x", b"1.5", b" 1", b"+1", b"01", b"-0", b"9223372036854775808", b"1e3"]
FLOATS = [b"0", b"1", b"-1", b"1.5", b"0.1", b"-0.3", b"3.0e3", b"1e17", b"-2.5e-7", b"123456789.123456789",
          b"1e300", b"inf", b"-inf", b"+inf", b"9007199254740993", b"-0"]
BAD_FLOATS = [b"nan", b"", b"x", b"1.5x", b" 1"]
STRINGS = [b"", b"a", b"b", b"c", b"abc", b"Hello World", b"3", b"7", b"-5", b"10", b"1.5", b"\x00\xff\r\n",
           b"a" * 44, b"b" * 45, b"c" * 63, b"d" * 64, b"e" * 65, b"f" * 300, b"ohmytext", b"mynewtext"]
MEMBERS = ([b"m%d" % i for i in range(8)] + [b"%d" % i for i in range(-2, 9)] + [b"", b"1.5", b"A", b"\xe4",
           b"g" * 63, b"g" * 64, b"g" * 65, b"32768", b"-2147483649", b"9223372036854775807", b"012"])
FIELDS = [b"f%d" % i for i in range(6)] + [b"1", b"2", b"m1", b"", b"h" * 64, b"h" * 65]
PATTERNS = [b"*", b"*", b"?*", b"m*", b"f?", b"*1*", b"[a-m]*", b"[^m]*", b"m[0-3]", b"\\*", b"l*", b"??", b"",
            b"[", b"z*0", b"**", b"x[1-", b"*[0-9]"]
PLACES = [(b"13.361389", b"38.115556"), (b"15.087269", b"37.502669"), (b"2.352222", b"48.856613"),
          (b"-73.985428", b"40.748817"), (b"151.209296", b"-33.868820"), (b"0", b"0"), (b"-180", b"85"),
          (b"180", b"-85.05112878"), (b"179.9999", b"1.5"), (b"-179.9999", b"1.25")]
BAD_PLACES = [(b"181", b"10"), (b"10", b"86"), (b"x", b"1"), (b"1", b"")]
BIT_TYPES = [b"u1", b"i1", b"u4", b"i5", b"u8", b"i8", b"u16", b"i16", b"u31", b"i32", b"u63", b"i64", b"i13"]
BAD_BIT_TYPES = [b"u64", b"i65", b"u0", b"i0", b"x8", b"u", b""]
GROUPS = [b"g0", b"g1"]
CONSUMERS = [b"alice", b"bob", b"carol"]
SCORE_ENDS = [b"-inf", b"+inf", b"0", b"(0", b"1", b"(1", b"1.5", b"(2", b"3", b"(7", b"-1", b"10", b"inf", b"100"]
BAD_SCORE_ENDS = [b"x", b"(", b"[1", b"nan", b"("]
LEX_ENDS = [b"-", b"+", b"[a", b"(a", b"[m1", b"(m1", b"[m3", b"(m5", b"[", b"(", b"[z", b"(A", b"[5", b"(7"]
BAD_LEX_ENDS = [b"a", b"", b"*", b"--"]

# Keys by the type that is mostly kept there; the types clash because any command may get any key.
KEYS = {
    "string": [b"k0", b"k1", b"k2", b"n0"],
    "bitmap": [b"b0", b"b1", b"k0"],
    "list": [b"l0", b"l1", b"l2"],
    "set": [b"s0", b"s1", b"s2"],
    "hash": [b"h0", b"h1", b"h2"],
    "sorted-set": [b"z0", b"z1", b"z2"],
    "geo": [b"e0", b"e1"],
    "stream": [b"x0", b"x1"],
    "hyperloglog": [b"p0", b"p1", b"p2"],
}
ANY_KEY = sorted({key for keys in KEYS.values() for key in keys} | {b"", b"nokey", b"{t}1"})

# Settings an episode may run with, besides the defaults.
SETTINGS = {
    "hash-max-listpack-entries": ["0", "3", "512"], "hash-max-listpack-value": ["4", "64"],
    "set-max-intset-entries": ["0", "4", "512"], "set-max-listpack-entries": ["0", "4", "128"],
    "set-max-listpack-value": ["4", "64"], "zset-max-listpack-entries": ["0", "4", "128"],
    "zset-max-listpack-value": ["4", "64"], "list-max-listpack-size": ["2", "5", "-1", "-2"],
    "stream-node-max-entries": ["3", "100"], "stream-node-max-bytes": ["100", "4096"],
    "hll-sparse-max-bytes": ["100", "3000"], "notify-keyspace-events": ["AKE", "nAKE", "KE$lg", ""],
}
