"""The chapters of the site read as a manual: introductions, subjects and rules in their order."""

import ast
import re

from tests.publish.sites import Page, flat
from torch_history.publish.site.guides import slug


def said(path, variable):
    """The docstring and the list of an ``__init__.py``, read anew; empty where there is none."""
    if not path.is_file():
        return "", []
    module = ast.parse(path.read_text(encoding="utf-8"))
    lists = [
        ast.literal_eval(node.value)
        for node in module.body
        if isinstance(node, ast.Assign) and node.targets[0].id == variable
    ]
    return ast.get_docstring(module) or "", lists[0]


def as_shown(site, text):
    """Prose as a chapter shows it: the id of a behaviour is the word *example*."""

    def code(match):
        name = match[1] or match[2]
        return "example" if name in site.behaviours else name

    return [
        flat(re.sub(r"``(.+?)``|`(.+?)`", code, part, flags=re.DOTALL))
        for part in text.split("\n\n")
    ]


def chapters(site):
    """Chapter -> its subjects, in the order that the lists give; those that they lack come last."""
    there = {}
    for behaviour in site.index.behaviours:
        subject = behaviour.file.rpartition("/test_")[2][: -len(".py")]
        own = there.setdefault(behaviour.chapter, [])
        own += [subject] if subject not in own else []
    _, order = said(site.root / "spec" / "__init__.py", "CHAPTERS")
    found = {}
    for name in [*(one for one in order if one in there), *(x for x in there if x not in order)]:
        _, subjects = said(site.root / "spec" / name / "__init__.py", "SUBJECTS")
        found[name] = [
            *(one for one in subjects if one in there[name]),
            *(one for one in there[name] if one not in subjects),
        ]
    return found


def test_real_order_is_that_of_understanding_and_not_of_the_alphabet(real):
    order = list(chapters(real))
    assert order[0] == "training_step" and order != sorted(order)
    assert all(subjects != sorted(subjects) for subjects in list(chapters(real).values())[:3])


def test_contents_list_chapters_and_subjects_in_their_order(site):
    page = site.pages["manual.html"]
    expected = chapters(site)
    headings = re.findall(r'<h2 id="([\w-]+)"><a href="\1\.html">(\d+)\. ', page.html)
    assert headings == [(name, str(place)) for place, name in enumerate(expected, start=1)]
    subjects = [link for link in page.links() if re.match(r"[\w-]+\.html#", link)]
    assert [one for one in subjects if "guides/" not in one] == [
        f"{name}.html#{subject.replace('_', '-')}"
        for name, own in expected.items()
        for subject in own
    ]
    introduction, _ = said(site.root / "spec" / "__init__.py", "CHAPTERS")
    for part in as_shown(site, introduction):
        assert part in page.text


def test_chapter_has_its_introduction_and_its_subjects_in_their_order(site):
    for name, subjects in chapters(site).items():
        page = site.pages[f"{name}.html"]
        introduction, _ = said(site.root / "spec" / name / "__init__.py", "SUBJECTS")
        begins = page.html.index("<h1>")
        first = page.html.index("<section")
        beginning = Page(page.html[begins:first]).text
        for part in as_shown(site, introduction):
            assert part in beginning, name
        anchors = re.findall(r'<section aria-labelledby="([\w-]+)">', page.html)
        assert anchors == [subject.replace("_", "-") for subject in subjects]
        assert [one for one in anchors if one not in page.ids] == []


def test_subject_begins_with_its_rules_and_has_its_behaviours_in_the_order_of_tests(site):
    for name, subjects in chapters(site).items():
        html = site.pages[f"{name}.html"].html
        for subject in subjects:
            part = html.partition(f'<section aria-labelledby="{subject.replace("_", "-")}">')[2]
            page = Page(part.partition("</section>")[0])
            module = ast.parse((site.root / f"spec/{name}/test_{subject}.py").read_text())
            for rule in as_shown(site, ast.get_docstring(module) or ""):
                assert rule in page.text, (name, subject)
            own = [
                f"{name}.{node.name[len('test_') :]}"
                for node in module.body
                if isinstance(node, ast.FunctionDef)
                and node.name.startswith("test_")
                and "snapshot" in [argument.arg for argument in node.args.args]
            ]
            assert list(page.parts) == own, subject


