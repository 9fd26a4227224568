"""csched.keras in model.fit on real data; here on JAX, by the last test on the other back ends."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops
from keras_models import BACKEND, Reader, bits, digits, fit, model_with, numbers, recording

import csched
from csched import keras as ck

# Keras 3.15 reads its own variables in the way NumPy 2 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module", autouse=True)
def _compile_as_it_is():
    """Without XLA's optimisations, which took most of the time of these tests."""
    if BACKEND == "jax":
        import jax

        name = "jax_disable_most_optimizations"
        before = jax.config.read(name)
        jax.config.update(name, True)
        yield
        jax.config.update(name, before)
    else:
        yield


@pytest.fixture(scope="module", autouse=True)
def _without_the_import_of_tensorflow():
    """Keras imports it on any back end, where it is installed, to save a model: 5 s."""
    with pytest.MonkeyPatch.context() as patch:
        if BACKEND != "tensorflow":
            patch.setitem(sys.modules, "tensorflow", None)
        yield


COSINE = csched.curve("cosine", 0.1, 0.001, 15).warmup(5)
CURVES = {
    "warmup_cosine": COSINE,
    "rex_every": csched.curve("rex", 0.5, 0.01, 100, sampling=csched.every(7)),
    "sgdr": csched.curve("cosine", 1.0, 0.0, 10).repeat(3, length_mult=2, peak_mult=0.5),
    "endless": csched.curve("rex", 0.3, 0.0, 9).repeat().warmup(5),
}
LONG = {
    "cosine": csched.curve("cosine", 0.1, 0.001, 10**7).warmup(10**6),
    "sgdr": csched.curve("cosine", 1.0, 0.01, 10).repeat(length_mult=2),
    "exponential": csched.curve("exponential", 1.0, 1e-6, 2**31 - 10),
    "levels": csched.curve("rex", 1.0, 0.1, 10**6).repeat(100, peak_mult=0.99),
}
ONE_CYCLE = csched.one_cycle(peak=0.2, steps=20).replace(
    weight_decay=csched.curve("linear", 0.01, 0.001, 20)
)


# --- the learning rate --------------------------------------------------------------------------


@pytest.mark.parametrize("name", CURVES)
def test_looked_up_values_are_the_float32_curve_bit_for_bit(name):
    curve, n = CURVES[name], CURVES[name].steps * 2 + 10
    got = numbers(ck.LearningRateSchedule(curve)(ops.arange(n)))
    assert bits(got) == bits(curve.values(0, n, dtype=np.float32))
    assert float(ck.LearningRateSchedule(curve)(-3)) == np.float32(curve(0))


@pytest.mark.parametrize("name", LONG)
def test_computed_values_are_within_8_ulp(name):
    curve = LONG[name]
    steps = np.concatenate([np.arange(2000), np.geomspace(1, 2**31 - 1, 2000).astype(np.int64)])
    got = numbers(ck.LearningRateSchedule(curve)(steps.astype(np.int32)))
    exact = curve(steps)
    assert np.max(np.abs(got - exact) / np.spacing(exact.astype(np.float32))) <= 8


@pytest.mark.parametrize("first", [2**31 - 10, 2**32, 2**40])
def test_counts_beyond_32_bits_do_not_wrap(first):
    steps = first + np.arange(20)
    rates = {name: ck.LearningRateSchedule(CURVES[name]) for name in ("rex_every", "endless")}
    rates["cosine"] = ck.LearningRateSchedule(LONG["cosine"])
    kinds = [np.asarray, lambda a: [int(t) for t in a]]
    if BACKEND == "tensorflow":  # the others have no tensors of 64 bits, or not for counts
        kinds.append(lambda a: ops.convert_to_tensor(a, "int64"))
    for rate in rates.values():
        for kind in kinds:
            want = rate.curve(steps).astype(np.float32)
            assert bits(numbers(rate(kind(steps)))) == bits(want)
    assert float(rates["endless"](first)) == np.float32(CURVES["endless"](first))


