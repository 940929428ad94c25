/** The calls of GitLab's API that agentd makes, from https://docs.gitlab.com/api/merge_requests/ */

const project = { name: "id", in: "path", required: true, schema: { type: "string" } };
const text = { type: "string" };
const body = (/** @type {object} */ schema) => ({ content: { "application/json": { schema } } });

export const GITLAB = {
  paths: {
    "/projects/{id}/merge_requests": {
      get: {
        parameters: [
          project,
          {
            name: "state",
            in: "query",
            schema: { type: "string", enum: ["opened", "closed", "locked", "merged", "all"] },
          },
          { name: "source_branch", in: "query", schema: text },
          { name: "target_branch", in: "query", schema: text },
          { name: "per_page", in: "query", schema: { type: "integer", minimum: 1, maximum: 100 } },
          { name: "page", in: "query", schema: { type: "integer" } },
        ],
      },
      post: {
        parameters: [project],
        requestBody: body({
          type: "object",
          required: ["source_branch", "target_branch", "title"],
          properties: {
            source_branch: text,
            target_branch: text,
            title: { type: "string", maxLength: 255 },
            description: { type: "string", maxLength: 1_048_576 },
            labels: text,
            assignee_ids: { type: "array", items: { type: "integer" } },
            remove_source_branch: { type: "boolean" },
            squash: { type: "boolean" },
          },
        }),
      },
    },
    "/projects/{id}/merge_requests/{merge_request_iid}": {
      put: {
        parameters: [
          project,
          { name: "merge_request_iid", in: "path", required: true, schema: { type: "integer" } },
        ],
        requestBody: body({
          type: "object",
          properties: { title: text, description: text, add_labels: text, remove_labels: text, labels: text },
        }),
      },
    },
  },
  components: {},
};
