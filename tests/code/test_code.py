"""``diff --code`` on a planted project, which is parsed and never run, and on the real records.

Which hits are right was judged by reading each behaviour.
"""

import ast
import gc
import json
import sys
import tracemalloc
from pathlib import Path

import jsonschema
import pytest

from tests.code import PLANTED, REPOSITORY
from torch_history.catalogue import index
from torch_history.cli import main
from torch_history.code.hits import Level

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

from tests.code.scanning import by_behaviour, scanned
from torch_history.code import uses

LOADS = (
    "by_assignment.py:10 deep_names.py:11 inner_imports.py:4 notebook.ipynb:5:3 "
    "package/nested.py:6 plain.py:11 renamed_names.py:11"
)
NEW_CALL = "newer_apis.py:9"
CERTAIN = {
    "1.13 2.0": {
        "training_step.optimizer_zero_grad_leaves_none": (
            "by_assignment.py:8 deep_names.py:9 deep_names.py:10 notebook.ipynb:5:2 "
            "plain.py:7 rebound.py:17 renamed_names.py:10"
        ),
        "training_step.module_zero_grad_leaves_none": (
            "by_assignment.py:9 own_modules.py:10 own_modules.py:25 own_modules.py:28 "
            "own_modules.py:29 rebound.py:13 renamed_modules.py:9"
        ),
        "optimizers.nadam_looks_ahead_by_the_next_momentum": (
            "deep_names.py:8 rebound.py:11 renamed_modules.py:8"
        ),
        "randomness.multinomial_without_replacement_draws_these_numbers_under_seed_zero": (
            "renamed_names.py:12"
        ),
        "randomness.exponential_draws_these_numbers_under_seed_zero": "tensors.py:9",
        "randomness.gumbel_softmax_draws_these_numbers_under_seed_zero": "stars.py:3",
        "views.storage_has_a_dtype_and_warns": "tensors.py:8",
        "optimizers.differentiable_step_refuses_a_leaf": "newer_apis.py:12",
        "optimizers.step_hooks_run_behind_a_scheduler_too": "newer_apis.py:7",
        "optimizers.deepcopy_of_an_optimizer_forgets_its_step_hooks": "newer_apis.py:7",
        "tying.named_parameters_lists_every_name_when_asked": "newer_apis.py:8",
        "tying.functional_call_ignores_a_name_that_the_module_lacks": NEW_CALL,
        "tying.functional_call_needs_no_arguments": NEW_CALL,
        "tying.functional_call_replaces_a_tied_parameter_everywhere": NEW_CALL,
        "tying.functional_call_without_tie_weights_replaces_the_named_place_alone": NEW_CALL,
        "tying.functional_call_given_two_values_for_a_tie_raises": NEW_CALL,
    },
    "2.5 2.6": {
        **{
            f"checkpoints.{claim}": LOADS
            for claim in (
                "load_by_default_does_not_run_code",
                "load_by_default_refuses_a_checkpoint_that_carries_more_than_weights",
                "load_by_default_refuses_a_tensor_of_a_subclass",
                "load_by_default_takes_a_tensor_of_an_allowed_subclass",
                "load_refuses_a_whole_module_by_default",
                "load_by_default_takes_no_newer_pickle_protocol",
                "load_takes_a_state_dict_by_default",
                "load_reads_the_legacy_format",
                "load_of_a_sparse_tensor_checks_its_indices_and_warns",
            )
        },
        "training_step.total_norm_refuses_the_gradient_none": "newer_apis.py:11",
        "training_step.total_norm_of_nothing_is_zero": "newer_apis.py:11",
        "training_step.total_norm_and_clipping_are_two_functions": "newer_apis.py:11",
        "training_step.clipping_functions_take_these_arguments": "newer_apis.py:11",
        "losses.weighted_mse_divides_by_the_sum_of_the_weights": "newer_apis.py:10",
    },
    "2.6 2.15": {
        "optimizers.scheduler_takes_no_verbose": "renamed_names.py:7",
        "optimizers.sequential_schedule_warms_up_and_then_decays": "checkpointing.py:10",
        "training_step.checkpoint_wants_use_reentrant_to_be_given": "checkpointing.py:7",
        "randomness.trunc_normal_draws_these_values_under_seed_zero": "renamed_modules.py:11",
        "randomness.bernoulli_in_place_draws_these_numbers_under_seed_zero": (
            "tensors.py:10 tensors.py:12"
        ),
        "randomness.bernoulli_in_place_draws_64_bits_an_element": "tensors.py:10 tensors.py:12",
        "randomness.dropout_drops_these_elements_under_seed_zero": (
            "renamed_modules.py:10 stars.py:4"
        ),
        "randomness.dropout2d_drops_these_channels_under_seed_zero": "renamed_modules.py:6",
        "randomness.alpha_dropout_drops_these_elements_under_seed_zero": "deep_names.py:7",
        "randomness.multinomial_without_replacement_draws_these_numbers_under_seed_zero": (
            "renamed_names.py:12"
        ),
        "randomness.exponential_draws_these_numbers_under_seed_zero": "tensors.py:9",
        "randomness.gumbel_softmax_draws_these_numbers_under_seed_zero": "stars.py:3",
    },
}
ZERO_GRAD, LOAD = (
    "training_step.optimizer_zero_grad_leaves_none",
    "checkpoints.load_refuses_a_whole_module_by_default",
)
BUILT = "import torch\nopt = torch.optim.SGD([torch.ones(1)], 0.1)\n"