def test_article_of_a_behaviour_has_its_claim_docstring_and_changes(site):
    for name, behaviour in site.behaviours.items():
        text = site.article(name)
        assert text.startswith(f"{behaviour.claim[:1].upper()}{behaviour.claim[1:]}"), name
        words = flat(behaviour.docstring.replace("`", ""))
        assert words in text.replace("`", ""), name
        for change in behaviour.changes:
            told = f"{change.version} {change.kind.label}"
            assert (told in text) == change.kind.matters or any(
                other.kind.matters and f"{other.version} {other.kind.label}" == told
                for other in behaviour.changes
            ), name


def test_every_behaviour_stands_in_one_article_that_leads_to_its_page(site):
    pages = {f"{one.chapter}.html" for one in site.behaviours.values()}
    found = [name for page in pages for name in site.pages[page].parts]
    assert sorted(found) == sorted(site.behaviours)
    for page in pages:
        for name, (tags, _) in site.pages[page].parts.items():
            links = [given["href"] for tag, given in tags if tag == "a" and "href" in given]
            assert links[0] == f"behaviours/{name}.html"


def test_example_is_offered_where_a_script_can_show_the_behaviour(site):
    for name in site.behaviours:
        detail = site.data(name.partition(".")[0])["behaviours"][name]
        [(_, article), *_] = site.pages[f"{name.partition('.')[0]}.html"].parts[name][0]
        # chapter.js offers it in every article but these.
        assert (article.get("class") == "bare") == ("script" not in detail), name


def test_script_of_an_example_is_python(real):
    for chapter in chapters(real):
        data = real.data(chapter)
        for name, detail in data["behaviours"].items():
            parts = [data["texts"][part] for part in detail.get("script", ())]
            ast.parse("\n\n".join(parts), name)


def test_rules_in_prose_lead_to_their_examples(real):
    for chapter in chapters(real):
        html = real.pages[f"{chapter}.html"].html
        prose = re.findall(r'<div class="text">(.*?)</div>', html, re.DOTALL)
        proofs = [one for part in prose for one in re.findall(r">example</a>", part)]
        assert len(proofs) >= 4, chapter
    titled = re.findall(r'<a href="behaviours/([\w.]+)\.html" title="([^"]+)">example</a>', html)
    assert all(real.behaviours[name].claim == title for name, title in titled) and titled


# ---- the terms of the glossary


def test_term_of_the_glossary_is_linked_once_where_it_comes_first(odd):
    html = odd.pages["odd.html"].html.partition('<div class="text">')[2].partition("</div>")[0]
    links = re.findall(r'<a class="term" href="guides/glossary\.html#([\w-]+)">([^<]*)</a>', html)
    assert links == [
        ("scale", "scales"),
        ("scale-factor", "scale factor"),  # the longer term, and not `scale` in it
        ("amp", "amp"),
        ("href", "href"),
    ]
    text = Page(html).text
    assert "Odd words & scales: a scale <u>is</u> one of several scales, says pytorch#12." in text
    assert "A scale factor is an amp & no href (example). A scale again." in text


def test_term_is_never_found_inside_markup(odd):
    html = odd.pages["odd.html"].html
    # `amp` is a term, and `&amp;` an entity; `href` is a term, and an attribute of each link.
    assert "&amp;" in html and "&<a" not in html and "<a <a" not in html
    assert 'href="https://github.com/pytorch/pytorch/issues/12">pytorch#12</a>' in html
    assert not re.search(r"<[^>]*<", html)


def test_every_term_of_the_glossary_is_a_place_of_its_page(real):
    page = real.pages["guides/glossary.html"]
    text = (real.root / "docs" / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert len(terms) > 50 and [one for one in terms if slug(one) not in page.ids] == []
    assert len({slug(one) for one in terms}) == len(terms)


def test_behaviours_that_show_a_term_are_linked(real):
    page = real.pages["guides/glossary.html"]
    text = (real.root / "docs" / "glossary.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"`([a-z_]+\.\w+)`", text)) & set(real.behaviours)
    links = set(page.links())
    assert len(shown) > 50
    assert [name for name in sorted(shown) if f"../behaviours/{name}.html" not in links] == []


def test_project_without_introductions_has_its_chapters_in_the_order_of_the_tests(odd):
    assert list(chapters(odd)) == ["tensors", "odd", "rates"]
    beginning = odd.pages["rates.html"].html.partition("<h1>Rates</h1>")[2].partition("<nav")[0]
    assert Page(beginning).text == ""
