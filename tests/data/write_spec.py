"""Writes spec-v1.json: the curves and schedules of today, and some of their values.

Files of a format are written once and load for ever; a new format gets a file of its own.
"""

import json
from pathlib import Path

import csched

FILE = Path(__file__).parent / f"spec-v{csched.plain.FORMAT}.json"


def golden(curves):
    """Each curve as its repr, its dict, and values in hex at a few steps."""
    made = {}
    for name, c in curves.items():
        steps = sorted({0, 1, c.steps // 3, c.steps // 2, c.steps - 1})
        values = {t: c(t).hex() for t in steps}
        made[name] = {"repr": repr(c), "spec": c.to_dict(), "steps": c.steps, "values": values}
    return made


if __name__ == "__main__":
    import sys

    sys.path.insert(0, str(FILE.parent.parent))
    from cases import CURVES

    schedule = csched.Schedule({"lr": CURVES["sequence"], "betas[0]": CURVES["to zero"]})
    data = {"curves": golden(CURVES), "schedule": json.loads(schedule.to_json())}
    FILE.write_text(json.dumps(data, indent=1, allow_nan=False) + "\n")
