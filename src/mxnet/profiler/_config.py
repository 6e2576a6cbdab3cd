"""The options of profiler.set_config."""

import dataclasses

from ..base import MXNetError

_BOOLS = {True: True, False: False, "True": True, "False": False, "true": True, "false": False, "1": True, "0": False}


@dataclasses.dataclass(frozen=True)
class Config:
    """What to profile and where to write it."""

    profile_all: bool = False
    profile_symbolic: bool = True
    profile_imperative: bool = True
    profile_memory: bool = False
    profile_api: bool = False
    filename: str = "profile.json"
    continuous_dump: bool = False
    dump_period: float = 1.0
    aggregate_stats: bool = False

    @classmethod
    def parse(cls, given: dict) -> "Config":
        """Options by name, what is not given at its default; MXNetError for unknown ones and wrong values."""
        known = {field.name: type(field.default) for field in dataclasses.fields(cls)}
        for name in given:
            if name not in known:
                raise MXNetError(f"Cannot find argument {name!r}, possible arguments of profiler.set_config: "
                                 f"{', '.join(known)}")
        return cls(**{name: _parse(name, known[name], value) for name, value in given.items()})

    @property
    def operators(self) -> bool:
        return self.profile_all or self.profile_symbolic or self.profile_imperative

    @property
    def memory(self) -> bool:
        return self.profile_all or self.profile_memory

    @property
    def api(self) -> bool:
        return self.profile_all or self.profile_api


def _parse(name: str, kind: type, value):
    try:
        return _BOOLS[value] if kind is bool else kind(value)
    except (KeyError, TypeError, ValueError):
        raise MXNetError(f"Invalid Parameter format for {name} expect {kind.__name__} but value={value!r}, in "
                         "profiler.set_config") from None
