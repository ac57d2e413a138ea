#!/usr/bin/env python3
"""Loads what Amalgam builds with transformers, which is the reader that counts.

Makes tiny dense models, has ./amalgam stack, up-scale and mix them, and loads each result: no key may be missing or unexpected, every
shape must fit, and one forward pass must be finite. Prints a line for each; 'skipped' where transformers is not installed.

    tools/check-transformers.py [FOLDER]      run from anywhere, with a Python that has torch and transformers
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import torch
    import transformers
    from transformers import AutoConfig, AutoModelForCausalLM
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(0)

transformers.logging.set_verbosity_error()
ROOT = Path(__file__).resolve().parent.parent
FAILED = []


def dense(folder, kind, seed, **settings):
    """A dense model with random weights, in the layout its own library saves."""
    torch.manual_seed(seed)
    config = AutoConfig.for_model(
        kind, hidden_size=32, intermediate_size=48, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=64, max_position_embeddings=64, pad_token_id=None, bos_token_id=1, eos_token_id=2, **settings)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


def amalgam(*words):
    words = [str(ROOT / "amalgam"), *map(str, words), "--quiet"]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())


def load(folder):
    model, found = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    wrong = {key: sorted(map(str, value)) for key, value in found.items() if value}
    if wrong:
        raise RuntimeError(f"loading: {wrong}")
    model.eval()
    with torch.no_grad():
        logits = model(torch.tensor([[1, 5, 9, 3, 7]])).logits
    if not torch.isfinite(logits).all():
        raise RuntimeError("the forward pass is not finite")
    return model, logits


def check(name, make, like=None, then=None):
    """Runs one case; 'like' is a model whose results the new one's must equal."""
    try:
        folder = make()
        model, logits = load(folder)
        if like is not None:
            apart = (logits - load(like)[1]).abs().max().item()
            if apart > 1e-4:
                raise RuntimeError(f"computes something else than '{like.name}': {apart}")
        if then is not None:
            then(model)
        print(f"ok       {name}: {type(model).__name__}, {sum(p.numel() for p in model.parameters())} parameters")
    except Exception as failure:
        FAILED.append(name)
        print(f"FAILED   {name}: {failure}")


def made(folder, *words):
    def make():
        amalgam(*words)
        return folder
    return make


def mixture(root, folder, base, experts, *options, **config):
    """Writes a config for random gates and makes the mixture."""
    recipe = root / f"{folder.name}.yml"
    recipe.write_text(json.dumps(dict(
        base_model=str(base), gate_mode="random", experts=[dict(source_model=str(e)) for e in experts], **config)))
    return made(folder, "moe", recipe, folder, *options)


def main(root):
    kinds = [("llama", {}), ("mistral", {}), ("qwen3", dict(head_dim=8))]
    models = {kind: [dense(root / f"{kind}-{n}", kind, n, **extra) for n in range(2)] for kind, extra in kinds}
    windows = ["full_attention", "sliding_attention", "full_attention", "sliding_attention"]
    models["qwen2"] = [
        dense(root / f"qwen2-{n}", "qwen2", n, use_sliding_window=True, sliding_window=3, max_window_layers=1, layer_types=windows)
        for n in range(2)]
    plain = [dense(root / f"qwen2-plain-{n}", "qwen2", n) for n in range(2)]
    tied = dense(root / "tied", "llama", 3, tie_word_embeddings=True)

    def same_windows(model):
        if model.config.layer_types != [windows[i] for i in (0, 1, 2, 1, 2, 3)]:
            raise RuntimeError(f"layer_types {model.config.layer_types}")

    one, other = models["qwen2"]
    out = root / "stacked-qwen2"
    check("stacked Qwen2 with layer_types", made(out, "stack", f"{one}:0-2", f"{other}:1-3", out), then=same_windows)

    def deeper(model):
        if model.config.num_hidden_layers != 6:
            raise RuntimeError(f"{model.config.num_hidden_layers} layers")

    llama = models["llama"][0]
    out = root / "upscaled"
    check("up-scaled Llama", made(out, "upscale", llama, out, "--layers", 6), then=deeper)
    out = root / "averaged"
    check("up-scaled Llama, averaged", made(out, "upscale", llama, out, "--layers", 6, "--average-overlap"), then=deeper)
    out = root / "damped"
    check("stacked twice, repeats damped to nothing", made(out, "upscale", tied, out, "--layers", 5, "--damp", 0))
    out = root / "tied-behind"
    check("stack that ends in a tied model", made(out, "stack", f"{llama}:0-1", f"{tied}:2-3", out))

    for layout in ("fused", "per-expert"):
        for kind in ("llama", "mistral", "qwen3"):
            out = root / f"moe-{kind}-{layout}"
            check(f"{kind} mixture, {layout}", mixture(root, out, models[kind][0], models[kind], "--layout", layout))
        for kind, dense_models in (("llama", models["llama"]), ("qwen2", plain)):
            out = root / f"moe-shared-{kind}-{layout}"
            check(
                f"{kind} mixture with a shared expert, {layout}",
                mixture(root, out, dense_models[0], dense_models, "--layout", layout,
                        shared_experts=[dict(source_model=str(dense_models[0]))], architecture="qwen"))

    for kind, base in (("llama", llama), ("mistral", models["mistral"][0]), ("qwen2", plain[0]), ("qwen3", models["qwen3"][0]),
                       ("tied llama", tied)):
        for every in (1, 2):
            out = root / f"upcycled-{kind.replace(' ', '-')}-{every}"
            check(
                f"{kind} upcycled, one in {every} layers, computes what it did",
                made(out, "moe", "upcycle", base, out, "--experts", 4, "--every", every), like=base)
    print("skipped  DeepSeek MoE: its code is not part of transformers")
    return 1 if FAILED else 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(main(Path(folder)))
