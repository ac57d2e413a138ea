"""Writes src/test/resources/pickles: files that claim to be PyTorch's and are not to be trusted.

Python's standard library only, and the same bytes every time:

    python3 merge-formats/tools/make_pickles.py
"""
import pathlib
import struct
import zlib

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "src/test/resources/pickles"


def text(value):
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(value):
    return b"J" + struct.pack("<i", value) if -(2**31) <= value < 2**31 else b"\x8a\x08" + struct.pack("<q", value)


def tuple_of(*items):
    return b"(" + b"".join(items) + b"t"


def name(module, attribute):
    return f"c{module}\n{attribute}\n".encode()


def storage(key="0", kind="FloatStorage", elements=6, word="storage"):
    return tuple_of(text(word), name("torch", kind), text(key), text("cpu"), number(elements)) + b"Q"


def tensor(of=None, offset=0, size=(2, 3), strides=(3, 1)):
    numbers = [tuple_of(*map(number, numbers)) for numbers in (size, strides)]
    hooks = name("collections", "OrderedDict") + b")R"
    values = tuple_of(of or storage(), number(offset), *numbers, b"\x89", hooks)
    return name("torch._utils", "_rebuild_tensor_v2") + values + b"R"


def dictionary(*entries):
    return b"\x80\x02}(" + b"".join(text(key) + value for key, value in entries) + b"u."


def archive(entries, method=0, flags=0, local_name=None, shift=0, cut=None, twice=False):
    """A zip archive of stored entries, as torch writes one but for what the arguments say."""
    out = bytearray()
    places = []
    for key, data in entries:
        places.append(len(out))
        shown = (local_name or key).encode()
        out += struct.pack("<IHHHHHIIIHH", 0x04034B50, 0, flags, method, 0, 0, zlib.crc32(data), len(data), len(data), len(shown), 0)
        out += shown + data
    start = len(out)
    count = 0
    for (key, data), place in zip(entries, places):
        for _ in range(2 if twice else 1):
            count += 1
            out += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 0, 0, flags, method, 0, 0, zlib.crc32(data), len(data), len(data), len(key), 0, 0, 0, 0, 0, place)
            out += key.encode()
    length = len(out) - start
    out += struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, length, start + shift, 0)
    return bytes(out[:cut])


DATA = struct.pack("<6f", *range(6))


def torch(pickle, data=DATA, more=(), **how):
    return archive([("m/data.pkl", pickle), ("m/byteorder", b"little"), ("m/data/0", data), *more], **how)


def call(module, attribute, *arguments):
    return name(module, attribute) + tuple_of(*arguments) + b"R"


GOOD = dictionary(("w", tensor()))

