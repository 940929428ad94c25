/** Globs for names of models and profiles: `*` is any characters, slashes and colons too, and `?` is one. */

/** Whether the glob matches the whole name. Takes the product of both lengths at most, whatever the glob. */
export function matchesGlob(glob: string, name: string): boolean {
  let [at, inName] = [0, 0];
  // Where the last star is, and how much of the name it has taken so far.
  let [star, taken] = [-1, 0];
  while (inName < name.length) {
    if (glob[at] === "*") [star, taken, at] = [at, inName, at + 1];
    else if (glob[at] === "?" || glob[at] === name[inName]) [at, inName] = [at + 1, inName + 1];
    else if (star === -1) return false;
    else [taken, at, inName] = [taken + 1, star + 1, taken + 1];
  }
  return /^\**$/.test(glob.slice(at));
}
