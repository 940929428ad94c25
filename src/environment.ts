/** A set of environment variables, in the shape of `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;
