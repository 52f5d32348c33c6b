"""The documents that people write: links, commands, pasted output, dependencies, the citation."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from markdown_it import MarkdownIt

import torch_history
from torch_history.catalogue import index
from torch_history.cli import cli
from torch_history.publish.site import citing, data, model
from torch_history.publish.site.guides import slug

ROOT = Path(__file__).resolve().parent.parent
NAMES = ["README.md", "CONTRIBUTING.md", "llms.txt"]
NAMES += sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))
# What these print depends on the torch at hand, or they write into the checkout.
UNCOMPARED = {"docs", "merge", "new", "page", "record", "run", "verify"}
STOPS = {"|", "&&", ";", ">", "#", "--"}  # after -- stands another program


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def tokens(name):
    return MarkdownIt("commonmark").enable("table").parse(text_of(name))


def links(name):
    """Every link and picture of a document, with the line of its paragraph."""
    for token in tokens(name):
        for inner in token.children or []:
            target = inner.attrGet("href") or inner.attrGet("src")
            if target:
                yield token.map[0] + 1 if token.map else 0, str(target)


def headings(name):
    found = tokens(name)
    return {
        slug(found[place + 1].content.replace("`", ""))
        for place, token in enumerate(found)
        if token.type == "heading_open"
    }


def code(name):
    """Every line of code of a document: those of its blocks, and code inside a line."""
    for token in tokens(name):
        if token.type == "fence":
            yield from token.content.replace("\\\n", " ").splitlines()
        for inner in token.children or []:
            if inner.type == "code_inline":
                yield inner.content


def calls(name):
    """The arguments of every call of ``torch-history`` in a document."""
    for line in code(name):
        for words in re.findall(r"(?<![\w/'.-])torch-history (?!\.)([^`]*)", line):
            arguments = []
            for word in shlex.split(words.replace("…", ""), comments=True):
                if word in STOPS:
                    break
                arguments.append(word)
            if arguments:
                yield arguments


def command_of(arguments):
    """The command that arguments call, and the options that follow. None: there is no such one."""
    command, rest = cli, list(arguments)
    while isinstance(command, click.Group):
        while rest and rest[0].startswith("-"):
            rest.pop(0)
        if not rest:
            return command, arguments
        command = command.get_command(click.Context(command), rest.pop(0))
    return command, rest


def options_of(command):
    names = (name for one in command.params for name in (*one.opts, *one.secondary_opts))
    return {*names, "--help", "-h"}


@pytest.mark.parametrize("name", NAMES)
def test_link_leads_to_a_file_and_a_heading(name):
    broken = []
    for line, target in links(name):
        if re.match(r"https?://|\.\./\.\./actions/", target):
            continue
        file, _, fragment = target.partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        if not path.exists():
            broken.append(f"{name}:{line}: {target}: no such file")
        elif fragment and fragment not in headings(path.resolve().relative_to(ROOT)):
            broken.append(f"{name}:{line}: {target}: no such heading")
    assert broken == []


@pytest.mark.parametrize("name", NAMES)
def test_command_exists_with_its_options(name):
    wrong = []
    for arguments in calls(name):
        command, rest = command_of(arguments)
        if command is None:
            wrong.append(f"no such command: torch-history {' '.join(arguments)}")
            continue
        given = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
        missing = sorted(given - options_of(command))
        wrong += [f"no such option: torch-history {' '.join(arguments)}"] if missing else []
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_option_alone_in_code_is_one_of_some_command(name):
    every = options_of(cli).union(
        *(options_of(cli.get_command(click.Context(cli), one)) for one in cli.list_commands(None))
    )
    every |= {"--observed", "--benchmark-enable"}  # pytest's
    alone = {line.split()[0] for line in code(name) if re.match("--[a-z]", line)}
    assert alone - every == set()


def pasted():
    """Each pasted output of ``torch-history``: the command's words and the output."""
    found = []
    # The examples of CONTRIBUTING.md change the checkout.
    for name in sorted(set(NAMES) - {"CONTRIBUTING.md"}):
        for token in tokens(name):
            if token.type == "fence" and token.info == "console":
                line, _, output = token.content.partition("\n")
                words = shlex.split(line.partition("torch-history ")[2])
                if words and words[0] not in UNCOMPARED:
                    found.append(pytest.param(words, output, id=f"{name}: {' '.join(words)}"[:90]))
    return found


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """The reader's project in the documents."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copy(ROOT / "tests" / "cases" / "train.py", folder)
    (folder / "requirements.txt").write_text("torch==2.5.1\n", encoding="utf-8")
    return folder


def pattern(output):
    """Pasted output as a pattern: … on a line of its own is any lines, in a line any words."""
    lines = (line.rstrip() for line in output.splitlines())
    return "".join(
        r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + r"\n"
        for line in lines
    )


@pytest.mark.parametrize("words, output", pasted())
def test_pasted_output_is_what_the_command_prints(words, output, reader):
    in_checkout = any(word.startswith(("tests/", "benchmarks/")) for word in words)
    done = subprocess.run(
        [sys.executable, "-m", "torch_history", "--root", str(ROOT), *words],
        cwd=ROOT if in_checkout else reader,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "80", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    printed = re.sub(r"[ \t]+$", "", done.stdout, flags=re.MULTILINE)
    assert re.fullmatch(pattern(output), printed), f"paste this:\n{printed}"


def test_readme_has_at_most_120_lines():
    assert len(text_of("README.md").splitlines()) <= 120


def test_readme_has_the_two_commands_of_the_tests():
    assert "\npython -m pip install -e '.[dev]' && python -m pytest\n" in text_of("README.md")
    assert "\npython -m pip install tox && tox\n" in text_of("README.md")


def test_numbers_of_the_readme_are_those_of_the_index():
    known = index.of(ROOT)
    names = {name for behaviour in known.behaviours for name in behaviour.api}
    first, *_, last = known.releases
    readme = " ".join(text_of("README.md").split())
    assert f"{len(known.releases)} releases of torch, from {first} to {last}," in readme
    assert f"{round(len(known.behaviours), -2):,} small tests" in readme
    assert f"about {round(len(names), -2)} names of torch" in readme


def test_llms_txt_has_a_title_a_summary_and_sections_of_links():
    blocks = text_of("llms.txt").strip().split("\n\n")
    assert blocks[0].startswith("# ") and blocks[1].startswith("> ")
    sections = [place for place, block in enumerate(blocks) if block.startswith("## ")]
    assert [blocks[place] for place in sections][-1] == "## Optional"
    for place in sections:
        lines = blocks[place + 1].splitlines()
        assert all(re.fullmatch(r"- \[[^\]]+\]\([^)]+\): .+", line) for line in lines)


def test_citation_names_this_version():
    citation = yaml.safe_load(text_of("CITATION.cff"))
    assert citation["version"] == torch_history.__version__
    assert citation["cff-version"] == "1.2.0" and citation["type"] == "software"
    assert {"authors", "message", "title", "date-released"} <= set(citation)


def test_every_field_of_behaviours_json_is_described(recorded):
    found = model.read(recorded.root, index.of(recorded.root))
    told = json.loads(data.text(found, citing.edition(recorded.root)))
    behaviours = told["behaviours"]
    changes = [change for behaviour in behaviours for change in behaviour["changes"]]
    fields = {name for part in [told, *told["kinds"], *behaviours, *changes] for name in part}
    assert fields >= {"releases", "states", "says", "text"}  # else nothing was looked at
    assert fields - set(re.findall(r"`(\w+)`", text_of("docs/data.md"))) == set()


def requirements():
    """Package -> what it comes with, from pyproject.toml."""
    toml = pytest.importorskip("tomllib" if sys.version_info >= (3, 11) else "tomli")
    project = toml.loads(text_of("pyproject.toml"))
    extras = {
        "build": project["build-system"]["requires"],
        "always": project["project"]["dependencies"],
        **project["project"]["optional-dependencies"],
    }
    found = {}
    for extra, listed in extras.items():
        for one in listed:
            name = re.match(r"[\w-]+", one)[0].lower()
            found.setdefault(name, set()).add(extra)
    del found["torch-history"]  # extras that contain others
    return found


def test_every_dependency_has_its_row_and_no_row_is_left_over():
    rows = {}
    for line in text_of("docs/dependencies.md").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] != "package":
            rows.update((name.lower(), set(cells[1].split(", "))) for name in cells[0].split(", "))
    others = {"pre-commit": ".pre-commit-config.yaml", "tox": "tox.ini"}
    for name, comes in list(rows.items()):
        for tool in comes & set(others):
            assert re.search(rf"\b{name}==", text_of(others[tool])), name
            del rows[name]
    assert rows == requirements()