@pytest.fixture
def level(answers, tmp_path):
    """The level at which a piece of source meets a behaviour's difference, or None."""

    def of(source, behaviour=ZERO_GRAD, pair="1.13 2.0"):
        (tmp_path / "piece.py").write_text(source, encoding="utf-8")
        found = scanned([tmp_path], answers[pair])
        assert not found.faults
        hits = by_behaviour(found).get(behaviour)
        depends = f", depends on {hits[0].depends}" if hits and hits[0].depends else ""
        return f"{hits[0].level}{depends}" if hits else None

    return of


def place(hit):
    file, line, cell = hit.place
    name = Path(file).relative_to(PLANTED).as_posix()
    return f"{name}:{cell}:{line}" if cell else f"{name}:{line}"


@pytest.mark.parametrize("pair", list(CERTAIN), ids=list(CERTAIN))
def test_planted_project_has_exactly_the_certain_hits_that_were_judged_right(answers, pair):
    hits = by_behaviour(scanned([PLANTED], answers[pair]))
    found = {
        behaviour: sorted({place(hit) for hit in of if hit.level is Level.CERTAIN})
        for behaviour, of in hits.items()
    }
    assert {behaviour: of for behaviour, of in found.items() if of} == {
        behaviour: sorted(places.split()) for behaviour, places in CERTAIN[pair].items()
    }


def test_cases_that_are_called_after_layers_concern_these_layers_alone(level):
    prints = ("modules.layer_prints_its_arguments", "2.6 2.15")
    assert level("import torch\ntorch.nn.BatchNorm1d(1)", *prints) == "possible"
    assert level("import torch\ntorch.nn.Linear(1, 1)", *prints) is None


def test_planted_project_has_exactly_these_likely_hits_of_zero_grad(answers):
    hits = by_behaviour(scanned([PLANTED], answers["1.13 2.0"]))
    likely = {
        place(hit)
        for behaviour, of in hits.items()
        if "zero_grad_leaves_none" in behaviour
        for hit in of
        if hit.level is Level.LIKELY
    }
    assert likely == {
        "annotated.py:8",
        "annotated.py:9",
        "own_modules.py:13",
        "rebound.py:12",
        "trainer.py:10",
    }


