"""Learning rates and betas that are tensors, or integers.

Since 2.8 a learning rate may be a tensor of one dimension with one element; before, most optimizers
needed one without dimensions. ``Adam(foreach=True)`` refuses tensors as lr and as betas. Since 2.6
the betas are two tensors or two numbers. ``torch.optim.ASGD`` follows a changed rate one step late,
and from 1.12 to 2.1 an integer rate stopped it after one step. A setting outside its range raises
in the constructor; since 2.5 this includes the lr of LBFGS, and since 2.15 ``lambd`` and ``alpha``
of ASGD.
"""

import pytest
import torch

from fixtures.references import parameter, step, stepped
from torch_history.observing import observe

NAMES = [
    "SGD",
    "Adam",
    "Adagrad",
    "Adadelta",
    "Adamax",
    "ASGD",
    "NAdam",
    "RAdam",
    "RMSprop",
    "Rprop",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.Adamax",
    "torch.optim.ASGD",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    page="optim",
)
@pytest.mark.changed(
    "1.5",
    "the message says that alpha or value must be Number, where it counted the arguments",
    kind="wording",
)
@pytest.mark.changed(
    "1.10", "NAdam appears, and raises TypeError", kind="appeared", cause="pytorch#59009"
)
@pytest.mark.changed(
    "1.10", "RAdam appears, and accepts the tensor", kind="appeared", cause="pytorch#58968"
)
@pytest.mark.changed(
    "1.12",
    "ASGD accepts the tensor, with a warning about a copy that it makes itself",
    kind="error-gone",
    cause="pytorch#71335",
)
@pytest.mark.changed(
    "2.3",
    "Rprop raises TypeError instead of RuntimeError",
    kind="exception",
    cause="pytorch#119978",
    of=("torch.optim.Rprop",),
    when=(":caught and lr@1=<unknown>",),
    rarely="a learning rate tensor of one dimension",
)
@pytest.mark.changed(
    "2.4",
    "ASGD no longer warns",
    kind="warning",
    cause="pytorch#123752",
    of=("torch.optim.ASGD",),
    when=("lr@1=<unknown>",),
    rarely="a learning rate that is a tensor",
)
@pytest.mark.changed(
    "2.8",
    "every optimizer accepts a tensor of one dimension",
    kind="error-gone",
    cause="pytorch#145674",
)
def test_learning_rate_tensor_of_one_dimension_is_taken(name, snapshot):
    """``lr=torch.tensor([0.25])`` is accepted and steps like 0.25, since 2.8.

    Before 2.8 most optimizers raised a TypeError. They needed ``torch.tensor(0.25)``.
    """
    assert snapshot == observe(
        lambda: stepped(
            getattr(torch.optim, name), [1.0, -2.0], [[1.0, 0.5]], lr=torch.tensor([0.25])
        )
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.Adamax",
    "torch.optim.ASGD",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.AdamW",
    page="optim",
)
@pytest.mark.changed(
    "1.10", "NAdam appears, without foreach", kind="appeared", cause="pytorch#59009"
)
@pytest.mark.changed(
    "1.10", "RAdam appears, without foreach", kind="appeared", cause="pytorch#58968"
)
@pytest.mark.changed("1.12", "SGD takes foreach", kind="appeared", cause="pytorch#70481")
@pytest.mark.changed("1.12", "Adagrad takes foreach", kind="appeared", cause="pytorch#69981")
@pytest.mark.changed(
    "1.12", "Adadelta takes foreach", kind="appeared", cause="pytorch#69980", probable=True
)
@pytest.mark.changed("1.12", "RMSprop takes foreach", kind="appeared", cause="pytorch#70482")
@pytest.mark.changed("1.12", "Rprop takes foreach", kind="appeared", cause="pytorch#70483")
@pytest.mark.changed(
    "1.12",
    "ASGD takes foreach, and warns about a copy that it makes itself",
    kind="appeared",
    cause="pytorch#70231",
)
@pytest.mark.changed(
    "1.12",
    "Adam takes foreach, and raises TypeError for a tensor lr",
    kind="appeared",
    cause="pytorch#70295",
)
@pytest.mark.changed(
    "1.12",
    "Adamax takes foreach, and raises TypeError for a tensor lr",
    kind="appeared",
    cause="pytorch#69982",
)
@pytest.mark.changed(
    "1.12",
    "NAdam takes foreach, and raises TypeError for a tensor lr",
    kind="appeared",
    cause="pytorch#70229",
)
@pytest.mark.changed(
    "1.12",
    "RAdam takes foreach, and raises TypeError for a tensor lr",
    kind="appeared",
    cause="pytorch#70230",
)
@pytest.mark.changed(
    "2.0",
    "the messages list other signatures",
    kind="wording",
    cause="pytorch#88157",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "Adam's constructor raises ValueError instead of a TypeError at the step",
    kind="exception",
    cause="pytorch#106916",
    advice="pass foreach=False, or capturable=True, to Adam",
    of=("torch.optim.Adam", "torch.optim.AdamW"),
    when=(":caught and foreach=True and lr@1=<unknown>",),
    rarely="a learning rate that is a tensor",
)
@pytest.mark.changed(
    "2.1",
    "RAdam accepts the tensor",
    kind="error-gone",
    cause="pytorch#104904",
    probable=True,
    of=("torch.optim.RAdam",),
    when=("foreach@5=True and lr@1=<unknown>",),
    rarely="a learning rate that is a tensor",
)
@pytest.mark.changed(
    "2.4",
    "Adamax and NAdam accept the tensor",
    kind="error-gone",
    cause="pytorch#123750",
    probable=True,
    of=("torch.optim.Adamax", "torch.optim.NAdam"),
    when=("foreach=True and lr@1=<unknown>",),
    rarely="a learning rate that is a tensor",
)
@pytest.mark.changed(
    "2.4",
    "ASGD no longer warns",
    kind="warning",
    cause="pytorch#123752",
    of=("torch.optim.ASGD",),
    when=("foreach@6=True and lr@1=<unknown>",),
    rarely="a learning rate that is a tensor",
)
def test_foreach_takes_a_learning_rate_tensor(name, snapshot):
    """Optimizers other than Adam accept a tensor ``lr`` with ``foreach=True``.

    Adam refuses it unless ``capturable=True``. Before 2.4 some others raised too.
    """
    assert snapshot == observe(
        lambda: stepped(
            getattr(torch.optim, name),
            [1.0, -2.0],
            [[1.0, 0.5]],
            lr=torch.tensor(0.25),
            foreach=True,
        )
    )


