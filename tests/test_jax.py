"""csched.jax: the schedule inside jit, vmap, scan, grad, on several devices, optax, checkpoints."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint
import pytest
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

import csched
from csched import jax as cj

COSINE = csched.curve("cosine", 0.1, 0.001, 90).warmup(10)
CURVES = {
    "warmup_cosine": COSINE,
    "rex_every": csched.curve("rex", 0.5, 0.01, 100, sampling=csched.every(7)),
    "steps": csched.curve("exponential", 0.1, 0.001, 100, sampling=csched.at(0.5, 0.75)),
    "sgdr": csched.curve("cosine", 1.0, 0.0, 10).repeat(4, length_mult=2, peak_mult=0.5),
    "triangle": csched.curve("linear", 0.0, 1.0, 8).then(csched.curve("linear", 1.0, 0.0, 8)),
    "endless": csched.curve("rex", 0.3, 0.0, 9).repeat().warmup(5),
    "product": csched.curve("linear", 1.0, 0.0, 50) * csched.curve("cosine", 1.0, 0.5, 12).repeat(),
    "sum": csched.curve("linear", 1.0, 0.0, 50) + 0.25,
    "table": csched.curve("table", 1.0, 0.1, 40, points=[1.0, 0.7, 0.1, 0.0]),
    "clip": COSINE.clip(0.02, 0.08),
    "rounded": (256 * csched.curve("linear", 1.0, 4.0, 60)).rounded(32),
    "window": COSINE[20:70],
    "cooldown": COSINE.cooldown(60, 20, "one_minus_sqrt"),
    "noisy": COSINE.noisy(0.1, seed=3, stop=100),
}


@pytest.fixture(params=CURVES, name="curve")
def _curve(request):
    return CURVES[request.param]


def bits(values):
    return np.asarray(values, np.float32).view(np.uint32)


def test_table_is_the_float32_curve_and_its_tail_bit_for_bit(curve):
    n = 3 * curve.steps + 20
    got = jax.jit(jax.vmap(cj.as_schedule(curve)))(jnp.arange(n))
    assert np.array_equal(bits(got), bits(curve.values(0, n, dtype=np.float32)))


@pytest.mark.parametrize("count", [2**31 - 1, 10**12])
def test_counts_far_past_the_end_follow_the_tail(curve, count):
    assert float(cj.as_schedule(curve)(count)) == np.float32(curve(count))


def test_negative_counts_give_the_first_value(curve):
    s = cj.as_schedule(curve)
    assert float(s(-1)) == float(jax.jit(s)(jnp.int32(-(2**31)))) == np.float32(curve(0))


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.uint8, np.uint32])
def test_any_integer_dtype_counts(dtype):
    s = cj.as_schedule(COSINE)
    assert float(s(dtype(100))) == np.float32(COSINE(100))
    assert s(dtype(100)).dtype == jnp.float32


def test_the_largest_unsigned_count_does_not_wrap():
    assert float(cj.as_schedule(COSINE)(np.uint32(2**32 - 1))) == np.float32(0.001)


@pytest.mark.parametrize("of_64_bits", [False, True])
@pytest.mark.parametrize("make", [np.int64, np.uint64, lambda t: np.array([t]), jnp.asarray])
def test_counts_beyond_32_bits_do_not_wrap(of_64_bits, make):
    """Of NumPy in either mode; of JAX where it has them."""
    if make is jnp.asarray and not of_64_bits:
        return
    long, far = csched.curve("linear", 1.0, 0.5, 10**13), 5 * 10**12 + 7
    with jax.enable_x64(of_64_bits):
        count = make(far)
        calls = [lambda s: s(count)] + [lambda s: jax.jit(s)(count)] * of_64_bits
        for call in calls:
            assert call(cj.as_schedule(long, two_words=True)) == np.float32(long(far))
            assert call(cj.as_schedule(CURVES["endless"])) == np.float32(CURVES["endless"](far))
        if make is not jnp.asarray:
            with pytest.raises(ValueError, match=r"below 2\*\*31, got 5000000000007; .*two_words"):
                cj.as_schedule(long, "closed")(count)


def test_counts_far_below_0_give_the_first_value():
    for s in (cj.as_schedule(COSINE), cj.as_schedule(COSINE, "closed")):
        assert s(-(2**40)) == s(np.int64(-(2**40) + 7)) == s(0)
    two = cj.as_schedule(COSINE, two_words=True)
    assert two(jnp.uint32(2**32 - 1)) == np.float32(0.001)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: cj.as_schedule(0.1), TypeError, "curve must be a Curve, got 0.1"),
        (lambda: cj.as_schedule(COSINE.tail("raise")), ValueError, "without tail 'raise'"),
        (lambda: cj.as_schedule(COSINE.noisy(0.1)), ValueError, "give noisy"),
        (lambda: cj.as_schedule(-1e40 * COSINE), ValueError, "the largest float32, got "),
        (lambda: cj.as_schedule(COSINE)(1.5), TypeError, "count must be an integer, got 'float32'"),
        (lambda: cj.as_schedule(COSINE)((0, 1)), ValueError, "one integer, got .*two_words=True"),
        (lambda: cj.as_schedule(COSINE, two_words=True)((0.5, 1)), TypeError, "an integer"),
        (lambda: cj.as_schedule(ONE_CYCLE), TypeError, "csched.jax.hyperparams takes all"),
        (lambda: cj.hyperparams(COSINE), TypeError, "schedule must be a Schedule"),
        (lambda: cj.hyperparams(csched.linear(-0.1, 9)), ValueError, "at every step, got -0.1"),
        (lambda: cj.as_schedule(COSINE.extend(2**31), "table"), ValueError, "mode 'closed'"),
    ],
)
def test_what_jax_cannot_do_is_refused_by_name(make, error, text):
    with pytest.raises(error, match=text):
        make()


# --- transformations ------------------------------------------------------------------------


def test_scan_sees_the_value_of_every_count():
    def body(count, _):
        return count + 1, cj.as_schedule(COSINE)(count)

    _, got = jax.jit(lambda: jax.lax.scan(body, jnp.int32(0), None, length=120))()
    assert np.array_equal(bits(got), bits(COSINE.values(0, 120, dtype=np.float32)))


def test_a_schedule_made_under_jit_leaks_no_tracer():
    made = []
    jax.jit(lambda t: made.append(cj.as_schedule(COSINE)) or t)(0)
    assert float(made[0](10)) == np.float32(0.1)


def test_grad_through_a_training_loop_sees_the_schedule():
    """w_(t+1) = w_t (1 - lr_t): d w_T / d w_0 is the product over the loop."""
    schedule = cj.as_schedule(COSINE)

    def trained(w):
        step = lambda t, w: w - schedule(t) * jax.grad(lambda v: v * v / 2)(w)  # noqa: E731
        return jax.lax.fori_loop(0, 40, step, w)

    expected = np.prod(1.0 - COSINE.values(0, 40))
    np.testing.assert_allclose(jax.jit(jax.grad(trained))(3.0), expected, rtol=40 * 2**-23)


def test_shard_map_on_four_devices_gives_each_its_values():
    mesh = Mesh(np.array(jax.devices()[:4]), ("i",))
    assert mesh.size == 4
    schedule = cj.as_schedule(COSINE)
    shard = jax.shard_map(jax.vmap(schedule), mesh=mesh, in_specs=P("i"), out_specs=P("i"))
    counts = jnp.arange(120)
    want = bits(COSINE.values(0, 120, dtype=np.float32))
    assert np.array_equal(bits(jax.jit(shard)(counts)), want)
    split = jax.device_put(counts, NamedSharding(mesh, P("i")))
    assert np.array_equal(bits(jax.jit(jax.vmap(schedule))(split)), want)


@pytest.mark.parametrize("mode", ["table", "closed"])
def test_pmap_trains_every_replica_with_value_t_in_update_t(mode):
    optimizer = optax.sgd(cj.as_schedule(COSINE, mode))

    def update(w, state, g):
        updates, state = optimizer.update(jax.lax.pmean(g, "i"), state)
        return optax.apply_updates(w, updates), state, updates

    update = jax.pmap(update, axis_name="i")
    w = jnp.zeros(4)
    state, used = jax.vmap(optimizer.init)(w), []
    for _ in range(30):
        w, state, updates = update(w, state, jnp.array([-1.0, -3.0, 1.0, -1.0]))
        used.append(updates)
    got = np.stack(used)
    assert got.shape == (30, 4)
    one_device = jax.jit(jax.vmap(cj.as_schedule(COSINE, mode)))(jnp.arange(30))
    assert np.array_equal(bits(got), bits(np.repeat(one_device[:, None], 4, 1)))
    if mode == "table":
        assert np.array_equal(bits(got[:, 3]), bits(COSINE.values(0, 30, dtype=np.float32)))


def test_donated_state_leaves_the_schedule_alive():
    optimizer = optax.sgd(cj.as_schedule(COSINE))
    params, seen = jnp.ones(3), []
    state = optimizer.init(params)

    def update(params, state):
        updates, state = optimizer.update(jnp.ones(3), state)
        return optax.apply_updates(params, updates), state

    update = jax.jit(update, donate_argnums=(0, 1))
    for _ in range(5):
        params, state = update(params, state)
        seen.append(float(params[0]))
    np.testing.assert_allclose(seen, 1 - np.cumsum(COSINE.values(0, 5)), rtol=5 * 2**-24)


# --- optax ----------------------------------------------------------------------------------


def test_sgd_subtracts_value_t_in_update_t():
    optimizer = optax.sgd(cj.as_schedule(COSINE))
    state, used = optimizer.init(0.0), []
    step = jax.jit(optimizer.update)
    for _ in range(110):
        update, state = step(jnp.float32(-1.0), state)
        used.append(update)
    assert np.array_equal(bits(used), bits(COSINE.values(0, 110, dtype=np.float32)))


ONE_CYCLE = csched.one_cycle(peak=0.1, steps=60)


def heavy_ball(schedule, n):
    """SGD with momentum on gradient 1, in float32: v = m v + g, w = w - lr v."""
    values = schedule.values(0, n, dtype=np.float32)
    w = v = np.float32(0.0)
    for rate, momentum in zip(values["lr"], values["momentum"], strict=True):
        v = np.float32(1.0) + momentum * v
        w = w - rate * v
    return w


def test_inject_hyperparams_schedules_lr_and_momentum_from_update_0():
    optimizer = optax.inject_hyperparams(optax.sgd)(**cj.hyperparams(ONE_CYCLE))
    params = jnp.float32(0.0)
    state, used = optimizer.init(params), []
    update = jax.jit(optimizer.update)
    for _ in range(60):
        updates, state = update(jnp.float32(1.0), state, params)
        params = optax.apply_updates(params, updates)
        used.append(dict(state.hyperparams))
    want = ONE_CYCLE.values(dtype=np.float32)
    assert np.array_equal(bits([u["learning_rate"] for u in used]), bits(want["lr"]))
    assert np.array_equal(bits([u["momentum"] for u in used]), bits(want["momentum"]))
    np.testing.assert_allclose(params, heavy_ball(ONE_CYCLE, 60), rtol=60 * 2**-23)
    assert update._cache_size() == 1


def test_hyperparams_take_the_names_of_optax():
    c = csched.curve("constant", 0.9, steps=5)
    s = csched.Schedule({"lr": c, "betas[0]": c, "betas[1]": c, "weight_decay": c})
    made = cj.hyperparams(s)
    assert list(made) == ["learning_rate", "b1", "b2", "weight_decay"]
    state = optax.inject_hyperparams(optax.adamw)(**made).init(jnp.ones(2))
    assert float(state.hyperparams["b1"]) == np.float32(0.9)


def test_bfloat16_parameters_stay_bfloat16():
    optimizer = optax.inject_hyperparams(optax.sgd)(**cj.hyperparams(ONE_CYCLE))
    params = jnp.ones(3, jnp.bfloat16)
    updates, _ = optimizer.update(params, optimizer.init(params), params)
    assert optax.apply_updates(params, updates).dtype == jnp.bfloat16


def test_multi_steps_moves_the_clock_once_per_real_update():
    optimizer = optax.MultiSteps(optax.sgd(cj.as_schedule(COSINE)), every_k_schedule=4)
    state, used = optimizer.init(jnp.float32(0.0)), []
    step = jax.jit(optimizer.update)
    for _ in range(40):
        update, state = step(jnp.float32(-1.0), state)
        used.append(float(update))
    assert used[3::4] == COSINE.values(0, 10, dtype=np.float32).tolist()
    assert not np.any(np.delete(used, np.s_[3::4]))


# --- saving ---------------------------------------------------------------------------------


def run(optimizer, params, state, n):
    for _ in range(n):
        updates, state = optimizer.update(jnp.ones_like(params), state, params)
        params = optax.apply_updates(params, updates)
    return params, state


@pytest.mark.parametrize("stop", [0, 1, 9, 10, 37])
def test_resume_from_a_pickled_pytree_is_bit_identical(stop):
    optimizer = optax.inject_hyperparams(optax.sgd)(**cj.hyperparams(ONE_CYCLE))
    params = jnp.zeros(3)
    whole, _ = run(optimizer, params, optimizer.init(params), 40)
    half = pickle.loads(pickle.dumps(run(optimizer, params, optimizer.init(params), stop)))
    fresh = optax.inject_hyperparams(optax.sgd)(**cj.hyperparams(ONE_CYCLE))
    assert np.array_equal(bits(run(fresh, *half, 40 - stop)[0]), bits(whole))


def test_resume_from_orbax_is_bit_identical(tmp_path):
    optimizer = optax.sgd(cj.as_schedule(COSINE), momentum=0.9)
    params = jnp.zeros(3)
    whole, _ = run(optimizer, params, optimizer.init(params), 40)
    params, state = run(optimizer, params, optimizer.init(params), 17)
    with orbax.checkpoint.StandardCheckpointer() as keeper:
        keeper.save(tmp_path / "state", {"params": params, "state": state})
        keeper.wait_until_finished()
        like = {"params": jnp.ones(3), "state": optimizer.init(jnp.ones(3))}
        back = keeper.restore(tmp_path / "state", like)
    assert np.array_equal(bits(run(optimizer, *back.values(), 23)[0]), bits(whole))


def test_a_schedule_pickles_and_is_a_pytree_of_numbers(curve):
    s = cj.as_schedule(curve)
    for copy in (pickle.loads(pickle.dumps(s)), jax.tree.map(jnp.copy, s)):
        assert np.array_equal(bits(copy(jnp.arange(300))), bits(s(jnp.arange(300))))
    assert all(isinstance(leaf, (jax.Array, np.ndarray)) for leaf in jax.tree.leaves(s))


def test_one_lowering_serves_twenty_schedules_of_one_structure():
    traced = []

    @jax.jit
    def train(schedule, w):
        traced.append(1)
        optimizer = optax.sgd(schedule)
        body = lambda _, ws: optimizer.update(ws[0], ws[1])  # noqa: E731
        return jax.lax.fori_loop(0, 5, body, (w, optimizer.init(w)))[0]

    results = {
        float(train(cj.as_schedule(peak * csched.curve("cosine", 1.0, 0.1, 100)), 1.0))
        for peak in np.linspace(0.1, 1.0, 20)
    }
    assert len(traced) == 1
    assert len(results) == 20
