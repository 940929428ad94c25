/** Which names of refs agentd takes over: those that git makes (git-check-ref-format(1)), and not too long. */
import type { BytePath } from "../../trees/byte-path.ts";

const NAME_BYTES = 1_000;
/** Control characters, space, and what has a meaning in a revision or a pattern. */
const FORBIDDEN = /[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|[./]$/;

/** Whether it is a full name, such as `refs/heads/main`, that nothing can take for something else. */
export function isRefName(name: BytePath): boolean {
  return name.startsWith("refs/") && name.length <= NAME_BYTES && !FORBIDDEN.test(name);
}

/** Refs that only change what other objects seem to be; agentd never believes them. */
export function isIgnoredRef(name: BytePath): boolean {
  return name.startsWith("refs/replace/");
}