@pytest.mark.api("torch.optim.Adam", "torch.optim.Adam.step", page="generated/torch.optim.Adam")
@pytest.mark.changed(
    "1.12",
    "Adam takes foreach, and raises TypeError for a tensor lr",
    kind="appeared",
    cause="pytorch#70295",
)
@pytest.mark.changed(
    "2.0",
    "the message lists other signatures",
    kind="wording",
    cause="pytorch#88157",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "raises RuntimeError, and says why, instead of TypeError",
    kind="exception",
    cause="pytorch#106916",
    advice="set a number, or pass foreach=False",
    when=(":caught and :call",),
    rarely="foreach=True and a tensor that is set as a group's lr",
    of=("torch.optim.Adam.step",),
)
def test_adam_foreach_refuses_a_learning_rate_tensor_set_later(snapshot):
    """``Adam(foreach=True)`` refuses a tensor ``lr`` that is set in the group later.

    The next step raises.
    """

    def act():
        w = parameter([1.0])
        optimizer = torch.optim.Adam([w], foreach=True)
        optimizer.param_groups[0]["lr"] = torch.tensor(0.25)
        step(optimizer, [1.0])
        return w.detach()

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
@pytest.mark.changed(
    "1.13", "Adam takes fused, for CUDA only", kind="appeared", cause="pytorch#85739"
)
@pytest.mark.changed(
    "2.0",
    "the message says fused=True instead of FusedAdam",
    kind="wording",
    cause="pytorch#88015",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "the message names the supported devices",
    kind="wording",
    cause="pytorch#102047",
    probable=True,
)
@pytest.mark.changed("2.4", "fused supports the CPU", kind="error-gone", cause="pytorch#123074")
def test_adam_fused_takes_a_learning_rate_tensor(snapshot):
    """``Adam(fused=True)`` accepts a tensor ``lr``: with 0.25 the first step is 0.25."""
    assert snapshot == observe(
        lambda: stepped(torch.optim.Adam, [1.0], [[1.0]], lr=torch.tensor(0.25), fused=True)
    )


@pytest.mark.parametrize("lr", [1, True], ids=["int", "bool"])
@pytest.mark.api("torch.optim.ASGD", page="generated/torch.optim.ASGD")
@pytest.mark.changed(
    "1.12",
    "an integer rate stays an integer, which stops ASGD after its first step, and True stays 1",
    kind="silent",
    cause="pytorch#71335",
    advice="pass lr=1.0",
    restored_by="optimizers.asgd_with_a_float_learning_rate_steps_on",
    when=("lr@1=<int>|<bool>",),
)
@pytest.mark.changed(
    "2.2",
    "an integer learning rate decays as a float does",
    kind="silent",
    cause="pytorch#111008",
    when=("lr@1=<int>|<bool>",),
)
def test_asgd_steps_on_with_an_integer_learning_rate(lr, snapshot):
    """ASGD with ``lr=1`` makes the same steps as with ``lr=1.0``.

    From 1.12 to 2.1 the current rate was kept as an integer: 0.9999 became 0, and ASGD stopped
    after its first step.
    """
    assert snapshot == observe(
        lambda: stepped(torch.optim.ASGD, [4.0], [[1.0], [1.0], [1.0]], lr=lr).flatten()
    )


