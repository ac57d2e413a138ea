#!/usr/bin/env python3
"""Pairs of models with made-up codes, in formats that Amalgam reads but does not write: to time merges.

    python tools/quantised-models.py OUT [--formats gptq,awq,...] [--layers 22]

Each format FORMAT gets two Llama-shaped models, OUT/FORMAT-1 and OUT/FORMAT-2, of 1.1 billion parameters
with 22 layers (gpt-oss: a mixture of eight experts in half as many layers, with matrices of as many elements). Needs numpy and safetensors.
"""

import argparse
import json
import pathlib
import struct

import numpy as np
from safetensors.numpy import save_file

HIDDEN, INNER, KEYS, VOCABULARY, GROUP = 2048, 5632, 256, 32000, 128
MATRICES = {
    "mlp.down_proj": (HIDDEN, INNER),
    "mlp.gate_proj": (INNER, HIDDEN),
    "mlp.up_proj": (INNER, HIDDEN),
    "self_attn.k_proj": (KEYS, HIDDEN),
    "self_attn.o_proj": (HIDDEN, HIDDEN),
    "self_attn.q_proj": (HIDDEN, HIDDEN),
    "self_attn.v_proj": (KEYS, HIDDEN),
}
# GGUF: number of the type, elements and bytes of a block.
GGUF = {"q4_0": (2, 32, 18), "q8_0": (8, 32, 34), "q4_k": (12, 256, 144), "q5_k": (13, 256, 176), "q6_k": (14, 256, 210)}
GGUF_NAMES = {
    "mlp.down_proj": "ffn_down",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "self_attn.k_proj": "attn_k",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_proj": "attn_q",
    "self_attn.v_proj": "attn_v",
}


def half(random, *shape):
    return (random.random(shape, dtype=np.float32) * 0.01).astype(np.float16)


def words(random, *shape):
    return random.integers(-(2**31), 2**31, shape, dtype=np.int32)


def codes(random, *shape):
    return random.integers(0, 256, shape, dtype=np.uint8)