@pytest.mark.parametrize(
    "call, expected",
    [
        ("opt.zero_grad()", "certain"),
        ("opt.zero_grad(set_to_none=False)", None),
        ("opt.zero_grad(True)", None),
        ("torch.optim.Optimizer.zero_grad(opt)", "certain"),
        ("torch.optim.Optimizer.zero_grad(opt, False)", None),
        ("opt.zero_grad(**{})", "likely"),
        ("opt.zero_grad(*[])", "likely"),
        ("clear = opt.zero_grad\nclear()", "certain"),
        ("clear = opt.zero_grad", "likely"),
        ("opt = opt\nopt.zero_grad()", "certain"),
        ("opt.step()", None),
        ("opt.zero_grads()", None),
        ("def f(opt):\n    opt.zero_grad()", "possible"),
        ("def f(o: torch.optim.Adam | None):\n    o.zero_grad()", "likely"),
        ("class A:\n    opt = opt\n    def f(self):\n        self.opt.zero_grad()", "likely"),
        ("opt = wrapped(opt)\nopt.zero_grad()", "likely"),
        ("class opt:\n    def zero_grad(): pass\nopt.zero_grad()", "likely"),
        ("[o.zero_grad() for o in [opt]]", "possible"),
        ("(o := torch.optim.Adam([])).zero_grad()", "certain"),
        ("a, b = opt, 1\na.zero_grad()", "certain"),
        ("(opt if x else None).zero_grad()", "certain"),
    ],
    ids=lambda value: str(value).replace("\n", "; "),
)
def test_call_of_zero_grad_is_met_as_surely_as_its_object_and_its_arguments_are_known(
    level, call, expected
):
    assert level(BUILT + call) == expected


@pytest.mark.parametrize(
    "source, expected",
    [
        ("import torch\ntorch.load(f)", "certain"),
        ("import torch\ntorch.load(f, weights_only=False)", None),
        ("import torch\ntorch.load(f, 'cpu', weights_only=True)", None),
        ("from torch import load\nload(f)", "certain"),
        ("from torch.serialization import load as l\nl(f)", "certain"),
        ("import torch.nn\ntorch.load(f)", "certain"),
        ("from torch import *\nload(f)", "certain"),
        ("from torch import *\nfrom json import *\nload(f)", "likely"),
        ("from .torch import load\nload(f)", None),
        ("import mytorch as torch\ntorch.load(f)", None),
        ("import torch\ntorch.hub.load(f)", None),
        ("import torch\ndef f(torch):\n    torch.load(g)", None),
        ("import torch\nmap(torch.load, names)", "likely"),
        ("import torch\ndef f(x: torch.load): pass", None),
        ("import functools, torch\nfunctools.partial(torch.load, weights_only=True)", None),
        ("from functools import partial as p\nimport torch\np(torch.load, 'f')", "likely"),
        ("import torch\nmap(torch.load, weights_only=True)", "likely"),
        (
            "try: from torch import load\nexcept ImportError: from pickle import load\nload(f)",
            "likely",
        ),
    ],
    ids=lambda value: str(value).replace("\n", "; "),
)
def test_load_is_found_under_whatever_name_it_was_imported(level, source, expected):
    assert level(source, LOAD, "2.5 2.6") == expected


@pytest.mark.parametrize(
    "made, expected",
    [
        ("dict(weights_only=True)", None),
        ("{'weights_only': w}", None),
        ("{'mmap': True}", "likely"),
        ("dict(defaults)", "likely"),
        ("dict(weights_only=True) if w else {}", "likely"),
        ("defaults", "likely"),
    ],
)
def test_options_of_a_dictionary_that_the_file_makes_are_seen(level, made, expected):
    function = f"def f(path, w, defaults):\n    options = {made}\n    torch.load(path, **options)"
    assert level(f"import torch\n{function}", LOAD, "2.5 2.6") == expected


def test_options_bound_in_two_ways_are_those_of_both(level):
    source = (
        "import torch\noptions = dict(weights_only=True, mmap=True)\n"
        "if w:\n    options = {'mmap': True}\ntorch.load(path, **options)"
    )
    both = source.replace("{'mmap'", "{'weights_only': False, 'mmap'")
    assert level(source, LOAD, "2.5 2.6") == "likely"
    assert level(both, LOAD, "2.5 2.6") is None


CAUGHT_ELSEWHERE = """import torch
try:
    async def f(p): torch.load(p)
except EOFError: pass"""


@pytest.mark.parametrize(
    "source, behaviour, expected",
    [
        (
            "import torch\ntry:\n    torch.load(f)\nexcept EOFError:\n    pass",
            "load_of_an_empty_file_raises_end_of_file",
            "possible",
        ),
        ("import torch\ntorch.load(f)", "load_of_an_empty_file_raises_end_of_file", None),
        (CAUGHT_ELSEWHERE, "load_of_an_empty_file_raises_end_of_file", None),
    ],
    ids=["caught", "not caught", "in a function that runs elsewhere"],
)
def test_other_words_of_an_error_are_met_only_where_errors_are_caught(
    level, source, behaviour, expected
):
    assert level(source, f"checkpoints.{behaviour}", "2.5 2.6") == expected


