"""Texts: words exactly, numbers within a tolerance, timings in form."""

import pytest

from helpers.verification.policy import Policy
from helpers.verification.text import difference

STRICT = Policy()
TIMING = Policy(timing=True, reason="durations")
WALL = "CPU times: total: 15.6 ms\nWall time: 17 ms"


def timeit(mean, spread, loops):
    return f"{mean} ± {spread} per loop (mean ± std. dev. of 7 runs, {loops} each)"


def cpu(user, system, total, wall):
    return f"CPU times: user {user}, sys: {system}, total: {total}\nWall time: {wall}"


SECOND = timeit("1 s", "1 ms", "1 loops")


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        ("loss 0.123456", "loss 0.123457"),
        ("tensor([0.50000, 2.0000])", "tensor([0.50001, 2.0000])"),
        ("1.00000e+05", "1.00001e+05"),
        ("9.99999", "10.00000"),
        (" 9.99999  3", "10.00000  3"),
        ("-0.0000", "0.0000"),
        ("(1.500000+2.500000j)", "(1.500000+2.500001j)"),
        ("1.23456e-09", "1.23457e-09"),
        ("tensor([1.0000, 2.])", "tensor([1., 2.])"),
        ("nan inf", "nan inf"),
        ("one\r\ntwo\r\n", "one\ntwo\n"),
        ("a line \n", "a line"),
        ("<object at 0x7f3a5c1d2e80>", "<object at 0x55d0aa10>"),
        ("&lt;object at 0x7f3a5c1d2e80&gt;", "&lt;object at 0x55d0aa10&gt;"),
        ("<Handle 0x7f3a5c1d2e80, open>", "<Handle 0x55d0aa1099f0, open>"),
        ("<Handle of=0x7f3a5c1d2e80>", "<Handle of=0x55d0aa1099f0>"),
        ("&lt;Handle 0x7f3a5c1d2e80&gt;", "&lt;Handle 0x55d0aa1099f0&gt;"),
        # rounding: one unit of the last digit, or a millionth
        ("10.0004 after 3 steps", "10.0005 after 3 steps"),
        ("mean 1234.5678", "mean 1234.5689"),
        ("tensor([ 9.9999, -1.0000])", "tensor([10.0000, -1.0000])"),
        ("8.0", "8.000000953674316"),  # neighbors in float32
        ("0.30000000000000004", "0.3000000000000001"),
        ("tensor([1.0000e+05, 1.])", "tensor([100000., 1.])"),
    ],
)
def test_a_reader_sees_no_difference(stored, new):
    assert difference(stored, new, STRICT) == ""


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        ("loss 0.1234", "loss 0.1235"),
        ("tensor([0.1234, 2.0000])", "tensor([0.1234, 2.1000])"),
        ("1.5", "-1.5"),
        ("1e5", "1e6"),
        ("1.2e-09", "3.4e-09"),
        ("1.1921e-07", "1.1755e-38"),
        ("1.7977e+308", "1.7977e+328"),
        # beside zero
        ("0.", "3.4e-05"),
        ("0.", "3.4e-09"),
        ("eps 1.1921e-07", "eps 0.0"),
        ("tensor([1., 0.])", "tensor([1.0000e+00, 5.9605e-08])"),
        ("lr 1e-06", "lr 0.0"),
        ("tensor([0., -0.])", "tensor([0., 0.])"),
        ("-0.0", "0.0"),
        # exact by nature: releases, money, places, moments
        ("torch 2.10 of 2026", "torch 2.1 of 2026"),
        ("since 1.20", "since 1.2"),
        ("EUR 8,205.31", "EUR 8,205.32"),
        ("99,999.98 USD", "99,999.99 USD"),
        ("$4000.05", "$4000.06"),
        ("¥ 70001.5", "¥ 70001.6"),
        ("31.2304, 121.4737", "31.2304, 121.4747"),
        ("at 1800000000.5", "at 1800010000.5"),
        ("year 1999.75", "year 1999.85"),
        ("arXiv:1706.03762", "arXiv:1706.03763"),
        ("doi: 10.5281/zenodo", "doi: 10.5282/zenodo"),
        ("https://a.org/10.00004/b", "https://a.org/10.00005/b"),
        ("release 2026.07", "release 2026.08"),
        ("commit 8e1234567", "commit 8e1234568"),
        ("1e12345678901234567890", "1e12345678901234567891"),
        # 2 ** 24 is the last whole number before which float32 has all: a count in floats is a count
        ("16777216.0", "16777217.0"),
        # a float and what it was meant to be
        ("0.30000000000000004", "0.3"),
        ("0.10000000149011612", "0.1"),
        ("(0.6000000000000001, 0.6)", "(0.6, 0.6)"),
        ("1.0", "0.9999999999999999"),
        # one number, written in two ways
        ("1,234.5", "1234.5"),
        ("+0.25", "0.25"),
        ("loss .25", "loss 0.25"),
        ("[12.0, 8.3]", "[12., 8.3]"),
        ("0x123456789 -> 1", "0x123456780 -> 1"),
        ("a > 0x123456789", "a > 0x123456780"),
        ("10.0004", "10.0000"),
        ("0x00badcafe", "0x00badcaff"),
        ("bits 0x40490fdb", "bits 0x40490fdc"),
        ("<b>0x40490fdb</b>", "<b>0x40490fdc</b>"),
        ("at 0x40", "at 0x41"),
        ("five １２ of 0.5", "five １３ of 0.5"),
        ("０.５", "0.5"),
        # another layout beside a number printed anew
        ("a  0.123456", "a 0.123457"),
        ("[0.123456, 1]", "[ 0.123456, 1]"),
        ("0.123456  b", "0.123457 b"),
        ("60000 pictures", "60001 pictures"),
        ("10,000", "10,001"),
        ("55.1 %", "55.2 %"),
        ("2", "2.0"),
        ("tensor([1.])", "tensor([1])"),
        ("1+2j", "1+3j"),
        ("1.0", "inf"),
        ("1.0", "nan"),
        ("a word", "another word"),
        ("True", "False"),
        ("one\ntwo", "one"),
        ("one\ntwo", "two\none"),
        ("", "something"),
        # blanks alone
        ("a b", "a  b"),
        ("a\nb", "a\n b"),
        ("a\nb", "a\n\nb"),
        ("a\tb", "a b"),
        ("x  3", "x 3"),
    ],
)
def test_a_reader_sees_a_difference(stored, new):
    assert difference(stored, new, STRICT)
    assert difference(new, stored, STRICT)


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        ("torch 2.15.0", "torch 2.15.1"),
        ("torch.Size([3, 4])", "torch.Size([4, 3])"),
        ("32x32", "33x32"),
        ("torch.float32", "torch.float64"),
        ("conv1.weight", "conv2.weight"),
        ("cuda:0", "cuda:1"),
        ("C03", "C04"),
        ("0x41", "0x42"),
    ],
)
def test_versions_shapes_and_names_are_exact_under_any_tolerance(stored, new):
    assert difference(stored, new, Policy(rtol=0.5, atol=10, timing=True, reason="wide"))


