#!/usr/bin/env python3
"""Loads what Amalgam builds with transformers, which is the reader that counts.

Makes tiny models, has ./amalgam stack, up-scale and mix them, and stack single parts of those with several, and loads each result: no key may be missing or unexpected, every
shape must fit, and one forward pass must be finite. A survey stacks and up-scales every architecture of architectures.py. Prints a line for each; 'skipped' where transformers is not installed.

    tools/check-transformers.py [FOLDER]      run from anywhere, with a Python that has torch and transformers
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import torch
    import transformers
    from transformers import AutoConfig, AutoModelForCausalLM, LlavaForConditionalGeneration, T5ForConditionalGeneration
    from transformers import LlavaConfig, T5Config, WhisperConfig, WhisperForConditionalGeneration
    import architectures
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(0)

transformers.logging.set_verbosity_error()
ROOT = Path(__file__).resolve().parent.parent
FAILED = []


def dense(folder, kind, seed, **settings):
    """A dense model with random weights, in the layout its own library saves."""
    torch.manual_seed(seed)
    config = AutoConfig.for_model(
        kind, hidden_size=32, intermediate_size=48, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=64, max_position_embeddings=64, pad_token_id=None, bos_token_id=1, eos_token_id=2, **settings)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


def amalgam(*words):
    words = [str(ROOT / "amalgam"), *map(str, words), "--quiet"]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())


def saved(folder, model_class, config, seed):
    """A model with random weights, none of them left at zero or one."""
    torch.manual_seed(seed)
    model = model_class(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    model.save_pretrained(folder)
    return folder


def t5(folder, seed):
    return saved(folder, T5ForConditionalGeneration, T5Config(
        vocab_size=64, d_model=32, d_kv=8, d_ff=48, num_layers=3, num_decoder_layers=4, num_heads=4, decoder_start_token_id=0), seed)


def whisper(folder, seed):
    return saved(folder, WhisperForConditionalGeneration, WhisperConfig(
        vocab_size=64, num_mel_bins=8, d_model=32, encoder_layers=3, decoder_layers=3, encoder_attention_heads=4, decoder_attention_heads=4,
        encoder_ffn_dim=48, decoder_ffn_dim=48, max_source_positions=16, max_target_positions=16, pad_token_id=0, bos_token_id=1,
        eos_token_id=2, decoder_start_token_id=3, suppress_tokens=None, begin_suppress_tokens=None), seed)


def llava(folder, seed):
    text = dict(model_type="llama", hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
                vocab_size=64, max_position_embeddings=64)
    vision = dict(model_type="clip_vision_model", hidden_size=24, intermediate_size=32, num_hidden_layers=3, num_attention_heads=2,
                  image_size=8, patch_size=4, projection_dim=16)
    return saved(folder, LlavaForConditionalGeneration, LlavaConfig(text_config=text, vision_config=vision, image_token_index=63), seed)


TOKENS = torch.tensor([[1, 5, 9, 3, 7]])
INPUTS = {
    AutoModelForCausalLM: lambda: dict(input_ids=TOKENS),
    T5ForConditionalGeneration: lambda: dict(input_ids=TOKENS, decoder_input_ids=TOKENS[:, :3]),
    WhisperForConditionalGeneration: lambda: dict(
        input_features=torch.linspace(-1, 1, 8 * 32).reshape(1, 8, 32), decoder_input_ids=TOKENS[:, :3]),
    LlavaForConditionalGeneration: lambda: dict(
        input_ids=torch.tensor([[1, 63, 63, 63, 63, 5, 9]]), pixel_values=torch.linspace(-1, 1, 3 * 64).reshape(1, 3, 8, 8)),
}


def load(folder, model_class=AutoModelForCausalLM):
    model, found = model_class.from_pretrained(folder, output_loading_info=True)
    wrong = {key: sorted(map(str, value)) for key, value in found.items() if value}
    if wrong:
        raise RuntimeError(f"loading: {wrong}")
    model.eval()
    with torch.no_grad():
        logits = model(**INPUTS[model_class]()).logits
    if not torch.isfinite(logits).all():
        raise RuntimeError("the forward pass is not finite")
    return model, logits


def check(name, make, like=None, then=None, model_class=AutoModelForCausalLM):
    """Runs one case; 'like' is a model whose results the new one's must equal."""
    try:
        folder = make()
        model, logits = load(folder, model_class)
        if like is not None:
            apart = (logits - load(like, model_class)[1]).abs().max().item()
            if apart > 1e-4:
                raise RuntimeError(f"computes something else than '{like.name}': {apart}")
        if then is not None:
            then(model)
        print(f"ok       {name}: {type(model).__name__}, {sum(p.numel() for p in model.parameters())} parameters")
    except Exception as failure:
        FAILED.append(name)
        print(f"FAILED   {name}: {failure}")


def made(folder, *words):
    def make():
        amalgam(*words)
        return folder
    return make


def mixture(root, folder, base, experts, *options, **config):
    """Writes a config for random gates and makes the mixture."""
    recipe = root / f"{folder.name}.yml"
    recipe.write_text(json.dumps(dict(
        base_model=str(base), gate_mode="random", experts=[dict(source_model=str(e)) for e in experts], **config)))
    return made(folder, "moe", recipe, folder, *options)


