"""``torch.nn.TransformerEncoder``: eval mode compared with training, and how its layers start.

In eval mode without gradients the encoder takes a fast path. Since 1.13 it gives zeros for padded
steps there, where training computes them. ``enable_nested_tensor=False`` makes both modes compute
the padding. Trap: from 1.12 to 2.4 the fast path skipped forward hooks on parts of a layer, and
nothing warned. The layers of an encoder are deep copies of one layer, so they start with equal
weights.
"""

import pytest
import torch
from torch import nn

from torch_history.observing import observe


def encoder(layers=1, norm_first=False, heads=2, **settings):
    """An encoder of four features, batch first, without dropout.

    Its parameters, except those of the norms, are set.
    """
    layer = nn.TransformerEncoderLayer(
        4, heads, 8, dropout=0.0, batch_first=True, norm_first=norm_first
    )
    model = nn.TransformerEncoder(layer, layers, **settings)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" not in name:
                parameter.copy_(
                    (torch.arange(parameter.numel()).reshape(parameter.shape) % 5 - 2.0) / 8
                )
    return model


def padded(lengths, train=False, **settings):
    """Encode two samples of three steps without gradients.

    Returns the shape of the output, and which rows are zero.
    """
    x = torch.tensor(
        [[[1.0, 0, 2, 0], [0, 1, 0, 0], [1, 1, 0, 1]], [[1.0, 0, 0, 0], [0, 1, 1, 0], [3, 1, 0, 0]]]
    )
    padding = torch.arange(3) >= torch.tensor(lengths).unsqueeze(1)
    with torch.no_grad():
        output = encoder(**settings).train(train)(x, src_key_padding_mask=padding)
    return {"shape": output.shape, "zero rows": (output == 0).all(dim=2)}


@pytest.mark.api("torch.nn.TransformerEncoder", page="generated/torch.nn.TransformerEncoder")
@pytest.mark.changed(
    "1.9",
    "TransformerEncoderLayer takes batch_first, but not norm_first, which the test also needs",
    kind="wording",
    cause="pytorch#55285",
)
@pytest.mark.changed(
    "1.10", "TransformerEncoderLayer takes norm_first", kind="appeared", cause="pytorch#60593"
)
@pytest.mark.changed(
    "1.13",
    "eval mode runs on nested tensors by default, gives zeros for padded steps, and warns that "
    "nested tensors are a prototype",
    kind="warning",
    cause="pytorch#77924",
    advice="pass enable_nested_tensor=False",
    restored_by="layers.encoder_without_nested_tensors_computes_padding_in_eval",
    unless=("enable_nested_tensor", 3),
    depends="the encoder layer and the padding mask",
    rewrite="+enable_nested_tensor=False",
)
@pytest.mark.changed(
    "2.6",
    "the warning recommends the layout torch.jagged",
    kind="wording",
    cause="pytorch#142140",
    unless=("enable_nested_tensor", 3),
    rarely="a padding mask in eval mode",
)
def test_encoder_in_eval_gives_zeros_for_padding(snapshot):
    """In eval mode without gradients the encoder gives zeros for padded steps, since 1.13.

    Trap: a mean over all steps then differs between training and eval mode.
    """
    assert snapshot == observe(lambda: padded([3, 1]))


@pytest.mark.api("torch.nn.TransformerEncoder", page="generated/torch.nn.TransformerEncoder")
@pytest.mark.changed(
    "1.9",
    "TransformerEncoderLayer takes batch_first, but not norm_first, which the test also needs",
    kind="wording",
    cause="pytorch#55285",
)
@pytest.mark.changed(
    "1.10", "TransformerEncoderLayer takes norm_first", kind="appeared", cause="pytorch#60593"
)
def test_encoder_in_training_computes_padding(snapshot):
    """In training mode the encoder computes padded steps too: no row of the output is zero."""
    assert snapshot == observe(lambda: padded([3, 1], train=True))


