/** The rules between publishing and the other keys of a profile. */
import { repositoryFault } from "../../workspace/repository-url.ts";
import { isTable } from "./field-rules.ts";

export interface PublishFault {
  /** From the profile. */
  readonly path: readonly string[];
  readonly message: string;
}

/** What is wrong with `publish` in a profile as it is written. What breaks a rule of its own has a problem already. */
export function publishFaults(profile: Record<string, unknown>): PublishFault[] {
  const { publish, workspace = "clone", repo } = profile;
  if (!isTable(publish)) return [];
  const faults: PublishFault[] = [];
  if (workspace !== "clone") faults.push({ path: ["publish"], message: 'is only for workspace = "clone"' });
  const remote = readable(publish["remote"]);
  const target = remote ?? readable(repo);
  const { token_source: own } = publish;
  const cloning = profile["repo_token_source"];
  const hasRequest = isTable(publish["request"]);
  const needsToken = hasRequest || (remote !== undefined && /^https:/i.test(remote));
  if (own === undefined && needsToken && cloning === undefined && hasRequest) {
    const message = "must be set: a request is opened with a token";
    faults.push({ path: ["publish", "token_source"], message });
  } else if (
    own === undefined &&
    needsToken &&
    remote !== undefined &&
    originOf(remote) !== originOf(readable(repo))
  ) {
    const message = "must be set: remote is on another host than repo, whose token is for that host alone";
    faults.push({ path: ["publish", "token_source"], message });
  }
  if (own !== undefined && target !== undefined && !isTokenFor(target, hasRequest)) {
    const message = "a token is sent over https:// only, and the repository is not https://";
    faults.push({ path: ["publish", "token_source"], message });
  }
  return faults;
}

/** Over ssh the branch needs none, and its request does. */
function isTokenFor(url: string, hasRequest: boolean): boolean {
  return /^https:/i.test(url) || (/^ssh:/i.test(url) && hasRequest);
}

function readable(url: unknown): string | undefined {
  return typeof url === "string" && repositoryFault(url) === undefined ? url : undefined;
}

function originOf(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
