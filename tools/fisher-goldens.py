#!/usr/bin/env python3
"""The diagonal Fisher of small models by autograd, in float64: merge-cli/src/test/resources/forward/fisher-*.safetensors.

The random models are those of merge-core/src/test/resources/forward, with settings changed as in a
case; base, java and sums are the byte models of the samples, on their texts. Tokens of the random models are
(7 i i + 3 i + 1) mod (vocabulary - 1), i from 0. Of each window the gradient of its log probability
(all tokens after the first, given those before) is squared, and the mean over windows is taken.
Needs torch and transformers. Usage: OMP_NUM_THREADS=1 tools/fisher-goldens.py [FOLDER]
"""
import json
import pathlib
import sys
import tempfile

import safetensors.torch
import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = ROOT / "merge-core/src/test/resources/forward"
BYTES = ROOT / "samples/models/bytes"
OUT = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "merge-cli/src/test/resources/forward"
TOKENS = 150

YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 64}
CASES = {
    "llama3": ("llama3", {}),
    "mistral": ("mistral", {"sliding_window": 40}),
    "qwen2": ("qwen2", {}),
    "qwen3": ("qwen3", {}),
    "llama3-tied": ("llama3", {"tie_word_embeddings": True}),
    "qwen3-yarn": ("qwen3", {"rope_parameters": YARN, "max_position_embeddings": 256, "attention_bias": False}),
}


def fisher(folder, tokens, context):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager")
    model.eval()
    sums, count = {}, 0
    for start in range(0, len(tokens) - 1, context):
        window = torch.tensor([tokens[start:start + context]])
        model.zero_grad()
        logp = model(window).logits[0, :-1].log_softmax(-1)
        logp.gather(1, window[0, 1:, None]).sum().backward()
        for name, parameter in model.named_parameters():
            sums[name] = sums.get(name, 0) + parameter.grad ** 2
        count += 1
    return {f"{name}.fisher": (total / count).float() for name, total in sums.items()}


def save(name, measured):
    safetensors.torch.save_file(measured, OUT / f"fisher-{name}.safetensors")
    print(name, sum(x.numel() for x in measured.values()))


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for case, (name, changes) in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            config = json.loads((MODELS / name / "config.json").read_text())
            config.update(changes)
            (folder / "config.json").write_text(json.dumps(config))
            tensors = safetensors.torch.load_file(MODELS / name / "model.safetensors")
            if config.get("tie_word_embeddings"):
                tensors.pop("lm_head.weight", None)
            safetensors.torch.save_file(tensors, folder / "model.safetensors", {"format": "pt"})
            tokens = [(7 * i * i + 3 * i + 1) % (config["vocab_size"] - 1) for i in range(TOKENS)]
            save(case, fisher(folder, tokens, 64))
    for name in sys.argv[2:] or ("java",):
        text = (ROOT / f"samples/data/bytes/{name}.txt").read_bytes()[:400]
        save(f"bytes-{name}", fisher(BYTES / name, list(text), 128))


if __name__ == "__main__":
    main()