@pytest.mark.api("torch.nn.TransformerEncoder", page="generated/torch.nn.TransformerEncoder")
@pytest.mark.changed(
    "1.9",
    "TransformerEncoderLayer takes batch_first, but not norm_first, which the test also needs",
    kind="wording",
    cause="pytorch#55285",
)
@pytest.mark.changed(
    "1.10", "TransformerEncoderLayer takes norm_first", kind="appeared", cause="pytorch#60593"
)
@pytest.mark.changed(
    "1.13",
    "eval mode runs on nested tensors by default, cuts the output to the longest sample, and warns "
    "that nested tensors are a prototype",
    kind="warning",
    cause="pytorch#77924",
    advice="pass enable_nested_tensor=False",
    restored_by="layers.encoder_without_nested_tensors_computes_padding_in_eval",
    unless=("enable_nested_tensor", 3),
    rarely="batches in which every sample is padded",
)
@pytest.mark.changed(
    "2.1",
    "the output is as long as the input again, with zeros for padding",
    kind="silent",
    cause="pytorch#100113",
    advice="cut the output with output[:, : lengths.max()]",
    unless=("enable_nested_tensor", 3),
    rarely="batches in which every sample is padded",
)
@pytest.mark.changed(
    "2.6",
    "the warning recommends the layout torch.jagged",
    kind="wording",
    cause="pytorch#142140",
    unless=("enable_nested_tensor", 3),
    rarely="batches in which every sample is padded",
)
def test_encoder_in_eval_keeps_the_length_of_a_batch_that_is_padded_throughout(snapshot):
    """In eval mode the encoder keeps the input's length even when every sample is padded.

    In 1.13 and 2.0 the output was cut to the longest sample.
    """
    assert snapshot == observe(lambda: padded([2, 1]))


@pytest.mark.api("torch.nn.TransformerEncoder", page="generated/torch.nn.TransformerEncoder")
@pytest.mark.changed(
    "1.9",
    "TransformerEncoderLayer takes batch_first, but not norm_first, which the test also needs",
    kind="wording",
    cause="pytorch#55285",
)
@pytest.mark.changed(
    "1.10",
    "TransformerEncoderLayer takes norm_first, but TransformerEncoder no enable_nested_tensor",
    kind="wording",
    cause="pytorch#60593",
)
@pytest.mark.changed(
    "1.12",
    "TransformerEncoder takes enable_nested_tensor",
    kind="appeared",
    cause="pytorch#75809",
    probable=True,
)
@pytest.mark.changed(
    "2.0",
    "warns, only in 2.0, about a mask that is not boolean, although the given one is",
    kind="warning",
    cause="pytorch#92733",
    probable=True,
    when="enable_nested_tensor@3=False and enable_nested_tensor@3!=<unknown>",
    rarely="a padding mask in eval mode",
)
@pytest.mark.changed(
    "2.1",
    "no longer warns",
    kind="warning",
    cause="pytorch#103362",
    probable=True,
    when="enable_nested_tensor@3=False and enable_nested_tensor@3!=<unknown>",
    rarely="a padding mask in eval mode",
)
def test_encoder_without_nested_tensors_computes_padding_in_eval(snapshot):
    """``enable_nested_tensor=False`` makes eval mode compute padding as training does."""
    assert snapshot == observe(lambda: padded([2, 1], enable_nested_tensor=False))


SLOW = {
    "not batch first": lambda: nn.TransformerEncoderLayer(4, 2, 8),
    "norm first": lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True, norm_first=True),
    "odd heads": lambda: nn.TransformerEncoderLayer(4, 1, 8, batch_first=True),
    "fit": lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True),
}


