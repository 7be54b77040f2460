"""Mydis from Python: a client of running instances, or an instance in this process.

    with mydis.Client("127.0.0.1:2381") as client, client.session() as session:
        session.set("k", "v")
        session.get("k")                               # b"v"
        session.command("ZADD", "z", 1, "a")
        await session.command_async("INCR", "n")       # in a coroutine

Strings are bytes in answers, and str (as UTF-8), bytes, int or float in commands. Errors are MydisError.
It is a binding of mydis/c.h by ctypes, in one file. MYDIS_LIBRARY names the library if the system does not.
"""

import asyncio
import ctypes
import ctypes.util
import itertools
import os
import threading
from ctypes import POINTER, byref, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint64, c_void_p

# ---- The library

_C_VERSION = 1


class _CallOptions(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("kind", c_int), ("consistency", c_int), ("time_limit_ms", c_int64),
                ("min_revision", c_uint64), ("request_id", c_char_p), ("request_id_length", c_size_t)]


class _Message(ctypes.Structure):
    # Bytes of any kind: pointers, not texts that end with a zero.
    _fields_ = [("channel", c_void_p), ("channel_length", c_size_t), ("pattern", c_void_p),
                ("pattern_length", c_size_t), ("payload", c_void_p), ("payload_length", c_size_t),
                ("revision", c_uint64)]


class _KeyChange(ctypes.Structure):
    _fields_ = [("kind", c_int), ("key", c_void_p), ("key_length", c_size_t), ("type", c_char_p),
                ("value", c_void_p), ("value_length", c_size_t), ("revision", c_uint64), ("last", c_int)]


_ON_REPLY = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_void_p)
_ON_MESSAGE = ctypes.CFUNCTYPE(None, c_void_p, POINTER(_Message))
_ON_GAP = ctypes.CFUNCTYPE(None, c_void_p)
_ON_CHANGE = ctypes.CFUNCTYPE(None, c_void_p, POINTER(_KeyChange))
_ON_REVISION = ctypes.CFUNCTYPE(None, c_void_p, c_uint64)
_ON_END = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_uint64)
_ON_LINE = ctypes.CFUNCTYPE(None, c_void_p, c_char_p, c_char_p)


class _SubscribeHandlers(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("on_message", _ON_MESSAGE), ("on_gap", _ON_GAP)]


class _WatchOptions(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("of", c_int), ("name", c_char_p), ("name_length", c_size_t),
                ("from_revision", c_uint64), ("values", c_int)]


class _WatchHandlers(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("on_change", _ON_CHANGE), ("on_message", _ON_MESSAGE),
                ("on_revision", _ON_REVISION), ("on_end", _ON_END)]


_WORDS = (c_size_t, POINTER(c_char_p), POINTER(c_size_t))
_OUT = POINTER(c_void_p)
_OPTIONS = POINTER(_CallOptions)

