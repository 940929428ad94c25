/**
 * The smallest tar: one directory with an owner.
 */
const BLOCK = 512;

/**
 * An archive that holds a directory, which everyone may enter and its owner may write.
 *
 * @param name at most 99 bytes.
 * @param owner user and group, as the container counts them.
 */
export function directoryArchive(name: string, owner: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(`${name}/`, 0);
  header.write(octal(0o755, 8), 100);
  header.write(octal(owner, 8), 108);
  header.write(octal(owner, 8), 116);
  header.write(octal(0, 12), 124); // Size.
  header.write(octal(0, 12), 136); // Time of change.
  header.write(" ".repeat(8), 148); // The checksum counts itself as blanks.
  header.write("5", 156); // A directory.
  header.write("ustar\u000000", 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${octal(checksum, 7)} `, 148);
  return Buffer.concat([header, Buffer.alloc(2 * BLOCK)]);
}

/** A number in a field of this width, with the NUL at its end. */
function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, "0")}\0`;
}
