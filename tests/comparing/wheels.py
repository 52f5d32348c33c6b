"""Wheels of a few bytes, which stand for torch and what is around it, and a uv that knows them."""

import sys
import zipfile

# torch 2.15 needs the newer sympy, as the real one does; torchvision names its torch.
INDEX = {
    ("torch", "2.6.0"): ["sympy==1.13.1", "nvidia-nccl-cu12==2.21.5"],
    ("torch", "2.15.0"): ["sympy>=1.13.3", "nvidia-nccl-cu13==2.30.7"],
    ("torch", "2.16.0.dev20261101"): ["numpy>=2"],
    ("torchvision", "0.21.0"): ["torch==2.6.0"],
    ("torchvision", "0.29.2"): ["torch==2.15.0"],
    ("torchaudio", "2.6.0"): ["torch==2.6.0"],
    ("torchaudio", "2.11.0"): [],  # fits any torch by its metadata
    ("timm", "1.0.0"): ["torch", "torchvision"],
    ("numpy", "1.26.4"): [],
    ("numpy", "2.2.6"): [],
    ("setuptools", "80.9.0"): [],
    ("sympy", "1.13.1"): [],
    ("sympy", "1.14.0"): [],
    ("tqdm", "4.66.0"): [],
    ("tqdm", "4.67.0"): [],
    ("nvidia-nccl-cu12", "2.21.5"): [],
    ("nvidia-nccl-cu13", "2.30.7"): [],
}


def wheel(folder, name, version, requires):
    """One wheel, whose module has its version."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {one}\n" for one in requires)
    files = {
        f"{module}/__init__.py": f"__version__ = {version!r}\n",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)


def offline(monkeypatch, folder):
    """Make uv take these wheels, and nothing else."""
    links = folder / "wheels"
    links.mkdir()
    for (name, version), requires in INDEX.items():
        wheel(links, name, version, requires)
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(links))
    monkeypatch.setenv("UV_CACHE_DIR", str(folder / "uv"))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.setenv("TORCH_HISTORY_ENVIRONMENTS", str(folder / "environments"))


HERE = "{}.{}.{}".format(*sys.version_info[:3])