MATCH = """match o:
    case {'a': q, **rest} if q: pass
    case torch.Tensor(x=y) as z: torch.load(z)
    case [a, *b]: pass"""
GENERIC = """type Opt[T] = torch.Tensor
class Box[T: torch.Tensor]:
    def f[U](self, *a: torch.Tensor) -> U: torch.load(a)"""
NEWER = [
    ((3, 10), MATCH),
    ((3, 11), "try: pass\nexcept* ValueError as e: torch.load(e)"),
    ((3, 12), GENERIC),
]


@pytest.mark.parametrize(
    "source",
    [source for version, source in NEWER if sys.version_info >= version],
    ids=lambda source: source.split()[0],
)
def test_call_in_newer_syntax_is_found(level, source):
    assert level(f"import torch\n{source}", LOAD, "2.5 2.6") == "certain"


def test_what_a_name_is_given_in_circles_is_found_in_good_time(level):
    circle = "".join(f"a{n} = f(a{(n + 1) % 300}, a{(n + 7) % 300})\n" for n in range(300))
    assert level(f"{BUILT}{circle}a0 = opt\na0.zero_grad()") == "likely"


@pytest.mark.parametrize("change, unless", [(0, ("set_to_none", 0))])
def test_marker_tells_which_arguments_keep_a_change_away(change, unless):
    assert index.of(REPOSITORY).known()[ZERO_GRAD].changes[change].unless == unless


# ---- what is kept


def test_memory_does_not_grow_with_the_number_of_files(answers, tmp_path):
    for number in range(240):
        path = tmp_path / str(number % 8) / f"{number}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text("import torch\n" + "x = torch.tensor(f)\n" * 30, encoding="utf-8")

    def peak(folder):
        tracemalloc.start()
        scanned([folder], answers["2.5 2.6"])
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(tmp_path)
    assert peak(tmp_path) < 1.2 * peak(tmp_path / "0")


def test_line_that_meets_many_behaviours_in_the_same_words_is_kept_once(answers, tmp_path):
    (tmp_path / "a.py").write_text("import torch\ntorch.load(f)\n", encoding="utf-8")
    hits = by_behaviour(scanned([tmp_path], answers["2.5 2.6"]))
    sure = [hit for of in hits.values() for hit in of if hit.level is Level.CERTAIN]
    assert len(sure) > 2 and len({id(hit) for hit in sure}) == 1


@pytest.mark.parametrize("level", list(Level), ids=str)
def test_hits_that_are_less_sure_than_asked_are_left_out(answers, level):
    kept = list(Level)[: level.rank + 1]
    everything = by_behaviour(scanned([PLANTED], answers["1.13 2.0"]))
    wanted = {
        behaviour: [hit for hit in hits if hit.level in kept]
        for behaviour, hits in everything.items()
    }
    assert by_behaviour(scanned([PLANTED], answers["1.13 2.0"], level)) == {
        name: hits for name, hits in wanted.items() if hits
    }


# ---- the command


