#!/usr/bin/env python3
"""Losses and Gram matrices of tiny models by transformers, in float32: merge-cli/src/test/resources/forward.

The models are those of merge-core/src/test/resources/forward; each case changes settings of one
configuration. Tokens are (7 i i + 3 i + 1) mod (vocabulary - 1), i from 0.
Needs torch and transformers. Usage: OMP_NUM_THREADS=1 tools/forward-goldens.py
"""
import json
import pathlib
import shutil
import tempfile

import safetensors.torch
import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = ROOT / "merge-core/src/test/resources/forward"
OUT = ROOT / "merge-cli/src/test/resources/forward/losses.json"
TOKENS = 700

YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 64}
CASES = [
    ("llama3", {}, 300),
    ("mistral", {}, 300),
    ("qwen2", {}, 300),
    ("qwen3", {}, 300),
    ("llama3", {"rope_parameters": {"rope_type": "default", "rope_theta": 10000.0}}, 64),
    ("llama3", {"rope_parameters": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.5}}, 300),
    ("llama3", {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0},
                "max_position_embeddings": 100}, 320),
    ("llama3", {"rope_parameters": YARN, "max_position_embeddings": 256}, 300),
    ("qwen2", {"rope_parameters": {**YARN, "mscale": 1.0, "mscale_all_dim": 0.5}, "max_position_embeddings": 256}, 300),
    ("qwen3", {"rope_parameters": {**YARN, "attention_factor": 1.2, "beta_fast": 16, "truncate": False},
               "max_position_embeddings": 256}, 300),
    ("llama3", {"tie_word_embeddings": True}, 64),
    ("mistral", {"sliding_window": None}, 300),
    ("mistral", {"sliding_window": 40}, 300),
    ("qwen2", {"use_sliding_window": True, "sliding_window": 30, "max_window_layers": 1, "layer_types": None}, 300),
    ("qwen3", {"use_sliding_window": True, "sliding_window": 30,
               "layer_types": ["sliding_attention", "full_attention", "sliding_attention"]}, 300),
]


def losses(folder, context):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    model.eval()
    vocabulary = model.config.vocab_size
    tokens = [(7 * i * i + 3 * i + 1) % (vocabulary - 1) for i in range(TOKENS)]
    total, count = 0.0, 0
    for start in range(0, TOKENS, context):
        window = torch.tensor([tokens[start:start + context]])
        if window.shape[1] < 2:
            continue
        with torch.no_grad():
            logits = model(window).logits[0, :-1].double()
        total += torch.nn.functional.cross_entropy(logits, window[0, 1:], reduction="sum").item()
        count += window.shape[1] - 1
    return total / count, count


def grams(folder, context):
    """X^T X / N of the inputs of every linear layer, by the name of its weight."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    model.eval()
    tokens = [(7 * i * i + 3 * i + 1) % (model.config.vocab_size - 1) for i in range(TOKENS)]
    sums = {}

    def see(name):
        def hook(module, args):
            x = args[0].detach().flatten(0, -2).double()
            sums[name] = sums.get(name, 0) + x.T @ x
        return hook

    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_pre_hook(see(f"{name}.weight.input_gram"))
    with torch.no_grad():
        for start in range(0, TOKENS, context):
            model(torch.tensor([tokens[start:start + context]]))
    return {name: (total / TOKENS).float() for name, total in sums.items()}


def trained():
    """Losses of the byte models of the samples on their texts."""
    rows = []
    for name in ("base", "java", "prose", "sums"):
        folder = ROOT / "samples/models/bytes" / name
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        for text in ("java", "prose", "sums"):
            ids = tokenizer((ROOT / f"samples/data/bytes/{text}.txt").read_text())["input_ids"]
            total = count = 0
            for start in range(0, len(ids) - 1, 128):
                window = torch.tensor([ids[start:start + 128]])
                with torch.no_grad():
                    logits = model(window).logits[0, :-1].double()
                total += torch.nn.functional.cross_entropy(logits, window[0, 1:], reduction="sum").item()
                count += window.shape[1] - 1
            rows.append({"model": name, "text": text, "tokens": count, "loss": total / count})
    return rows


def main():
    OUT.parent.mkdir(parents=True, exist_ok=True)
    measured = grams(MODELS / "llama3", 64)
    kept = {n: g for n, g in measured.items() if not any(m in n for m in ("k_proj", "v_proj", "up_proj"))}
    safetensors.torch.save_file(kept, OUT.parent / "grams.safetensors")
    cases = []
    for name, changes, context in CASES:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            shutil.copy(MODELS / name / "model.safetensors", folder)
            config = json.loads((MODELS / name / "config.json").read_text())
            config.update(changes)
            (folder / "config.json").write_text(json.dumps(config))
            loss, tokens = losses(folder, context)
        cases.append({"model": name, "changes": changes, "context": context, "tokens": tokens, "loss": loss})
        print(name, changes, loss)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"transformers": transformers.__version__, "given": TOKENS, "cases": cases, "trained": trained()}, indent=1) + "\n")


if __name__ == "__main__":
    main()
