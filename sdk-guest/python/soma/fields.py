"""How a field's JSON is checked against its type: one reader for each type, made once.

Taken are what `json` gives: str, int, float, bool, None, list, dict, Any, Literal, Optional and other unions, tuples
and sets (from lists), and other synapse classes (from objects). As in pydantic a whole number is a float too, and a
float without fraction an int.
"""

import types
import typing

from .failure import Invalid


class UnknownType(TypeError):
    """A field has a type that JSON has no form for."""


#: What values of JSON are called in a reason.
NAMES = {str: "a string", int: "a whole number", float: "a number", bool: "true or false", type(None): "null"}
NAMES.update({list: "a list", dict: "an object"})


def wrong(path, wanted, value):
    """The error for a value of the wrong type."""
    return Invalid(f"{path}: want {wanted}, got {NAMES.get(type(value), type(value).__name__)}")


def reader(kind):
    """A function of a value and its path that gives the checked value, or raises `Invalid`."""
    if kind is typing.Any or kind is object:
        return lambda value, path: value
    if kind in (None, type(None)):
        kind = type(None)
    if kind in PLAIN:
        return PLAIN[kind]
    if kind in (list, dict):
        return _exactly(kind)
    if hasattr(kind, "__soma_read__"):
        return lambda value, path: kind.__soma_read__(value, path)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union or origin is getattr(types, "UnionType", None):
        return _union([reader(argument) for argument in arguments], arguments)
    if origin is typing.Annotated:
        return reader(arguments[0])
    if origin is typing.Literal:
        return _literal(arguments)
    if origin in (list, set, frozenset) or kind in (set, frozenset):
        return _list(origin or kind, reader(arguments[0]) if arguments else reader(typing.Any))
    if origin is tuple or kind is tuple:
        return _tuple(arguments)
    if origin is dict:
        return _dict(reader(arguments[1])) if arguments[0] is str else _unknown(kind)
    return _unknown(kind)


def _unknown(kind):
    raise UnknownType(f"a synapse has no fields of type {kind!r}: take str, int, float, bool, list, dict or a class")


def _exactly(kind):
    def read(value, path):
        if type(value) is not kind:
            raise wrong(path, NAMES[kind], value)
        return value

    return read


def _int(value, path):
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise wrong(path, NAMES[int], value)


def _float(value, path):
    if type(value) is float:
        return value
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise Invalid(f"{path}: the number is too large") from None
    raise wrong(path, NAMES[float], value)


PLAIN = {str: _exactly(str), bool: _exactly(bool), type(None): _exactly(type(None)), int: _int, float: _float}


def _union(readers, kinds):
    # A value that fits one kind exactly is not bent to fit an earlier one: 1.0 is a float in Union[int, float].
    exact = {kind: kind for kind in kinds if kind in PLAIN}

    def read(value, path):
        if type(value) in exact:
            return value
        problem = None
        for one in readers:
            try:
                return one(value, path)
            except Invalid as error:
                # With Optional the other kind's words say more than "want null".
                if problem is None or one is not PLAIN[type(None)]:
                    problem = error
        raise problem

    return read


def _literal(values):
    def read(value, path):
        for known in values:
            if type(known) is type(value) and known == value:
                return known
        raise Invalid(f"{path}: want one of {', '.join(map(repr, values))}")

    return read


def _list(kind, item):
    def read(value, path):
        if type(value) is not list:
            raise wrong(path, NAMES[list], value)
        items = [item(part, f"{path}[{index}]") for index, part in enumerate(value)]
        if kind is list:
            return items
        try:
            return kind(items)
        except TypeError:
            raise Invalid(f"{path}: what is in it cannot be told apart") from None

    return read


def _tuple(kinds):
    if not kinds:
        return _list(tuple, reader(typing.Any))
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return _list(tuple, reader(kinds[0]))
    readers = [reader(kind) for kind in kinds]

    def read(value, path):
        if type(value) is not list or len(value) != len(readers):
            raise wrong(path, f"a list of {len(readers)}", value)
        return tuple(one(part, f"{path}[{index}]") for index, (one, part) in enumerate(zip(readers, value)))

    return read


def _dict(item):
    def read(value, path):
        if type(value) is not dict:
            raise wrong(path, NAMES[dict], value)
        return {key: item(part, f"{path}.{key}") for key, part in value.items()}

    return read
