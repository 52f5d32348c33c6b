"""The names of APIs and of their files."""

import pytest

from torch_history.publish.site.apis import by_home, files_of


class Named:
    """An API that has only a name."""

    def __init__(self, name):
        self.name = name


def test_tensor_and_tensor_with_a_capital_get_differentfiles_of():
    files = files_of(["torch.tensor", "torch.Tensor"])
    assert files == {"torch.Tensor": "torch.Tensor", "torch.tensor": "torch.tensor_"}


@pytest.mark.parametrize(
    "names",
    [
        ["t.a", "t.A", "t.a_"],
        ["t.a_", "t.a", "t.A", "t.A_"],
        ["t.<u>", "t.-u-", "t./u/"],
        ["t.add", "t.Add", "t.ADD"],
    ],
)
def test_no_two_names_share_a_file_where_capitals_do_not_count(names):
    files = files_of(names)
    assert set(files) == set(names)
    assert len({file.lower() for file in files.values()}) == len(names)
    assert files == files_of(reversed(names))  # the order of the names does not decide


@pytest.mark.parametrize("name", ["../outside", "a/b", "a\\b", "a b", "a#b", "a?b", "a%2e", "<u>"])
def test_file_of_an_odd_name_is_a_plain_one(name):
    [file] = files_of([name]).values()
    assert set(file) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.-")


def test_home_of_an_api_is_its_module_or_class():
    found = by_home([Named("torch.b.two"), Named("torch.A.one"), Named("torch.b.three")])
    assert [(home, [one.name for one in own]) for home, own in found.items()] == [
        ("torch.A", ["torch.A.one"]),
        ("torch.b", ["torch.b.two", "torch.b.three"]),
    ]
