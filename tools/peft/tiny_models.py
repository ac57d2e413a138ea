"""Tiny models of many architectures, of transformers' own configurations and random weights."""
import torch
import transformers as T

TEXT = dict(
    vocab_size=90, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, head_dim=8, max_position_embeddings=48, pad_token_id=0, bos_token_id=1, eos_token_id=2,
)
BERT = dict(
    vocab_size=90, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
    max_position_embeddings=48, pad_token_id=0,
)
MAMBA = dict(mamba_n_heads=8, mamba_d_head=8, mamba_n_groups=1, mamba_d_state=8, mamba_d_conv=4, mamba_expand=2, mamba_chunk_size=8)
DELTA = dict(linear_num_value_heads=4, linear_num_key_heads=2, linear_key_head_dim=8, linear_value_head_dim=8, linear_conv_kernel_dim=4)
MOE = dict(moe_intermediate_size=16, num_experts_per_tok=2)
MLA = dict(
    num_key_value_heads=4, n_routed_experts=4, n_group=2, topk_group=1, n_shared_experts=1, first_k_dense_replace=1,
    q_lora_rank=12, kv_lora_rank=8, qk_rope_head_dim=4, qk_nope_head_dim=8, v_head_dim=8, **MOE,
)
VISION = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=16, patch_size=4)
QWEN_VISION = dict(
    depth=2, hidden_size=16, intermediate_size=24, num_heads=2, patch_size=4, spatial_merge_size=2, temporal_patch_size=2,
    out_hidden_size=32, num_position_embeddings=16,
)
LAYERS = dict(layer_types=["sliding_attention", "full_attention"], sliding_window=16)


def text(**more):
    return {**TEXT, **more}


def plain(**more):
    """Without head_dim, which some configurations compute."""
    settings = text(**more)
    del settings["head_dim"]
    return settings


def t5(kind, **more):
    return kind(vocab_size=90, d_model=32, d_ff=40, d_kv=8, num_layers=2, num_heads=4, decoder_start_token_id=0, pad_token_id=0, **more)


def bart(kind):
    return kind(
        vocab_size=90, d_model=32, encoder_layers=2, decoder_layers=2, encoder_ffn_dim=40, decoder_ffn_dim=40,
        encoder_attention_heads=4, decoder_attention_heads=4, max_position_embeddings=48, pad_token_id=0,
        bos_token_id=1, eos_token_id=2, decoder_start_token_id=1, forced_eos_token_id=None,
    )


CAUSAL, SEQ2SEQ, VLM = "AutoModelForCausalLM", "AutoModelForSeq2SeqLM", "AutoModelForImageTextToText"
MASKED, LABELS, TOKENS = "AutoModelForMaskedLM", "AutoModelForSequenceClassification", "AutoModelForTokenClassification"
ANSWERS, BARE, SPEECH = "AutoModelForQuestionAnswering", "AutoModel", "AutoModelForSpeechSeq2Seq"

