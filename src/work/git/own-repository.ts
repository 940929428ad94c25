/** Makes bare repositories of agentd's own: no process, no template, a configuration that agentd wrote. */
import { mkdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The hash that names objects. */
export type ObjectFormat = "sha1" | "sha256";

/** The format that names objects by ids of that many hexadecimal digits. */
export function formatOfId(id: string): ObjectFormat {
  return id.length === 64 ? "sha256" : "sha1";
}

/** Attributes of the tree never choose a program or a way to compare. */
const NO_DRIVERS = "* !diff !merge !filter\n";
/** For what git cannot convert: every file as it is. */
const NO_CONVERSION = "* !diff !merge !filter !text !eol !crlf !ident !working-tree-encoding\n";

/**
 * At once, because each of these small files takes longer on its way to another thread than to the disk's cache.
 *
 * @param directory must not exist yet.
 * @param borrowsFrom object directories of other repositories of agentd's own.
 */
export function makeOwnRepository(
  directory: string,
  format: ObjectFormat,
  borrowsFrom: readonly string[],
): void {
  mkdirSync(join(directory, "objects", "pack"), { recursive: true, mode: 0o700 });
  for (const each of [join("objects", "info"), "refs", "info"])
    mkdirSync(join(directory, each), { mode: 0o700 });
  writeFileSync(join(directory, "HEAD"), "ref: refs/heads/none\n");
  writeFileSync(
    join(directory, "config"),
    format === "sha1"
      ? "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
      : "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectFormat = sha256\n",
  );
  writeFileSync(join(directory, "info", "attributes"), NO_DRIVERS);
  if (borrowsFrom.length === 0) return;
  const lines = borrowsFrom.map((each) => `${each}\n`).join("");
  writeFileSync(join(directory, "objects", "info", "alternates"), lines);
}

/** Has git add files to this repository as they are, whatever the attributes of the tree say. */
export async function withoutConversion(directory: string): Promise<void> {
  await writeFile(join(directory, "info", "attributes"), NO_CONVERSION);
}
