"""The include table of docs/ARCHITECTURE.md and what the deterministic layers may not call."""

import collections
import re

# What each layer may include besides itself, the standard library and Debian's libraries.
MAY_INCLUDE = {
    "include": set(),
    "base": {"include"},
    "types": {"base"},
    "state": {"types", "base"},
    "commands": {"state", "types", "base"},
    "script": {"commands", "state", "types", "base"},
    "consensus": {"base"},
    "protocol": {"base"},
    "net": {"protocol", "base"},
    "server": {"include", "base", "types", "state", "commands", "script", "consensus", "protocol",
               "net"},
    "client": {"net", "protocol", "base", "include"},
    "library": {"include", "base", "types", "state", "commands", "script", "consensus", "protocol",
                "net", "server", "client"},
    "cli": {"include", "base", "types", "state", "commands", "script", "consensus", "protocol", "net",
            "server", "client"},
}
DETERMINISTIC = ("types", "state", "commands", "script")

# Status is the common tongue of all layers, though it lies in include/.
EVERYWHERE = {"mydis/status.h"}

# Headers made by the build, by the layer that may include them.
GENERATED = {"consensus": {"libmydis_engine.h", "_cgo_export.h"}}

_SOCKETS = re.compile(r"boost/(asio|beast(?!/http/))\b|sys/socket\.h|sys/epoll\.h|netinet/|arpa/inet\.h|netdb\.h")
_MAY_USE_SOCKETS = ("consensus", "net", "server", "client", "library", "cli")

# Standard headers that a deterministic layer has no use for, and what to do instead.
_BANNED_HEADERS = {
    "chrono": "the entry's time",
    "ctime": "the entry's time",
    "time.h": "the entry's time",
    "sys/time.h": "the entry's time",
    "random": "the entry's seed (base/random.h)",
    "thread": "nothing: the state machine has one caller",
    "mutex": "nothing: the caller holds the lock",
    "shared_mutex": "nothing: the caller holds the lock",
    "condition_variable": "nothing: the caller holds the lock",
    "atomic": "nothing: the caller holds the lock",
    "future": "nothing: the state machine has one caller",
    "iostream": "base/log.h",
    "fstream": "the caller's buffers",
    "filesystem": "the caller's buffers",
    "unistd.h": "the caller's buffers",
    "locale": "base/ text helpers",
    "locale.h": "base/ text helpers",
    "clocale": "base/ text helpers",
    "regex": "a matcher that knows no locale",
    "unordered_map": "a container with a seeded hash or an order",
    "unordered_set": "a container with a seeded hash or an order",
}

Ban = collections.namedtuple("Ban", "name pattern instead")


def _ban(name, pattern, instead):
    return Ban(name, re.compile(pattern), instead)


def _call(names):
    """A call of one of C's functions: neither a member, another namespace's, nor a declaration."""
    return rf"(?<![\w.>:])(?:(?<=return )|(?<!\w ))(?:std::|::)?(?:{names})\s*\("


# Patterns look at code without comments and literals.
BANS = (
    _ban("clock", r"\bstd::chrono::\w+_clock\b|\b(?:system|steady|high_resolution)_clock\b|"
         + _call("time|gettimeofday|clock_gettime|localtime|localtime_r|gmtime|mktime|times")
         + r"(?!\))|" + _call("clock") + r"\)(?!\s*(?:const|{))"
         r"|\b__rdtsc\b|\bCLOCK_(?:REALTIME|MONOTONIC)\w*",
         "the entry's time"),
    _ban("random", _call("rand|srand|random|srandom|drand48|lrand48|arc4random|getrandom|getentropy")
         + r"|\bstd::(?:random_device|mt19937(?:_64)?|minstd_rand0?|default_random_engine|"
         r"uniform_\w+_distribution|shuffle|sample)\b|\brandom_device\b",
         "the entry's seed (base/random.h)"),
    _ban("thread", r"\bstd::(?:jthread|thread|async|future|promise|this_thread(?!::sleep))\b|\bpthread_\w+"
         r"|\bthread_local\b",
         "nothing: the state machine has one caller"),
    _ban("lock", r"\bstd::(?:recursive_|shared_|timed_)*mutex\b|\bstd::(?:lock_guard|unique_lock|"
         r"shared_lock|scoped_lock|condition_variable\w*|once_flag|call_once)\b"
         r"|\bstd::atomic\w*\b|\bstd::memory_order\w*",
         "nothing: the caller holds the lock"),
    _ban("io", r"\bstd::(?:cout|cerr|clog|cin|o?fstream|ifstream|filesystem)\b|"
         + _call("printf|fprintf|puts|fputs|fopen|fread|fwrite|fclose|fflush|perror|scanf|fscanf|"
                 "getchar|putchar")
         + r"|(?<![\w.>])::(?:open|read|write|close|fsync|send|recv|socket)\s*\(",
         "base/log.h or the caller's buffers"),
    _ban("env", _call("getenv|secure_getenv|setenv"), "a setting in the state"),
    _ban("locale", r"\bstd::(?:locale|use_facet|stod|stof|stold|regex)\b|"
         + _call("setlocale|strtod|strtof|strtold|atof|strcoll|strftime"),
         "base/ text helpers, which know no locale"),
    _ban("unordered", r"\bstd::unordered_(?:multi)?(?:map|set)\b",
         "a container with a seeded hash or an order"),
    _ban("hash", r"\bstd::hash\b|\bboost::hash\b(?!_)", "base/hash.h with the state's seed"),
    _ban("pointer-order", r"\breinterpret_cast\s*<\s*(?:const\s+)?(?:std::)?u?intptr_t\b"
         r"|\bstd::less\s*<\s*(?:const\s+)?[\w:]+\s*\*\s*>|\bstd::bit_cast\s*<\s*(?:std::)?uintptr_t\b",
         "an order that a snapshot brings along"),
    _ban("sleep", r"\bstd::this_thread::sleep\w*|" + _call("sleep|usleep|nanosleep"),
         "nothing: the state machine never waits"),
)

# The standard C++ headers have no suffix; C's as C++ has them neither. What has one is not standard.
_STANDARD = re.compile(r"^[a-z_0-9]+$")


def include_problem(file, path, angled):
    """What is wrong with `#include path` in this file, or None."""
    layer = file.layer
    allowed = MAY_INCLUDE.get(layer)
    if allowed is None:
        return f"src/{layer} is no layer of the table in tools/lintlib/layers.py, move the file"
    if path in GENERATED.get(layer, ()):
        return None
    top = path.split("/")[0]
    target = "include" if top == "mydis" else top
    own = target in MAY_INCLUDE and "/" in path
    if own:
        if path in EVERYWHERE or target == layer or target in allowed:
            return None
        names = ", ".join(sorted(allowed)) or "the standard library only"
        return f"include of {path} is banned in {layer}, it may include {names}"
    if not angled:
        if layer == "consensus" and "/engine/" in file.path:
            return None
        return f'"{path}" is not relative to src/, write the include as "LAYER/file.h"'
    if layer == "include" and not _STANDARD.match(path):
        return f"<{path}> is banned in include, use the standard library only"
    if _SOCKETS.match(path) and layer not in _MAY_USE_SOCKETS:
        return f"<{path}> is banned in {layer}, use bytes the caller hands in: sockets live in net"
    if layer in DETERMINISTIC and not file.is_test and path in _BANNED_HEADERS:
        return f"<{path}> is banned in {layer}, use {_BANNED_HEADERS[path]}"
    return None
