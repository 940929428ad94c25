/**
 * Rules that the file alone does not decide: which paths of this host a profile names. Only names are looked at; what
 * is on disk is a matter of the launch.
 */
import { dirname, resolve } from "node:path";
import type * as z from "zod";
import { isTable } from "../profile/rules/field-rules.ts";
import { gitSourceOf } from "../profile/rules/home-sources.ts";
import type { KeyPath } from "./key-lines.ts";
import { protectedPaths, relabelFault, sourceFault } from "./mount-sources.ts";
import type { Host } from "./paths.ts";

type Issue = z.core.$ZodIssue;
type Table = Readonly<Record<string, unknown>>;

/**
 * The issues of a document that need not have passed the schema: what has the wrong type is not looked at.
 *
 * @param file absolute path of the configuration file.
 */
export function hostIssues(file: string, document: Table, host: Host): Issue[] {
  const fromFile = (path: unknown): string | undefined =>
    typeof path === "string" && path !== "" ? resolve(dirname(file), path) : undefined;
  const daemon = isTable(document["daemon"]) ? document["daemon"] : {};
  const protectedOnes = protectedPaths(host, {
    daemon: {
      auditRoot: fromFile(daemon["audit_root"]),
      socketPath: fromFile(daemon["socket_path"]),
      podmanSocket: fromFile(daemon["podman_socket"]),
    },
  });
  const sourceIssues = (path: KeyPath, written: unknown): Issue[] => {
    const source = fromFile(written);
    return source === undefined ? [] : issues(path, sourceFault(source, protectedOnes));
  };
  const labelIssues = (path: KeyPath, { source: written, relabel }: Table): Issue[] => {
    const source = fromFile(written);
    if (source === undefined || (relabel !== "shared" && relabel !== "private")) return [];
    return issues(path, relabelFault(source, relabel));
  };

  return tables(document["profiles"], ["profiles"]).flatMap(([path, profile]) => [
    ...sourceIssues([...path, "methodology_dir"], profile["methodology_dir"]),
    ...sourceIssues([...path, "directory"], profile["directory"]),
    ...tables(profile["mounts"], [...path, "mounts"]).flatMap(([mountPath, mount]) => [
      ...sourceIssues([...mountPath, "source"], mount["source"]),
      ...labelIssues([...mountPath, "relabel"], mount),
    ]),
    ...tables(profile["files"], [...path, "files"]).flatMap(([filePath, file]) =>
      isGitSource(file["source"]) ? [] : sourceIssues([...filePath, "source"], file["source"]),
    ),
  ]);
}

function isGitSource(written: unknown): boolean {
  return typeof written === "string" && gitSourceOf(written) !== undefined;
}

function issues(path: KeyPath, message: string | undefined): Issue[] {
  return message === undefined ? [] : [{ code: "custom", path: [...path], message, input: undefined }];
}

/** The tables of an array of tables, each with its path. */
function tables(value: unknown, path: KeyPath): [KeyPath, Table][] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown, index): [KeyPath, Table][] =>
    isTable(entry) ? [[[...path, index], entry]] : [],
  );
}
