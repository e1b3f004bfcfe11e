"""`axon.attach`."""

import functools
import unittest

import soma as bt


class Text(bt.Synapse):
    prompt: str


def forward(synapse: Text) -> Text:
    return synapse


def with_request(synapse: "Text", request):
    return synapse


def stream(synapse: Text):
    yield synapse.prompt


async def later(synapse: Text):
    yield synapse.prompt


def blacklist(request):
    return False, ""


class Holder:
    def forward(self, synapse: Text):
        return synapse

    def __call__(self, synapse: Text):
        return synapse


class Attach(unittest.TestCase):
    def test_finds_the_class_and_the_shape_of_a_function(self):
        holder = Holder()
        for function, streams, takes_request in [
            (forward, False, False),
            (with_request, False, True),
            (stream, True, False),
            (later, True, False),
            (holder.forward, False, False),
            (holder, False, False),
        ]:
            with self.subTest(function=function):
                attached = bt.Axon().attach(function).routes["Text"]
                self.assertEqual((attached.synapse, attached.streams), (Text, streams))
                self.assertEqual(attached.with_request, takes_request)

    def test_takes_the_keyword_names_of_the_sdk(self):
        axon = bt.Axon().attach(forward_fn=forward, blacklist_fn=blacklist, priority_fn=len, verify_fn=None)
        self.assertIs(axon.function("Text", "blacklist"), blacklist)
        self.assertIs(axon.function("Text", "priority"), len)
        self.assertIsNone(axon.function("Text", "verify"))

    def test_a_gate_without_a_forward_is_for_all_that_have_none(self):
        axon = bt.Axon().attach(forward, blacklist_fn=len).attach(stream, route="Stream")
        axon.attach(blacklist_fn=blacklist)
        self.assertIs(axon.function("Text", "blacklist"), len)
        for route in ("Stream", "Elsewhere"):
            self.assertIs(axon.function(route, "blacklist"), blacklist)

    def test_says_what_is_wrong_with_a_function(self):
        for function, told in [
            (lambda: None, "takes a synapse"),
            (lambda synapse: None, "says its class"),
            (functools.partial(forward), "no Python function"),
            (print, "no Python function"),
        ]:
            with self.subTest(told=told):
                self.assertRaisesRegex(TypeError, told, bt.Axon().attach, function)
        axon = bt.Axon().attach(forward)
        self.assertRaisesRegex(ValueError, "already", axon.attach, with_request)

    def test_says_what_does_not_fit_the_manifest(self):
        axon = bt.Axon().attach(forward, blacklist).attach(stream, route="Stream")
        self.assertEqual(axon.problems({"Text": False, "Stream": True}, ["forward", "streaming", "blacklist"]), [])
        for routes, hooks, told in [
            ({"Text": False, "Stream": True, "More": False}, ["blacklist"], "no function is attached for a class More"),
            ({"Text": False}, ["blacklist"], r"no \[routes.Stream\]"),
            ({"Text": True, "Stream": True}, ["blacklist"], "its function is no generator"),
            ({"Text": False, "Stream": False}, ["blacklist"], "answered by a generator"),
            ({"Text": False, "Stream": True}, [], "does not name \"blacklist\""),
            ({"Text": False, "Stream": True}, ["blacklist", "verify"], "no verify function"),
        ]:
            with self.subTest(told=told):
                problems = axon.problems(routes, hooks)
                self.assertEqual(len(problems), 1)
                self.assertRegex(problems[0], told)


if __name__ == "__main__":
    unittest.main()
