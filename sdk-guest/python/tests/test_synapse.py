"""Classes from JSON and back."""

import json
import random
import unittest
from typing import ClassVar, List, Optional

import soma as bt
from soma.synapse import to_json


class Text(bt.Synapse):
    required_hash_fields: ClassVar[tuple] = ("prompt",)

    prompt: str
    max_tokens: int = 100
    tags: List[str] = []
    seen: "Optional[dict]" = None


class More(Text):
    max_tokens: int = 7
    words: list = bt.Field(default_factory=lambda: ["a"], description="words")


class Taken(bt.Synapse):
    name: str
    timeout: int = 3


class SynapseTest(unittest.TestCase):
    def test_reads_fields_defaults_and_ignores_the_rest(self):
        text = Text.from_json(b'{"prompt": "a", "unknown": 1, "tags": ["x"]}')
        self.assertEqual((text.prompt, text.max_tokens, text.tags, text.seen), ("a", 100, ["x"], None))
        self.assertEqual(json.loads(text.to_json()), {"prompt": "a", "max_tokens": 100, "tags": ["x"], "seen": None})

    def test_a_class_inherits_and_changes_fields(self):
        more = More.from_json(b'{"prompt": "a"}')
        self.assertEqual((more.max_tokens, more.words), (7, ["a"]))
        self.assertEqual(list(json.loads(more.to_json())), ["prompt", "max_tokens", "tags", "seen", "words"])

    def test_objects_do_not_share_their_defaults(self):
        one, other = Text(prompt="a"), Text.from_json(b'{"prompt": "a"}')
        one.tags.append("x")
        other.tags.append("y")
        self.assertEqual((one.tags, other.tags, Text(prompt="a").tags), (["x"], ["y"], []))

    def test_fields_may_have_the_names_of_what_is_there_besides(self):
        taken = Taken.from_json(b'{"name": "n"}')
        self.assertEqual((taken.name, taken.timeout), ("n", 3))
        self.assertEqual(Text(prompt="a").timeout, 12.0)

    def test_says_which_field_is_wrong(self):
        for body, reason in [
            (b'{"max_tokens": 1}', "prompt: it is missing"),
            (b'{"prompt": "a", "tags": [1]}', "tags[0]: want a string, got a whole number"),
            (b"[]", "the body: want an object"),
            (b"{", "the body is not JSON"),
            (b'{"prompt": "\xff"}', "the body is not JSON"),
            (b"[" * 100_000, "the body is not JSON"),
        ]:
            with self.subTest(body=body[:20]):
                with self.assertRaises(bt.Invalid) as caught:
                    Text.from_json(body)
                self.assertEqual(caught.exception.reason, reason)

    def test_a_mistake_of_the_author_is_a_type_error(self):
        self.assertRaises(TypeError, Text)
        self.assertRaises(TypeError, Text, prompt="a", unknown=1)
        wrong = type("Wrong", (bt.Synapse,), {"__annotations__": {"data": bytes}, "__module__": __name__})
        self.assertRaisesRegex(TypeError, "Wrong.data", wrong.__soma_fields__)

    def test_writes_no_json_that_is_none(self):
        for value in (float("nan"), {"a": b"x"}, Text(prompt=object())):
            with self.subTest(value=repr(value)[:20]):
                self.assertRaises((ValueError, TypeError), to_json, value)
        self.assertEqual(to_json({"a": {1}, "é": Taken(name="n")}), '{"a":[1],"é":{"name":"n","timeout":3}}'.encode())

    def test_any_bytes_are_read_or_refused(self):
        draw = random.Random(11)
        good = b'{"prompt": "a", "max_tokens": 1, "tags": ["x", "y"], "seen": {"a": [1.5e3, null]}}'
        read = 0
        for _ in range(3000):
            body = bytearray(good)
            for _ in range(draw.randrange(4)):
                place = draw.randrange(len(body))
                body[place : place + draw.randrange(3)] = bytes(draw.choices(b'{}[]",:0-9e.\\u\xff\x00tn', k=draw.randrange(3)))
            try:
                Text.from_json(bytes(body)).to_json()
                read += 1
            except bt.Invalid:
                pass
            except UnicodeEncodeError:
                pass  # A lone surrogate was read, and has no UTF-8 form.
        self.assertTrue(500 < read < 2900, read)


if __name__ == "__main__":
    unittest.main()
