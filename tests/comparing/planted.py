"""Environments with the torch of this one, in which something was planted."""

import site
import sys
import sysconfig
from pathlib import Path

from torch_history.comparing import installed
from torch_history.comparing.installed import Environment


def environment(folder: Path, patch: str) -> Environment:
    """A virtual environment that sees the packages of this one, and runs ``patch`` first."""
    home = folder / "env"
    packages = home / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    packages.mkdir(parents=True)
    (home / "bin").mkdir()
    (home / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    base = Path(sysconfig.get_config_var("base") or sys.base_prefix) / "bin"
    (home / "pyvenv.cfg").write_text(f"home = {base}\ninclude-system-site-packages = false\n")
    paths = [sysconfig.get_paths()["purelib"], *site.getsitepackages()]
    (packages / "seen.pth").write_text("\n".join(dict.fromkeys(paths)) + "\n")
    (packages / "sitecustomize.py").write_text(patch)
    return installed.ask(home / "bin" / "python", "planted")
