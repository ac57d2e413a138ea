#!/usr/bin/env python3
"""Loads what Amalgam makes of sentence-transformers' models with sentence-transformers, which is the reader that counts.

Saves two tiny models of random weights (a BERT, pooling, a dense layer with weights of its own), merges them with ./amalgam in several
layouts, loads each result and encodes sentences: all must be finite, and linear merges must have the weights that torch averages. Prints a
line for each; 'skipped' where sentence-transformers is not installed.

    tools/check-sentence-transformers.py [FOLDER]      run from anywhere, with a Python that has sentence-transformers
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
try:
    import torch
    import transformers
    from safetensors.torch import load_file
    from sentence_transformers import SentenceTransformer
    import sentence_transformers
    try:
        from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
    except ImportError:
        from sentence_transformers.models import Dense, Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(0)

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
ROOT = Path(__file__).resolve().parent.parent
SENTENCES = ["the cat sat", "a dog ran on the mat", "cat"]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "a", "cat", "dog", "sat", "ran", "on", "mat"]
FAILED = []


def bert(folder, seed):
    torch.manual_seed(seed)
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=48,
        max_position_embeddings=32)
    BertModel(config).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def sentence_model(root, name, seed, dense=True):
    """As the library saves it, the transformer in the root."""
    torch.manual_seed(seed)
    modules = [Transformer(str(bert(root / f"{name}-bert", seed)))]
    modules.append(Pooling(32, pooling_mode="mean"))
    if dense:
        modules.append(Dense(in_features=32, out_features=16))
    modules.append(Normalize())
    SentenceTransformer(modules=modules, device="cpu").save(str(root / name))
    return root / name


def older(model, folder):
    """The same model as libraries before 2 laid it out: the transformer in a folder, the dense layer as a pickle."""
    shutil.copytree(model, folder)
    home = folder / "0_Transformer"
    home.mkdir()
    kept = {"modules.json", "config_sentence_transformers.json", "README.md"}
    for file in list(folder.iterdir()):
        if file.is_file() and file.name not in kept:
            file.rename(home / file.name)
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["path"] = "0_Transformer"
    (folder / "modules.json").write_text(json.dumps(modules))
    weights = folder / "2_Dense" / "model.safetensors"
    torch.save(load_file(weights), weights.with_name("pytorch_model.bin"))
    weights.unlink()
    return folder


def amalgam(*words):
    done = subprocess.run([str(ROOT / "amalgam"), *map(str, words), "--quiet"], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())


def state(folder):
    return SentenceTransformer(str(folder), device="cpu").state_dict()


def encode(folder):
    vectors = torch.tensor(SentenceTransformer(str(folder), device="cpu").encode(SENTENCES))
    if not torch.isfinite(vectors).all():
        raise RuntimeError("not all numbers are finite")
    return vectors


def merged(root, name, recipe):
    file = root / f"{name}.yml"
    file.write_text(json.dumps(recipe))
    amalgam("merge", file, root / name)
    return root / name


def check(name, case):
    try:
        print(f"ok       {name}: {case()}")
    except Exception as failure:
        FAILED.append(name)
        print(f"FAILED   {name}: {failure}")


def main(root):
    one, two = sentence_model(root, "one", 1), sentence_model(root, "two", 2)
    plain = [sentence_model(root, f"plain-{n}", n, dense=False) for n in (3, 4)]
    old = older(one, root / "old")
    pair = dict(merge_method="linear", dtype="float32")

    def weighted(a, b):
        return [dict(model=str(a), parameters=dict(weight=0.3)), dict(model=str(b), parameters=dict(weight=0.7))]

    def linear(name, a, b):
        out = merged(root, name, dict(pair, models=weighted(a, b)))
        found, left, right = state(out), state(a), state(b)
        if set(found) != set(left):
            raise RuntimeError(f"tensors: {sorted(set(found) ^ set(left))}")
        far = max(
            ((found[key] - (0.3 * left[key] + 0.7 * right[key])).abs().max().item()
             for key in found if found[key].is_floating_point()), default=0)
        if far > 1e-6:
            raise RuntimeError(f"{far} from torch's average")
        vectors = encode(out)
        return f"{len(found)} tensors within {far:.1e} of torch's average, sentences of {vectors.shape[1]} numbers"

    def any_method(name, **recipe):
        out = merged(root, name, dict(dtype="float32", **recipe))
        dense = load_file(out / "2_Dense" / "model.safetensors")
        moved = any(not torch.equal(dense[key], load_file(one / "2_Dense" / "model.safetensors")[key]) for key in dense)
        encode(out)
        if not moved:
            raise RuntimeError("the dense layer is the first model's")
        return "sentences are finite, the dense layer is merged"

    def layout():
        out = root / "old-linear"
        files = sorted(str(f.relative_to(out)) for f in out.rglob("*") if f.suffix in (".bin", ".safetensors"))
        if files != ["0_Transformer/model.safetensors", "2_Dense/model.safetensors"]:
            raise RuntimeError(f"weights: {files}")
        return ", ".join(files)

    def refused():
        try:
            merged(root, "refused", dict(pair, models=weighted(one, plain[0])))
        except RuntimeError as error:
            if "modules with weights" in str(error):
                return [line for line in str(error).splitlines() if line.startswith("error")][0].replace(str(root), "...")
            raise
        raise RuntimeError("merged")

    def averaged():
        amalgam("soup", one, two, root / "soup")
        encode(root / "soup")
        return "sentences are finite"

    check("linear", lambda: linear("linear", one, two))
    check("linear without a dense layer", lambda: linear("plain", *plain))
    check("linear of an older layout", lambda: linear("old-linear", old, two))
    check("files of the older layout", layout)
    check("slerp", lambda: any_method("slerp", merge_method="slerp", base_model=str(one), parameters=dict(t=0.4), models=[
        dict(model=str(two))]))
    check("ties", lambda: any_method("ties", merge_method="ties", base_model=str(one), models=[
        dict(model=str(two), parameters=dict(weight=0.7, density=0.5))]))
    check("soup", averaged)
    check("one dense layer too few", refused)


if __name__ == "__main__":
    print(f"sentence-transformers {sentence_transformers.__version__}, transformers {transformers.__version__}, torch {torch.__version__}")
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder))
    sys.exit(1 if FAILED else 0)
