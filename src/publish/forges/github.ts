/** Pull requests of GitHub: https://docs.github.com/rest/pulls/pulls */
import * as z from "zod";
import type { ApiClient } from "./api-client.ts";
import type { Forge, NewRequest, OpenRequest } from "./forge.ts";

const pull = z.object({
  number: z.int(),
  html_url: z.string(),
  labels: z.array(z.object({ name: z.string() })).default([]),
  head: z.object({ ref: z.string() }),
});

/** The headers that GitHub asks for. */
export const GITHUB_HEADERS = {
  accept: "application/vnd.github+json",
  "x-github-api-version": "2022-11-28",
};

/** @param project as `OWNER/REPOSITORY`. */
export function github(api: ApiClient, project: string): Forge {
  const [owner = ""] = project.split("/");
  const repo = `/repos/${project}`;
  return {
    find: async (branch) => {
      const query = new URLSearchParams({ state: "open", head: `${owner}:${branch}`, per_page: "100" });
      const { json } = await api.call({ method: "GET", path: `${repo}/pulls?${query.toString()}` });
      // An older GitHub ignores a head that it does not know.
      const found = z
        .array(pull)
        .parse(json)
        .find(({ head }) => head.ref === branch);
      return found && openOf(found);
    },
    open: async ({ branch, base, title, body, isDraft }: NewRequest) => {
      const { json } = await api.call({
        method: "POST",
        path: `${repo}/pulls`,
        body: { title, head: branch, base, body, draft: isDraft },
      });
      return openOf(pull.parse(json));
    },
    label: async ({ number }, labels) => {
      await api.call({ method: "POST", path: `${repo}/issues/${number}/labels`, body: { labels } });
      return [];
    },
  };
}

function openOf({ number, html_url: url, labels }: z.output<typeof pull>): OpenRequest {
  return { number, url, labels: labels.map(({ name }) => name) };
}
