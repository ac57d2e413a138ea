#!/usr/bin/env python3
"""Writes src/test/resources/python: files made by Python's safetensors, and beside each what is in it (<name>.json).

Needs safetensors, numpy and ml_dtypes; the README there says which versions wrote the committed files.
"""

import hashlib
import json
import pathlib

import ml_dtypes
import numpy as np
from safetensors import TensorSpec, serialize

OUT = pathlib.Path(__file__).resolve().parent.parent / "src/test/resources/python"

# numpy or ml_dtypes type, the name Python's safetensors takes, the name in the file
TYPES = [
    (np.bool_, "bool", "BOOL"),
    (np.uint8, "uint8", "U8"),
    (np.int8, "int8", "I8"),
    (np.uint16, "uint16", "U16"),
    (np.int16, "int16", "I16"),
    (np.uint32, "uint32", "U32"),
    (np.int32, "int32", "I32"),
    (np.uint64, "uint64", "U64"),
    (np.int64, "int64", "I64"),
    (np.float16, "float16", "F16"),
    (ml_dtypes.bfloat16, "bfloat16", "BF16"),
    (np.float32, "float32", "F32"),
    (np.float64, "float64", "F64"),
    (np.complex64, "complex64", "C64"),
    (ml_dtypes.float8_e4m3fn, "float8_e4m3fn", "F8_E4M3"),
    (ml_dtypes.float8_e5m2, "float8_e5m2", "F8_E5M2"),
    (ml_dtypes.float8_e8m0fnu, "float8_e8m0fnu", "F8_E8M0"),
    (ml_dtypes.float8_e4m3fnuz, "float8_e4m3fnuz", "F8_E4M3FNUZ"),
    (ml_dtypes.float8_e5m2fnuz, "float8_e5m2fnuz", "F8_E5M2FNUZ"),
]
NAMES = {str(np.dtype(numpy)): (python, stored) for numpy, python, stored in TYPES}
FLOATS = ["F16", "BF16", "F32", "F64", "F8_E4M3", "F8_E5M2"]


def hexadecimal(value):
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), float(value).hex())


def write(name, arrays, metadata, packed=()):
    """packed: (name, python dtype, stored dtype, storage shape, logical shape, bytes) of types numpy has not."""
    specs, expected, keep = {}, {}, []
    for key, array in arrays.items():
        array = np.ascontiguousarray(array).reshape(np.shape(array))
        keep.append(array)
        python, stored = NAMES[str(array.dtype)]
        specs[key] = TensorSpec(dtype=python, shape=list(array.shape), data_ptr=array.ctypes.data, data_len=array.nbytes)
        expected[key] = {
            "dtype": stored,
            "shape": list(array.shape),
            "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
        }
        if stored in FLOATS:
            with np.errstate(all="ignore"):
                expected[key]["floats"] = [hexadecimal(v) for v in array.astype(np.float32).ravel()]
    for key, python, stored, storage, logical, data in packed:
        array = np.frombuffer(data, np.uint8)
        keep.append(array)
        specs[key] = TensorSpec(dtype=python, shape=storage, data_ptr=array.ctypes.data, data_len=array.nbytes)
        expected[key] = {"dtype": stored, "shape": logical, "sha256": hashlib.sha256(data).hexdigest()}
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.safetensors").write_bytes(bytes(serialize(specs, metadata=metadata)))
    content = {"metadata": metadata or {}, "tensors": expected}
    (OUT / f"{name}.json").write_text(json.dumps(content, indent=1, ensure_ascii=True) + "\n")


def main():
    random = np.random.default_rng(7)
    arrays = {}
    for numpy, python, stored in TYPES:
        width = np.dtype(numpy).itemsize
        if stored == "BOOL":
            array = np.array([[True, False, True]])
        elif stored in FLOATS:
            special = [0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 1e-40, 6e-8, 448.0, 57344.0, 1 / 3]
            with np.errstate(all="ignore"):
                array = np.concatenate([np.array(special), random.standard_normal(20)]).astype(numpy).reshape(4, 8)
        else:
            array = np.frombuffer(random.bytes(6 * width), numpy).reshape(2, 3)
        arrays[f"type.{python}"] = array
    packed = [("type.float4", "float4_e2m1fn_x2", "F4", [2, 3], [2, 6], random.bytes(6))]
    write("types", arrays, {"format": "pt"}, packed)

    every = np.arange(256, dtype=np.uint8)
    halves = np.arange(0, 65536, 61, dtype=np.uint16)
    write(
        "float-patterns",
        {
            "e4m3": every.view(ml_dtypes.float8_e4m3fn),
            "e5m2": every.view(ml_dtypes.float8_e5m2),
            "half": halves.view(np.float16),
            "bfloat": halves.view(ml_dtypes.bfloat16),
        },
        None,
    )

    write(
        "shapes",
        {
            "scalar": np.array(2.5, np.float32),
            "scalar.half": np.array(0.1, np.float16),
            "empty": np.zeros((0,), np.float32),
            "empty.middle": np.zeros((3, 0, 5), np.int64),
            "ones": np.ones((1, 1, 1, 1, 1, 1, 1, 1), np.int8),
            "odd": np.arange(7, dtype=np.uint8),
        },
        {"format": "pt"},
    )

    name_list = [
        "", " ", ".", "a", "A", "a.b", "a/b", "a\\b", 'quote"', "tab\tnew\nline", "\u0001\u001f\u007f",
        "h\u00e9llo", "\u00df", "\u2028", "\u91cd\u307f", "\ud7ff", "\ue000", "\uffee", "\U0001f600", "\U0010ffff",
        "metadata", "a\U0001f600", "a\uffee", "x" * 300,
    ]
    write("names", {n: np.array([i], np.int16) for i, n in enumerate(name_list)}, {"format": "pt"})

    write(
        "metadata",
        {"w": np.ones(2, np.float32)},
        {"format": "pt", "": "empty key", "empty value": "", "json": '{"a": [1, 2]}', "\u91cd": "\U0001f600\n\u0000"},
    )
    write("nothing", {}, None)


if __name__ == "__main__":
    main()