# A name, the class it is built and loaded with, its configuration.
MODELS = {
    # Tied and untied decoders
    "llama": (CAUSAL, lambda: T.LlamaConfig(**text())),
    "llama tied": (CAUSAL, lambda: T.LlamaConfig(**text(tie_word_embeddings=True))),
    "llama biased": (CAUSAL, lambda: T.LlamaConfig(**text(attention_bias=True))),
    "qwen2": (CAUSAL, lambda: T.Qwen2Config(**plain(tie_word_embeddings=True))),
    "qwen3": (CAUSAL, lambda: T.Qwen3Config(**text(tie_word_embeddings=True))),
    "mistral": (CAUSAL, lambda: T.MistralConfig(**text())),
    "phi": (CAUSAL, lambda: T.PhiConfig(**plain(num_key_value_heads=4))),
    "phi3": (CAUSAL, lambda: T.Phi3Config(**text(original_max_position_embeddings=48))),
    "gemma2": (CAUSAL, lambda: T.Gemma2Config(**text(sliding_window=16, query_pre_attn_scalar=8))),
    "gemma3 text": (CAUSAL, lambda: T.Gemma3TextConfig(**text(query_pre_attn_scalar=8, **LAYERS))),
    "gemma3n text": (CAUSAL, lambda: T.Gemma3nTextConfig(**text(
        num_hidden_layers=4, vocab_size_per_layer_input=90, hidden_size_per_layer_input=8, num_kv_shared_layers=2, laurel_rank=4,
        altup_num_inputs=2, sliding_window=16, activation_sparsity_pattern=[0.95, 0.95, 0.0, 0.0],
        layer_types=["sliding_attention", "full_attention"] * 2))),
    "gemma4 text": (CAUSAL, lambda: T.Gemma4TextConfig(**text(
        num_hidden_layers=4, vocab_size_per_layer_input=90, hidden_size_per_layer_input=8, num_kv_shared_layers=2, sliding_window=16,
        global_head_dim=16, layer_types=["sliding_attention", "full_attention"] * 2))),
    "olmo2": (CAUSAL, lambda: T.Olmo2Config(**plain())),
    "olmo3": (CAUSAL, lambda: T.Olmo3Config(**plain(num_hidden_layers=4, sliding_window=16))),
    "smollm3": (CAUSAL, lambda: T.SmolLM3Config(**plain(num_hidden_layers=4))),
    "exaone4": (CAUSAL, lambda: T.Exaone4Config(**plain(num_hidden_layers=4, sliding_window=16, sliding_window_pattern=4))),
    "cohere2": (CAUSAL, lambda: T.Cohere2Config(**text(sliding_window=16))),
    "stablelm": (CAUSAL, lambda: T.StableLmConfig(**plain())),
    # Older ones: Conv1D, positions, fused heads, other names
    "gpt2": (CAUSAL, lambda: T.GPT2Config(vocab_size=90, n_embd=32, n_layer=2, n_head=4, n_positions=48, bos_token_id=1, eos_token_id=2)),
    "gpt2 untied": (CAUSAL, lambda: T.GPT2Config(
        vocab_size=90, n_embd=32, n_layer=2, n_head=4, n_positions=48, bos_token_id=1, eos_token_id=2, tie_word_embeddings=False)),
    "gpt_bigcode": (CAUSAL, lambda: T.GPTBigCodeConfig(vocab_size=90, n_embd=32, n_layer=2, n_head=4, n_positions=48, bos_token_id=1, eos_token_id=2)),
    "gpt_neo": (CAUSAL, lambda: T.GPTNeoConfig(
        vocab_size=90, hidden_size=32, num_layers=2, num_heads=4, attention_types=[[["global", "local"], 1]], max_position_embeddings=48,
        window_size=16, bos_token_id=1, eos_token_id=2)),
    "gpt_neox": (CAUSAL, lambda: T.GPTNeoXConfig(**{k: v for k, v in plain().items() if k != "num_key_value_heads"})),
    "gptj": (CAUSAL, lambda: T.GPTJConfig(vocab_size=90, n_embd=32, n_layer=2, n_head=4, n_positions=48, rotary_dim=4, bos_token_id=1, eos_token_id=2)),
    "opt": (CAUSAL, lambda: T.OPTConfig(
        vocab_size=90, hidden_size=32, ffn_dim=40, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=48,
        word_embed_proj_dim=16, pad_token_id=1, bos_token_id=2, eos_token_id=2)),
    "bloom": (CAUSAL, lambda: T.BloomConfig(vocab_size=90, hidden_size=32, n_layer=2, n_head=4, pad_token_id=0)),
    "mpt": (CAUSAL, lambda: T.MptConfig(vocab_size=90, d_model=32, n_layers=2, n_heads=4, max_seq_len=48)),
    "falcon": (CAUSAL, lambda: T.FalconConfig(
        vocab_size=90, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_kv_heads=2, new_decoder_architecture=True,
        bias=False, bos_token_id=1, eos_token_id=2)),
    # Experts
    "mixtral": (CAUSAL, lambda: T.MixtralConfig(**text(num_local_experts=4, num_experts_per_tok=2))),
    "minimax": (CAUSAL, lambda: T.MiniMaxConfig(**text(
        num_local_experts=4, num_experts_per_tok=2, block_size=8, layer_types=["linear_attention", "full_attention"]))),
    "qwen2_moe": (CAUSAL, lambda: T.Qwen2MoeConfig(**plain(shared_expert_intermediate_size=16, num_experts=4, **MOE))),
    "qwen3_moe": (CAUSAL, lambda: T.Qwen3MoeConfig(**text(num_experts=4, decoder_sparse_step=1, mlp_only_layers=[0], **MOE))),
    "olmoe": (CAUSAL, lambda: T.OlmoeConfig(**plain(num_experts=4, num_experts_per_tok=2))),
    "phimoe": (CAUSAL, lambda: T.PhimoeConfig(**plain(num_local_experts=4, num_experts_per_tok=2))),
    "deepseek_v2": (CAUSAL, lambda: T.DeepseekV2Config(**plain(**MLA))),
    "deepseek_v3": (CAUSAL, lambda: T.DeepseekV3Config(**plain(**MLA))),
    "glm4_moe": (CAUSAL, lambda: T.Glm4MoeConfig(**text(
        n_routed_experts=4, n_shared_experts=1, first_k_dense_replace=1, n_group=1, topk_group=1, **MOE))),
    "ernie4_5_moe": (CAUSAL, lambda: T.Ernie4_5_MoeConfig(**text(
        num_hidden_layers=3, moe_intermediate_size=16, moe_num_experts=4, moe_k=2, moe_num_shared_experts=1, moe_layer_start_index=1,
        moe_layer_end_index=2, moe_layer_interval=1))),
    "gpt_oss": (CAUSAL, lambda: T.GptOssConfig(**text(num_local_experts=4, num_experts_per_tok=2, **LAYERS))),
    "llama4 text": (CAUSAL, lambda: T.Llama4TextConfig(**text(
        intermediate_size_mlp=40, num_local_experts=4, num_experts_per_tok=1, interleave_moe_layer_step=2, attention_chunk_size=16))),
    "qwen3_vl_moe": (VLM, lambda: T.Qwen3VLMoeConfig(
        text_config=text(
            num_experts=4, decoder_sparse_step=1,
            rope_parameters=dict(rope_type="default", rope_theta=10000.0, mrope_section=[2, 1, 1], mrope_interleaved=True), **MOE),
        vision_config=dict(deepstack_visual_indexes=[0], **QWEN_VISION))),
    "aria": (VLM, lambda: T.AriaConfig(
        text_config=plain(moe_num_experts=4, moe_topk=2, moe_num_shared_experts=1), vision_config=dict(model_type="idefics3_vision", **VISION),
        projector_patch_to_query_dict={16: 4})),
    "granitemoe": (CAUSAL, lambda: T.GraniteMoeConfig(**plain(num_local_experts=4, num_experts_per_tok=2))),
    "lfm2_moe": (CAUSAL, lambda: T.Lfm2MoeConfig(**plain(
        num_experts=4, num_dense_layers=1, layer_types=["conv", "full_attention"], conv_L_cache=3, **MOE))),
    # State spaces, linear attention, convolutions
    "mamba": (CAUSAL, lambda: T.MambaConfig(vocab_size=90, hidden_size=32, num_hidden_layers=2, state_size=8, expand=2, conv_kernel=4)),
    "falcon_mamba": (CAUSAL, lambda: T.FalconMambaConfig(vocab_size=90, hidden_size=32, num_hidden_layers=2, state_size=8, expand=2, conv_kernel=4)),
    "mamba2": (CAUSAL, lambda: T.Mamba2Config(
        vocab_size=90, hidden_size=32, num_hidden_layers=2, state_size=8, num_heads=8, head_dim=8, expand=2, n_groups=2, conv_kernel=4, chunk_size=8)),
    "jamba": (CAUSAL, lambda: T.JambaConfig(**plain(
        num_hidden_layers=4, attn_layer_period=4, attn_layer_offset=2, expert_layer_period=2, expert_layer_offset=1, num_experts=4,
        num_experts_per_tok=2, mamba_d_state=8, mamba_d_conv=4, mamba_expand=2, mamba_dt_rank=4, use_mamba_kernels=False))),
    "bamba": (CAUSAL, lambda: T.BambaConfig(**plain(num_hidden_layers=3, attn_layer_indices=[2], **MAMBA))),
    "nemotron_h": (CAUSAL, lambda: T.NemotronHConfig(**text(
        num_hidden_layers=3, layers_block_type=["mamba", "moe", "attention"], mamba_num_heads=8, mamba_head_dim=8, n_groups=2,
        ssm_state_size=8, conv_kernel=4, chunk_size=8, expand=2, n_routed_experts=4, moe_shared_expert_intermediate_size=16, n_group=1,
        topk_group=1, **MOE))),
    "granitemoehybrid": (CAUSAL, lambda: T.GraniteMoeHybridConfig(**plain(
        layer_types=["mamba", "attention"], shared_intermediate_size=16, num_local_experts=4, num_experts_per_tok=2,
        position_embedding_type="rope", **MAMBA))),
    "falcon_h1": (CAUSAL, lambda: T.FalconH1Config(**text(mamba_d_ssm=64, **MAMBA))),
    "zamba2": (CAUSAL, lambda: T.Zamba2Config(**plain(
        num_hidden_layers=3, num_key_value_heads=4, layers_block_type=["mamba", "hybrid", "mamba"], num_mem_blocks=1, mamba_d_state=8,
        mamba_d_conv=4, mamba_expand=2, mamba_ngroups=1, n_mamba_heads=8, chunk_size=8, adapter_rank=4, use_shared_attention_adapter=False))),
    "lfm2": (CAUSAL, lambda: T.Lfm2Config(**plain(num_hidden_layers=3, full_attn_idxs=[2], conv_L_cache=3, block_multiple_of=8))),
    "qwen3_next": (CAUSAL, lambda: T.Qwen3NextConfig(**text(
        shared_expert_intermediate_size=16, num_experts=4, layer_types=["linear_attention", "full_attention"], **MOE, **DELTA))),
    "recurrent_gemma": (CAUSAL, lambda: T.RecurrentGemmaConfig(**plain(
        num_hidden_layers=3, lru_width=32, attention_window_size=16, conv1d_width=4, block_types=["recurrent", "recurrent", "attention"]))),
    # Images, sound
    "llava": (VLM, lambda: T.LlavaConfig(text_config=dict(model_type="llama", **text()), vision_config=dict(model_type="clip_vision_model", **VISION))),
    "gemma3": (VLM, lambda: T.Gemma3Config(
        text_config=text(query_pre_attn_scalar=8, **LAYERS), vision_config=dict(VISION), mm_tokens_per_image=4)),
    "mistral3": (VLM, lambda: T.Mistral3Config(
        text_config=dict(model_type="mistral", **text()), vision_config=dict(model_type="pixtral", head_dim=8, **VISION))),
    "internvl": (VLM, lambda: T.InternVLConfig(
        text_config=dict(model_type="qwen3", **text()), vision_config={**VISION, "image_size": [16, 16], "patch_size": [4, 4]})),
    "qwen2_vl": (VLM, lambda: T.Qwen2VLConfig(
        text_config=plain(rope_parameters=dict(rope_type="default", rope_theta=10000.0, mrope_section=[2, 1, 1])),
        vision_config=dict(depth=2, embed_dim=16, hidden_size=32, num_heads=2, patch_size=4, mlp_ratio=2))),
    "qwen3_vl": (VLM, lambda: T.Qwen3VLConfig(
        text_config=text(rope_parameters=dict(rope_type="default", rope_theta=10000.0, mrope_section=[2, 1, 1], mrope_interleaved=True)),
        vision_config=dict(deepstack_visual_indexes=[0], **QWEN_VISION), tie_word_embeddings=True)),
    "qwen3_5": (VLM, lambda: T.Qwen3_5Config(
        text_config=text(layer_types=["linear_attention", "full_attention"], **DELTA), vision_config=dict(QWEN_VISION))),
    "qwen3_5_moe": (VLM, lambda: T.Qwen3_5MoeConfig(
        text_config=text(
            layer_types=["linear_attention", "full_attention"], shared_expert_intermediate_size=16, num_experts=4, **MOE, **DELTA),
        vision_config=dict(QWEN_VISION))),
    "whisper": (SPEECH, lambda: T.WhisperConfig(
        vocab_size=90, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4,
        encoder_ffn_dim=40, decoder_ffn_dim=40, num_mel_bins=8, max_source_positions=16, max_target_positions=32, pad_token_id=0,
        bos_token_id=1, eos_token_id=2, decoder_start_token_id=1)),
    "vit": ("AutoModelForImageClassification", lambda: T.ViTConfig(num_labels=3, **VISION)),
    "deit": ("DeiTForImageClassification", lambda: T.DeiTConfig(num_labels=3, **VISION)),
    "dinov2": ("Dinov2ForImageClassification", lambda: T.Dinov2Config(num_labels=3, mlp_ratio=2, **{k: v for k, v in VISION.items() if k != "intermediate_size"})),
    "clip": (BARE, lambda: T.CLIPConfig(
        text_config=dict(vocab_size=90, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
                         max_position_embeddings=48, eos_token_id=2),
        vision_config=dict(VISION), projection_dim=8)),
    "wav2vec2": ("AutoModelForCTC", lambda: T.Wav2Vec2Config(
        vocab_size=32, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, conv_dim=(16, 16),
        conv_stride=(4, 2), conv_kernel=(8, 3), num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2)),
    # Encoders and decoders
    "t5": (SEQ2SEQ, lambda: t5(T.T5Config)),
    "t5 untied": (SEQ2SEQ, lambda: t5(T.T5Config, tie_word_embeddings=False, feed_forward_proj="gated-gelu")),
    "bart": (SEQ2SEQ, lambda: bart(T.BartConfig)),
    "marian": (SEQ2SEQ, lambda: bart(T.MarianConfig)),
    "t5gemma": (SEQ2SEQ, lambda: T.T5GemmaConfig(
        encoder=T.T5GemmaModuleConfig(**text(query_pre_attn_scalar=8, sliding_window=16)),
        decoder=T.T5GemmaModuleConfig(**text(query_pre_attn_scalar=8, sliding_window=16)))),
    # Encoders, with other heads
    "bert": (MASKED, lambda: T.BertConfig(**BERT)),
    "roberta": (MASKED, lambda: T.RobertaConfig(**BERT)),
    "modernbert": (MASKED, lambda: T.ModernBertConfig(**BERT, global_attn_every_n_layers=2, local_attention=16, bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2)),
    "deberta_v2": (MASKED, lambda: T.DebertaV2Config(
        **BERT, relative_attention=True, position_buckets=8, pos_att_type=["p2c", "c2p"], position_biased_input=False, norm_rel_ebd="layer_norm")),
    "albert": (MASKED, lambda: T.AlbertConfig(**BERT, embedding_size=16)),
    "distilbert": (MASKED, lambda: T.DistilBertConfig(vocab_size=90, dim=32, hidden_dim=40, n_layers=2, n_heads=4, max_position_embeddings=48)),
    "electra": (MASKED, lambda: T.ElectraConfig(**BERT, embedding_size=16)),
    "bert bare": (BARE, lambda: T.BertConfig(**BERT)),
    "qwen3 bare": (BARE, lambda: T.Qwen3Config(**text())),
    "bert labels": (LABELS, lambda: T.BertConfig(**BERT, num_labels=3)),
    "roberta labels": (LABELS, lambda: T.RobertaConfig(**BERT, num_labels=3)),
    "distilbert labels": (LABELS, lambda: T.DistilBertConfig(
        vocab_size=90, dim=32, hidden_dim=40, n_layers=2, n_heads=4, max_position_embeddings=48, num_labels=3)),
    "qwen3 labels": (LABELS, lambda: T.Qwen3Config(**text(num_labels=3))),
    "qwen3 labels tied": (LABELS, lambda: T.Qwen3Config(**text(num_labels=3, tie_word_embeddings=True))),
    "gpt2 labels": (LABELS, lambda: T.GPT2Config(
        vocab_size=90, n_embd=32, n_layer=2, n_head=4, n_positions=48, bos_token_id=1, eos_token_id=2, pad_token_id=0, num_labels=3)),
    "bert tokens": (TOKENS, lambda: T.BertConfig(**BERT, num_labels=3)),
    "bert answers": (ANSWERS, lambda: T.BertConfig(**BERT)),
}


