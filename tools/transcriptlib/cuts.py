"""Where a transcript can be cut in two with a restart in between."""

# After these a new connection differs from the one before, so no cut may follow.
_STICKY = {"SELECT", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "WATCH", "AUTH", "HELLO", "CLIENT",
           "MONITOR", "ASKING", "READONLY"}
# What these give counts from the start of the process.
_OF_THE_PROCESS = {"INFO", "SLOWLOG", "LATENCY", "CONFIG", "DEBUG", "MEMORY", "COMMAND"}


def middle(steps):
    """The index of the step to cut before, as near the middle as the file allows, or None."""
    if any(step.word in _OF_THE_PROCESS for step in steps):
        return None
    places = []
    transaction = False
    for i, step in enumerate(steps):
        if places_end(step):
            break
        if step.word == "MULTI":
            transaction = True
        elif step.word in ("EXEC", "DISCARD"):
            transaction = False
        if not transaction and step.kind == "send" and i + 1 < len(steps):
            places.append(i + 1)
    return min(places, key=lambda i: abs(i - len(steps) / 2)) if places else None


def places_end(step):
    """Whether no cut is possible from this step on."""
    if step.kind in ("@conn", "@raw", "@blocked", "@close", "@closed", "@resp2", "queue"):
        return True
    return step.kind == "send" and step.word in _STICKY
