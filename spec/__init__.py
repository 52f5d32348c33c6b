"""The specification says what PyTorch does in training; each test shows one behaviour.

A behaviour is one claim about torch, and its record holds what each release from 1.4 to 2.15 did. A
chapter is a folder, and a subject of a chapter is a module. Each begins with its rules in prose,
and the tests prove them.

Read ``training_step`` first: it shows the loop that all other chapters refer to. ``losses``
describes where backward starts, ``optimizers`` what a step does, and ``precision`` how all of it
computes in fewer bits. ``modules``, ``layers`` and ``initialization`` describe what a model is made
of, ``attention`` the layers of transformers, and ``randomness`` the numbers that a model starts
from. ``views`` explains how tensors share memory. ``freezing``, ``tying`` and ``surgery`` change
what trains, and ``checkpoints`` saves and loads it. ``example`` uses most of this in one program.
"""

CHAPTERS = [
    "training_step",
    "losses",
    "optimizers",
    "precision",
    "modules",
    "layers",
    "attention",
    "initialization",
    "randomness",
    "views",
    "freezing",
    "tying",
    "surgery",
    "checkpoints",
    "example",
]
