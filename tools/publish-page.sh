#!/usr/bin/env bash
# Publishes a page that `torch-history page` built, and keeps the pages of all other versions.
#
#   tools/publish-page.sh TAG FOLDER
#
# On the branch for pages each version has a folder of the name of its tag, as v0.8.0/. The files of
# the newest version are at the root too, with versions.html and versions.json, which list all. A
# version that is published again replaces its own folder and no other. A pre-release, as v0.8.0rc1,
# is at the root only while there is no release. Nothing is pushed by force: if somebody else has
# pushed meanwhile, git refuses, and the same command can be run again.
#
# Run it in a clone of the repository that is published. It changes none of the clone's files.
# REMOTE  the remote to push to (default: origin)
# BRANCH  the branch for pages (default: gh-pages)
# Exit status: 0 published, or there already; 2 for bad input; another one if git failed.
set -euo pipefail

fail() {
    echo "publish-page: $1" >&2
    exit 2
}

remote=${REMOTE:-origin} branch=${BRANCH:-gh-pages}
[ $# -eq 2 ] || fail "$# arguments: give a TAG and the FOLDER of its page"
tag=$1 folder=$2
# A tag becomes the name of a folder and of a link, so it has no other characters than these.
version='^v[0-9]+(\.[0-9]+)+((a|b|rc)[0-9]+)?$'
[[ $tag =~ $version ]] || fail "TAG $tag: is not a version: name it as v0.8.0 or v0.8.0rc1"
[ -f "$folder/index.html" ] || fail "FOLDER $folder: has no index.html: run 'torch-history page'"
source=$(git rev-parse --short HEAD)

# The commit is made of trees alone: no file of an older version is written, or even read.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
GIT_DIR=$(git rev-parse --absolute-git-dir)
export GIT_DIR GIT_INDEX_FILE="$work/index"
git -C "$folder" --work-tree=. add --all --force .
page=$(git write-tree)

before=$(git ls-remote "$remote" "refs/heads/$branch" | cut -f 1)
depth=()  # a clone that has its whole history keeps it
if [ "$(git rev-parse --is-shallow-repository)" = true ]; then depth=(--depth 1); fi
if [ -n "$before" ]; then git fetch --quiet "${depth[@]}" "$remote" "$before"; fi

tree_of() {
    if [ "$1" = "$tag" ]; then echo "$page"; else git rev-parse "$before:$1"; fi
}

# All versions, the newest first. `~` sorts before the end of a name, so v1.0rc1 is before v1.0.
all=()
while IFS= read -r name; do
    if [[ $name =~ $version ]]; then all+=("$name"); fi
done < <(
    { echo "$tag"; if [ -n "$before" ]; then git ls-tree -d --name-only "$before"; fi; } |
        sed -E 's/(a|b|rc)([0-9]+)$/~\1\2/' | sort -ruV | tr -d '~'
)
newest=${all[0]}
for name in "${all[@]}"; do
    if [[ $name =~ ^v[0-9.]+$ ]]; then newest=$name && break; fi
done

# Put what stands on the input into the commit, as a file of this name.
put() {
    git update-index --add --cacheinfo "100644,$(git hash-object -w --stdin),$1"
}

git read-tree "$(tree_of "$newest")"
for name in "${all[@]}"; do git read-tree --prefix="$name/" "$(tree_of "$name")"; done
: | put .nojekyll  # without it the code host would leave out names that begin with an underscore
if [ -n "$before" ] && git cat-file -e "$before:CNAME" 2> /dev/null; then
    git cat-file blob "$before:CNAME" | put CNAME  # the site's own name
fi
items="" entries=""
for name in "${all[@]}"; do
    if [ "$name" = "$newest" ]; then mark=" (newest)" now=true; else mark="" now=false; fi
    items+="<li><a href=\"$name/\">$name</a>$mark</li>"$'\n'
    entries+=" {\"version\": \"$name\", \"path\": \"$name/\", \"newest\": $now},"$'\n'
done
printf '[\n%s\n]\n' "${entries%,*}" | put versions.json
put versions.html << END
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>All versions of torch-training-spec</title>
<style>body { font: 1rem/1.6 system-ui, sans-serif; margin: 2rem auto; max-width: 40rem }</style>
</head>
<body>
<main>
<h1>All versions of torch-training-spec</h1>
<p><a href="./">The newest version</a> is at the root. Each version keeps its own address.</p>
<ul>
$items</ul>
</main>
</body>
</html>
END

tree=$(git write-tree)
if [ -n "$before" ] && [ "$tree" = "$(git rev-parse "$before^{tree}")" ]; then
    echo "$tag: published already, and nothing of it has changed"
    exit 0
fi
parent=()
if [ -n "$before" ]; then parent=(-p "$before"); fi
commit=$(git -c user.name="torch-training-spec" -c user.email="pages@example.org" \
    commit-tree "$tree" "${parent[@]}" -m "$tag: the page, built from $source")
git push --quiet --no-verify "$remote" "$commit:refs/heads/$branch"
echo "$tag: published on $branch; versions: ${all[*]}; at the root: $newest"
