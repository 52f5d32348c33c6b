"""Flags for products of float32: ``set_float32_matmul_precision`` and TF32, old and new.

A GPU may compute products of float32 in TF32, which has 10 bits for the digits instead of 23.
``torch.set_float32_matmul_precision`` takes ``"highest"``, ``"high"`` (TF32) or ``"medium"``
(bfloat16). ``torch.backends.cuda.matmul.allow_tf32`` was True by default up to 1.11. Since 2.9
there is ``fp32_precision`` for each backend and operation. Reading an old flag raises where a new
one has a setting that the old one cannot tell. The flags are values on every machine.
"""

import pytest
import torch

from fixtures.settings import each
from torch_history.observing import apart, observe_each


def read(*names):
    """The values of these flags of ``torch.backends``, or the precision of matmul."""
    found = {}
    for name in names:
        if name == "precision":
            found[name] = torch.get_float32_matmul_precision()
            continue
        place = torch.backends
        for part in name.split("."):
            place = getattr(place, part)
        found[name] = place
    return found


def write(settings):
    """Set each of these flags of ``torch.backends``, or the precision of matmul."""
    for name, value in settings:
        if name == "precision":
            torch.set_float32_matmul_precision(value)
            continue
        *parents, last = name.split(".")
        place = torch.backends
        for part in parents:
            place = getattr(place, part)
        setattr(place, last, value)


def after(*settings, then=()):
    """An act in a process of its own: set flags, then read others."""

    def act():
        write(settings)
        return read(*then)

    return apart(act)


OLD, CUDNN, NEW = "cuda.matmul.allow_tf32", "cudnn.allow_tf32", "cuda.matmul.fp32_precision"
CONV, CPU = "cudnn.conv.fp32_precision", "mkldnn.matmul.fp32_precision"


@pytest.mark.api(
    "torch.get_float32_matmul_precision",
    page="generated/torch.get_float32_matmul_precision",
)
@pytest.mark.changed(
    "1.7",
    "allow_tf32 appears, and is True by default",
    kind="appeared",
    cause="pytorch#41498",
)
@pytest.mark.changed(
    "1.11",
    "allow_fp16_reduced_precision_reduction appears",
    kind="error-gone",
    cause="pytorch#67946",
)
@pytest.mark.changed(
    "1.12",
    "allow_tf32 is False by default: products of float32 get more digits and take longer",
    kind="silent",
    cause="pytorch#76509",
    advice='call torch.set_float32_matmul_precision("high") to keep TF32',
    rarely="products of float32 on a GPU with TF32",
)
@pytest.mark.changed(
    "1.12", "get_float32_matmul_precision appears", kind="appeared", cause="pytorch#76509"
)
@pytest.mark.changed(
    "2.0",
    "allow_bf16_reduced_precision_reduction appears",
    kind="error-gone",
    cause="pytorch#89172",
)
@pytest.mark.changed(
    "2.2",
    "an unknown flag raises AttributeError instead of AssertionError",
    kind="exception",
    cause="pytorch#112606",
    rarely="a flag that this release lacks",
)
@pytest.mark.changed(
    "2.7", "allow_fp16_accumulation appears", kind="error-gone", cause="pytorch#144441"
)
def test_products_of_float32_are_exact_by_default(snapshot):
    """Products of float32 do not use TF32 by default since 1.12; convolutions of cuDNN do.

    Up to 1.11 ``torch.backends.cuda.matmul.allow_tf32`` was True: on a GPU of the generation
    Ampere or newer the products of 1.11 have fewer digits.
    """
    names = {
        "precision": "precision",
        "cuda.matmul.allow_tf32": OLD,
        "cudnn.allow_tf32": CUDNN,
        "fp16 reduction": "cuda.matmul.allow_fp16_reduced_precision_reduction",
        "bf16 reduction": "cuda.matmul.allow_bf16_reduced_precision_reduction",
        "fp16 accumulation": "cuda.matmul.allow_fp16_accumulation",
    }
    assert snapshot == observe_each({name: after(then=[flag]) for name, flag in names.items()})