# What each function takes. Those that are not in _RESULTS give a mydis_error.
_ARGUMENTS = {
    "c_version": (), "version": (), "set_log_handler": (_ON_LINE, c_void_p),
    "error_get_code": (c_void_p,), "error_get_message": (c_void_p,), "error_free": (c_void_p,),
    "options_new": (_OUT,), "options_set": (c_void_p, c_char_p, c_char_p), "options_free": (c_void_p,),
    "client_connect": (c_void_p, _OUT), "client_session": (c_void_p, c_void_p, _OUT), "client_free": (c_void_p,),
    "instance_start": (c_void_p, _OUT), "instance_wait_until_ready": (c_void_p, c_int64),
    "instance_session": (c_void_p, c_void_p, _OUT), "instance_status": (c_void_p, _OUT), "instance_free": (c_void_p,),
    "session_revision": (c_void_p,), "session_see_at_least": (c_void_p, c_uint64), "session_free": (c_void_p,),
    "reply_type": (c_void_p,), "reply_integer": (c_void_p,), "reply_double": (c_void_p,),
    "reply_string": (c_void_p, POINTER(c_size_t)), "reply_error_code": (c_void_p,), "reply_size": (c_void_p,),
    "reply_element": (c_void_p, c_size_t), "reply_free": (c_void_p,),
    "command": (c_void_p, *_WORDS, _OPTIONS, _OUT),
    "command_async": (c_void_p, *_WORDS, _OPTIONS, _ON_REPLY, c_void_p),
    "pipeline_new": (c_void_p, _OUT), "pipeline_add": (c_void_p, *_WORDS, _OPTIONS),
    "pipeline_run": (c_void_p, _OPTIONS, _OUT), "pipeline_free": (c_void_p,),
    "transaction_new": (c_void_p, _OUT), "transaction_if": (c_void_p, c_char_p, c_size_t, c_uint64),
    "transaction_add": (c_void_p, *_WORDS), "transaction_run": (c_void_p, _OPTIONS, _OUT),
    "transaction_free": (c_void_p,), "revisions": (c_void_p, *_WORDS, _OPTIONS, POINTER(c_uint64)),
    "subscribe": (c_void_p, *_WORDS[:2], *_WORDS[:2], POINTER(_SubscribeHandlers), c_void_p, _OUT),
    "watch": (c_void_p, POINTER(_WatchOptions), POINTER(_WatchHandlers), c_void_p, _OUT),
    "subscription_free": (c_void_p,),
}
_RESULTS = {
    "c_version": c_int, "version": c_char_p, "error_get_code": c_int, "error_get_message": c_char_p,
    "session_revision": c_uint64, "reply_type": c_int, "reply_integer": c_int64, "reply_double": c_double,
    "reply_string": c_void_p, "reply_error_code": c_int, "reply_size": c_size_t, "reply_element": c_void_p,
}


def _load():
    path = os.environ.get("MYDIS_LIBRARY") or ctypes.util.find_library("mydis") or "libmydis.so.0"
    library = ctypes.CDLL(path)
    for name, arguments in _ARGUMENTS.items():
        function = getattr(library, "mydis_" + name)
        function.argtypes = arguments
        function.restype = None if name.endswith("_free") else _RESULTS.get(name, c_void_p)
    if library.mydis_c_version() < _C_VERSION:
        raise ImportError(f"{path} is older than this binding")
    return library


_lib = _load()

# ---- Values

(INVALID, NOT_FOUND, EXISTS, IO, CORRUPT, DISK_FULL, NOT_LEADER, NOT_COMMITTED, UNKNOWN, NOT_ALL, STALE,
 UNAVAILABLE, TIMEOUT, BUSY, NO_AUTH, NO_PERMISSION, INTERNAL) = range(1, 18)

READ, WRITE, BLOCKING = 1, 2, 3
EVENTUAL, STRONG = "eventual", "strong"
PUT, DELETE, EXPIRE, EVICT, FLUSH, SWAP = range(6)

_NULL, _INTEGER, _DOUBLE, _BOOL, _STRING, _ERROR, _ARRAY, _SET, _MAP, _PUSH = range(10)


