// Builds dist/ and man/. dist/ has complete programs from the same sources, each one CommonJS file, which starts faster
// than an ES module. No code is split off for them to share: the class of an error has to be the same all over a program.
import filesystem, { copyFileSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { execa } from "execa";

/**
 * Functions of modules that are slow to load, for programs that seldom call them: each loads its module when it is called.
 *
 * @param {Readonly<Record<string, { from: RegExp, functions: readonly string[] }>>} modules by name: whose imports are
 *   meant, and what they use of it.
 * @returns {import("esbuild").Plugin}
 */
function lazily(modules) {
  const namespace = "lazily";
  return {
    name: namespace,
    setup(build) {
      for (const [path, { from, functions }] of Object.entries(modules)) {
        const filter = new RegExp(`^${path}$`);
        build.onResolve({ filter }, ({ importer, namespace: own, resolveDir }) =>
          own !== namespace && from.test(importer) ? { path, namespace, pluginData: resolveDir } : undefined,
        );
        build.onLoad({ filter, namespace }, ({ pluginData: resolveDir }) => ({
          resolveDir,
          // Who imports the default of CommonJS from an ES module gets all that is exported.
          contents: functions
            .map((name) => `exports.${name} = (...given) => require("${path}").${name}(...given);`)
            .concat("if (exports.default) module.exports = Object.assign(exports.default, exports);")
            .join("\n"),
        }));
      }
    },
  };
}

/**
 * Leaves what is imported on demand in a program of its own, so that those that import it do not hold its source.
 *
 * @param {string} name of a file in src/, and of the program.
 * @returns {import("esbuild").Plugin}
 */
function apart(name) {
  return {
    name: "apart",
    setup(build) {
      build.onResolve({ filter: new RegExp(`/${name}\\.ts$`) }, ({ kind }) =>
        kind === "dynamic-import" ? { path: `./${name}.cjs`, external: true } : undefined,
      );
    },
  };
}

/** @param {object} module */
function functionsOf(module) {
  return Object.entries(module).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
}

/** @type {{ version: string }} */
const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

/** @type {import("esbuild").BuildOptions} */
const programs = {
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  target: "node20.19",
  format: "cjs",
  define: { AGENTD_VERSION: JSON.stringify(version) },
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: true,
  sourcesContent: false,
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
  // By `require`: a program with what V8 kept of it cannot import.
  supported: { "dynamic-import": false },
};
const SELDOM_NEEDED = {
  // Its regular expressions take as long to build as half of Node to start, and few texts need them.
  "string-width": { from: /text-width\.ts$/, functions: ["default"] },
  // The parser needs it only for commands that are programs of their own.
  "node:child_process": { from: /commander/, functions: ["spawn"] },
};
const built = await Promise.all([
  build({
    ...programs,
    entryPoints: {
      agentd: "src/cli/main.ts",
      daemon: "src/cli/daemon-main.ts",
      "http-client": "src/http-client.ts",
      web: "src/cli/web-main.ts",
      "seal-worker": "src/audit/seal/seal-worker.ts",
      "copy-worker": "src/workspace/copy-worker.ts",
      "removal-worker": "src/trees/removal-worker.ts",
      "retention-worker": "src/audit/upkeep/retention-worker.ts",
      "artifact-worker": "src/input/artifact-worker.ts",
      "export-worker": "src/work/export-worker.ts",
      mcp: "src/mcp/serve.ts",
      gateway: "src/gateway/main.ts",
      placement: "src/placement/main.ts",
      "gateway-listen": "src/gateway/sockets/listen.ts",
    },
    plugins: [apart("http-client"), lazily(SELDOM_NEEDED)],
  }),
  build({
    ...programs,
    entryPoints: { client: "src/cli/client-main.ts" },
    plugins: [
      apart("http-client"),
      // Most commands use none of these.
      lazily({
        ...SELDOM_NEEDED,
        "node:fs/promises": { from: /\.ts$/, functions: functionsOf(filesystem.promises) },
        "node:readline": { from: /\.ts$/, functions: ["createInterface"] },
      }),
    ],
  }),
]);

// V8 keeps a source with one other character in two bytes for each of its characters. esbuild escapes those of texts, but not
// those of regular expressions.
for (const program of built
  .flatMap(({ metafile }) => Object.keys(metafile?.outputs ?? {}))
  .filter((file) => file.endsWith(".cjs"))) {
  const [other] = /.{0,40}[^\0-\x7f]/.exec(readFileSync(program, "utf8")) ?? [];
  if (other !== undefined) throw new Error(`${program} is not ASCII; write \\u… instead: ${other}`);
}

// The console of agentd web, for browsers.
const pages = fileURLToPath(new URL("dist/console", import.meta.url));
await build({
  entryPoints: { console: "src/console/main.tsx" },
  outdir: pages,
  bundle: true,
  minify: true,
  platform: "browser",
  target: "es2022",
  format: "iife",
  tsconfig: "src/console/tsconfig.json",
  legalComments: "none",
  logLevel: "warning",
});
await build({
  entryPoints: ["src/console/styles/console.css"],
  outdir: pages,
  bundle: true,
  minify: true,
  target: "chrome123",
});
copyFileSync("src/console/index.html", join(pages, "index.html"));

// The pages for man, by the program itself.
const man = fileURLToPath(new URL("man", import.meta.url));
rmSync(man, { recursive: true, force: true });
await execa("node", [fileURLToPath(new URL("bin/agentd", import.meta.url)), "__manual", man]);
