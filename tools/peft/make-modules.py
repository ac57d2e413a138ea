"""Small modules of every kind that LoRA can adapt, merged by PEFT."""
import json, os, sys, torch, shutil
from safetensors.torch import save_file
from peft import LoraConfig, get_peft_model
from transformers.pytorch_utils import Conv1D

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(11, 6)
        self.conv = torch.nn.Conv2d(3, 5, 3)
        self.point = torch.nn.Conv2d(5, 4, 1)
        self.c_attn = Conv1D(9, 6)
        self.fc = torch.nn.Linear(6, 8)
        self.norm = torch.nn.LayerNorm(8)
        self.head = torch.nn.Linear(8, 3, bias=False)
    def forward(self, x):
        return x

out = sys.argv[1]
torch.manual_seed(7)
base = Net()
state = {k: v.clone().contiguous() for k, v in base.state_dict().items()}
os.makedirs(f"{out}/base", exist_ok=True)
save_file(state, f"{out}/base/model.safetensors", metadata={"format": "pt"})
json.dump({"architectures": ["Net"]}, open(f"{out}/base/config.json", "w"))
cases = {
    "embedding": dict(target_modules=["embed"]),
    "conv": dict(target_modules=["conv", "point"]),
    "conv1d": dict(target_modules=["c_attn"], fan_in_fan_out=True),
    "lora-bias": dict(target_modules=["fc"], lora_bias=True),
    "bias-all": dict(target_modules=["fc", "head"], bias="all"),
    "bias-lora-only": dict(target_modules=["fc"], bias="lora_only"),
    "saved": dict(target_modules=["fc"], modules_to_save=["norm", "head"]),
    "dora-embedding": dict(target_modules=["embed"], use_dora=True),
    "dora-conv": dict(target_modules=["conv", "point"], use_dora=True),
    "dora-conv1d": dict(target_modules=["c_attn"], fan_in_fan_out=True, use_dora=True),
}
for name, options in cases.items():
    net = Net(); net.load_state_dict(state)
    torch.manual_seed(len(name))
    model = get_peft_model(net, LoraConfig(r=3, lora_alpha=5, **options))
    with torch.no_grad():
        for n, p in model.named_parameters():
            if "lora_" in n and "magnitude" not in n:
                p.copy_(torch.randn_like(p) * 0.3)
            elif "magnitude" in n:
                p.mul_(1 + 0.2 * torch.rand_like(p))
            elif p.requires_grad:
                p.add_(torch.randn_like(p) * 0.1)
    model.save_pretrained(f"{out}/{name}")
    for f in ["README.md"]:
        if os.path.exists(f"{out}/{name}/{f}"): os.remove(f"{out}/{name}/{f}")
    # Load as a user does: what is not saved is not merged.
    from peft import PeftModel
    fresh = Net(); fresh.load_state_dict(state)
    merged = PeftModel.from_pretrained(fresh, f"{out}/{name}").merge_and_unload()
    save_file({k: v.contiguous() for k, v in merged.state_dict().items()}, f"{out}/{name}.safetensors", metadata={"format": "pt"})
    from safetensors import safe_open
    with safe_open(f"{out}/{name}/adapter_model.safetensors", "pt") as g:
        print(name, {k: list(g.get_slice(k).get_shape()) for k in g.keys()})
