"""Dropout of each kind in place, and the settings of distances, cosines and ``gumbel_softmax``.

With ``p=1.0`` everything is dropped, so no seed is needed. ``inplace=True`` overwrites the input in
training; in ``eval()`` the input is returned as it is. ``eps`` keeps a distance of zero from having
no gradient, and a cosine from dividing by zero. ``gumbel_softmax`` adds noise to the logits; here
they are so large that the noise decides nothing.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fixtures.settings import each
from torch_history.observing import observe_each

# function -> the shape of its input
FUNCTIONS = {
    "dropout": (2,),
    "dropout1d": (1, 2, 1),
    "dropout2d": (1, 2, 1, 1),
    "dropout3d": (1, 2, 1, 1, 1),
    "alpha_dropout": (2,),
    "feature_alpha_dropout": (1, 2, 1),
}
LAYERS = {
    "Dropout": (2,),
    "Dropout1d": (1, 2, 1),
    "Dropout2d": (1, 2, 1, 1),
    "Dropout3d": (1, 2, 1, 1, 1),
    "AlphaDropout": (2,),
    "FeatureAlphaDropout": (1, 2, 1),
}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.api(
    "torch.nn.Dropout",
    "torch.nn.Dropout1d",
    "torch.nn.Dropout2d",
    "torch.nn.Dropout3d",
    "torch.nn.AlphaDropout",
    "torch.nn.FeatureAlphaDropout",
    page="generated/torch.nn.Dropout",
)
@pytest.mark.changed(
    "1.12", "Dropout1d was added", kind="appeared", cause="pytorch#79545", of="torch.nn.Dropout1d"
)
def test_dropout_layer_in_place_overwrites_its_input_unless_it_is_an_alpha_dropout(layer, snapshot):
    """With ``inplace=True`` a dropout layer overwrites its input; without it, the input stays.

    Everything is dropped. ``AlphaDropout`` and ``FeatureAlphaDropout`` accept ``inplace=True`` and
    ignore it. In ``eval()`` each layer returns the input itself.
    """

    def act(inplace, training=True):
        x = torch.ones(LAYERS[layer])
        output = getattr(nn, layer)(p=1.0, inplace=inplace).train(training)(x)
        return {"output is the input": output is x, "output": output, "input": x}

    assert snapshot == observe_each(
        each(
            act,
            {
                "in place": {"inplace": True},
                "not in place": {"inplace": False},
                "in place, eval": {"inplace": True, "training": False},
            },
        )
    )


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.api(
    "torch.nn.functional.dropout",
    "torch.nn.functional.dropout1d",
    "torch.nn.functional.dropout2d",
    "torch.nn.functional.dropout3d",
    "torch.nn.functional.alpha_dropout",
    "torch.nn.functional.feature_alpha_dropout",
    page="generated/torch.nn.functional.dropout",
)
@pytest.mark.changed(
    "1.12",
    "dropout1d was added",
    kind="appeared",
    cause="pytorch#79545",
    of="torch.nn.functional.dropout1d",
)
def test_functional_dropout_follows_p_training_and_inplace(function, snapshot):
    """``p=1.0`` drops everything, ``training=False`` nothing.

    ``inplace=True`` overwrites the input. The two alpha functions do so too, unlike their layers.
    """

    def act(**settings):
        x = torch.ones(FUNCTIONS[function])
        return {"output": getattr(F, function)(x, **settings), "input": x}

    assert snapshot == observe_each(
        each(
            act,
            {
                "training": {"p": 1.0, "training": True},
                "nothing to drop": {"p": 0.0, "training": True},
                "not training": {"p": 1.0, "training": False},
                "in place": {"p": 1.0, "training": True, "inplace": True},
            },
        )
    )


@pytest.mark.api(
    "torch.nn.PairwiseDistance",
    "torch.nn.functional.pairwise_distance",
    page="generated/torch.nn.functional.pairwise_distance",
)
def test_pairwise_distance_follows_each_setting(snapshot):
    """``p`` is the order of the norm, and ``eps`` is added to each difference before the norm.

    The differences are 3 and 4. ``keepdim=True`` keeps the last dimension, with length 1.
    """
    one, other = torch.tensor([[5.0, 4.0]]), torch.tensor([[2.0, 0.0]])

    def layer(**settings):
        return nn.PairwiseDistance(**settings)(one, other)

    def function(**settings):
        return F.pairwise_distance(one, other, **settings)

    cases = {
        "default": {},
        "p": {"p": 1.0},
        "eps": {"eps": 0.5},
        "keepdim": {"keepdim": True},
    }
    assert snapshot == observe_each(
        {
            **{f"layer, {name}": act for name, act in each(layer, cases).items()},
            **{f"function, {name}": act for name, act in each(function, cases).items()},
        }
    )


@pytest.mark.api(
    "torch.nn.CosineSimilarity",
    "torch.nn.functional.cosine_similarity",
    page="generated/torch.nn.functional.cosine_similarity",
)
@pytest.mark.changed(
    "1.12",
    "eps bounds each length instead of their product: with eps=50, vectors of length 5 have "
    "a cosine of 0.0096 instead of 0.48",
    kind="silent",
    cause="pytorch#31378",
    advice="divide (x * y).sum(dim) by (x.norm(dim=dim) * y.norm(dim=dim)).clamp(min=eps)",
    rarely="vectors shorter than eps, or whose lengths have a product below eps",
)
def test_cosine_similarity_follows_dim_and_eps(snapshot):
    """``dim`` is the dimension of the vectors, and ``eps`` bounds their lengths from below.

    The vectors along dimension 1 are (3, 4) and (4, 3), of the length 5. Since 1.12 ``eps`` bounds
    each length; before, it bounded their product.
    """
    one, other = torch.tensor([[3.0, 4.0]]), torch.tensor([[4.0, 3.0]])

    def layer(**settings):
        return nn.CosineSimilarity(**settings)(one, other)

    def function(**settings):
        return F.cosine_similarity(one, other, **settings)

    cases = {"default": {}, "dim": {"dim": 0}, "eps": {"eps": 50.0}}
    assert snapshot == observe_each(
        {
            **{f"layer, {name}": act for name, act in each(layer, cases).items()},
            **{f"function, {name}": act for name, act in each(function, cases).items()},
        }
    )


@pytest.mark.api(
    "torch.nn.functional.gumbel_softmax", page="generated/torch.nn.functional.gumbel_softmax"
)
def test_gumbel_softmax_follows_dim_tau_and_hard(snapshot):
    """``dim`` is the dimension of the choices; ``hard=True`` returns ones and zeros.

    A very large logit wins against any noise. ``tau`` divides the logits and the noise, so a very
    large one makes all choices equally likely.
    """
    logits = torch.tensor([[1000.0, 0.0], [-1000.0, 0.0]])

    def act(dim, **settings):
        return F.gumbel_softmax(logits, dim=dim, **settings)

    assert snapshot == observe_each(
        {
            "dim=1": lambda: act(1),
            "dim=0": lambda: act(0)[:, 0],
            "default": lambda: F.gumbel_softmax(logits),
            "tau": lambda: act(1, tau=1e9),
            "hard": lambda: act(1, hard=True),
            "hard, dim=0, equal choices": lambda: act(0, tau=1e9, hard=True).sum(0),
        }
    )
