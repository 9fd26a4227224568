from typing import Any, final

import numpy as np
import numpy.typing as npt

MAX_STEP: int
MAX_DEPTH: int
RULES: dict[str, int]
PROFILES: tuple[
    tuple[str, bool, bool, tuple[tuple[str, float, float, bool, float, bool], ...]], ...
]

@final
class Program:
    def __new__(cls, nodes: list[tuple[Any, ...]]) -> Program: ...
    def __call__(self, step: Any, /) -> Any: ...
    def fill(self, out: Any, start: int = 0, /) -> None: ...
    def gather(self, steps: npt.ArrayLike, /) -> np.ndarray[Any, Any]: ...
    def __sizeof__(self) -> int: ...

def fill_rows(programs: list[Program], out: Any, start: int = 0, /) -> None: ...
def squares(arrays: list[Any], part: int = 0, parts: int = 1) -> list[float]: ...
def update(
    rule: str,
    rows: list[tuple[Any, ...]],
    part: int = 0,
    parts: int = 1,
    *,
    rate: float,
    clip: float = 1.0,
    coupled: float = 0.0,
    keep: float = 1.0,
    momentum: float = 0.0,
    intake: float = 1.0,
    direct: float = 1.0,
    momentum2: float = 0.0,
    intake2: float = 1.0,
    root: float = 1.0,
    epsilon: float = 0.0,
) -> None: ...
def use_variant(name: str) -> None: ...
def variant() -> str: ...
def variants() -> tuple[str, ...]: ...
