"""The faults that are generated of one API and one setting, and which behaviours notice them."""

import json
import os

import pytest
import torch

from faults.settings.meeting import Meeting, same
from faults.settings.rules import another, faults
from faults.settings.targets import UnreachableError, target
from tests.fake import REPOSITORY, ended
from torch_history.surface import index
from torch_history.surface.library import Chains, Library


@pytest.fixture(scope="module")
def library():
    return Library(Chains(index.of(REPOSITORY)), torch.__version__.partition("+")[0])


@pytest.fixture
def broken(library, monkeypatch):
    """Install the fault of this API, setting and rule; ``seen`` is what behaviours do with it."""

    def install(api, setting, rule, *seen):
        of = {what: ["test"] for what in ("called", *seen)}
        made = {(one.setting, one.rule): one for one in faults(target(api, library), of)}
        made[setting, rule].install(monkeypatch)

    return install


def test_ignored_argument_of_a_constructor_is_the_default(broken):
    broken("torch.nn.Dropout", "p", "ignored")
    assert torch.nn.Dropout(0.1).p == torch.nn.Dropout(p=0.1).p == 0.5
    assert torch.nn.Dropout(0.1, True).inplace is True


def test_ignored_argument_of_a_builtin_is_left_out(broken):
    broken("torch.Tensor.sum", "keepdim", "ignored")
    x = torch.ones(2, 3)
    assert x.sum(1, True).shape == x.sum(dim=1, keepdim=True).shape == (2,)
    assert x.sum() == 6


def test_boolean_is_turned_where_the_call_leaves_it_out_too(broken):
    broken("torch.nn.Linear", "bias", "turned", "bool bias")
    assert torch.nn.Linear(2, 3).bias is None
    assert torch.nn.Linear(2, 3, bias=False).bias is not None


def test_number_is_its_neighbour(broken):
    broken("torch.nn.functional.max_pool1d", "stride", "another number", "number stride")
    x = torch.arange(6.0).reshape(1, 1, 6)
    assert torch.nn.functional.max_pool1d(x, 2, 2).tolist() == [[[1.0, 4.0]]]
    assert (another(1), another(0.0), another(2.0), another((1, 1))) == (2, 0.25, 1.5, (2, 1))


def test_method_returns_a_copy_or_none_in_place_of_its_object(broken, library):
    broken("torch.nn.Module.train", "returns", "a copy", "returns self")
    layer = torch.nn.Linear(1, 1)
    assert layer.train() is not layer


@pytest.mark.parametrize(
    "rule, mean, saved, loaded",
    [
        ("not updated", 0.0, True, 5.0),
        ("not saved", 1.0, False, 5.0),
        ("not loaded", 1.0, True, 1.0),
    ],
)
def test_buffer_is_not_updated_saved_or_loaded(broken, rule, mean, saved, loaded):
    broken("torch.nn.BatchNorm1d", "buffer running_mean", rule, "holds buffer running_mean")
    norm = torch.nn.BatchNorm1d(1)
    norm(torch.tensor([[9.0], [11.0]]))
    assert norm.running_mean.item() == mean
    assert ("running_mean" in norm.state_dict()) is saved
    norm.load_state_dict({"running_mean": torch.tensor([5.0])}, strict=False)
    assert norm.running_mean.item() == loaded


def test_buffer_that_is_not_read_is_as_it_was_made(broken):
    broken("torch.nn.BatchNorm1d", "buffer running_mean", "not read", "holds buffer running_mean")
    norm = torch.nn.BatchNorm1d(1, eps=0.0, affine=False).eval()
    norm.running_mean.fill_(3.0)
    assert norm(torch.tensor([[4.0]])).item() == 4.0
    assert norm.running_mean.item() == 3.0


def stepped(times=2):
    """A parameter after some steps of SGD with momentum, each along a gradient of 1."""
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=1.0, momentum=0.5)
    for _ in range(times):
        weight.grad = torch.ones(1)
        optimizer.step()
    return weight, optimizer


def test_state_of_an_optimizer_is_not_updated(broken):
    broken("torch.optim.SGD", "state momentum_buffer", "not updated", "state momentum_buffer")
    weight, optimizer = stepped(3)
    assert weight.item() == -4.0  # 1, 1.5 and 1.5 again; plainly 1, 1.5 and 1.75
    assert optimizer.state[weight]["momentum_buffer"].item() == 1.0


@pytest.mark.parametrize("rule, saved, loaded", [("not saved", 0, 1.0), ("not loaded", 1, 0.0)])
def test_state_of_an_optimizer_is_not_saved_or_loaded(broken, rule, saved, loaded):
    weight, optimizer = stepped(1)
    state = optimizer.state_dict()
    broken("torch.optim.SGD", "state momentum_buffer", rule, "state momentum_buffer")
    assert len(optimizer.state_dict()["state"].get(0, {})) == saved
    other = torch.optim.SGD([weight], lr=1.0, momentum=0.5)
    other.load_state_dict(state)
    assert other.state[weight]["momentum_buffer"].item() == loaded


