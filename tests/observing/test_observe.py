import warnings

import pytest

from torch_history.observing.observation import (
    Cases,
    Observation,
    Raised,
    Warned,
    normalise,
    observe,
    observe_each,
)


def test_value_is_what_the_act_returned():
    assert observe(lambda: {"a": 1}) == Observation({"a": 1}, None, [])


def test_exception_is_the_observation():
    assert observe([].pop) == Observation(None, Raised("IndexError", "pop from empty list"), [])


def test_what_is_no_exception_of_the_library_ends_the_test():
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        observe(interrupted)


def test_missing_function_is_an_observation():
    assert observe(lambda: warnings.nothing_of_this_name).raised.type == "AttributeError"


def test_warnings_are_kept_once_each_in_their_order():
    def act():
        for category, message in (
            (UserWarning, "b"),
            (FutureWarning, "a"),
            (UserWarning, "b"),
            (FutureWarning, "b"),
        ):
            warnings.warn(message, category)
        return 1

    assert observe(act) == Observation(
        1,
        None,
        [Warned("UserWarning", "b"), Warned("FutureWarning", "a"), Warned("FutureWarning", "b")],
    )


def test_warnings_before_an_exception_are_kept():
    def act():
        warnings.warn("soon")
        raise ValueError("now")

    assert observe(act) == Observation(
        None, Raised("ValueError", "now"), [Warned("UserWarning", "soon")]
    )


def test_warning_given_before_is_seen_again_and_does_not_leave_the_act():
    def act():
        warnings.warn("each time", DeprecationWarning)

    with warnings.catch_warnings(record=True) as outer:
        warnings.simplefilter("once")
        assert (
            observe(act)
            == observe(act)
            == Observation(None, None, [Warned("DeprecationWarning", "each time")])
        )
    assert outer == []


def test_each_act_has_an_observation_of_its_own_in_the_order_of_the_acts():
    called = []

    def act(name, outcome):
        def call():
            called.append(name)
            warnings.warn(name)
            return outcome()

        return call

    found = observe_each({"b": act("b", dict), "a": act("a", [].pop), "c": act("c", list)})
    assert called == ["b", "a", "c"]
    warned = {name: [Warned("UserWarning", name)] for name in called}
    raised = Raised("IndexError", "pop from empty list")
    assert found == Cases(
        {
            "b": Observation({}, None, warned["b"]),
            "a": Observation(None, raised, warned["a"]),
            "c": Observation([], None, warned["c"]),
        }
    )


def test_without_an_act_there_is_nothing_observed():
    assert observe_each({}) == Cases({})


def test_exception_and_warning_are_normalised():
    def act():
        warnings.warn(
            "\x1b[33mslow\x1b[0m  (Triggered internally at /pytorch/aten/src/ATen/x.cpp:12.)"
        )
        raise RuntimeError("bad view at 0x7f5e4c3d2b10")

    assert observe(act) == Observation(
        None, Raised("RuntimeError", "bad view at 0xADDRESS"), [Warned("UserWarning", "slow")]
    )


@pytest.mark.parametrize(
    "message, expected",
    [
        ("\x1b[31mError\x1b[0m: \x1b[1;32mgood\x1b[0m", "Error: good"),
        (
            (
                "Boolean value of Tensor with more than one value is ambiguous\n"
                "Exception raised from is_nonzero at "
                "../aten/src/ATen/native/TensorProperties.cpp:59 (most recent call first):\n"
                "frame #0: c10::Error::Error(...) + 0x4d\n"
            ),
            "Boolean value of Tensor with more than one value is ambiguous",
        ),
        (
            (
                "Trying to backward through the graph a second time. "
                "(unpack at /pytorch/torch/csrc/autograd/saved_variable.cpp:38)\n"
                "frame #0: c10::Error::Error(c10::SourceLocation, std::string const&) + 0x33 "
                "(0x7fd2 in /usr/lib/libc10.so)\nframe #1: x"
            ),
            "Trying to backward through the graph a second time.",
        ),
        (
            (
                "expected device cpu but got device cuda:0 "
                "(checkIn at ../aten/src/ATen/native/Foo.cpp:12)"
            ),
            "expected device cpu but got device cuda:0",
        ),
        (
            (
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. "
                "(Triggered internally at /opt/conda/conda-bld/pytorch_1646755953518/work/build/"
                "aten/src/ATen/core/TensorBody.h:475.)"
            ),
            "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed.",
        ),
        (
            (
                "[enforce fail at inline_container.cc:143] . "
                "PytorchStreamReader failed reading zip archive"
            ),
            "PytorchStreamReader failed reading zip archive",
        ),
        (
            (
                "size mismatch, m1: [2 x 3], m2: [2 x 3] "
                "at ../aten/src/TH/generic/THTensorMath.cpp:136"
            ),
            "size mismatch, m1: [2 x 3], m2: [2 x 3]",
        ),
        (
            (
                "invalid argument 0: Sizes of tensors must match, "
                "at /pytorch/aten/src/TH/generic/THTensor.cpp:612"
            ),
            "invalid argument 0: Sizes of tensors must match",
        ),
        (
            (
                "isDifferentiableType INTERNAL ASSERT FAILED at "
                '"/pytorch/torch/csrc/autograd/functions/utils.h":59, please report'
            ),
            "isDifferentiableType INTERNAL ASSERT FAILED, please report",
        ),
        (
            "<built-in method add of Tensor object at 0x7f5e4c3d2b10> failed",
            "<built-in method add of Tensor object at 0xADDRESS> failed",
        ),
        (
            "in /usr/lib/python3.8/site-packages/torch/nn/modules/module.py",
            "in site-packages/torch/nn/modules/module.py",
        ),
        (
            "Linear.__init__() got an unexpected keyword argument 'device'",
            "__init__() got an unexpected keyword argument 'device'",
        ),
        (
            "torch.optim.SGD.step() missing 1 required positional argument: 'x'",
            "step() missing 1 required positional argument: 'x'",
        ),
        (
            "Module.forward() takes 1 positional argument but 2 were given",
            "forward() takes 1 positional argument but 2 were given",
        ),
        ("A.f() got multiple values for argument 'x'", "f() got multiple values for argument 'x'"),
        ("  first  \nsecond\t\n\n", "first\nsecond"),
    ],
    ids=[
        "colours",
        "stack",
        "old_stack",
        "location",
        "triggered",
        "enforce",
        "at_file",
        "comma_at_file",
        "quoted_file",
        "address",
        "install_path",
        "keyword",
        "missing",
        "takes",
        "multiple",
        "blanks",
    ],
)
def test_message_loses_what_is_not_the_behaviour(message, expected):
    assert normalise(message) == expected
    assert normalise(normalise(message)) == expected


@pytest.mark.parametrize(
    "message",
    [
        "size mismatch for weight: copying a param with shape torch.Size([2, 3]) from checkpoint",
        "expected scalar type Float but found 0x1",
        "look at torch.nn.Linear.forward() for help",
        (
            "one of the variables needed for gradient computation has been modified: "
            "[torch.FloatTensor [2]] is at version 1; expected 0"
        ),
    ],
    ids=["shapes", "short_number", "method", "at_version"],
)
def test_message_keeps_what_is_the_behaviour(message):
    assert normalise(message) == message
