"""Writes src/test/resources/pytorch: small checkpoints by torch.save, and the same tensors as safetensors.

    python3 merge-formats/tools/make_pytorch.py      (with torch and safetensors; written by torch 2.15.0)
"""
import collections
import json
import pathlib

import torch
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "src/test/resources/pytorch"
torch.manual_seed(0)


def write(name, tensors, saved=None, **how):
    torch.save(tensors if saved is None else saved, FOLDER / f"{name}.bin", **how)
    plain = {key: value.detach().clone().contiguous() for key, value in tensors.items()}
    save_file(plain, FOLDER / f"{name}.safetensors")


FOLDER.mkdir(parents=True, exist_ok=True)
x = torch.randn(7, 5)
types = {str(t)[6:]: (x * 20).to(t) for t in (
    torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
    torch.uint8, torch.bool, torch.float8_e4m3fn, torch.float8_e5m2, torch.uint16)}
write("types", types)

big = torch.randn(40, 30)
cube = torch.randn(4, 5, 6)
write("views", {
    "whole": big,
    "transposed": big.t(),
    "rows": big[3:9],
    "columns": big[:, 2:7],
    "steps": big[::3, ::4],
    "column": big[:, 4],
    "turned": cube.permute(2, 0, 1),
    "half": torch.randn(300, 6).half().t(),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 3),
    "one": big[5:6, 6:7],
    "last": big.view(-1)[-1:],
})

model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
state = model.state_dict()
write("state", dict(state), state)
write("parameters", dict(model.named_parameters()))
write("training", dict(state), {"epoch": 3, "state_dict": state, "lr": [0.1, None, True, "x", (1, 2.5)]})

embedding = torch.randn(6, 4)
tied = {"model.embed_tokens.weight": embedding, "lm_head.weight": embedding, "model.norm.weight": torch.ones(4)}
torch.save(tied, FOLDER / "tied.bin")

shards = FOLDER / "sharded"
shards.mkdir(exist_ok=True)
first = {"model.embed_tokens.weight": embedding, "lm_head.weight": embedding}
second = collections.OrderedDict({"model.layers.0.up.weight": torch.randn(4, 4), "model.norm.weight": torch.ones(4)})
names = ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"]
for name, part in zip(names, (first, second)):
    torch.save(part, shards / name)
index = {"metadata": {"total_size": 0}, "weight_map": {key: name for name, part in zip(names, (first, second)) for key in part}}
(shards / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=2) + "\n")
(shards / "config.json").write_text('{"architectures": ["TinyModel"], "tie_word_embeddings": true}\n')

row = torch.randn(1, 3)
write("expanded", {
    "one": torch.randn(1).expand(1000),
    "all": torch.randn(1, 1, 1).expand(7, 1, 90),
    "rows": row.expand(50, 3),
    "columns": torch.randn(40, 1).expand(40, 6),
    "middle": torch.randn(3, 1, 4).expand(3, 5, 4),
    "turned": row.expand(50, 3).t(),
    "part": torch.randn(9)[4:5].half().expand(2, 100),
})
