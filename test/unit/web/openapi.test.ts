/** The description of the HTTP API, by a program of others. */
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { openApiDocument } from "../../../src/web/api/openapi.ts";
import { SERVED_METHODS } from "../../../src/web/api/served-methods.ts";

describe("the OpenAPI document", () => {
  it("is one of version 3.1, with every method", async () => {
    const validator = new Validator();
    const document = openApiDocument("0.1.0");
    expect(await validator.validate({ ...document })).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
    const { paths } = document as { readonly paths: object };
    expect(Object.keys(paths)).toEqual(SERVED_METHODS.map((name) => `/api/v1/${name}`));
  });

  it("is caught where it is none", async () => {
    const wrong = { ...openApiDocument("0.1.0"), paths: { status: {} } };
    expect(await new Validator().validate(wrong)).toMatchObject({ valid: false });
  });
});