@pytest.mark.api("torch.optim.ASGD", page="generated/torch.optim.ASGD")
def test_asgd_with_a_float_learning_rate_steps_on(snapshot):
    """ASGD with ``lr=1.0`` keeps stepping, and each step is slightly shorter than the last."""
    assert snapshot == observe(
        lambda: stepped(torch.optim.ASGD, [4.0], [[1.0], [1.0], [1.0]], lr=1.0).flatten()
    )


@pytest.mark.api("torch.optim.ASGD", page="generated/torch.optim.ASGD")
def test_asgd_does_not_follow_a_changed_learning_rate_at_once(snapshot):
    """ASGD follows a changed learning rate one step late.

    It steps by a rate computed in the step before. An lr of 0 set after the first step stops the
    third step, not the second.
    """

    def act():
        w, path = parameter([1.0]), []
        optimizer = torch.optim.ASGD([w], lr=0.25, lambd=0.0)
        for lr in (0.25, 0.0, 0.0):
            optimizer.param_groups[0]["lr"] = lr
            step(optimizer, [1.0])
            path.append(w.detach().clone())
        return torch.cat(path)

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.ASGD", page="generated/torch.optim.ASGD")
@pytest.mark.changed(
    "1.12",
    "ASGD warns about a tensor that it copied itself",
    kind="warning",
    cause="pytorch#71335",
    when=("lr@1=<unknown>",),
    rarely="a learning rate that is a tensor",
)
@pytest.mark.changed(
    "2.4",
    "ASGD no longer warns",
    kind="warning",
    cause="pytorch#123752",
    when=("lr@1=<unknown>",),
    rarely="a learning rate that is a tensor",
)
def test_asgd_takes_a_learning_rate_tensor_without_warning(snapshot):
    """ASGD accepts a tensor ``lr`` without a warning.

    From 1.12 to 2.3 every step warned about a copy that ASGD itself made.
    """
    assert snapshot == observe(
        lambda: stepped(torch.optim.ASGD, [1.0], [[1.0]], lr=torch.tensor(0.25))
    )


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
def test_adam_takes_betas_that_are_tensors(snapshot):
    """Adam accepts two tensors of one element as ``betas``, and steps as with numbers."""
    betas = (torch.tensor(0.5), torch.tensor(0.75))
    assert snapshot == observe(
        lambda: stepped(torch.optim.Adam, [1.0], [[1.0], [2.0]], lr=0.25, betas=betas)
    )


@pytest.mark.api("torch.optim.Adam", "torch.optim.AdamW", page="generated/torch.optim.Adam")
@pytest.mark.changed(
    "2.6",
    "betas of which one is a tensor are refused",
    kind="error",
    cause="pytorch#134171",
    advice="pass betas=(beta.item(), 0.75), two numbers, or two tensors",
    restored_by="optimizers.adam_takes_the_item_of_a_tensor_as_one_beta",
    when=("betas@2=<unknown>",),
    rarely="betas of which one is a tensor",
)
def test_adam_refuses_one_beta_as_a_tensor(snapshot):
    """Since 2.6 Adam refuses ``betas`` of which one is a tensor and one a number."""
    assert snapshot == observe(
        lambda: stepped(torch.optim.Adam, [1.0], [[1.0]], lr=0.25, betas=(torch.tensor(0.5), 0.75))
    )


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
def test_adam_takes_the_item_of_a_tensor_as_one_beta(snapshot):
    """Adam accepts ``betas=(beta.item(), 0.75)``, because both are numbers."""
    betas = (torch.tensor(0.5).item(), 0.75)
    assert snapshot == observe(
        lambda: stepped(torch.optim.Adam, [1.0], [[1.0]], lr=0.25, betas=betas)
    )


