/** Which cron expressions a schedule may be: what every cron knows, and nothing that only one parser does. */
import { CronExpressionParser } from "cron-parser";

const NUMBER = String.raw`\d{1,2}`;
const MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
const WEEKDAYS = "sun|mon|tue|wed|thu|fri|sat";

/**
 * The parser takes more than cron: 4 and 6 fields, @daily, H, L, W, #, ?, and steps that leave their field at once. So
 * each field is looked at before.
 */
const FIELDS = [
  { name: "minute", form: fieldForm(NUMBER), maxStep: 60 },
  { name: "hour", form: fieldForm(NUMBER), maxStep: 24 },
  { name: "day of the month", form: fieldForm(NUMBER), maxStep: 31 },
  { name: "month", form: fieldForm(`${NUMBER}|${MONTHS}`), maxStep: 12 },
  { name: "day of the week", form: fieldForm(`${NUMBER}|${WEEKDAYS}`), maxStep: 7 },
];

/** The rule that an expression breaks, without a full stop; undefined for five fields that fire at some time. */
export function cronFault(expression: string): string | undefined {
  const fields = expression.trim().split(/[ \t]+/);
  if (fields.length !== FIELDS.length) {
    return 'must have exactly five fields (minute, hour, day of the month, month, day of the week), such as "0 3 * * mon-fri"';
  }
  const wrong = FIELDS.find(({ form }, index) => !form.test(fields[index] ?? ""));
  if (wrong !== undefined) {
    return `the field of the ${wrong.name} must be *, numbers, ranges such as 1-5, steps such as */15, or a list of them`;
  }
  const { name, maxStep } = FIELDS.find((field, index) => longestStep(fields[index]) > field.maxStep) ?? {};
  if (name !== undefined) return `a step in the field of the ${name} must be at most ${maxStep}`;
  try {
    // Any date will do to check an expression.
    CronExpressionParser.parse(fields.join(" "), { currentDate: new Date(0) });
    return undefined;
  } catch (error) {
    return parserFault(error);
  }
}

/** 0 when a field has no step. */
function longestStep(field = ""): number {
  return Math.max(0, ...[...field.matchAll(/\/(\d+)/g)].map(([, step]) => Number(step)));
}

function parserFault(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (message === "Invalid explicit day of month definition")
    return "none of its months has such a day, so it never fires";
  return `cron does not accept it: ${message.replace(/\.$/, "")}`;
}

function fieldForm(value: string): RegExp {
  const part = String.raw`(?:\*|(?:${value})(?:-(?:${value}))?)(?:\/[1-9]\d?)?`;
  return new RegExp(`^${part}(?:,${part})*$`, "i");
}