@pytest.mark.parametrize(
    "rule, epoch, saved, loaded",
    [("not updated", 0, True, 7), ("not saved", 1, False, 7), ("not loaded", 1, True, 1)],
)
def test_what_a_schedule_keeps_is_not_updated_saved_or_loaded(broken, rule, epoch, saved, loaded):
    broken("torch.optim.lr_scheduler.StepLR", "keeps last_epoch", rule, "keeps last_epoch")
    _, optimizer = stepped(1)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    optimizer.step()
    schedule.last_epoch = 0
    schedule.step()
    assert schedule.last_epoch == epoch
    assert ("last_epoch" in schedule.state_dict()) is saved
    schedule.load_state_dict({"last_epoch": 7})
    assert schedule.last_epoch == loaded


def test_what_is_written_in_c_is_out_of_reach(library):
    with pytest.raises(UnreachableError, match="constructor is written in C"):
        target("torch.Generator", library)
    with pytest.raises(UnreachableError, match="not in this release"):
        target("torch.nn.Nothing", library)
    with pytest.raises(UnreachableError, match="not called"):
        target("torch.Tensor.shape", library)


def test_meeting_tells_which_arguments_a_test_gives_and_what_its_objects_keep(library):
    names = ("torch.nn.Dropout", "torch.nn.BatchNorm1d", "torch.optim.SGD", "torch.nn.Module.train")
    meeting = Meeting({name: target(name, library) for name in names})
    with pytest.MonkeyPatch.context() as patch:
        meeting.install(patch)
        meeting.test = "a"
        torch.nn.Dropout(0.1, inplace=False).train()
        torch.nn.BatchNorm1d(2, track_running_stats=False)
        stepped()
        meeting.ended()
    met = meeting.as_json()
    assert met["torch.nn.Dropout"] == {
        "called": ["a"],
        "given p": ["a"],
        "number p": ["a"],
        "bool inplace": ["a"],
    }
    assert "given track_running_stats" in met["torch.nn.BatchNorm1d"]
    assert not [what for what in met["torch.nn.BatchNorm1d"] if what.startswith("holds")]
    assert met["torch.optim.SGD"]["state momentum_buffer"] == ["a"]
    assert met["torch.nn.Module.train"]["returns self"] == ["a"]


def test_argument_is_given_only_if_it_differs_from_the_default():
    assert same(0.5, 0.5) and same(None, None) and same((1, 1), (1, 1))
    assert not same(1, 1.0) and not same(torch.ones(1), None) and not same(True, 1)


SPEC = """
import pytest, torch

@pytest.mark.api("torch.nn.Dropout")
def test_dropout_in_place_changes_its_input():
    x = torch.ones(4)
    assert torch.nn.Dropout(1.0, True)(x) is x and x.sum() == 0

@pytest.mark.api("torch.nn.Linear")
def test_linear_is_built():
    torch.nn.Linear(2, 3, bias=False)
"""


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spec")
    (folder / "test_dropout.py").write_text(SPEC)
    out = folder / "out.json"
    command = ["-m", "faults", "settings", "--spec", str(folder), "--json", str(out)]
    settings = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    result = ended([*command, "--kept", str(folder / "kept.json")], folder, settings, timeout=120)
    return result, json.loads(out.read_text())


def test_survivors_are_told_by_api_and_setting(reported):
    result, told = reported
    assert result.returncode == 1, result.stdout
    lines = result.stdout.splitlines()
    at = lines.index("torch.nn.Linear")
    assert lines[at + 1 : at + 4] == [
        "  in_features: another number",
        "  out_features: another number",
        "  bias: ignored",
    ]
    noticed = told["faults"]["torch.nn.Dropout(p): ignored"]["noticed"]
    assert noticed.endswith("test_dropout_in_place_changes_its_input")
    assert told["faults"]["torch.nn.Dropout(inplace): turned"]["noticed"]
    assert told["faults"]["torch.nn.Linear(device): ignored"]["reason"]
    assert told["faults"]["torch.nn.Linear(dtype): ignored"] == {
        "noticed": None,
        "reason": None,
        "met": False,
    }


def test_settings_that_no_behaviour_gives_are_marked(reported):
    assert "  dtype: ignored (given by no behaviour)" in reported[0].stdout.splitlines()


def test_help_says_what_it_does():
    result = ended(["-m", "faults", "settings", "--help"], REPOSITORY, dict(os.environ), timeout=60)
    assert result.returncode == 0 and "API" in result.stdout