@pytest.mark.api(
    "torch.set_float32_matmul_precision",
    page="generated/torch.set_float32_matmul_precision",
)
@pytest.mark.changed(
    "1.12", "set_float32_matmul_precision appears", kind="appeared", cause="pytorch#76509"
)
def test_matmul_precision_sets_the_flag_for_tf32(snapshot):
    """``"high"`` and ``"medium"`` allow TF32 in products on CUDA, ``"highest"`` does not."""
    assert snapshot == observe_each(
        {
            name: after(("precision", name), then=["precision", OLD])
            for name in ("highest", "high", "medium")
        }
    )


@pytest.mark.api(
    "torch.set_float32_matmul_precision",
    page="generated/torch.set_float32_matmul_precision",
)
@pytest.mark.changed(
    "1.12", "set_float32_matmul_precision appears", kind="appeared", cause="pytorch#76509"
)
@pytest.mark.changed(
    "2.3",
    "an unknown name warns",
    kind="warning",
    advice='pass "highest", "high" or "medium"',
    when="@0",
    depends="the name",
)
def test_unknown_matmul_precision_has_no_effect(snapshot):
    """A name that ``set_float32_matmul_precision`` does not know changes nothing, and warns.

    Before 2.3 it did not even warn. Capital letters count.
    """
    cases = {"low": "low", "High": "High", "None": None, "bfloat16": torch.bfloat16}
    assert snapshot == observe_each(
        {name: after(("precision", value), then=["precision"]) for name, value in cases.items()}
    )


@pytest.mark.api(
    "torch.get_float32_matmul_precision",
    page="generated/torch.get_float32_matmul_precision",
)
@pytest.mark.changed(
    "1.7",
    "allow_tf32 appears",
    kind="appeared",
    cause="pytorch#41498",
)
@pytest.mark.changed(
    "1.12", "get_float32_matmul_precision appears", kind="appeared", cause="pytorch#76509"
)
@pytest.mark.changed(
    "1.12",
    "allow_tf32 is False by default",
    kind="silent",
    cause="pytorch#76509",
    advice='call torch.set_float32_matmul_precision("high") to keep TF32',
    rarely="products of float32 on a GPU with TF32",
)
@pytest.mark.changed(
    "2.9",
    'raises after "medium" and then allow_tf32',
    kind="error",
    cause="pytorch#125888",
    advice="set the precision by one of the two only",
    rarely="both kinds of flags in one program",
)
def test_flag_for_tf32_sets_the_matmul_precision(snapshot):
    """``allow_tf32 = True`` makes the precision ``"high"``, and False makes it ``"highest"``.

    Since 2.9 it raises to read the precision after ``"medium"`` and then ``allow_tf32``: the CPU
    has bfloat16 then, and CUDA TF32.
    """
    medium = ("precision", "medium")
    assert snapshot == observe_each(
        {
            "True": after((OLD, True), then=["precision", OLD]),
            "True, False": after((OLD, True), (OLD, False), then=["precision", OLD]),
            "medium, True": after(medium, (OLD, True), then=["precision"]),
            "integer": after((OLD, 1), then=[OLD]),
            "cuDNN": after((CUDNN, False), then=[CUDNN, OLD]),
        }
    )


