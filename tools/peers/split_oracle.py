"""To which split records belong, as `assign_global_splits` of rasteret's users says it.

Standard input: {"train": 0.7, "val": 0.15, "cases": [{"salt": hex, "values": [hex, ...]}, ...]}.
Standard output: for each case, the split of each value.
"""

import hashlib
import json
import sys

import numpy as np


def splits(values, train_ratio, val_ratio):
    hashes = [int(hashlib.md5(g).hexdigest(), 16) for g in values]
    ratios = [h / (2**128) for h in hashes]  # Normalize to [0, 1]
    return np.where(
        np.array(ratios) < train_ratio,
        "train",
        np.where(np.array(ratios) < train_ratio + val_ratio, "val", "test"),
    ).tolist()


request = json.load(sys.stdin)
answers = []
for case in request["cases"]:
    salt = bytes.fromhex(case["salt"])
    values = [salt + bytes.fromhex(value) for value in case["values"]]
    answers.append(splits(values, request["train"], request["val"]))
json.dump(answers, sys.stdout)
