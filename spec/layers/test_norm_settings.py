"""Batch, instance, group, layer, RMS and local response norms, one setting at a time.

``eps`` is 0.5 where a test is about it, so that it shows. ``momentum`` is the weight of the new
batch in the running statistics; with ``None``, batch norms average over all batches. Running
statistics are buffers: they are updated in training, read in ``eval()``, saved and loaded. An
instance norm keeps none unless ``track_running_stats=True``, and never counts the batches.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fixtures.layer_settings import counted, filled
from fixtures.settings import each
from torch_history.observing import observe, observe_each

SHAPES = {
    "BatchNorm1d": (2, 2),
    "BatchNorm2d": (2, 2, 2, 1),
    "BatchNorm3d": (2, 2, 1, 2, 1),
    "InstanceNorm1d": (2, 2, 2),
    "InstanceNorm2d": (2, 2, 2, 1),
    "InstanceNorm3d": (2, 2, 1, 2, 1),
}


def made(layer, **settings):
    """The norm of two channels, with weight 1, 2 and bias 1, 2."""
    return filled(getattr(nn, layer)(2, **settings))


def kept(layer):
    """What the layer keeps: a copy of its state."""
    return {name: value.clone() for name, value in layer.state_dict().items()}


@pytest.mark.parametrize("layer", SHAPES)
@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.InstanceNorm1d",
    "torch.nn.InstanceNorm2d",
    "torch.nn.InstanceNorm3d",
    "torch.nn.functional.batch_norm",
    "torch.nn.functional.instance_norm",
    page="generated/torch.nn.BatchNorm2d",
)
@pytest.mark.changed(
    "2.4",
    "InstanceNorm accepts momentum=None, and never updates its statistics then",
    kind="error-gone",
    of=("torch.nn.InstanceNorm1d", "torch.nn.InstanceNorm2d", "torch.nn.InstanceNorm3d"),
    when="momentum@2=None",
)
@pytest.mark.changed(
    "2.12",
    "BatchNorm and InstanceNorm take bias",
    kind="appeared",
    cause="pytorch#176573",
    of=(
        "torch.nn.BatchNorm1d",
        "torch.nn.BatchNorm2d",
        "torch.nn.BatchNorm3d",
        "torch.nn.InstanceNorm1d",
        "torch.nn.InstanceNorm2d",
        "torch.nn.InstanceNorm3d",
    ),
    when="bias",
)
def test_norm_output_and_state_follow_each_setting(layer, snapshot):
    """Each setting changes the output in training, the output in ``eval()``, or the state.

    Batch norms have weight, bias and statistics by default, and instance norms have none of them.
    Each case trains on two batches, of which the second is three times the first.
    """
    batch = counted(*SHAPES[layer])

    def act(**settings):
        norm = made(layer, **settings)
        outputs = [norm(batch), norm(batch * 3)]
        return {"training": outputs[1], "eval": norm.eval()(batch), "state": kept(norm)}

    assert snapshot == observe_each(
        each(
            act,
            {
                "default": {},
                "eps": {"eps": 0.5},
                "momentum": {"track_running_stats": True, "momentum": 0.5},
                "momentum None": {"track_running_stats": True, "momentum": None},
                "affine": {"affine": True},
                "without affine": {"affine": False},
                "without bias": {"affine": True, "bias": False},
                "without statistics": {"track_running_stats": False},
            },
        )
    )


@pytest.mark.parametrize("layer", SHAPES)
@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.InstanceNorm1d",
    "torch.nn.InstanceNorm2d",
    "torch.nn.InstanceNorm3d",
    page="generated/torch.nn.BatchNorm2d",
)
@pytest.mark.changed(
    "2.4",
    "InstanceNorm accepts momentum=None, and never updates its statistics then",
    kind="error-gone",
    of=("torch.nn.InstanceNorm1d", "torch.nn.InstanceNorm2d", "torch.nn.InstanceNorm3d"),
    when="momentum@2=None",
)
def test_norm_statistics_go_on_from_the_state_that_was_loaded(layer, snapshot):
    """A norm that loads the state of another one goes on from its statistics.

    With ``momentum=None`` a batch norm gives the third batch a weight of one third, because it
    counts batches in ``num_batches_tracked``. An instance norm does not count, and with
    ``momentum=None`` it never updates its statistics.
    """
    batch = counted(*SHAPES[layer])

    def act(momentum):
        norm = made(layer, momentum=momentum, track_running_stats=True)
        norm(batch)
        norm(batch * 3)
        resumed = made(layer, momentum=momentum, track_running_stats=True)
        resumed.load_state_dict(norm.state_dict())
        loaded = kept(resumed)
        resumed(batch + 12)
        return {"loaded": loaded, "updated": kept(resumed), "eval": resumed.eval()(batch)}

    cases = {"momentum 0.5": {"momentum": 0.5}, "momentum None": {"momentum": None}}
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.parametrize("layer", SHAPES)
@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.InstanceNorm1d",
    "torch.nn.InstanceNorm2d",
    "torch.nn.InstanceNorm3d",
    page="generated/torch.nn.BatchNorm2d",
)
@pytest.mark.changed(
    "2.10",
    "BatchNorm with eps = 0 raises, also in eval()",
    kind="error",
    cause="pytorch#166756",
    advice="pass eps=1e-12",
    restored_by="layers.batch_norm_in_eval_with_a_tiny_eps_divides_by_the_deviation_itself",
    when="eps@1=0|0.0 and eps@1!=<unknown>",
    of=("torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d", "torch.nn.BatchNorm3d"),
)
@pytest.mark.changed(
    "2.12",
    "eps = 0 is accepted again in eval()",
    kind="error-gone",
    cause="pytorch#175508",
    when="eps@1=0|0.0 and eps@1!=<unknown>",
    of=("torch.nn.BatchNorm1d", "torch.nn.BatchNorm2d", "torch.nn.BatchNorm3d"),
)
def test_norm_in_eval_reads_the_statistics_that_were_loaded(layer, snapshot):
    """In ``eval()`` a norm uses the statistics of the state that it loaded, and changes none.

    The means are 1 and 2, the variances 4 and 16, and 7 batches are counted. ``eps`` is 0, so the
    input is divided by exactly 2 and 4.
    """

    def act():
        norm = made(layer, eps=0.0, track_running_stats=True)
        state = norm.state_dict()
        state["running_mean"] = torch.tensor([1.0, 2.0])
        state["running_var"] = torch.tensor([4.0, 16.0])
        state["num_batches_tracked"] = torch.tensor(7)
        norm.load_state_dict(state)
        return {"output": norm.eval()(counted(*SHAPES[layer])), "state": kept(norm)}

    assert snapshot == observe(act)


@pytest.mark.parametrize("layer", ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"])
@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    page="generated/torch.nn.BatchNorm2d",
)
def test_batch_norm_in_eval_with_a_tiny_eps_divides_by_the_deviation_itself(layer, snapshot):
    """With ``eps=1e-12`` a batch norm in ``eval()`` computes what it would with ``eps=0``.

    The means are 1 and 2, and the variances 4 and 16, so the input is divided by 2 and 4.
    """

    def act():
        norm = made(layer, eps=1e-12)
        state = norm.state_dict()
        state["running_mean"] = torch.tensor([1.0, 2.0])
        state["running_var"] = torch.tensor([4.0, 16.0])
        state["num_batches_tracked"] = torch.tensor(7)
        norm.load_state_dict(state)
        return {"output": norm.eval()(counted(*SHAPES[layer])), "state": kept(norm)}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.GroupNorm", page="generated/torch.nn.GroupNorm")
@pytest.mark.changed(
    "1.12",
    "channels that the groups do not divide raise ValueError when the layer is built, "
    "instead of RuntimeError in forward",
    kind="exception",
    cause="pytorch#74293",
    advice="pass a num_groups that divides num_channels",
    when=":call and :caught",
    rarely="groups that do not divide the channels",
)
@pytest.mark.changed(
    "2.10",
    "the message gives both numbers",
    kind="wording",
    cause="pytorch#167925",
    when=":call and :caught",
    rarely="groups that do not divide the channels",
)
@pytest.mark.changed(
    "2.12", "GroupNorm takes bias", kind="appeared", cause="pytorch#176573", when="bias"
)
def test_group_norm_output_follows_each_setting(snapshot):
    """Groups, ``eps``, ``affine`` and ``bias`` change the output of a GroupNorm.

    Four channels of two elements form one, two or four groups. Three groups raise, because they do
    not divide four channels.
    """

    def act(num_groups=2, **settings):
        return filled(nn.GroupNorm(num_groups, 4, **settings))(counted(1, 4, 2))

    assert snapshot == observe_each(
        each(
            act,
            {
                "two groups": {},
                "one group": {"num_groups": 1},
                "four groups": {"num_groups": 4},
                "three groups": {"num_groups": 3},
                "eps": {"eps": 0.5},
                "without affine": {"affine": False},
                "without bias": {"bias": False},
            },
        )
    )


@pytest.mark.parametrize("layer", ["LayerNorm", "RMSNorm"])
@pytest.mark.api(
    "torch.nn.LayerNorm",
    "torch.nn.RMSNorm",
    "torch.nn.functional.layer_norm",
    "torch.nn.functional.rms_norm",
    page="generated/torch.nn.LayerNorm",
)
@pytest.mark.changed(
    "2.1",
    "LayerNorm takes bias",
    kind="appeared",
    cause="pytorch#101683",
    of="torch.nn.LayerNorm",
    when="bias",
)
@pytest.mark.changed(
    "2.4",
    "RMSNorm was added",
    kind="appeared",
    cause="pytorch#121364",
    of="torch.nn.RMSNorm",
    unless=(),
)
def test_layer_norm_output_follows_each_setting(layer, snapshot):
    """The normalised dimensions, ``eps`` and the parameters change a LayerNorm or an RMSNorm.

    ``normalized_shape`` names the sizes of the last dimensions, one or more. An RMSNorm has no bias
    and subtracts no mean.
    """

    def act(shape=(2,), **settings):
        return filled(getattr(nn, layer)(shape, **settings))(counted(2, 2, 2))

    assert snapshot == observe_each(
        each(
            act,
            {
                "last dimension": {},
                "as a number": {"shape": 2},
                "last two dimensions": {"shape": (2, 2)},
                "eps": {"eps": 0.5},
                "without affine": {"elementwise_affine": False},
                "without bias": {"bias": False},
            },
        )
    )


@pytest.mark.api(
    "torch.nn.LocalResponseNorm",
    "torch.nn.functional.local_response_norm",
    page="generated/torch.nn.LocalResponseNorm",
)
def test_local_response_norm_output_follows_each_setting(snapshot):
    """A local response norm divides by (k + alpha / size * sum of squares over channels) ** beta.

    The sum runs over ``size`` channels around the channel. ``beta`` is 1 in most cases here; its
    default is 0.75.
    """

    def act(size=2, beta=1.0, **settings):
        return nn.LocalResponseNorm(size, beta=beta, **settings)(counted(1, 4, 1) + 1)

    assert snapshot == observe_each(
        each(
            act,
            {
                "alpha": {"alpha": 1.0},
                "size": {"alpha": 1.0, "size": 3},
                "beta": {"alpha": 1.0, "beta": 0.5},
                "k": {"alpha": 1.0, "k": 0.0},
                "default": {"beta": 0.75},
            },
        )
    )


@pytest.mark.api(
    "torch.nn.functional.batch_norm",
    "torch.nn.functional.instance_norm",
    "torch.nn.functional.group_norm",
    "torch.nn.functional.layer_norm",
    "torch.nn.functional.rms_norm",
    page="generated/torch.nn.functional.batch_norm",
)
@pytest.mark.changed(
    "2.4",
    "rms_norm was added",
    kind="appeared",
    cause="pytorch#121364",
    of="torch.nn.functional.rms_norm",
)
def test_functional_norm_takes_its_settings_by_name(snapshot):
    """The functions take parameters, statistics and ``eps`` by name.

    ``training`` and ``use_input_stats`` choose the statistics of the input, and update the running
    ones with ``momentum``.
    """
    own = {"weight": torch.tensor([1.0, 2.0]), "bias": torch.tensor([3.0, 4.0]), "eps": 0.5}
    x = counted(2, 2, 2)

    def running(function, **settings):
        mean, var = torch.tensor([1.0, 2.0]), torch.tensor([3.5, 15.5])
        output = getattr(F, function)(x, running_mean=mean, running_var=var, **own, **settings)
        return {"output": output, "mean": mean, "var": var}

    assert snapshot == observe_each(
        {
            "batch_norm": lambda: running("batch_norm"),
            "batch_norm, training": lambda: running("batch_norm", training=True, momentum=0.5),
            "instance_norm": lambda: running("instance_norm", momentum=0.5),
            "instance_norm, running": lambda: running("instance_norm", use_input_stats=False),
            "instance_norm, momentum": lambda: running("instance_norm"),
            "group_norm": lambda: F.group_norm(x, num_groups=2, **own),
            "layer_norm": lambda: F.layer_norm(x, normalized_shape=(2,), **own),
            "rms_norm": lambda: F.rms_norm(x, (2,), weight=own["weight"], eps=0.5),
        }
    )
