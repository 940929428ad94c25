// Builds dist/agentd.cjs: the whole product as one CommonJS file, which starts faster than an ES module.
// Rooms that a command does not need are imported dynamically; esbuild keeps them unevaluated until then.
import { readFileSync } from "node:fs";
import { build } from "esbuild";

/** @type {{ version: string }} */
const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

await build({
  entryPoints: ["src/cli/main.ts"],
  outfile: "dist/agentd.cjs",
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
});
