/**
 * The kernel's keyrings, through perl: every Debian has it, and it makes system calls by their numbers.
 */

/** Numbers of system calls. */
const CALLS = {
  x64: { addKey: 248, requestKey: 249, keyctl: 250 },
  arm64: { addKey: 217, requestKey: 218, keyctl: 219 },
}[/** @type {"x64" | "arm64"} */ (process.arch)];

/** A keyring by its special number. */
const PROCESS_KEYRING = -2;
const USER_KEYRING = -4;

/** Operations of keyctl. */
const GET_KEYRING_ID = 0;
const LINK = 8;
const UNLINK = 9;
const SEARCH = 10;
const READ = 11;

/**
 * A program that puts a key into the user's keyring and prints the numbers of keyring and key.
 *
 * @param {string} name
 * @param {string} value
 */
export function plantKey(name, value) {
  return [
    `my $ring = syscall(${CALLS.keyctl}, ${GET_KEYRING_ID}, ${USER_KEYRING}, 1);`,
    `my $key = syscall(${CALLS.addKey}, my $type = "user", my $name = "${name}", my $value = "${value}", ${value.length}, $ring);`,
    `print "$ring $key\\n";`,
  ].join(" ");
}

/**
 * A program that takes a key out of a keyring.
 *
 * @param {string} ring
 * @param {string} key
 */
export function removeKey(ring, key) {
  return `syscall(${CALLS.keyctl}, ${UNLINK}, ${key}, ${ring});`;
}

/**
 * A program that tries every way to get at a key, and prints the result of each.
 *
 * @param {string} ring
 * @param {string} key
 * @param {string} name
 */
export function takeKey(ring, key, name) {
  return [
    "sub tried { my ($how, $came) = @_; print $how, q( ), $came < 0 ? $! : q(works), qq(\\n) }",
    `tried("link", syscall(${CALLS.keyctl}, ${LINK}, ${ring}, ${PROCESS_KEYRING}));`,
    `my $value = "." x 64; my $length = syscall(${CALLS.keyctl}, ${READ}, ${key}, $value, 64);`,
    `tried("read", $length); print substr($value, 0, $length), "\\n" if $length > 0;`,
    `my $type = "user"; my $name = "${name}";`,
    `tried("search", syscall(${CALLS.keyctl}, ${SEARCH}, ${ring}, $type, $name, 0));`,
    `tried("request", syscall(${CALLS.requestKey}, $type, $name, 0, 0));`,
    `tried("add", syscall(${CALLS.addKey}, $type, $name, $value, 1, ${PROCESS_KEYRING}));`,
  ].join("\n");
}
