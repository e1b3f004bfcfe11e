"""Classes with typed fields, and how they become JSON and back."""

import copy
import json
import sys
import typing

from .failure import Invalid
from .fields import UnknownType, reader

_MISSING = object()


class Field:
    """A default that is made anew for each object: `tags: list[str] = Field(default_factory=list)`."""

    def __init__(self, default=_MISSING, *, default_factory=None, title="", description=""):
        self.default = default
        self.default_factory = default_factory
        self.title = title
        self.description = description


class _Spec:
    """One field of a class."""

    __slots__ = ("name", "read", "default")

    def __init__(self, name, read, default):
        self.name = name
        self.read = read
        self.default = default

    def new(self):
        """A default that no other object shares."""
        default = self.default
        if isinstance(default, Field):
            if default.default_factory is not None:
                return default.default_factory()
            default = default.default
        return copy.deepcopy(default) if isinstance(default, (list, dict, set)) else default

    @property
    def required(self):
        default = self.default
        if isinstance(default, Field):
            return default.default is _MISSING and default.default_factory is None
        return default is _MISSING


class Synapse:
    """What is asked and answered: a class with typed fields. Its name is the route, its fields are the JSON object of
    the body. Fields that the class does not have are ignored; a field without a default has to be there.

    Inside of a function of `axon.attach`, `dendrite` is the caller, `timeout` the seconds that are left and `request`
    all that is known about the request; a class that has a field of such a name keeps its field.
    """

    name = ""
    timeout = 12.0
    dendrite = None
    request = None

    def __init__(self, **values):
        for spec in self.__soma_fields__().values():
            if spec.name in values:
                self.__dict__[spec.name] = values.pop(spec.name)
            elif spec.required:
                raise TypeError(f"{type(self).__name__} needs {spec.name}")
            else:
                self.__dict__[spec.name] = spec.new()
        if values:
            raise TypeError(f"{type(self).__name__} has no field {', '.join(values)}")

    @classmethod
    def __soma_fields__(cls):
        """The fields of this class and of those that it is made from, by name."""
        found = cls.__dict__.get("_soma_fields")
        if found is None:
            found = _fields(cls)
            cls._soma_fields = found
        return found

    @classmethod
    def __soma_read__(cls, value, path=""):
        """An object of this class from what `json` gives."""
        at = f"{path}." if path else ""
        if type(value) is not dict:
            raise Invalid(f"{path or 'the body'}: want an object")
        synapse = cls.__new__(cls)
        own = synapse.__dict__
        for name, spec in cls.__soma_fields__().items():
            if name in value:
                own[name] = spec.read(value[name], at + name)
            elif spec.required:
                raise Invalid(f"{at}{name}: it is missing")
            else:
                own[name] = spec.new()
        return synapse

    @classmethod
    def from_json(cls, body):
        """An object of this class from the bytes of a body."""
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            raise Invalid("the body is not JSON") from None
        return cls.__soma_read__(value)

    def __soma_value__(self):
        return {name: getattr(self, name, None) for name in self.__soma_fields__()}

    def to_json(self) -> bytes:
        """The JSON object of the fields."""
        return to_json(self)

    def model_dump(self) -> dict:
        """The fields by name."""
        return self.__soma_value__()

    def deserialize(self):
        """For functions that were written for the Bittensor SDK."""
        return self

    def __eq__(self, other):
        return type(other) is type(self) and other.__soma_value__() == self.__soma_value__()

    __hash__ = None

    def __repr__(self):
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__soma_value__().items())
        return f"{type(self).__name__}({fields})"


class Reply:
    """An answer as bytes, for routes that are no synapse. `status` (200 to 499) and `content_type` count in the btauth
    dialect only."""

    def __init__(self, body, content_type=None, status=None):
        self.body = body
        self.content_type = content_type
        self.status = status


def to_json(value) -> bytes:
    """The JSON of a synapse, or of anything that is made of dicts, lists, strings and numbers.

    Raises ValueError or TypeError for what has no JSON form, NaN and infinity included."""
    text = json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8")


def _plain(value):
    if isinstance(value, Synapse):
        return value.__soma_value__()
    if isinstance(value, (set, frozenset)):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def hint(kind, module):
    """The type behind an annotation, which is text under `from __future__ import annotations`."""
    if isinstance(kind, str):
        return eval(kind, vars(sys.modules[module]))  # The author's own annotation, in the author's own module.
    return kind


def _fields(cls):
    found = {}
    for base in reversed(cls.__mro__):
        if base in (object, Synapse) or not issubclass(base, Synapse):
            continue
        for name, kind in getattr(base, "__annotations__", {}).items():
            kind = hint(kind, base.__module__)
            if kind is typing.ClassVar or typing.get_origin(kind) is typing.ClassVar or name.startswith("_"):
                continue
            try:
                read = reader(kind)
            except UnknownType as error:
                raise UnknownType(f"{cls.__name__}.{name}: {error}") from None
            found[name] = _Spec(name, read, base.__dict__.get(name, _MISSING))
    return found
