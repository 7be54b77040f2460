"""Counts which points were run and which succeeded."""


class Coverage:
    def __init__(self, commands):
        self.points = [point for command in commands.values() for point in command.points()]
        self.runs = dict.fromkeys(self.points, 0)
        self.successes = dict.fromkeys(self.points, 0)
        self.uncovered = list(self.points)  # For the choice of what to run next.

    def count(self, points, succeeded):
        for point in points:
            self.runs[point] += 1
            self.successes[point] += succeeded

    def refresh(self):
        """Points with the fewest successes are wanted."""
        self.uncovered = [p for p in self.points if self.successes[p] == 0]
        if not self.uncovered:
            least = sorted(self.points, key=lambda p: self.successes[p])
            self.uncovered = least[:len(least) // 5]

    def missing(self):
        return [p for p in self.points if self.successes[p] == 0]

    def report(self):
        """One line per point: successes, runs, name."""
        return "".join(f"{self.successes[p]:>9} {self.runs[p]:>9}  {p}\n" for p in self.points)
