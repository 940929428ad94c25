/**
 * What a session may be given: bounds and names. The client loads this file, so it imports no validator. A rule's message
 * has no full stop.
 */

/** Name of the request among the files that a session is given. */
export const REQUEST_FILE = "request.txt";

/** Letters, marks, digits, punctuation, symbols and spaces: nothing that moves a cursor. */
export const WORK_UNIT = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]{1,200}$/u;

/** Bytes of a request at most. */
export const MAX_REQUEST_BYTES = 1024 * 1024;

/**
 * Bytes of a request that a session also gets in a variable, and may get as an argument of its command. The kernel takes
 * 128 KiB for one text, with the variable's name.
 */
export const MAX_INLINE_BYTES = 100 * 1024;

/** Bytes of all other files at most. */
export const MAX_INPUT_BYTES = 16 * 1024 * 1024;

/** Files besides the request at most. */
export const MAX_INPUTS = 100;

/** Bytes of a methodology's artifact at most. */
export const MAX_ARTIFACT_BYTES = 1024 * 1024;

/** Bytes of the variables of a run, names and values together, at most. */
export const MAX_ENV_BYTES = 64 * 1024;

/** Bytes of a file that one message takes to the daemon: base64 makes a third more of them. */
export const CHUNK_BYTES = 384 * 1024;

const MAX_NAME_BYTES = 200;

/** The rule that a request breaks; undefined when it is accepted. */
export function requestFault(text: string): string | undefined {
  if (text.trim() === "") return "it is empty";
  if (text.includes("\0")) return "it contains a NUL character";
  const bytes = Buffer.byteLength(text);
  return bytes > MAX_REQUEST_BYTES ? requestSizeFault(bytes) : undefined;
}

/** For a request that is too large to be looked at. */
export function requestSizeFault(bytes: number): string {
  return `it has ${bytes} bytes, and at most ${MAX_REQUEST_BYTES} (1 MiB) are accepted`;
}

/** The rule that the name of a file breaks; undefined when it is accepted. */
export function inputNameFault(name: string): string | undefined {
  if (name === REQUEST_FILE) return `${REQUEST_FILE} is the name of the request`;
  if (name === "" || name === "." || name === "..") return "a file needs a name of its own";
  if (/[/\\]/.test(name)) return "a name contains no slash or backslash";
  if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u.test(name)) return "a name consists of printable characters";
  return Buffer.byteLength(name) > MAX_NAME_BYTES ? `a name has at most ${MAX_NAME_BYTES} bytes` : undefined;
}

/** The rule that the files of a run break together; undefined when they are accepted. */
export function inputsFault(
  inputs: readonly { readonly name: string; readonly bytes: number }[],
): string | undefined {
  for (const [index, { name }] of inputs.entries()) {
    const fault = inputNameFault(name);
    if (fault !== undefined) return `${JSON.stringify(name)}: ${fault}`;
    if (inputs.findIndex((each) => each.name === name) !== index)
      return `${JSON.stringify(name)} is given twice`;
  }
  if (inputs.length > MAX_INPUTS)
    return `there are ${inputs.length} files, and at most ${MAX_INPUTS} are accepted`;
  const bytes = inputs.reduce((sum, each) => sum + each.bytes, 0);
  return bytes > MAX_INPUT_BYTES
    ? `the files have ${bytes} bytes, and at most ${MAX_INPUT_BYTES} (16 MiB) are accepted in all`
    : undefined;
}

const ARTIFACT_TYPE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

/** The rule that a type or the name of an artifact breaks, which become names of a directory and a file. */
export function artifactFault(type: string, fileName: string): string | undefined {
  if (!ARTIFACT_TYPE.test(type))
    return "its type is not 1 to 100 letters, digits, dots, underscores and hyphens";
  if (!fileName.endsWith(".json") || fileName === ".json") return "its file is not named NAME.json";
  const fault = inputNameFault(fileName);
  return fault === undefined ? undefined : `the name of its file is not accepted: ${fault}`;
}
