/** Where what goes into a home may come from besides this host: a repository of git, as `URL#REF:PATH`. */
import { basename } from "node:path";
import { parseRepositoryUrl, refFault, repositoryFault } from "../../workspace/repository-url.ts";

/** What is taken of a repository. */
export interface GitSource {
  /** As `parseRepositoryUrl` accepts it. */
  readonly url: string;
  /** Branch, tag or commit; null: the branch that the server's HEAD names. */
  readonly ref: string | null;
  /** Of a file or directory in the repository; empty for all of it. */
  readonly path: string;
}

const URL_FORM = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//;

/** The parts of a source that is a URL; undefined for a path on this host. */
export function gitSourceOf(source: string): GitSource | undefined {
  if (!URL_FORM.test(source)) return undefined;
  const [url, fragment] = cut(source, "#");
  const [ref, path] = cut(fragment, ":");
  return { url, ref: ref === "" ? null : ref, path: path.replace(/\/+$/, "") };
}

/** The rule that a source breaks as a URL, without a full stop; undefined for one that breaks none, and for a path. */
export function gitSourceFault(source: string): string | undefined {
  const git = gitSourceOf(source);
  if (git === undefined) return undefined;
  const fault = repositoryFault(git.url);
  if (fault !== undefined) return `its repository is not accepted: ${fault}`;
  const ofRef = git.ref === null ? undefined : refFault(git.ref);
  if (ofRef !== undefined) return `its ref is not accepted: ${ofRef}`;
  return git.path === "" || git.path.split("/").every(isPlainName)
    ? undefined
    : "its path in the repository is not accepted: write names with / between them, without . and .. and .git";
}

/** The last part of a source: of its path, or of its repository. */
export function sourceName(source: string): string {
  const git = gitSourceOf(source);
  if (git === undefined) return basename(source);
  return git.path === "" ? basename(git.url).replace(/\.git$/, "") : basename(git.path);
}

/** Whether two accepted URLs have the same scheme, host and port, so that the token for one may go to the other. */
export function areOnSameServer(one: string, other: string): boolean {
  const [a, b] = [parseRepositoryUrl(one), parseRepositoryUrl(other)];
  return a.host !== undefined && a.protocol === b.protocol && a.host === b.host;
}

function cut(text: string, at: string): [before: string, after: string] {
  const place = text.indexOf(at);
  return place === -1 ? [text, ""] : [text.slice(0, place), text.slice(place + 1)];
}

function isPlainName(name: string): boolean {
  return (
    !["", ".", ".."].includes(name) && name.toLowerCase() !== ".git" && !/[\u0000-\u001f\u007f]/.test(name)
  );
}
