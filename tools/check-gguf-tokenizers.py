#!/usr/bin/env python3
"""Whether the tokenizer of a GGUF file, written as tokenizer.json, makes what the model's own makes.

    python tools/check-gguf-tokenizers.py PROGRAM FILE.gguf=HF_FOLDER...
    python tools/check-gguf-tokenizers.py PROGRAM FILE.gguf=HF_FOLDER... --write tokens.json

PROGRAM (amalgam) converts each file to a folder; transformers opens tokenizers of the folder and of
HF_FOLDER, and the numbers and decoded texts of some thousand texts are compared.
HF_FOLDER/tokenizer.model instead of a folder compares with SentencePiece itself, which llama.cpp follows:
for a folder without tokenizer.json, whose class in transformers may leave out the space at the beginning
(GemmaTokenizer does, whatever the model says).
--write keeps the numbers that HF_FOLDER gives for a few of them, for tests without Python.
"""

import argparse
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

from transformers import AutoTokenizer
from transformers.utils import logging

FEW = [
    "Hello world",
    "It's don't WE'LL'S",
    "123456789 12",
    "\u65e5\u672c\u8a9e \u30ab\u30bf\u30ab\u30ca",
    "\u00dcn\u00efc\u00f6d\u00e9 caf\u00e9",
    "e\u0301 combining",
    "a\n\n b\t\tc\r\n",
    "<|begin_of_text|>hi<|eot_id|>",
    "<s>a</s>",
    "\U0001f600!?",
    "[CLS] Mixed [MASK]",
    "  two  spaces ",
    "</s>\n x<s> y",
]
MORE = ["", " ", "\n", "  two spaces", "x" * 200, "foo_bar(baz)[0]={}", "1,000.50", "<unk>", " <mask>", "<|im_start|>user\nhi<|im_end|>\n", "    indented\n        more", "\u017f \u00df \u0130 \u0131", "\u200bzero", "\u0645\u0631\u062d\u0628\u0627"]
LETTERS = "abc defghi JKL 123 ,.'!\n\t \u00e9\u00fc\u65e5\u672c\u0301<>|[]_"


def compare(made, own, texts):
    different = []
    plain = {"skip_special_tokens": True} if isinstance(own, Pieces) else {}
    for text in texts:
        for special in (True, False):
            ours = made(text, add_special_tokens=special)["input_ids"]
            theirs = own(text, add_special_tokens=special)["input_ids"]
            decoded = own.decode(theirs)
            if ours != theirs or (decoded is not None and made.decode(ours, **plain) != decoded):
                different.append((text, ours, theirs))
    return different


class Pieces:
    """A tokenizer.model as llama.cpp uses it: no space is dropped, and one is added at the beginning and after special tokens."""

    def __init__(self, file, made):
        import sentencepiece
        from sentencepiece import sentencepiece_model_pb2 as messages

        model = messages.ModelProto()
        model.ParseFromString(pathlib.Path(file).read_bytes())
        model.normalizer_spec.remove_extra_whitespaces = False
        self.pieces = sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())
        added = made.added_tokens_decoder
        self.taking = {token.content for token in added.values() if token.rstrip}
        self.special = {token.content: number for number, token in added.items()}
        self.pattern = re.compile("(" + "|".join(map(re.escape, self.special)) + ")")
        self.start = [made.bos_token_id]
        self.names = {number: content for content, number in self.special.items()}
        self.special_tokens_map, self.chat_template = made.special_tokens_map, made.chat_template

    def __call__(self, text, add_special_tokens=True):
        ids, before = list(self.start) if add_special_tokens else [], ""
        for part in self.pattern.split(text):
            if part in self.special:
                assert self.pieces.piece_to_id(part) == self.special[part]
                ids.append(self.special[part])
            else:
                part = part.lstrip() if before in self.taking else part
                ids += self.pieces.encode(part) if part else []
            before = part
        return {"input_ids": ids}

    def decode(self, ids):
        """Of texts without special tokens within them; None else."""
        inner = ids[1:] if ids[:1] == self.start else ids
        return None if any(number in self.names for number in inner) else self.pieces.decode(inner)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("pairs", nargs="+")
    parser.add_argument("--write", type=pathlib.Path)
    arguments = parser.parse_args()
    logging.set_verbosity_error()
    random.seed(1)
    texts = FEW + MORE + ["".join(random.choice(LETTERS) for _ in range(random.randint(1, 60))) for _ in range(3000)]
    bad = 0
    kept = {}
    for pair in arguments.pairs:
        file, folder = pair.split("=", 1)
        with tempfile.TemporaryDirectory() as temp:
            out = pathlib.Path(temp) / "model"
            subprocess.run([arguments.program, "convert", file, out, "--quiet"], check=True)
            made = AutoTokenizer.from_pretrained(out)
            own = Pieces(folder, made) if folder.endswith(".model") else AutoTokenizer.from_pretrained(folder)
            different = compare(made, own, texts)
            same = made.special_tokens_map == own.special_tokens_map and made.chat_template == own.chat_template
        print(f"{pathlib.Path(file).name}: {len(different)} of {2 * len(texts)} differ; special tokens and template {'equal' if same else 'differ'}")
        for text, ours, theirs in different[:3]:
            print(f"  {text!r}: {ours} for {theirs}")
        bad += len(different)
        kept[pathlib.Path(file).name] = {text: own(text)["input_ids"] for text in FEW}
    if arguments.write:
        arguments.write.write_text(json.dumps(kept, indent=1, ensure_ascii=True) + "\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
