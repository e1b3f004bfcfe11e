"""The miner's functions, as ordinary Python."""

import base64
import unittest

import app  # noqa: F401  attaches everything
import gate
import image
import soma as bt
import stream
import text
from soma import testing


class Texts(unittest.TestCase):
    def test_generates_at_most_max_tokens_words(self):
        for prompt, max_tokens, temperature, expected in [
            ("the quick fox", 100, 0.0, "THE QUICK FOX"),
            ("the quick fox", 2, 0.0, "THE QUICK"),
            ("the quick fox", 0, 0.0, ""),
            ("the quick fox", 100, 0.7, "QUICK FOX THE"),
            ("  straße\n", 100, 2.0, "STRASSE"),
        ]:
            with self.subTest(prompt=prompt, max_tokens=max_tokens):
                asked = text.TextGeneration(prompt=prompt, max_tokens=max_tokens, temperature=temperature)
                answer = text.generate(asked)
                self.assertEqual((answer.generated_text, answer.model_name), (expected, text.MODEL))

    def test_refuses_a_prompt_without_words(self):
        self.assertRaises(bt.Invalid, text.generate, text.TextGeneration(prompt=" \n"))

    def test_reverses_characters_and_not_bytes(self):
        self.assertEqual(text.reverse(text.HashedText(prompt="añb")).output, "bña")


class Images(unittest.TestCase):
    def ask(self, prompt, size):
        answer = image.draw(image.ImageGeneration(prompt=prompt, size=size))
        return base64.b64decode(answer.image_data).decode()

    def test_draws_in_the_wanted_size(self):
        drawn = self.ask("a cat", "640x480")
        self.assertIn('width="640" height="480"', drawn)
        self.assertEqual(drawn, self.ask("a cat", "640x480"))
        self.assertNotEqual(drawn, self.ask("a dog", "640x480"))

    def test_refuses_a_size_out_of_range(self):
        for size in ["", "512", "0x512", "512x", "512x9999", "-1x1", "1x1x1", "²x1"]:
            with self.subTest(size=size):
                self.assertRaises(bt.Invalid, self.ask, "a cat", size)


class Streams(unittest.TestCase):
    def ask(self, prompt, max_tokens):
        synapse = stream.TextStream(prompt=prompt, max_tokens=max_tokens)
        synapse.dendrite = testing.request("TextStream").dendrite
        return list(stream.stream(synapse))

    def test_writes_word_by_word(self):
        self.assertEqual(self.ask("the quick fox", 100), ["THE", " QUICK", " FOX"])
        self.assertEqual(self.ask("the quick fox", 2), ["THE", " QUICK"])

    def test_refuses_before_it_has_written(self):
        for prompt, max_tokens in [(" \n", 100), ("a word", 0)]:
            self.assertRaises(bt.Invalid, self.ask, prompt, max_tokens)


class Gate(unittest.TestCase):
    def tearDown(self):
        testing.configure("deny", None)

    def test_turns_away_who_is_on_the_list(self):
        good, bad = (testing.request("TextGeneration", hotkey) for hotkey in ("5Good", "5Worse"))
        self.assertFalse(gate.blacklist(bad)[0])
        testing.configure("deny", '["5Bad", "5Worse"]')
        self.assertEqual((gate.blacklist(good)[0], gate.blacklist(bad)[0]), (False, True))

    def test_a_setting_that_is_no_list_turns_everybody_away(self):
        for setting in ["5Worse", '"5Worse"', "[1]", "{}"]:
            testing.configure("deny", setting)
            self.assertTrue(gate.blacklist(testing.request("TextGeneration"))[0], setting)

    def test_ranks_by_stake(self):
        request = testing.request("TextGeneration")
        request.caller.stake = 12.5
        self.assertEqual(gate.priority(request), 12.5)


if __name__ == "__main__":
    unittest.main()
