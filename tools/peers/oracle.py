"""How an oracle is asked: one JSON document on stdin, one with the answers on stdout."""

import json
import sys
from pathlib import Path


def answer(answers):
    """Answers lists of cases by their kinds. `answers` has a function for each kind, which takes a case and the path of
    a file of its own that it may write, in the request's `folder`; or it has None for a kind that cannot be answered
    here, whose answer is null."""
    request = json.load(sys.stdin)
    folder = Path(request.pop("folder"))
    found = {
        kind: answers[kind] and [
            answers[kind](case, folder / f"{kind}-{number}.bin") for number, case in enumerate(cases)
        ]
        for kind, cases in request.items()
    }
    json.dump(found, sys.stdout)
