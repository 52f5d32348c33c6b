"""Imports that a module lacks are put where ruff's isort would put them."""

import pytest

from torch_history.catalogue import importing

OURS = "torch_history.observing"


@pytest.mark.parametrize(
    "before, after",
    [
        ("import pytest\nimport torch\n", "import pytest\nimport torch\n"),
        (
            "import numpy as np\nimport pytest\n",
            "import numpy as np\nimport pytest\nimport torch\n",
        ),
        ("import pytest\nimport yaml\n", "import pytest\nimport torch\nimport yaml\n"),
        (
            "import pytest\nfrom hypothesis import given\n",
            "import pytest\nimport torch\nfrom hypothesis import given\n",
        ),
        ("import pytest\nimport torch as t\n", "import pytest\nimport torch\nimport torch as t\n"),
        (
            "import pytest\n\nfrom fixtures import models\n",
            "import pytest\nimport torch\n\nfrom fixtures import models\n",
        ),
        (
            '"""Views."""\n\nfrom fixtures import models\n',
            '"""Views."""\n\nimport torch\n\nfrom fixtures import models\n',
        ),
        ('"""Views."""\n', '"""Views."""\n\nimport torch\n'),
    ],
    ids=["there", "last", "between", "before from", "other name", "sections", "ours", "none"],
)
def test_module_is_imported_in_the_section_of_third_parties(before, after):
    assert importing.with_module(before, "torch") == after


def test_standard_library_is_a_section_of_its_own():
    if not importing._STANDARD:
        pytest.skip("Python before 3.10 does not list its own modules")
    before = "import math\nimport os\n"
    assert importing.with_module(before, "torch") == "import math\nimport os\n\nimport torch\n"
    assert importing.with_module(f"{before}\nimport pytest\n", "torch") == (
        "import math\nimport os\n\nimport pytest\nimport torch\n"
    )


@pytest.mark.parametrize(
    "before, after",
    [
        (f"from {OURS} import observe\n", f"from {OURS} import observe\n"),
        (f"from {OURS} import observe_each\n", f"from {OURS} import observe, observe_each\n"),
        (
            f"from {OURS} import LIMIT, Raised, words as told\n",
            f"from {OURS} import LIMIT, Raised, observe, words as told\n",
        ),
        (
            "import fixtures\nfrom torch_history.z import x\n",
            f"import fixtures\nfrom {OURS} import observe\nfrom torch_history.z import x\n",
        ),
        ("import pytest\n\nx = 1\n", f"import pytest\n\nfrom {OURS} import observe\n\nx = 1\n"),
    ],
    ids=["there", "added", "kinds of names", "sorted", "new section"],
)
def test_name_is_imported_in_the_section_of_this_repository(before, after):
    assert importing.with_name(before, OURS, "observe") == after


def test_line_that_becomes_too_long_is_a_name_a_line():
    names = [f"observation_number_{number}" for number in range(4)]
    before = f"from {OURS} import {', '.join(names)}\n"
    assert importing.with_name(before, OURS, "observe") == (
        f"from {OURS} import (\n"
        + "".join(f"    {name},\n" for name in [*names, "observe"])
        + ")\n"
    )