@pytest.mark.api("torch.optim.Adam", "torch.optim.AdamW", page="generated/torch.optim.Adam")
@pytest.mark.changed(
    "1.12",
    "Adam takes foreach, and raises TypeError for tensor betas",
    kind="appeared",
    cause="pytorch#70295",
)
@pytest.mark.changed(
    "2.0",
    "raises RuntimeError about the dimensions of a tensor instead of TypeError",
    kind="exception",
    cause="pytorch#88157",
    probable=True,
    when=(":caught and foreach=True and betas@2=<unknown>",),
    rarely="betas that are tensors",
)
@pytest.mark.changed(
    "2.6",
    "the constructor raises ValueError, and says why",
    kind="exception",
    cause="pytorch#134171",
    advice="pass foreach=False",
    when=(":caught and foreach=True and betas@2=<unknown>",),
    rarely="betas that are tensors",
)
def test_adam_foreach_refuses_betas_that_are_tensors(snapshot):
    """``Adam(foreach=True)`` refuses ``betas`` that are tensors, unless ``capturable=True``.

    Since 2.6 the constructor says so. Before 2.6 the step raised another error.
    """
    betas = (torch.tensor(0.5), torch.tensor(0.75))
    assert snapshot == observe(
        lambda: stepped(torch.optim.Adam, [1.0], [[1.0]], lr=0.25, betas=betas, foreach=True)
    )


OUT_OF_RANGE = [
    pytest.param("LBFGS", {"lr": -1.0}, id="lbfgs-lr"),
    pytest.param("ASGD", {"lambd": -1.0}, id="asgd-lambd"),
    pytest.param("ASGD", {"alpha": -1.0}, id="asgd-alpha"),
    pytest.param("AdamW", {"weight_decay": -1.0}, id="adamw-weight-decay"),
    pytest.param(
        "Adagrad", {"initial_accumulator_value": -1.0}, id="adagrad-initial-accumulator-value"
    ),
    pytest.param("Adadelta", {"rho": 1.5}, id="adadelta-rho"),
    pytest.param("RMSprop", {"alpha": -1.0}, id="rmsprop-alpha"),
    pytest.param("Rprop", {"etas": (1.2, 0.5)}, id="rprop-etas"),
    pytest.param("NAdam", {"momentum_decay": -1.0}, id="nadam-momentum-decay"),
    pytest.param("Adafactor", {"d": 0.5}, id="adafactor-d"),
]


@pytest.mark.parametrize("name, settings", OUT_OF_RANGE)
@pytest.mark.api(
    "torch.optim.LBFGS",
    "torch.optim.ASGD",
    "torch.optim.AdamW",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.NAdam",
    "torch.optim.Adafactor",
    page="optim",
)
@pytest.mark.changed(
    "1.5",
    "AdamW refuses a negative weight decay",
    kind="error",
    cause="pytorch#33126",
    advice="set optimizer.param_groups[0]['weight_decay'] after building the optimizer",
    restored_by="optimizers.negative_setting_may_be_written_into_the_group",
    of=("torch.optim.AdamW",),
    when=("weight_decay@4=<unknown>|-1|-1.0|-0.5|-0.1|-0.01|-0.001|-0.0001",),
    rarely="a negative weight decay",
)
@pytest.mark.changed("1.10", "NAdam appears", kind="appeared", cause="pytorch#59009")
@pytest.mark.changed(
    "2.5",
    "LBFGS refuses a negative learning rate",
    kind="error",
    cause="pytorch#131065",
    probable=True,
    advice="set optimizer.param_groups[0]['lr'] after building, or pass maximize=True from 2.14 on",
    restored_by="optimizers.negative_setting_may_be_written_into_the_group",
    of=("torch.optim.LBFGS",),
    when=("lr@1=<unknown>|-1|-1.0|-0.5|-0.1|-0.01|-0.001|-0.0001",),
    rarely="a negative learning rate",
)
@pytest.mark.changed("2.5", "Adafactor appears", kind="appeared", cause="pytorch#129905")
@pytest.mark.changed(
    "2.15",
    "ASGD refuses a negative lambd or alpha",
    kind="error",
    cause="pytorch#193303",
    advice="set optimizer.param_groups[0]['lambd'] or ['alpha'] after building the optimizer",
    restored_by="optimizers.negative_setting_may_be_written_into_the_group",
    of=("torch.optim.ASGD",),
    when=(
        "lambd@2=<unknown>|-1|-1.0|-0.5|-0.1|-0.01|-0.001|-0.0001",
        "alpha@3=<unknown>|-1|-1.0|-0.5|-0.1|-0.01|-0.001|-0.0001",
    ),
    rarely="a negative lambd or alpha",
)
def test_setting_of_other_optimizers_outside_its_range_raises(name, settings, snapshot):
    """A setting outside its range raises in the constructor, and the message shows its value.

    Before 2.5 LBFGS accepted a negative lr. Before 2.15 ASGD accepted a negative lambd or alpha.
    """

    def act():
        group = getattr(torch.optim, name)([parameter([1.0])], **settings).param_groups[0]
        return {each: group[each] for each in settings}

    assert snapshot == observe(act)
