"""SGD, Adam and AdamW for NumPy arrays under a schedule: one pass over memory, in C."""

from __future__ import annotations

import math
from typing import ClassVar

from csched import _check, legal
from csched.curve import Curve
from csched.schedule import Schedule
from csched.updating import Arrays, Given, Optimizer

__all__ = ["SGD", "Adam", "AdamW"]


class SGD(Optimizer):
    """Stochastic gradient descent with momentum, in place.

    Update t, with lr, mu (momentum) and wd (weight decay) read at t, for every parameter w with
    gradient g::

        g <- g * min(1, max_norm / (norm + 1e-6))     with max_norm; the norm over all gradients
        g <- g + wd w                                 or, decoupled,  w <- w - lr wd w
        v <- mu v + (1 - dampening) g                 the first time  v <- g
        w <- w - lr v                                 Nesterov:  w <- w - lr (g + mu v)

    and with ``lr_inside_velocity``::

        v <- mu v - (1 - dampening) lr g              the first time  v <- -lr g
        w <- w + v                                    Nesterov:  w <- w + mu v - lr g

    The first form is that of ``torch.optim.SGD``; the second that of Keras and Caffe, and of the
    SGDR and CLR papers. For a constant lr they are one. Where the schedule jumps, the first
    rescales the whole velocity at once, and the velocity of the second remembers the old lr.

    Parameters
    ----------
    params : list or dict of ndarray
        float64 or float32, writable, any stride; updated in place. Arrays without gaps, whose
        gradients lie in the same order, take the fast path.
    schedule : Schedule or Curve
        ``lr``, and if wanted ``momentum`` and ``weight_decay``; a Curve is ``lr``.
    momentum, weight_decay : float, default 0
        For what the schedule does not have: momentum in [0, 1), weight_decay at least 0.
    nesterov : bool
        Needs a momentum and no dampening.
    dampening : float in [0, 1], default 0
        Share of the gradient kept out of the velocity from a parameter's second update on.
    decoupled_weight_decay : bool
        Shrink w by it instead of adding it to g.
    lr_inside_velocity : bool
        The second form.
    max_norm : float, optional
        Largest norm of all gradients together, positive. They are only read: the factor is part
        of the update.
    threads : int, default 1
        More can pay from 1e6 elements on, if other cores are free. The bits are the same.

    Raises
    ------
    TypeError, ValueError
        If an argument is outside what is said above, if the schedule has a curve of another
        name, or if one of its first 2**20 values leaves the range of its name. Later values are
        checked when they are used.

    Notes
    -----
    Without ``max_norm`` the bits are those of ``torch.optim.SGD`` on CPUs with fused
    multiply-add (x86-64 since 2013, arm64), also where torch skips the velocity because a
    scheduled momentum is 0. With it they differ as the norms do: this one is summed in float64, to
    2e-15; torch's of float32 gradients was off by 4e-4 for 1e7 elements.

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013;
    Loshchilov, Hutter, "SGDR", 2017, eq. 3-4, https://arxiv.org/abs/1608.03983, and "Decoupled
    Weight Decay Regularization", 2019, algorithm 1, https://arxiv.org/abs/1711.05101.

    Examples
    --------
    The loss w**2 / 2, whose gradient is w: a step of 0.1, then one of 0.18.

    >>> import csched.numpy
    >>> import numpy as np
    >>> w = np.array([1.0])
    >>> lr = csched.curve("constant", 0.1, steps=100)
    >>> sgd = csched.numpy.SGD([w], lr, momentum=0.9)
    >>> for _ in range(2):
    ...     sgd.step([w])
    ...     print(w.round(12))
    [0.9]
    [0.72]
    >>> sgd.position, sgd.last_applied()
    (2, {'lr': 0.1, 'momentum': 0.9, 'weight_decay': 0.0})
    """

    where = "csched.numpy.SGD"
    state_names = ("velocity",)
    below: ClassVar = legal.below("lr", "momentum", "weight_decay")

    def __init__(
        self,
        params: Arrays,
        schedule: Schedule | Curve,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        lr_inside_velocity: bool = False,
        max_norm: float | None = None,
        threads: int = 1,
    ) -> None:
        constants = {
            "momentum": self._number("momentum", momentum),
            "weight_decay": self._number("weight_decay", weight_decay),
        }
        settings = {
            **constants,
            "nesterov": bool(nesterov),
            "dampening": _check.real(self.where, "dampening", dampening, 0.0, 1.0),
            "decoupled_weight_decay": bool(decoupled_weight_decay),
            "lr_inside_velocity": bool(lr_inside_velocity),
            "max_norm": _max_norm(self.where, max_norm),
        }
        super().__init__(params, schedule, constants, settings, threads)
        for name, value in constants.items():
            if value and name in self._schedule:
                _check.fail(self.where, name, "left out, as the schedule has it", value)
        if nesterov and (dampening or self._constants.get("momentum") == 0.0):
            given = {"momentum": momentum, "dampening": dampening}
            _check.fail(self.where, "nesterov", "with momentum and without dampening", given)

    def _update(self, values: dict[str, float], given: Given, lie: int, clip: float) -> None:
        lr, mu, settings = values["lr"], values["momentum"], self._settings
        inside = settings["lr_inside_velocity"]
        coupled, keep = _decay(settings["decoupled_weight_decay"], lr, values["weight_decay"])
        update = self._updater(lie)
        if mu == 0.0 and not (inside and "momentum" in self._schedule):
            lists = self._without_state(given, lie)
            update("plain", lists, clip=clip, coupled=coupled, keep=keep, rate=-lr)
            return
        direct, rate = (-lr, 1.0) if inside else (1.0, -lr)
        damped = direct * (1.0 - settings["dampening"])
        rule = "nesterov" if settings["nesterov"] else "momentum"
        for count, lists in self._with_state(given, lie):
            update(
                rule,
                lists,
                clip=clip,
                coupled=coupled,
                keep=keep,
                rate=rate,
                momentum=mu,
                intake=direct if count == 1 else damped,
                direct=direct,
            )


