# Reads the files of replay.md: for the clients that send them.
import re


class Block:
    """One statement: its name, what is said of it, its text."""

    def __init__(self, lines):
        self.name = lines[0][3:]
        self.said = {}
        at = 1
        while at < len(lines) and (m := re.match(r"-- (with|extended|fails|differs):(.*)", lines[at])):
            self.said[m[1]] = m[2].strip()
            at += 1
        self.sql = "\n".join(lines[at:])

    @property
    def values(self):
        return [v.strip() for v in self.said["with"].split(" | ")] if "with" in self.said else []


def blocks(path):
    lines = []
    with open(path, encoding="utf-8") as file:
        for line in file.read().split("\n"):
            if line == ";":
                yield Block(lines)
                lines = []
            elif not line.startswith("# "):
                lines.append(line)


def statements(block):
    """Those of @setup and @cleanup."""
    return [s for s in (s.strip() for s in block.sql.split(";\n")) if s]
