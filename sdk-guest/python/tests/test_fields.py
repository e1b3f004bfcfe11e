"""What a field takes, and the words for what it does not."""

import random
import unittest
from typing import Annotated, Any, Dict, List, Literal, Optional, Set, Tuple, Union

from soma import Invalid, Synapse
from soma.fields import UnknownType, reader


class Inner(Synapse):
    count: int


TAKEN = [
    (str, "a", "a"),
    (int, 3, 3),
    (int, 3.0, 3),
    (int, 10**30, 10**30),
    (float, 3, 3.0),
    (float, 0.5, 0.5),
    (bool, True, True),
    (Any, {"a": [None]}, {"a": [None]}),
    (object, 1, 1),
    (None, None, None),
    (Optional[str], None, None),
    (Optional[int], 2.0, 2),
    (Union[int, float], 1.0, 1.0),
    (Union[str, List[int]], [1], [1]),
    (list, [1, "a"], [1, "a"]),
    (List[float], [1, 2.5], [1.0, 2.5]),
    (list[Optional[str]], ["a", None], ["a", None]),
    (Dict[str, int], {"a": 1}, {"a": 1}),
    (dict, {"a": 1}, {"a": 1}),
    (Tuple[int, str], [1, "a"], (1, "a")),
    (Tuple[int, ...], [1, 2], (1, 2)),
    (tuple, [1, "a"], (1, "a")),
    (Set[str], ["a", "a"], {"a"}),
    (Literal["a", 1], 1, 1),
    (Annotated[int, "a note"], 1, 1),
    (Inner, {"count": 2, "more": 1}, Inner(count=2)),
    (List[Inner], [{"count": 2}], [Inner(count=2)]),
]

REFUSED = [
    (str, 1, "x: want a string, got a whole number"),
    (str, None, "x: want a string, got null"),
    (int, "1", "x: want a whole number, got a string"),
    (int, True, "x: want a whole number, got true or false"),
    (int, 1.5, "x: want a whole number, got a number"),
    (int, float("inf"), "x: want a whole number, got a number"),
    (float, True, "x: want a number, got true or false"),
    (float, 10**400, "x: the number is too large"),
    (bool, 1, "x: want true or false, got a whole number"),
    (Optional[str], 1, "x: want a string, got a whole number"),
    (List[int], {"a": 1}, "x: want a list, got an object"),
    (List[int], [1, "a"], "x[1]: want a whole number, got a string"),
    (Dict[str, int], {"a": None}, "x.a: want a whole number, got null"),
    (Tuple[int, str], [1], "x: want a list of 2, got a list"),
    (Set[Any], [[1]], "x: what is in it cannot be told apart"),
    (Literal["a", 1], True, "x: want one of 'a', 1"),
    (Inner, {"count": "a"}, "x.count: want a whole number, got a string"),
    (Inner, {}, "x.count: it is missing"),
    (Inner, [], "x: want an object"),
]


class Fields(unittest.TestCase):
    def test_takes_what_fits(self):
        for kind, value, expected in TAKEN:
            with self.subTest(kind=kind, value=value):
                found = reader(kind)(value, "x")
                self.assertEqual(found, expected)
                self.assertIs(type(found), type(expected))

    def test_says_what_does_not_fit(self):
        for kind, value, reason in REFUSED:
            with self.subTest(kind=kind, value=value):
                with self.assertRaises(Invalid) as caught:
                    reader(kind)(value, "x")
                self.assertEqual(caught.exception.reason, reason)

    def test_refuses_types_without_a_json_form(self):
        for kind in (bytes, complex, Dict[int, str], type):
            with self.subTest(kind=kind):
                self.assertRaises(UnknownType, reader, kind)

    def test_any_value_is_taken_or_refused(self):
        draw = random.Random(7)
        readers = [reader(kind) for kind, _, _ in TAKEN]
        leaves = [None, True, False, 0, -1, 10**400, 0.5, float("inf"), float("nan"), "", "a", "\ud800", "\0"]

        def value(depth):
            kind = draw.randrange(8) if depth else 0
            if kind == 6:
                return [value(depth - 1) for _ in range(draw.randrange(4))]
            if kind == 7:
                return {draw.choice(["count", "a", ""]): value(depth - 1) for _ in range(draw.randrange(3))}
            return draw.choice(leaves)

        refused = 0
        for _ in range(3000):
            try:
                draw.choice(readers)(value(3), "x")
            except Invalid:
                refused += 1
        self.assertGreater(refused, 1000)


if __name__ == "__main__":
    unittest.main()
