"""Article E's string classifier, trained, saved and loaded.

Its parts are an embedding, a two-layer RNN, a linear layer, cross-entropy and Adam. The loss starts
near log 3, the loss of a guess among three classes, and falls. The embedding of the padding stays
exactly zero, and Adam's first step moves only the rows of letters in the batch. Training twice from
the same parameters gives the same bits. The saved state dict, loaded with ``weights_only=True``,
gives outputs with the same bits.
"""

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

# string: its class; the deciding letter is at various places, the other letters do not matter
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
    """The state dict of the classifier has four tensors for each RNN layer.

    Their names say what they act on (ih: the input, hh: the hidden state) and the layer's number.
    """
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
    """The loss of the classifier falls over the first ten steps, one step for each batch.

    It starts near log 3, the loss of a guess among three classes.
    """
    losses = train(Classifier(), strings(10 * BATCH, seed=2), epochs=1)
    assert abs(losses[0] - math.log(3)) < 0.1 and losses[-1] < losses[0]
    assert snapshot == observe(lambda: torch.tensor(losses))


@pytest.mark.api(
    "torch.optim.Adam", "torch.nn.Embedding", page="generated/torch.nn.Embedding", article="E"
)
def test_first_step_leaves_the_embeddings_of_absent_letters(snapshot):
    """Adam's first step moves only the embedding rows of letters in the batch, by at most lr.

    The rows of absent letters and of the padding keep their bits.
    """
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
    """The order backward, step, zero_grad gives the same bits as zero_grad, backward, step.

    Article E has the first order.
    """
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
    """Training twice from the same parameters on the same strings gives the same bits.

    This holds on one machine: nothing in the loop is random.
    """
    texts = strings(3 * BATCH, seed=2)
    first, second = Classifier(), Classifier()
    assert train(first, texts, epochs=1) == train(second, texts, epochs=1)
    assert snapshot == observe(
        lambda: all(torch.equal(*pair) for pair in zip(first.parameters(), second.parameters()))
    )


@pytest.mark.api("torch.nn.RNN", "torch.nn.Embedding", page="generated/torch.nn.RNN", article="E")
def test_padding_goes_through_the_rnn(snapshot):
    """The RNN's output at a padding position is not zero, although the padding's embedding is.

    The hidden state and the biases still act there. Packing the sequences stops that.
    """
    model = Classifier()
    x = model.embedding(indices(["abcde"]))
    assert (x[0, 5] == 0).all()
    assert snapshot == observe(lambda: model.rnn(x)[0][0, 5, :4].detach())


@pytest.mark.api("torch.optim.Adam", "torch.nn.RNN", page="generated/torch.optim.Adam", article="E")
def test_trained_classifier_is_right_on_held_out_strings(snapshot):
    """After ten epochs the classifier is right on more than 99 % of 1,000 held-out strings.

    It was trained on 6,400 strings, and is right on eight clear cases too.
    """
    held_out = strings(1000, seed=3)
    assert not set(held_out) & set(strings(6400, seed=2))
    assert all(category(text) == expected for text, expected in CLEAR.items())
    model = trained_once().model
    assert accuracy(model, held_out) > 0.99
    assert snapshot == observe(lambda: dict(zip(CLEAR, model(indices(CLEAR)).argmax(1).tolist())))


@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding", article="E")
def test_padding_row_is_zero_after_training(snapshot):
    """With ``padding_idx=0`` that row, and no other, is exactly zero after 1,000 steps of Adam."""
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
    "the unknown argument is refused by another part of pickle, because the file is a zip archive",
    kind="wording",
    cause="pytorch#39460",
    when=":caught and weights_only",
    of="torch.load",
)
@pytest.mark.changed(
    "1.13",
    "load takes weights_only",
    kind="appeared",
    cause="pytorch#86812",
    when="weights_only",
    of="torch.load",
)
@pytest.mark.changed(
    "2.0",
    "warns that TypedStorage is deprecated, which load itself uses",
    kind="warning",
    cause="pytorch#85303",
    when="weights_only=True",
    of="torch.load",
)
@pytest.mark.changed(
    "2.2",
    "no longer warns that TypedStorage is deprecated",
    kind="warning",
    cause="pytorch#113614",
    when="weights_only=True",
    of="torch.load",
)
def test_saved_classifier_loaded_with_weights_only_predicts_the_same_bits(here, snapshot):
    """A classifier loaded with ``torch.load(weights_only=True)`` gives outputs with the same bits.

    Its state dict is saved to a file, loaded, and passed to ``load_state_dict``.
    """
    model, x = trained_once().model, indices(CLEAR)
    torch.save(model.state_dict(), "rnn_class_model.bin")
    assert not torch.equal(Classifier(seed=7)(x), model(x))

    def load(**settings):
        loaded = Classifier(seed=7)
        return loaded.load_state_dict(torch.load("rnn_class_model.bin", **settings)) and loaded

    assert torch.equal(load()(x), model(x))
    assert snapshot == observe(lambda: torch.equal(load(weights_only=True)(x), model(x)))


@pytest.mark.api(
    "torch.Tensor.numpy", "torch.no_grad", page="generated/torch.Tensor.numpy", article="E"
)
@pytest.mark.changed(
    "1.6",
    "the message says Tensor instead of Variable",
    kind="wording",
    cause="pytorch#37000 (the issue)",
    of="torch.Tensor.numpy",
    when=":caught",
    rarely="a tensor that requires grad",
)
def test_numpy_argmax_refuses_an_output_that_requires_grad(snapshot):
    """``np.argmax(output)`` raises on an output that requires grad, and works under ``no_grad``.

    Article E reads the predicted class in this way.
    """
    model, x = Classifier(), indices(["abcde"])
    with torch.no_grad():
        output = model(x)[0]
        assert int(np.argmax(output)) == int(output.argmax())
    assert snapshot == observe(lambda: int(np.argmax(model(x)[0])))