@pytest.mark.parametrize(
    ("stored", "new"),
    [("a\tb 9.95", "a b 10.05"), ("9.95\t1.5", "10.05 1.5"), ("\t9.95", " 10.05")],
)
def test_a_tab_is_no_blank_beside_a_number_that_is_wider(stored, new):
    policy = Policy(rtol=0.1, reason="training")
    assert difference(stored, new, policy)
    assert not difference(stored, new.replace(" ", stored[stored.index("\t")], 1), policy)


def test_a_tolerance_frees_whole_numbers_only_if_it_says_so():
    assert difference("3", "4", Policy(atol=2, reason="a count"))
    assert not difference("3", "4", Policy(atol=2, integers=True, reason="a count"))
    assert difference("3", "6", Policy(atol=2, integers=True, reason="a count"))


@pytest.mark.parametrize(
    ("stored", "new", "rtol", "says"),
    [
        ("5 55.0", "5 60.5", 0.02, "55.0, got 60.5: 5.5 apart, allowed 1.1: 5.0 times too far"),
        ("0.5", "1.0", 0.0001, "0.5, got 1.0: 0.5 apart, allowed 5e-05: 10,000.0 times too far"),
        ("0.5", "1.0", 0, "0.5, got 1.0: 0.5 apart, allowed 0"),
        ("1.5 2.5 3.5", "1.5 2.6 3.6", 0, "(and 1 more of 3 numbers)"),
        ("loss 0.500000\nyes", "loss 0.500001\nno", 1e-4, "line 2: expected 'yes', got 'no'"),
        ("one\ntwo", "one", 0, "line 2: expected 'two', got no such line"),
    ],
)
def test_a_difference_is_said_in_one_line(stored, new, rtol, says):
    assert says in difference(stored, new, Policy(rtol=rtol))


def test_what_only_looks_like_a_float_is_exact_under_any_tolerance():
    wide = Policy(rtol=0.5, reason="wide")
    assert difference("arXiv:1706.03762", "arXiv:1706.03763", wide)
    assert difference("release 2026.07", "release 2026.08", wide)
    assert not difference("the fast version: 12.3", "the fast version: 12.4", wide)


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        ("+0.25", "0.26"),
        ("0.25", "00.26"),
        ("007", "8"),
        ("0.25", ".26"),
        ("1,234.5", "1234.6"),
        ("1.65e+38", "+1.65e+38"),
        ("1.65e+38", "01.65e+38"),
        ("#00e500", "#00e600"),
        ("2", "2."),
        ("2", "2.0"),
        ("#123456", "#123457"),
    ],
)
def test_another_style_of_a_number_or_another_color_differs_under_any_tolerance(stored, new):
    wide = Policy(rtol=0.5, atol=1, integers=True, reason="wide")
    for policy in (STRICT, wide):
        assert difference(stored, new, policy)
        assert difference(new, stored, policy)


