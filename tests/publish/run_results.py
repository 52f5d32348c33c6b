"""Literal answers of ``torch-history run``: one of each verdict, and a hostile one."""

import msgspec

from tests.publish.hostile import HOSTILE
from torch_history.comparing.result import (
    Curve,
    Difference,
    Distances,
    Made,
    Raised,
    Result,
    Run,
    Seen,
    Step,
    Tensor,
    Tried,
    Verdict,
    Warned,
    Where,
)

BEFORE = Run(torch="2.6.0+cpu", python="3.11.9", seconds=9.0, tracing=0.5, steps=4, status=0)
AFTER = Run(torch="2.15.0+cpu", python="3.11.9", seconds=9.5, tracing=0.5, steps=4, status=0)
SMALLEST = Result(
    date="2026-01-02",
    command=("python", "train.py"),
    verdict=Verdict.SAME,
    words="the same bits in 4 steps",
    before=BEFORE,
    after=AFTER,
)

GELU = Difference(
    kind="value",
    name="gelu",
    phase="forward",
    mark=0,
    step=1,
    api="torch.nn.functional.gelu",
    module="Net.act",
    module_class="torch.nn.GELU",
    at=Where("train.py", 21, "forward", "return F.gelu(x)"),
    inputs=(Tensor("float32", (64, 128)),),
    before=Tensor("float32", (64, 128)),
    after=Tensor("float32", (64, 128)),
    largest=3.1e-4,
    scale=2.9,
    elements=812,
    of=8192,
    was=(0.158655, -0.0456, 1.25),
    now=(0.158354, -0.0457, None),
    behaviours=(
        Seen(
            id="losses.gelu_takes_another_formula",
            words="gelu takes another formula",
            version="2.7",
            kind="silent",
            advice='approximate="none"',
            cause="pytorch#1",
        ),
    ),
)
AGAIN = msgspec.structs.replace(GELU, module="Net.act2", mark=2)
BACKWARD = Difference(
    kind="structure",
    name="_to_copy",
    phase="backward",
    mark=1,
    step=1,
    api="torch.nn.functional.linear",
    module="Net.fc",
    at=Where("train.py", 40, "main", "loss.backward()"),
    made_at=Where("train.py", 23, "forward", "return self.fc(x)"),
    only_before=("addmm",),
    only_after=("_to_copy → bfloat16", "mm"),
    arguments="dtype=torch.bfloat16",
)
DROPOUT = Difference(
    kind="draw",
    name="bernoulli_",
    phase="forward",
    mark=0,
    step=1,
    api="torch.nn.Dropout",
    at=Where("net.py", 7, "forward", "x = self.dropout(x)"),
    after=Tensor("float32", (8192,)),
    words="bernoulli: draws other numbers from the same state",
)
ADDMM = Difference(
    kind="rounding",
    name="addmm",
    phase="forward",
    mark=0,
    step=1,
    api="torch.nn.functional.linear",
    module="Net.fc",
    at=Where("train.py", 18, "forward", "x = self.fc(x)"),
    largest=4.8e-7,
    scale=3.1,
    elements=9,
    of=128,
)
LERP = msgspec.structs.replace(ADDMM, name="lerp_", api="torch.optim.Adam", phase="step", mark=2)

GRADSCALER = Warned(
    category="FutureWarning",
    text="`torch.cuda.amp.GradScaler(args...)` is deprecated.\nUse another one.",
    at=Where("train.py", 12),
    behaviours=(
        Seen("precision.grad_scaler_warns", "it warns", "2.4", "warning", "torch.amp.GradScaler"),
    ),
)
REFUSED = Raised(
    kind="UnpicklingError",
    text="Weights only load failed.\nUnsupported global: numpy.core.multiarray",
    at=Where("data.py", 9, "load", "return torch.load(path)"),
    step=3,
    status=1,
    behaviours=(
        Seen(
            id="checkpoints.load_refuses_more_than_tensors",
            words="only tensors are loaded by default",
            version="2.6",
            kind="error",
            advice="weights_only=False if you trust it",
        ),
    ),
)
CURVES = (
    Curve("before", (2.5, 2.0, 1.5, 1.0)),
    Curve("after", (2.5, 2.0, 1.5015, 1.003)),
    Curve("control", (2.5, 2.0, 1.5, 1.0)),
    Curve("jitter", (2.5, 2.0001, 1.5, 1.004)),
)
TAPE = Curve("tape", (2.5, 2.0, None, 1.0))
DISTANCES = (
    Distances(
        run="after",
        names=("fc.weight", "fc.bias"),
        steps=(1, 2, 3, 4),
        values=((0.0, 1.5e-8, 3e-5, 2e-2), (0.0, None, 0.0, 4e-4)),
    ),
    Distances(
        run="jitter",
        names=("fc.weight", "fc.bias"),
        steps=(1, 2, 3, 4),
        values=((2e-8, 1.5e-7, 3e-7, 2e-6), (0.0, 0.0, 0.0, 4e-8)),
    ),
)