def test_update_t_of_fit_uses_value_t():
    optimizer = recording(keras.optimizers.SGD)(ck.LearningRateSchedule(COSINE))
    reader = Reader()
    fit(model_with(optimizer), 25, [reader])
    assert bits(reader.column("learning_rate")) == bits(COSINE.values(0, 25, dtype=np.float32))


def test_accumulation_counts_updates_and_not_batches():
    rate = ck.LearningRateSchedule(COSINE, gradient_accumulation_steps=4)
    kind = recording(keras.optimizers.SGD)
    reader = Reader()
    fit(model_with(kind(rate, gradient_accumulation_steps=4)), 28, [reader])
    want = np.repeat(COSINE.values(0, 7, dtype=np.float32), 4)
    assert bits(reader.column("learning_rate")) == bits(want)


def test_fit_on_digits_learns():
    curve = csched.curve("cosine", 0.5, 0.0, 170).warmup(18)
    model = model_with(keras.optimizers.SGD(ck.LearningRateSchedule(curve), momentum=0.9), 32)
    x, y = digits()
    model.fit(x[:1500], y[:1500], batch_size=32, epochs=4, verbose=0)
    assert np.mean(np.argmax(numbers(model(x[1500:])), axis=1) == y[1500:]) > 0.9


# --- saving -------------------------------------------------------------------------------------


def test_config_is_the_spec_in_json():
    rate = ck.LearningRateSchedule(COSINE, 2)
    saved = json.loads(json.dumps(keras.saving.serialize_keras_object(rate)))
    back = keras.saving.deserialize_keras_object(saved)
    assert type(back) is ck.LearningRateSchedule
    assert (back.curve, back.gradient_accumulation_steps) == (COSINE, 2)


def weights(model):
    return [bits(w) for w in model.get_weights()]


@pytest.mark.parametrize("with_callback", [False, True])
def test_a_reloaded_model_goes_on_bit_for_bit(tmp_path, with_callback):
    def callbacks():
        return [ck.Scheduler(ONE_CYCLE)] if with_callback else []

    def optimizer():
        rate = 0.1 if with_callback else ck.LearningRateSchedule(COSINE)
        return keras.optimizers.SGD(rate, momentum=0.9, weight_decay=0.01)

    x, y = digits()

    def train(model, first, last):
        part = slice(32 * first, 32 * last)
        model.fit(x[part], y[part], batch_size=32, shuffle=False, verbose=0, callbacks=callbacks())

    whole = model_with(optimizer())
    train(whole, 0, 22)
    model = model_with(optimizer())
    train(model, 0, 9)
    model.save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    assert int(model.optimizer.iterations) == 9
    train(model, 9, 22)
    assert weights(model) == weights(whole)


# --- the callback -------------------------------------------------------------------------------


def test_callback_sets_lr_momentum_and_weight_decay_of_update_t():
    optimizer = recording(keras.optimizers.SGD)(0.1, momentum=0.9, weight_decay=0.1)
    reader = Reader()
    fit(model_with(optimizer), 25, [ck.Scheduler(ONE_CYCLE), reader])
    want = ONE_CYCLE.values(0, 25, dtype=np.float32)
    assert bits(reader.column("learning_rate")) == bits(want["lr"])
    assert bits(reader.column("momentum")) == bits(want["momentum"])
    assert bits(reader.column("weight_decay")) == bits(want["weight_decay"])


def test_callback_sets_the_betas_of_adamw():
    betas = {"betas[0]": csched.curve("linear", 0.95, 0.85, 20), "betas[1]": COSINE + 0.8}
    schedule = csched.Schedule({"lr": COSINE, **betas})
    reader = Reader()
    optimizer = recording(keras.optimizers.AdamW)(0.1)
    fit(model_with(optimizer), 25, [ck.Scheduler(schedule), reader])
    want = schedule.values(0, 25, dtype=np.float32)
    for name, attribute in [("betas[0]", "beta_1"), ("betas[1]", "beta_2")]:
        assert bits(reader.column(attribute)) == bits(want[name])


