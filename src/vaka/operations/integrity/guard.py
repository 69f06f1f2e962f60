# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What lets modules in: those of the interpreter itself, and those that the signed manifest names, unaltered (term 28).

It stands before every other finder. What it has read and compared is what is run: a file that is changed between the
look and the load is not loaded. Compiled files are taken where the manifest names them, and are otherwise as if they
were not there, so that nobody puts one beside a source that says something else.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from importlib.abc import MetaPathFinder
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from vaka.operations.integrity.envelope import Fault, NotBelievedError
from vaka.operations.integrity.manifest import Release, digest_of

_BUILT_IN = frozenset({"built-in", "frozen"})


class RefusedModuleError(ImportError):
    """A module is not one of the release, or not as it was released."""


class Guard(MetaPathFinder):
    """Finds modules, and hands over those alone that are as they were released."""

    def __init__(self, root: Path, release: Release, own: Sequence[str]) -> None:
        """`root` is where the release is installed, `own` where the interpreter's own modules are."""
        self._root = f"{root}/"
        self._files: Mapping[str, str] = release.files
        self._own = tuple(f"{one}/" for one in own)
        self._foreign = tuple(f"{one}/{name}/" for one in own for name in ("site-packages", "dist-packages"))

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a module is loaded. Raises RefusedModuleError where there is one that may not be."""
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None:
            return None  # built into the interpreter, or nowhere: others say so
        if spec.origin is None:
            return self._judge_namespace(fullname, spec)
        if self._is_own(spec.origin):
            return spec
        wanted = self._digest(spec.origin)
        if wanted is None:
            raise RefusedModuleError(f"{fullname} is not in the release", name=fullname)
        if isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Source(fullname, spec.origin, self._digest)
            # What is compiled is looked for where it always is, and compared by the loader.
            return spec
        if isinstance(spec.loader, ExtensionFileLoader):
            if digest_of(Path(spec.origin)) != wanted:
                raise RefusedModuleError(f"{fullname} is not as it was released", name=fullname)
            return spec
        raise RefusedModuleError(f"{fullname} has no source", name=fullname)

    def invalidate_caches(self) -> None:
        """Nothing is kept here; what the path's own finders keep, they drop themselves."""

    def has_released(self, module: ModuleType) -> bool:
        """Whether a module that was loaded before is as it was released, as far as can be said now."""
        origin = getattr(module, "__file__", None)
        if origin is None or self._is_own(origin):
            return True
        wanted = self._digest(origin)
        try:
            return wanted is not None and digest_of(Path(origin)) == wanted
        except OSError:
            return False

    def _judge_namespace(self, fullname: str, spec: ModuleSpec) -> ModuleSpec:
        """A directory without a module in it runs nothing; what is in it comes by here again."""
        places = list(spec.submodule_search_locations or ())
        if any(not (f"{one}/".startswith(self._root) or self._is_own(one)) for one in places):
            raise RefusedModuleError(f"{fullname} is not in the release", name=fullname)
        return spec

    def _is_own(self, origin: str) -> bool:
        return origin in _BUILT_IN or (
            origin.startswith(self._own) and not origin.startswith((self._root, *self._foreign))
        )

    def _digest(self, origin: str) -> str | None:
        if not origin.startswith(self._root):
            return None
        return self._files.get(origin.removeprefix(self._root))


class _Source(SourceFileLoader):
    """Loads a module from bytes that were compared."""

    def __init__(self, fullname: str, path: str, digest: Callable[[str], str | None]) -> None:
        super().__init__(fullname, path)
        self._digest = digest

    def get_code(self, fullname: str) -> CodeType | None:
        self.get_data(self.get_filename(fullname))  # also where what is compiled is run: the two belong together
        return super().get_code(fullname)

    def get_data(self, path: str) -> bytes:
        wanted = self._digest(path)
        is_compiled = path.endswith(".pyc")
        if wanted is None and is_compiled:
            raise FileNotFoundError(path)  # as if it were not there: the source is compiled
        content = super().get_data(path)
        if wanted is None or sha256(content).hexdigest() != wanted:
            raise RefusedModuleError(f"{path} is not as it was released", name=self.name, path=path)
        return content

    def set_data(self, path: str, data: object, *, _mode: int = 0o666) -> None:
        """Write nothing into a release."""


def interpreters_own() -> tuple[str, ...]:
    """Return where this interpreter's own modules are, which its package brings and answers for."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return tuple(f"{prefix}/lib/{version}" for prefix in {sys.base_prefix, sys.base_exec_prefix})


def install_guard(root: Path, release: Release) -> Guard:
    """Put the guard before every finder, and compare what was loaded before it. Raises NotBelievedError."""
    guard = Guard(root, release, interpreters_own())
    altered = sum(not guard.has_released(module) for module in list(sys.modules.values()))
    sys.meta_path.insert(0, guard)
    if altered:
        sys.meta_path.remove(guard)
        raise NotBelievedError(Fault.ALTERED, altered)
    return guard