def test_free_parts_are_not_compared_and_the_rest_is():
    policy = Policy(free=("(?<=disk: ).*",), reason="the machine's own")
    assert not difference("[OK] disk: 3 GB free", "[OK] disk: 12.5 GB free", policy)
    assert difference("[OK] disk: 3 GB free", "[FAIL] disk: 3 GB free", policy)


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        (timeit("1.03 μs", "12 ns", "100,000 loops"), timeit("958 ns", "3 ns", "1,000 loops")),
        (timeit("1min 3s", "1.2 s", "1 loop"), timeit("2.5 ms", "40 μs", "10 loops")),
        (cpu("3.2 ms", "1 ms", "4 ms", "1min 3s"), cpu("1h 2min", "0 ns", "1h", "5.9 µs")),
        (cpu("3.2 ms", "1 ms", "4 ms", "4 ms"), WALL),
        ("12.3 GB/s", "812.4 MB/s"),
        ("1,234 pictures/s", "98.7 pictures/s"),
        ("[00:12<00:00, 33.2it/s]", "[1:02:03<00:00,  1.3s/it]"),
        ("3.1x faster", "12x faster"),
        ("3.1× faster", "12.4 × faster"),
        ("  3.1 ms | sum", "412.7 ms | sum"),
        ("9 s", "1 min"),
    ],
)
def test_timings_are_compared_in_form(stored, new):
    assert not difference(stored, new, TIMING)
    assert difference(stored, new, STRICT)


def test_where_only_durations_differ_the_way_out_is_named():
    advice = '(only durations, rates or ratios differ: "timing": true compares their form)'
    bar = "100%|##| 10/10 [00:00<00:00, {}it/s]"
    assert difference(bar.format("33.2"), bar.format("31.9"), STRICT).endswith(advice)
    assert advice not in difference(bar.format("33.2"), bar.format("31.9") + "!", STRICT)
    assert advice not in difference("3 GB", "4 GB", STRICT)


def test_what_ipython_adds_to_timings_now_and_then_is_no_difference():
    slow = (
        "The slowest run took 7.39 times longer than the fastest. "
        "This could mean that an intermediate result is being cached.\n"
    )
    assert not difference(SECOND, slow + SECOND, TIMING)
    assert not difference(WALL, WALL + "\nCompiler : 123 ms\n", TIMING)


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        (SECOND, "1 s per loop (mean of 7 runs, 1 loops each)"),
        (SECOND, f"{SECOND}\n3"),
        (SECOND, SECOND.replace("7", "8")),
        ("Wall time: 1 s", "Wall clock: 1 s"),
        ("3.1x", "3.1 ms"),
        ("3.1 GB/s", "3.1 s"),
        ("3 GB in 1 s", "4 GB in 1 s"),
        ("55.1 % in 20 s", "54.1 % in 20 s"),
        ("32 x 32 in 1 s", "64 x 32 in 1 s"),
        ("3 samples, 1 s", "4 samples, 1 s"),
        ("5 m long", "6 m long"),
        ("batch 4: 1 s", "batch 8: 1 s"),
        ("conv3 1 s", "conv4 1 s"),
        (cpu("3 ms", "1 ms", "4 ms", "4 ms"), cpu("oops", "1 ms", "4 ms", "4 ms")),
        (cpu("3 ms", "1 ms", "4 ms", "4 ms"), cpu("3 ms", "⟨time⟩", "4 ms", "4 ms")),
        (WALL, f"{WALL}\nCompiler : oops"),
        ("[00:12<00:03, 3it/s]", "[００:１２<00:03, 3it/s]"),
        ("1min 3s", "１min 3s"),
    ],
)
def test_timings_free_nothing_else(stored, new):
    assert difference(stored, new, TIMING)


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        ("3.1", "3.10"),
        ("2.0000", "2.00"),
        ("-0.", "0."),
        ("0.", "0.004"),
        ("+0.004", "-0.004"),
        ("1.00", ".995"),
        ("999.996", "1,000.004"),
    ],
)
def test_a_cell_that_states_a_tolerance_may_print_another_number_of_digits(stored, new):
    assert not difference(stored, new, Policy(atol=0.01, reason="training"))
    assert difference(stored, new, STRICT)
