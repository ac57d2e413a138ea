#!/usr/bin/env python3
"""Whether llama.cpp computes with our GGUF files what transformers computes with the models.

    python tools/check-gguf.py PROGRAM MODEL_FOLDER... [--type f32]

Each model is converted by PROGRAM (amalgam), loaded by llama-cpp-python, and asked for the logits
(encoders: the embeddings) of some tokens, which are compared with those of transformers in float32.
Without llama-cpp-python or transformers nothing is checked, and that is said.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import llama_cpp
    import numpy as np
    import torch
    import transformers
except ImportError as missing:
    print(f"skipped: {missing.name} is not installed")
    sys.exit(0)

# How far logits may be apart, relative to the largest: rounding to the type.
TOLERANCE = {"f32": 1e-3, "f16": 1e-2, "bf16": 5e-2, "q8_0": 0.1, "q5_1": 0.4, "q5_0": 0.4, "q4_1": 0.8, "q4_0": 0.8}
ENCODERS = ("bert", "roberta", "distilbert")


def tokens(config):
    vocabulary = config["vocab_size"]
    return [(7 * i + 11) % (vocabulary - 20) + 10 for i in range(12)]


def transformers_says(folder, config, ids):
    kind = transformers.AutoModel if config["model_type"] in ENCODERS else transformers.AutoModelForCausalLM
    model = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        out = model(torch.tensor([ids]))
    return (out.last_hidden_state if config["model_type"] in ENCODERS else out.logits)[0].numpy()


def llama_says(file, config, ids):
    encoder = config["model_type"] in ENCODERS
    model = llama_cpp.Llama(
        str(file),
        n_ctx=32,
        n_batch=32,
        logits_all=not encoder,
        embedding=encoder,
        pooling_type=llama_cpp.LLAMA_POOLING_TYPE_NONE,
        verbose=False,
    )
    batch = llama_cpp.llama_batch_init(len(ids), 0, 1)
    batch.n_tokens = len(ids)
    for i, token in enumerate(ids):
        batch.token[i] = token
        batch.pos[i] = i
        batch.n_seq_id[i] = 1
        batch.seq_id[i][0] = 0
        batch.logits[i] = 1
    run = llama_cpp.llama_encode if encoder else llama_cpp.llama_decode
    assert run(model.ctx, batch) == 0
    width = llama_cpp.llama_model_n_embd(model.model) if encoder else config["vocab_size"]
    of = llama_cpp.llama_get_embeddings_ith if encoder else llama_cpp.llama_get_logits_ith
    rows = [np.ctypeslib.as_array(of(model.ctx, i), (width,)).copy() for i in range(len(ids))]
    return np.stack(rows)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("program")
    arguments.add_argument("models", nargs="+", type=pathlib.Path)
    arguments.add_argument("--type", default="f32")
    given = arguments.parse_args()
    failed = 0
    for folder in given.models:
        config = json.loads((folder / "config.json").read_text())
        with tempfile.TemporaryDirectory() as scratch:
            file = pathlib.Path(scratch) / "model.gguf"
            name = ["--name", "Tiny"] if config["model_type"] == "phi3" else []
            subprocess.run(
                [given.program, "convert", folder, file, "--type", given.type, "--quiet", *name],
                check=True,
                stderr=subprocess.PIPE,
            )
            ids = tokens(config)
            theirs = transformers_says(folder, config, ids)
            ours = llama_says(file, config, ids)
        error = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
        good = error <= TOLERANCE[given.type]
        failed += not good
        print(f"{'ok' if good else 'FAILED'} {folder.name} {given.type}: largest difference {error:.2e} of the largest value")
    sys.exit(failed > 0)


main()
