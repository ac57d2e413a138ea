"""What PEFT's own tests of merging and combining check, run through the command and compared with PEFT.

    OMP_NUM_THREADS=1 python check-combinations.py AMALGAM WORK

AMALGAM is the command to run, WORK a folder to build in. Prints a line for each check: the largest difference
of a merged tensor from PEFT's, by the tensor's largest magnitude. Random masks are drawn otherwise than torch
draws them: with density 1 nothing is drawn, and that is what is compared. Needs torch, transformers, peft.
"""
import os, shutil, subprocess, sys, warnings
import torch
from safetensors.torch import load_file, save_file
from peft import LoraConfig, PeftModel, get_peft_model
from transformers.pytorch_utils import Conv1D

AMALGAM, WORK = sys.argv[1], os.path.abspath(sys.argv[2])
warnings.filterwarnings("ignore")
bad = 0

# Differences that are meant, by the end of a check's name; docs/lora.md says why.
MEANT = {
    "one adapter": "PEFT takes 'linear' for a single adapter, whatever was asked for",
    "svd_clamp": "the quantile depends on the signs of singular vectors, which LAPACK leaves free",
    "a saved module": "PEFT drops it, lora combine keeps it",
}


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = torch.nn.Embedding(40, 12)
        self.lin0 = torch.nn.Linear(12, 20)
        self.lin1 = torch.nn.Linear(20, 12, bias=False)
        self.square = torch.nn.Linear(12, 12)
        self.c_fc = Conv1D(24, 12)
        self.conv1d = torch.nn.Conv1d(4, 8, 3)
        self.conv2d = torch.nn.Conv2d(4, 8, (3, 2))
        self.conv3d = torch.nn.Conv3d(2, 6, 2)

    def forward(self, x):
        return x


def net():
    torch.manual_seed(0)
    return Net()


def run(*words):
    r = subprocess.run([AMALGAM, *map(str, words)], cwd=WORK, capture_output=True, text=True)
    return r.returncode, "\n".join(l for l in r.stderr.splitlines() if l.startswith("error"))


def adapter(name, seed, **options):
    torch.manual_seed(seed)
    model = get_peft_model(net(), LoraConfig(**{"r": 4, "lora_alpha": 6, **options}))
    with torch.no_grad():
        for n, p in model.named_parameters():
            if p.requires_grad:
                p.add_(0.2 * torch.randn_like(p))
    shutil.rmtree(f"{WORK}/{name}", ignore_errors=True)
    model.save_pretrained(f"{WORK}/{name}")


def say(title, ours, theirs, limit):
    global bad
    far = 0.0
    for k, v in theirs.items():
        if k not in ours or ours[k].shape != v.shape:
            far = float("inf")
        else:
            far = max(far, ((ours[k] - v).abs().max() / v.abs().max()).item())
    meant = [why for end, why in MEANT.items() if title.endswith(end)]
    bad += not far <= limit and not meant
    print(f"{'same ' if far <= limit else 'meant' if meant else 'FAR  '} {far:.1e}  {title}{'' if far <= limit or not meant else ': ' + meant[0]}", flush=True)


def refused(title, reason):
    global bad
    bad += 1
    print(f"REFUSED  {title}: {reason}", flush=True)


def state(model):
    return {k: v.detach().clone().contiguous() for k, v in model.state_dict().items()}


def merge(title, words, theirs, limit=4e-6):
    shutil.rmtree(f"{WORK}/out", ignore_errors=True)
    code, reason = run("lora", "merge", "base", *words, "out")
    if code:
        return refused(title, reason)
    say(title, load_file(f"{WORK}/out/model.safetensors"), theirs, limit)