@pytest.mark.api(
    "torch.get_float32_matmul_precision",
    page="generated/torch.get_float32_matmul_precision",
)
@pytest.mark.changed(
    "1.5",
    "torch.backends.mkldnn appears, without matmul",
    kind="appeared",
    cause="pytorch#32055",
)
@pytest.mark.changed(
    "1.7",
    "allow_tf32 appears",
    kind="appeared",
    cause="pytorch#41498",
)
@pytest.mark.changed(
    "1.12",
    "allow_tf32 is False by default",
    kind="silent",
    cause="pytorch#76509",
    advice='call torch.set_float32_matmul_precision("high") to keep TF32',
    rarely="products of float32 on a GPU with TF32",
)
@pytest.mark.changed(
    "2.2",
    "an unknown flag raises AttributeError instead of AssertionError",
    kind="exception",
    cause="pytorch#112606",
    rarely="a flag that this release lacks",
)
@pytest.mark.changed(
    "2.9",
    "old flags raise when they are read after fp32_precision was set",
    kind="error",
    cause="pytorch#125888",
    advice="set and read one kind of flags only, the old or the new",
    rarely="both kinds of flags in one program",
)
@pytest.mark.changed(
    "2.9",
    "raises RuntimeError: fp32_precision exists",
    kind="exception",
    cause="pytorch#125888",
    rarely="both kinds of flags in one program",
)
@pytest.mark.changed(
    "2.9",
    "fp32_precision of the CPU and of convolutions appears",
    kind="appeared",
    cause="pytorch#125888",
)
@pytest.mark.changed("2.9", "fp32_precision appears", kind="error-gone", cause="pytorch#125888")
def test_reading_an_old_flag_after_a_new_one_raises(snapshot):
    """Since 2.9, ``fp32_precision = "tf32"`` makes old flags raise when they are read.

    The message says that the legacy and the new API are mixed. It meets a library that reads
    ``allow_tf32`` or ``get_float32_matmul_precision``, as ``torch.compile`` did. Setting the old
    flag raises nothing.
    """
    new = (NEW, "tf32")
    assert snapshot == observe_each(
        {
            "allow_tf32": after(new, then=[OLD]),
            "precision": after(new, then=["precision"]),
            "all backends": after(("fp32_precision", "tf32"), then=[OLD]),
            "convolutions": after((CONV, "ieee"), then=[CUDNN]),
            "CPU": after((CPU, "bf16"), then=["precision"]),
            "set the old one": after(new, (OLD, False), then=[NEW, OLD]),
            "ieee": after((NEW, "ieee"), then=["precision", OLD]),
        }
    )


@pytest.mark.api(
    "torch.set_float32_matmul_precision",
    page="generated/torch.set_float32_matmul_precision",
)
@pytest.mark.changed(
    "1.7",
    "allow_tf32 appears",
    kind="appeared",
    cause="pytorch#41498",
)
@pytest.mark.changed(
    "1.12", "set_float32_matmul_precision appears", kind="appeared", cause="pytorch#76509"
)
@pytest.mark.changed(
    "2.2",
    "an unknown flag raises AttributeError instead of AssertionError",
    kind="exception",
    cause="pytorch#112606",
    rarely="a flag that this release lacks",
)
@pytest.mark.changed("2.9", "fp32_precision appears", kind="error-gone", cause="pytorch#125888")
def test_old_flags_set_the_new_ones(snapshot):
    """Since 2.9, ``set_float32_matmul_precision`` and ``allow_tf32`` set ``fp32_precision``.

    ``"medium"`` means bfloat16 on the CPU and TF32 on CUDA. ``cudnn.allow_tf32`` sets it for
    convolutions and RNNs.
    """
    assert snapshot == observe_each(
        {
            "default": after(then=["fp32_precision", NEW, CPU, CONV]),
            **{
                name: after(("precision", name), then=[NEW, CPU])
                for name in ("highest", "high", "medium")
            },
            "allow_tf32": after((OLD, True), then=[NEW, CPU]),
            "cudnn.allow_tf32": after((CUDNN, False), then=[CONV, "cudnn.rnn.fp32_precision"]),
        }
    )


@pytest.mark.api(
    "torch.set_float32_matmul_precision",
    page="generated/torch.set_float32_matmul_precision",
)
@pytest.mark.changed(
    "1.7",
    "allow_tf32 appears",
    kind="appeared",
    cause="pytorch#41498",
)
@pytest.mark.changed(
    "2.2",
    "an unknown flag raises AttributeError instead of AssertionError",
    kind="exception",
    cause="pytorch#112606",
    rarely="a flag that this release lacks",
)
@pytest.mark.changed("2.9", "fp32_precision appears", kind="error-gone", cause="pytorch#125888")
@pytest.mark.changed(
    "2.10",
    "a precision that is unknown, or that the backend lacks, raises",
    kind="error",
    advice='set "ieee", "tf32" or "none" for CUDA',
    rarely="a precision that was ignored",
    cause="pytorch#164044",
    probable=True,
)
def test_precision_of_all_backends_reaches_each_operation(snapshot):
    """``torch.backends.fp32_precision`` holds for each operation that has no setting of its own.

    An unknown name, or one that the backend lacks, raises since 2.10; 2.9 ignored it.
    """
    assert snapshot == observe_each(
        {
            "all": after(("fp32_precision", "tf32"), then=[NEW, CONV, CPU]),
            "own setting": after((NEW, "ieee"), ("fp32_precision", "tf32"), then=[NEW, CONV]),
            "unknown": after((NEW, "fp16"), then=[NEW]),
            "not for CUDA": after((NEW, "bf16"), then=[NEW]),
        }
    )


