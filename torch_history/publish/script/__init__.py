"""A behaviour as a plain script: what its test does, without pytest and without this project.

``text`` cuts source and edits it, ``plain`` replaces what belongs to pytest, ``reached`` finds the
helpers, ``cases`` makes loops of parameters, ``surroundings`` makes statements of fixtures,
``shown`` prints what the act does, and ``compose`` puts the script together.
"""

from torch_history.publish.script.compose import Scripts

__all__ = ["Scripts"]