def recipe(root, folder, text):
    path = root / f"{folder.name}.yml"
    path.write_text(json.dumps(text))
    return made(folder, "merge", path, folder, "--strict")


def keep(model, *names):
    return {name: dict(models=[dict(model=str(model))]) for name in names}


def stacked(*ranges):
    return dict(slices=[dict(sources=[dict(model=str(model), layer_range=list(layers))]) for model, layers in ranges])


def restacked(folder, model_class, stacks):
    """A copy of a model whose stacks have other layers, in the order given, made by transformers alone."""
    model, _ = load(folder, model_class)
    for path, key, order in stacks:
        config, name = model.config, key
        while "." in name:
            section, name = name.split(".", 1)
            config = getattr(config, section)
        setattr(config, name, len(order))
        state = model.state_dict()
        new = {k: v for k, v in state.items() if not k.startswith(path + ".")}
        for at, source in enumerate(order):
            for k, v in state.items():
                if k.startswith(f"{path}.{source}.") and "relative_attention_bias" not in k:
                    new[f"{path}.{at}." + k[len(f"{path}.{source}."):]] = v
        for k, v in state.items():
            if k.startswith(path + ".") and "relative_attention_bias" in k:
                new[k] = v
        model = model_class(model.config)
        model.load_state_dict(new, strict=True)
    out = folder.parent / f"{folder.name}-by-transformers"
    model.save_pretrained(out)
    return out


def parts(root):
    """Models with several stacks, one of which is stacked."""
    kind = T5ForConditionalGeneration
    one, other = t5(root / "t5-0", 0), t5(root / "t5-1", 1)
    out = root / "t5-decoder"
    check("T5 with a decoder of 2 models' layers, 5 for 4",
          recipe(root, out, dict(merge_method="passthrough", modules=dict(
              **keep(one, "encoder", "shared"), decoder=stacked((one, (1, 3)), (other, (1, 4)))))), model_class=kind)
    out = root / "t5-both"
    like = restacked(one, kind, [("encoder.block", "num_layers", [1, 2, 0, 1]), ("decoder.block", "num_decoder_layers", [3, 0, 1])])
    check("T5 with both stacks restacked computes what transformers makes of it",
          recipe(root, out, dict(merge_method="passthrough", modules=dict(
              **keep(one, "default"), encoder=stacked((one, (1, 3)), (one, (0, 2))), decoder=stacked((one, (3, 4)), (one, (0, 2)))))),
          like=like, model_class=kind)
    out = root / "t5-deeper"
    check("T5 with a deeper encoder", made(out, "upscale", one, out, "--layers", 5, "--module", "encoder"), model_class=kind)
    out = root / "t5-linear"
    both = dict(models=[dict(model=str(one)), dict(model=str(other), parameters=dict(weight=0))])
    check("T5 averaged part by part, with weights that leave one model",
          recipe(root, out, dict(merge_method="linear", parameters=dict(weight=1), modules=dict(encoder=both, decoder=both, shared=both))),
          like=one, model_class=kind)

    kind = WhisperForConditionalGeneration
    one, other = whisper(root / "whisper-0", 0), whisper(root / "whisper-1", 1)
    for part, order in (("decoder", [0, 2]), ("encoder", [0, 1, 1, 2])):
        out = root / f"whisper-{part}"
        source = whisper(root / f"whisper-for-{part}", 0)
        like = restacked(source, kind, [(f"model.{part}.layers", f"{part}_layers", order)])
        rest = "encoder" if part == "decoder" else "decoder"
        check(f"Whisper with {len(order)} {part} layers for 3 computes what transformers makes of it",
              recipe(root, out, dict(merge_method="passthrough", modules={
                  **keep(one, rest), part: stacked(*[(one, (layer, layer + 1)) for layer in order])})),
              like=like, model_class=kind)
    out = root / "whisper-mixed"
    check("Whisper with another's decoder, less a layer",
          made(out, "stack", f"{other}:0-1", out, "--module", "decoder"), model_class=kind)

    kind = LlavaForConditionalGeneration
    one, other = llava(root / "llava-0", 0), llava(root / "llava-1", 1)
    out = root / "llava-stacked"
    check("Llava with 4 language layers and 2 of the vision tower",
          recipe(root, out, dict(merge_method="passthrough", modules=dict(
              text_decoder=stacked((one, (0, 2)), (other, (1, 3))), vision_tower=stacked((one, (0, 2))),
              **keep(one, "multi_modal_projector")))),
          model_class=kind,
          then=lambda model: counts(model.config.text_config.num_hidden_layers, 4, model.config.vision_config.num_hidden_layers, 2))


def counts(*found):
    if found[::2] != found[1::2]:
        raise RuntimeError(f"layers {found[::2]}, expected {found[1::2]}")


