import { posix } from "node:path";
import ts from "typescript";
import type { SourceFile } from "./source-files.ts";

/** One import of a source file. */
export interface Import {
  /** The file that imports, from the checkout: `src/cli/main.ts`. */
  readonly from: string;
  readonly line: number;
  /** What is imported, as it is written there. */
  readonly specifier: string;
  /** The imported file, from the checkout; undefined for a package. */
  readonly to: string | undefined;
  /** `static`: loaded with the file. `dynamic`: when it is asked for. `type`: never. */
  readonly kind: "static" | "dynamic" | "type";
}

/** Every import, re-export and `import()` of a file. */
export function importsOf({ path, text }: SourceFile): Import[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const imports: Import[] = [];
  const visit = (node: ts.Node): void => {
    const found = importOf(node);
    if (found !== undefined) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      imports.push({ from: path, line: line + 1, to: resolve(path, found.specifier), ...found });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return imports;
}

function importOf(node: ts.Node): { specifier: string; kind: Import["kind"] } | undefined {
  if (ts.isImportDeclaration(node)) {
    const isType = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
    return specified(node.moduleSpecifier, isType ? "type" : "static");
  }
  if (ts.isExportDeclaration(node)) {
    return specified(node.moduleSpecifier, node.isTypeOnly ? "type" : "static");
  }
  if (ts.isImportTypeNode(node)) {
    return ts.isLiteralTypeNode(node.argument) ? specified(node.argument.literal, "type") : undefined;
  }
  if (!ts.isCallExpression(node)) return undefined;
  if (node.expression.kind === ts.SyntaxKind.ImportKeyword) return specified(node.arguments[0], "dynamic");
  const isRequire = ts.isIdentifier(node.expression) && node.expression.text === "require";
  return isRequire ? specified(node.arguments[0], "static") : undefined;
}

function specified(specifier: ts.Node | undefined, kind: Import["kind"]) {
  return specifier !== undefined && ts.isStringLiteralLike(specifier)
    ? { specifier: specifier.text, kind }
    : undefined;
}

function resolve(from: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier) : undefined;
}