def test_five_updates_a_call_have_a_value_each_and_torch_refuses_them():
    optimizer = recording(keras.optimizers.SGD)(0.1, momentum=0.9, weight_decay=0.1)
    model, reader = model_with(optimizer, steps_per_execution=5), Reader()
    if BACKEND == "torch":
        with pytest.raises(ValueError, match="steps_per_execution must be 1, got 5"):
            fit(model, 25, [ck.Scheduler(ONE_CYCLE)])
        return
    fit(model, 25, [ck.Scheduler(ONE_CYCLE), reader])
    want = ONE_CYCLE.values(0, 25, dtype=np.float32)
    for attribute, name in [("learning_rate", "lr"), ("momentum",) * 2, ("weight_decay",) * 2]:
        assert bits(reader.column(attribute)) == bits(want[name][4::5])


class Constant(keras.layers.Layer):
    """One weight w; the output is w for every row, so the gradient of its mean is 1."""

    def build(self, shape):
        self.w = self.add_weight(shape=(1,), initializer="ones")

    def call(self, x):
        return x * 0.0 + self.w


def test_sgd_in_fit_is_the_heavy_ball_with_the_momentum_of_each_update():
    model = keras.Sequential([keras.Input((1,)), Constant()])
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.01)
    model.compile(optimizer, lambda y, p: ops.mean(p))
    x = np.zeros((25, 1), np.float32)
    model.fit(x, x, batch_size=1, verbose=0, callbacks=[ck.Scheduler(ONE_CYCLE)])
    w, v = 1.0, 0.0
    for t in range(25):
        now = ONE_CYCLE(t)
        w -= w * now["weight_decay"] * now["lr"]
        v = now["momentum"] * v - now["lr"]
        w += v
    np.testing.assert_allclose(model.get_weights()[0][0], w, rtol=25 * 2**-23)


def test_adam_uses_the_scheduled_betas_in_its_arithmetic():
    rates = csched.curve("cosine", 0.1, 0.001, 50).warmup(10)
    schedule = csched.Schedule({"lr": rates, "betas[0]": csched.curve("linear", 0.95, 0.5, 30)})
    model = keras.Sequential([keras.Input((2,)), Constant()])
    model.compile(keras.optimizers.Adam(0.1), lambda y, p: ops.mean(p * y))
    y = np.repeat(np.linspace(1.0, 2.0, 30, dtype=np.float32)[:, None], 2, 1)
    model.fit(y, y, 1, verbose=0, shuffle=False, callbacks=[ck.Scheduler(schedule)])
    w, m, v = 1.0, 0.0, 0.0
    for t, g in enumerate(y[:, 0].astype(float)):
        rate, beta = rates(t), schedule["betas[0]"](t)
        m, v = m + (g - m) * (1 - beta), v + (g * g - v) * (1 - 0.999)
        alpha = rate * np.sqrt(1 - 0.999 ** (t + 1)) / (1 - beta ** (t + 1))
        w -= m * alpha / (np.sqrt(v) + 1e-7)
    np.testing.assert_allclose(model.get_weights()[0][0], w, rtol=30 * 2**-20)  # sqrt(1 - b^t)


@pytest.mark.parametrize("accumulated", [None, 2])
def test_a_scaled_loss_leaves_clock_and_values_to_the_optimizer_inside(accumulated):
    """Powers of two scale exactly, so every weight is that of the run without."""

    def trained(scaled):
        steps = {"gradient_accumulation_steps": accumulated}
        optimizer = keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.01, **steps)
        outer = keras.optimizers.LossScaleOptimizer(optimizer, 2**10) if scaled else optimizer
        model = model_with(outer)
        fit(model, 12, [ck.Scheduler(ONE_CYCLE)])
        return weights(model)

    assert trained(True) == trained(False)


def test_a_model_that_does_not_train_is_left_alone():
    model = keras.Sequential([keras.Input((1,)), Constant()])
    model.predict(np.zeros((2, 1)), verbose=0, callbacks=[ck.Scheduler(ONE_CYCLE)])


