"""Adapters that began with a part of their base, and adapters whose config has the stored orientation wrong.

    OMP_NUM_THREADS=1 python make-starts.py OUT

Writes bases, adapters and what PEFT merges. Needs torch, transformers, peft, safetensors.
"""
import json, os, sys, torch
from safetensors.torch import save_file
from peft import LoraConfig, PeftModel, get_peft_model
from transformers.pytorch_utils import Conv1D

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.q = torch.nn.Linear(10, 12, bias=False)
        self.k = torch.nn.Linear(9, 9, bias=False)
        self.down = torch.nn.Linear(14, 8, bias=False)
        self.down.to(torch.bfloat16)
        self.c_fc = Conv1D(16, 6)
        self.c_proj = Conv1D(6, 6)

class Block(torch.nn.Module):
    """As GPT-2: the square matrix shows nothing, its like in the next part does."""
    def __init__(self):
        super().__init__()
        self.attn = torch.nn.ModuleDict({"c_proj": Conv1D(6, 6)})
        self.mlp = torch.nn.ModuleDict({"c_proj": Conv1D(6, 12)})

class Plain(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.q_proj = torch.nn.Linear(6, 6, bias=False)

out = sys.argv[1]
torch.manual_seed(3)

def base(name, net, config):
    state = {k: v.clone().contiguous() for k, v in net.state_dict().items()}
    os.makedirs(f"{out}/{name}", exist_ok=True)
    save_file(state, f"{out}/{name}/model.safetensors", metadata={"format": "pt"})
    json.dump(config, open(f"{out}/{name}/config.json", "w"))
    return state

def adapter(name, make, state, flag=None, **options):
    def net():
        n = make(); n.load_state_dict(state); return n
    torch.manual_seed(len(name))
    model = get_peft_model(net(), LoraConfig(**{"r": 3, "lora_alpha": 5, **options}))
    with torch.no_grad():
        for n, p in model.named_parameters():
            if p.requires_grad:
                p.add_(torch.randn_like(p) * 0.1)
    model.save_pretrained(f"{out}/{name}")
    os.remove(f"{out}/{name}/README.md")
    merged = PeftModel.from_pretrained(net(), f"{out}/{name}").merge_and_unload()
    save_file({k: v.contiguous() for k, v in merged.state_dict().items()}, f"{out}/{name}.safetensors", metadata={"format": "pt"})
    if flag is not None:
        path = f"{out}/{name}/adapter_config.json"
        config = json.load(open(path))
        config["fan_in_fan_out"] = flag
        json.dump(config, open(path, "w"), indent=2, sort_keys=True)

state = base("base", Net(), {"architectures": ["Net"]})
for start in ("pissa", "olora"):
    adapter(start, Net, state, target_modules=["q", "k"], init_lora_weights=start)
    adapter(f"{start}-16", Net, state, target_modules=["down"], init_lora_weights=start)
    adapter(f"{start}-patterns", Net, state, target_modules=["q", "k"], init_lora_weights=start, use_rslora=True, rank_pattern={"k": 2}, alpha_pattern={"q": 3})
    adapter(f"{start}-dora", Net, state, target_modules=["q", "k"], init_lora_weights=start, use_dora=True)
    adapter(f"{start}-conv1d", Net, state, target_modules=["c_fc", "c_proj"] if start == "pissa" else ["c_proj"], init_lora_weights=start, fan_in_fan_out=True)
for start in ("gaussian", "mica"):
    adapter(start, Net, state, target_modules=["q", "k"], init_lora_weights=start)
turned = base("turned-base", Block(), {"architectures": ["Block"]})
adapter("turned", Block, turned, flag=False, target_modules=["attn.c_proj"], fan_in_fan_out=True)
plain = base("plain-base", Plain(), {"model_type": "llama"})
adapter("plain", Plain, plain, flag=True, target_modules=["q_proj"])
