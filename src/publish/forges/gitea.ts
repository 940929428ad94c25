/** Pull requests of Gitea and Forgejo: https://docs.gitea.com/api/ */
import * as z from "zod";
import type { ApiClient } from "./api-client.ts";
import type { Forge, NewRequest, OpenRequest } from "./forge.ts";

const pull = z.object({
  number: z.int(),
  html_url: z.string(),
  labels: z.array(z.object({ name: z.string() })).nullish(),
  head: z.object({ ref: z.string() }),
});

const label = z.object({ id: z.int(), name: z.string() });

/** Gitea takes a pull request for a draft by its title; this prefix is in its default configuration. */
const DRAFT = "WIP: ";
/** Entries of a page; a server may give fewer. */
const PAGE = 50;
const MOST_PAGES = 40;

/** @param project as `OWNER/REPOSITORY`. */
export function gitea(api: ApiClient, project: string): Forge {
  const repo = `/repos/${project}`;

  /** Gitea has no query for the branch, so all open ones are looked through. */
  const firstOf = async <T>(
    path: string,
    entry: z.ZodType<T>,
    isIt: (each: T) => boolean,
  ): Promise<T | undefined> => {
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const joint = path.includes("?") ? "&" : "?";
      const { json } = await api.call({
        method: "GET",
        path: `${path}${joint}page=${page}&limit=${PAGE}`,
      });
      const entries = z.array(entry).parse(json);
      const found = entries.find(isIt);
      if (found !== undefined || entries.length === 0) return found;
    }
    return undefined;
  };

  return {
    find: async (branch) => {
      const found = await firstOf(`${repo}/pulls?state=open`, pull, ({ head }) => head.ref === branch);
      return found && openOf(found);
    },
    open: async ({ branch, base, title, body, isDraft }: NewRequest) => {
      const { json } = await api.call({
        method: "POST",
        path: `${repo}/pulls`,
        body: { head: branch, base, title: isDraft ? `${DRAFT}${title}` : title, body },
      });
      return openOf(pull.parse(json));
    },
    label: async ({ number }, labels) => {
      const ids: number[] = [];
      const unknown: string[] = [];
      for (const name of labels) {
        const known = await firstOf(`${repo}/labels`, label, (each) => each.name === name);
        if (known === undefined) unknown.push(name);
        else ids.push(known.id);
      }
      if (ids.length > 0)
        await api.call({ method: "POST", path: `${repo}/issues/${number}/labels`, body: { labels: ids } });
      return unknown;
    },
  };
}

function openOf({ number, html_url: url, labels }: z.output<typeof pull>): OpenRequest {
  return { number, url, labels: (labels ?? []).map(({ name }) => name) };
}
