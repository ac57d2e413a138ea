"""Does PEFT load an adapter, and make of it what amalgam does?

usage: check-adapter.py BASE ADAPTER [MERGED]

BASE is a model directory; MERGED, if given, what 'amalgam lora merge BASE ADAPTER MERGED' wrote. Prints 'skipped' and why where PEFT is
not installed.
"""
import json
import sys

try:
    import torch
    from peft import PeftModel
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(0)

base, adapter = sys.argv[1:3]
names = set(load_file(f"{adapter}/adapter_model.safetensors"))
model = PeftModel.from_pretrained(
    AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), adapter
)
loaded = {
    name.replace(".default", "").replace("modules_to_save.", "")
    for name in model.state_dict()
    if "lora_" in name or "modules_to_save" in name
}
missing = sorted(names - loaded)
# Factors PEFT made up because the file has none for them.
invented = sorted(n for n in loaded - names if "lora_" in n)
print(f"{len(names)} tensors, {len(missing)} not taken, {len(invented)} made up")
if missing or invented:
    print("not taken:", missing[:5], "made up:", invented[:5])
    sys.exit(1)
if len(sys.argv) > 3:
    import glob

    ours = {}
    for file in glob.glob(f"{sys.argv[3]}/*.safetensors"):
        ours.update(load_file(file))
    worst = 0.0
    for name, value in model.merge_and_unload().state_dict().items():
        if name in ours:
            scale = value.abs().max().item() or 1.0
            worst = max(worst, (value - ours[name].float()).abs().max().item() / scale)
    print(f"merged: largest difference {worst:.3g} of a tensor's largest magnitude")
    sys.exit(0 if worst < 1e-5 else 1)