def test_a_second_schedule_replaces_the_first():
    other = csched.one_cycle(peak=0.01, steps=30)
    optimizer = recording(keras.optimizers.SGD)(0.1, momentum=0.9)
    model, reader = model_with(optimizer), Reader()
    fit(model, 10, [ck.Scheduler(csched.one_cycle(peak=0.2, steps=60))])
    fit(model, 10, [ck.Scheduler(other), reader])
    want = other.values(10, 20, dtype=np.float32)
    assert bits(reader.column("momentum")) == bits(want["momentum"])
    assert bits(reader.column("learning_rate")) == bits(want["lr"])


# --- refusals -----------------------------------------------------------------------------------


def scheduled(optimizer, **curves):
    fit(model_with(optimizer), 1, [ck.Scheduler(csched.Schedule(**curves))])


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: ck.LearningRateSchedule(0.1), TypeError, "curve must be a Curve, got 0.1"),
        (lambda: ck.LearningRateSchedule(COSINE.tail("raise")), ValueError, "without tail 'raise'"),
        (lambda: ck.LearningRateSchedule(COSINE.noisy(0.1)), ValueError, "without noise"),
        (lambda: ck.LearningRateSchedule(COSINE, 0), ValueError, "gradient_accumulation_steps"),
        (lambda: ck.LearningRateSchedule(-1.0 * COSINE), ValueError, "curve must be in .0, inf"),
        (lambda: ck.LearningRateSchedule(1e40 * COSINE), ValueError, "curve must be within 3.4"),
        (lambda: ck.Scheduler(COSINE), TypeError, "schedule must be a Schedule"),
        (lambda: ck.Scheduler(csched.Schedule(lrr=COSINE)), ValueError, "did you mean 'lr'"),
        (
            lambda: ck.Scheduler(csched.linear(-0.1, 10)),
            ValueError,
            r"lr must be in \[0, inf\) at every step, got -0.1",
        ),
        (
            lambda: ck.Scheduler(
                csched.Schedule({"betas[0]": csched.curve("linear", 1.0, 0.9, 9)})
            ),
            ValueError,
            r"betas\[0\] must be in \[0, 1\) at every step, got 1.0",
        ),
        (
            lambda: scheduled(keras.optimizers.Adam(), lr=COSINE, momentum=COSINE),
            TypeError,
            "the optimizer for 'momentum' must be an SGD.*'betas\\[0\\]'",
        ),
        (
            lambda: scheduled(keras.optimizers.SGD(0.1), momentum=COSINE),
            ValueError,
            "momentum must be in use, got 0.0; build the optimizer with a momentum",
        ),
    ],
)
def test_what_keras_cannot_do_is_refused_by_name(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_a_back_end_that_does_not_train_is_refused_by_name(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")
    text = "the back end must be one of 'jax', 'torch', 'tensorflow', got 'numpy'"
    with pytest.raises(ValueError, match=text):
        ck.Scheduler(ONE_CYCLE)


# --- the other back ends --------------------------------------------------------------------------


def in_another_process(back_end, *arguments):
    plain = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # a quarter of the time was for plugins
    environment = {**os.environ, **plain, "KERAS_BACKEND": back_end}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


CHOSEN = "looked_up or computed or update_t or accumulation or reloaded or second or arithmetic"
CHOSEN += " or beyond"


@pytest.mark.skipif(BACKEND != "jax", reason="this is the run on another back end")
@pytest.mark.parametrize("back_end", ["torch", "tensorflow"])
def test_the_same_holds_on_the_other_back_ends(back_end):
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        CHOSEN + " or a_call" + " or scaled" * (back_end == "torch"),
    ]
    done = in_another_process(back_end, "-m", "pytest", *options, __file__)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout


@pytest.mark.parametrize(
    ("back_end", "cause"),
    [("openvino", "No module named 'openvino'"), ("theano", "Unable to import backend")],
)
def test_a_back_end_that_cannot_be_had_is_refused_by_name(back_end, cause):
    done = in_another_process(back_end, "-c", "import csched.keras")
    where = "ImportError: csched.keras: KERAS_BACKEND must be 'jax', 'torch' or 'tensorflow'"
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(where)
    assert f"got {back_end!r}" in last
    assert cause in last
