// Builds dist/: complete programs from the same sources, each one CommonJS file, which starts faster than an ES
// module. No code is split off for them to share: the class of an error has to be the same all over a program.
import { readFileSync } from "node:fs";
import { build } from "esbuild";

/** @type {{ version: string }} */
const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

await build({
  entryPoints: {
    agentd: "src/cli/main.ts",
    client: "src/cli/client-main.ts",
    "seal-worker": "src/audit/seal/seal-worker.ts",
    "copy-worker": "src/workspace/copy-worker.ts",
    "removal-worker": "src/trees/removal-worker.ts",
    "artifact-worker": "src/input/artifact-worker.ts",
    "export-worker": "src/work/export-worker.ts",
    gateway: "src/gateway/main.ts",
    "gateway-listen": "src/gateway/sockets/listen.ts",
  },
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
});
