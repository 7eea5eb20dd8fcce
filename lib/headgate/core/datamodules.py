"""Tables that a package carries as a module of its own, without the rest of the package."""

from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType


def alone(package: str, *names: str) -> ModuleType:
    """Given a package and where in it a module lies that imports nothing, return that module.

    The package itself is not loaded, which may take longer than what is to be done. Raise
    ModuleNotFoundError where there is no such module.
    """
    found = find_spec(package)
    for folder in (found and found.submodule_search_locations) or ():
        path = Path(folder, *names).with_suffix(".py")
        spec = spec_from_file_location(f"{__name__}.{'.'.join(names)}", path)
        if path.is_file() and spec and spec.loader:
            module = module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    raise ModuleNotFoundError(f"{package} has no {'/'.join(names)}: install the version of it "
                              "that setup.cfg names", name=package)  # fmt: skip
