/** What of this host decides how images are made. Pure. */
import type { Arch } from "./recipe.ts";

/**
 * The release of Debian or of a system made from it, from `/etc/os-release`, such as `bookworm`; undefined for any
 * other system.
 */
export function debianSuite(osRelease: string): string | undefined {
  const fields = new Map(
    osRelease.split("\n").map((line): [string, string] => {
      const [name = "", ...value] = line.split("=");
      return [name, value.join("=").replace(/^(["'])(.*)\1$/, "$2")];
    }),
  );
  const family = [fields.get("ID"), ...(fields.get("ID_LIKE") ?? "").split(" ")];
  return family.includes("debian") ? fields.get("VERSION_CODENAME") || undefined : undefined;
}

/** A processor as npm names it, where agents are published for it. */
export function archOf(processor: string): Arch | undefined {
  return processor === "x64" || processor === "arm64" ? processor : undefined;
}
