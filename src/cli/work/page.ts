/** Shows text a page at a time. */
import { once } from "node:events";
import { execa } from "execa";
import type { Environment } from "../../environment.ts";

/** As git sets them where the operator has not: colours pass, and less than a page is just printed. */
const DEFAULTS = { LESS: "FRX", LV: "-c" };

/**
 * Sends texts through a pager until there are no more, or the operator leaves it.
 *
 * @param command a line of shell, such as `less -S`.
 */
export async function page(
  command: string,
  environment: Environment,
  texts: AsyncIterable<string>,
): Promise<void> {
  const pager = execa("sh", ["-c", command], {
    env: { ...DEFAULTS, ...environment },
    extendEnv: false,
    stdin: "pipe",
    stdout: "inherit",
    stderr: "inherit",
    buffer: false,
    reject: false,
  });
  const { stdin } = pager;
  const left = new AbortController();
  stdin.on("error", () => left.abort());
  void pager.finally(() => left.abort());
  for await (const text of texts) {
    if (left.signal.aborted) break;
    // Rejected when the pager is left while it is waited for.
    if (!stdin.write(text)) await once(stdin, "drain", { signal: left.signal }).catch(() => undefined);
  }
  stdin.end();
  await pager;
}
