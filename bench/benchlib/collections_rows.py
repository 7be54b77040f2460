"""The rows of lists, hashes, sets, sorted sets, geo and streams; see families.py."""

from benchlib.rows import EACH, FEW, ONCE, Family, row

_SPACED = " ".join
HUNDRED, OTHERS = ([f"m{i}" for i in range(first, first + 100)] for first in (0, 50))
HASH = " ".join(f"f{i} value-{i}" for i in range(9)) + " n 1000"

LISTS = Family("lists", (
    (EACH, "RPUSH l:<n> " + _SPACED(f"value-{i}" for i in range(10))),
    (EACH, "RPUSH large value-<n>"),
    (EACH, "RPUSH other value-<n>"),
    (FEW, "RPUSH m:<n> " + _SPACED(f"value-{i}" for i in range(1000))),
), (
    row("LRANGE of a small list, 10", "LRANGE l:<key> 0 -1"),
    row("LRANGE of a large list, 100", "LRANGE large <a=index> <a+99>", pipeline=16),
    row("LRANGE of a large list, 600", "LRANGE large <a=index> <a+599>", pipeline=8),
    row("LRANGE of a large list, its first 100", "LRANGE large 0 99", pipeline=16),
    row("LINDEX, small", "LINDEX l:<key> 5"),
    row("LINDEX, large", "LINDEX large <index>", pipeline=16),
    row("LPOS, small", "LPOS l:<key> value-7"),
    row("LPOS in 1000, at 500", "LPOS m:<few> value-500", pipeline=16),
    row("LLEN", "LLEN l:<key>"),
    row("LSET, small", "LSET l:<key> 5 value-<1-9>"),
    row("LSET, large", "LSET large <index> value-<key>", pipeline=16, varied=True),
    row("LINSERT+LREM, small", "LINSERT l:<a=key> AFTER value-4 new", "LREM l:<a> 1 new",
        same=False),
    row("LINSERT+LREM in 1000, at 500", "LINSERT m:<a=few> AFTER value-500 new",
        "LREM m:<a> 1 new", pipeline=16, same=False),
    row("LMOVE and back, small", "LMOVE l:<a=key> r:<a> LEFT RIGHT", "LMOVE r:<a> l:<a> RIGHT LEFT",
        same=False),
    row("LMOVE from large to large", "LMOVE other other LEFT RIGHT"),
    row("RPUSH+LTRIM, small", "RPUSH l:<a=key> new", "LTRIM l:<a> -10 -1", same=False),
    row("LPUSH+LTRIM, large", "LPUSH other new", "LTRIM other 0 -2", same=False),
    row("LPUSH, many lists", "LPUSH g:<key> value-<1-9>", same=False),
    row("RPUSH, many lists", "RPUSH g:<key> value-<1-9>", same=False),
    row("LPUSH, one list", "LPUSH new value-<key>", reset=("DEL new",)),
    row("RPUSH, one list", "RPUSH new value-<key>", reset=("DEL new",), same=False),
    row("RPUSH+LPOP, small", "RPUSH l:<a=key> value-<1-9>", "LPOP l:<a>", same=False),
    row("RPUSH+LPOP, large", "RPUSH other value-<key>", "LPOP other", same=False),
))

HASHES = Family("hashes", (
    (EACH, f"HSET h:<n> {HASH}"),
    (EACH, "HSET large f<n> value-<n>"),
    (EACH, "HSET counts f<n> 1000"),
), (
    row("HGET, small", "HGET h:<key> f5"),
    row("HGET, large", "HGET large f<key>"),
    row("HMGET of 5, small", "HMGET h:<key> f1 f3 f5 f7 f9"),
    row("HMGET of 5, large", "HMGET large f<key> f<key> f<key> f<key> f<key>", pipeline=32),
    row("HGETALL of 10", "HGETALL h:<key>", same=False),
    row("HSCAN of 10", "HSCAN h:<key> 0", same=False),
    row("HSCAN COUNT 10, large", "HSCAN large 0 COUNT 10", same=False),
    row("HRANDFIELD, small", "HRANDFIELD h:<key>", same=False),
    row("HRANDFIELD, large", "HRANDFIELD large", same=False),
    row("HSET, small", "HSET h:<key> f5 value-<1-9>"),
    row("HSET, large", "HSET large f<key> value-<key>", varied=True),
    row("HSET of 10 fields", f"HSET h:<key> {HASH}"),
    row("HINCRBY, small", "HINCRBY h:<key> n 1"),
    row("HINCRBY, large", "HINCRBY counts f<key> 1"),
    row("HDEL+HSET, small", "HDEL h:<a=key> f5", "HSET h:<a> f5 value-5", same=False),
    row("HDEL+HSET, large", "HDEL large f<a=key>", "HSET large f<a> value-<a>", same=False),
    row("HSET, one hash that grows", "HSET new f<seq> value", reset=("DEL new",)),
))