FILES = {
    # Code that would run.
    "global.os_system": torch(b"\x80\x02" + call("os", "system", text("echo pwned")) + b"."),
    "global.posix_system": torch(dictionary(("w", call("posix", "system", text("id"))))),
    "global.stack_global_eval": torch(b"\x80\x04" + text("builtins") + text("eval") + b"\x93" + tuple_of(text("1")) + b"R."),
    "global.getattr": torch(b"\x80\x02" + call("builtins", "getattr", text("x"), text("y")) + b"."),
    "global.torch_load": torch(b"\x80\x02" + call("torch", "load", text("other.pt")) + b"."),
    "global.subclass": torch(b"\x80\x02" + name("torch.nn.modules.linear", "Linear") + b")\x81."),
    "global.control_characters": torch(b"\x80\x02" + name("a\x1b[2J", "b") + b"."),
    "global.known_inside_unknown": torch(b"\x80\x02" + name("collections", "OrderedDict.fromkeys") + b"."),
    "instruction.newobj": torch(b"\x80\x02" + name("collections", "OrderedDict") + b")\x81."),
    "instruction.inst": torch(b"\x80\x02(ios\nsystem\n."),
    "instruction.obj": torch(b"\x80\x02(" + name("collections", "OrderedDict") + b"o."),
    "instruction.ext1": torch(b"\x80\x02\x82\x01."),
    "instruction.persid": torch(b"\x80\x02Pfile:///etc/passwd\n."),
    "instruction.next_buffer": torch(b"\x80\x05\x97."),
    "call.ordered_dict_of": torch(b"\x80\x02" + call("collections", "OrderedDict", b"]") + b"."),
    "call.not_a_function": torch(b"\x80\x02" + text("os.system") + b")R."),
    "call.storage": torch(b"\x80\x02" + name("torch", "FloatStorage") + b")R."),
    "call.tensor_of_texts": torch(b"\x80\x02" + call("torch._utils", "_rebuild_tensor_v2", *[text("x")] * 6) + b"."),
    "build.on_a_tensor": torch(b"\x80\x02" + tensor() + b"}b."),
    # Pickles that make no sense.
    "damaged.cut_short": torch(GOOD[:40]),
    "damaged.empty": torch(b""),
    "damaged.no_value": torch(b"\x80\x02."),
    "damaged.no_mark": torch(b"\x80\x02}u."),
    "damaged.mark_as_value": torch(b"\x80\x02}(a."),
    "damaged.never_kept": torch(b"\x80\x02h\x07."),
    "damaged.endless_text": torch(b"\x80\x02X\xff\xff\xff\xffabc."),
    "damaged.long_number": torch(b"\x80\x02\x8a\x09" + b"\1" * 9 + b"."),
    "damaged.not_utf8": torch(b"\x80\x02X\x02\0\0\0\xff\xfe."),
    "damaged.protocol_0": torch(b"\x80\x00."),
    "damaged.key_without_value": torch(b"\x80\x02}(" + text("a") + b"u."),
    "damaged.tuple_for_a_key": torch(b"\x80\x02})Ns."),
    "damaged.other_reference": torch(dictionary(("w", tensor(storage(word="module"))))),
    "damaged.negative_storage": torch(dictionary(("w", tensor(storage(elements=-1))))),
    "content.list_of_itself": torch(b"\x80\x02]q\x00h\x00a."),
    "content.not_a_tensor": torch(b"\x80\x02}(" + text("w") + tensor() + text("epoch") + b"K\x03u."),
    # Tensors outside of their bytes.
    "tensor.beyond_its_storage": torch(dictionary(("w", tensor(size=(3, 3))))),
    "tensor.offset": torch(dictionary(("w", tensor(offset=1)))),
    "tensor.negative_offset": torch(dictionary(("w", tensor(offset=-1, size=(1,), strides=(1,))))),
    "tensor.negative_stride": torch(dictionary(("w", tensor(offset=5, size=(6,), strides=(-1,))))),
    "tensor.negative_size": torch(dictionary(("w", tensor(size=(-2, 3))))),
    "tensor.more_than_its_storage": torch(dictionary(("w", tensor(size=(1 << 30, 1 << 30), strides=(0, 0))))),
    "tensor.stride_overflow": torch(dictionary(("w", tensor(size=(3,), strides=(1 << 62,))))),
    "tensor.size_overflow": torch(dictionary(("w", tensor(size=(1 << 40, 1 << 40))))),
    "tensor.storage_longer_than_entry": torch(dictionary(("w", tensor(storage(elements=60), size=(60,), strides=(1,))))),
    "tensor.other_entry": torch(dictionary(("w", tensor(storage(key="../../../etc/passwd"))))),
    # Archives.
    "archive.compressed": torch(GOOD, method=8),
    "archive.encrypted": torch(GOOD, flags=1),
    "archive.cut_short": torch(GOOD, cut=-30),
    "archive.directory_outside": torch(GOOD, shift=1 << 20),
    "archive.directory_elsewhere": torch(GOOD, shift=-7),
    "archive.two_names": torch(GOOD, local_name="m/other"),
    "archive.twice": torch(GOOD, twice=True),
    "archive.two_pickles": torch(GOOD, more=[("n/data.pkl", GOOD)]),
    "archive.big_endian": archive([("m/data.pkl", GOOD), ("m/byteorder", b"big"), ("m/data/0", DATA)]),
    "archive.program": torch(GOOD, more=[("m/constants.pkl", b"")]),
    "archive.other": archive([("word/document.xml", b"<x/>")]),
    "archive.end64_outside": torch(GOOD)[:-22] + struct.pack("<IIQI", 0x07064B50, 0, 1 << 62, 1) + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0),
    "archive.before_1_6": b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.",
    "archive.empty": b"",
    "archive.text": b"version https://git-lfs.github.com/spec/v1\n",
}

FOLDER.mkdir(parents=True, exist_ok=True)
for old in FOLDER.glob("*.pt"):
    old.unlink()
for key, content in FILES.items():
    (FOLDER / f"{key}.pt").write_bytes(content)
(FOLDER / "good.pt").write_bytes(torch(GOOD))
