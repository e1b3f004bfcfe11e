// Runs the tests of one or more folders with node's own runner: `node test.mjs TOOLS FOLDER...`, with the folder of the
// installed tools. Each `test/*.test.ts` is bundled on its own, with the host's stand-in.

import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [tools, ...folders] = process.argv.slice(2).map((path) => resolve(path));
const { build } = createRequire(join(tools, "package.json"))("esbuild");

const output = await mkdtemp(join(tmpdir(), "soma-typescript-test-"));
try {
  const files = [];
  for (const [index, folder] of folders.entries()) {
    const names = (await readdir(join(folder, "test"))).filter((name) => name.endsWith(".test.ts"));
    if (names.length === 0) {
      throw new Error(`${folder} has no test/*.test.ts`);
    }
    for (const name of names) {
      const outfile = join(output, `${index}-${name}.mjs`);
      await build({
        entryPoints: [join(folder, "test", name)],
        absWorkingDir: folder,
        outfile,
        bundle: true,
        format: "esm",
        platform: "node",
        keepNames: true,
        logLevel: "warning",
      });
      files.push(outfile);
    }
  }
  const { status } = spawnSync(process.execPath, ["--test", "--test-reporter=spec", ...files], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} finally {
  await rm(output, { recursive: true, force: true });
}
