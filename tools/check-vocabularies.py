#!/usr/bin/env python3
"""Merges the recipes of golden/tokenizer, and has transformers judge what came of them.

Each merged model must load with no key missing, unexpected or of another size; every token must have the id its
tokenizer.json gives it, and a row; a forward pass over all tokens must be finite. The chat templates that come with
Amalgam must write conversations in the formats they are named after.

    ./mvnw -q -DskipTests package
    python3 tools/check-vocabularies.py

Needs torch, transformers and jinja2, and says 'skipped' where they are missing.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "merge-formats/src/test/resources/golden/tokenizer"
TEMPLATES = ROOT / "merge-core/src/main/resources/io/amalgam/internal/tokenizer"

try:
    import jinja2
    import torch
    import transformers
except ImportError as missing:
    print(f"skipped: {missing.name} is not installed")
    sys.exit(0)

transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


def check_model(folder: pathlib.Path) -> str:
    config = json.loads((folder / "config.json").read_text())
    model, loading = transformers.AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    problems = {kind: keys for kind, keys in loading.items() if keys}
    assert not problems, problems
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    written = json.loads((folder / "tokenizer.json").read_text())
    ids = dict(written["model"]["vocab"])
    ids.update({token["content"]: token["id"] for token in written["added_tokens"]})
    assert tokenizer.get_vocab() == ids
    assert len(tokenizer) <= config["vocab_size"]
    assert model.get_input_embeddings().num_embeddings == config["vocab_size"]
    limit = config["max_position_embeddings"]
    for start in range(0, config["vocab_size"], limit):
        some = torch.arange(start, min(start + limit, config["vocab_size"]))
        logits = model(some[None]).logits
        assert logits.shape[-1] == config["vocab_size"]
        assert bool(torch.isfinite(logits).all())
    text = "the sum of two models <|user|> les modèles"
    encoded = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert bool(torch.isfinite(model(torch.tensor([encoded])).logits).all())
    template = ""
    if tokenizer.chat_template:
        template = tokenizer.apply_chat_template([{"role": "user", "content": "more"}], tokenize=False)
        template = f", template writes {template!r}"
    return f"{len(ids)} tokens, {config['vocab_size']} rows, {len(encoded)} tokens in a text{template}"


TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Two and two?"},
    {"role": "assistant", "content": "Four."},
    {"role": "user", "content": "Thanks"},
]

EXPECTED = {
    "chatml": "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nTwo and two?<|im_end|>\n"
    "<|im_start|>assistant\nFour.<|im_end|>\n<|im_start|>user\nThanks<|im_end|>\n<|im_start|>assistant\n",
    "llama3": "<s><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nTwo and two?<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\nFour.<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nThanks<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    "alpaca": "Be brief.\n\n### Instruction:\nTwo and two?\n\n### Response:\nFour.\n\n"
    "### Instruction:\nThanks\n\n### Response:\n",
    "mistral": "<s>[INST] Be brief.\n\nTwo and two? [/INST] Four.</s>[INST] Thanks [/INST]",
    "exaone": "[|system|]Be brief.[|endofturn|]\n[|user|]Two and two?\n[|assistant|]Four.[|endofturn|]\n"
    "[|user|]Thanks\n[|assistant|]",
}


def render(text: str, talk: list) -> str:
    # As transformers sets its engine up.
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(text).render(
        messages=talk, add_generation_prompt=True, bos_token="<s>", eos_token="</s>"
    )


def main() -> None:
    print(f"transformers {transformers.__version__}, torch {torch.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        for recipe in sorted((GOLDEN / "recipes").glob("*.yml")):
            out = pathlib.Path(folder) / recipe.stem
            subprocess.run(
                [ROOT / "amalgam", "merge", recipe, out, "--quiet"],
                check=True,
                cwd=GOLDEN,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            print(f"{recipe.stem}: {check_model(out)}")
    for name, expected in EXPECTED.items():
        written = render((TEMPLATES / f"{name}.jinja").read_text(), TALK)
        assert written == expected, (name, written)
        print(f"template {name}: as expected")
    theirs = (GOLDEN / "expected/chatml/chat_template.jinja").read_text()
    ours = (TEMPLATES / "chatml.jinja").read_text()
    assert render(theirs, TALK) == render(ours, TALK)
    print("template chatml: as another tool's")


main()
