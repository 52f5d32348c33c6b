"""The names of torch on the site: their timelines, the lists by module, the search, the pages."""

import re
import shutil

import pytest

from tests.fake import Project
from tests.literals import on_cpu, plant, value
from tests.publish.hostile import HOSTILE, TAGS
from tests.publish.sites import Page, Site
from tests.questions import surface as small
from tests.surface.making import index_of, surveyed
from torch_history.publish.site import modules as by_module
from torch_history.publish.site.listing import Listing
from torch_history.publish.site.modules import Counts, Modules, Turn
from torch_history.publish.site.signatures import signature
from torch_history.publish.site.timelines import Timelines, releases
from torch_history.questions.names import Lives

SPEC = '''
"""One optimizer."""

import pytest
from torch_history.observing import observe


@pytest.mark.api("torch.optim.NAdam")
@pytest.mark.changed("2.0", "it halves", kind="silent")
def test_nadam_looks_ahead(snapshot):
    """NAdam looks ahead."""
    assert snapshot == observe(lambda: 1)
'''
WARNS = {"is": "function (a)", "warns": [{"category": "UserWarning", "text": "no " * 60}]}


@pytest.fixture(scope="module")
def lives(tmp_path_factory):
    return Lives(small.catalogue(), small.written(tmp_path_factory.mktemp("small")))