LINEAR = ["lin0", "lin1", "square"]
MERGES = {
    "plain": dict(target_modules=LINEAR),
    "rslora": dict(target_modules=LINEAR, use_rslora=True),
    "dora": dict(target_modules=LINEAR, use_dora=True),
    "rank_pattern": dict(target_modules=LINEAR, rank_pattern={"lin1": 7}),
    "alpha_pattern": dict(target_modules=LINEAR, alpha_pattern={"lin0": 3}),
    "both patterns, rslora": dict(target_modules=LINEAR, rank_pattern={"lin1": 7}, alpha_pattern={"^lin0": 3}, use_rslora=True),
    "lora_bias": dict(target_modules=["lin0", "square"], lora_bias=True),
    "bias all": dict(target_modules=["lin0"], bias="all"),
    "bias lora_only": dict(target_modules=["lin0"], bias="lora_only"),
    "conv1d": dict(target_modules=["conv1d"]),
    "conv2d": dict(target_modules=["conv2d"]),
    "conv3d": dict(target_modules=["conv3d"]),
    "dora conv1d": dict(target_modules=["conv1d"], use_dora=True),
    "dora conv2d": dict(target_modules=["conv2d"], use_dora=True),
    "dora conv3d": dict(target_modules=["conv3d"], use_dora=True),
    "embedding": dict(target_modules=["emb"]),
    "dora embedding": dict(target_modules=["emb"], use_dora=True),
    "embedding and linear": dict(target_modules=["emb", "lin0"]),
    "Conv1D": dict(target_modules=["c_fc"], fan_in_fan_out=True),
    "dora Conv1D": dict(target_modules=["c_fc"], fan_in_fan_out=True, use_dora=True),
    "modules_to_save": dict(target_modules=["lin0"], modules_to_save=["lin1"]),
    "pissa": dict(target_modules=LINEAR, init_lora_weights="pissa"),
    "olora": dict(target_modules=LINEAR, init_lora_weights="olora"),
    "orthogonal": dict(target_modules=LINEAR, init_lora_weights="orthogonal"),
    "dropout": dict(target_modules=LINEAR, lora_dropout=0.3),
    "layers of a pattern": dict(target_modules="lin\\d"),
}


def merges():
    for name, options in MERGES.items():
        folder = name.replace(" ", "-").replace(",", "")
        adapter(folder, len(name), **options)
        theirs = state(PeftModel.from_pretrained(net(), f"{WORK}/{folder}").merge_and_unload())
        merge(f"merge_and_unload, {name}", [folder], theirs)
    # Several at once, and weights, which PEFT scales by.
    model = PeftModel.from_pretrained(net(), f"{WORK}/plain", adapter_name="a")
    model.load_adapter(f"{WORK}/rslora", "b")
    merged = state(model.merge_and_unload(adapter_names=["a", "b"]))
    merge("merge_and_unload of two adapters", ["plain", "rslora"], merged)
    base = state(net())
    for weight in (0.5, -1.0, 2.0):
        theirs = {k: base[k] + weight * (v - base[k]) for k, v in state(PeftModel.from_pretrained(net(), f"{WORK}/plain").merge_and_unload()).items()}
        merge(f"weight {weight}", [f"plain:{weight}"], theirs)


COMBINATIONS = ["linear", "cat", "svd", "ties", "ties_svd", "dare_linear", "dare_ties", "dare_linear_svd", "dare_ties_svd", "magnitude_prune", "magnitude_prune_svd"]
WEIGHTS = {"ones": [1.0, 1.0], "fractions": [0.7, 0.3], "negative": [1.0, -0.5], "both negative": [-0.4, -0.2]}