@pytest.mark.parametrize("make", list(SLOW.values()), ids=list(SLOW))
@pytest.mark.api(
    "torch.nn.TransformerEncoder",
    "torch.nn.Transformer",
    page="generated/torch.nn.TransformerEncoder",
)
@pytest.mark.changed(
    "1.9",
    "TransformerEncoderLayer takes batch_first",
    kind="appeared",
    cause="pytorch#55285",
)
@pytest.mark.changed(
    "1.9",
    "with norm_first the message names norm_first, which is still missing",
    kind="wording",
    cause="pytorch#55285",
)
@pytest.mark.changed(
    "1.10", "TransformerEncoderLayer takes norm_first", kind="appeared", cause="pytorch#60593"
)
@pytest.mark.changed(
    "2.1",
    "the constructor warns about layers that are not batch first, that are norm first, or that "
    "have an odd number of heads",
    kind="warning",
    cause="pytorch#102045",
    probable=True,
    advice="pass enable_nested_tensor=False",
    when=(
        "-enable_nested_tensor and -batch_first@10",
        "enable_nested_tensor=True",
        "norm_first@11=True",
    ),
    depends="the encoder layer",
)
def test_encoder_warns_of_layers_that_cannot_be_nested(make, snapshot):
    """An encoder warns in the constructor about layers that cannot use nested tensors.

    These are layers that are not batch first, that are norm first, or that have an odd number of
    heads. The warning exists since 2.1, and ``enable_nested_tensor=False`` silences it.
    """

    def act():
        nn.TransformerEncoder(make(), 1)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.Module.register_forward_hook",
    page="generated/torch.nn.TransformerEncoderLayer",
)
@pytest.mark.changed(
    "1.9",
    "TransformerEncoderLayer takes batch_first, but not norm_first, which the test also needs",
    kind="wording",
    cause="pytorch#55285",
)
@pytest.mark.changed(
    "1.10", "TransformerEncoderLayer takes norm_first", kind="appeared", cause="pytorch#60593"
)
@pytest.mark.changed(
    "1.12",
    "the fast path of eval mode skips the hook, and nothing warns",
    kind="silent",
    cause="pytorch#75809",
    advice="run the model with gradients enabled, not under torch.no_grad()",
    restored_by="layers.encoder_layer_in_eval_with_gradients_calls_the_hooks_of_its_parts",
    rarely="forward hooks on its parts in eval mode",
    of="torch.nn.TransformerEncoderLayer",
)
@pytest.mark.changed(
    "2.5",
    "the hook runs in eval mode again: the fast path is not used when there are hooks",
    kind="silent",
    cause="pytorch#128415",
    rarely="forward hooks on its parts in eval mode",
    of="torch.nn.TransformerEncoderLayer",
)
def test_encoder_layer_in_eval_calls_the_hooks_of_its_parts(snapshot):
    """A forward hook on an encoder layer's ``linear1`` runs in training and in eval mode.

    From 1.12 to 2.4 the fast path of eval mode skipped the hook, and nothing warned.
    """

    def act():
        model, seen = encoder(), []
        model.layers[0].linear1.register_forward_hook(
            lambda *_: seen.append("train" if model.training else "eval")
        )
        with torch.no_grad():
            for mode in (True, False):
                model.train(mode)(torch.ones(1, 2, 4))
        return seen

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.Module.register_forward_hook",
    page="generated/torch.nn.TransformerEncoderLayer",
)
@pytest.mark.changed(
    "1.9",
    "TransformerEncoderLayer takes batch_first, but not norm_first, which the test also needs",
    kind="wording",
    cause="pytorch#55285",
)
@pytest.mark.changed(
    "1.10", "TransformerEncoderLayer takes norm_first", kind="appeared", cause="pytorch#60593"
)
def test_encoder_layer_in_eval_with_gradients_calls_the_hooks_of_its_parts(snapshot):
    """With gradients enabled a hook on an encoder layer's ``linear1`` runs in eval mode too.

    The fast path, which skipped hooks up to 2.4, is only used where no gradient is needed.
    """

    def act():
        model, seen = encoder(), []
        model.layers[0].linear1.register_forward_hook(
            lambda *_: seen.append("train" if model.training else "eval")
        )
        for mode in (True, False):
            model.train(mode)(torch.ones(1, 2, 4))
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.TransformerEncoder", page="generated/torch.nn.TransformerEncoder")
def test_encoder_layers_start_as_copies(snapshot):
    """The layers of an encoder are deep copies of the given layer.

    They start with equal weights, which are drawn once.
    """
    first, second = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2).layers
    assert snapshot == observe(
        lambda: {
            "equal": torch.equal(first.linear1.weight, second.linear1.weight),
            "the same": first.linear1.weight is second.linear1.weight,
        }
    )


@pytest.mark.api(
    "torch.nn.Transformer",
    "torch.nn.Transformer.generate_square_subsequent_mask",
    page="generated/torch.nn.Transformer",
)
@pytest.mark.changed(
    "1.10",
    "the method is static: it can be called on the class",
    kind="error-gone",
    cause="pytorch#60631",
    probable=True,
)
def test_square_subsequent_mask_needs_no_transformer(snapshot):
    """``Transformer.generate_square_subsequent_mask`` can be called on the class, since 1.10.

    It returns the causal mask, of 0 and minus infinity.
    """
    assert snapshot == observe(lambda: nn.Transformer.generate_square_subsequent_mask(3))
