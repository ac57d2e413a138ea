#!/usr/bin/env python3
"""Lists lines of Markdown with more than one sentence, outside of code and tables.

    tools/check-sentences.py [FILE...]      all tracked .md files by default
"""
import re
import subprocess
import sys

# A sentence ends in '.', '!' or '?', perhaps behind markup, before a capital; not after "e.g.".
END = re.compile(r"(?<!e\.g)(?<!et al)(?<!\.\.)(?<![( ][A-Z])[.!?][`)\"']* +(?!Default:)[*(\[]*[A-Z`]")


def lines(path):
    fenced = False
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith(("|", "    ", "#")):
            yield number, re.sub(r"^ *([0-9]+\.|-) +(\*\*[^*]+\*\*)?", "", line.rstrip("\n"))


def main():
    files = sys.argv[1:] or subprocess.run(
        ["git", "ls-files", "*.md"], capture_output=True, text=True, check=True
    ).stdout.split()
    found = 0
    for path in files:
        for number, line in lines(path):
            if END.search(line):
                found += 1
                print(f"{path}:{number}: {line[:120]}")
    return 1 if found else 0


sys.exit(main())
