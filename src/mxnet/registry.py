"""Factories by name: what `init.register`, `metric.create`, `lr_scheduler` strings and the like are made of.

One table per base class maps lower-case names to subclasses; `create` also reads the JSON of `dumps()`.
"""

import json
import warnings
from collections.abc import Callable
from typing import Any

_REGISTRY: dict[type, dict[str, type]] = {}


def get_registry(base_class: type) -> dict[str, type]:
    """A copy of the table of names registered under `base_class`."""
    return dict(_REGISTRY.get(base_class, {}))


def get_register_func(base_class: type, nickname: str) -> Callable:
    """Make `register(klass, name=None)`, a class decorator that files subclasses of `base_class`.

    The name is the class's own in lower case unless given. A name that is already taken is replaced, with a
    UserWarning. AssertionError where `klass` is not a subclass of `base_class`.
    """
    table = _REGISTRY.setdefault(base_class, {})

    def register(klass: type, name: str | None = None) -> type:
        assert issubclass(klass, base_class), f"Can only register subclass of {base_class.__name__}"
        name = (klass.__name__ if name is None else name).lower()
        if name in table:
            old = table[name]
            # Worded as MXNet words it, so that warning filters written for it still match.
            warnings.warn(
                f"\033[91mNew {nickname} {klass.__module__}.{klass.__name__} registered with name {name} is"
                f"overriding existing {nickname} {old.__module__}.{old.__name__}\033[0m",
                UserWarning,
                stacklevel=2,
            )
        table[name] = klass
        return klass

    register.__doc__ = f"Register {nickname} to the {nickname} factory."
    return register


def get_alias_func(base_class: type, nickname: str) -> Callable:
    """Make `alias(*names)`, a class decorator that files a class under further names."""
    register = get_register_func(base_class, nickname)

    def alias(*aliases: str) -> Callable[[type], type]:
        def file_under_all(klass: type) -> type:
            for name in aliases:
                register(klass, name)
            return klass

        return file_under_all

    alias.__doc__ = f"Register a {nickname} under further names."
    return alias


def get_create_func(base_class: type, nickname: str) -> Callable:
    """Make `create(what, *args, **kwargs)`, which turns a description into an instance.

    `what`, which may also come as the keyword `nickname`, is an instance (returned as it is), a registered
    name in any case, a dict of arguments with the name under `nickname`, or the JSON text of
    `[name, arguments]` or of such a dict. AssertionError for unknown names
    and for arguments that would be ignored.
    """
    table = _REGISTRY.setdefault(base_class, {})

    def create(*args: Any, **kwargs: Any) -> Any:
        if args:
            what, args = args[0], args[1:]
        else:
            what = kwargs.pop(nickname)

        if isinstance(what, base_class):
            assert not args and not kwargs, (
                f"{nickname} is already an instance. Additional arguments are invalid"
            )
            return what
        if isinstance(what, dict):
            return create(**what)
        assert isinstance(what, str), f"{nickname} must be of string type"

        if what.startswith("["):
            assert not args and not kwargs, f"{what} already holds the arguments of the {nickname}"
            name, kwargs = json.loads(what)
            return create(name, **kwargs)
        if what.startswith("{"):
            assert not args and not kwargs, f"{what} already holds the arguments of the {nickname}"
            return create(**json.loads(what))

        name = what.lower()
        assert name in table, f"{name} is not registered. Please register with {nickname}.register first"
        return table[name](*args, **kwargs)

    create.__doc__ = f"""Create a {nickname} from its registered name, its JSON text or a dict.

    An instance of {base_class.__name__} is returned as it is. Further arguments go to the constructor.
    """
    return create
