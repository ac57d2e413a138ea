"""An adapter as PEFT wrote it before safetensors: `adapter_model.bin`, beside the same in safetensors.

    OMP_NUM_THREADS=1 python make-pickle.py merge-formats/src/test/resources/saved/tied_saved OUT

Loads the adapter of the given case, with its base, and saves it with `safe_serialization=False`.
`both.bin` has two tied tensors in one storage. Needs torch, transformers, peft.
"""
import os, sys, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

case, out = sys.argv[1], sys.argv[2]
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(case + "/base"), case + "/adapter")
model.save_pretrained(out, safe_serialization=False)
for junk in os.listdir(out):
    if junk not in ("adapter_model.bin", "adapter_config.json"):
        os.remove(os.path.join(out, junk))
state = torch.load(out + "/adapter_model.bin", weights_only=True)
embedding = next(v for k, v in state.items() if k.endswith("embed_tokens.weight"))
state["base_model.model.lm_head.weight"] = embedding
torch.save(state, out + "/both.bin")