SETS = Family("sets", (
    (EACH, "SADD i:<n> 1 2 3 4 5 6 7 8 9 10"),
    (EACH, "SADD s:<n> " + _SPACED(f"member-{i}" for i in range(10))),
    (EACH, "SADD large member-<n>"),
    (EACH, "SADD popped member-<n>"),
    (FEW, "SADD a:<n> " + _SPACED(HUNDRED)),
    (FEW, "SADD b:<n> " + _SPACED(OTHERS)),
), (
    row("SISMEMBER, 10 integers", "SISMEMBER i:<key> 7"),
    row("SISMEMBER, small", "SISMEMBER s:<key> member-7"),
    row("SISMEMBER, large", "SISMEMBER large member-<key>"),
    row("SMEMBERS of 10", "SMEMBERS s:<key>", same=False),
    row("SCARD", "SCARD s:<key>"),
    row("SRANDMEMBER, small", "SRANDMEMBER s:<key>", same=False),
    row("SRANDMEMBER, large", "SRANDMEMBER large", same=False),
    row("SINTER of two of 100", "SINTER a:<few> b:<few>", same=False, pipeline=16),
    row("SUNION of two of 100", "SUNION a:<few> b:<few>", same=False, pipeline=16),
    row("SDIFF of two of 100", "SDIFF a:<few> b:<few>", same=False, pipeline=16),
    row("SINTERCARD of two of 100", "SINTERCARD 2 a:<few> b:<few>", pipeline=16),
    row("SUNIONSTORE of two of 100", "SUNIONSTORE target:<few> a:<few> b:<few>", pipeline=16),
    row("SADD+SREM, 10 integers", "SADD i:<a=key> 100", "SREM i:<a> 100", same=False),
    row("SADD+SREM, small", "SADD s:<a=key> new", "SREM s:<a> new", same=False),
    row("SREM+SADD, large", "SREM large member-<a=key>", "SADD large member-<a>", same=False),
    row("SADD+SPOP, small", "SADD s:<a=key> member-<seq>", "SPOP s:<a>", same=False),
    row("SADD+SPOP, large", "SADD popped member-<seq>", "SPOP popped", same=False),
    row("SADD, many sets", "SADD new:<key> <key>", same=False),
    row("SADD, one set that grows", "SADD grows member-<seq>", reset=("DEL grows",)),
))

ZSETS = Family("sorted-sets", (
    (EACH, "ZADD z:<n> " + _SPACED(f"{i * 100} member-{i}" for i in range(10))),
    (EACH, "ZADD large <n> member-<n>"),
    (EACH, "ZADD changed <n> member-<n>"),
    (EACH, "ZADD lex 0 member-<n>"),
    (FEW, "ZADD a:<n> " + _SPACED(f"{i} {m}" for i, m in enumerate(HUNDRED))),
    (FEW, "ZADD b:<n> " + _SPACED(f"{i} {m}" for i, m in enumerate(OTHERS))),
), (
    row("ZSCORE, small", "ZSCORE z:<key> member-5"),
    row("ZSCORE, large", "ZSCORE large member-<key>"),
    row("ZRANK, small", "ZRANK z:<key> member-5"),
    row("ZRANK, large", "ZRANK large member-<key>"),
    row("ZRANGE WITHSCORES of 10", "ZRANGE z:<key> 0 -1 WITHSCORES"),
    row("ZRANGE of 100, large", "ZRANGE large <a=index> <a+99>", pipeline=16),
    row("ZRANGE WITHSCORES of 100, large", "ZRANGE large <a=index> <a+99> WITHSCORES", pipeline=16),
    row("ZREVRANGE of 10, large", "ZREVRANGE large 0 9"),
    row("ZRANGEBYSCORE LIMIT 10, small", "ZRANGEBYSCORE z:<key> 300 +inf LIMIT 0 10"),
    row("ZRANGEBYSCORE LIMIT 10, large", "ZRANGEBYSCORE large <key> +inf LIMIT 0 10"),
    row("ZRANGEBYLEX LIMIT 10, large", "ZRANGEBYLEX lex [member-<key> + LIMIT 0 10"),
    row("ZCOUNT, small", "ZCOUNT z:<key> 200 600"),
    row("ZCOUNT, large", "ZCOUNT large <key> +inf"),
    row("ZUNIONSTORE of two of 100", "ZUNIONSTORE target:<few> 2 a:<few> b:<few>", pipeline=16),
    row("ZADD of a new score, small", "ZADD z:<key> <1000-9999> member-5", varied=True),
    row("ZADD of a new score, large", "ZADD changed <key>.<1-9> member-<key>", varied=True),
    row("ZADD, many sorted sets", "ZADD new:<key> <100-999> <key>", same=False),
    row("ZADD, one that grows", "ZADD grows <key> member-<seq>", reset=("DEL grows",)),
    row("ZINCRBY, small", "ZINCRBY z:<key> 1 member-7"),
    row("ZINCRBY, large", "ZINCRBY changed <1-9>.<1-9> member-<key>", same=False),
    row("ZREM+ZADD, small", "ZREM z:<a=key> member-5", "ZADD z:<a> <100-999> member-5", same=False),
    row("ZREM+ZADD, large", "ZREM changed member-<a=key>", "ZADD changed <key> member-<a>",
        same=False),
    row("ZADD+ZPOPMIN, small", "ZADD z:<a=key> <1000-9999> member-<seq>", "ZPOPMIN z:<a>",
        same=False),
    row("ZADD+ZPOPMIN, large", "ZADD changed <key> member-<seq>", "ZPOPMIN changed", same=False),
))

