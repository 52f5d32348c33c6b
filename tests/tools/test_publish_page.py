"""tools/publish-page.sh: the page of each tag is kept, and the newest is at the root."""

import json
import os
import re
import subprocess

import pytest

from tests.fake import REPOSITORY

SCRIPT = REPOSITORY / "tools" / "publish-page.sh"


def git(folder, *arguments):
    """What git says in a folder."""
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *identity, *arguments],
        cwd=str(folder),
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout


class Host:
    """A bare repository, as a code host has it, and a clone of it."""

    def __init__(self, folder):
        self.folder, self.bare, self.clone = folder, folder / "host.git", folder / "clone"
        git(folder, "init", "--quiet", "--bare", str(self.bare))
        git(folder, "init", "--quiet", str(self.clone))
        git(self.clone, "remote", "add", "origin", self.bare.as_uri())
        git(self.clone, "commit", "--quiet", "--allow-empty", "-m", "one")
        git(self.clone, "push", "--quiet", "origin", "HEAD:refs/heads/main")

    def publish(self, tag, files, clone=None):
        """Run the script on a page with these files: the finished process."""
        page = self.folder / f"page of {tag} {len(list(self.folder.iterdir()))}"
        for name, text in files.items():
            (page / name).parent.mkdir(parents=True, exist_ok=True)
            (page / name).write_text(text, encoding="utf-8")
        return self.run(tag, str(page), clone=clone)

    def run(self, *arguments, clone=None):
        return subprocess.run(
            [str(SCRIPT), *arguments],
            cwd=str(clone or self.clone),
            env={**os.environ, "GIT_CONFIG_NOSYSTEM": "1"},
            capture_output=True,
            check=False,
            text=True,
        )

    def published(self):
        """Name -> text of all that the branch has."""
        names = git(self.bare, "ls-tree", "-r", "--name-only", "gh-pages").splitlines()
        return {name: git(self.bare, "show", f"gh-pages:{name}") for name in names}

    def log(self):
        return git(self.bare, "log", "--format=%s", "gh-pages").splitlines()

    def versions(self):
        return [
            (one["version"], one["path"], one["newest"])
            for one in json.loads(self.published()["versions.json"])
        ]


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def test_first_tag_makes_the_branch_with_the_page_at_the_root_and_in_its_folder(host):
    done = host.publish("v0.8.0", {"index.html": "eight", "static/site.css": "css"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ("v0.8.0: published on gh-pages; versions: v0.8.0; at the root: v0.8.0\n")
    published = host.published()
    assert sorted(published) == [
        ".nojekyll",
        "index.html",
        "static/site.css",
        "v0.8.0/index.html",
        "v0.8.0/static/site.css",
        "versions.html",
        "versions.json",
    ]
    assert published["index.html"] == published["v0.8.0/index.html"] == "eight"
    assert host.versions() == [("v0.8.0", "v0.8.0/", True)]
    assert re.findall(r'href="(.*?)"', published["versions.html"]) == ["./", "v0.8.0/"]


def test_second_tag_keeps_the_first_and_takes_the_root(host):
    host.publish("v0.8.0", {"index.html": "eight", "of_eight.html": ""})
    before = git(host.bare, "rev-parse", "gh-pages:v0.8.0")
    host.publish("v0.9.0", {"index.html": "nine"})
    published = host.published()
    assert git(host.bare, "rev-parse", "gh-pages:v0.8.0") == before
    assert published["index.html"] == published["v0.9.0/index.html"] == "nine"
    assert "of_eight.html" not in published and "v0.8.0/of_eight.html" in published
    assert re.findall(r'href="(.*?)"', published["versions.html"]) == ["./", "v0.9.0/", "v0.8.0/"]
    assert len(host.log()) == 2  # pushed on top of the first, not in place of it


def test_root_is_the_newest_by_the_order_of_versions_whatever_came_last(host):
    for tag in ("v0.9.0", "v0.10.0", "v0.9.1"):
        host.publish(tag, {"index.html": tag})
    assert host.published()["index.html"] == "v0.10.0"
    assert host.versions() == [
        ("v0.10.0", "v0.10.0/", True),
        ("v0.9.1", "v0.9.1/", False),
        ("v0.9.0", "v0.9.0/", False),
    ]


def test_pre_release_is_at_the_root_only_while_there_is_no_release(host):
    host.publish("v1.0rc1", {"index.html": "candidate"})
    assert host.published()["index.html"] == "candidate"
    host.publish("v0.9", {"index.html": "nine"})
    assert host.published()["index.html"] == "nine"
    host.publish("v1.0", {"index.html": "one"})
    assert host.published()["index.html"] == "one"
    assert [version for version, _, _ in host.versions()] == ["v1.0", "v1.0rc1", "v0.9"]


@pytest.mark.parametrize(
    "tag, root", [("v0.8.0", "nine"), ("v0.9.0", "again")], ids=["older", "newest"]
)
def test_tag_that_is_published_again_replaces_only_itself(host, tag, root):
    host.publish("v0.8.0", {"index.html": "eight", "old.html": ""})
    host.publish("v0.9.0", {"index.html": "nine", "old.html": ""})
    before = host.published()
    host.publish(tag, {"index.html": "again"})
    after = host.published()
    [other] = {"v0.8.0", "v0.9.0"} - {tag}
    assert after["index.html"] == root and after[f"{tag}/index.html"] == "again"
    assert f"{tag}/old.html" not in after
    of_other = [name for name in before if name.startswith(other)]
    assert len(of_other) == 2 and all(after[name] == before[name] for name in of_other)
    assert after["versions.json"] == before["versions.json"]


def test_same_page_published_again_changes_nothing(host):
    host.publish("v0.8.0", {"index.html": "eight"})
    done = host.publish("v0.8.0", {"index.html": "eight"})
    assert done.stdout == "v0.8.0: published already, and nothing of it has changed\n"
    assert (done.returncode, host.log()) == (0, host.log()[:1])


def test_name_of_the_site_is_kept(host):
    host.publish("v0.8.0", {"index.html": "eight"})
    clone = host.folder / "other"
    git(host.folder, "clone", "--quiet", "--branch", "gh-pages", str(host.bare), str(clone))
    (clone / "CNAME").write_text("torch.example.org\n", encoding="utf-8")
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "-m", "a name")
    git(clone, "push", "--quiet")
    host.publish("v0.9.0", {"index.html": "nine"})
    assert host.published()["CNAME"] == "torch.example.org\n"


def test_shallow_clone_as_ci_has_it_publishes_on_top_of_the_branch(host):
    host.publish("v0.8.0", {"index.html": "eight"})
    clone = host.folder / "shallow"
    git(host.clone, "commit", "--quiet", "--allow-empty", "-m", "two")
    git(host.clone, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    arguments = ["--quiet", "--depth", "1", "--branch", "main", host.bare.as_uri(), str(clone)]
    git(host.folder, "clone", *arguments)
    done = host.publish("v0.9.0", {"index.html": "nine"}, clone)
    assert (done.returncode, len(host.log())) == (0, 2), done.stderr


def test_clone_is_left_as_it_was(host):
    (host.clone / "work.py").write_text("unsaved", encoding="utf-8")
    (host.clone / ".gitignore").write_text("*.html\n", encoding="utf-8")
    before = git(host.clone, "status", "--short"), git(host.clone, "branch")
    host.publish("v0.8.0", {"index.html": "eight"})
    host.publish("v0.9.0", {"index.html": "nine"})
    assert before == (git(host.clone, "status", "--short"), git(host.clone, "branch"))
    assert "v0.8.0/index.html" in host.published()


def test_push_that_somebody_overtook_is_refused_and_nothing_is_lost(host):
    host.publish("v0.8.0", {"index.html": "eight"})
    hook = host.bare / "hooks" / "pre-receive"
    hook.write_text(
        "#!/bin/sh\nunset GIT_QUARANTINE_PATH\n"
        "git update-ref refs/heads/gh-pages $(git rev-parse refs/heads/main)\n",
        encoding="utf-8",
    )
    hook.chmod(0o755)
    done = host.publish("v0.9.0", {"index.html": "nine"})
    assert done.returncode == 1 and "gh-pages" in done.stderr
    assert git(host.bare, "rev-parse", "gh-pages") == git(host.bare, "rev-parse", "main")


@pytest.mark.parametrize(
    "arguments, says",
    [
        ([], "0 arguments: give a TAG and the FOLDER of its page"),
        (["0.8.0", "page"], "TAG 0.8.0: is not a version: name it as v0.8.0 or v0.8.0rc1"),
        (["v0.8.0/../x", "page"], "TAG v0.8.0/../x: is not a version"),
        (["v0.8.0\nv0.9.0", "page"], "is not a version"),
        (["v1", "page"], "TAG v1: is not a version"),
        (["v0.8.0", "lost"], "FOLDER lost: has no index.html: run 'torch-history page'"),
    ],
    ids=["nothing", "no v", "path", "lines", "one number", "no folder"],
)
def test_bad_input_is_one_line_and_pushes_nothing(host, arguments, says):
    (host.clone / "page").mkdir()
    (host.clone / "page" / "index.html").write_text("", encoding="utf-8")
    done = host.run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("publish-page: ") and says in done.stderr
    assert git(host.bare, "branch").split() == ["main"]