def replaced(result, **changes):
    """A result with other fields."""
    return msgspec.structs.replace(result, **changes)


PARTED = replaced(
    SMALLEST,
    curves=CURVES,
    distances=DISTANCES,
    farthest=0.003,
    made=(Made("before", 9.0), Made("after", 9.5), Made("control", 8.9), Made("jitter", 9.1)),
    seconds=36.5,
)
FULL = replaced(
    PARTED,
    verdict=Verdict.OPERATION,
    words="parts in an operation, before step 1",
    also=(Verdict.STREAM,),
    parted_at=0,
    curves=(*CURVES, TAPE),
    differences=(DROPOUT, GELU, AGAIN, BACKWARD),
    rounding=(LERP, ADDMM),
    new_warnings=(GRADSCALER,),
    gone_warnings=(Warned("UserWarning", "lr_scheduler.step() was called too early"),),
    taped=Verdict.TOLERANCE,
    forced=(Step(step=1, parameters=1.2e-7), Step(step=2, parameters=3e-7, loss=1e-8)),
    first_beyond=3,
    notes=("NumPy 1.26.4 → 2.2.1", "stopped after 4 steps: --steps"),
    begins="2.10.0",
    tried=(Tried("2.7.1", Verdict.SAME, False), Tried("2.10.0", Verdict.OPERATION, True)),
    before=replaced(
        BEFORE,
        output="epoch 1 loss 2.5\n",
        packages={"numpy": "1.26.4", "pillow": "11.0", "typing-extensions": "4.12"},
        seeded=("numpy",),
        workers=2,
        stopped="steps",
    ),
    after=replaced(
        AFTER,
        output="epoch 1 loss 2.5\n",
        errors="train.py:12: FutureWarning\n",
        packages={"numpy": "2.2.1", "pillow": "11.0"},
    ),
)
FAILS = replaced(
    SMALLEST,
    verdict=Verdict.FAILS,
    words="fails under 2.15, where 2.6 ran to its end",
    after=replaced(AFTER, status=1, steps=3, raised=REFUSED),
)
ROUNDING = replaced(
    PARTED,
    verdict=Verdict.ROUNDING,
    words="parts through rounding alone",
    parted_at=2,
    rounding=(ADDMM, LERP),
)
STREAM = replaced(
    PARTED,
    verdict=Verdict.STREAM,
    words="parts in the random stream",
    differences=(DROPOUT,),
    taped=Verdict.SAME,
    curves=(*CURVES, TAPE),
    farthest=0.0,
)
VERDICTS = {
    Verdict.FAILS: FAILS,
    Verdict.OPERATION: FULL,
    Verdict.STREAM: STREAM,
    Verdict.DATA: replaced(
        PARTED,
        verdict=Verdict.DATA,
        words="was fed with other data",
        differences=(msgspec.structs.replace(ADDMM, kind="value", largest=None, elements=0, of=0),),
    ),
    Verdict.UNKNOWN: replaced(PARTED, verdict=Verdict.UNKNOWN, words="parts, the place unknown"),
    Verdict.ROUNDING: ROUNDING,
    Verdict.TOLERANCE: replaced(ROUNDING, verdict=Verdict.TOLERANCE, words="within tolerance"),
    Verdict.SAME: SMALLEST,
    Verdict.UNSTABLE: replaced(SMALLEST, verdict=Verdict.UNSTABLE, words="not reproducible"),
}


# what the reader of the file checks, or what names one of our own runs
KEPT = ("verdict", "also", "taped", "run", "what", "stopped")
KINDS = ("value", "structure", "draw", "rounding")


def filled(words):
    """The full result with an exception, in which these words are all that comes from outside."""
    full = replaced(FULL, after=replaced(FULL.after, raised=REFUSED))
    return msgspec.convert(_filled(msgspec.to_builtins(full), words), Result)


def _filled(data, words):
    if isinstance(data, dict):
        return {
            key: {words: words}
            if key == "packages"
            else (value if key in KEPT or value in KINDS else _filled(value, words))
            for key, value in data.items()
        }
    if isinstance(data, (list, tuple)):
        return [_filled(one, words) for one in data]
    return words if isinstance(data, str) else data


def hostile():
    """The full result with markup that would run, and an escape of a terminal."""
    return filled(f"\x1b[31m{HOSTILE}")
