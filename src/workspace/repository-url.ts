/** Which repositories and refs agentd accepts. Pure: it contacts no server. */
import { AgentdError } from "../errors.ts";

export type RepositoryProtocol = "https" | "http" | "git" | "ssh" | "file";

/** A repository that was accepted. */
export interface Repository {
  /** The form for git: scheme and host in lower case, or an absolute path as it was written. */
  readonly url: string;
  readonly protocol: RepositoryProtocol;
  /** Host and port in lower case, such as `git.example.org:8443`; undefined for a repository on this host. */
  readonly host: string | undefined;
}

const ACCEPTED = "https://, http://, git://, ssh://[user@]host, file:/// and absolute paths are accepted";
const URL_FORM = /^(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):\/\/(?<authority>[^/]*)(?<path>\/.*)?$/s;
const REMOTE_PROTOCOL = /^(?:https?|git|ssh)$/;
const HOST = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9.])?|\[[0-9a-f:.]+\])(?::[1-9]\d{0,4})?$/;
const SSH_USER = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const SCP_FORM = /^(?<login>(?:[\w.-]+@)?[\w.-]+):\/*(?<path>[^@]+)$/;

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]|%[01][0-9a-f]|%7f/i;

/**
 * Reads a repository as an operator wrote it.
 *
 * @throws AgentdError `repository_invalid`
 */
export function parseRepositoryUrl(text: string): Repository {
  const repository = readRepository(text);
  if (typeof repository !== "string") return repository;
  throw new AgentdError("repository_invalid", {
    tried: `use the repository ${JSON.stringify(redactRepository(text))}`,
    why: repository,
    next: "Give a URL such as https://git.example.org/team/project.git or an absolute path.",
  });
}

/** The rule that a repository breaks, without a full stop; undefined when it is accepted. */
export function repositoryFault(text: string): string | undefined {
  const repository = readRepository(text);
  return typeof repository === "string" ? repository : undefined;
}

/** A repository for a message: what could be a secret (a token or password, query, fragment) is taken out. */
export function redactRepository(text: string): string {
  const [, scheme = "", user, rest = ""] = /^([a-z][a-z0-9+.-]*:\/\/)?(?:(.*)@)?(.*)$/is.exec(text) ?? [];
  const shown = user === undefined || (!/^https?:/i.test(scheme) && SSH_USER.test(user)) ? user : "***";
  const login = shown === undefined ? "" : `${shown}@`;
  return `${scheme}${login}${rest.replace(/[?#].*$/s, (secret) => `${secret.charAt(0)}***`)}`;
}

/** A repository, or the rule that the text breaks. */
function readRepository(text: string): Repository | string {
  if (text === "") return "it is empty";
  if (CONTROL.test(text)) return "control characters are refused, written out or percent-encoded";
  if (text.startsWith("-")) return "a leading - is refused: git would read it as an option";
  if (text.startsWith("/")) return { url: text, protocol: "file", host: undefined };
  if (/^[^/]*::/.test(text))
    return `remote helpers such as ext:: are refused: they run programs; ${ACCEPTED}`;
  const parts = URL_FORM.exec(text)?.groups;
  if (parts !== undefined)
    return readUrl(parts["scheme"] ?? "", parts["authority"] ?? "", parts["path"] ?? "");
  const scp = SCP_FORM.exec(text)?.groups;
  if (scp !== undefined)
    return `the scp-like form is not accepted; write ssh://${scp["login"]}/${scp["path"]}`;
  return `a relative path is not accepted; ${ACCEPTED}`;
}

function readUrl(givenScheme: string, authority: string, path: string): Repository | string {
  const scheme = givenScheme.toLowerCase();
  if (/[?#]/.test(authority + path))
    return "a query or fragment is refused: a token does not belong in a URL";
  if (scheme === "file") return readFileUrl(authority, path);
  if (!REMOTE_PROTOCOL.test(scheme)) return `${scheme}:// is not accepted; ${ACCEPTED}`;
  if (/[\s\\]/.test(authority + path)) return "white space and backslashes are refused; percent-encode them";
  const at = authority.lastIndexOf("@");
  const user = at === -1 ? undefined : authority.slice(0, at);
  const host = authority.slice(at + 1).toLowerCase();
  if (user?.includes(":")) return "a password in the URL is refused: it would end up in the record";
  if (user !== undefined && scheme !== "ssh")
    return "a user or token in the URL is refused; only ssh:// takes a user";
  if (user !== undefined && !SSH_USER.test(user)) return "the user has characters that are not accepted";
  if (!HOST.test(host)) return "the host is missing or has characters that are not accepted";
  if (/^\/*$/.test(path)) return "the path of the repository on the host is missing";
  const login = user === undefined ? "" : `${user}@`;
  return { url: `${scheme}://${login}${host}${path}`, protocol: scheme as RepositoryProtocol, host };
}

function readFileUrl(authority: string, path: string): Repository | string {
  if (authority !== "") return "file:// has no host: write file:///path";
  if (/^\/*$/.test(path)) return "the path of the repository is missing";
  return { url: `file://${path}`, protocol: "file", host: undefined };
}

/**
 * Accepts the name of a branch or tag, or a commit id.
 *
 * @throws AgentdError `ref_invalid`
 */
export function checkRef(text: string): string {
  const fault = refFault(text);
  if (fault === undefined) return text;
  throw new AgentdError("ref_invalid", {
    tried: `use the ref ${JSON.stringify(text)}`,
    why: fault,
    next: "Give the name of a branch or tag, such as main or v1.2, or a commit id.",
  });
}

/** The rule that a ref breaks (those of `git check-ref-format`, and no leading `-`); undefined when it is accepted. */
export function refFault(text: string): string | undefined {
  if (text === "") return "it is empty";
  if (text.length > 255) return "a ref has at most 255 characters";
  if (text.startsWith("-")) return "a leading - is refused: git would read it as an option";

  if (/[\u0000-\u0020\u007f~^:?*[\\]/.test(text))
    return "white space, control characters and ~ ^ : ? * [ \\ are refused";
  if (text.includes("..") || text.includes("@{") || text === "@")
    return "'..', '@{' and a lone '@' are refused";
  if (text.endsWith(".")) return "a ref does not end with a dot";
  if (text.split("/").some((part) => part === "" || part.startsWith(".") || part.endsWith(".lock"))) {
    return "no part between slashes is empty, begins with a dot or ends with .lock";
  }
  return undefined;
}
