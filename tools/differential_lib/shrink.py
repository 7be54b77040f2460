"""Makes a reproducer small: leaves out units, then steps, then words, as long as something differs."""

from differential_lib.episode import Step, Unit


class Shrinker:
    """`fails(units)` runs units from empty and gives the Difference or None."""

    def __init__(self, fails, budget=600):
        self._fails = fails
        self._budget = budget

    def shrink(self, units):
        units = self._fewer(units, lambda candidate: candidate)
        for _ in range(2):
            units = self._smaller_units(units)
            units = self._smaller_words(units)
        return units

    def _holds(self, units):
        self._budget -= 1
        return self._budget > 0 and self._fails(units) is not None

    def _fewer(self, items, build):
        """ddmin: drops runs of items, long ones first."""
        size = max(1, len(items) // 2)
        while True:
            at = 0
            while at < len(items):
                candidate = items[:at] + items[at + size:]
                if self._holds(build(candidate)):
                    items = candidate
                else:
                    at += size
            if size == 1:
                return items
            size //= 2

    def _smaller_units(self, units):
        for i in range(len(units)):
            groups = _groups(units[i].steps)
            if len(groups) > 1:
                kept = self._fewer(groups, lambda candidate, i=i: _with(units, i, sum(candidate, [])))
                units = _with(units, i, sum(kept, []))
        return units

    def _smaller_words(self, units):
        for i in range(len(units)):
            for j in range(len(units[i].steps)):
                if units[i].steps[j].tie is not None:
                    continue
                rest = units[i].steps[j].words[1:]
                kept = self._fewer(rest, lambda candidate, i=i, j=j: _with_rest(units, i, j, candidate))
                units = _with_rest(units, i, j, kept)
                units = self._shorter_words(units, i, j)
        return units

    def _shorter_words(self, units, i, j):
        for at, word in enumerate(units[i].steps[j].words):
            for shorter in (b"a", word[:1], word[:2], word[:len(word) // 2]):
                if not shorter or len(shorter) >= len(word):
                    continue
                words = list(units[i].steps[j].words[1:])
                if at == 0:
                    break
                words[at - 1] = shorter
                candidate = _with_rest(units, i, j, words)
                if self._holds(candidate):
                    units = candidate
                    break
        return units


def _groups(steps):
    """Steps in lists of those that are tied."""
    groups = []
    for step in steps:
        if groups and step.tie is not None and groups[-1][-1].tie == step.tie:
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups


def _with(units, i, steps):
    return units[:i] + [Unit(steps)] + units[i + 1:]


def _with_rest(units, i, j, words):
    steps = list(units[i].steps)
    steps[j] = Step(steps[j].words[:1] + words)
    return _with(units, i, steps)
