// The house rules that a program can check. Each message says what to do instead.
import { defineConfig, globalIgnores } from "eslint/config";
import sortImports from "eslint-plugin-simple-import-sort";
import tseslint from "typescript-eslint";

/** Nothing of the process is reached for: it comes in as a parameter, from src/daemon or src/cli/process-host.ts. */
const PASSED_IN = [
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: "Take a clock as a parameter: tests move it, and src/daemon passes the real one.",
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: "Take a clock as a parameter: tests move it, and src/daemon passes the real one.",
  },
  {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: "Take the environment as a parameter: src/daemon and src/cli/process-host.ts pass the real one.",
  },
  {
    selector: "CallExpression[callee.object.name='process'][callee.property.name=/^(on|once)$/]",
    message:
      "Signals and process events are handled in src/daemon and src/cli/process-host.ts, nowhere else.",
  },
];

/** A link that takes a directory's place would be followed, and a tree too deep for a path would stay. */
const REMOVAL = {
  selector:
    "CallExpression[callee.name=/^(rm|rmSync|remove|removeSync|rimraf)$/] Property[key.name='recursive']",
  message: "Remove a tree with src/trees: somebody may still be writing it.",
};

const EVERYWHERE = [
  {
    selector: "ExportDefaultDeclaration",
    message: "Export by name: a default export can be called anything where it is imported.",
  },
  {
    selector: "MemberExpression[object.name='process'][property.name='exit']",
    message:
      "Return an exit code or set process.exitCode: process.exit() cuts off output still being written.",
  },
];

export default defineConfig(
  globalIgnores(["dist/", "coverage/"]),
  {
    files: ["**/*.ts", "**/*.tsx", "**/*.mjs"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    plugins: { sort: sortImports },
    rules: {
      // Node's own, packages, this project from afar to near: one block, by path.
      "sort/imports": ["error", { groups: [["^node:", "^@?\\w", "^", "^\\."]] }],
      eqeqeq: "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "separate-type-imports" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      // An async function without await turns what it throws into a rejection: a contract, not a slip.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  {
    // These rules do not see the types that JSDoc gives to parsed JSON.
    files: ["**/*.mjs"],
    rules: {
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  {
    files: ["src/**/*.ts"],
    rules: {
      "no-console": "error",
      "no-restricted-imports": [
        "error",
        {
          paths: ["node:child_process", "child_process"].map((name) => ({
            name,
            message: "Start processes with execa: it has no shell, names its errors and cleans up.",
          })),
        },
      ],
      "no-restricted-syntax": ["error", ...EVERYWHERE, ...PASSED_IN, REMOVAL],
    },
  },
  {
    // The composition roots: here clock, environment and process events are real.
    files: [
      "src/daemon/**/*.ts",
      "src/runner/run-one.ts",
      "src/runner/start-one.ts",
      "src/cli/process-host.ts",
      "src/gateway/main.ts",
      "src/placement/main.ts",
      "src/gateway/sockets/listen.ts",
    ],
    rules: { "no-restricted-syntax": ["error", ...EVERYWHERE, REMOVAL] },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // Vitest's matchers, such as expect.any(String), have no type.
      "@typescript-eslint/no-unsafe-assignment": "off",
      // What is not there fails the test anyway.
      "@typescript-eslint/no-non-null-assertion": "off",
      "no-restricted-syntax": [
        "error",
        {
          selector:
            "MemberExpression[object.name=/^(it|test|describe)$/][property.name=/^(only|skip|todo)$/]",
          message: "Every test runs: mend it or remove it.",
        },
      ],
    },
  },
  {
    // Tools load these by their default export.
    files: ["*.config.ts", "*.config.mjs"],
    rules: { "no-restricted-syntax": "off" },
  },
);
