"""Adapters with tensors of their own, made by PEFT, for merge-formats/src/test/resources/saved.

    python make-saved.py OUT

Needs torch, transformers 5.24, peft 0.21.2, safetensors. Each case is a base, an adapter as PEFT saves it and
the tensors of the model as it runs with the adapter in it.
"""

import copy
import os
import sys
import warnings

import torch
import transformers as T
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
OUT = sys.argv[1]
TEXT = dict(vocab_size=12, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
            num_key_value_heads=1, head_dim=4, max_position_embeddings=16, pad_token_id=0, bos_token_id=1, eos_token_id=2)
QWEN3 = (T.AutoModelForCausalLM, T.Qwen3Config(**TEXT, tie_word_embeddings=True))
WHISPER = (T.AutoModelForSpeechSeq2Seq, T.WhisperConfig(
    vocab_size=12, d_model=8, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
    encoder_ffn_dim=8, decoder_ffn_dim=8, num_mel_bins=4, max_source_positions=4, max_target_positions=8,
    pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1))
MODERNBERT = (T.AutoModelForMaskedLM, T.ModernBertConfig(
    vocab_size=12, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
    max_position_embeddings=16, pad_token_id=0, bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2))


def noise(model, seed, only=lambda p: True):
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            if only(p):
                p.add_(0.1 * torch.randn(p.shape, generator=g))
    return model.eval()


def weight(module):
    """What a module multiplies by, as it runs."""
    if hasattr(module, "get_delta_weight") and getattr(module, "lora_A", None) is not None and (
            len(module.lora_A) or len(getattr(module, "lora_embedding_A", {}))):
        return module.base_layer.weight + module.get_delta_weight("default")
    if hasattr(module, "modules_to_save"):
        return module.modules_to_save["default"].weight
    if hasattr(module, "token_adapter"):
        return module.token_adapter.get_merged_weights(["default"])
    return module.weight


def case(name, model, wanted, rows=None, auto=None, task=None, **settings):
    d = os.path.join(OUT, name)
    torch.manual_seed(0)
    cls, config = model
    base = noise(cls.from_config(copy.deepcopy(config)), 1)
    base.save_pretrained(d + "/base")
    if auto:
        base = auto.from_pretrained(d + "/base", num_labels=3)
    if rows:
        base.resize_token_embeddings(rows, mean_resizing=False)
    peft = get_peft_model(base, LoraConfig(r=2, lora_alpha=4, task_type=task, **settings))
    noise(peft, 2, lambda p: p.requires_grad)
    peft.save_pretrained(d + "/adapter")
    path = d + "/adapter/adapter_config.json"
    config = open(path).read().replace(d + "/base", "base")
    open(path, "w").write(config)
    inner = peft.base_model.model
    expected = {n: weight(inner.get_submodule(n[: -len(".weight")])).detach().clone().contiguous() for n in wanted}
    save_file(expected, d + "/expected.safetensors")
    for junk in ("base/generation_config.json", "adapter/README.md"):
        if os.path.exists(os.path.join(d, junk)):
            os.remove(os.path.join(d, junk))


EMBED, HEAD, Q = "model.embed_tokens.weight", "lm_head.weight", "model.layers.0.self_attn.q_proj.weight"
case("tied_embedding", QWEN3, [EMBED, HEAD, Q], target_modules=["q_proj", "embed_tokens"])
case("tied_saved", QWEN3, [EMBED, HEAD], target_modules=["q_proj"], modules_to_save=["embed_tokens"])
case("tied_ensured", QWEN3, [EMBED], target_modules=["q_proj"], modules_to_save=["embed_tokens"], ensure_weight_tying=True)
case("whisper_head", WHISPER, ["model.decoder.embed_tokens.weight", "proj_out.weight"], target_modules=["proj_out"])
case("modernbert_head", MODERNBERT, ["model.embeddings.tok_embeddings.weight", "decoder.weight"], target_modules=["decoder"])
case("tokens", QWEN3, [EMBED], target_modules=["q_proj"], trainable_token_indices=[3, 7])
case("more_tokens", QWEN3, [EMBED, HEAD], rows=14, target_modules=["q_proj"], modules_to_save=["embed_tokens", "lm_head"])
case("more_tokens_factors", QWEN3, [EMBED, HEAD], rows=14, target_modules=["embed_tokens"])
case("labels", QWEN3, ["score.weight", Q], auto=T.AutoModelForSequenceClassification, task="SEQ_CLS", target_modules=["q_proj"])
