"""Who calls what by which name: the table behind ``csched.presets.find``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from csched import _check

__all__ = ["FAMILIES", "Entry", "find"]


@dataclass(frozen=True)
class Entry:
    """A name in a library: the preset, the family of shapes it is in, and how it differs there."""

    library: str
    name: str
    family: str
    differs: str
    aliases: tuple[str, ...] = ()

    def __str__(self) -> str:
        also = f" ({', '.join(self.aliases)})" if self.aliases else ""
        return f"{self.library}.{self.name}{also}: {self.family}; {self.differs}"


FAMILIES: dict[str, list[tuple[str, str, str]]] = {
    "steps": [
        ("torch", "StepLR", "drops every step_size steps"),
        ("timm", "StepLRScheduler step", "warm-up in front; fractional intervals"),
        ("paddle", "StepDecay", "gamma below 1"),
        ("lrsched", "step_decay", "drop in (0, 1]"),
        ("fvcore", "StepParamScheduler", "equal parts of the whole"),
        ("fvcore", "StepWithFixedGammaParamScheduler", "equal parts of the whole"),
        ("ignite", "StepStateScheduler", "one step ahead"),
    ],
    "milestones": [
        ("torch", "MultiStepLR", "new value at the milestone"),
        ("timm", "MultiStepLRScheduler multistep", "one step before the milestone"),
        ("paddle", "MultiStepDecay", "new value at the milestone"),
        ("paddle", "PiecewiseDecay", "new value at the boundary"),
        ("lrsched", "multi_step", "new value at the milestone"),
        ("optax", "piecewise_constant_schedule", "a scale of its own each; new value at it"),
        ("keras", "PiecewiseConstantDecay", "old value still at the boundary"),
        ("fvcore", "MultiStepParamScheduler", "values, not factors"),
        ("ignite", "MultiStepStateScheduler", "one step ahead"),
    ],
    "linear": [
        ("torch", "LinearLR", "factors of the base rate"),
        ("optax", "linear_schedule", "transition_begin; no steps: init_value for ever"),
        ("transformers", "get_linear_schedule_with_warmup linear", "to 0, with warm-up"),
        ("fvcore", "LinearParamScheduler", "of the fraction of training"),
        ("lrsched", "linear", ""),
        ("pytorch_scheduler", "LinearDecayScheduler", "with warm-up"),
        ("pytorch_optimizer", "LinearScheduler linear", "first update at min_lr"),
        ("paddle", "LinearLR", "as torch"),
        ("fastai", "SchedLin", "of the fraction of training"),
        ("wolfe", "linear_decay", "repeats"),
        ("deepspeed", "WarmupDecayLR", "to 0; two updates at the lowest rate first"),
    ],
    "polynomial": [
        ("torch", "PolynomialLR", "to 0"),
        ("optax", "polynomial_schedule", ""),
        ("keras", "PolynomialDecay", "cycle stretches the horizon"),
        ("paddle", "PolynomialDecay", "cycle stretches the horizon"),
        ("timm", "PolyLRScheduler poly", "power 1/2 unless given; cycles, k_decay"),
        ("transformers", "get_polynomial_decay_schedule_with_warmup polynomial", "lr_end a rate"),
        ("fvcore", "PolynomialDecayParamScheduler", "to 0"),
        ("lrsched", "polynomial", ""),
        ("lrsched", "polynomial_decay", ""),
        ("pytorch_scheduler", "PolynomialScheduler", "cycle is a restart"),
        ("pytorch_optimizer", "PolyScheduler poly", "grows"),
        ("fastai", "SchedPoly", "1 - z**power, the mirrored shape"),
    ],
    "exponential": [
        ("torch", "ExponentialLR", "a factor a step"),
        ("optax", "exponential_decay", "a factor a period; staircase; end_value"),
        ("keras", "ExponentialDecay", "a factor a period; staircase"),
        ("paddle", "ExponentialDecay", "a factor a step"),
        ("paddle", "NaturalExpDecay", "exp(-gamma t)"),
        ("lrsched", "exponential", "a factor a step"),
        ("lrsched", "exponential_decay", "a factor a period"),
        ("fvcore", "ExponentialParamScheduler", "a factor for the whole run"),
        ("ignite", "ExpStateScheduler", "one step ahead"),
        ("fastai", "SchedExp", "between two values"),
        ("wolfe", "exp_decay", "exp(-4 z) of the range: ends above min_val; repeats"),
    ],
    "cosine": [
        ("torch", "CosineAnnealingLR", "climbs back past T_max"),
        ("paddle", "CosineAnnealingDecay", "climbs back past T_max"),
        ("optax", "cosine_decay_schedule", "holds; floor alpha times the peak"),
        ("optax", "warmup_cosine_decay_schedule", "holds; decay_steps is the whole"),
        ("keras", "CosineDecay", "holds; floor alpha times the peak; decay_steps without warm-up"),
        ("timm", "CosineLRScheduler cosine", "holds; the warm-up overlaps; cycles, k_decay"),
        ("transformers", "get_cosine_schedule_with_warmup cosine", "climbs back past the end"),
        (
            "transformers",
            "get_cosine_with_min_lr_schedule_with_warmup cosine_with_min_lr",
            "climbs back past the end",
        ),
        (
            "transformers",
            "get_cosine_with_min_lr_schedule_with_warmup_lr_rate cosine_warmup_with_min_lr",
            "one step ahead",
        ),
        ("fvcore", "CosineParamScheduler", "of the fraction of training"),
        ("lrsched", "cosine", "holds"),
        ("pytorch_scheduler", "CosineWithWarmupScheduler", "holds"),
        ("pytorch_scheduler", "KDecayScheduler", "z**k for z"),
        ("pytorch_scheduler", "ChebyshevScheduler", "read between the steps"),
        ("pytorch_optimizer", "CosineScheduler cosine", "climbs back; first update at min_lr"),
        ("fastai", "SchedCos", "of the fraction of training"),
        ("wolfe", "cos_decay", "repeats"),
    ],
    "flat, then cosine": [
        ("fastai", "fit_flat_cos", "the first 75 %"),
        ("pytorch_scheduler", "FlatCosineScheduler", "the first 70 %"),
        ("pytorch_scheduler", "WarmupHoldCosineScheduler", "after a warm-up"),
    ],
    "cosine with restarts": [
        ("torch", "CosineAnnealingWarmRestarts", "T_mult an int; for ever"),
        ("paddle", "CosineAnnealingWarmRestarts", "T_mult an int; for ever"),
        ("keras", "CosineDecayRestarts", "t_mul any number, cycles begin between steps; for ever"),
        ("lrsched", "cosine_restarts", "t_mult an int; for ever"),
        (
            "transformers",
            "get_cosine_with_hard_restarts_schedule_with_warmup cosine_with_restarts",
            "num_cycles equal cycles within the whole, then 0",
        ),
        ("timm", "CosineLRScheduler", "cycle_limit cycles, then lr_min"),
        ("ignite", "CosineAnnealingScheduler", "lengths rounded down; end_value never reached"),
        (
            "pytorch_optimizer",
            "CosineAnnealingWarmupRestarts cosine_annealing_with_warmup",
            "warm-up each cycle; gamma 0.9",
        ),
        ("pytorch_scheduler", "CosineAnnealingWarmupRestarts", "warm-up each cycle; gamma 1"),
        ("optax", "sgdr_schedule", "a list of cycles, each with its own arguments"),
        ("fastai", "fit_sgdr", "n_cycles cycles"),
        ("wolfe", "sgdr", "any profile"),
    ],
    "triangles": [
        ("torch", "CyclicLR", "momentum too, also where the SGD had none"),
        ("paddle", "CyclicLR", "no momentum"),
        ("lrsched", "triangular", "equal legs"),
        ("lrsched", "triangular2", "half as high each time"),
        ("lrsched", "exp_range", "gamma**t as high"),
        ("ignite", "LinearCyclicalScheduler", "begins at start_value"),
        ("wolfe", "cyclical", "any profile"),
        ("pytorch_scheduler", "SlantedTriangularScheduler", "one, slanted"),
    ],
    "one cycle": [
        ("torch", "OneCycleLR", "peak at pct_start * T - 1, end at T - 1"),
        ("paddle", "OneCycleLR", "torch's corners; absolute end; no momentum"),
        ("optax", "cosine_onecycle_schedule", "peak at int(pct_start * T), end at T"),
        ("optax", "linear_onecycle_schedule", "three legs; end at T"),
        ("lrsched", "one_cycle", "peak at round(pct_start * T), end max / final_div"),
        ("fastai", "fit_one_cycle", "peak at pct_start, also between steps; end never used"),
        ("deepspeed", "OneCycle", "a triangle, then 1 / (1 + rate t)"),
    ],
    "warm-up, stable, decay": [
        ("transformers", "get_wsd_schedule warmup_stable_decay", "cosine decay unless told"),
        ("timm", "WSDLRScheduler wsd rsqrt", "1 - sqrt decay unless told; warm-up in front"),
        ("lrsched", "warmup_stable_decay", "linear or 1 - sqrt"),
        ("pytorch_optimizer", "get_wsd_schedule warmup_stable_decay", "all but cosine go to 0"),
        ("pytorch_scheduler", "WSDScheduler", "cosine decay unless told"),
        ("pytorch_scheduler", "TrapezoidalScheduler", "linear decay"),
        ("megatron", "OptimizerParamScheduler WSD", "exponential decay unless told"),
        ("torchtitan", "LRScheduler", "(t + 1) / W up"),
    ],
    "inverse square root": [
        ("transformers", "get_inverse_sqrt_schedule inverse_sqrt", "timescale"),
        ("lrsched", "inverse_sqrt", "sqrt(W / t)"),
        ("pytorch_scheduler", "InverseSqrtScheduler", "sqrt(W / t)"),
        ("pytorch_scheduler", "PowerDecayScheduler", "any power; floor"),
        ("paddle", "NoamDecay", "0 at t = 0"),
    ],
    "inverse time": [
        ("keras", "InverseTimeDecay", "staircase"),
        ("paddle", "InverseTimeDecay", ""),
    ],
    "REX": [
        ("pytorch_optimizer", "REXScheduler rex", "beta 1/2, the paper's; first update at min_lr"),
        ("pytorch_scheduler", "RexScheduler", "beta 1/2, the paper's"),
        ("wolfe", "rex_decay", "beta 0.9; repeats"),
    ],
    "tanh": [
        ("timm", "TanhLRScheduler tanh", "lb -7, ub 3"),
        ("pytorch_scheduler", "TanhDecayScheduler", "symmetric, steepness 3"),
    ],
    "hyperbolic": [
        ("pytorch_scheduler", "HyperbolicLRScheduler", ""),
        ("pytorch_scheduler", "ExpHyperbolicLRScheduler", "of the logarithm"),
    ],
    "points": [
        ("optax", "piecewise_interpolate_schedule", "points are products of scales"),
        ("ignite", "PiecewiseLinear", "equal milestones jump"),
    ],
    "Chebyshev steps": [
        ("pytorch_optimizer", "get_chebyshev_schedule chebyshev", "factors up to 20"),
    ],
    "any function": [
        ("torch", "LambdaLR", "its values"),
        ("torch", "MultiplicativeLR", "its values"),
        ("paddle", "LambdaDecay", "its values"),
        ("ignite", "LambdaStateScheduler", "its values, one step ahead"),
    ],
    "range test": [
        ("deepspeed", "LRRangeTest", "linear; staircase"),
    ],
}
"""Family of shapes -> (library, name and what the library also calls it, how it differs)."""


def _entries() -> list[Entry]:
    made = []
    for family, rows in FAMILIES.items():
        for library, names, differs in rows:
            name, *aliases = names.split()
            made.append(Entry(library, name, family, differs, tuple(aliases)))
    return made


def _words(text: str) -> set[str]:
    parts = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+", text)
    return {p.lower() for p in parts} - {"with", "schedule", "scheduler", "lr", "get", "param"}


def find(name: str) -> list[Entry]:
    """Who calls what by this name, and how they differ.

    Entries whose name, alias or family holds all words of the name; spelling with capitals or
    underscores does not matter. The exact name comes first.

    >>> for entry in find("cosine_with_restarts")[:2]:
    ...     print(entry.library, entry.name)
    transformers get_cosine_with_hard_restarts_schedule_with_warmup
    torch CosineAnnealingWarmRestarts

    Raises
    ------
    ValueError
        If no library has such a name.

    """
    wanted = _words(name)
    scored = []
    for entry in _entries():
        own = [_words(n) for n in (entry.name, *entry.aliases)]
        exact = name in (entry.name, *entry.aliases)
        if exact or any(wanted <= w for w in own) or wanted <= _words(entry.family):
            scored.append((not exact, entry))
    if not wanted or not scored:
        names = [n for e in _entries() for n in (e.name, *e.aliases)] + list(FAMILIES)
        _check.choice("presets.find", "name", name, sorted(set(names)))
    return [entry for _, entry in sorted(scored, key=lambda pair: pair[0])]
