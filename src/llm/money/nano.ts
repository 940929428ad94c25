/** Money as whole nano-dollars, in a number: safe up to nine million dollars. Sums beyond that throw. */

/** Nano-dollars of a dollar. */
export const NANO_PER_USD = 1_000_000_000;

/** What `nanoOf` accepts: digits, and at most nine of them behind the point. */
const USD = /^(\d{1,7})(?:\.(\d{1,9}))?$/;

/**
 * Whole nano-dollars of an amount in dollars.
 *
 * @param usd such as `"5.00"`, or a number as a configuration has it; both are read digit by digit, so 0.1 is exact.
 * @throws RangeError for anything but 0 to 9,007,199 dollars with at most nine digits behind the point.
 */
export function nanoOf(usd: string | number): number {
  const [, whole, fraction = ""] = USD.exec(plainDecimal(usd)) ?? [];
  if (whole === undefined)
    throw new RangeError(`${usd} is no amount in dollars with at most nine digits behind the point`);
  return addNano(Number(whole) * NANO_PER_USD, Number(fraction.padEnd(9, "0")));
}

/** The sum. @throws RangeError where it, or one of the amounts, is not a safe whole number of at least 0. */
export function addNano(...amounts: readonly number[]): number {
  return amounts.reduce((sum, amount) => safe(sum + safe(amount)), 0);
}

/** What is left of an amount; negative where more was taken. @throws RangeError as `addNano` does. */
export function subtractNano(from: number, amount: number): number {
  return safe(from) - safe(amount);
}

/** An amount taken several times. @throws RangeError where a factor or the product is not safe. */
export function timesNano(amount: number, times: number): number {
  return safe(safe(amount) * safe(times));
}

/** An amount as dollars with six digits, rounded up, such as `"0.012346"`. @param nano may be negative. */
export function usdText(nano: number): string {
  if (!Number.isSafeInteger(nano)) throw new RangeError(`${nano} is no whole number of nano-dollars`);
  const micro = Math.ceil(nano / 1000);
  const digits = String(Math.abs(micro)).padStart(7, "0");
  return `${micro < 0 ? "-" : ""}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** An amount as dollars, for documents: at most six digits behind the point, rounded up. */
export function usdNumber(nano: number): number {
  return Number(usdText(nano));
}

/** A bigint as a number. @throws RangeError where it is not safe. */
export function nanoFromBig(nano: bigint): number {
  return safe(Number(nano));
}

/** A number's decimal digits, where JavaScript would write an exponent. */
export function plainDecimal(value: string | number): string {
  const text = String(value);
  const [, whole, fraction = "", exponent] = /^(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? [];
  if (whole === undefined || exponent === undefined || typeof value === "string") return text;
  const shift = Number(exponent);
  const digits = whole + fraction;
  const point = whole.length + shift;
  if (point <= 0) return `0.${"0".repeat(-point)}${digits}`;
  return point >= digits.length
    ? digits.padEnd(point, "0")
    : `${digits.slice(0, point)}.${digits.slice(point)}`;
}

function safe(amount: number): number {
  if (!Number.isSafeInteger(amount) || amount < 0)
    throw new RangeError(`${amount} is no safe number of nano-dollars`);
  return amount;
}
