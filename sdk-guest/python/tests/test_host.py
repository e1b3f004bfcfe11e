"""On the author's own machine the host's functions have stand-ins."""

import unittest

import soma as bt
from soma import testing, traces


class StandIns(unittest.TestCase):
    def test_settings_are_those_of_the_test(self):
        self.assertIsNone(bt.config.get("deny"))
        self.assertEqual(bt.config.json("deny", []), [])
        testing.configure("deny", '["5F"]')
        self.assertEqual(bt.config.json("deny"), ["5F"])
        testing.configure("deny", "5F")
        self.assertRaisesRegex(bt.config.ConfigError, "'deny'", bt.config.json, "deny")
        testing.configure("deny", None)
        self.assertIsNone(bt.config.get("deny"))

    def test_clock_and_randomness_are_the_machines(self):
        self.assertGreater(bt.clock.now_ms(), 1.6e12)
        self.assertEqual(len(bt.random.bytes(100_000)), 100_000)
        self.assertNotEqual(bt.random.bytes(16), bt.random.bytes(16))
        self.assertRaises(ValueError, bt.random.bytes, -1)

    def test_a_request_has_the_words_of_both_sides(self):
        request = testing.request("Text", hotkey="5F", headers=[("x-a", "1"), ("x-a", "2")])
        self.assertEqual((request.name, request.dendrite.hotkey, request.caller.hotkey), ("Text", "5F", "5F"))
        self.assertEqual((request.timeout, request.header("x-a"), request.header("x-b")), (12.0, "1", None))


class Speechless(Exception):
    def __str__(self):
        raise RuntimeError


def deep(depth):
    if depth == 0:
        raise ValueError("at the end")
    deep(depth - 1)


def line_of(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        return traces.line(error)
    raise AssertionError


def chained():
    try:
        deep(0)
    except ValueError as error:
        raise KeyError("k") from error


class Traces(unittest.TestCase):
    def test_an_exception_is_one_line_with_its_places(self):
        self.assertRegex(line_of(deep, 1), r"^ValueError: at the end at test_host.py line \d+ in line_of, .* in deep, .* in deep$")
        self.assertRegex(line_of(chained), "^KeyError: 'k' at .*; caused by ValueError: at the end at ")

    def test_a_long_way_is_cut_in_the_middle(self):
        told = line_of(deep, 50)
        self.assertEqual(told.count(" in deep"), 11)
        self.assertIn("40 more", told)

    def test_an_exception_that_cannot_speak_is_told_too(self):
        def speechless():
            raise Speechless

        self.assertRegex(line_of(speechless), r"^Speechless: \(its text cannot be made\) at ")


if __name__ == "__main__":
    unittest.main()
