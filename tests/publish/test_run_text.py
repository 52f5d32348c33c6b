"""The answer of ``torch-history run`` on a terminal, literally, for every verdict."""

import pytest

from tests.publish.run_results import (
    ADDMM,
    AFTER,
    BEFORE,
    DROPOUT,
    FAILS,
    FULL,
    GELU,
    GRADSCALER,
    PARTED,
    ROUNDING,
    SMALLEST,
    STREAM,
    VERDICTS,
    hostile,
    replaced,
)
from torch_history.comparing.result import Raised, Verdict, Where
from torch_history.publish import run_text, run_words

EVERYTHING = """\
train.py:21: F.gelu returns different values: up to 3.1e-4 of 2.9 (0.011 %), in Net.act (nn.GELU), forward, step 1
    float32 [64, 128] · 0.1587 became 0.1584 · 812 of 8,192 elements · 1 more like it, in Net.act2
    losses.gelu_takes_another_formula: since 2.7 gelu takes another formula · approximate="none" · pytorch#1
train.py:23: F.linear runs other operations, in Net.fc, backward, step 1, run from train.py:40
    operation _to_copy · arguments dtype=torch.bfloat16 · only before: addmm · only after: _to_copy → bfloat16, mm
    not in the records
net.py:7: nn.Dropout draws other random numbers (bernoulli: draws other numbers from the same state), forward, step 1
    operation bernoulli_ · float32 [8192]
    not in the records
train.py:18: F.linear rounds differently: up to 4.8e-7 of 3.1 (1.5e-5 %), in Net.fc, forward, step 1; 1 more operation rounds differently
    in 4 steps the losses differ by up to 0.3 % with the random numbers of 2.6, beyond tolerance from backward 3; an ulp of jitter under 2.6 alone leads to 0.4 %
train.py:12: new under 2.15: FutureWarning: `torch.cuda.amp.GradScaler(args...)` is deprecated. Use another one. · torch.amp.GradScaler · precision.grad_scaler_warns
gone under 2.15: UserWarning: lr_scheduler.step() was called too early
Verdict: parts in an operation, before step 1. Also: the random stream differs. With the random numbers of 2.6: the same within tolerance. It begins with torch 2.10.0 (tried: 2.7.1 the same bits, 2.10.0 an operation differs).
torch 2.6 to 2.15: 2 operations differ, 1 random draw differs, 2 operations round differently, 1 new warning, 1 warning gone; 4 steps; 4 runs in 36 s.
Not in the records: the same command with --draft FOLDER writes the test of a behaviour for it.
Note: NumPy 1.26.4 → 2.2.1
Note: stopped after 4 steps: --steps"""  # noqa: E501

FAILED = """\
data.py:9: torch 2.15 raises UnpicklingError after 3 steps: Weights only load failed. Unsupported global: numpy.core.multiarray
    return torch.load(path)
    checkpoints.load_refuses_more_than_tensors: since 2.6 only tensors are loaded by default · weights_only=False if you trust it
Verdict: fails under 2.15, where 2.6 ran to its end.
torch 2.6 to 2.15: 1 exception; 3 steps."""  # noqa: E501

ROUNDED = """\
train.py:18: F.linear rounds differently: up to 4.8e-7 of 3.1 (1.5e-5 %), in Net.fc, forward, step 1; 1 more operation rounds differently
    in 4 steps the losses differ by up to 0.3 %; an ulp of jitter under 2.6 alone leads to 0.4 %
Verdict: parts through rounding alone.
torch 2.6 to 2.15: 2 operations round differently; 4 steps; 4 runs in 36 s."""  # noqa: E501


def told(result, **options):
    return "\n".join(run_text.lines(result, **options))


def test_answer_with_everything_in_it_has_the_most_harmful_first():
    assert told(FULL) == EVERYTHING


def test_exception_comes_first_with_its_line_and_what_to_do():
    assert told(FAILS) == FAILED


def test_same_bits_are_two_lines():
    assert (
        told(SMALLEST)
        == """\
Verdict: the same bits in 4 steps.
torch 2.6 to 2.15: no difference; 4 steps."""
    )


def test_rounding_is_a_line_for_the_first_operation_and_one_for_the_growth():
    assert told(ROUNDING) == ROUNDED


def test_random_stream_says_what_the_older_random_numbers_lead_to():
    assert (
        "Verdict: parts in the random stream. With the random numbers of 2.6: the same bits."
        in (told(STREAM))
    )


def test_other_data_are_not_called_a_gap_of_the_records():
    text = told(VERDICTS[Verdict.DATA])
    assert text.startswith("train.py:18: F.linear is given other data, in Net.fc")
    assert "1 operation is given other data" in text and "records" not in text


@pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, Verdict.UNSTABLE, Verdict.TOLERANCE])
def test_no_difference_is_said_of_the_same_bits_alone(verdict):
    result = replaced(VERDICTS[verdict], rounding=())
    assert "no cause found" in told(result) and "no difference" not in told(result)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_is_told_in_lines_of_their_own(verdict):
    lines = list(run_text.lines(VERDICTS[verdict]))
    assert all(line.strip() and "\n" not in line for line in lines)
    assert [line for line in lines if line.startswith(f"Verdict: {VERDICTS[verdict].words}.")]
    assert run_words.LABELS[verdict]


