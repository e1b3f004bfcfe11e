"""The SDK as inside of a component: each script of `inside` in an interpreter of its own, with stand-ins for the
generated bindings."""

import os
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).parent


class Inside(unittest.TestCase):
    def run_script(self, name, wants):
        path = os.pathsep.join([str(HERE / "contract"), str(HERE.parent)])
        environment = {**os.environ, "PYTHONPATH": path, "WANTS": wants, "PYTHONDONTWRITEBYTECODE": "1"}
        # What the script says once it runs as inside of a component goes to the stand-in's log.
        last = "import runpy, sys, wit_world.imports.log as log\ntry: runpy.run_path(sys.argv[1])\n"
        last += "except BaseException as error: sys.__stderr__.write(f'{error!r}\\n{log.LINES}'); raise"
        script = HERE / "inside" / f"{name}.py"
        ended = subprocess.run([sys.executable, "-c", last, script], env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual((ended.returncode, ended.stdout.split()[-1:]), (0, ["passed"]), ended.stderr + ended.stdout)

    def test_hooks_answer_the_host(self):
        self.run_script("hooks", "config")

    def test_print_time_and_randomness_are_the_hosts(self):
        self.run_script("granted", "clock random config")

    def test_the_metagraph_is_the_hosts(self):
        self.run_script("metagraph", "metagraph")

    def test_what_the_manifest_does_not_want_is_told(self):
        self.run_script("unwanted", "")


if __name__ == "__main__":
    unittest.main()