# Of 100,000 about 47 are not more than 1 km from any of them.
_PLACE = "1.<10000-99999> 48.<10000-99999>"

GEO = Family("geo", (
    (EACH, f"GEOADD large {_PLACE} member-<n>"),
    (EACH, f"GEOADD other {_PLACE} member-<n>"),
    (EACH, "GEOADD g:<n> " + _SPACED(f"1.{1000 + i} 48.{1000 + i} m{i}" for i in range(10))),
), (
    row("GEOPOS, small", "GEOPOS g:<key> m5"),
    row("GEOPOS, large", "GEOPOS large member-<key>"),
    row("GEODIST, large", "GEODIST large member-<key> member-<key> km"),
    row("GEOHASH, large", "GEOHASH large member-<key>"),
    row("GEOSEARCH of 10, small", "GEOSEARCH g:<key> FROMMEMBER m5 BYRADIUS 100 km ASC",
        pipeline=16),
    row("GEOSEARCH ASC COUNT 10, large",
        "GEOSEARCH large FROMMEMBER member-<key> BYRADIUS 1 km ASC COUNT 10", pipeline=16),
    row("GEOADD, small", f"GEOADD g:<key> {_PLACE} m5", varied=True),
    row("GEOADD, large", f"GEOADD other {_PLACE} member-<key>", varied=True),
))

_STREAM = _SPACED(f"field-{i} value-{i}" for i in range(2))

STREAMS = Family("streams", (
    (EACH, f"XADD large <n>-1 {_STREAM}"),
    (FEW, *(f"XADD x:<n> {i}-1 {_STREAM}" for i in range(1, 11))),
    (ONCE, *(f"XGROUP CREATE r:{i} g $ MKSTREAM" for i in range(10, 60))),
    (ONCE, "XGROUP CREATE pending g 0 MKSTREAM"),
    (EACH, "XADD pending <n>-1 f v", "XREADGROUP GROUP g c STREAMS pending >"),
), (
    row("XLEN", "XLEN x:<few>"),
    row("XRANGE of 10, small", "XRANGE x:<few> - +", pipeline=32),
    row("XRANGE of 10, large", "XRANGE large <key>-0 + COUNT 10", pipeline=32),
    row("XREVRANGE of 10, large", "XREVRANGE large <key>-2 - COUNT 10", pipeline=32),
    row("XREAD of 10, large", "XREAD COUNT 10 STREAMS large <key>-0", pipeline=32),
    row("XPENDING of 10, large", "XPENDING pending g <key>-0 + 10", same=False, pipeline=32),
    row("XADD, many streams, MAXLEN ~ 10", f"XADD s:<key> MAXLEN ~ 10 * {_STREAM}", same=False),
    row("XADD, one stream", f"XADD new * {_STREAM}", reset=("DEL new",), same=False),
    row("XADD, one stream, MAXLEN ~ 1000", f"XADD capped MAXLEN ~ 1000 * {_STREAM}", same=False),
    row("XADD+XDEL, large", f"XADD large <a=seq>-1 {_STREAM}", "XDEL large <a>-1", connections=1),
    row("XADD+XREADGROUP+XACK", f"XADD r:<conn> MAXLEN ~ 1000 <a=seq>-1 {_STREAM}",
        "XREADGROUP GROUP g c COUNT 1 STREAMS r:<conn> >", "XACK r:<conn> g <a>-1"),
    row("XCLAIM of one of many", "XCLAIM pending g d 0 <key>-1 JUSTID", same=False),
))

ALL = (LISTS, HASHES, SETS, ZSETS, GEO, STREAMS)
