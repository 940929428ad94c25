/** The configuration file as JSON Schema, for editors. */
import * as z from "zod";
import { configSchema, type SchemaDefaults } from "./schema.ts";

/** What descriptions for people need, and no validator knows. */
const OWN_KEYWORDS = ["type_in_words", "concealed"];

/** A JSON Schema, draft 2020-12, of what may be written in the file. */
export function configJsonSchema(defaults: SchemaDefaults): z.core.JSONSchema.BaseSchema {
  const schema = toJsonSchema(configSchema(defaults));
  const profile = (schema.properties?.["profiles"] as z.core.JSONSchema.BaseSchema).items as ProfileSchema;
  // The definition of an agent gives the others.
  profile.anyOf = [{ required: ["agent"] }, { required: profile.required.filter((key) => key !== "name") }];
  profile.required = ["name"];
  return schema;
}

type ProfileSchema = z.core.JSONSchema.BaseSchema & { required: string[] };

function toJsonSchema(schema: z.core.$ZodType): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, {
    io: "input",
    override: ({ zodSchema, jsonSchema }) => {
      // No pipe of ours transforms: what comes out of it is what is written.
      if (zodSchema instanceof z.ZodPipe) {
        const { $schema: _, ...written } = toJsonSchema(zodSchema.out);
        Object.assign(jsonSchema, written);
      }
      for (const keyword of OWN_KEYWORDS) Reflect.deleteProperty(jsonSchema, keyword);
    },
  });
}