class Adam(Optimizer):
    """Adam, in place; the weight decay is part of the gradient.

    Update t, with lr, b1 (``momentum``) and wd (weight decay) read at t, for every parameter w
    with gradient g, in its k-th update (k counts from 1)::

        g <- g * min(1, max_norm / (norm + 1e-6))     with max_norm; the norm over all gradients
        g <- g + wd w
        m <- m + (1 - b1) (g - m)
        s <- b2 s + (1 - b2) g g
        w <- w - lr / (1 - b1**k) m / (sqrt(s) / sqrt(1 - b2**k) + eps)

    Parameters
    ----------
    params, max_norm, threads
        As for :class:`SGD`.
    schedule : Schedule or Curve
        ``lr``, and if wanted ``momentum`` (or ``betas[0]``, the same), ``betas[1]`` and
        ``weight_decay``; a Curve is ``lr``.
    betas : pair of float in [0, 1), default (0.9, 0.999)
        For what the schedule does not have.
    eps : float, default 1e-8
        At least 0.
    weight_decay : float, default 0
        At least 0.

    Raises
    ------
    TypeError, ValueError
        As for :class:`SGD`.

    Notes
    -----
    The bits of both moments are those of ``torch.optim.Adam``. The steps differ in 5 % of float32
    elements, by up to 4 ulp: torch's square root is not correctly rounded, this one is. As there,
    the bias correction takes the betas of the update, also when they are scheduled.

    References
    ----------
    Kingma, Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1,
    https://arxiv.org/abs/1412.6980.

    Examples
    --------
    The first step is lr, whatever the gradient.

    >>> import csched.numpy
    >>> import numpy as np
    >>> w = {"a": np.array([1.0, 1.0])}
    >>> adam = csched.numpy.Adam(w, csched.curve("linear", 0.1, 0.0, 10))
    >>> adam.step({"a": np.array([5.0, -0.01])})
    >>> w["a"].round(6)
    array([0.9, 1.1])
    """

    where = "csched.numpy.Adam"
    state_names = ("mean", "mean_square")
    below: ClassVar = legal.below("lr", "momentum", "betas[0]", "betas[1]", "weight_decay")
    _decoupled: ClassVar = False

    def __init__(
        self,
        params: Arrays,
        schedule: Schedule | Curve,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        max_norm: float | None = None,
        threads: int = 1,
    ) -> None:
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            _check.fail_type(self.where, "betas", "a pair of numbers", betas)
        constants = {
            "betas[0]": self._number("betas[0]", betas[0]),
            "betas[1]": self._number("betas[1]", betas[1]),
            "weight_decay": self._number("weight_decay", weight_decay),
        }
        settings = {
            "betas": [constants["betas[0]"], constants["betas[1]"]],
            "eps": _check.real(self.where, "eps", eps, 0.0),
            "weight_decay": constants["weight_decay"],
            "max_norm": _max_norm(self.where, max_norm),
        }
        super().__init__(params, schedule, constants, settings, threads)
        if "momentum" in self._schedule:
            if "betas[0]" in self._schedule:
                names = ["momentum", "betas[0]"]
                _check.fail(self.where, "the curves of schedule", "without one of the two", names)
            del constants["betas[0]"]
            self._follow(self._schedule, constants)

    def _update(self, values: dict[str, float], given: Given, lie: int, clip: float) -> None:
        lr, b2 = values["lr"], values["betas[1]"]
        b1 = values["momentum"] if "momentum" in values else values["betas[0]"]
        coupled, keep = _decay(self._decoupled, lr, values["weight_decay"])
        update = self._updater(lie)
        for count, lists in self._with_state(given, lie):
            update(
                "adam",
                lists,
                clip=clip,
                coupled=coupled,
                keep=keep,
                rate=-(lr / (1.0 - b1**count)),
                intake=1.0 - b1,
                momentum2=b2,
                intake2=1.0 - b2,
                root=math.sqrt(1.0 - b2**count),
                epsilon=self._settings["eps"],
            )


class AdamW(Adam):
    """Adam with decoupled weight decay: ``w <- w - lr wd w`` in place of ``g <- g + wd w``.

    Parameters, notes and errors as for :class:`Adam`, but for the default weight decay of 0.01.

    References
    ----------
    Loshchilov, Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2, with lr also
    on the decay, as in ``torch.optim.AdamW``; https://arxiv.org/abs/1711.05101.

    Examples
    --------
    Without a gradient only the decay is left.

    >>> import csched.numpy
    >>> import numpy as np
    >>> w = np.array([1.0])
    >>> lr = csched.curve("constant", 0.5, steps=10)
    >>> csched.numpy.AdamW([w], lr, weight_decay=0.25).step([np.array([0.0])])
    >>> w
    array([0.875])
    """

    where = "csched.numpy.AdamW"
    _decoupled: ClassVar = True

    def __init__(
        self,
        params: Arrays,
        schedule: Schedule | Curve,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        max_norm: float | None = None,
        threads: int = 1,
    ) -> None:
        super().__init__(
            params,
            schedule,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            max_norm=max_norm,
            threads=threads,
        )


def _decay(decoupled: bool, lr: float, decay: float) -> tuple[float, float]:
    """The coefficients of the weight decay: coupled, keep."""
    return (0.0, 1.0 - lr * decay) if decoupled else (decay, 1.0)


def _max_norm(where: str, value: float | None) -> float | None:
    return None if value is None else _check.real(where, "max_norm", value, 0.0, open_low=True)
