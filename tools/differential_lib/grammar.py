"""Every command with its arguments as a server's COMMAND DOCS tells them, and what of it can be covered.

A *point* is one thing that a run can cover: a command ("SET"), an option or an alternative of it
("SET expiration EX"), or that what may be repeated was ("DEL key ...").
"""

import dataclasses

from resp_client import Client


@dataclasses.dataclass
class Argument:
    """One node of an argument tree."""
    name: str
    type: str
    token: bytes
    optional: bool
    multiple: bool
    multiple_token: bool
    children: list
    path: str = ""
    point: str = None           # Set for what is not always there.
    repeat_point: str = None    # Set for what may be repeated.

    def points(self):
        """All points in this tree."""
        own = [p for p in (self.point, self.repeat_point) if p]
        return own + [p for child in self.children for p in child.points()]


@dataclasses.dataclass
class Command:
    name: str        # "SET", "XGROUP CREATE".
    group: str
    arguments: list

    @property
    def words(self):
        return self.name.encode().split(b" ")

    def points(self):
        return [self.name] + [p for argument in self.arguments for p in argument.points()]


def _text(value):
    return value.decode() if isinstance(value, bytes) else value


def _argument(fields, parent_path, alternative=False):
    flags = [_text(flag) for flag in fields.get(b"flags", [])]
    token = fields.get(b"token", b"")
    kind = _text(fields[b"type"])
    name = _text(fields[b"name"])
    label = _text(token) if token else name
    path = f"{parent_path} {label}"
    argument = Argument(name, kind, token, "optional" in flags, "multiple" in flags,
                        "multiple_token" in flags, [], path)
    if argument.optional or alternative:
        argument.point = path
    if argument.multiple:
        argument.repeat_point = f"{path} ..."
    argument.children = [_argument(child, path, kind == "oneof")
                         for child in fields.get(b"arguments", [])]
    return argument


def read(host, port):
    """All commands of a server by name, subcommands as "XGROUP CREATE"."""
    with Client(host, port) as client:
        client.call("HELLO", "3")
        docs = client.call("COMMAND", "DOCS")
    commands = {}

    def add(name, fields):
        name = _text(name).upper().replace("|", " ")
        group = _text(fields[b"group"])
        subcommands = fields.get(b"subcommands", {})
        for subcommand, inner in subcommands.items():
            add(subcommand, inner)
        if not subcommands:
            arguments = [_argument(a, name) for a in fields.get(b"arguments", [])]
            commands[name] = Command(name, group, arguments)
    for name, fields in docs.items():
        add(name, fields)
    return commands


def _tokens(arguments):
    found = set()
    for argument in arguments:
        found |= {argument.token.upper(), *_tokens(argument.children)}
    return found


def _leaves(arguments):
    found = set()
    for argument in arguments:
        found |= _leaves(argument.children) if argument.children else {argument.name}
    return found


def _known(arguments, tokens, leaves):
    kept = []
    for argument in arguments:
        if argument.token and argument.token.upper() not in tokens:
            continue
        # Older documents may have "operation" for "AND | OR | XOR | NOT".
        children = argument.children if argument.name in leaves \
            else _known(argument.children, tokens, leaves)
        if argument.children and not children:
            continue
        kept.append(dataclasses.replace(argument, children=children))
    return kept


def common(commands, reference):
    """The commands and options that both have, and what only the first has, as (kept, missing)."""
    kept, missing = {}, []
    for name, command in commands.items():
        if name not in reference:
            missing.append(name)
            continue
        theirs = reference[name].arguments
        known = _known(command.arguments, _tokens(theirs), _leaves(theirs))
        kept[name] = Command(name, command.group, known)
        missing += sorted(set(command.points()) - set(kept[name].points()))
    return kept, missing
