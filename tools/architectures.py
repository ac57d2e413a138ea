"""Tiny configurations of many architectures, each made by transformers' own class: cfgs()[name]() is a model class and a configuration."""
import torch
import transformers as T


def text(**k):
    d = dict(vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=4, num_attention_heads=4,
             num_key_value_heads=2, head_dim=8, max_position_embeddings=64, pad_token_id=0, bos_token_id=1, eos_token_id=2)
    d.update(k); return d

def cfgs():
    C = {}
    def add(name, fn): C[name] = fn
    add("qwen3", lambda: (T.AutoModelForCausalLM, T.Qwen3Config(**text(tie_word_embeddings=True, sliding_window=None))))
    add("qwen3_moe", lambda: (T.AutoModelForCausalLM, T.Qwen3MoeConfig(**text(moe_intermediate_size=16, num_experts=4, num_experts_per_tok=2, decoder_sparse_step=1, mlp_only_layers=[0]))))
    add("qwen3_next", lambda: (T.AutoModelForCausalLM, T.Qwen3NextConfig(**text(linear_num_value_heads=4, linear_num_key_heads=2, linear_key_head_dim=8, linear_value_head_dim=8, linear_conv_kernel_dim=4, moe_intermediate_size=16, shared_expert_intermediate_size=16, num_experts=4, num_experts_per_tok=2))))
    add("qwen3_5", lambda: (T.AutoModelForImageTextToText, T.Qwen3_5Config(text_config=text(linear_num_value_heads=4, linear_num_key_heads=2, linear_key_head_dim=8, linear_value_head_dim=8, linear_conv_kernel_dim=4), vision_config=dict(depth=2, hidden_size=16, intermediate_size=24, num_heads=2, patch_size=4, spatial_merge_size=2, temporal_patch_size=2, out_hidden_size=32, num_position_embeddings=16))))
    add("qwen3_5_moe", lambda: (T.AutoModelForImageTextToText, T.Qwen3_5MoeConfig(text_config=text(linear_num_value_heads=4, linear_num_key_heads=2, linear_key_head_dim=8, linear_value_head_dim=8, linear_conv_kernel_dim=4, moe_intermediate_size=16, shared_expert_intermediate_size=16, num_experts=4, num_experts_per_tok=2), vision_config=dict(depth=2, hidden_size=16, intermediate_size=24, num_heads=2, patch_size=4, spatial_merge_size=2, temporal_patch_size=2, out_hidden_size=32, num_position_embeddings=16))))
    add("qwen3_vl", lambda: (T.AutoModelForImageTextToText, T.Qwen3VLConfig(text_config=text(rope_parameters=dict(rope_type="default", rope_theta=10000.0, mrope_section=[2,1,1], mrope_interleaved=True)), vision_config=dict(depth=3, hidden_size=16, intermediate_size=24, num_heads=2, patch_size=4, spatial_merge_size=2, temporal_patch_size=2, out_hidden_size=32, num_position_embeddings=16, deepstack_visual_indexes=[0,1]), tie_word_embeddings=True)))
    add("gemma3", lambda: (T.AutoModelForImageTextToText, T.Gemma3Config(text_config=text(num_hidden_layers=6, sliding_window=16, query_pre_attn_scalar=8, layer_types=["sliding_attention","sliding_attention","full_attention"]*2), vision_config=dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=16, patch_size=4), mm_tokens_per_image=4)))
    add("gemma3_text", lambda: (T.AutoModelForCausalLM, T.Gemma3TextConfig(**text(num_hidden_layers=6, sliding_window=16, query_pre_attn_scalar=8, layer_types=["sliding_attention","sliding_attention","full_attention"]*2))))
    add("gemma3n_text", lambda: (T.AutoModelForCausalLM, T.Gemma3nTextConfig(**text(num_hidden_layers=4, vocab_size_per_layer_input=96, hidden_size_per_layer_input=8, num_kv_shared_layers=2, laurel_rank=4, altup_num_inputs=2, sliding_window=16, activation_sparsity_pattern=[0.95,0.95,0.0,0.0], layer_types=["sliding_attention","full_attention"]*2))))
    add("gemma4_text", lambda: (T.AutoModelForCausalLM, T.Gemma4TextConfig(**text(num_hidden_layers=4, vocab_size_per_layer_input=96, hidden_size_per_layer_input=8, num_kv_shared_layers=2, sliding_window=16, global_head_dim=16, layer_types=["sliding_attention","full_attention"]*2))))
    add("mistral3", lambda: (T.AutoModelForImageTextToText, T.Mistral3Config(text_config=dict(model_type="mistral", **text()), vision_config=dict(model_type="pixtral", hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, head_dim=8, image_size=16, patch_size=4))))
    add("gpt_oss", lambda: (T.AutoModelForCausalLM, T.GptOssConfig(**text(num_local_experts=4, num_experts_per_tok=2, sliding_window=16, layer_types=["sliding_attention","full_attention"]*2))))
    add("deepseek_v3", lambda: (T.AutoModelForCausalLM, T.DeepseekV3Config(**{k:v for k,v in text(num_key_value_heads=4, moe_intermediate_size=16, n_routed_experts=4, n_group=2, topk_group=1, num_experts_per_tok=2, n_shared_experts=1, first_k_dense_replace=1, q_lora_rank=12, kv_lora_rank=8, qk_rope_head_dim=4, qk_nope_head_dim=8, v_head_dim=8).items() if k!="head_dim"})))
    add("phi3", lambda: (T.AutoModelForCausalLM, T.Phi3Config(**text(original_max_position_embeddings=64))))
    add("falcon", lambda: (T.AutoModelForCausalLM, T.FalconConfig(vocab_size=96, hidden_size=32, num_hidden_layers=4, num_attention_heads=4, num_kv_heads=2, new_decoder_architecture=True, bias=False, parallel_attn=True, alibi=False, bos_token_id=1, eos_token_id=2)))
    add("mamba2", lambda: (T.AutoModelForCausalLM, T.Mamba2Config(vocab_size=96, hidden_size=32, num_hidden_layers=4, state_size=8, num_heads=8, head_dim=8, expand=2, n_groups=2, conv_kernel=4, chunk_size=8)))
    add("mamba", lambda: (T.AutoModelForCausalLM, T.MambaConfig(vocab_size=96, hidden_size=32, num_hidden_layers=4, state_size=8, expand=2, conv_kernel=4)))
    add("jamba", lambda: (T.AutoModelForCausalLM, T.JambaConfig(**{k:v for k,v in text(num_hidden_layers=8, attn_layer_period=4, attn_layer_offset=2, expert_layer_period=2, expert_layer_offset=1, num_experts=4, num_experts_per_tok=2, mamba_d_state=8, mamba_d_conv=4, mamba_expand=2, mamba_dt_rank=4, use_mamba_kernels=False).items() if k!="head_dim"})))
    add("bamba", lambda: (T.AutoModelForCausalLM, T.BambaConfig(**{k:v for k,v in text(num_hidden_layers=6, attn_layer_indices=[2,5], mamba_n_heads=8, mamba_d_head=8, mamba_n_groups=1, mamba_d_state=8, mamba_d_conv=4, mamba_expand=2, mamba_chunk_size=8).items() if k!="head_dim"})))
    add("nemotron_h", lambda: (T.AutoModelForCausalLM, T.NemotronHConfig(**text(num_hidden_layers=6, layers_block_type=["mamba","moe","attention","mamba","moe","mamba"], mamba_num_heads=8, mamba_head_dim=8, n_groups=2, ssm_state_size=8, conv_kernel=4, chunk_size=8, expand=2, n_routed_experts=4, num_experts_per_tok=2, moe_intermediate_size=16, moe_shared_expert_intermediate_size=16, n_group=1, topk_group=1))))
    add("granitemoehybrid", lambda: (T.AutoModelForCausalLM, T.GraniteMoeHybridConfig(**{k:v for k,v in text(layer_types=["mamba","attention","mamba","attention"], mamba_n_heads=8, mamba_d_head=8, mamba_n_groups=1, mamba_d_state=8, mamba_d_conv=4, mamba_expand=2, mamba_chunk_size=8, shared_intermediate_size=16, num_local_experts=4, num_experts_per_tok=2, position_embedding_type="rope").items() if k!="head_dim"})))
    add("falcon_h1", lambda: (T.AutoModelForCausalLM, T.FalconH1Config(**text(mamba_n_heads=8, mamba_d_head=8, mamba_n_groups=1, mamba_d_state=8, mamba_d_conv=4, mamba_expand=2, mamba_chunk_size=8, mamba_d_ssm=64))))
    add("zamba2", lambda: (T.AutoModelForCausalLM, T.Zamba2Config(**{k:v for k,v in text(num_hidden_layers=6, num_key_value_heads=4, layers_block_type=["mamba","mamba","hybrid","mamba","hybrid","mamba"], num_mem_blocks=1, mamba_d_state=8, mamba_d_conv=4, mamba_expand=2, mamba_ngroups=1, n_mamba_heads=8, chunk_size=8, adapter_rank=4, use_shared_attention_adapter=False).items() if k!="head_dim"})))
    add("lfm2", lambda: (T.AutoModelForCausalLM, T.Lfm2Config(**{k:v for k,v in text(num_hidden_layers=6, full_attn_idxs=[2,4], conv_L_cache=3, block_multiple_of=8).items() if k!="head_dim"})))
    add("llama4", lambda: (T.AutoModelForImageTextToText, T.Llama4Config(text_config=text(intermediate_size_mlp=48, num_local_experts=4, num_experts_per_tok=1, interleave_moe_layer_step=2, attention_chunk_size=16), vision_config=dict(hidden_size=16, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=16, patch_size=4, vision_output_dim=32, projector_input_dim=32, projector_output_dim=32, pixel_shuffle_ratio=0.5))))
    add("llama4_text", lambda: (T.AutoModelForCausalLM, T.Llama4TextConfig(**text(intermediate_size_mlp=48, num_local_experts=4, num_experts_per_tok=1, interleave_moe_layer_step=2, attention_chunk_size=16, moe_layers=None, no_rope_layers=None))))
    add("modernbert", lambda: (T.AutoModelForMaskedLM, T.ModernBertConfig(vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=6, num_attention_heads=4, max_position_embeddings=64, global_attn_every_n_layers=3, local_attention=16, pad_token_id=0, bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2)))
    add("whisper", lambda: (T.AutoModelForSpeechSeq2Seq, T.WhisperConfig(vocab_size=96, d_model=32, encoder_layers=3, decoder_layers=4, encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=48, num_mel_bins=8, max_source_positions=16, max_target_positions=32, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1)))
    add("olmo2", lambda: (T.AutoModelForCausalLM, T.Olmo2Config(**{k:v for k,v in text().items() if k!="head_dim"})))
    add("olmo3", lambda: (T.AutoModelForCausalLM, T.Olmo3Config(**{k:v for k,v in text(num_hidden_layers=8, sliding_window=16).items() if k!="head_dim"})))
    add("smollm3", lambda: (T.AutoModelForCausalLM, T.SmolLM3Config(**{k:v for k,v in text(num_hidden_layers=8).items() if k!="head_dim"})))
    add("glm4_moe", lambda: (T.AutoModelForCausalLM, T.Glm4MoeConfig(**text(moe_intermediate_size=16, n_routed_experts=4, num_experts_per_tok=2, n_shared_experts=1, first_k_dense_replace=1, n_group=1, topk_group=1))))
    add("exaone4", lambda: (T.AutoModelForCausalLM, T.Exaone4Config(**{k:v for k,v in text(sliding_window=16, sliding_window_pattern=4).items() if k!="head_dim"})))
    add("cohere2", lambda: (T.AutoModelForCausalLM, T.Cohere2Config(**text(sliding_window=16))))
    add("mixtral", lambda: (T.AutoModelForCausalLM, T.MixtralConfig(**text(num_local_experts=4, num_experts_per_tok=2))))
    add("t5gemma", lambda: (T.AutoModelForSeq2SeqLM, T.T5GemmaConfig(encoder=T.T5GemmaModuleConfig(**text(num_hidden_layers=3, query_pre_attn_scalar=8, sliding_window=16)), decoder=T.T5GemmaModuleConfig(**text(num_hidden_layers=4, query_pre_attn_scalar=8, sliding_window=16)))))
    add("gpt2", lambda: (T.AutoModelForCausalLM, T.GPT2Config(vocab_size=96, n_embd=32, n_layer=4, n_head=4, n_positions=64, bos_token_id=1, eos_token_id=2)))
    add("deepseek_v2", lambda: (T.AutoModelForCausalLM, T.DeepseekV2Config(**{k:v for k,v in text(num_key_value_heads=4, moe_intermediate_size=16, n_routed_experts=4, n_group=2, topk_group=1, num_experts_per_tok=2, n_shared_experts=1, first_k_dense_replace=1, q_lora_rank=12, kv_lora_rank=8, qk_rope_head_dim=4, qk_nope_head_dim=8, v_head_dim=8).items() if k!="head_dim"})))
    add("dbrx", lambda: (T.AutoModelForCausalLM, T.DbrxConfig(d_model=32, n_heads=4, n_layers=4, max_seq_len=64, vocab_size=96, attn_config=dict(kv_n_heads=2, clip_qkv=8), ffn_config=dict(ffn_hidden_size=16, moe_num_experts=4, moe_top_k=2))))
    add("ernie4_5_moe", lambda: (T.AutoModelForCausalLM, T.Ernie4_5_MoeConfig(**text(moe_intermediate_size=16, moe_num_experts=4, moe_k=2, moe_num_shared_experts=1, moe_layer_start_index=1, moe_layer_end_index=3, moe_layer_interval=1))))
    add("minimax", lambda: (T.AutoModelForCausalLM, T.MiniMaxConfig(**text(num_local_experts=4, num_experts_per_tok=2, block_size=8, layer_types=["linear_attention","full_attention"]*2))))
    add("recurrent_gemma", lambda: (T.AutoModelForCausalLM, T.RecurrentGemmaConfig(**{k:v for k,v in text(num_hidden_layers=6, lru_width=32, attention_window_size=16, conv1d_width=4, block_types=["recurrent","recurrent","attention"]).items() if k!="head_dim"})))
    add("internvl", lambda: (T.AutoModelForImageTextToText, T.InternVLConfig(text_config=dict(model_type="qwen3", **text()), vision_config=dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=[16,16], patch_size=[4,4]))))
    return C

def build(name, seed=0, dtype=torch.float32):
    cls, cfg = cfgs()[name]()
    torch.manual_seed(seed)
    m = cls.from_config(cfg)
    g = torch.Generator().manual_seed(seed+1)
    with torch.no_grad():
        for n, p in m.named_parameters():
            p.add_(0.05*torch.randn(p.shape, generator=g).to(p.dtype))
    return m.to(dtype).eval(), cls, cfg

def perturb(m, seed, scale=0.03):
    m2 = copy.deepcopy(m)
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for n, p in m2.named_parameters():
            p.add_((scale*torch.randn(p.shape, generator=g)).to(p.dtype))
    return m2
