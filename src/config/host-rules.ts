/**
 * Rules that the file alone does not decide: which paths of this host a profile names. Only names are looked at; what
 * is on disk is a matter of the launch.
 */
import { dirname, resolve } from "node:path";
import type * as z from "zod";
import { isTable } from "./field-rules.ts";
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
  const fault = (path: string): string | undefined => sourceFault(path, protectedOnes);

  return tables(document["profiles"]).flatMap(([index, profile]) => {
    const methodology = fromFile(profile["methodology_dir"]);
    return [
      ...issue(["profiles", index, "methodology_dir"], methodology, methodology && fault(methodology)),
      ...tables(profile["mounts"]).flatMap(([mountIndex, mount]) => {
        const place = ["profiles", index, "mounts", mountIndex];
        const source = fromFile(mount["source"]);
        if (source === undefined) return [];
        const { relabel } = mount;
        const labels =
          relabel === "shared" || relabel === "private" ? relabelFault(source, relabel) : undefined;
        return [
          ...issue([...place, "source"], source, fault(source)),
          ...issue([...place, "relabel"], relabel, labels),
        ];
      }),
    ];
  });
}

function issue(path: (string | number)[], input: unknown, message: string | undefined): Issue[] {
  return message === undefined ? [] : [{ code: "custom", path, input, message }];
}

function tables(value: unknown): [number, Table][] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown, index): [number, Table][] =>
    isTable(entry) ? [[index, entry]] : [],
  );
}
