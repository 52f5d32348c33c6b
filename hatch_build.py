"""What a wheel needs beside the engine: the indexes of everything, built from the sources."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Dict

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# what `torch-history verify` and `page` need, in the wheel's folder torch_history/_packaged
CARRIED = ("spec", "fixtures")
FILES = ("conftest.py", "pytest.ini", "llms.txt", "docs/*.md", "benchmarks/*.svg")
LEFT_OUT = ("__pycache__", "__snapshots__", "benchmarks")  # the index holds the records


class Hook(BuildHookInterface[Any]):
    """Builds the indexes, and puts the suite into the package."""

    def initialize(self, version: str, build_data: Dict[str, Any]) -> None:
        """Called before a wheel or an sdist is built."""
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, self.root)
        from torch_history.catalogue import index
        from torch_history.surface.index import built

        carried = {}
        for name, text in {index.NAME: index.build(root), **built(root)}.items():
            target = Path(self.directory) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            carried[str(target)] = f"torch_history/_packaged/{name}"
        for folder in CARRIED:
            for path in sorted((root / folder).rglob("*")):
                inside = path.relative_to(root)
                if path.is_file() and not set(LEFT_OUT) & set(inside.parts):
                    carried[str(path)] = f"torch_history/_packaged/{inside.as_posix()}"
        for path in (path for pattern in FILES for path in sorted(root.glob(pattern))):
            inside = path.relative_to(root)
            carried[str(path)] = f"torch_history/_packaged/{inside.as_posix()}"
        build_data["force_include"].update(carried)

    def finalize(self, version: str, build_data: Dict[str, Any], artifact_path: str) -> None:
        """Called after the build: the indexes are in the wheel now."""
        for path in map(Path, build_data["force_include"]):
            if path.parent == Path(self.directory):
                path.unlink()
