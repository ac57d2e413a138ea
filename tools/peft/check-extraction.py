"""Does PEFT load what 'amalgam lora extract' writes, and make of it what amalgam does, whatever the architecture?

usage: check-extraction.py AMALGAM WORK [NAME...]

AMALGAM is the command, WORK a folder for the models, NAME an architecture of tiny_models.py; all unless given. Each is built, every
parameter changed, the change extracted at rank 4 and at full rank, loaded with PeftModel and with the AutoPeftModel of its task, run, merged by
PEFT and by amalgam. Prints a row each and at the end how many hold; prints 'skipped' and why where packages are missing.
"""
import json
import os
import shutil
import subprocess
import sys
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
try:
    import peft
    import torch
    import transformers
    import tiny_models
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(0)

warnings.filterwarnings("ignore")
transformers.utils.logging.disable_progress_bar()
AMALGAM, WORK = os.path.abspath(sys.argv[1]) if os.path.exists(sys.argv[1]) else sys.argv[1], os.path.abspath(sys.argv[2])
AUTO = {
    None: peft.AutoPeftModel,
    "CAUSAL_LM": peft.AutoPeftModelForCausalLM,
    "SEQ_2_SEQ_LM": peft.AutoPeftModelForSeq2SeqLM,
    "SEQ_CLS": peft.AutoPeftModelForSequenceClassification,
    "TOKEN_CLS": peft.AutoPeftModelForTokenClassification,
    "QUESTION_ANS": peft.AutoPeftModelForQuestionAnswering,
    "FEATURE_EXTRACTION": peft.AutoPeftModelForFeatureExtraction,
}


def amalgam(folder, *words):
    done = subprocess.run([AMALGAM, *words], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1][:250])


def far(a, b):
    """By the largest number; the sums of different orders of additions differ by a few in the seventh place."""
    if a.shape != b.shape:
        return float("inf")
    return ((a - b).abs().max() / b.abs().max()).item()


def loaded(kind, folder):
    """Raises where a tensor is missing, which would be random."""
    model, info = kind.from_pretrained(folder, output_loading_info=True)
    if info["missing_keys"]:
        raise RuntimeError(f"missing: {sorted(info['missing_keys'])[:2]}")
    return model.eval()


def attempt(what, row, action):
    try:
        return action()
    except Exception as e:
        row[what] = f"{type(e).__name__}: {str(e).splitlines()[0] if str(e) else ''}"[:160]
        return None


def check(name, rank):
    folder = os.path.join(WORK, name.replace(" ", "-"))
    kind = getattr(transformers, tiny_models.MODELS[name][0])
    out, merged = f"adapter{rank}", f"merged{rank}"
    row = {}
    amalgam(folder, "lora", "extract", "tuned", "base", out, "--rank", str(rank), "--overwrite")
    settings = json.load(open(f"{folder}/{out}/adapter_config.json"))
    tuned = tiny_models.outputs(loaded(kind, folder + "/tuned"))
    was = tiny_models.outputs(loaded(kind, folder + "/base"))
    live = attempt("peft", row, lambda: peft.PeftModel.from_pretrained(loaded(kind, folder + "/base"), f"{folder}/{out}").eval())
    if live is None:
        return settings, row
    said = tiny_models.outputs(live)
    row["left"] = far(said, tuned) / max(far(was, tuned), 1e-12)
    auto = attempt("auto", row, lambda: AUTO[settings["task_type"]].from_pretrained(f"{folder}/{out}").eval())
    if auto is not None:
        row["auto"] = far(tiny_models.outputs(auto), said)
    alone = attempt("peft merge", row, live.merge_and_unload)
    if alone is not None:
        row["peft merge"] = far(tiny_models.outputs(alone.eval()), said)
    shutil.rmtree(f"{folder}/{merged}", ignore_errors=True)
    if attempt("lora merge", row, lambda: amalgam(folder, "lora", "merge", "base", out, merged) or True):
        ours = attempt("lora merge", row, lambda: loaded(kind, f"{folder}/{merged}"))
        if ours is not None:
            row["lora merge"] = far(tiny_models.outputs(ours), said)
    return settings, row


def shown(value):
    return f"{value:.0e}" if isinstance(value, float) else str(value)


def main():
    good, other = 0, 0
    columns = ("left", "auto", "peft merge", "lora merge")
    print(f"{'architecture':20} {'task':18} {'rank':>4}  " + "  ".join(columns))
    names = sys.argv[3:] or list(tiny_models.MODELS)
    for name in names:
        try:
            folder = os.path.join(WORK, name.replace(" ", "-"))
            shutil.rmtree(folder, ignore_errors=True)
            kind, base = tiny_models.build(name)
            base.save_pretrained(folder + "/base")
            tiny_models.noise(base, 2, 0.03).save_pretrained(folder + "/tuned")
            loaded(kind, folder + "/base")
            tiny_models.outputs(loaded(kind, folder + "/tuned"))
        except Exception as e:
            other += 1
            print(f"{name:20} transformers itself: {type(e).__name__} {str(e).splitlines()[0][:120]}", flush=True)
            continue
        holds = True
        for rank in (4, 64):
            try:
                settings, row = check(name, rank)
            except Exception as e:
                settings, row = {}, {"left": f"{type(e).__name__} {str(e)[:250]}"}
            figures = [row.get(c) for c in columns[1:]]
            full = isinstance(row.get("left"), float) and row["left"] < (1e-4 if rank == 64 else 2)
            holds &= full and all(isinstance(f, float) and f < 1e-5 for f in figures)
            print(f"{name:20} {str(settings.get('task_type')):18} {rank:4}  " + "  ".join(f"{shown(row[c]):>5}" for c in row), flush=True)
        good += holds
        if not holds:
            print(f"{'':20} ^ does not hold")
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{good} of {len(names) - other} hold; {other} cannot be built, saved and loaded by transformers itself")
    sys.exit(0 if good == len(names) - other else 1)


main()
