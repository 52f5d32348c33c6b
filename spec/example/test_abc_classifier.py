"""Article E's classifier of strings, trained, saved and loaded: embedding, two-layer RNN, linear, cross-entropy, Adam."""

import math

import numpy as np
import pytest
import torch

from fixtures.abc import (
    BATCH,
    RATE,
    Classifier,
    accuracy,
    categories,
    category,
    indices,
    strings,
    train,
    trained_once,
)
from torch_history.observing import observe

# one place of the deciding letter each; what stands behind it, and in what case, does not matter
CLEAR = {
    "aXYZw": 0,
    "wXYZka": 0,
    "bcxyza": 0,
    "bXYZw": 1,
    "mnobpc": 1,
    "wXYcZ": 2,
    "cABCde": 2,
    "ABCdcf": 2,
}


@pytest.mark.api(
    "torch.nn.RNN",
    "torch.nn.Embedding",
    "torch.nn.Module.state_dict",
    page="generated/torch.nn.RNN",
    article="E",
)
def test_classifier_state_dict_has_four_tensors_for_each_rnn_layer(snapshot):
    """Names and shapes: the RNN's tensors are named for what they take (ih: input, hh: state) and for their layer."""
    assert snapshot == observe(
        lambda: {name: value.shape for name, value in Classifier().state_dict().items()}
    )


@pytest.mark.api(
    "torch.nn.RNN",
    "torch.optim.Adam",
    "torch.nn.CrossEntropyLoss",
    page="generated/torch.optim.Adam",
    article="E",
)
def test_classifier_loss_falls_over_the_first_ten_steps(snapshot):
    """The loss of ten steps, batch by batch: from about log 3, which is not knowing, downwards."""
    losses = train(Classifier(), strings(10 * BATCH, seed=2), epochs=1)
    assert abs(losses[0] - math.log(3)) < 0.1 and losses[-1] < losses[0]
    assert snapshot == observe(lambda: torch.tensor(losses))


@pytest.mark.api(
    "torch.optim.Adam", "torch.nn.Embedding", page="generated/torch.nn.Embedding", article="E"
)
def test_first_step_leaves_the_embeddings_of_absent_letters(snapshot):
    """Adam's first step moves the rows of letters in the batch, by lr at most; absent letters and the padding keep their bits."""
    model = Classifier()
    before = model.embedding.weight.detach().clone()
    texts = ["abcde", "bcdefa"]
    train(model, texts, epochs=1)
    moved = (model.embedding.weight.detach() - before).abs().max(1)[0]
    assert (moved <= 1.01 * RATE).all()
    assert snapshot == observe(
        lambda: {
            "indices": sorted(set(indices(texts).flatten().tolist())),
            "moved": [row for row in range(53) if moved[row] > 0],
        }
    )


@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.Optimizer.zero_grad", article="E"
)
def test_clearing_gradients_after_the_step_equals_clearing_them_before(snapshot):
    """backward, step, zero_grad, as article E has it, and zero_grad, backward, step give the same bits."""
    texts = strings(3 * BATCH, seed=2)
    after, before = Classifier(), Classifier()
    train(after, texts, epochs=1)
    optimizer = torch.optim.Adam(before.parameters(), lr=RATE)
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(before(indices(batch)), categories(batch)).backward()
        optimizer.step()
    pairs = zip(after.named_parameters(), before.parameters())
    assert snapshot == observe(
        lambda: {name: torch.equal(one, other) for (name, one), other in pairs}
    )


@pytest.mark.api("torch.nn.RNN", page="generated/torch.nn.RNN", article="E")
def test_training_twice_gives_the_same_bits(snapshot):
    """Same strings, same first parameters, same machine: there is no chance in the loop."""
    texts = strings(3 * BATCH, seed=2)
    first, second = Classifier(), Classifier()
    assert train(first, texts, epochs=1) == train(second, texts, epochs=1)
    assert snapshot == observe(
        lambda: all(torch.equal(*pair) for pair in zip(first.parameters(), second.parameters()))
    )


@pytest.mark.api("torch.nn.RNN", "torch.nn.Embedding", page="generated/torch.nn.RNN", article="E")
def test_padding_goes_through_the_rnn(snapshot):
    """The padding's embedding is zero; the RNN's output at its place is not, for state and biases go on. Packing stops them."""
    model = Classifier()
    x = model.embedding(indices(["abcde"]))
    assert (x[0, 5] == 0).all()
    assert snapshot == observe(lambda: model.rnn(x)[0][0, 5, :4].detach())


@pytest.mark.api("torch.optim.Adam", "torch.nn.RNN", page="generated/torch.optim.Adam", article="E")
def test_trained_classifier_is_right_on_held_out_strings(snapshot):
    """After ten epochs over 6,400 strings more than 99 % of 1,000 others are classed rightly, and so are eight plain cases."""
    held_out = strings(1000, seed=3)
    assert not set(held_out) & set(strings(6400, seed=2))
    assert all(category(text) == expected for text, expected in CLEAR.items())
    model = trained_once().model
    assert accuracy(model, held_out) > 0.99
    assert snapshot == observe(lambda: dict(zip(CLEAR, model(indices(CLEAR)).argmax(1).tolist())))


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding", article="E")
def test_padding_row_is_zero_after_training(snapshot):
    """``padding_idx=0``: a thousand steps of Adam leave that row at exactly zero, and no other."""
    weight = trained_once().model.embedding.weight.detach()
    assert snapshot == observe(lambda: [row for row in range(53) if (weight[row] == 0).all()])


@pytest.mark.api(
    "torch.save",
    "torch.load",
    "torch.nn.Module.load_state_dict",
    page="generated/torch.load",
    article="E",
)
@pytest.mark.changed(
    "1.6",
    "the unknown argument is refused by another part of pickle: the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
)
@pytest.mark.changed("1.13", "load takes weights_only", kind="api-appeared", cause="pytorch#86812")
@pytest.mark.changed(
    "2.0", "warns of TypedStorage, which load itself uses", kind="warning", cause="pytorch#85303"
)
@pytest.mark.changed(
    "2.2", "warns of TypedStorage no longer", kind="warning", cause="pytorch#113614"
)
def test_saved_classifier_loaded_with_weights_only_predicts_the_same_bits(here, snapshot):
    """State dict to a file, ``torch.load(weights_only=True)``, ``load_state_dict``: every output has the same bits."""
    model, x = trained_once().model, indices(CLEAR)
    torch.save(model.state_dict(), "rnn_class_model.bin")

    def load(**settings):
        loaded = Classifier(seed=7)
        assert not torch.equal(loaded(x), model(x))
        return loaded.load_state_dict(torch.load("rnn_class_model.bin", **settings)) and loaded

    assert torch.equal(load()(x), model(x))
    assert snapshot == observe(lambda: torch.equal(load(weights_only=True)(x), model(x)))


@pytest.mark.api(
    "torch.Tensor.numpy", "torch.no_grad", page="generated/torch.Tensor.numpy", article="E"
)
@pytest.mark.changed("1.6", "the message speaks of a Tensor instead of a Variable", kind="wording")
def test_numpy_argmax_refuses_an_output_that_requires_grad(snapshot):
    """``np.argmax(output)``, by which article E reads the class, runs under ``no_grad`` and raises without it."""
    model, x = Classifier(), indices(["abcde"])
    with torch.no_grad():
        output = model(x)[0]
        assert int(np.argmax(output)) == int(output.argmax())
    assert snapshot == observe(lambda: int(np.argmax(model(x)[0])))
