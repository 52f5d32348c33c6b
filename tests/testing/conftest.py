"""A project of a reader's own, with a suite that runs in processes of its own."""

import os

import pytest

from tests.fake import REPOSITORY, ended

CI = ("CI", "BUILD_NUMBER")


class Own:
    """The folder of a project."""

    def __init__(self, root):
        self.root = root

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def python(self, *arguments, planted="", version=""):
        """Run Python in the folder: what it printed, and its exit status."""
        path = [str(REPOSITORY), str(self.root)]
        variables = {
            # In a CI pytest prints more of each failure than the documents show.
            **{k: v for k, v in os.environ.items() if k[:6] != "PYTEST" and k not in CI},
            "PYTHONPATH": os.pathsep.join(path),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONHASHSEED": "0",
            "COLUMNS": "80",
            "PLANTED": planted,
            **({"TORCH_VERSION": version} if version else {}),
        }
        return ended(arguments, self.root, variables, timeout=300)

    def pytest(self, *arguments, **settings):
        """Run the suite with the plugin, as a project does that has the package installed."""
        plugins = ("syrupy", "torch_history.testing.plugin", "tests.testing.planted")
        given = [word for name in plugins for word in ("-p", name)]
        return self.python("-m", "pytest", *given, *arguments, **settings)


@pytest.fixture(scope="package")
def own(tmp_path_factory):
    """Make the folder of a project."""
    return lambda: Own(tmp_path_factory.mktemp("own"))
