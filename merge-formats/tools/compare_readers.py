#!/usr/bin/env python3
"""Asks Python's safetensors and this project's reader about the same mutated headers, and prints where they differ.

    compare_readers.py CLASS_PATH WORK [N [SEED]]

CLASS_PATH is that of the built modules with Jackson. Needs the safetensors package. Differences that are meant, listed in
src/test/resources/attacks/README.md, are counted by rule; every other is printed with its header.
"""

import collections
import json
import pathlib
import random
import struct
import subprocess
import sys

import safetensors

HERE = pathlib.Path(__file__).resolve().parent
MEANT = {"DUPLICATE_TENSOR", "DUPLICATE_FIELD", "NUMBER_TOO_LARGE", "TOO_MANY_DIMENSIONS"}
VALUES = ["null", "true", "1", "-1", "1.5", "1e3", '"x"', "[]", "{}", "[1,[2]]", '{"a":{"b":[]}}', '"\\ud800"', "01", "[0,4]", "1" * 30,
          '"F32"', "18446744073709551615", "9223372036854775808", "-0", "1E400", "nul", "'x'", "[1,]", '"\\x"', "NaN"]
TYPES = ["F32", "BF16", "F16", "F64", "I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "C64", "F4", "F6_E2M3", "F6_E3M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ",
         "U16", "I64", "f32", "F128"]
SPACES = [" ", "\t", "\n", "\r", "\x0b", "\f", "\xa0", "\ufeff", "  \n\t\r", "\0"]


def start(draw):
    tensors, at = {}, 0
    for i in range(draw.randrange(4)):
        shape = [draw.randrange(4) for _ in range(draw.randrange(3))]
        size = 4
        for dim in shape:
            size *= dim
        tensors["t%d" % i] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    if draw.random() < 0.3:
        tensors["__metadata__"] = {"format": "pt"}
    return json.dumps(tensors, separators=(",", ":")), at


def mutate(draw, header):
    kind = draw.randrange(12)
    at = draw.randrange(len(header) + 1)
    if kind == 0:
        return draw.choice(SPACES) * draw.randrange(1, 3) + header
    if kind == 1:
        return header + draw.choice(SPACES)
    if kind == 2:
        return header[:at] + draw.choice(SPACES) + header[at:]
    if kind == 3:
        return header[:at] + header[at + 1 :]
    if kind == 4:
        return header[:at] + draw.choice('{}[],:"\\0123456789abnt-+.eE') + header[at:]
    if kind in (5, 6):
        field = draw.choice(["note", "strides", "Dtype", "", "dtype", "shape", "data_offsets", "\\u0064type", "\\ud800", "__metadata__"])
        entry = '"%s":%s' % (field, draw.choice(VALUES))
        brace = draw.choice([i for i, c in enumerate(header) if c == "{"] or [0])
        rest = header[brace + 1 :]
        return header[: brace + 1] + entry + ("" if rest.startswith("}") else ",") + rest
    if kind == 7:
        return header.replace("F32", draw.choice(TYPES), 1)
    if kind == 8:
        digits = [i for i, c in enumerate(header) if c.isdigit()]
        if digits:
            i = draw.choice(digits)
            return header[:i] + draw.choice(["0", "1", "2", "8", "16", "-4", "4.0", "4e0", "00"] + VALUES) + header[i + 1 :]
        return header
    if kind == 9:
        return header.replace('"dtype"', draw.choice(['"\\u0064type"', '"DTYPE"', "dtype", '"dtype" ']), 1)
    if kind == 10:
        depth = draw.choice([5, 100, 124, 125, 126, 127, 128, 200])
        return header.replace('"dtype"', '"deep":' + "[" * depth + "]" * depth + ',"dtype"', 1)
    return header.replace("}", ',"__metadata__":%s}' % draw.choice(VALUES + ['{"a":"b"}', '{"a":null}']), draw.randrange(1, 3))


def reference(content):
    try:
        found = dict(safetensors.deserialize(content))
    except Exception as e:
        return "refused: " + str(e)
    return "ok" + "".join(" " + t["dtype"] + str(list(t["shape"])) for _, t in sorted(found.items()))


def plain(line):
    return line.split(" metadata")[0]


def main():
    classes, work = sys.argv[1], pathlib.Path(sys.argv[2])
    count, seed = (int(x) for x in (sys.argv[3:] + ["2000", "1"][len(sys.argv) - 3 :])[:2])
    work.mkdir(parents=True, exist_ok=True)
    draw, contents = random.Random(seed), []
    for _ in range(count):
        header, size = start(draw)
        for _ in range(draw.choice([1, 1, 1, 2])):
            header = mutate(draw, header)
        raw = header.encode("utf-8", "surrogatepass")
        contents.append(struct.pack("<Q", len(raw)) + raw + b"\0" * max(0, size + draw.choice([0] * 12 + [-1, 1])))
    names = [work / ("%06d.safetensors" % i) for i in range(count)]
    for name, content in zip(names, contents):
        name.write_bytes(content)
    (work / "list").write_text("\n".join(map(str, names)))
    ours = subprocess.run(["java", "-cp", classes, str(HERE / "AskReader.java"), str(work / "list")], capture_output=True, text=True, check=True)
    meant, differ, both, neither = collections.Counter(), 0, 0, 0
    for content, line in zip(contents, ours.stdout.splitlines()):
        theirs = reference(content)
        if line.startswith("ok") != theirs.startswith("ok"):
            if line in MEANT:
                meant[line] += 1
                continue
            differ += 1
            print("ours:", line, "| reference:", theirs[:120], "|", content[8:300])
        elif line.startswith("ok"):
            both += 1
            shapes = [part[: part.index("]") + 1] for part in plain(line).replace(", ", ",").split(" ")[1:]]
            if shapes != theirs.replace(", ", ",").split(" ")[1:]:
                differ += 1
                print("ours:", line, "| reference:", theirs)
        else:
            neither += 1
    print(f"{count} headers: both read {both}, both refuse {neither}, stricter as meant {dict(meant)}, other differences {differ}")


if __name__ == "__main__":
    main()