@pytest.mark.api("torch.backends.cuda.matmul", "torch.backends.cudnn.allow_tf32", page="backends")
@pytest.mark.changed(
    "1.7",
    "torch.backends.cuda.matmul appears",
    kind="appeared",
    cause="pytorch#41498",
)
@pytest.mark.changed(
    "2.2",
    "an unknown flag raises AttributeError instead of AssertionError",
    kind="exception",
    cause="pytorch#112606",
    rarely="a flag that this release lacks",
)
def test_misspelt_flag_of_cuda_matmul_raises(snapshot):
    """An unknown flag of ``torch.backends.cuda.matmul`` raises AttributeError.

    Before 2.2 it was an AssertionError. Trap: ``torch.backends.cudnn`` takes any name, and ignores
    it.
    """
    assert snapshot == observe_each(
        {
            "set": after(("cuda.matmul.allow_tf", True)),
            "read": after(then=["cuda.matmul.allow_tf"]),
            "cuDNN": after(("cudnn.allow_tf", True), then=["cudnn.allow_tf"]),
        }
    )


@pytest.mark.api("torch.backends.cuda.matmul", page="backends")
@pytest.mark.changed(
    "1.7",
    "torch.backends.cuda.matmul appears",
    kind="appeared",
    cause="pytorch#41498",
)
@pytest.mark.changed(
    "1.11",
    "a pair raises RuntimeError instead of AssertionError: the flag for float16 appears",
    kind="exception",
    cause="pytorch#67946",
    rarely="a pair as a flag",
)
@pytest.mark.changed(
    "1.11", "the flag for float16 appears", kind="error-gone", cause="pytorch#67946"
)
@pytest.mark.changed(
    "2.0",
    "a pair raises RuntimeError instead of AssertionError: the flag for bfloat16 appears",
    kind="exception",
    rarely="a pair as a flag",
    cause="pytorch#89172",
)
@pytest.mark.changed(
    "2.0",
    "the flag for bfloat16 appears",
    kind="error-gone",
    cause="pytorch#89172",
)
@pytest.mark.changed("2.10", "the flags take a pair", kind="error-gone", cause="pytorch#164766")
def test_reductions_of_half_precision_are_set_by_flags(snapshot):
    """``allow_bf16_reduced_precision_reduction`` keeps sums of products in float32 if False.

    Since 2.10 the flags also take a pair.
    """
    flags = {
        "fp16": "cuda.matmul.allow_fp16_reduced_precision_reduction",
        "bf16": "cuda.matmul.allow_bf16_reduced_precision_reduction",
    }
    cases = {
        f"{name} {value}": {"flag": flag, "value": value}
        for name, flag in flags.items()
        for value in (False, (False, False))
    }
    assert snapshot == observe_each(
        each(lambda flag, value: after((flag, value), then=[flag])(), cases)
    )


@pytest.mark.api("torch.backends.cudnn.flags", page="backends")
@pytest.mark.changed(
    "1.7",
    "takes allow_tf32",
    kind="appeared",
    cause="pytorch#40737",
)
@pytest.mark.changed(
    "1.7",
    "has allow_tf32=True by default, and sets it",
    kind="silent",
    advice="pass allow_tf32=False",
    rarely="convolutions on a GPU with TF32",
    cause="pytorch#40737",
)
def test_cudnn_flags_restore_tf32(snapshot):
    """``torch.backends.cudnn.flags`` sets TF32 for a block, and restores it after.

    Trap: ``allow_tf32`` is True by default, so ``flags(enabled=True)`` also switches TF32 on.
    """

    def inside(**settings):
        def act():
            torch.backends.cudnn.allow_tf32 = False
            with torch.backends.cudnn.flags(enabled=True, **settings):
                found = {"inside": torch.backends.cudnn.allow_tf32}
            return {**found, "after": torch.backends.cudnn.allow_tf32}

        return apart(act)()

    cases = {"default": {}, "True": {"allow_tf32": True}, "False": {"allow_tf32": False}}
    assert snapshot == observe_each(each(inside, cases))
