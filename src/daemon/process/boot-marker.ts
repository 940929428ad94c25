import { randomUUID } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readIfThere } from "../../if-there.ts";
import { bootId } from "../../process-identity.ts";

/**
 * Identifies this boot and login: containers that started under another one are gone, whatever Podman shows.
 *
 * It is the kernel's boot id and an id of ours in the runtime directory, which a logout without lingering clears as a
 * boot does.
 *
 * @param runtimeDirectory the instance's own; it exists.
 */
export async function bootMarker(runtimeDirectory: string): Promise<string> {
  const path = join(runtimeDirectory, "boot");
  const boot = await bootId();
  const known = await readIfThere(path);
  if (known?.startsWith(`${boot}/`) === true) return known;
  const marker = `${boot}/${randomUUID()}`;
  await writeFile(`${path}.next`, marker, { mode: 0o600 });
  await rename(`${path}.next`, path);
  return marker;
}
