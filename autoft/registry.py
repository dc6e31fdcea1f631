"""Registries: named things of one kind, autoft's own and those of installed packages.

A thing enters where it is declared (``@METRICS.register``), and a package adds its own by an entry point:

    [project.entry-points."autoft.metrics"]
    hit_rate = "my_package.hit_rate"          # a module that registers something when it is imported
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import Any, Generic, Protocol, TypeVar

from autoft.errors import RecipeError, SetupError
from autoft.formatting import nearest


class Named(Protocol):
    """Whatever can be registered: it has a name."""

    @property
    def name(self) -> str: ...


class Installable(Named, Protocol):
    """A named thing that may need packages which are not installed."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Modules that have to be installed."""

    @property
    def install(self) -> str:
        """How to install them, for the error where they are missing."""


T = TypeVar("T", bound=Named)
Declared = TypeVar("Declared")

#: Where the registry of each kind stands. A room fills its own; a lower room, as the recipe, asks for names alone.
PLACES = {
    "network family": "autoft.networks.family:FAMILIES",
    "metric": "autoft.evaluation.metrics:METRICS",
    "column encoder": "autoft.preprocessing.encoders.base:ENCODERS",
    "audit check": "autoft.data.audit:CHECKS",
    "search algorithm": "autoft.search.algorithms:ALGORITHMS",
    "schema engine": "autoft.schema.engines:ENGINES",
    "exporter": "autoft.serving.exporters:EXPORTERS",
    "backbone": "autoft.networks.backbones:BACKBONES",
}


class Registry(Generic[T]):
    """Things of one kind by name: autoft's own first, then those of others, each in the order of registration.

    Args:
        kind: What they are, for messages ("metric").
        plugins: Group of the entry points by which packages add theirs.
        own: Package whose modules register autoft's own; all of them are imported when somebody first asks.

    >>> from types import SimpleNamespace
    >>> shapes = Registry("shape", "autoft.shapes")
    >>> circle = shapes.register(SimpleNamespace(name="circle"))
    >>> shapes.names()
    ('circle',)
    >>> shapes["circel"]
    Traceback (most recent call last):
    ...
    autoft.errors.RecipeError: The shape 'circel' must be a registered one, but there is none of this name. Fix: perhaps 'circle' is meant.
    """  # noqa: E501

    def __init__(self, kind: str, plugins: str, own: str = "") -> None:
        self.kind, self.plugins, self.own = kind, plugins, own
        self._things: dict[str, T] = {}
        self._loaded = False

    def register(self, thing: Declared) -> Declared:
        """Add a thing (a class is called without arguments) and return it: a decorator.

        Raises:
            SetupError: If another thing of this kind has the name.
        """
        made: Any = thing() if isinstance(thing, type) else thing
        known = self._things.get(made.name)
        if known is not None and _origin(known) != _origin(made):
            found = f"{_origin(known)} and {_origin(made)} both register it"
            raise SetupError(f"The {self.kind} '{made.name}'", "have one meaning", found, "rename one of them")
        self._things[made.name] = made
        return thing

    def names(self) -> tuple[str, ...]:
        """autoft's own first."""
        return tuple(self._all())

    def __getitem__(self, name: str) -> T:
        things = self._all()
        if name not in things:
            fix = nearest(name, things, 1) or f"choose one of {', '.join(things)}"
            raise RecipeError(f"The {self.kind} '{name}'", "be a registered one", "there is none of this name", fix)
        return things[name]

    def __contains__(self, name: object) -> bool:
        return name in self._all()

    def __iter__(self) -> Iterator[T]:
        return iter(self._all().values())

    def _all(self) -> dict[str, T]:
        if not self._loaded:
            self._loaded = True
            if self.own:
                import_package(self.own)
            for point in sorted(entry_points(group=self.plugins), key=lambda own: own.name):
                try:
                    point.load()
                except ImportError as error:
                    place = f"The package of the {self.kind} '{point.name}'"
                    fix = "repair or uninstall the package"
                    raise SetupError(place, "be importable", f"'{point.value}' failed: {error}", fix) from error
            # A program may have registered things of its own before somebody asked.
            self._things = dict(
                sorted(self._things.items(), key=lambda item: not _origin(item[1]).startswith("autoft."))
            )
        return self._things


def import_package(name: str) -> None:
    """Import a package and its modules, which register what they declare; a new file needs no line elsewhere."""
    package = import_module(name)
    for module in iter_modules(getattr(package, "__path__", ())):
        import_module(f"{name}.{module.name}")


def _origin(thing: Any) -> str:
    thing = getattr(thing, "__wrapped__", thing)
    own = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{own.__module__}.{own.__qualname__}"


def registry_of(kind: str) -> Registry[Any]:
    """The registry of a kind, its room imported."""
    module, _, name = PLACES[kind].partition(":")
    found: Registry[Any] = getattr(import_module(module), name)
    return found
