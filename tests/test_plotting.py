"""Pictures, one-line pictures, and descriptions."""

import matplotlib

matplotlib.use("agg")

import numpy as np
import pytest
from csched.plotting import small_multiples
from matplotlib import pyplot as plt

import csched


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def lines(ax):
    """The curve of a panel, and where its vertical lines stand."""
    curve, *others = ax.lines
    return curve, [line.get_xdata()[0] for line in others]


def test_picture_shows_the_values_of_every_step():
    s = csched.one_cycle(0.8, 1000)
    panels = s.plot().axes
    assert [ax.get_title(loc="left") for ax in panels] == ["lr", "momentum"]
    for ax, values in zip(panels, s.values().values(), strict=True):
        curve, _ = lines(ax)
        assert curve.get_xdata().tolist() == list(range(1000))
        assert curve.get_ydata().tolist() == values.tolist()


def test_levels_are_stairs_and_restarts_go_straight_up():
    sizes = csched.batch_size_ramp(8, 64, 200, multiple=8)
    (curve, *_) = lines(sizes.plot().axes[0])
    assert curve.get_drawstyle() == "steps-post"
    (curve, *_) = lines(csched.sgdr(0.1, t_0=100, cycles=2).plot().axes[0])
    x, y = curve.get_xdata().tolist(), curve.get_ydata().tolist()
    assert x[99:103] == [99, 100, 100, 101]
    assert y[99] == y[100] < y[101] == 0.1


def test_part_of_a_schedule_is_shown_where_it_is():
    curve, _ = lines(csched.linear(1.0, 1000).plot(300, 1200).axes[0])
    assert curve.get_xdata().tolist() == list(range(300, 1200))
    assert curve.get_ydata()[-1] == 0.0


def test_few_steps_are_stairs_and_the_last_one_lasts_too():
    curve, _ = lines(csched.linear(1.0, 4).plot().axes[0])
    assert curve.get_drawstyle() == "steps-post"
    assert curve.get_xdata().tolist() == [0, 1, 2, 3, 4]
    assert curve.get_ydata().tolist() == [1.0, 0.75, 0.5, 0.25, 0.25]


@pytest.mark.parametrize("place", [1, 123_456, 499_999, 999_999])
def test_a_single_step_is_seen_among_a_million(place):
    parts = [(0.5, place), (1.0, 1), (0.5, 1_000_000 - place)]
    whole = None
    for value, steps in parts:
        c = csched.curve("constant", value, steps=steps)
        whole = c if whole is None else whole.then(c)
    curve, _ = lines(csched.Schedule(lr=whole).plot().axes[0])
    at = curve.get_xdata().tolist().index(place)
    assert curve.get_ydata()[at] == 1.0
    assert len(curve.get_xdata()) < 5000


def test_horizon_of_a_trillion_steps_is_drawn_to_its_end():
    curve, _ = lines(csched.linear(1.0, 10**12).plot().axes[0])
    assert len(curve.get_xdata()) < 5000
    assert curve.get_ydata()[0] == 1.0
    assert curve.get_ydata()[-1] < 1e-3


@pytest.mark.parametrize(
    ("schedule", "begins"),
    [
        (csched.sgdr(0.1, t_0=100, t_mult=2, cycles=3), [100, 300]),
        (csched.linear(0.1, 100), []),
        (csched.Schedule(lr=csched.curve("constant", 0.1, steps=9).repeat(peak_mult=0.5)), []),
        (csched.sgdr(0.1, t_0=10, cycles=200), []),
    ],
    ids=["restarts", "one-cycle", "levels", "too-many-to-tell-apart"],
)
def test_lines_stand_where_cycles_begin(schedule, begins):
    assert lines(schedule.plot().axes[0])[1] == begins


def test_logarithmic_picture_has_a_logarithmic_axis():
    assert csched.lr_range_test().plot(log=True).axes[0].get_yscale() == "log"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.plot(-1), "Schedule.plot: start must be in"),
        (lambda s: s.plot(5, 5), "Schedule.plot: stop must be in"),
        (
            lambda s: s.plot(10, 20, log=True),
            "Schedule.plot: log must be False where no value of steps 10 .. 19 is above 0",
        ),
        (lambda s: small_multiples({}), "small_multiples: schedules must be at least one"),
        (lambda s: small_multiples({"a": s}, columns=0), "small_multiples: columns must be in"),
    ],
    ids=["start", "stop", "log", "no-schedules", "no-columns"],
)
def test_what_cannot_be_drawn_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(csched.linear(1.0, 10))


def test_small_multiples_have_a_panel_a_curve_under_one_title():
    given = {
        "rex\nheld high": csched.rex(1.0, 100),
        "one_cycle": csched.one_cycle(1.0, 100),
        "range": csched.lr_range_test(1e-3, 1.0, 100),
    }
    panels = small_multiples(given, columns=2, log=["range"]).axes
    titles = [ax.get_title(loc="left") for ax in panels]
    assert titles == ["rex", "one_cycle", "", "range"]
    assert [ax.get_yscale() for ax in panels] == ["linear", "linear", "linear", "log"]
    assert [ax.get_yticks().tolist() for ax in panels[:3]] == [[0, 1], [0, 1], [0.85, 0.95]]
    np.testing.assert_allclose(panels[3].get_yticks(), [1e-3, 1.0], rtol=1e-15)


