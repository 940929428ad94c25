/** The calls of Gitea's API that agentd makes, from https://docs.gitea.com/api/ */

const path = (/** @type {string} */ name, type = "string") => ({
  name,
  in: "path",
  required: true,
  schema: { type },
});
const repository = [path("owner"), path("repo")];
const pages = ["page", "limit"].map((name) => ({ name, in: "query", schema: { type: "integer" } }));
const text = { type: "string" };
const numbers = { type: "array", items: { type: "integer" } };
const body = (/** @type {object} */ schema) => ({ content: { "application/json": { schema } } });

export const GITEA = {
  paths: {
    "/repos/{owner}/{repo}/pulls": {
      get: {
        parameters: [
          ...repository,
          { name: "state", in: "query", schema: { type: "string", enum: ["open", "closed", "all"] } },
          ...pages,
        ],
      },
      post: {
        parameters: repository,
        requestBody: body({
          type: "object",
          properties: {
            head: text,
            base: text,
            title: text,
            body: text,
            labels: numbers,
            assignees: { type: "array", items: text },
            milestone: { type: "integer" },
          },
        }),
      },
    },
    "/repos/{owner}/{repo}/labels": { get: { parameters: [...repository, ...pages] } },
    "/repos/{owner}/{repo}/issues/{index}/labels": {
      post: {
        parameters: [...repository, path("index", "integer")],
        requestBody: body({ type: "object", properties: { labels: { type: "array", items: {} } } }),
      },
    },
  },
  components: {},
};
