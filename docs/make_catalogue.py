"""Write docs/catalogue.md and docs/catalogue/*.png from csched.RECIPES: `make catalogue`."""

import inspect
import re
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

import csched

HERE = Path(__file__).parent
WIDTH, HEIGHT, DPI = 3.2, 1.6, 90

EXAMPLES = {
    "budgeted_linear": "csched.budgeted_linear(0.1, 100)",
    "cosine": "csched.cosine(0.1, 100, warmup_steps=0.1, floor=0.01)",
    "exponential": "csched.exponential(0.1, 100, gamma=0.95)",
    "linear": "csched.linear(0.1, 100, warmup_steps=10)",
    "linear_to_zero": "csched.linear_to_zero(0.1, 100)",
    "multi_step": "csched.multi_step(0.1, 100, boundaries=[0.5, 0.75])",
    "rex": "csched.rex(0.1, 100)",
    "step_decay": "csched.step_decay(0.1, 100, interval=30, gamma=0.5)",
    "half_cosine": "csched.half_cosine(0.1, 100, warmup_steps=10)",
    "linear_cosine": "csched.linear_cosine(0.1, 100, lobes=4.5)",
    "noisy_linear_cosine": "csched.noisy_linear_cosine(0.1, 100, variance=0.05, seed=1)",
    "polynomial": "csched.polynomial(0.1, 100, power=2.0)",
    "polynomial_cycles": "csched.polynomial_cycles(0.1, 100, decay_steps=20)",
    "sigmoid": "csched.sigmoid(0.1, 100)",
    "slanted_triangular": "csched.slanted_triangular(0.1, 100)",
    "tanh": "csched.tanh(0.1, 100)",
    "constant": 'csched.constant(0.1, 100, warmup_steps=20, warmup="cosine")',
    "deepseek": "csched.deepseek(0.1, 100, warmup_steps=0.05)",
    "delayed": 'csched.delayed(0.1, 100, delay_steps=0.5, profile="linear")',
    "flat_cosine": "csched.flat_cosine(0.1, 100)",
    "infinite": "csched.infinite(0.1, 100, plateau=0.05, cooldown_steps=30, "
    "anneal_steps=15, floor=0.005)",
    "tri_stage": "csched.tri_stage(0.1, 100)",
    "wsd": "csched.wsd(0.1, 100, warmup_steps=0.1, cooldown_steps=0.2)",
    "wsd_s": "csched.wsd_s(0.1, 100, boundaries=[30, 60], cooldown_steps=0.4, warmup_steps=5)",
    "inverse_sqrt": "csched.inverse_sqrt(0.1, 100, warmup_steps=10)",
    "inverse_time": "csched.inverse_time(0.1, 100, gamma=0.1)",
    "noam": "csched.noam(100, width=512, warmup_steps=20)",
    "power_law": "csched.power_law(0.1, 100, power=1.5, warmup_steps=5, hold_steps=10)",
    "power_scheduler": "csched.power_scheduler(0.1, 100, amplitude=0.5, tokens_per_step=1, "
    "warmup_steps=5)",
    "hyperbolic": "csched.hyperbolic(0.1, 100, upper_bound=150)",
    "exp_hyperbolic": "csched.exp_hyperbolic(0.1, 100, upper_bound=150, floor=0.001)",
    "exp_range": "csched.exp_range(0.1, floor=0.01, gamma=0.98, up_steps=10, cycles=5)",
    "sgdr": "csched.sgdr(0.1, 100, t_mult=2, cycles=3)",
    "snapshot": "csched.snapshot(0.1, 100, cycles=5)",
    "triangular": "csched.triangular(0.1, floor=0.01, up_steps=10, cycles=5)",
    "triangular2": "csched.triangular2(0.1, floor=0.01, up_steps=10, cycles=5)",
    "cosine_restarts": "csched.cosine_restarts(0.1, 100, cycles=3, warmup_steps=10)",
    "fractal": "csched.fractal(32, low=0.1, high=1.0)",
    "jagged": "csched.jagged(0.1, 100, interval=25, ramp_steps=5)",
    "multi_lobe": "csched.multi_lobe(0.1, 100, lobes=2.5)",
    "lr_range_test": "csched.lr_range_test(1e-4, 1.0, 100)",
    "one_cycle": "csched.one_cycle(0.1, 100)",
    "one_cycle_smith": "csched.one_cycle_smith(0.1, 100, start=0.01)",
    "piecewise_constant": "csched.piecewise_constant([0.1, 0.04, 0.06], 100, boundaries=[40, 70])",
    "piecewise_cosine": "csched.piecewise_cosine([(0, 0.01), (0.3, 0.1), (1.0, 0.0)], 100)",
    "piecewise_linear": "csched.piecewise_linear([(0, 0.0), (0.2, 0.1), (1.0, 0.02)], 100)",
    "piecewise_monotone": "csched.piecewise_monotone("
    "[(0, 0.01), (0.2, 0.1), (0.5, 0.08), (1.0, 0.0)], 100)",
    "batch_size_ramp": "csched.batch_size_ramp(64, 512, 100, ramp_steps=0.6, multiple=64)",
    "cosine_weight_decay": "csched.cosine_weight_decay(100)",
    "batch_size_steps": "csched.batch_size_steps([64, 128, 256], 100, boundaries=[30, 60])",
    "cyclical_annealing": "csched.cyclical_annealing(100)",
    "ema_cosine": "csched.ema_cosine(100)",
    "linear_weight_decay": "csched.linear_weight_decay(100, start=0.1)",
    "ema_warmup": "csched.ema_warmup(100)",
    "demon": "csched.demon(100)",
    "muon_momentum": "csched.muon_momentum(100, warmup_steps=0.3, cooldown_steps=0.1)",
}
"""One line of code a recipe, and the picture is of it."""