def gptq(random, name, rows, columns):
    return {
        f"{name}.qweight": words(random, columns // 8, rows),
        f"{name}.qzeros": words(random, columns // GROUP, rows // 8),
        f"{name}.scales": half(random, columns // GROUP, rows),
    }


def awq(random, name, rows, columns):
    return {
        f"{name}.qweight": words(random, columns, rows // 8),
        f"{name}.qzeros": words(random, columns // GROUP, rows // 8),
        f"{name}.scales": half(random, columns // GROUP, rows),
    }


def nf4(random, name, rows, columns):
    state = {"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [rows, columns]}
    return {
        f"{name}.weight": codes(random, rows * columns // 2, 1),
        f"{name}.weight.absmax": np.full(rows * columns // 64, 0.05, np.float32),
        f"{name}.weight.quant_map": np.linspace(-1, 1, 16, dtype=np.float32),
        f"{name}.weight.quant_state.bitsandbytes__nf4": np.frombuffer(json.dumps(state).encode(), np.uint8),
    }


def int8(random, name, rows, columns):
    return {
        f"{name}.weight": codes(random, rows, columns).view(np.int8),
        f"{name}.SCB": np.full(rows, 0.05, np.float32),
    }


FORMATS = {
    "gptq": (gptq, {"quant_method": "gptq", "bits": 4, "group_size": GROUP, "sym": False, "desc_act": False}),
    "awq": (awq, {"quant_method": "awq", "bits": 4, "group_size": GROUP, "version": "gemm", "zero_point": True}),
    "nf4": (nf4, {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}),
    "int8": (int8, {"quant_method": "bitsandbytes", "load_in_8bit": True}),
}


def config(layers, **more):
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "max_position_embeddings": 2048,
        "num_attention_heads": 32,
        "num_hidden_layers": layers,
        "num_key_value_heads": 4,
        "rms_norm_eps": 1e-05,
        "tie_word_embeddings": False,
        "torch_dtype": "float16",
        "vocab_size": VOCABULARY,
        **more,
    }


def dense(random, layers):
    ends = {
        "model.embed_tokens.weight": half(random, VOCABULARY, HIDDEN),
        "lm_head.weight": half(random, VOCABULARY, HIDDEN),
        "model.norm.weight": half(random, HIDDEN),
    }
    for layer in range(layers):
        for norm in ("input_layernorm", "post_attention_layernorm"):
            ends[f"model.layers.{layer}.{norm}.weight"] = half(random, HIDDEN)
    return ends


def save(folder, tensors, settings):
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(settings, indent=2))


def huggingface(folder, random, layers, name):
    make, quantisation = FORMATS[name]
    tensors = dense(random, layers)
    for layer in range(layers):
        for matrix, (rows, columns) in MATRICES.items():
            tensors.update(make(random, f"model.layers.{layer}.{matrix}", rows, columns))
    save(folder, tensors, config(layers, quantization_config=quantisation))


def gpt_oss(folder, random, layers, _):
    # Eight experts of this width and one attention have as many elements as two layers of the other models.
    experts, inner = 8, 1600
    layers //= 2
    tensors = dense(random, layers)
    for layer in range(layers):
        at = f"model.layers.{layer}."
        for part, rows, columns in (("gate_up_proj", 2 * inner, HIDDEN), ("down_proj", HIDDEN, inner)):
            tensors[f"{at}mlp.experts.{part}_blocks"] = codes(random, experts, rows, columns // 32, 16)
            tensors[f"{at}mlp.experts.{part}_scales"] = np.full((experts, rows, columns // 32), 120, np.uint8)
        for matrix in ("k_proj", "o_proj", "q_proj", "v_proj"):
            tensors[f"{at}self_attn.{matrix}.weight"] = half(random, *MATRICES["self_attn." + matrix])
    save(
        folder,
        tensors,
        config(
            layers,
            architectures=["GptOssForCausalLM"],
            model_type="gpt_oss",
            num_local_experts=experts,
            quantization_config={"quant_method": "mxfp4"},
        ),
    )


def gguf(folder, random, layers, name):
    number, elements, size = GGUF[name]
    tensors = [("token_embd.weight", VOCABULARY, HIDDEN), ("output.weight", VOCABULARY, HIDDEN), ("output_norm.weight", 0, HIDDEN)]
    for layer in range(layers):
        tensors += [(f"blk.{layer}.{GGUF_NAMES[m]}.weight", *shape) for m, shape in MATRICES.items()]
        tensors += [(f"blk.{layer}.{norm}.weight", 0, HIDDEN) for norm in ("attn_norm", "ffn_norm")]

    def text(value):
        return struct.pack("<Q", len(value)) + value.encode()

    keys = [
        ("general.architecture", 8, text("llama")),
        ("llama.attention.head_count", 4, struct.pack("<I", 32)),
        ("llama.attention.head_count_kv", 4, struct.pack("<I", 4)),
        ("llama.attention.layer_norm_rms_epsilon", 6, struct.pack("<f", 1e-5)),
        ("llama.block_count", 4, struct.pack("<I", layers)),
        ("llama.context_length", 4, struct.pack("<I", 2048)),
        ("llama.embedding_length", 4, struct.pack("<I", HIDDEN)),
        ("llama.feed_forward_length", 4, struct.pack("<I", INNER)),
        ("llama.rope.freq_base", 6, struct.pack("<f", 10000)),
        ("llama.vocab_size", 4, struct.pack("<I", VOCABULARY)),
    ]
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys))
    for key, kind, value in keys:
        header += text(key) + struct.pack("<I", kind) + value
    offset = 0
    for tensor, rows, columns in tensors:
        bytes_ = (rows * columns // elements * size) if rows else columns * 4
        dims = (columns, rows) if rows else (columns,)
        header += text(tensor) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, number if rows else 0, offset)
        offset += -(-bytes_ // 32) * 32
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "model.gguf", "wb") as file:
        file.write(header + bytes(-len(header) % 32))
        for _, rows, columns in tensors:
            if rows:
                # The upper byte of a float16 scale is then that of a small number.
                data = (codes(random, rows * columns // elements * size) & 0x1F).tobytes()
            else:
                data = np.ones(columns, np.float32).tobytes()
            file.write(data + bytes(-len(data) % 32))


def main():
    makers = {**dict.fromkeys(FORMATS, huggingface), "gpt-oss": gpt_oss, **dict.fromkeys(GGUF, gguf)}
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", type=pathlib.Path)
    options.add_argument("--formats", default=",".join(makers))
    options.add_argument("--layers", type=int, default=22)
    given = options.parse_args()
    for name in given.formats.split(","):
        for number in (1, 2):
            makers[name](given.out / f"{name}-{number}", np.random.default_rng(number), given.layers, name)
            print(given.out / f"{name}-{number}")


if __name__ == "__main__":
    main()
