/** Whether a path is a directory or lies below it, by their names alone; both absolute and normalized. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || directory === "/" || path.startsWith(`${directory}/`);
}
