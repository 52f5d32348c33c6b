"""Generated faults: each API ignores one setting, to find the settings that no value depends on.

``python -m faults settings`` takes every API that a behaviour names and every class of torch.nn and
torch.optim that a behaviour builds. For each parameter of these it makes torch wrong by rule: the
argument is ignored, a boolean is turned, a number is another one. The same for what a module or an
optimizer keeps: it is not updated, not read, not saved, not loaded. A fault that no behaviour
notices is a survivor: some setting is specified by nothing.

- ``targets`` finds the APIs, and where Python looks each of them up.
- ``meeting`` records which behaviour calls which API with which arguments.
- ``rules`` makes the faults.
- ``session`` runs the behaviours that can meet a fault, in processes forked from one that has
  collected them all.
- ``reasons`` says why no behaviour can notice a fault.
"""
