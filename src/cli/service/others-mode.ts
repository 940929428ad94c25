/** The mode of a file as text, such as `0644`, where others than its owner may do something with it; else undefined. */
export function othersMode({ mode }: { readonly mode: number }): string | undefined {
  return (mode & 0o077) === 0 ? undefined : (mode & 0o777).toString(8).padStart(4, "0");
}
