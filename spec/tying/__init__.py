"""Tied parameters are one parameter that a model uses in several places.

A tie is one object under several names. A layer that is used in two places is one object, and so
are its parameters (``tying.layer_used_twice_holds_one_parameter``). Assigning a Parameter to a
second name ties the two names (``tying.assignment_ties``). Equal values are no tie
(``tying.equal_values_are_no_tie``). A shared storage is no tie either: two Parameters on one
storage share their values, but not their gradients
(``tying.tie_through_data_shares_values_and_not_gradients``).

One object has one gradient. Every use adds to it, and the optimizer steps the sum once
(``tying.tied_layer_takes_the_summed_step``). It also has one ``requires_grad``: freezing the
parameter in one place freezes it in the other (``tying.freezing_one_place_freezes_the_other``). To
take a single use out of training, detach the weight there
(``tying.detaching_one_use_leaves_the_gradient_of_the_other``).

``torch.nn.Module.parameters`` lists an object once
(``tying.parameters_lists_a_tied_parameter_once``), so an optimizer built from it steps the
parameter once (``tying.optimizer_steps_a_tied_parameter_once``). ``torch.nn.Module.state_dict``
lists every name (``tying.state_dict_lists_a_tied_parameter_under_every_name``). Do not chain the
parameter lists of tied layers: the optimizer then steps the parameter twice, and only warns
(``tying.optimizer_given_a_parameter_twice_in_a_group_steps_it_twice``,
``tying.optimizer_given_a_parameter_twice_in_a_group_warns``).

A tie lasts as long as both names hold the same object. Loading a state dict writes into the object
and keeps the tie (``tying.load_state_dict_keeps_the_tie``). Converting the dtype keeps it too
(``tying.conversion_keeps_the_tie``). A new layer (``tying.replacing_a_layer_breaks_the_tie``) or a
new Parameter in one place (``tying.a_new_parameter_in_one_place_breaks_the_tie``) breaks it. So do
``load_state_dict(assign=True)``, which exists since 2.1
(``tying.load_state_dict_with_assign_breaks_the_tie``), and a move to the meta device
(``tying.moving_to_meta_breaks_the_tie``).

Tie first, and build the optimizer afterwards: an optimizer from before still holds the parameter
that the tie replaced (``tying.optimizer_built_before_the_tie_still_holds_the_replaced_parameter``).
``torch.func.functional_call``, since 2.0, replaces a tied parameter under all its names
(``tying.functional_call_replaces_a_tied_parameter_everywhere``).
"""

SUBJECTS = [
    "ties",
    "tied_gradients",
    "listing",
    "broken_ties",
    "every_place",
    "signatures",
]
