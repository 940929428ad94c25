// Builds dist/ and man/. dist/ has complete programs from the same sources, each one CommonJS file, which starts faster
// than an ES module. No code is split off for them to share: the class of an error has to be the same all over a program.
import { copyFileSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { execa } from "execa";

/** @type {{ version: string }} */
const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

await build({
  entryPoints: {
    agentd: "src/cli/main.ts",
    client: "src/cli/client-main.ts",
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
