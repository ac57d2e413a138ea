#!/usr/bin/env python3
"""Writes the corpus of files that break the safetensors format: src/test/resources/attacks/<rule>.<variant>.safetensors.

Needs only Python's standard library, and always writes the same bytes. Where the safetensors package is installed,
`make_attacks.py --ask` also prints which of them it accepts.
"""

import pathlib
import struct
import sys

OUT = pathlib.Path(__file__).resolve().parent.parent / "src/test/resources/attacks"


def file(header, data=b"", length=None):
    header = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def tensor(dtype="F32", shape="[1]", offsets="[0,4]"):
    return f'{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}'


def one(data=b"\0" * 4, **fields):
    return file('{"w":' + tensor(**fields) + "}", data)


def two(first, second, length):
    return file(f'{{"a":{tensor("U8", "[4]", first)},"b":{tensor("U8", "[4]", second)}}}', b"\0" * length)


W = tensor()
BAD = {
    "file_too_short.empty": b"",
    "file_too_short.seven_bytes": b"\x02\0\0\0\0\0\0",
    "header_too_long.one_more": file("{}", length=100_000_001),
    "header_too_long.unsigned": file("{}", length=2**64 - 1),
    "header_too_long.git_lfs_pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 4\n",
    "header_too_long.zip": b"PK\x03\x04\x14\0\0\0\x08\0",
    "header_beyond_file.by_one": file("{}", length=3),
    "header_beyond_file.nothing_follows": file("", length=64),
    "header_start.empty_header": file(""),
    "header_start.only_spaces": file("    "),
    "header_start.form_feed": file("\f{}"),
    "header_start.space_and_list": file(" []"),
    "header_start.list": file("[]"),
    "header_start.byte_order_mark": file(b"\xef\xbb\xbf{}"),
    "not_utf8.stray_byte": file(b'{"\xff":' + W.encode() + b"}", b"\0" * 4),
    "not_utf8.overlong": file(b'{"\xc0\xaf":' + W.encode() + b"}", b"\0" * 4),
    "not_utf8.surrogate": file(b'{"\xed\xa0\x80":' + W.encode() + b"}", b"\0" * 4),
    "not_utf8.cut_short": file(b'{"\xe2\x82'),
    "not_json.unclosed": file('{"w":' + W, b"\0" * 4),
    "not_json.only_brace": file("{"),
    "not_json.other_bracket": file('{"w":' + tensor(shape="[1}"), b"\0" * 4),
    "not_json.second_value": file("{}{}"),
    "not_json.zero_padding": file(b"{}\0\0\0\0\0\0"),
    "not_json.utf16": file("{}".encode("utf-16-le")),
    "not_json.comment": file("{/* weights */}"),
    "not_json.trailing_comma": file('{"w":' + W + ",}", b"\0" * 4),
    "not_json.single_quotes": file("{'w':1}"),
    "not_json.control_character": file(b'{"a\nb":' + W.encode() + b"}", b"\0" * 4),
    "not_json.leading_zero": one(shape="[01]"),
    "not_json.endless_number": one(shape="[" + "9" * 5000 + "]"),
    "not_json.lone_surrogate": file('{"\\ud800":' + W + "}", b"\0" * 4),
    "not_json.reversed_surrogates": file('{"\\udc00\\ud800":' + W + "}", b"\0" * 4),
    "not_json.lone_surrogate_in_metadata": file('{"__metadata__":{"k":"\\udfff"}}'),
    "wrong_type.tensor_number": file('{"w":1}'),
    "wrong_type.tensor_list": file('{"w":["F32",[1],[0,4]]}', b"\0" * 4),
    "wrong_type.tensor_null": file('{"w":null}'),
    "wrong_type.dtype_number": file('{"w":{"dtype":32,"shape":[1],"data_offsets":[0,4]}}', b"\0" * 4),
    "wrong_type.shape_number": one(shape="1"),
    "wrong_type.shape_nested": one(shape="[[1]]"),
    "wrong_type.deep_nesting": one(shape="[" * 2000 + "]" * 2000),
    "wrong_type.dimension_string": one(shape='["1"]'),
    "wrong_type.dimension_null": one(shape="[null]"),
    "wrong_type.offsets_object": one(offsets='{"begin":0,"end":4}'),
    "wrong_type.metadata_list": file('{"__metadata__":[]}'),
    "duplicate_tensor.same": file('{"w":' + W + ',"w":' + W + "}", b"\0" * 4),
    "duplicate_tensor.other_place": file('{"w":' + W + ',"w":' + tensor(offsets="[4,8]") + "}", b"\0" * 8),
    "duplicate_tensor.escaped": file('{"w":' + W + ',"\\u0077":' + W + "}", b"\0" * 4),
    "duplicate_field.dtype": file('{"w":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}', b"\0" * 4),
    "duplicate_field.shape": file('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"shape":[1,1]}}', b"\0" * 4),
    "duplicate_field.offsets": file('{"w":{"data_offsets":[0,4],"dtype":"F32","data_offsets":[0,4]}}', b"\0" * 4),
    "duplicate_field.metadata": file('{"__metadata__":{},"__metadata__":{}}'),
    "duplicate_field.metadata_key": file('{"__metadata__":{"format":"pt","format":"np"}}'),
    "metadata_not_string.number": file('{"__metadata__":{"step":1000}}'),
    "metadata_not_string.object": file('{"__metadata__":{"format":{"name":"pt"}}}'),
    "metadata_not_string.null": file('{"__metadata__":{"format":null}}'),
    "not_json.lone_surrogate_in_other_field": file('{"w":{"note":["\\ud800"],"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', b"\0" * 4),
    "not_json.huge_number_in_other_field": file('{"w":{"note":1e400,"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', b"\0" * 4),
    "not_json.deep_other_field": file('{"w":{"note":' + "[" * 200 + "]" * 200 + ',"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', b"\0" * 4),
    "missing_field.capitals": file('{"w":{"DType":"F32","shape":[1],"data_offsets":[0,4]}}', b"\0" * 4),
    "missing_field.dtype": file('{"w":{"shape":[1],"data_offsets":[0,4]}}', b"\0" * 4),
    "missing_field.shape": file('{"w":{"dtype":"F32","data_offsets":[0,4]}}', b"\0" * 4),
    "missing_field.offsets": file('{"w":{"dtype":"F32","shape":[1]}}', b"\0" * 4),
    "missing_field.all": file('{"w":{}}'),
    "unknown_dtype.torch_name": one(dtype="float32"),
    "unknown_dtype.lower_case": one(dtype="f32"),
    "unknown_dtype.empty": one(dtype=""),
    "unknown_dtype.escape_codes": one(dtype="\\u001b[31mF32"),
    "not_a_count.negative_dimension": one(shape="[-1]"),
    "not_a_count.negative_zero": one(b"", shape="[-0]", offsets="[0,0]"),
    "not_a_count.fraction": one(shape="[1.0]"),
    "not_a_count.exponent": one(shape="[1e0]"),
    "not_a_count.negative_offset": one(offsets="[-4,0]"),
    "number_too_large.dimension": one(shape="[9223372036854775808]"),
    "number_too_large.beside_zero": one(b"", shape="[0,18446744073709551615]", offsets="[0,0]"),
    "number_too_large.offset": one(offsets="[0,18446744073709551620]"),
    "too_many_dimensions.of_one": one(shape="[" + ",".join(["1"] * 257) + "]"),
    "offsets_not_a_pair.none": one(offsets="[]"),
    "offsets_not_a_pair.one": one(offsets="[4]"),
    "offsets_not_a_pair.three": one(offsets="[0,4,4]"),
    "size_overflow.elements": one(shape="[4294967296,4294967296]"),
    "size_overflow.wraps_to_size": one(shape="[4611686018427387905]"),
    "size_overflow.bits": one(dtype="F64", shape="[1152921504606846976]"),
    "size_overflow.before_zero": one(b"", shape="[4611686018427387904,4,0]", offsets="[0,0]"),
    "partial_byte.f4": one(b"\0\0", dtype="F4", shape="[3]", offsets="[0,2]"),
    "partial_byte.f6": one(b"\0\0\0", dtype="F6_E2M3", shape="[3]", offsets="[0,3]"),
    "offsets_reversed.swapped": one(offsets="[4,0]"),
    "offsets_reversed.empty_tensor": one(b"", shape="[0]", offsets="[4,0]"),
    "size_mismatch.too_few_bytes": one(b"\0\0", offsets="[0,2]"),
    "size_mismatch.too_many_bytes": one(b"\0" * 8, offsets="[0,8]"),
    "size_mismatch.scalar": one(b"", shape="[]", offsets="[0,0]"),
    "size_mismatch.zero_size_with_data": one(shape="[0]"),
    "out_of_bounds.by_one": one(b"\0" * 3),
    "out_of_bounds.far": one(b"\0" * 4, dtype="U8", shape="[4]", offsets="[9223372036854775803,9223372036854775807]"),
    "overlap.same_bytes": two("[0,4]", "[0,4]", 4),
    "overlap.by_one": two("[0,4]", "[3,7]", 7),
    "overlap.empty_inside": file(
        '{"a":' + W + ',"z":' + tensor(shape="[0]", offsets="[2,2]") + "}", b"\0" * 4),
    "gap.between": two("[0,4]", "[5,9]", 9),
    "gap.at_start": one(b"\0" * 8, offsets="[4,8]"),
    "gap.empty_tensor_at_end": file(
        '{"a":' + W + ',"z":' + tensor(shape="[0]", offsets="[8,8]") + "}", b"\0" * 8),
    "trailing_bytes.after_tensor": one(b"\0" * 5),
    "trailing_bytes.no_tensors": file("{}", b"\0"),
}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("*.safetensors"):
        old.unlink()
    for name, content in BAD.items():
        (OUT / f"{name}.safetensors").write_bytes(content)
    print(len(BAD), "files")
    if "--ask" in sys.argv:
        import safetensors

        for name, content in BAD.items():
            try:
                safetensors.deserialize(content)
                print("accepted by safetensors", safetensors.__version__ + ":", name)
            except Exception:
                pass


if __name__ == "__main__":
    main()