LIBRARIES = ("torch", "optax", "timm", "transformers", "keras")
PEERS = {
    "constant": {
        "torch": "ConstantLR",
        "optax": "constant_schedule, warmup_constant_schedule",
        "transformers": "constant, constant_with_warmup",
    },
    "linear": {
        "torch": "LinearLR",
        "optax": "linear_schedule",
        "transformers": "linear",
        "keras": "PolynomialDecay",
    },
    "cosine": {
        "torch": "CosineAnnealingLR",
        "optax": "cosine_decay_schedule, warmup_cosine_decay_schedule",
        "timm": "CosineLRScheduler",
        "transformers": "cosine, cosine_with_min_lr",
        "keras": "CosineDecay",
    },
    "multi_lobe": {"transformers": "cosine (num_cycles)"},
    "cosine_restarts": {"transformers": "cosine_with_restarts"},
    "sgdr": {
        "torch": "CosineAnnealingWarmRestarts",
        "optax": "sgdr_schedule",
        "timm": "CosineLRScheduler (cycle_*)",
        "keras": "CosineDecayRestarts",
    },
    "exponential": {
        "torch": "ExponentialLR",
        "optax": "exponential_decay",
        "keras": "ExponentialDecay",
    },
    "step_decay": {
        "torch": "StepLR",
        "optax": "exponential_decay (staircase)",
        "timm": "StepLRScheduler",
        "keras": "ExponentialDecay (staircase)",
    },
    "multi_step": {
        "torch": "MultiStepLR",
        "optax": "piecewise_constant_schedule",
        "timm": "MultiStepLRScheduler",
    },
    "piecewise_constant": {"keras": "PiecewiseConstantDecay"},
    "piecewise_linear": {"optax": "piecewise_interpolate_schedule"},
    "piecewise_cosine": {"optax": "piecewise_interpolate_schedule"},
    "polynomial": {
        "torch": "PolynomialLR",
        "optax": "polynomial_schedule",
        "timm": "PolyLRScheduler",
        "transformers": "polynomial",
        "keras": "PolynomialDecay",
    },
    "polynomial_cycles": {"keras": "PolynomialDecay (cycle)"},
    "tanh": {"timm": "TanhLRScheduler"},
    "triangular": {"torch": "CyclicLR"},
    "triangular2": {"torch": "CyclicLR"},
    "exp_range": {"torch": "CyclicLR"},
    "one_cycle": {
        "torch": "OneCycleLR",
        "optax": "cosine_onecycle_schedule, linear_onecycle_schedule",
    },
    "wsd": {"timm": "WSDLRScheduler", "transformers": "warmup_stable_decay"},
    "inverse_sqrt": {"transformers": "inverse_sqrt"},
    "inverse_time": {"keras": "InverseTimeDecay"},
}
"""Who has a shape under which name; numbers, ends and defaults differ: csched.presets has them."""


def schedule_of(name: str) -> csched.Schedule:
    """The schedule of a recipe's one line of code."""
    return eval(EXAMPLES[name], {"csched": csched})


def formula_of(name: str) -> str:
    """The first code in a recipe's docstring: in one line, or the lines of a block."""
    text = inspect.getdoc(csched.RECIPES[name]) or ""
    text = text.partition("\nParameters\n")[0].partition("\nReferences\n")[0]
    summary, _, body = text.partition("\n\n")
    if block := re.search(r"::\n\n((?: {4}.*\n?|\n)+)", body + "\n"):
        lead = body[: block.start()].strip()
        return f"{lead}:\n\n{block.group(1).rstrip()}\n" if lead else block.group(1).rstrip()
    paragraph = (body or summary).strip().partition("\n\n")[0]
    line = " ".join(paragraph.replace("``", "`").split())
    return re.sub(r", and:$", ", and more.", line)  # the docstring goes on with a list of them


