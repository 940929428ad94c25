/** Who a session's commits are from, where nothing in it says so. */
import type { Profile } from "../profile/profile.ts";
import type { HomeFile } from "./host-paths.ts";

const SYSTEM = "/etc/gitconfig";
const OF_THE_USER = "~/.config/git/config";

/**
 * Configuration files of git for a home; the first that it does not have is to be written.
 *
 * Git takes the last value that it reads: from the system's file, then `~/.config/git/config`, then `~/.gitconfig`. So the
 * files that come before are included after the identity: it is only a default. An existing `~/.gitconfig` has the last
 * word in any case.
 */
export function gitIdentity(profile: Pick<Profile, "name" | "git">, hostName: string): HomeFile[] {
  const { name: person, email: address } = authorOf(profile, hostName);
  const written = (path: string, included: readonly string[]): HomeFile => ({
    path,
    content: Buffer.from(
      [
        "# From agentd: an identity for commits, unless another configuration has one.",
        "[user]",
        `\tname = ${quoted(person)}`,
        `\temail = ${quoted(address)}`,
        "[include]",
        ...included.map((file) => `\tpath = ${file}`),
        "",
      ].join("\n"),
    ),
  });
  return [written(".gitconfig", [SYSTEM, OF_THE_USER]), written(".config/git/config", [SYSTEM])];
}

/** The profile's, else one that no mail reaches. */
export function authorOf(
  { name, git }: Pick<Profile, "name" | "git">,
  hostName: string,
): { readonly name: string; readonly email: string } {
  const email = git?.email ?? `${name}@${domainOf(hostName)}.agentd.invalid`;
  return { name: git?.name ?? name, email };
}

/** A host name as part of a domain: letters, digits and hyphens between dots. */
function domainOf(hostName: string): string {
  const labels = hostName
    .toLowerCase()
    .split(".")
    .map((label) => label.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, ""))
    .filter((label) => label !== "");
  return labels.join(".") || "localhost";
}

function quoted(value: string): string {
  return `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
}
