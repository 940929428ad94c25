import { execa } from "execa";

/**
 * Runs a script of Node's with a directory as its argument, on which a small file system is mounted for it alone.
 *
 * @param size of the file system, as mount takes it: `64k`.
 * @returns what it prints, read as JSON.
 */
export async function inSmallFileSystem(script: string, directory: string, size: string): Promise<unknown> {
  // Podman's user namespace is one in which an ordinary user may mount.
  const program = 'mount -t tmpfs -o "size=$3" none "$1" && exec node "$2" "$1"';
  const { stdout } = await execa("podman", ["unshare", "sh", "-c", program, "sh", directory, script, size]);
  return JSON.parse(stdout) as unknown;
}