def source_of(name: str) -> str:
    """The References section of a recipe, in one line."""
    text = inspect.getdoc(csched.RECIPES[name]) or ""
    section = re.search(r"References\n-+\n(.*?)(?:\n\n|\Z)", text, re.DOTALL)
    return " ".join(section.group(1).replace("``", "`").split()) if section else "in every library"


def summary_of(name: str) -> str:
    """The first line of a recipe's docstring."""
    return (inspect.getdoc(csched.RECIPES[name]) or "").partition("\n")[0].replace("``", "`")


def plain(text: str) -> str:
    """Cross references as plain code."""
    return re.sub(r":\w+:`([\w.]+)`", r"`\1`", text)


def page() -> str:
    """The page's text."""
    lines = [
        "# Catalogue",
        "",
        f"The {len(csched.RECIPES)} recipes, by name in `csched.RECIPES`. T is `steps`, the whole, "
        "W the warm-up, t the step, counted from 0.",
        "Written by `docs/make_catalogue.py` from the docstrings, which have all arguments "
        "(`csched doc NAME`); each picture is of the line of code below it, over the steps.",
        "",
        *contents(),
        "",
    ]
    for name in csched.RECIPES:
        formula = plain(formula_of(name))
        lines += [
            f"## {name}",
            "",
            plain(summary_of(name)),
            "",
            f"![{name}](catalogue/{name}.png)",
            "",
            "```python",
            EXAMPLES[name],
            "```",
            "",
            *([formula, ""] if formula != plain(summary_of(name)) else []),
            f"Source: {source_of(name)}",
            "",
        ]
    return "\n".join([*lines, *beside(), *table(), ""])


def contents() -> list[str]:
    """The recipes by family, a line each."""
    families: dict[str, list[str]] = {}
    for name, recipe in csched.RECIPES.items():
        families.setdefault(recipe.__module__, []).append(f"[{name}](#{name})")
    lines = []
    for module, links in families.items():
        about = (sys.modules[module].__doc__ or "").partition("\n")[0].partition(":")[0].rstrip(".")
        lines.append(f"- {about}: {', '.join(links)}")
    return [
        *lines,
        "- [Beside the recipes](#beside-the-recipes), [who has which shape](#who-has-which-shape)",
    ]


def beside() -> list[str]:
    """What recipes are used with."""
    lines = ["## Beside the recipes", ""]
    for name in ("Clock", *csched.recipes.HELPERS):
        text = inspect.getdoc(getattr(csched, name)) or ""
        if callable(getattr(csched, name)):
            lines.append(
                f"- `csched.{name}`: {plain(text.partition(chr(10))[0]).replace('``', '`')}"
            )
    return [*lines, ""]


def table() -> list[str]:
    """The table shape x library."""
    lines = [
        "## Who has which shape",
        "",
        "Names in other libraries. A name says little about off-by-ones, ends and defaults: "
        "`csched.presets` has these, number for number; [peers.md](peers.md) lists all of them.",
        "",
        "| recipe | " + " | ".join(LIBRARIES) + " |",
        "|" + " --- |" * (len(LIBRARIES) + 1),
    ]
    for name in csched.RECIPES:
        if peers := PEERS.get(name):
            cells = [peers.get(library, "") for library in LIBRARIES]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    alone = ", ".join(f"`{name}`" for name in csched.RECIPES if name not in PEERS)
    return [*lines, "", f"Under no name of their own in these five: {alone}."]


def picture(name: str) -> Figure:
    """One panel a curve, small."""
    schedule = schedule_of(name)
    figure = Figure(figsize=(WIDTH, HEIGHT * len(schedule)), dpi=DPI, layout="constrained")
    axes = figure.subplots(len(schedule), 1, squeeze=False, sharex=True)[:, 0]
    for ax, (label, curve) in zip(axes, schedule.items(), strict=True):
        steps = np.arange(schedule.steps + 1)
        ax.step(steps, curve(steps), where="post", linewidth=1.2, color="#1f5fa8")
        if name == "lr_range_test":
            ax.set_yscale("log")
        elif 0.0 <= min(curve(steps)) < 0.5 * max(curve(steps)):  # a momentum does not come near 0
            ax.set_ylim(bottom=0.0)
        ax.set_ylabel(label.replace("_", " "), fontsize=7)
        ax.tick_params(labelsize=6)
        ax.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    """Write the page and the pictures."""
    mpl.use("Agg")
    folder = HERE / "catalogue"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    for name in csched.RECIPES:
        picture(name).savefig(folder / f"{name}.png", metadata={"Software": None})
    (HERE / "catalogue.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
