"""Writes merge-core/src/test/resources/spellings.tsv: what tensors are called in files that transformers saves, and
what transformers itself calls them (other tools save these names).

    python tools/spellings.py merge-core/src/test/resources/spellings.tsv      # transformers 5.24

Names are paired by their values, which are random. One layer of each kind, tiny.
"""
import os, sys, tempfile, torch
os.environ["HF_HUB_OFFLINE"] = "1"
import transformers as T
from safetensors.torch import load_file

TEXT = dict(vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1,
            head_dim=8, max_position_embeddings=32, pad_token_id=0, bos_token_id=1, eos_token_id=2)
VISION = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, image_size=16, patch_size=4)
MROPE = dict(rope_parameters=dict(rope_type="default", rope_theta=10000.0, mrope_section=[2, 1, 1]))
AUDIO = dict(d_model=16, encoder_layers=1, encoder_attention_heads=2, encoder_ffn_dim=24, num_mel_bins=8, max_source_positions=16)


def models():
    clip = dict(model_type="clip_vision_model", projection_dim=16, **VISION)
    llama = dict(model_type="llama", **TEXT)
    yield "llava", T.LlavaForConditionalGeneration(T.LlavaConfig(text_config=llama, vision_config=clip))
    yield "llava_next", T.LlavaNextForConditionalGeneration(T.LlavaNextConfig(text_config=llama, vision_config=clip))
    yield "video_llava", T.VideoLlavaForConditionalGeneration(T.VideoLlavaConfig(text_config=llama, vision_config=clip))
    yield "mistral3", T.Mistral3ForConditionalGeneration(T.Mistral3Config(text_config=dict(model_type="mistral", **TEXT), vision_config=dict(model_type="pixtral", head_dim=8, **VISION)))
    yield "gemma3", T.Gemma3ForConditionalGeneration(T.Gemma3Config(text_config=dict(TEXT, sliding_window=8, layer_types=["full_attention"]), vision_config=VISION, mm_tokens_per_image=4))
    yield "paligemma", T.PaliGemmaForConditionalGeneration(T.PaliGemmaConfig(text_config=dict(model_type="gemma", **TEXT), vision_config=dict(model_type="siglip_vision_model", projection_dim=16, **VISION), projection_dim=16))
    yield "internvl", T.InternVLForConditionalGeneration(T.InternVLConfig(text_config=dict(model_type="qwen3", **TEXT), vision_config=dict(VISION, image_size=[16, 16], patch_size=[4, 4])))
    yield "qwen2_vl", T.Qwen2VLForConditionalGeneration(T.Qwen2VLConfig(text_config=dict(TEXT, **MROPE), vision_config=dict(depth=1, embed_dim=16, hidden_size=16, num_heads=2, mlp_ratio=2, patch_size=4, spatial_merge_size=2, temporal_patch_size=2)))
    yield "qwen2_5_vl", T.Qwen2_5_VLForConditionalGeneration(T.Qwen2_5_VLConfig(text_config=dict(TEXT, **MROPE), vision_config=dict(depth=1, hidden_size=16, intermediate_size=24, out_hidden_size=16, num_heads=2, patch_size=4, spatial_merge_size=2, temporal_patch_size=2, fullatt_block_indexes=[0])))
    yield "qwen2_audio", T.Qwen2AudioForConditionalGeneration(T.Qwen2AudioConfig(text_config=dict(model_type="qwen2", **TEXT), audio_config=dict(model_type="qwen2_audio_encoder", **AUDIO)))


def main(target):
    with open(target, "w") as out:
        out.write("architecture\tin the file\tin transformers\n")
        for name, model in models():
            with torch.no_grad():
                for p in model.parameters():
                    p.copy_(torch.randn(p.shape))
            with tempfile.TemporaryDirectory() as folder:
                model.save_pretrained(folder)
                saved = load_file(folder + "/model.safetensors")
            live = model.state_dict()
            for key, value in saved.items():
                same = [k for k, v in live.items() if v.shape == value.shape and torch.equal(v, value)]
                # A tied head is the embedding: it has its place already.
                same = [k for k in same if not k.endswith("lm_head.weight")] or same
                assert len(same) == 1, (name, key, same)
                out.write(f"{name}\t{key}\t{same[0]}\n")


if __name__ == "__main__":
    main(sys.argv[1])