@pytest.mark.parametrize(
    "before, after, names",
    [
        ("2.6.0+cpu", "2.15.0", "torch 2.6 to 2.15:"),
        ("2.0.0", "2.0.1+cu118", "torch 2.0.0 to 2.0.1:"),
        ("2.15.0+cpu", "2.15.0+cu128", "torch 2.15.0+cpu to 2.15.0+cu128:"),
        ("2.15.0", "2.16.0.dev20261101", "torch 2.15 to 2.16.0.dev20261101:"),
        ("2.6.0", "ours", "torch 2.6 to ours:"),
    ],
)
def test_releases_are_named_by_what_tells_them_apart(before, after, names):
    result = replaced(
        SMALLEST, before=replaced(BEFORE, torch=before), after=replaced(AFTER, torch=after)
    )
    assert names in told(result)


def test_older_release_in_second_place_has_a_change_until_its_version():
    result = replaced(FULL, before=AFTER, after=BEFORE)
    assert "until 2.7, where gelu takes another formula" in told(result)


def test_program_that_ends_without_an_exception_has_its_exit_status():
    raised = Raised(kind="exit status", text="no such file", status=3)
    result = replaced(FAILS, after=replaced(AFTER, raised=raised))
    assert told(result).startswith(
        "torch 2.15 ends with exit status 3 before the first step: no such file\n"
        "    not in the records\n"
    )


def test_exception_of_both_runs_is_no_difference():
    raised = Raised(kind="KeyError", text="'x'")
    sides = {"before": replaced(BEFORE, raised=raised), "after": replaced(AFTER, raised=raised)}
    text = told(replaced(SMALLEST, **sides))
    assert "torch 2.15 raises KeyError before the first step: 'x'\ntorch 2.6 raises" in text
    assert "records" not in text and "1 exception" not in text


@pytest.mark.parametrize("shown, limit", [(3, 3), (12, 0)])
def test_limit_leaves_out_findings_and_warnings_and_says_so(shown, limit):
    spread = [replaced(GELU, at=Where("train.py", line)) for line in range(12)]
    warnings = [replaced(GRADSCALER, text=str(number)) for number in range(12)]
    result = replaced(PARTED, differences=tuple(spread), new_warnings=tuple(warnings))
    text = told(result, limit=limit)
    assert text.count("F.gelu returns") == text.count("FutureWarning") == shown
    assert ("9 less harmful ones are not shown." in text) is (limit == 3)
    assert ("9 more warnings are new under 2.15." in text) is (limit == 3)


def test_operation_is_told_before_a_draw_that_came_earlier():
    found = run_words.findings((DROPOUT, replaced(GELU, mark=7)))
    assert [one.first.kind for one in found] == ["value", "draw"]


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"largest": None}, "F.linear returns different values: 9 of 128 elements"),
        ({"scale": 0.0}, "F.linear returns different values: up to 4.8e-7"),
        ({"words": "lr is 0.1 and was 0.2"}, "F.linear: lr is 0.1 and was 0.2"),
        (
            {"kind": "structure"},
            "F.linear runs the operation addmm, which was not run before",
        ),
        (
            {"kind": "structure", "api": ""},
            "torch runs the operation addmm, which was not run before",
        ),
        ({"kind": "structure", "only_after": ("mm",)}, "F.linear runs other operations: up to"),
        (
            {"api": "torch.nn.LSTM", "largest": 0.5},
            "nn.LSTM returns different values: up to 0.5 of",
        ),
    ],
)
def test_sentence_says_how_far_only_what_was_measured(changes, words):
    before = GELU.before
    one = replaced(ADDMM, **{"kind": "value", "before": before, "after": before, **changes})
    assert run_words.sentence(one).startswith(words)


def test_other_dtype_is_what_the_sentence_says():
    after = replaced(GELU.after, dtype="bfloat16")
    words = run_words.sentence(replaced(GELU, after=after, largest=None, elements=0))
    assert words == "F.gelu returns bfloat16 [64, 128] instead of float32 [64, 128]"


@pytest.mark.parametrize(
    "value, words",
    [(0.0, "0"), (3.14e-4, "3.1e-4"), (2e-7, "2e-7"), (0.0163, "0.016"), (2.94, "2.9"),
     (1234.5, "1,234"), (2e20, "2e20")],
)  # fmt: skip
def test_sizes_have_two_digits(value, words):
    assert run_words.small(value) == words


@pytest.mark.parametrize(
    "share, words",
    [(0.003, "0.3 %"), (1.07e-4, "0.011 %"), (0.12, "12 %"), (1.0, "100 %"), (35.0, "35 times")],
)
def test_shares_are_percent_up_to_tenfold(share, words):
    assert run_words.percent(share) == words


@pytest.mark.parametrize(
    "was, now, words",
    [
        (0.158655, 0.158354, ("0.1587", "0.1584")),
        (0.15865501, 0.15865502, ("0.15865501", "0.15865502")),
        (3, 4, ("3", "4")),
        (1.5, None, ("1.5", "not finite")),
        (float("-1e-07"), 1e-7, ("-1e-7", "1e-7")),
    ],
)
def test_values_have_the_digits_that_tell_them_apart(was, now, words):
    assert run_words.pairs([was], [now]) == [words]


def test_text_from_outside_cannot_move_the_cursor():
    text = told(hostile())
    assert "\x1b" not in text and "\\x1b[31m" in text


def test_drafts_are_named_where_they_were_written():
    text = told(replaced(STREAM, drafts=("drafts/test_dropout.py",)))
    assert "drafts/test_dropout.py" in text.splitlines()
    assert "--draft" not in text


def test_limit_that_stops_the_newer_run_alone_is_a_note():
    result = replaced(SMALLEST, after=replaced(AFTER, stopped="minutes"))
    assert told(result).endswith("\nNote: torch 2.15 was stopped after 4 steps: --minutes")


def test_loss_that_was_zero_has_no_percentage():
    text = told(replaced(PARTED, farthest=float("inf")))
    assert "the losses differ where one was 0; an ulp" in text
