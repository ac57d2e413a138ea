#!/usr/bin/env python3
"""The diagonal Fisher of small models by autograd, in float64: merge-cli/src/test/resources/forward/fisher-*.safetensors.

The random models are those of merge-core/src/test/resources/forward, with heads of their own; their tokens
are (7 i i + 3 i + 1) mod (vocabulary - 1), i from 0. bytes-java is the trained byte model of the samples,
whose head is the embedding, on the first 400 bytes of the Java text; its second layer is left out.
Of each window the gradient of its log probability
(all tokens after the first, given those before) is squared, and the mean over windows is taken.
Needs torch and transformers. Usage: OMP_NUM_THREADS=1 tools/fisher-goldens.py [FOLDER]
"""
import json
import pathlib
import sys

import safetensors.torch
import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = ROOT / "merge-core/src/test/resources/forward"
BYTES = ROOT / "samples/models/bytes/java"
OUT = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "merge-cli/src/test/resources/forward"
TOKENS = 150

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
    for name in ("llama3", "mistral", "qwen2", "qwen3"):
        vocabulary = json.loads((MODELS / name / "config.json").read_text())["vocab_size"]
        tokens = [(7 * i * i + 3 * i + 1) % (vocabulary - 1) for i in range(TOKENS)]
        save(name, fisher(MODELS / name, tokens, 64))
    tokens = list((ROOT / "samples/data/bytes/java.txt").read_bytes()[:400])
    measured = fisher(BYTES, tokens, 128)
    save("bytes-java", {n: x for n, x in measured.items() if not n.startswith("model.layers.1.")})


if __name__ == "__main__":
    main()
