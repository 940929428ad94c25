/** Merge requests of GitLab: https://docs.gitlab.com/api/merge_requests/ */
import * as z from "zod";
import type { ApiClient } from "./api-client.ts";
import type { Forge, NewRequest, OpenRequest } from "./forge.ts";

const mergeRequest = z.object({
  iid: z.int(),
  web_url: z.string(),
  labels: z.array(z.string()).default([]),
  source_branch: z.string(),
});

/** GitLab takes a merge request for a draft by its title. */
const DRAFT = "Draft: ";

/** @param project as `GROUP/PROJECT`, with groups in groups. */
export function gitlab(api: ApiClient, project: string): Forge {
  const requests = `/projects/${encodeURIComponent(project)}/merge_requests`;
  return {
    find: async (branch) => {
      const query = new URLSearchParams({ state: "opened", source_branch: branch, per_page: "100" });
      const { json } = await api.call({ method: "GET", path: `${requests}?${query.toString()}` });
      const found = z
        .array(mergeRequest)
        .parse(json)
        .find((each) => each.source_branch === branch);
      return found && openOf(found);
    },
    open: async ({ branch, base, title, body, isDraft }: NewRequest) => {
      const { json } = await api.call({
        method: "POST",
        path: requests,
        body: {
          source_branch: branch,
          target_branch: base,
          title: isDraft ? `${DRAFT}${title}` : title,
          description: body,
        },
      });
      return openOf(mergeRequest.parse(json));
    },
    label: async ({ number }, labels) => {
      await api.call({
        method: "PUT",
        path: `${requests}/${number}`,
        body: { add_labels: labels.join(",") },
      });
      return [];
    },
  };
}

function openOf({ iid, web_url: url, labels }: z.output<typeof mergeRequest>): OpenRequest {
  return { number: iid, url, labels };
}