def survey(root):
    """Stacks and up-scales every architecture: the result loads, or the command says why it makes none."""
    for name, make in architectures.cfgs().items():
        try:
            model_class, config = make()
            models = [root / f"survey-{name}-{n}" for n in range(2)]
            for seed, folder in enumerate(models):
                saved(folder, model_class.from_config, config, seed)
        except Exception as failure:
            print(f"skipped  {name}: this transformers cannot make one: {failure}")
            continue
        inner = json.loads((models[0] / "config.json").read_text())
        text = inner.get("text_config", inner)
        layers = next((text[k] for k in ("num_hidden_layers", "n_layer", "n_layers", "num_layers") if text.get(k)), None)
        layers = layers or len(text.get("layers_block_type", [])) or None
        if layers is None or "encoder" in text or inner.get("is_encoder_decoder") or text is not inner:
            print(f"skipped  {name}: of several parts")
            continue
        ways = {
            "stacked": ("stack", f"{models[0]}:0-{layers - 2}", f"{models[1]}:1-{layers - 1}"),
            "up-scaled": ("upscale", models[0], "--layers", layers + 2),
        }
        for way, words in ways.items():
            out = root / f"survey-{name}-{way}"
            done = subprocess.run([str(ROOT / "amalgam"), *map(str, words), str(out)], capture_output=True, text=True)
            said = [line for line in done.stderr.splitlines() if line.startswith(("error:", "warning:"))]
            if done.returncode == 3:
                print(f"refused  {name}, {way}: {said[-1]}")
                continue
            try:
                if done.returncode:
                    raise RuntimeError(done.stderr.strip())
                found = model_class.from_pretrained(out, output_loading_info=True)[1]
                wrong = {key: sorted(map(str, value))[:3] for key, value in found.items() if value}
                if wrong and not said:
                    raise RuntimeError(f"loading: {wrong}")
                print(f"ok       {name}, {way}" + (f"; {said[0]}" if said else ""))
            except Exception as failure:
                FAILED.append(f"{name}, {way}")
                print(f"FAILED   {name}, {way}: {str(failure)[:300]}")


def main(root):
    survey(root)
    parts(root)
    kinds = [("llama", {}), ("mistral", {}), ("qwen3", dict(head_dim=8))]
    models = {kind: [dense(root / f"{kind}-{n}", kind, n, **extra) for n in range(2)] for kind, extra in kinds}
    windows = ["full_attention", "sliding_attention", "full_attention", "sliding_attention"]
    models["qwen2"] = [
        dense(root / f"qwen2-{n}", "qwen2", n, use_sliding_window=True, sliding_window=3, max_window_layers=1, layer_types=windows)
        for n in range(2)]
    plain = [dense(root / f"qwen2-plain-{n}", "qwen2", n) for n in range(2)]
    tied = dense(root / "tied", "llama", 3, tie_word_embeddings=True)

    def same_windows(model):
        if model.config.layer_types != [windows[i] for i in (0, 1, 2, 1, 2, 3)]:
            raise RuntimeError(f"layer_types {model.config.layer_types}")

    one, other = models["qwen2"]
    out = root / "stacked-qwen2"
    check("stacked Qwen2 with layer_types", made(out, "stack", f"{one}:0-2", f"{other}:1-3", out), then=same_windows)

    def deeper(model):
        if model.config.num_hidden_layers != 6:
            raise RuntimeError(f"{model.config.num_hidden_layers} layers")

    llama = models["llama"][0]
    out = root / "upscaled"
    check("up-scaled Llama", made(out, "upscale", llama, out, "--layers", 6), then=deeper)
    out = root / "averaged"
    check("up-scaled Llama, averaged", made(out, "upscale", llama, out, "--layers", 6, "--average-overlap"), then=deeper)
    out = root / "damped"
    check("stacked twice, repeats damped to nothing", made(out, "upscale", tied, out, "--layers", 5, "--damp", 0))
    out = root / "tied-behind"
    check("stack that ends in a tied model", made(out, "stack", f"{llama}:0-1", f"{tied}:2-3", out))

    for layout in ("fused", "per-expert"):
        for kind in ("llama", "mistral", "qwen3"):
            out = root / f"moe-{kind}-{layout}"
            check(f"{kind} mixture, {layout}", mixture(root, out, models[kind][0], models[kind], "--layout", layout))
        for kind, dense_models in (("llama", models["llama"]), ("qwen2", plain)):
            out = root / f"moe-shared-{kind}-{layout}"
            check(
                f"{kind} mixture with a shared expert, {layout}",
                mixture(root, out, dense_models[0], dense_models, "--layout", layout,
                        shared_experts=[dict(source_model=str(dense_models[0]))], architecture="qwen"))

    for kind, base in (("llama", llama), ("mistral", models["mistral"][0]), ("qwen2", plain[0]), ("qwen3", models["qwen3"][0]),
                       ("tied llama", tied)):
        for every in (1, 2):
            out = root / f"upcycled-{kind.replace(' ', '-')}-{every}"
            check(
                f"{kind} upcycled, one in {every} layers, computes what it did",
                made(out, "moe", "upcycle", base, out, "--experts", 4, "--every", every), like=base)
    print("skipped  DeepSeek MoE: its code is not part of transformers")
    return 1 if FAILED else 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(main(Path(folder)))
