"""What the tests of the rules share."""

from torch_history.check.tree import Tree

RATES, TENSORS = "spec/rates/test_rates.py", "spec/tensors/test_tensors.py"
HALVES = f"{RATES}:12: rates.scale_halves"  # how a fault of this behaviour begins


def faults_of(rule, project):
    """What one rule says of a project, its paths relative."""
    return [fault.replace(f"{project.root}/", "") for fault in rule.faults(Tree(project.root))]


def text_of(project, file):
    """The text of a file of a project."""
    return (project.root / file).read_text(encoding="utf-8")
