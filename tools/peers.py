#!/usr/bin/env python3
"""Times Amalgam and other tools on the same merges, in turn: seconds and resident memory.

    amalgam bench --rounds 1 --methods ties --no-mergekit --models MODELS     makes the models
    tools/peers.py MODELS/22x2048 [--amalgam PROGRAM] [--rounds 5] [--out DIR]

Each measurement is a process of its own. The peers:

- a loop over tensors with torch and safetensors, what people write themselves;
- mergekit (on the CPU), if its program lies beside this Python or on the path;
- sd-mecha, if it can be imported.

Who is not installed is left out, with a word. Results are medians, as a Markdown table.
"""
import argparse
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

RECIPES = {
    "linear": """merge_method: linear
models:
  - {{model: {0}/tuned-1, parameters: {{weight: 0.6}}}}
  - {{model: {0}/tuned-2, parameters: {{weight: 0.4}}}}
dtype: bfloat16
""",
    "slerp": """merge_method: slerp
base_model: {0}/tuned-1
models:
  - model: {0}/tuned-1
  - model: {0}/tuned-2
parameters: {{t: 0.35}}
dtype: bfloat16
""",
    "ties": """merge_method: ties
base_model: {0}/base
models:
  - {{model: {0}/tuned-1, parameters: {{weight: 0.5, density: 0.5}}}}
  - {{model: {0}/tuned-2, parameters: {{weight: 0.3, density: 0.5}}}}
  - {{model: {0}/tuned-3, parameters: {{weight: 0.4, density: 0.5}}}}
dtype: bfloat16
""",
}


def loop(method, models, out):
    """The twenty lines; only linear and ties."""
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    names = {"linear": ["tuned-1", "tuned-2"], "ties": ["base", "tuned-1", "tuned-2", "tuned-3"]}
    files = [safe_open(f"{models}/{n}/model.safetensors", "pt") for n in names[method]]
    merged = {}
    for key in files[0].keys():
        tensors = [f.get_tensor(key).float() for f in files]
        if method == "linear":
            merged[key] = (0.6 * tensors[0] + 0.4 * tensors[1]).bfloat16()
            continue
        base, weighted = tensors[0], []
        for tuned, weight in zip(tensors[1:], (0.5, 0.3, 0.4)):
            delta = (tuned - base).flatten()
            kept = delta.abs().topk(delta.numel() // 2).indices
            sparse = torch.zeros_like(delta)
            sparse[kept] = delta[kept]
            weighted.append(weight * sparse.view_as(base))
        stacked = torch.stack(weighted)
        agree = stacked.sign() == stacked.sum(0).sign()
        weights = torch.tensor([0.5, 0.3, 0.4]).view(-1, *[1] * base.dim())
        used = torch.where(agree, weights, 0.0).sum(0)
        used[used.abs() < 1e-8] = 1
        merged[key] = (base + torch.where(agree, stacked, 0.0).sum(0) / used).bfloat16()
    save_file(merged, f"{out}/model.safetensors")


def sd_mecha(method, models, out):
    import sd_mecha as mecha
    import torch

    model = lambda name: mecha.model(f"{models}/{name}/model.safetensors")
    if method == "linear":
        recipe = mecha.weighted_sum(model("tuned-1"), model("tuned-2"), alpha=0.4)
    elif method == "slerp":
        recipe = mecha.slerp(model("tuned-1"), model("tuned-2"), alpha=0.35)
    else:
        tuned = [model(f"tuned-{i}") for i in (1, 2, 3)]
        base = model("base")
        recipe = base + mecha.ties_sum(*[mecha.subtract(each, base) for each in tuned], k=0.5)
    mecha.set_log_level("ERROR")
    mecha.merge(
        recipe, output=f"{out}/model.safetensors", merge_device="cpu", merge_dtype=torch.float32,
        output_dtype=torch.bfloat16, threads=os.cpu_count())


def measure(command, out):
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    log = out.with_suffix(".log")
    begin = time.monotonic()
    with open(log, "wb") as to:
        process = subprocess.Popen(command, stdout=to, stderr=to, env={**os.environ, "HF_HUB_OFFLINE": "1"})
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begin
    if status != 0:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{log.read_text()[-2000:]}")
    log.unlink()
    return seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "--child":
        {"loop": loop, "sd-mecha": sd_mecha}[sys.argv[2]](*sys.argv[3:6])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path)
    parser.add_argument("--amalgam", default=Path(__file__).parent.parent / "amalgam", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--methods", default="linear,slerp,ties")
    parser.add_argument("--out", type=Path, default=Path("/dev/shm" if os.path.isdir("/dev/shm") else "."))
    args = parser.parse_args()

    out = args.out / "peers"
    beside = Path(sys.executable).parent / "mergekit-yaml"
    mergekit = beside if beside.exists() else shutil.which("mergekit-yaml")
    peers = {"amalgam": lambda m, recipe: [args.amalgam, "merge", recipe, out / "model", "--quiet"]}
    child = lambda kind: lambda m, recipe: [sys.executable, __file__, "--child", kind, m, args.models, out]
    if importlib.util.find_spec("torch") and importlib.util.find_spec("safetensors"):
        peers["loop"] = child("loop")
    else:
        print("skipped: the loop; torch and safetensors are not installed", file=sys.stderr)
    if mergekit:
        peers["mergekit"] = lambda m, recipe: [mergekit, recipe, out / "model", "--quiet", "--no-copy-tokenizer"]
    else:
        print("skipped: mergekit is not installed", file=sys.stderr)
    if importlib.util.find_spec("sd_mecha"):
        peers["sd-mecha"] = child("sd-mecha")
    else:
        print("skipped: sd-mecha is not installed", file=sys.stderr)

    print("| method | tool | seconds | times Amalgam | processor seconds | resident MB |")
    print("|---|---|---|---|---|---|")
    for method in args.methods.split(","):
        recipe = args.out / "peers.yml"
        recipe.write_text(RECIPES[method].format(args.models.resolve()))
        taken = {name: [] for name in peers if not (name == "loop" and method == "slerp")}
        for _ in range(args.rounds):
            for name in taken:
                taken[name].append(measure(list(map(str, peers[name](method, recipe))), out))
        first = statistics.median(run[0] for run in taken["amalgam"])
        for name, runs in taken.items():
            seconds, memory, processor = (statistics.median(values) for values in zip(*runs))
            print(f"| {method} | {name} | {seconds:.2f} | {seconds / first:.1f} | {processor:.1f} | {memory:.0f} |", flush=True)
        recipe.unlink()
    shutil.rmtree(out, ignore_errors=True)


main()