@pytest.fixture(scope="module")
def modules(lives):
    """The small surface; only torch, torch.optim and torch.cuda are listed by themselves."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(by_module, "FEWEST", 3)
        return Modules(lives)


@pytest.fixture(scope="module")
def surfaced(recorded, tmp_path_factory):
    """The site of a project with a surface, and with a behaviour about a name of it."""
    folder = tmp_path_factory.mktemp("surfaced")
    shutil.copytree(str(recorded.root), str(folder / "project"))
    project = Project(folder / "project")
    project.write("spec/optimizers/test_nadam.py", SPEC)
    plant(project, "optimizers.nadam_looks_ahead", on_cpu(**{"1.4": value(1), "2.0": value(2)}))
    small.written(project.root)
    return Site(project.root, folder / "site")


def lists(modules, part, pages=None):
    """The list of each module of a part, as HTML."""
    [found] = [one for one in modules.parts if one.name == part]
    listing = Listing(modules, pages or {}, str)
    return {one.name: str(listing.of(one)) for one in found.modules if one.names}


def listed(tmp_path, surveys):
    """The list of torch in a surface of these releases."""
    index = index_of(tmp_path, {line: surveyed(f"{line}.0", of) for line, of in surveys.items()})
    return lists(Modules(Lives(small.catalogue(), index)), "torch")["torch"]


# ---- timelines


def test_timeline_of_every_name_agrees_with_its_life(lives):
    timelines = Timelines(lives)
    for path in lives.names:
        name, life = timelines.of(path), lives.of(path)
        assert (name.spans, name.entry) == (life.spans, life.entry), path


def test_timeline_of_names_of_torch_agrees_with_their_lives(real):
    lives = Lives(real.index, index_of_torch(real))
    timelines = Timelines(lives)
    for path in lives.names[::150]:
        name, life = timelines.of(path), lives.of(path)
        assert (name.spans, name.entry) == (life.spans, life.entry), path


def index_of_torch(real):
    from torch_history.surface import index

    return index.of(real.root)


@pytest.mark.parametrize(
    "path, told",
    [
        ("torch.optim.Optimizer.step", []),
        (
            "torch.optim.Optimizer.zero_grad",
            [
                ("1.9", ("takes set_to_none",)),
                ("2.0", ("set_to_none is True by default, was False",)),
            ],
        ),
        ("torch.optim.Optimizer.peek", []),  # its releases say that it is gone
        ("torch.cuda.Scaler", [("2.0", ("is an alias of torch.amp.Scaler",))]),
        ("torch.cuda.Scaler.scale", []),  # its class tells where it is
        ("torch.amp.Scaler", [("2.0", ("was torch.cuda.Scaler",))]),
    ],
)
def test_timeline_tells_what_the_releases_of_a_name_do_not(lives, path, told):
    assert [(one.since, one.words) for one in Timelines(lives).of(path).told] == told


def test_what_a_name_warns_of_since_it_exists_is_told_without_a_release(tmp_path):
    assert listed(tmp_path, {"1.4": {"torch.a": WARNS}}).startswith(
        "<li>a(a)<p>warns: UserWarning: no no"
    )


@pytest.mark.parametrize(
    "path, when",
    [
        ("torch.linalg.qr", "1.9"),
        ("torch.qr", "to 2.0"),
        ("torch.cuda.brief", "to 1.4, 2.6"),
        ("torch.optim.Optimizer.hook", "2.0"),
        ("torch.optim.Optimizer", "1.4 or before"),
    ],
)
def test_releases_of_a_name_are_brief(lives, path, when):
    assert releases(Timelines(lives).of(path).spans) == when


def test_releases_are_left_out_where_those_of_the_class_are_the_same(lives):
    timelines = Timelines(lives)
    owner = timelines.of("torch.optim.Optimizer").spans
    assert releases(timelines.of("torch.optim.Optimizer.step").spans, owner) == ""
    assert releases(timelines.of("torch.optim.Optimizer.hook").spans, owner) == "2.0"


# ---- modules


def test_every_name_stands_in_one_module(modules, lives):
    found = [name.path for module in modules.all for name in module.names]
    assert sorted(found) == lives.names
    assert [part.name for part in modules.parts] == ["torch", "torch.cuda", "torch.optim"]
    assert [one.name for one in modules.parts[0].modules if one.names] == [
        *("torch", "torch.amp", "torch.linalg", "torch.onnx", by_module.OPERATORS),
    ]


def test_part_counts_what_is_there_gone_and_changed(modules):
    counts = {one.name: modules.counts(one, {"torch.optim.NAdam"}) for one in modules.parts}
    assert counts["torch.optim"] == Counts(now=5, covered=1, gone=2, changed=2, deprecated=0)


def test_releases_count_what_did_not_come_or_go_with_its_class(modules):
    assert modules.turns()[0] == Turn("2.6", came=1, gone=4, changed=2, deprecated=0)
    assert [one.release for one in modules.turns()] == ["2.6", "2.0", "1.9"]


def test_modules_without_names_are_named_with_the_releases_that_are_not_those_of_the_package(
    modules,
):
    assert modules.bare(modules.parts[0]) == {"torch": ["_six to 1.9", "functional"]}
    assert modules.bare(modules.parts[2]) == {"torch.optim": ["nadam 1.9"]}


def test_operators_are_a_part_and_their_overloads_stand_below_them(tmp_path):
    names = {f"torch.ops.aten.abs.{name}": "operator (self)" for name in ("default", "out")}
    index = index_of(tmp_path, {"1.4": surveyed("1.4.0", names)})
    modules = Modules(Lives(small.catalogue(), index))
    assert lists(modules, "torch")["torch.ops.aten"] == (
        "<li>abs<ul><li>default(self)<li>out(self)</ul>"
    )


# ---- the list of a module


def test_list_has_a_line_for_each_name_with_what_changed(modules):
    assert lists(modules, "torch.optim")["torch.optim"].split("\n") == [
        (
            "<li>class NAdam(params, lr=0.002, *, foreach=None) <i>1.9</i>"
            "<p><b>2.0</b> takes foreach by keyword only"
        ),
        (
            "<li>class Optimizer(params)<ul>"
            "<li><s>_patch</s> <i>to 2.0</i>"
            "<li>hook(hook) <i>2.0</i>"
            "<li><s>peek</s> <i>to 2.0</i>"
            "<li>step(closure=None)"
            "<li>zero_grad(set_to_none=True)<p><b>1.9</b> takes set_to_none"
            "<p><b>2.0</b> set_to_none is True by default, was False</ul>"
        ),
    ]


def test_name_with_a_page_leads_to_it_and_its_history_stands_there(modules):
    pages = {"torch.optim.NAdam": "apis/torch.optim.NAdam.html"}
    assert (
        lists(modules, "torch.optim", pages)["torch.optim"].split("\n")[0]
        == '<li>class <a href="../apis/torch.optim.NAdam.html">NAdam</a>'
        "(params, lr=0.002, *, foreach=None) <i>1.9</i> <small>changed in 2.0</small>"
    )


def test_name_that_moved_leads_to_where_it_is(modules):
    assert lists(modules, "torch.cuda")["torch.cuda"].split("\n")[0] == (
        "<li>class Scaler(device) <i>1.9</i>"
        '<p><b>2.0</b> is an alias of <a href="torch.html">torch.amp.Scaler</a>'
        "<ul><li>scale(outputs)</ul>"
    )


def test_note_tells_the_cause_and_what_to_do(modules):
    [line] = [one for one in lists(modules, "torch")["torch"].split("\n") if "qr" in one]
    assert "(pytorch#70989)" in line and '<p class="advice">call torch.linalg.qr' in line


def test_long_message_is_told_once_and_then_cut(tmp_path):
    told = listed(tmp_path, {"1.4": {"torch.a": WARNS, "torch.b": WARNS}}).split("\n")
    lengths = [len(one.partition("<p>")[2]) for one in told]
    assert 60 < lengths[0] <= 80 and lengths[1] <= 50


def test_class_with_the_members_of_another_names_it(tmp_path):
    members = [f"member_with_a_long_name_{number}" for number in range(8)]
    names = {
        f"torch.{owner}{last}": "class" if not last else "method ()"
        for owner in "AB"
        for last in ("", *(f".{one}" for one in members))
    }
    first, second = listed(tmp_path, {"1.4": names}).split("\n")
    assert first.count("<li>") == 9 and second == "<li>class B<p>contains the same as A"


def test_words_of_the_surface_are_text_not_markup(tmp_path):
    hostile = {"is": f"function (a='{TAGS}')", "removed": HOSTILE}
    html = listed(tmp_path, {"1.4": {"torch.f": hostile}})
    assert {tag for tag, _ in Page(html).tags} == {"li", "p"}
    assert f"f(a='{TAGS}')" in Page(html).text and "only raises: '\">" in Page(html).text


# ---- the signature of a name with behaviours


def test_signature_says_what_it_takes_since_when_and_each_change(lives):
    found = signature(lives, "torch.optim.NAdam")
    assert (found.kind, found.when, found.takes) == (
        *("class", "since 1.9"),
        ["(params, lr=0.002, *, foreach=None)"],
    )
    assert found.also == ("torch.optim.nadam.NAdam", "torch.optim._multi.NAdam")
    assert [one.words for one in found.changes] == [("takes foreach by keyword only",)]
    assert signature(lives, "torch.nothing") is None


def test_signature_of_a_name_that_came_back_says_both_times(lives):
    when = "from 1.4 or before to 1.4, and since 2.6"
    assert signature(lives, "torch.cuda.brief").when == when


# ---- the site


def test_page_of_a_name_with_behaviours_has_its_signature(surfaced):
    page = surfaced.pages["apis/torch.optim.NAdam.html"]
    part = page.html.partition('<h2 id="signature">')[2].partition("<h2")[0]
    assert Page(part).text == (
        "Signature</h2> (params, lr=0.002, *, foreach=None) class, since 1.9"
    ).replace("</h2>", "") + (
        " · also torch.optim.nadam.NAdam, torch.optim._multi.NAdam"
        " 2.0 takes foreach by keyword only"
    )
    assert "../surface/torch.html" in page.links()


def test_name_that_no_release_has_is_without_a_signature(surfaced):
    assert 'id="signature"' not in surfaced.pages["apis/fakelib.nn.noisy.html"].html


def test_every_name_is_listed_and_found_by_the_search(surfaced):
    data = surfaced.data("search")["modules"]
    found = {f"{module}.{one}" for module, _, names in data for one in names.split()}
    assert found == set(small.NAMES)
    assert {module for module, _, _ in data} == {*small.MODULES, by_module.OPERATORS}
    assert {f"surface/{file}" for _, file, _ in data} == {
        name for name in surfaced.pages if name.startswith("surface/torch")
    }


def test_index_of_modules_counts_and_links_each(surfaced):
    page = surfaced.pages["surface/index.html"]
    assert "torch.html" in page.links()
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in page.rows}
    assert rows["2.6"] == ["1", "4", "2", ""]
    gone = sum(None is list(chain.values())[-1] for chain in small.NAMES.values())
    now = len(small.NAMES) - gone + 2  # the Scaler of torch.cuda is an alias
    assert rows["torch"][:3] == [str(now), "1", str(len(small.NAMES) - now)]
    assert f"{len(small.NAMES)} names, of which {now} are in torch 2.6" in page.text


def test_pages_say_that_of_other_names_the_signature_is_recorded(surfaced, odd):
    for name in ("index.html", "apis.html"):
        assert "surface/index.html" in surfaced.pages[name].links()
        assert "surface/index.html" not in odd.pages[name].links()
        assert "Not covered at all: " in odd.pages[name].text
        assert "Not covered at all: " not in surfaced.pages[name].text


def test_site_without_surveyed_releases_has_no_surface(odd):
    assert not (odd.folder / "surface").exists() and odd.data("search")["modules"] == []
    assert not any(one in page.html for page in odd.pages.values() for one in ('id="signature"',))


def test_every_name_of_torch_is_on_a_page(real):
    lives = Lives(real.index, index_of_torch(real))
    data = real.data("search")["modules"]
    found = {f"{module}.{one}" for module, _, names in data for one in names.split("\n") if one}
    assert found == set(lives.names)
    lines = sum(
        page.html.count("<li>")
        for name, page in real.pages.items()
        if name.startswith("surface/torch")
    )
    assert lines > 0.9 * len(found)  # classes whose members are as another's have no lines of them


def test_names_of_torch_weigh_what_they_may(real):
    weight = sum(path.stat().st_size for path in (real.folder / "surface").iterdir())
    assert weight < 1_900_000
    largest = max((real.folder / "surface").iterdir(), key=lambda path: path.stat().st_size)
    assert largest.stat().st_size < 400_000


@pytest.mark.parametrize(
    "name, words",
    [
        ("torch.optim.lr_scheduler.ReduceLROnPlateau", "2.7 no longer takes verbose"),
        ("torch.load", "2.6"),
        ("torch.cuda.amp.GradScaler", "2.4 warns: FutureWarning: "),
    ],
)
def test_page_of_an_api_of_torch_tells_what_changed(real, name, words):
    page = real.pages[f"apis/{name}.html"]
    part = page.html.partition('<h2 id="signature">')[2].partition("<h2")[0]
    assert words in Page(part).text


@pytest.mark.parametrize(
    "module, line",
    [
        ("torch", r"<li>symeig\(.*<p><b>1\.9</b> warns: .*<p><b>2\.0</b> only raises: "),
        ("torch", r"<h2 id=\"torch\._six\">torch\._six <i>from 1\.4 or before to 1\.13<"),
        # it has a page of its own, which tells the warning
        ("torch.cuda.amp", r"GradScaler</a>\(init_scale.*<small>changed in 2\.4</small>"),
        ("torch.ops.aten", r"<li>abs<ul><li>default\(self\)"),
    ],
)
def test_lists_of_torch_tell_what_public_reports_ask_for(real, module, line):
    assert re.search(line, real.pages[f"surface/{module}.html"].html)
