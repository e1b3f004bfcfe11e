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


class Metagraph(unittest.TestCase):
    def setUp(self):
        self.addCleanup(testing.register_nobody)

    def test_without_a_chain_everything_says_so(self):
        for absence in ("offline", "unread", "no-request"):
            testing.register_nobody(absence)
            for look in (bt.metagraph.current, bt.metagraph.neurons, lambda: bt.metagraph.block, lambda: bt.metagraph.S[0]):
                self.assertRaises(bt.NoMetagraph, look)
        with self.assertRaises(bt.Unavailable) as raised:
            "5F" in bt.metagraph.hotkeys
        self.assertIn("init", raised.exception.why)
        self.assertNotIn("init", raised.exception.reason)

    def test_neurons_are_found_by_uid_and_hotkey_and_come_in_order_over_all_pages(self):
        testing.register(*(testing.neuron(uid, f"5-{uid}", float(uid)) for uid in reversed(range(600))), own_uid=3)
        subnet = bt.metagraph.current()
        self.assertEqual((subnet.size, subnet.own_uid, subnet.block), (600, 3, 1000))
        self.assertEqual((bt.metagraph.n, bt.metagraph.own_uid, bt.metagraph.netuid), (600, 3, 1))
        self.assertEqual(bt.metagraph.by_uid(599).hotkey, "5-599")
        self.assertEqual([bt.metagraph.by_uid(uid) for uid in (600, -1, 70_000)], [None] * 3)
        self.assertEqual(bt.metagraph.by_hotkey("5-7").stake, 7.0)
        self.assertIsNone(bt.metagraph.by_hotkey("7"))
        self.assertEqual([neuron.uid for neuron in bt.metagraph.neurons()], list(range(600)))

    def test_columns_are_those_of_the_bittensor_sdk(self):
        testing.register(testing.neuron(0, "5A", 2.5, validator_permit=True), testing.neuron(1, "5B", 0.0))
        metagraph = bt.metagraph
        self.assertEqual((metagraph.S[0], metagraph.S["5A"], metagraph.S["5C"], list(metagraph.S)), (2.5, 2.5, 0.0, [2.5, 0.0]))
        self.assertEqual((metagraph.hotkeys.index("5B"), "5A" in metagraph.hotkeys, "5C" in metagraph.hotkeys), (1, True, False))
        self.assertEqual((list(metagraph.hotkeys), len(metagraph.hotkeys), list(metagraph.uids)), (["5A", "5B"], 2, [0, 1]))
        self.assertEqual((metagraph.validator_permit["5A"], metagraph.validator_permit["5C"]), (True, False))
        self.assertRaises(IndexError, lambda: metagraph.S[2])
        self.assertRaises(IndexError, lambda: metagraph.S[-1])
        self.assertRaises(ValueError, metagraph.hotkeys.index, "5C")


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
