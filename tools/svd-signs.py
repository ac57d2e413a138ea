#!/usr/bin/env python3
"""The accuracy of a digits model whose hidden units became the widest directions of their weights, for random signs of these.

Singular vectors have no sign of their own, but the nonlinearity behind them lets through what is positive. So the accuracy
of docs/alignment.md depends on the library that decomposes. Needs numpy and safetensors.
"""
import csv

import numpy as np
from safetensors.numpy import load_file

WIDTH = 64
CHOICES = 200

model = load_file("samples/models/digits/independent-b/model.safetensors")
with open("samples/data/digits-test.csv", newline="") as file:
    rows = list(csv.reader(file))[1:]
labels = np.array([int(row[0]) for row in rows])
images = np.array([[float(pixel) for pixel in row[1:]] for row in rows])


def reduced(random):
    weights = {name: value.astype(np.float64) for name, value in model.items()}
    for layer in (1, 2):
        weight, bias = f"fc{layer}.weight", f"fc{layer}.bias"
        u = np.linalg.svd(np.column_stack([weights[weight], weights[bias]]))[0][:, :WIDTH]
        if random is not None:
            u = u * random.choice([-1, 1], WIDTH)
        weights[weight], weights[bias] = u.T @ weights[weight], u.T @ weights[bias]
        weights[f"fc{layer + 1}.weight"] = weights[f"fc{layer + 1}.weight"] @ u
    return weights


def accuracy(weights):
    hidden = images
    for layer in (1, 2, 3):
        hidden = hidden @ weights[f"fc{layer}.weight"].T + weights[f"fc{layer}.bias"]
        if layer < 3:
            hidden = np.maximum(hidden, 0)
    return (hidden.argmax(1) == labels).mean()


print(f"as it is {accuracy(model):.4f}, numpy's signs {accuracy(reduced(None)):.4f}")
random = np.random.default_rng(0)
found = np.sort([accuracy(reduced(random)) for _ in range(CHOICES)])
print(f"{CHOICES} choices of signs: least, quartiles, most", np.quantile(found, [0, 0.25, 0.5, 0.75, 1]).round(4))