class MydisError(Exception):
    """What went wrong: `code` is one of the names above, the text says what to do."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def _take_error(error):
    try:
        return MydisError(_lib.mydis_error_get_code(error), _lib.mydis_error_get_message(error).decode())
    finally:
        _lib.mydis_error_free(error)


def _check(error):
    if error:
        raise _take_error(error)


def _value(reply):
    kind = _lib.mydis_reply_type(reply)
    if kind == _INTEGER:
        return _lib.mydis_reply_integer(reply)
    if kind == _DOUBLE:
        return _lib.mydis_reply_double(reply)
    if kind == _BOOL:
        return bool(_lib.mydis_reply_integer(reply))
    if kind in (_STRING, _ERROR):
        length = c_size_t()
        text = ctypes.string_at(_lib.mydis_reply_string(reply, byref(length)), length.value)
        if kind == _ERROR:
            return MydisError(_lib.mydis_reply_error_code(reply), text.decode(errors="replace"))
        return text
    if kind == _NULL:
        return None
    elements = [_value(_lib.mydis_reply_element(reply, i)) for i in range(_lib.mydis_reply_size(reply))]
    return dict(zip(elements[::2], elements[1::2])) if kind == _MAP else elements


def _take_value(reply):
    try:
        return _value(reply)
    finally:
        _lib.mydis_reply_free(reply)


def _bytes(word):
    if isinstance(word, (bytes, bytearray, memoryview)):
        return bytes(word)
    if isinstance(word, bool) or not isinstance(word, (str, int, float)):
        raise TypeError(f"a word of a command is a str, bytes or a number, not {word!r}")
    return str(word).encode()


def _words(words):
    """count, words, lengths: what mydis_command takes."""
    texts = [_bytes(word) for word in words]
    count = len(texts)
    return count, (c_char_p * count)(*texts), (c_size_t * count)(*map(len, texts))


def _call_options(kind=0, consistency=None, time_limit=None, min_revision=0, request_id=None):
    limit_ms = 0 if time_limit is None else max(1, round(time_limit * 1000))
    options = _CallOptions(ctypes.sizeof(_CallOptions), kind, {None: 0, EVENTUAL: 1, STRONG: 2}[consistency],
                           limit_ms, min_revision)
    if request_id is not None:
        request = _bytes(request_id)
        options.request_id, options.request_id_length = request, len(request)
    return options


class _Handle:
    """What the library made, and is given back to it by close, after a `with`, or by nobody's having it."""

    _free = None  # The function's name.
    _handle = c_void_p()

    def __init__(self, make, *arguments):
        self._handle = c_void_p()
        _check(make(*arguments, byref(self._handle)))

    def close(self):
        handle, self._handle = self._handle, c_void_p()
        if handle:
            getattr(_lib, self._free)(handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        self.close()


class _Options(_Handle):
    """mydis_options of keyword arguments: tls_ca="f" is tls-ca, a list is set again for each."""

    _free = "mydis_options_free"

    def __init__(self, options):
        super().__init__(_lib.mydis_options_new)
        for name, values in options.items():
            for value in values if isinstance(values, (list, tuple)) else [values]:
                text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
                _check(_lib.mydis_options_set(self._handle, name.replace("_", "-").encode(), text.encode()))

    def __enter__(self):
        return self._handle


# ---- Clients and instances

class Client(_Handle):
    """A client of running instances. Options are those of mydis/c.h: token="…", tls=True …"""

    _free = "mydis_client_free"

    def __init__(self, *addresses, **options):
        if addresses:
            options["address"] = addresses
        with _Options(options) as given:
            super().__init__(_lib.mydis_client_connect, given)

    def session(self, **options):
        return Session(_lib.mydis_client_session, self._handle, options)


class Instance(_Handle):
    """A full instance in this process. Options are those of mydis/c.h: redis_port=0, join=[…] …"""

    _free = "mydis_instance_free"

    def __init__(self, data_dir, **options):
        with _Options({"data-dir": data_dir, **options}) as given:
            super().__init__(_lib.mydis_instance_start, given)

    def wait_until_ready(self, limit=30.0):
        _check(_lib.mydis_instance_wait_until_ready(self._handle, round(limit * 1000)))

    def session(self, **options):
        return Session(_lib.mydis_instance_session, self._handle, options)

    def status(self):
        reply = c_void_p()
        _check(_lib.mydis_instance_status(self._handle, byref(reply)))
        return {name.decode(): value for name, value in _take_value(reply).items()}


# ---- Sessions

_waiting = {}  # Futures of commands under way, by what the library has of them.
_numbers = itertools.count(1)
_waiting_lock = threading.Lock()


@_ON_REPLY
def _on_reply(data, reply, error):
    with _waiting_lock:
        loop, future = _waiting.pop(data)
    failure = _take_error(error) if error else None
    value = None if error else _take_value(reply)

    def finish():
        if future.cancelled():
            return
        if failure is None:
            future.set_result(value)
        else:
            future.set_exception(failure)

    try:
        loop.call_soon_threadsafe(finish)
    except RuntimeError:
        pass  # The loop has ended: nobody waits.


class Session(_Handle):
    """Calls of one thread take effect in their order. Any number of threads."""

    _free = "mydis_session_free"

    def __init__(self, make, owner, options):
        with _Options(options) as given:
            super().__init__(make, owner, given)

    def command(self, *words, **options):
        """Any command. Options: kind (READ, WRITE, BLOCKING), consistency (EVENTUAL, STRONG), time_limit
        in seconds, min_revision, request_id."""
        reply = c_void_p()
        call = _call_options(**options)
        _check(_lib.mydis_command(self._handle, *_words(words), byref(call), byref(reply)))
        return _take_value(reply)

    def command_async(self, *words, **options):
        """The same without waiting: an asyncio.Future of the running loop."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        number = next(_numbers)
        call = _call_options(**options)
        with _waiting_lock:
            _waiting[number] = (loop, future)
        error = _lib.mydis_command_async(self._handle, *_words(words), byref(call), _on_reply, number)
        if error:
            with _waiting_lock:
                _waiting.pop(number)
        _check(error)
        return future

    def get(self, key, **options):
        return self.command("GET", key, kind=READ, **options)

    def set(self, key, value, ttl=None, **options):
        """`ttl`: in seconds."""
        expiry = [] if ttl is None else ["PX", round(ttl * 1000)]
        self.command("SET", key, value, *expiry, kind=WRITE, **options)

    def delete(self, *keys, **options):
        """How many of them there were."""
        return self.command("DEL", *keys, kind=WRITE, **options)

    def incr(self, key, by=1, **options):
        return self.command("INCRBY", key, by, kind=WRITE, **options)

    def pop(self, key, timeout=0.0):
        """The first element of a list, waited for; None when `timeout` seconds have passed (0: never)."""
        popped = self.command("BLPOP", key, timeout, kind=BLOCKING)
        return None if popped is None else popped[1]

    def publish(self, channel, message):
        return self.command("PUBLISH", channel, message, kind=WRITE)

    def pipeline(self):
        return Pipeline(self._handle)

    def transaction(self):
        return Transaction(self._handle)

    def revisions(self, *keys):
        """When keys were last changed; 0: they are not there."""
        revisions = (c_uint64 * len(keys))()
        _check(_lib.mydis_revisions(self._handle, *_words(keys), None, revisions))
        return list(revisions)

    def transact(self, keys, body, attempts=100):
        """Calls body(session, transaction), which reads with the one and adds to the other, until none of
        the keys has been changed by somebody else meanwhile. Gives the transaction's answers."""
        for _ in range(attempts):
            with self.transaction() as transaction:
                for key, revision in zip(keys, self.revisions(*keys)):
                    transaction.require(key, revision)
                body(self, transaction)
                answers = transaction.run()
            if answers is not None:
                return answers
        raise MydisError(BUSY, f"somebody else changed the keys, {attempts} times")

    def subscribe(self, *channels, patterns=(), on_message, on_gap=None):
        """on_message(channel, payload, pattern or None), on a thread of the library."""
        return Subscription.of_channels(self._handle, channels, patterns, on_message, on_gap)

    def watch(self, prefix="", on_change=None, from_revision=0, values=False, on_end=None):
        """on_change(KeyChange) for keys that begin with `prefix`, on a thread of the library."""
        return Subscription.of_keys(self._handle, prefix, on_change, from_revision, values, on_end)

    @property
    def revision(self):  # The highest that an answer of this session has seen.
        return _lib.mydis_session_revision(self._handle)

    def see_at_least(self, revision):
        _check(_lib.mydis_session_see_at_least(self._handle, revision))


class _Batch(_Handle):
    def __init__(self, session):
        super().__init__(self._new, session)

    def run(self, **options):
        reply = c_void_p()
        _check(self._run(self._handle, byref(_call_options(**options)), byref(reply)))
        return _take_value(reply) if reply else None


class Pipeline(_Batch):
    """Commands that travel together: run gives what each gave, a MydisError for what failed."""

    _free = "mydis_pipeline_free"
    _new, _run = _lib.mydis_pipeline_new, _lib.mydis_pipeline_run

    def command(self, *words, kind=0, consistency=None):
        call = _call_options(kind, consistency)
        _check(_lib.mydis_pipeline_add(self._handle, *_words(words), byref(call)))
        return self


class Transaction(_Batch):
    """Commands that take effect together or not at all: run gives None if a condition did not hold."""

    _free = "mydis_transaction_free"
    _new, _run = _lib.mydis_transaction_new, _lib.mydis_transaction_run

    def require(self, key, revision):
        """The key must have been changed last at this revision; 0: there must be none."""
        name = _bytes(key)
        _check(_lib.mydis_transaction_if(self._handle, name, len(name), revision))
        return self

    def command(self, *words):
        _check(_lib.mydis_transaction_add(self._handle, *_words(words)))
        return self


# ---- Subscriptions and watches

class KeyChange:
    """What has become of a key: kind is PUT, DELETE, EXPIRE, EVICT, FLUSH or SWAP."""

    def __init__(self, change):
        self.kind = change.kind
        self.key = ctypes.string_at(change.key, change.key_length)
        self.type = change.type.decode()
        self.value = ctypes.string_at(change.value, change.value_length) if change.value else None
        self.revision = change.revision
        self.last = bool(change.last)


class Subscription(_Handle):
    """Ends when it is closed; no callback runs then any more."""

    _free = "mydis_subscription_free"

    def __init__(self, handlers, make, *arguments):
        # The library calls these until the subscription is closed: they live as long.
        self._handlers = handlers
        super().__init__(make, *arguments)

    @classmethod
    def of_channels(cls, session, channels, patterns, on_message, on_gap):
        def tell(_, message):
            given = message.contents
            pattern = ctypes.string_at(given.pattern, given.pattern_length) if given.pattern else None
            on_message(ctypes.string_at(given.channel, given.channel_length),
                       ctypes.string_at(given.payload, given.payload_length), pattern)

        handlers = _SubscribeHandlers(ctypes.sizeof(_SubscribeHandlers), _ON_MESSAGE(tell),
                                      _ON_GAP(lambda _: on_gap()) if on_gap else _ON_GAP())
        return cls(handlers, _lib.mydis_subscribe, session, *_words(channels)[:2], *_words(patterns)[:2],
                   byref(handlers), None)

    @classmethod
    def of_keys(cls, session, prefix, on_change, from_revision, values, on_end):
        def end(_, why, revision):
            # The error is the library's.
            on_end(MydisError(_lib.mydis_error_get_code(why), _lib.mydis_error_get_message(why).decode()), revision)

        handlers = _WatchHandlers(
            ctypes.sizeof(_WatchHandlers), _ON_CHANGE(lambda _, change: on_change(KeyChange(change.contents))),
            _ON_MESSAGE(), _ON_REVISION(), _ON_END(end) if on_end else _ON_END())
        name = _bytes(prefix)
        options = _WatchOptions(ctypes.sizeof(_WatchOptions), 0, name, len(name), from_revision, int(values))
        return cls(handlers, _lib.mydis_watch, session, byref(options), byref(handlers), None)


version = _lib.mydis_version().decode()
_log_handler = _ON_LINE()  # The one in use.


def set_log_handler(on_line):
    """on_line(level, line) for what instances of this process would log; None: nobody hears it."""
    global _log_handler
    handler = _ON_LINE(lambda _, level, line: on_line(level.decode(), line.decode())) if on_line else _ON_LINE()
    _check(_lib.mydis_set_log_handler(handler, None))
    _log_handler = handler
