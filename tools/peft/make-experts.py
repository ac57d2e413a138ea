"""Writes merge-formats/src/test/resources/experts: mixtures of experts with PEFT's adapters for them, and what PEFT
makes of both.

    python tools/peft/make-experts.py merge-formats/src/test/resources/experts      # transformers 5.24, peft 0.21.2

Each folder has a base as transformers saves it (an expert each, but for gpt-oss), `fused.safetensors` with the same
tensors as transformers holds them, an adapter, and `expected.safetensors` and `expected-fused.safetensors`.
"""
import json, os, shutil, sys, torch
os.environ["HF_HUB_OFFLINE"] = "1"
import transformers as T
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

TEXT = dict(vocab_size=8, hidden_size=8, intermediate_size=6, num_hidden_layers=1, num_attention_heads=1, num_key_value_heads=1,
            head_dim=4, max_position_embeddings=16, pad_token_id=0, bos_token_id=1, eos_token_id=2, tie_word_embeddings=True)
TARGETS = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]
MODELS = {
    "qwen3_moe": T.Qwen3MoeConfig(**TEXT, moe_intermediate_size=6, num_experts=3, num_experts_per_tok=2),
    "mixtral": T.MixtralConfig(**TEXT, num_local_experts=3, num_experts_per_tok=2),
    # Square: how it lies is not to be seen in its shape.
    "gpt_oss": T.GptOssConfig(**{**TEXT, "intermediate_size": 8}, num_local_experts=3, num_experts_per_tok=2),
}


def randomise(parameters, seed, size):
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in parameters:
            p.add_(size * torch.randn(p.shape, generator=g))


def live(model):
    return {k: v.clone().contiguous() for k, v in model.state_dict().items() if k != "lm_head.weight"}


def make(folder, config, **settings):
    shutil.rmtree(folder, ignore_errors=True)
    model = T.AutoModelForCausalLM.from_config(config)
    randomise(model.parameters(), 1, 0.3)
    model.save_pretrained(folder + "/base")
    base = T.AutoModelForCausalLM.from_pretrained(folder + "/base")
    save_file(live(base), folder + "/fused.safetensors")
    adapted = get_peft_model(base, LoraConfig(r=2, lora_alpha=3, **settings))
    randomise([p for p in adapted.parameters() if p.requires_grad], 2, 0.2)
    adapted.save_pretrained(folder + "/adapter")
    again = PeftModel.from_pretrained(T.AutoModelForCausalLM.from_pretrained(folder + "/base"), folder + "/adapter")
    merged = again.merge_and_unload()
    merged.save_pretrained(folder + "/merged")
    save_file(live(merged), folder + "/expected-fused.safetensors")
    os.replace(folder + "/merged/model.safetensors", folder + "/expected.safetensors")
    shutil.rmtree(folder + "/merged")
    for name in ("base/generation_config.json", "adapter/README.md"):
        if os.path.exists(folder + "/" + name):
            os.remove(folder + "/" + name)
    path = folder + "/adapter/adapter_config.json"
    settings = json.load(open(path))
    settings["base_model_name_or_path"] = "base"
    json.dump(settings, open(path, "w"), indent=1, sort_keys=True)


def main(target):
    for name, config in MODELS.items():
        make(f"{target}/{name}", config, target_modules=["q_proj"], target_parameters=TARGETS)
    # PEFT turns this into target_parameters by itself, of different ranks.
    make(f"{target}/all_linear", MODELS["qwen3_moe"], target_modules="all-linear")


if __name__ == "__main__":
    main(sys.argv[1])
