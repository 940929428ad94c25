/**
 * An image with git, made from the host's own: no registry and no mirror is needed.
 */
import { attempt, shell } from "./command.mjs";

export const GIT_IMAGE = "localhost/busybox-git:latest";

/** @returns {Promise<string>} Its reference. */
export async function ensureGitImage() {
  const { code } = await attempt(["podman", "image", "exists", GIT_IMAGE]);
  if (code === 0) return GIT_IMAGE;
  await shell(
    `tree=$(mktemp -d)
    trap 'rm -rf "$tree"' EXIT
    chmod 755 "$tree"
    tar -C "$tree" --no-overwrite-dir -xf /srv/agentd-test/busybox.tar
    git=$(command -v git)
    cp -L --parents -t "$tree" "$git" $(ldd "$git" | grep -o '/[^ ]*')
    tar -C "$tree" --owner=0 --group=0 --numeric-owner -cf "$tree.tar" .
    podman import --quiet "$tree.tar" "$1"
    rm "$tree.tar"`,
    [GIT_IMAGE],
  );
  return GIT_IMAGE;
}
