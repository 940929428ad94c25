/** The `filters` of a listing of what carries all of these labels. */
export function labelFilters(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify({ label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) });
}
