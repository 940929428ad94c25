/** What agentd asks of a forge. Each has its own names for it. */

/** A pull or merge request that is open. */
export interface OpenRequest {
  /** Its number in the repository. */
  readonly number: number;
  /** Its page. */
  readonly url: string;
  readonly labels: readonly string[];
}

/** A request to open. */
export interface NewRequest {
  readonly branch: string;
  /** The branch that it is to be merged into. */
  readonly base: string;
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  readonly isDraft: boolean;
}

/** One repository of a forge. */
export interface Forge {
  /** The open request of a branch; undefined: there is none. */
  find(branch: string): Promise<OpenRequest | undefined>;
  open(request: NewRequest): Promise<OpenRequest>;
  /** Adds labels to those that the request has. Returns those that the forge does not know. */
  label(request: OpenRequest, labels: readonly string[]): Promise<readonly string[]>;
}

/** The name of each forge in the configuration. */
export const FORGES = ["github", "gitlab", "gitea"] as const;

export type ForgeName = (typeof FORGES)[number];

/** Where the API of a forge is, for a repository on that host; without a slash at its end. */
export function defaultApiUrl(forge: ForgeName, host: string): string {
  switch (forge) {
    case "github":
      return host === "github.com" ? "https://api.github.com" : `https://${host}/api/v3`;
    case "gitlab":
      return `https://${host}/api/v4`;
    case "gitea":
      return `https://${host}/api/v1`;
  }
}

/** The header with the token. */
export function authorizationOf(forge: ForgeName, token: string): string {
  return forge === "gitea" ? `token ${token}` : `Bearer ${token}`;
}

/**
 * The path of a repository on its forge, without a slash at its ends and without `.git`: `team/project`. Undefined where the
 * URL has none that a forge has.
 */
export function projectPath(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const parts = new URL(url).pathname
    .replace(/^\/+|\/+$/g, "")
    .replace(/\.git$/, "")
    .split("/");
  const plain = parts.map((part) => decodedPart(part));
  return parts.length < 2 || plain.some((part) => part === undefined || !/^[\w.-]+$/.test(part))
    ? undefined
    : plain.join("/");
}

function decodedPart(part: string): string | undefined {
  try {
    const decoded = decodeURIComponent(part);
    return decoded === "." || decoded === ".." ? undefined : decoded;
  } catch {
    return undefined;
  }
}
