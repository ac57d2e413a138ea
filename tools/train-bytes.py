#!/usr/bin/env python3
"""Trains the byte language models of samples/models/bytes: a base on three domains, an expert on each.

The domains are Java (this project's sources), prose (its documentation) and sums (lines such as
"37+58=95", made by a generator). A tenth of each, in blocks, is not trained on; a part of it is
written to samples/data/bytes. Models are of Llama's kind with 256 tokens, the bytes, in bfloat16.
Needs torch, transformers and tokenizers; takes some minutes on a processor.
Usage: OMP_NUM_THREADS=1 tools/train-bytes.py
"""
import json
import pathlib
import random

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = ROOT / "samples/models/bytes"
TEXTS = ROOT / "samples/data/bytes"
CONTEXT = 128
BATCH = 24
HELD_OUT = 6000  # bytes of each domain that are kept to be judged by
BLOCK = 2000
STEPS = {"base": 600, "expert": 300}


def sums():
    rng = random.Random(1)
    lines = []
    for _ in range(20000):
        a, b = rng.randrange(100), rng.randrange(100)
        lines.append(f"{a}+{b}={a + b}" if rng.random() < 0.7 else f"{max(a, b)}-{min(a, b)}={abs(a - b)}")
    return "\n".join(lines)


def domains():
    java = "\n".join(p.read_text() for p in sorted((ROOT / "merge-core/src/main/java").rglob("*.java")))
    pages = [p for p in sorted((ROOT / "docs").glob("*.md")) if p.name not in ("errors.md", "evaluate.md")]
    prose = "\n".join(p.read_text() for p in pages + [ROOT / "README.md", ROOT / "ARCHITECTURE.md"])
    texts = {"java": java, "prose": prose, "sums": sums()}
    return {name: text.encode("ascii", "ignore") for name, text in texts.items()}


def split(text):
    """Every tenth block is held out."""
    blocks = [text[i:i + BLOCK] for i in range(0, len(text), BLOCK)]
    train = b"".join(b for i, b in enumerate(blocks) if i % 10 != 5)
    held = b"".join(b for i, b in enumerate(blocks) if i % 10 == 5)
    return train, held[:HELD_OUT]


def tokenizer():
    byte = {b: c for b, c in byte_characters()}
    vocabulary = {byte[b]: b for b in range(256)}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    return made


def byte_characters():
    """The printable stand-ins of byte-level tokenizers."""
    shown = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    hidden = [b for b in range(256) if b not in shown]
    return [(b, chr(b)) for b in shown] + [(b, chr(256 + i)) for i, b in enumerate(hidden)]


def train(model, texts, steps, rate, seed):
    generator = torch.Generator().manual_seed(seed)
    data = [torch.frombuffer(bytearray(t), dtype=torch.uint8).long() for t in texts]
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)
    model.train()
    for step in range(steps):
        rows = []
        for i in range(BATCH):
            text = data[i % len(data)]
            at = torch.randint(len(text) - CONTEXT, (1,), generator=generator).item()
            rows.append(text[at:at + CONTEXT])
        batch = torch.stack(rows)
        loss = model(batch, labels=batch).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 200 == 0 or step == steps - 1:
            print(step, round(loss.item(), 3), flush=True)


def save(model, name):
    folder = MODELS / name
    saved = transformers.LlamaForCausalLM(model.config).to(torch.bfloat16)
    saved.load_state_dict(model.state_dict())
    saved.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    made = tokenizer()
    made.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": CONTEXT}, indent=1) + "\n")
    # Experts begin at the stored base, so that task vectors are exact.
    model.load_state_dict({k: v.float() for k, v in saved.state_dict().items()})


def main():
    torch.manual_seed(0)
    texts = {name: split(text) for name, text in domains().items()}
    TEXTS.mkdir(parents=True, exist_ok=True)
    for name, (_, held) in texts.items():
        (TEXTS / f"{name}.txt").write_bytes(held)
    config = transformers.LlamaConfig(
        vocab_size=256, hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=CONTEXT, tie_word_embeddings=True,
        bos_token_id=None, eos_token_id=None, pad_token_id=None)
    base = transformers.LlamaForCausalLM(config)
    train(base, [t for t, _ in texts.values()], STEPS["base"], 4e-3, 1)
    save(base, "base")
    start = {k: v.clone() for k, v in base.state_dict().items()}
    for seed, name in enumerate(texts):
        expert = transformers.LlamaForCausalLM(config)
        expert.load_state_dict(start)
        train(expert, [texts[name][0]], STEPS["expert"], 5e-4, 10 + seed)
        save(expert, name)


if __name__ == "__main__":
    main()