@pytest.fixture
def diff(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")

    def run(*arguments):
        status = main(["--root", str(REPOSITORY), "diff", *arguments])
        return (status, *capsys.readouterr())

    return run


def test_json_with_hits_follows_the_published_schema(diff):
    _, out, err = diff("2.5", "2.6", "--code", str(PLANTED), "--format", "json")
    data = json.loads(out)
    jsonschema.validate(
        data,
        json.loads(
            (REPOSITORY / "torch_history" / "publish" / "difference.schema.json").read_text(
                encoding="utf-8"
            )
        ),
    )
    assert err == f"{PLANTED / 'broken.py'}:3: not Python: invalid syntax\n"
    everything = json.loads(diff("2.5", "2.6", "--format", "json")[1])["differences"]
    told = data["code"]["untouched"] + len(data["differences"])
    assert data["code"]["files"] == 23 and told == len(everything) > 40
    assert sum(data["counts"].values()) == len(data["differences"]) and all(
        one["hits"] for one in data["differences"]
    )
    assert data["differences"][0]["hits"][0] == {
        "file": (PLANTED / "by_assignment.py").as_posix(),
        "line": 10,
        "cell": None,
        "level": "certain",
        "why": "torch.load() without weights_only",
    }


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_what_is_only_possible_comes_last_with_one_place_and_without_its_values(
    diff, tmp_path, form
):
    (tmp_path / "a.py").write_text(
        "import torch\ntorch.load(f)\ndef f(opt):\n    opt.zero_grad()\n    opt.zero_grad()\n",
        encoding="utf-8",
    )
    _, out, _ = diff("1.13", "2.0", "--code", str(tmp_path), "--format", form)
    words = " ".join(out.replace("│", " ").split())
    last = words.partition("Only possible: ")[2]
    assert (
        f"{tmp_path}/a.py:4: opt is not known; zero_grad() is a method of torch.optim.Optimizer"
        in last
        and "and 1 more possible" in last
    )
    assert ZERO_GRAD in last and "certain: " not in last and "possible: " not in last


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_hits_and_the_number_of_other_differences_are_shown(diff, form):
    _, out, _ = diff(
        "1.13",
        "2.0",
        "--code",
        str(PLANTED / "trainer.py"),
        "--code",
        str(PLANTED / "renamed_names.py"),
        "--format",
        form,
    )
    words = " ".join(out.replace("│", " ").split())
    assert (
        f"certain: {PLANTED}/renamed_names.py:10: "
        "adam is torch.optim.Adam since line 6; zero_grad()" in words
    )
    assert (
        f"likely: {PLANTED}/trainer.py:10: "
        "self.opt is torch.optim.AdamW by an assignment in class Trainer" in words
    )
    assert "other differences without any hit in 2 files" in out


def test_certain_differences_come_before_possible_ones_of_their_kind(diff):
    _, out, _ = diff("1.13", "2.0", "--code", str(PLANTED), "--format", "json")
    levels = [
        Level(one["hits"][0]["level"]).rank
        for one in json.loads(out)["differences"]
        if one["kind"] == "silent"
    ]
    assert levels == sorted(levels) and len(set(levels)) > 1


@pytest.mark.parametrize(
    "source, arguments, status",
    [
        (BUILT + "opt.zero_grad()", [], 1),
        (BUILT + "opt.zero_grad()", ["--fail-on", "silent"], 1),
        (BUILT + "opt.zero_grad()", ["--fail-on", "error"], 0),
        (BUILT + "opt.zero_grad(False)", [], 0),
        ("import torch\ndef f(opt): opt.zero_grad()", [], 0),
        ("import torch\ndef f(o: torch.optim.SGD): o.zero_grad()", [], 1),
        ("load(", [], 0),
    ],
    ids=["certain", "its kind", "another kind", "kept away", "possible", "likely", "no torch"],
)
def test_status_is_one_for_what_is_certain_or_likely(diff, tmp_path, source, arguments, status):
    (tmp_path / "a.py").write_text(source, encoding="utf-8")
    assert diff("1.13", "2.0", "--code", str(tmp_path), *arguments)[0] == status


def test_path_that_is_not_there_is_refused_in_one_line(diff, tmp_path):
    assert diff("1.13", "2.0", "--code", str(tmp_path / "no")) == (
        2,
        "",
        f"torch-history: --code {tmp_path / 'no'}: no such file or folder\n",
    )


def test_diff_without_code_does_not_load_the_analysis(recorded):
    probe = (
        "import sys; from torch_history.cli import main; main(['diff', '1.13', '2.6']); "
        "print('pyflakes' in sys.modules)"
    )
    assert recorded.python("-c", probe).stdout.splitlines()[-1] == "False"


def test_what_is_read_of_a_file_is_freed_without_the_garbage_collector():
    def functions():
        return sum(type(one) is ast.FunctionDef for one in gc.get_objects())

    source = (
        "from __future__ import annotations\nimport torch\nseen = 0\n\n"
        "def f(x: torch.Tensor):\n    global seen\n    seen = torch.load(x)\n"
    )
    gc.collect()
    before = functions()
    gc.disable()
    try:
        read = uses.Source(ast.parse(source))
        assert [use.line for use in read.uses({"torch.load": []})] == [7]
        read.close()
        del read
        assert functions() == before
    finally:
        gc.enable()
