// One plugin's sources become a component: bundled by esbuild, then run once and frozen by componentize-js.
//
// Standard input is a JSON object: `folder` of the plugin, `entry` and `output` files, `world` folder with the
// contract and the world `plugin`, `sdk` folder with this SDK for plugins that bring none, `hooks` and `wants` of
// plugin.toml. What is wrong with the plugin goes to standard error, with exit status 1.

import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";

import { componentize } from "@bytecodealliance/componentize-js";
import { build } from "esbuild";

const PACKAGE = "soma:neuron/";
const VERSION = "@0.1.0";

/** What the manifest has to want; the shape that a module has when it does not, with what a call says. */
const FUNCTIONS = {
  clock: ["nowMs"],
  random: ["bytes"],
  config: ["get"],
  metagraph: ["current", "byUid", "byHotkey", "neurons"],
};

/** What a library of the browser or of node calls, for the message. */
const ALSO = { clock: " (Date and performance too)", random: " (Math.random and crypto too)" };

/** Stands in for an import that the manifest does not want: it would have to be granted. */
function refusal(want, wants) {
  const list = [...wants, want].map((name) => `"${name}"`).join(", ");
  const message = `the ${want} of the host${ALSO[want] ?? ""} needs this line in plugin.toml: wants = [${list}]`;
  const body = `{ throw new Error(${JSON.stringify(message)}); }`;
  return FUNCTIONS[want].map((name) => `export function ${name}() ${body}`).join("\n");
}

/** The contract's imports: left to the component where they are wanted, else refused when they are called. */
function contract(wants) {
  return {
    name: "soma-contract",
    setup(bundle) {
      bundle.onResolve({ filter: /^soma:/ }, ({ path }) => {
        const name = path.slice(PACKAGE.length, -VERSION.length);
        if (!path.startsWith(PACKAGE) || !path.endsWith(VERSION)) {
          return { errors: [{ text: `"${path}" is not part of the contract ${PACKAGE}*${VERSION}` }] };
        }
        if (name === "log" || wants.includes(name)) {
          return { path, external: true };
        }
        if (Object.hasOwn(FUNCTIONS, name)) {
          return { path: name, namespace: "soma-refusal" };
        }
        return { errors: [{ text: `the contract has no import "${name}"` }] };
      });
      bundle.onLoad({ filter: /.*/, namespace: "soma-refusal" }, ({ path }) => ({ contents: refusal(path, wants) }));
    },
  };
}

/** `soma-sdk` is the one that the plugin names in its tsconfig.json or packages, else the one of this tool chain. */
function sdk(folder) {
  return {
    name: "soma-sdk",
    setup(bundle) {
      bundle.onResolve({ filter: /^soma-sdk$/ }, async ({ path, pluginData, ...place }) => {
        if (pluginData === "asked") {
          return undefined;
        }
        const { importer, resolveDir, kind } = place;
        const own = await bundle.resolve(path, { importer, resolveDir, kind, pluginData: "asked" });
        return own.errors.length === 0 ? own : { path: join(folder, "src/index.ts") };
      });
    },
  };
}

/** The hooks that the contract has. */
const HOOKS = ["forward", "streaming", "blacklist", "verify", "priority"];

/** Those that a route or `gate` gives besides its answer. */
const GATES = ["blacklist", "verify", "priority"];

/** A sentence that the author of a plugin gets when a function and `hooks` of plugin.toml do not fit. */
function unnamed(hook) {
  return `a ${hook} function is there, but \`hooks\` of plugin.toml does not name "${hook}"`;
}

/**
 * A module that runs before the author's and notes which gates are given to an axon, and which hooks are an axon's: one
 * that is given and not live would let everybody in, and so would one that is live and was not given.
 */
