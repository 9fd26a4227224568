"""The scheduler: a position, and the groups whose hyperparameters follow it.

Design
a) The position is the only state. The value that update t uses is value(t); it is written when
   the position becomes t, so the constructor writes value(0).
b) Moving and writing are done by ``csched/writer.pxi``, finding the groups and what drives them by
   ``attaching.py``; here is what a user calls, but for what only looks (``reading.py``) and what
   devices do alone (``replaying.py``).
c) Nothing on the optimizer is replaced. It owns two public hooks, and who holds whom never makes
   a circle: driven by hand, the scheduler holds the optimizer; driven by the optimizer, the
   optimizer holds the scheduler.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

from torch.optim import Optimizer

from csched import _check
from csched.curve import Curve
from csched.plain import FORMAT
from csched.plateau import Plateau
from csched.schedule import Schedule
from csched.torch import checking, hooks
from csched.torch import state as states
from csched.torch.attaching import Attachment
from csched.torch.binding import WHERE, Followed
from csched.torch.factors import Factors
from csched.torch.replaying import Replaying

Groups = Schedule | Curve | Mapping[Any, Schedule | Curve]


class Scheduler(Replaying):
    """A schedule in a PyTorch optimizer: takes the place of ``torch.optim.lr_scheduler``.

    Update t uses value(t), t counted from 0; value(0) is written at once. Call ``step()`` after
    every update, or let the optimizer drive.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Nothing on it is patched; ``detach()`` puts back what was there.
    schedule : Schedule, Curve, or mapping
        Names are keys of the parameter groups: ``lr``, ``weight_decay``, any other, or one entry
        of a tuple: ``betas[1]``. ``momentum`` is ``betas[0]`` where a group has only betas. A
        Curve is an lr. A mapping gives schedules by group: its ``"name"``, its index, ``"*"`` for
        the others. Groups that no rule covers keep what they have; ``bindings()`` shows them.
    scale : str or mapping, optional
        The lr of a group is multiplied by it: the key under which groups hold their factor
        (``"lr_scale"``; 1 where it is missing), ``"lr"`` for the lr a group was built with, or
        factors by name (also of groups to come), index and ``"*"``.
    drive : "step", "optimizer" or Scheduler, default "step"
        Who moves the position: calls of ``step()``; every update the optimizer makes (those that
        a GradScaler skips are none); or another scheduler, for several optimizers on one clock.
    storage : "keep", "buffer" or "device", default "keep"
        "keep": floats stay floats, and tensors stay the tensors they are and are filled in place.
        "buffer": every lr becomes a 0-dim view of one float32 tensor a device, filled by one
        write whatever the number of groups; for compiled steps: others, on a GPU, may wait for it
        at every update (SGD that is not fused, Adam not capturable). "device": as "buffer", and the
        values of the steps to come lie on the device with a counter, for every key that the
        optimizer reads there: a step is two launches, and ``step_on_device()`` may be captured in
        a CUDA graph with the update and replayed by ``replay(graph)``. A capture of an update that
        reads a number of ours from the host is refused: the graph would hold it for ever.
    extra : iterable of str, optional
        Curves that go to no optimizer, such as a batch size; read them with ``value(name)``.
    plateau : csched.plateau.Plateau, optional
        Multiplies every lr; ``observe(metric)`` feeds it. Schedulers on one clock may share one:
        it is fed by one of them and holds for all.
    foreign : "overwrite" or "raise", default "overwrite"
        What a step does with a number of ours that other code has written: write its own value
        without a look, or look at all of them first and raise. ``assert_synced()`` looks now.
        Tensors of ours that were replaced go back at a step; with "buffer" and "device", where that
        would cost more than the step, four groups are looked at a step, in turn.

    Raises
    ------
    ValueError, TypeError
        For a key that a group lacks, a curve that leaves the range of its key (lr below 0, a beta
        or momentum of 1 or more), a tensor that is no float or shared by groups that differ, and
        for a key of a group that another scheduler drives.

    Notes
    -----
    ``state_dict()`` is plain JSON: the position and the spec. Restoring works in any order of
    building, loading the optimizer and loading the scheduler; ``seek(t)`` alone does too.

    With ``drive="optimizer"`` copies and pickles of the optimizer do not take the scheduler along,
    as torch drops hooks there.

    Examples
    --------
    >>> import torch, csched, csched.torch
    >>> optimizer = torch.optim.SGD([torch.zeros(3, requires_grad=True)], lr=0.1, momentum=0.9)
    >>> s = csched.torch.Scheduler(optimizer, csched.linear(0.4, steps=4))
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     s.step()
    >>> s.position, optimizer.param_groups[0]["lr"]
    (3, 0.1)
    >>> s.seek(1)
    >>> s.get_last_lr()
    [0.30000000000000004]

    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedule: Groups,
        *,
        scale: str | Mapping[Any, float] | None = None,
        drive: Literal["step", "optimizer"] | Scheduler = "step",
        storage: Literal["keep", "buffer", "device"] = "keep",
        extra: Iterable[str] = (),
        plateau: Plateau | None = None,
        foreign: Literal["overwrite", "raise"] = "overwrite",
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            _check.fail_type(WHERE, "optimizer", "a torch.optim.Optimizer", optimizer)
        if not isinstance(drive, Scheduler):
            _check.choice(WHERE, "drive", drive, ["step", "optimizer"])
        if not (scale is None or isinstance(scale, (str, Mapping))):
            _check.fail_type(WHERE, "scale", "a key, a mapping of groups to factors or None", scale)
        if not (plateau is None or isinstance(plateau, Plateau)):
            _check.fail_type(WHERE, "plateau", "a csched.plateau.Plateau or None", plateau)
        self._held = Attachment(
            schedule,
            scale,
            _check.choice(WHERE, "storage", storage, ["keep", "buffer", "device"]),
            (extra,) if isinstance(extra, str) else tuple(extra),
        )
        self._drive = drive
        self._factors = Factors(plateau, self)
        self._foreign = _check.choice(WHERE, "foreign", foreign, ["overwrite", "raise"])
        self._handles: list[Any] = []
        self._guards: list[Any] = []
        self._memory: checking.Memory | None = None
        self._attach(optimizer)

    # --- attaching -------------------------------------------------------------------------

    def _attach(self, optimizer: Optimizer) -> None:
        self._held.bind(optimizer)
        by_optimizer = self._drive == "optimizer"
        weak = weakref.ref(optimizer)
        self._own(None if by_optimizer else optimizer, weak, self._drive == "step")
        self._watched(self._foreign == "raise")
        self._take()
        inner = hooks.innermost(optimizer)
        self._handles = [
            inner.register_load_state_dict_post_hook(hooks.rebinder(weakref.ref(self)))
        ]
        if by_optimizer:
            self._handles.append(inner.register_step_post_hook(self._after_update))
        self._write_now()
        if isinstance(self._drive, Scheduler):
            self._drive._lead(self)

    def _take(self) -> None:
        """Drive the bound groups from here on."""
        self._aim(*self._held.aim(self._factors.curve(), max(self.position, 0)))
        if not self._guards and (found := hooks.frozen(self._held.bounds)):
            guard = hooks.capture_guard(weakref.ref(self), set(found.values()))
            self._guards = [hooks.innermost(self.optimizer).register_step_pre_hook(guard)]

    def _rebind(self) -> None:
        """Find the groups again after the optimizer's list of them changed."""
        told = self.position
        if self._ask() not in (told, None):  # a step from `told` on would go back
            hint = "or state_dict() called, which asks the device"
            _check.fail(WHERE, "replays", "counted before groups change", told, hint)
        self._held.bind_again(self.optimizer)
        self._take()

    def _put_back(self) -> None:
        self._held.put_back()

    def rebind(self) -> bool:
        """Find the groups and put our tensors and values back; whether to capture a graph again.

        Nothing else needs it: steps and ``optimizer.load_state_dict`` do it by themselves. True at
        the first call, and where a tensor that an update reads or writes (parameter, state,
        hyperparameter) is another or lies elsewhere than at the last one: call it before a
        capture, and after what may replace tensors, such as loading or adding groups.
        """
        if self.optimizer is None:
            _check.fail(f"{WHERE}.rebind", "scheduler", "attached to an optimizer", None)
        self._ask()
        self._rebind()
        self._write_now()
        before, self._memory = self._memory, checking.memory(self.optimizer)
        return before is None or not checking.same_memory(before, self._memory)

    def detach(self) -> None:
        """Put back what was in the groups before, and let go of the optimizer."""
        for handle in self._handles + self._guards:
            handle.remove()
        self._held.let_go(self.optimizer)
        if isinstance(self._drive, Scheduler):
            self._drive._release(self)
        self._handles, self._guards = [], []
        self._own(None, _nothing, False)
        self._aim([], [], [], [], [], None)

    # --- moving ----------------------------------------------------------------------------

    def seek(self, t: int) -> None:
        """Go to a position and write its values; any order, any number of times."""
        t = _check.integer(f"{WHERE}.seek", "t", t, 0)
        self._ask()
        self._jump(t, t - 1)

    def advance(self, n: int = 1, *, updated: bool = True) -> None:
        """Move n positions on: for clocks in tokens, and for updates that may be skipped.

        >>> import torch, csched, csched.torch
        >>> optimizer = torch.optim.SGD([torch.zeros(3)], lr=0.1)
        >>> s = csched.torch.Scheduler(optimizer, csched.linear(0.1, steps=10_000))
        >>> s.advance(512)
        >>> s.advance(512, updated=False)
        >>> s.position
        512
        """
        n = _check.integer(f"{WHERE}.advance", "n", n, 0)
        if not self._by_hand_now():
            self._refuse()
        self._ask()
        self._look()
        if updated and n:
            self._step_count += 1
            self._jump(self.position + n, self.position)

    def observe(self, metric: Any) -> bool:
        """Feed the plateau a metric, already reduced over ranks; whether the rates fall now."""
        plateau = self._factors.plateau
        if plateau is None:
            _check.fail(f"{WHERE}.observe", "plateau", "given at construction", None)
        self._ask()
        falls = plateau.observe(metric, self.position)
        if falls:
            self._tell()
        return falls

    def _tell(self) -> None:
        """Let all that share the plateau follow it."""
        for scheduler in self._factors.sharing(self):
            scheduler._ask()
            scheduler._take()
            scheduler._write_now()

    def scale(self, factor: float, from_t: int | None = None) -> None:
        """Multiply every lr by a factor from a step on: a change by hand, kept in the state.

        ``from_t`` is the update about to be made where it is not given, and not before it. Factors
        multiply, so ``scale(1 / factor)`` ends one.

        >>> import torch, csched, csched.torch
        >>> optimizer = torch.optim.SGD([torch.zeros(3)], lr=0.1)
        >>> s = csched.torch.Scheduler(optimizer, csched.linear(0.4, steps=4))
        >>> s.scale(0.5, from_t=2)
        >>> [values["lr"] for t in range(4) for values in s.values_at(t)]
        [0.4, 0.30000000000000004, 0.1, 0.05]
        """
        self._ask()
        self._factors.scale(factor, from_t, max(self.position, 0), self._held.bounds)
        self._take()
        self._write_now()

    def _refuse(self) -> None:
        reason = "not called on a detached scheduler"
        if self._held.bounds:
            reason = "not called where the optimizer or another scheduler drives"
        _check.fail(WHERE, "step()", reason, self._drive)

    def _look(self) -> None:
        """Refuse what other code wrote, where that was asked for."""
        if self._foreign == "raise":
            groups = [b.group for b in self._held.bounds]
            checking.untouched(f"{WHERE}.step", self._held, groups, max(self.position, 0), False)

    # --- saving ----------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Position and spec as plain JSON types; waits for a device that moved by itself."""
        if self._ask() is None:
            hint = "the rates have become NaN; go back to a checkpoint"
            _check.fail(WHERE, "replays", "counted once each by replayed()", self.position, hint)
        return {
            "csched": FORMAT,
            "position": max(self.position, 0),
            "schedule": self._held.spec(),
            **self._factors.state_dict(),
        }

    def load_state_dict(
        self, state: Mapping[str, Any], spec: Literal["mine", "saved"] | None = None
    ) -> None:
        """Go to the saved position and write its values at once.

        Parameters
        ----------
        state : mapping
            What ``state_dict()`` returned.
        spec : "mine", "saved" or None, default None
            Which schedule, scales and plateau to follow if they differ. None: raise and name the
            fields.

        Raises
        ------
        ValueError, TypeError
            For another kind of state, a format that is unknown, or a schedule that differs.

        """
        state = states.checked(state)
        if spec is None:
            here = self._held.spec()
            options = self._factors.options()
            saved = state.get("plateau") and state["plateau"].get("options")
            states.check_same({**state["schedule"], "plateau": saved}, {**here, "plateau": options})
        else:
            _check.choice(states.WHERE, "spec", spec, ["mine", "saved"])
        plateau = self._factors.read(state, spec == "saved")
        if spec == "saved":
            self._held.adopt(state["schedule"])
        self._factors.load_state_dict(state, plateau)
        self._tell()
        self.seek(state["position"])

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = {
            "scale": self._held.scale,
            "drive": self._drive,
            "storage": self._held.storage,
            "extra": self._held.extra,
            "plateau": self._factors.plateau,
            "foreign": self._foreign,
        }
        by_hand, optimizer = self._factors.by_hand, self.optimizer
        followed = self._held.followed(optimizer)
        return _rebuild, (optimizer, followed, arguments, self.position, by_hand)

    # --- what torch's own compositions call ------------------------------------------------

    def _epoch(self, epoch: Any) -> int:
        hint = "a metric goes to observe()"
        return _check.integer(f"{WHERE}.step", "epoch", epoch, 0, hint=hint)

    def _initial_step(self) -> None:
        self._step_count = 1
        self.seek(0)

    def _update_lr(self, epoch: int | None = None) -> None:
        self.seek(self.position + 1 if epoch is None else epoch)


def _nothing() -> None:
    """The optimizer of a detached scheduler."""


def _rebuild(
    optimizer: Optimizer,
    followed: Followed,
    arguments: dict[str, Any],
    position: int,
    by_hand: tuple[tuple[int, float], ...],
) -> Scheduler:
    made = Scheduler(optimizer, cast(Groups, followed), **arguments)
    made._factors.by_hand = by_hand
    made._take()
    made.seek(position)
    return made
