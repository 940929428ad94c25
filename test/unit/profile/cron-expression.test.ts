import { describe, expect, it } from "vitest";
import { cronFault } from "../../../src/profile/rules/cron-expression.ts";

describe("cronFault", () => {
  it.each([
    "* * * * *",
    "*/15 * * * *",
    "0 3 * * mon-fri",
    "0,30 8-18/2 1 JAN,jul *",
    "5/10 * * * *",
    "  0\t3 * *   7 ",
    "0 0 29 2 *",
    "0 0 30 2 mon",
    "0 0 31 1,2 *",
    "*/60 */24 */31 */12 */7",
  ])("accepts %j", (expression) => {
    expect(cronFault(expression)).toBeUndefined();
  });

  it.each([
    ["", "exactly five fields"],
    ["* * * *", "exactly five fields"],
    ["* * * * * *", "exactly five fields"],
    ["@hourly", "exactly five fields"],
    ["*\n* * * *", "exactly five fields"],
    ["*\n* * * * *", "field of the minute"],
    ["H * * * *", "field of the minute"],
    ["-1 * * * *", "field of the minute"],
    ["*/0 * * * *", "field of the minute"],
    ["1,,2 * * * *", "field of the minute"],
    ["*/61 * * * *", "step in the field of the minute must be at most 60"],
    ["*/90 * * * *", "step in the field of the minute must be at most 60"],
    ["0,5-30/5,10/99 * * * *", "step in the field of the minute"],
    ["* 1-5/25 * * *", "step in the field of the hour must be at most 24"],
    ["* * */32 * *", "step in the field of the day of the month"],
    ["* * * */13 *", "step in the field of the month"],
    ["* * * * */8", "step in the field of the day of the week"],
    ["0 0 * * fri-mon", "Invalid range"],
    ["1/2/3 * * * *", "field of the minute"],
    ["* ? * * *", "field of the hour"],
    ["0 0 L * *", "field of the day of the month"],
    ["0 0 15W * *", "field of the day of the month"],
    ["0 0 * mon *", "field of the month"],
    ["0 0 * * jan", "field of the day of the week"],
    ["0 0 * * 5L", "field of the day of the week"],
    ["0 0 * * 1#2", "field of the day of the week"],
    ["60 * * * *", "range 0-59"],
    ["* 24 * * *", "range 0-23"],
    ["* * 0 * *", "range 1-31"],
    ["* * * 13 *", "range 1-12"],
    ["* * * * 8", "range 0-7"],
    ["30-10 * * * *", "Invalid range"],
    ["0 0 30 2 *", "never fires"],
    ["0 0 31 feb,apr,jun,sep,nov *", "never fires"],
  ])("refuses %j", (expression, rule) => {
    expect(cronFault(expression)).toContain(rule);
  });
});