def combine(title, kind, names, weights, density=None, rank=None, sign=None, clamp=None):
    model = PeftModel.from_pretrained(net(), f"{WORK}/{names[0]}", adapter_name=names[0])
    for other in names[1:]:
        model.load_adapter(f"{WORK}/{other}", other)
    extra = {}
    words = ["lora", "combine", "--quiet", "--method", kind]
    for option, key, value in (("--density", "density", density), ("--rank", "svd_rank", rank), ("--sign-method", "majority_sign_method", sign), ("--svd-clamp", "svd_clamp", clamp)):
        if value is not None:
            extra[key] = value
            words += [option, value]
    try:
        model.add_weighted_adapter(names, weights, "sum", combination_type=kind, **extra)
        model.set_adapter("sum")
        theirs = state(model.merge_and_unload(adapter_names=["sum"]))
    except Exception as e:
        print(f"PEFT refuses  {title}: {type(e).__name__} {str(e)[:90]}", flush=True)
        return
    shutil.rmtree(f"{WORK}/sum", ignore_errors=True)
    code, reason = run(*words, *(f"{n}:{w}" for n, w in zip(names, weights)), "sum")
    if code:
        return refused(title, reason)
    merge(title, ["sum"], theirs, 2e-5)


def combinations():
    two = dict(target_modules=["lin0", "lin1", "square"])
    adapter("one", 1, **two)
    adapter("two", 2, **two)
    adapter("three", 3, **two)
    adapter("wide", 4, **{**two, "r": 7})
    adapter("rs", 5, **{**two, "use_rslora": True})
    adapter("pattern", 6, **{**two, "rank_pattern": {"lin1": 6}, "alpha_pattern": {"lin0": 2}})
    adapter("emb1", 7, target_modules=["emb", "lin0"])
    adapter("emb2", 8, target_modules=["emb", "lin0"])
    adapter("conv1", 9, target_modules=["conv2d"])
    adapter("conv2", 10, target_modules=["conv2d"])
    adapter("some", 11, target_modules=["lin0"])
    adapter("kept", 12, target_modules=["lin0"], modules_to_save=["lin1"])
    for kind in COMBINATIONS:
        # Without masks, which are random: the sums and signs of DARE.
        densities = [1.0] if kind.startswith("dare") else [0.5] if kind in ("ties", "ties_svd", "magnitude_prune", "magnitude_prune_svd") else [None]
        for density in densities:
            for title, weights in WEIGHTS.items():
                combine(f"{kind}, weights {title}", kind, ["one", "two"], weights, density)
            combine(f"{kind}, three adapters", kind, ["one", "two", "three"], [0.5, 0.3, 0.9], density)
            combine(f"{kind}, one adapter", kind, ["one"], [0.8], density)
            combine(f"{kind}, rsLoRA and not", kind, ["one", "rs"], [0.6, 0.6], density)
            if kind in ("cat", "svd") or kind.endswith("_svd"):
                combine(f"{kind}, ranks 4 and 7", kind, ["one", "wide"], [0.6, 0.6], density)
                combine(f"{kind}, patterns", kind, ["one", "pattern"], [0.6, 0.6], density)
            if "svd" in kind:
                combine(f"{kind}, svd_rank 3", kind, ["one", "two"], [0.7, 0.3], density, rank=3)
                combine(f"{kind}, svd_clamp", kind, ["one", "two"], [0.7, 0.3], density, clamp=0.9)
            if "ties" in kind:
                combine(f"{kind}, sign by frequency", kind, ["one", "two", "three"], [0.5, 0.3, 0.9], density, sign="frequency")
            combine(f"{kind}, embeddings", kind, ["emb1", "emb2"], [0.7, 0.3], density)
            combine(f"{kind}, convolutions", kind, ["conv1", "conv2"], [0.7, 0.3], density)
            combine(f"{kind}, a module that one has not", kind, ["one", "some"], [0.7, 0.3], density)
    combine("cat, a saved module", "cat", ["some", "kept"], [1.0, 1.0])
    combine("linear, a saved module", "linear", ["some", "kept"], [1.0, 1.0])


shutil.rmtree(WORK, ignore_errors=True)
os.makedirs(f"{WORK}/base")
save_file(state(net()), f"{WORK}/base/model.safetensors", metadata={"format": "pt"})
open(f"{WORK}/base/config.json", "w").write('{"architectures": ["Net"]}')
merges()
combinations()
print(f"{bad} not as PEFT")
