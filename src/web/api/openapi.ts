/** The description of the HTTP API, made from the schemas by which the daemon checks and answers. */
import * as z from "zod";
import type { MethodRecord } from "../../api/method-record.ts";
import { METHODS } from "../../api/methods.ts";
import { ERROR_CODES } from "../../errors.ts";
import { changes, SERVED_METHODS, type ServedMethod } from "./served-methods.ts";

/** Where the methods are: `API_PATH` and the name. */
export const API_PATH = "/api/v1/";

/** What every failed request answers with. */
export const errorAnswerSchema = z.strictObject({
  error: z.strictObject({
    /** See docs/errors.md. */
    code: z.string(),
    message: z.string(),
    /** What was tried, as a phrase after "cannot". */
    tried: z.string(),
    why: z.string(),
    /** What to do next; null where nothing can be said. */
    next: z.string().nullable(),
    details: z.record(z.string(), z.unknown()).nullable(),
  }),
});

export type ErrorAnswer = z.infer<typeof errorAnswerSchema>;

/** The OpenAPI 3.1 document. @param version of this agentd. */
export function openApiDocument(version: string): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "agentd",
      version,
      summary: "Runs autonomous coding agents unattended, each session in a rootless Podman container.",
      description:
        "The methods of the daemon over HTTP, with the JSON that docs/protocol.md and docs/json.md describe. A method is called by a POST with its params as a JSON object.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths: Object.fromEntries(
      SERVED_METHODS.map((name) => [`${API_PATH}${name}`, { post: operation(name) }]),
    ),
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "The token of web.token_file." },
      },
      schemas: { Error: schemaOf(errorAnswerSchema, "output") },
      responses: {
        Error: {
          description: "The request failed; `error.code` says why.",
          content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
        },
      },
    },
  };
}

function operation(name: ServedMethod): object {
  const { summary, params, result, errors }: MethodRecord = METHODS[name];
  const meanings = errors.map((code) => `- \`${code}\`: ${ERROR_CODES[code]}`);
  return {
    operationId: name,
    summary,
    description: meanings.length === 0 ? summary : `Fails with:\n${meanings.join("\n")}`,
    tags: [changes(name) ? "changes" : "reads"],
    requestBody: {
      required: true,
      content: { "application/json": { schema: schemaOf(params, "input") } },
    },
    responses: {
      "200": {
        description: "The result.",
        content: { "application/json": { schema: schemaOf(result, "output") } },
      },
      default: { $ref: "#/components/responses/Error" },
    },
  };
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io });
  return json;
}
