"""What transformers makes of the files of an architecture: writes a layout each for the tests of 'lora extract'.

usage: make-layouts.py OUT NAME...

NAME is an architecture of tiny_models.py, of which spaces become '-' in file names. A layout has the settings, the names and shapes in the files, and
for every module its kind ('linear', 'conv1d' as GPT-2's, 'other') and the names in its part of the state dictionary.
"""
import json
import os
import sys
import tempfile
import warnings

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import torch
from safetensors import safe_open
from transformers.pytorch_utils import Conv1D

import tiny_models

warnings.filterwarnings("ignore")
KEPT = ("model_type", "architectures", "tie_word_embeddings", "is_encoder_decoder", "vocab_size", "num_mel_bins", "image_size", "patch_size")
# Linear by their classes, but used by what is around them without being called, or called for more than a product.
NOT_LINEAR = ("Llama4Router", "NonDynamicallyQuantizableLinear")


def kind(module):
    if isinstance(module, Conv1D):
        return "conv1d"
    linear = isinstance(module, torch.nn.Linear) and type(module).__name__ not in NOT_LINEAR
    return "linear" if linear else "other"


for name in sys.argv[2:]:
    _, model = tiny_models.build(name)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        config = json.load(open(folder + "/config.json"))
        with safe_open(folder + "/model.safetensors", "pt") as file:
            files = {k: file.get_slice(k).get_shape() for k in sorted(file.keys())}
    state = list(model.state_dict())
    modules = {}
    for path, module in model.named_modules(remove_duplicate=False):
        own = [k[len(path) + 1 :] for k in state if path and k.startswith(path + ".")]
        if own and not type(module).__name__ in ("ModuleList", "ModuleDict"):
            modules[path] = [kind(module), *[k for k in own if "." not in k]]
    settings = {k: config[k] for k in KEPT if k in config}
    for part in ("text_config", "vision_config", "audio_config", "decoder"):
        if isinstance(config.get(part), dict):
            settings[part] = {k: config[part][k] for k in ("model_type", "tie_word_embeddings") if k in config[part]}
    path = os.path.join(sys.argv[1], name.replace(" ", "-") + ".json")
    with open(path, "w") as out:
        json.dump({"config": settings, "files": files, "modules": modules}, out, separators=(",", ":"))
        out.write("\n")
    print(path, os.path.getsize(path))