def test_small_multiples_do_not_overlap():
    given = {f"{i}\nnote": csched.one_cycle(1.0, 100) for i in range(7)}
    figure = small_multiples(given, columns=3)
    boxes = [ax.get_position() for ax in figure.axes]
    for i, a in enumerate(boxes):
        assert 0 < a.x0 < a.x1 < 1
        assert 0 < a.y0 < a.y1 < 1
        for b in boxes[i + 1 :]:
            assert a.x1 < b.x0 or b.x1 < a.x0 or a.y1 < b.y0 or b.y1 < a.y0


@pytest.mark.parametrize(
    ("curve", "width", "text"),
    [
        (csched.curve("linear", 1.0, 0.0, 8, endpoint=True), 60, "█▇▆▅▄▃▂▁"),
        (csched.curve("linear", 0.0, -1.0, 800, endpoint=True), 8, "█▇▆▅▄▃▂▁"),
        (csched.curve("constant", 3.0, steps=5), 3, "███"),
        (csched.curve("constant", 0.0, steps=5), 3, "▁▁▁"),
        (csched.curve("constant", -3.0, steps=5), 3, "▁▁▁"),
        (csched.curve("linear", 0.95, 0.85, 2, endpoint=True), 60, "█▁"),
        (csched.curve("linear", 1.0, 0.0, 10**12), 2, "█▁"),
        (csched.curve("linear", 1.0, 0.0, 2).repeat(peak_mult=0.5), 60, "█▅▅▃▃▂▂▁"),
        (csched.curve("linear", 1.0, 0.0, 1).repeat(length_mult=2), 60, "██▅█▆▅▃█▇▆▅▅▄▃▂"),
    ],
    ids=[
        *("falling", "below-0", "constant", "zero", "negative", "momentum", "long", "for-ever"),
        "growing-for-ever",
    ],
)
def test_sparkline_shows_the_curve_in_text(curve, width, text):
    assert curve.sparkline(width) == text


def test_a_picture_shows_four_cycles_of_what_repeats_for_ever():
    rises = csched.curve("linear", 0.0, 1.0, 50)
    falls = csched.curve("linear", 1.0, 0.0, 20).repeat()
    curve, begins = lines(csched.Schedule(lr=rises.then(falls)).plot().axes[0])
    assert curve.get_xdata()[-1] == 129
    assert begins == [70, 90, 110]
    growing = csched.curve("linear", 1.0, 0.0, 10).repeat(length_mult=2)
    curve, begins = lines(csched.Schedule(lr=growing).plot().axes[0])
    assert begins == [10, 30, 70]
    assert curve.get_xdata()[-1] == 149


def test_sparkline_of_no_width_is_refused():
    with pytest.raises(ValueError, match=r"Curve\.sparkline: width must be in \[1, 10000\], got 0"):
        csched.curve("linear").sparkline(0)


LEG = csched.curve("linear", 0.0, 1.0, 2)
DESCRIBED = {
    "sequence": (
        LEG.then(csched.curve("cosine", 1.0, 0.0, 8)),
        "0 .. 1  curve('linear', 0.0, 1.0, 2)\n2 .. 9  curve('cosine', 1.0, 0.0, 8)",
    ),
    "growing-cycles": (
        LEG.repeat(3, length_mult=2, peak_mult=0.5),
        "0 .. 13    3 times (length_mult=2, peak_mult=0.5) from steps 0, 2, 6, the first:\n"
        "  0 .. 1  curve('linear', 0.0, 1.0, 2)",
    ),
    "endless": (
        csched.curve("linear", 1.0, 0.0, 3).then(LEG.repeat()),
        "0 .. 2    curve('linear', 1.0, 0.0, 3)\n"
        "3 .. 4    for ever, the first:\n"
        "  3 .. 4  curve('linear', 0.0, 1.0, 2)",
    ),
    "window": (
        LEG.repeat(4)[1:6],
        "0 .. 4      steps 1 .. 5 of:\n"
        "  -1 .. 6   4 times, the first:\n"
        "    -1 .. 0  curve('linear', 0.0, 1.0, 2)",
    ),
    "product": (
        LEG * csched.curve("constant", 0.5, steps=2),
        "0 .. 1    the product of:\n"
        "  0 .. 1  curve('constant', 0.5, 0.5, 2)\n"
        "  0 .. 1  curve('linear', 0.0, 1.0, 2)",
    ),
    "clipped": (
        LEG.repeat(2).clip(0.0, 0.5),
        "0 .. 3      clip(low=0.0, high=0.5) of:\n"
        "  0 .. 3    2 times, the first:\n"
        "    0 .. 1  curve('linear', 0.0, 1.0, 2)",
    ),
}


@pytest.mark.parametrize("name", DESCRIBED)
def test_description_names_the_absolute_steps_of_every_phase(name):
    curve, text = DESCRIBED[name]
    assert [row.split() for row in curve.describe().splitlines()] == [
        row.split() for row in text.splitlines()
    ]
