from tests.check.making import faults_of
from torch_history.check import check
from torch_history.check.rules import claims_decided

CLAIM = """[
    {"section": "Rates", "claim": "the scale is one", "tests": ["rates.scale_halves"],
     "verdict": "holds until 1.13"},
]
"""


def test_claim_that_its_behaviour_decides_is_no_fault(project):
    project.write("claims/A.py", CLAIM)
    assert faults_of(claims_decided, project) == []


def test_claim_that_no_behaviour_decides_is_named(project):
    project.write("claims/A.py", CLAIM.replace("scale_halves", "nothing"))
    fault = "claims/A.py: 'the scale is one': rates.nothing decides it: name behaviours that exist"
    assert faults_of(claims_decided, project) == check(project.root).faults == [fault]


def test_claim_that_the_changes_contradict_is_named(project):
    project.write("claims/A.py", CLAIM.replace("holds until 1.13", "holds"))
    assert faults_of(claims_decided, project) == [
        "claims/A.py: 'the scale is one': holds, but what decides it changed at 2.0"
    ]
