"""Adapters with PiSSA and OLoRA on tied embedding and head, saved with the base layer and without it.

    OMP_NUM_THREADS=1 python make-tied-starts.py OUT

Writes a base, adapters, and the weights that PEFT's model with an adapter computes with: head and embedding apart, without merging.
Needs torch, transformers, peft, safetensors.
"""
import os, sys, torch
from safetensors.torch import save_file
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

out = sys.argv[1]
torch.manual_seed(11)
config = LlamaConfig(vocab_size=20, hidden_size=8, intermediate_size=12, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2, tie_word_embeddings=True)
LlamaForCausalLM(config).save_pretrained(f"{out}/base")

def base():
    return LlamaForCausalLM.from_pretrained(f"{out}/base")

def effective(layer):
    """A layer's own weight with what its adapter adds."""
    own = layer.get_base_layer() if hasattr(layer, "get_base_layer") else layer
    if hasattr(layer, "modules_to_save"):
        return layer.modules_to_save["default"].weight
    return own.weight + layer.get_delta_weight("default") if hasattr(layer, "get_delta_weight") else own.weight

def adapter(name, layers, **options):
    torch.manual_seed(len(name))
    model = get_peft_model(base(), LoraConfig(**{"r": 3, "lora_alpha": 5, **options}))
    with torch.no_grad():
        for _, p in model.named_parameters():
            if p.requires_grad:
                p.add_(torch.randn_like(p) * 0.05)
    model.save_pretrained(f"{out}/{name}", save_embedding_layers=layers)
    os.remove(f"{out}/{name}/README.md")
    live = PeftModel.from_pretrained(base(), f"{out}/{name}")
    ends = {"model.embed_tokens.weight": effective(live.base_model.model.model.embed_tokens), "lm_head.weight": effective(live.base_model.model.lm_head)}
    # What it computes must be what these two weights compute.
    ids = torch.tensor([[1, 5, 9, 3]])
    core = live.base_model.model.model
    hidden = core(inputs_embeds=ends["model.embed_tokens.weight"][ids]).last_hidden_state
    assert torch.allclose(hidden @ ends["lm_head.weight"].T, live(input_ids=ids).logits, atol=1e-5), name
    save_file({k: v.detach().clone().contiguous() for k, v in ends.items()}, f"{out}/{name}.safetensors", metadata={"format": "pt"})

for start in ("pissa", "olora"):
    adapter(f"{start}-head", False, target_modules=["lm_head", "q_proj"], init_lora_weights=start)
    adapter(f"{start}-head-saved", "auto", target_modules=["lm_head", "q_proj"], init_lora_weights=start)
    adapter(f"{start}-ends", False, target_modules=["lm_head", "embed_tokens"], init_lora_weights=start)
    adapter(f"{start}-ends-saved", "auto", target_modules=["lm_head", "embed_tokens"], init_lora_weights=start)
adapter("pissa-ensured", False, target_modules=["embed_tokens"], init_lora_weights="pissa", ensure_weight_tying=True)
adapter("pissa-embedding", False, target_modules=["embed_tokens", "q_proj"], init_lora_weights="pissa")
adapter("pissa-head-whole-embedding", False, target_modules=["lm_head"], modules_to_save=["embed_tokens"], init_lora_weights="pissa")
