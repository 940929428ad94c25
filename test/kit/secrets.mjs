/**
 * Looks for a secret where it must not be, in every form in which it may be written.
 */
import { randomBytes } from "node:crypto";
import { readdir, readFile, readlink } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

/** @typedef {import("./containers-environment.mjs").ContainersEnvironment} ContainersEnvironment */
/** @typedef {import("./search-files.mjs").FileSearch} FileSearch */
/** @typedef {import("./search-files.mjs").Finding} Finding */

/** The ways in which `writings` writes a text down. */
export const FORMS = /** @type {const} */ (["plain", "base64", "hex", "url"]);

/** @typedef {(typeof FORMS)[number]} Form */

/**
 * Random, with characters that are written differently in a URL, and none that JSON or a shell would change.
 */
export function makeSecret() {
  return `s/e=c+r@t%:${randomBytes(18).toString("hex")}`;
}

/**
 * A text as it is when it is written down once more.
 *
 * @param {string} secret
 * @returns {Record<Form, string>}
 */
export function writings(secret) {
  const bytes = Buffer.from(secret);
  return {
    plain: secret,
    base64: bytes.toString("base64"),
    hex: bytes.toString("hex"),
    url: encodeURIComponent(secret),
  };
}

/**
 * What to look for to find a text in each form: in base64 its form depends on what is before it, in hex and URLs on the
 * case of the digits.
 *
 * @param {string} secret
 * @returns {{ form: Form, text: string }[]}
 */
export function traces(secret) {
  const { plain, hex, url } = writings(secret);
  const inBase64 = [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.from("#".repeat(offset) + secret).toString("base64");
    // Without the characters that depend on what is before or after.
    const own = encoded.slice(Math.ceil((offset * 4) / 3), Math.floor(((offset + secret.length) * 4) / 3));
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")];
  });
  const lowerUrl = url.replace(/%../g, (escape) => escape.toLowerCase());
  /** @type {[Form, string[]][]} */
  const all = [
    ["plain", [plain]],
    ["base64", inBase64],
    ["hex", [hex, hex.toUpperCase()]],
    ["url", [url, lowerUrl]],
  ];
  return all.flatMap(([form, texts]) => [...new Set(texts)].map((text) => ({ form, text })));
}

/**
 * The forms in which a content holds a secret.
 *
 * @param {string} content
 * @param {string} secret
 * @returns {Form[]}
 */
export function formsIn(content, secret) {
  const found = traces(secret).filter(({ text }) => content.includes(text));
  return FORMS.filter((form) => found.some((each) => each.form === form));
}

/**
 * Searches directories as root of the user's namespace, which may read what containers own.
 *
 * @param {ContainersEnvironment} environment
 * @param {FileSearch} search
 * @returns {Promise<Finding[]>}
 */
export async function searchFiles(environment, search) {
  const program = fileURLToPath(new URL("search-files.mjs", import.meta.url));
  const { stdout } = await execa("podman", ["unshare", process.execPath, program], {
    env: environment.variables,
    input: JSON.stringify(search),
  });
  return JSON.parse(stdout);
}

/**
 * A process as /proc shows it.
 *
 * @typedef {object} Process
 * @property {number} pid
 * @property {string} commandLine
 * @property {string | undefined} environment Undefined when it is another user's and not for us to see.
 * @property {string | undefined} userNamespace The same.
 */

/** Every process of this host. @returns {Promise<Process[]>} */
export async function allProcesses() {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid) => {
      // Before the environment: one that ends between the two has no environment, rather than one of nobody's.
      const userNamespace = await ifReadable(() => readlink(`/proc/${pid}/ns/user`));
      return {
        pid: Number(pid),
        commandLine: (await ifReadable(() => readFile(`/proc/${pid}/cmdline`, "latin1"))) ?? "",
        environment: await ifReadable(() => readFile(`/proc/${pid}/environ`, "latin1")),
        userNamespace,
      };
    }),
  );
}

/**
 * @param {() => Promise<string>} read
 * @returns {Promise<string | undefined>}
 */
async function ifReadable(read) {
  try {
    return await read();
  } catch (error) {
    // It has ended, or is not ours.
    const { code = "" } = /** @type {NodeJS.ErrnoException} */ (error);
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(code)) return undefined;
    throw error;
  }
}