const NOTING = `
import { Axon } from "soma-sdk";
export const given = new Set();
export const made = new WeakSet();
function note(gates) {
  for (const name of ${JSON.stringify(GATES)}) {
    if (typeof gates?.[name] === "function") {
      given.add(name);
    }
  }
}
for (const [method, position] of [["attach", 2], ["attachBytes", 2], ["gate", 0]]) {
  const original = Axon.prototype[method];
  Axon.prototype[method] = function (...parts) {
    note(parts[position]);
    return original.apply(this, parts);
  };
}
const { get, ...rest } = Object.getOwnPropertyDescriptor(Axon.prototype, "hooks");
Object.defineProperty(Axon.prototype, "hooks", {
  ...rest,
  get() {
    const hooks = get.call(this);
    Object.values(hooks).forEach((hook) => made.add(hook));
    return hooks;
  },
});
`;

/** Compares, when the author's modules have run. */
function comparison(hooks) {
  const dropped = GATES.filter((gate) => !hooks.includes(gate)).map((gate) => [gate, unnamed(gate)]);
  const empty = GATES.filter((gate) => hooks.includes(gate)).map((gate) => {
    return [gate, `\`hooks\` of plugin.toml names "${gate}", but no ${gate} function is given to an axon`];
  });
  return `
const problems = [
  ...${JSON.stringify(dropped)}.filter(([gate]) => given.has(gate)),
  ...${JSON.stringify(empty)}.filter(([gate]) => made.has(author[gate]) && !given.has(gate)),
];
if (problems.length > 0) {
  throw new Error(problems.map(([, sentence]) => sentence).join("\\n"));
}
`;
}

/** What runs before the author's modules. */
function noting(folder) {
  return {
    name: "soma-noting",
    setup(bundle) {
      bundle.onResolve({ filter: /^soma-noting$/ }, ({ path }) => ({ path, namespace: "soma-noting" }));
      bundle.onLoad({ filter: /.*/, namespace: "soma-noting" }, () => ({ contents: NOTING, resolveDir: folder }));
    },
  };
}

/** The text of one module with everything that it imports, and what it exports. */
async function bundled({ folder, entry, hooks, wants, sdk: sdkFolder }) {
  const author = JSON.stringify(entry);
  const contents = `import { given, made } from "soma-noting";
import * as author from ${author};
export * from ${author};
${comparison(hooks)}`;
  const result = await build({
    stdin: { contents, resolveDir: folder, sourcefile: "plugin" },
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["soma", "import"],
    target: "es2022",
    // Routes have the names of their classes.
    keepNames: true,
    charset: "utf8",
    logLevel: "warning",
    absWorkingDir: folder,
    plugins: [noting(folder), contract(wants), sdk(sdkFolder)],
  });
  const [output] = Object.values(result.metafile.outputs);
  return { code: result.outputFiles[0].text, exported: output.exports };
}

/** Every live hook is exported; `lifecycle`, which the manifest does not name, is part of the world when it is. */
async function settle({ entry, hooks, world }, exported) {
  const missing = hooks.filter((hook) => !exported.includes(hook));
  if (missing.length > 0) {
    const names = missing.join(", ");
    throw new Error(`${entry} does not export ${names}: export const { ${names} } = axon.hooks;`);
  }
  const dropped = HOOKS.filter((hook) => exported.includes(hook) && !hooks.includes(hook));
  if (dropped.length > 0) {
    throw new Error(dropped.map(unnamed).join("\n"));
  }
  if (exported.includes("lifecycle")) {
    const file = join(world, "plugin.wit");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace(/\}\s*$/, "  export lifecycle;\n}\n"));
  }
}

async function main() {
  const order = JSON.parse(await text(process.stdin));
  const { code, exported } = await bundled(order);
  await settle(order, exported);
  // Messages and stacks name this file.
  const bundle = join(dirname(order.output), "plugin.js");
  await writeFile(bundle, code);
  try {
    const { component } = await componentize({
      sourcePath: bundle,
      sourceName: "plugin.js",
      witPath: order.world,
      worldName: "plugin",
      disableFeatures: ["stdio", "random", "clocks", "http", "fetch-event"],
    });
    await writeFile(order.output, component);
  } finally {
    await rm(bundle, { force: true });
  }
}

try {
  await main();
} catch (error) {
  // esbuild has printed its own; what the engine threw follows a line about its program.
  if (error?.errors === undefined) {
    console.error(String(error?.message ?? error).replace(/^Failed to initialize component \(.*\):\n/, ""));
  }
  process.exitCode = 1;
}