def noise(model, seed, size):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_((size * torch.randn(parameter.shape, generator=generator)).to(parameter.dtype))
    return model.eval()


def build(name):
    kind, config = MODELS[name]
    torch.manual_seed(0)
    kind = getattr(T, kind)
    made = kind.from_config(config()) if hasattr(kind, "from_config") else kind(config())
    return kind, noise(made, 1, 0.05)


def outputs(model):
    """All a model says of one input, as one tensor."""
    config = getattr(model, "config")
    ids = torch.tensor([[1, 5, 9, 33, 70, 2, 11, 4]])
    generator = torch.Generator().manual_seed(3)
    given = dict(input_ids=ids)
    kind = config.model_type
    if kind == "whisper":
        given = dict(input_features=torch.randn(1, 8, 32, generator=generator), decoder_input_ids=ids)
    elif kind == "wav2vec2":
        given = dict(input_values=torch.randn(1, 400, generator=generator))
    elif kind in ("vit", "deit", "dinov2"):
        given = dict(pixel_values=torch.randn(1, 3, 16, 16, generator=generator))
    elif kind == "clip":
        given["pixel_values"] = torch.randn(1, 3, 16, 16, generator=generator)
    elif getattr(config, "is_encoder_decoder", False):
        given["decoder_input_ids"] = ids
    elif kind in ("mamba", "mamba2", "falcon_mamba", "zamba2"):
        given["use_cache"] = False
    with torch.no_grad():
        said = model(**given)
    for key in ("logits", "logits_per_text", "last_hidden_state"):
        if said.get(key) is not None:
            return said[key]
    return torch.stack([said["start_logits"], said["end_logits"]])
