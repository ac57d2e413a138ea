"""Derives the vectors in this folder: python3 derive.py

Each method is written down from its paper in float64 numpy, over models as flat vectors;
the project's own code plays no part.
"""

import json

import numpy as np

SIZES = [7, 1, 12, 20]
N = sum(SIZES)


def models(count, seed, distance=0.1):
    random = np.random.default_rng(seed)
    base = random.normal(size=N).astype(np.float32)
    others = [(base + distance * random.normal(size=N)).astype(np.float32) for _ in range(count)]
    return base, others


def flat(x):
    return [float(v) for v in np.asarray(x, dtype=np.float64)]


def case(shared, inputs, expected, base=None, state=None):
    made = {
        "shared": shared,
        "sizes": SIZES,
        "models": [{"values": values, "flat": flat(x)} for values, x in inputs],
        "expected": flat(expected),
    }
    if base is not None:
        made["base"] = base
    if state:
        made["state"] = {name: flat(x) for name, x in state.items()}
    return made


def write(name, cases):
    with open(name + ".json", "w") as file:
        # A line for each case.
        file.write("[" + ",\n".join(json.dumps(case) for case in cases) + "]\n")


def wide(arrays):
    return [np.asarray(a, dtype=np.float64) for a in arrays]


def soup():
    _, xs = models(3, 1)
    return [case({}, [({}, x) for x in xs], sum(wide(xs)) / 3)]


def ema():
    cases = []
    for decay in (0.0, 0.3, 0.9, 1.0):
        _, xs = models(4, 2)
        mean = wide(xs)[0]
        for x in wide(xs)[1:]:
            mean = decay * mean + (1 - decay) * x
        cases.append(case({"decay": decay}, [({}, x) for x in xs], mean))
    return cases


def lawa():
    _, xs = models(5, 3)
    return [
        case({"last": float(k)}, [({}, x) for x in xs], sum(wide(xs)[-k:]) / k) for k in (1, 2, 5)
    ]


EXAMPLES = [518.0, 517.0, 494.0, 0.0]


def average(xs):
    return sum(n * x for n, x in zip(EXAMPLES, wide(xs))) / sum(EXAMPLES)


def clients(xs):
    return [({"examples": n}, x) for n, x in zip(EXAMPLES, xs)]


def fedavg():
    _, xs = models(4, 4)
    return [case({}, clients(xs), average(xs))]


def fedavgm():
    cases = []
    for seed, momentum, rate in ((5, 0.9, 1.0), (6, 0.5, 0.3)):
        base, xs = models(4, seed)
        old = (models(1, seed + 100)[1][0] * 0.1).astype(np.float32)
        velocity = momentum * old.astype(np.float64) + (base.astype(np.float64) - average(xs))
        cases.append(
            case(
                {"momentum": momentum, "server_lr": rate},
                [({}, base)] + clients(xs) + [({}, old)],
                base - rate * velocity,
                base=0,
                state={"momentum": velocity},
            )
        )
    return cases


def fedadam():
    cases = []
    for seed, b1, b2, rate, tau in ((7, 0.9, 0.99, 0.01, 1e-3), (8, 0.5, 0.8, 0.5, 0.1)):
        base, xs = models(4, seed)
        first = (models(1, seed + 100)[1][0] * 0.1).astype(np.float32)
        second = (models(1, seed + 200)[1][0] ** 2 * 0.01).astype(np.float32)
        change = average(xs) - base.astype(np.float64)
        m = b1 * first.astype(np.float64) + (1 - b1) * change
        v = b2 * second.astype(np.float64) + (1 - b2) * change**2
        cases.append(
            case(
                {"beta1": b1, "beta2": b2, "server_lr": rate, "tau": tau},
                [({}, base)] + clients(xs) + [({}, first), ({}, second)],
                base + rate * m / (np.sqrt(v) + tau),
                base=0,
                state={"first_moment": m, "second_moment": v},
            )
        )
    return cases


def krum():
    cases = []
    for count, wrong, seed in ((5, 1, 9), (7, 2, 10)):
        _, xs = models(count, seed)
        xs[2] = xs[2] + np.float32(3)
        scores = []
        for i, x in enumerate(wide(xs)):
            distances = sorted(((x - y) ** 2).sum() for j, y in enumerate(wide(xs)) if j != i)
            scores.append(sum(distances[: count - wrong - 2]))
        order = np.argsort(scores, kind="stable")
        for multi in (1, 3):
            taken = [wide(xs)[i] for i in order[:multi]]
            cases.append(
                case(
                    {"byzantine": float(wrong), "multi": float(multi)},
                    [({}, x) for x in xs],
                    sum(taken) / multi,
                )
            )
    return cases


def normalized(x):
    return (x - x.min()) / (x.max() - x.min())


def pcb():
    cases = []
    for count, ratio, lam in ((2, 0.1, 1.0), (3, 0.3, 1.2)):
        base, xs = models(count, 11 + count)
        # The program subtracts in float32.
        d = np.stack([(x - base).astype(np.float64) for x in xs])
        order = np.sort(np.abs(d), axis=1)
        low, high = order[:, [int(1e-4 * N)]], order[:, [int((1 - 1e-4) * N) - 1]]
        a = np.clip(np.abs(d), low, high)
        p = np.exp(count * np.stack([normalized(r) for r in a]) ** 2) * np.tanh(d * d.sum(0))
        floor = np.sort(p, axis=1)[:, [int((1 - ratio) * N)]]
        s = np.stack([normalized(r) for r in np.maximum(p, floor)])
        tau = (np.sign(d) * a * s).sum(0) / np.maximum(s.sum(0), 1e-12)
        cases.append(
            case(
                {"ratio": ratio, "lambda": lam},
                [({}, base)] + [({}, x) for x in xs],
                base + lam * tau,
                base=0,
            )
        )
    return cases


for method in (soup, ema, lawa, fedavg, fedavgm, fedadam, krum, pcb):
    write(method.__name__, method())
