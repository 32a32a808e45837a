import { CommandError, failedToParse } from "./errors.ts";
import {
  compileExpression,
  compileNamed,
  type Expression,
  type Operator,
  type Scope,
} from "./expressions.ts";
import { isNullish } from "./expressions-value.ts";
import { Oid, Stamp, type Value, toNumber, typeName } from "./values.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FIXED_UNITS: Record<string, number> = {
  millisecond: 1,
  second: SECOND,
  minute: MINUTE,
  hour: HOUR,
  day: DAY,
  week: 7 * DAY,
};
const MONTHS_PER_UNIT: Record<string, number> = { month: 1, quarter: 3, year: 12 };
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
// $dateTrunc counts its bins from here.
const REFERENCE = Date.UTC(2000, 0, 1);

const formatters = new Map<string, Intl.DateTimeFormat>();

/** How far a time zone is ahead of UTC at an instant. */
function offsetAt(zone: string | undefined, time: number): number {
  if (zone === undefined || zone === "UTC" || zone === "GMT" || zone === "Z") return 0;
  const fixed = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (fixed) return (fixed[1] === "-" ? -1 : 1) * (Number(fixed[2]) * HOUR + Number(fixed[3] ?? 0) * MINUTE);
  let formatter = formatters.get(zone);
  if (!formatter) {
    try {
      formatter = new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        hourCycle: "h23",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    } catch {
      throw new CommandError(40485, `unrecognized time zone identifier: "${zone}"`);
    }
    formatters.set(zone, formatter);
  }
  const part: Record<string, number> = {};
  for (const { type, value } of formatter.formatToParts(time)) part[type] = Number(value);
  const local = Date.UTC(
    part["year"]!,
    part["month"]! - 1,
    part["day"],
    part["hour"],
    part["minute"],
    part["second"],
  );
  return local - (time - (((time % SECOND) + SECOND) % SECOND));
}

/** A date whose UTC fields are the local time of the zone. */
function toLocal(time: number, zone: string | undefined): Date {
  return new Date(time + offsetAt(zone, time));
}

function fromLocal(local: number, zone: string | undefined): Date {
  const guess = local - offsetAt(zone, local);
  return new Date(local - offsetAt(zone, guess));
}

function toTime(value: Value): number {
  if (value instanceof Date) return value.getTime();
  if (value instanceof Oid) return Buffer.from(value.bytes).readUInt32BE(0) * 1000;
  if (value instanceof Stamp) return Number(value.bits >> 32n) * 1000;
  throw new CommandError(16006, `can't convert from BSON type ${typeName(value)} to Date`);
}

function zoneOf(expression: Expression | undefined, scope: Scope): string | undefined {
  const zone = expression?.(scope);
  if (isNullish(zone)) return undefined;
  if (typeof zone !== "string")
    throw new CommandError(40517, `timezone must evaluate to a string, found ${typeName(zone)}`);
  return zone;
}

function datePart(read: (local: Date) => number): Operator {
  return (argument, name) => {
    const parts =
      argument instanceof Map && argument.has("date")
        ? compileNamed(argument, name, ["date"], ["timezone"])
        : undefined;
    const date = parts
      ? parts.date!
      : compileExpression(Array.isArray(argument) && argument.length === 1 ? argument[0]! : argument);
    return (scope) => {
      const value = date(scope);
      return isNullish(value) ? null : read(toLocal(toTime(value), zoneOf(parts?.timezone, scope)));
    };
  };
}

function dayOfYear(local: Date): number {
  return Math.floor((local.getTime() - Date.UTC(local.getUTCFullYear(), 0, 1)) / DAY) + 1;
}

function isoWeek(local: Date): { year: number; week: number } {
  // The week belongs to the year that its Thursday is in.
  const thursday = new Date(local.getTime() + (4 - (local.getUTCDay() || 7)) * DAY);
  return { year: thursday.getUTCFullYear(), week: Math.floor((dayOfYear(thursday) - 1) / 7) + 1 };
}

function sundayWeek(local: Date): number {
  return Math.floor((dayOfYear(local) + 6 - local.getUTCDay()) / 7);
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

function formatOffset(offset: number): string {
  const minutes = Math.abs(offset) / MINUTE;
  return `${offset < 0 ? "-" : "+"}${padded(Math.floor(minutes / 60), 2)}${padded(minutes % 60, 2)}`;
}

const MONTH_NAMES = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const FORMATS: Record<string, (local: Date, offset: number) => string> = {
  Y: (local) => padded(local.getUTCFullYear(), 4),
  m: (local) => padded(local.getUTCMonth() + 1, 2),
  d: (local) => padded(local.getUTCDate(), 2),
  H: (local) => padded(local.getUTCHours(), 2),
  M: (local) => padded(local.getUTCMinutes(), 2),
  S: (local) => padded(local.getUTCSeconds(), 2),
  L: (local) => padded(local.getUTCMilliseconds(), 3),
  j: (local) => padded(dayOfYear(local), 3),
  w: (local) => String(local.getUTCDay() + 1),
  u: (local) => String(local.getUTCDay() || 7),
  U: (local) => padded(sundayWeek(local), 2),
  V: (local) => padded(isoWeek(local).week, 2),
  G: (local) => padded(isoWeek(local).year, 4),
  b: (local) => MONTH_NAMES[local.getUTCMonth()]!.slice(0, 3),
  B: (local) => MONTH_NAMES[local.getUTCMonth()]!,
  z: (_local, offset) => formatOffset(offset),
  Z: (_local, offset) => String(offset / MINUTE),
  "%": () => "%",
};

const dateToString: Operator = (argument, name) => {
  const { date, format, timezone, onNull } = compileNamed(
    argument,
    name,
    ["date"],
    ["format", "timezone", "onNull"],
  );
  return (scope) => {
    const value = date!(scope);
    if (isNullish(value)) return onNull ? onNull(scope) : null;
    const zone = zoneOf(timezone, scope);
    const time = toTime(value);
    const pattern =
      format?.(scope) ??
      (zone === undefined || zone === "UTC" ? "%Y-%m-%dT%H:%M:%S.%LZ" : "%Y-%m-%dT%H:%M:%S.%L");
    if (typeof pattern !== "string")
      throw new CommandError(
        18533,
        `$dateToString requires that 'format' be a string, found: ${typeName(pattern)}`,
      );
    const local = toLocal(time, zone);
    return pattern.replace(/%(.?)/gs, (_all, letter: string) => {
      const write = FORMATS[letter];
      if (!write) throw new CommandError(18536, `Invalid format character '%${letter}' in format string`);
      return write(local, local.getTime() - time);
    });
  };
};

function unitOf(value: Value | undefined, name: string): string {
  if (typeof value !== "string" || !(value in FIXED_UNITS || value in MONTHS_PER_UNIT))
    throw failedToParse(`${name} parameter 'unit' value parse error: unknown time unit value`);
  return value;
}

const dateTrunc: Operator = (argument, name) => {
  const { date, unit, binSize, timezone, startOfWeek } = compileNamed(
    argument,
    name,
    ["date", "unit"],
    ["binSize", "timezone", "startOfWeek"],
  );
  return (scope) => {
    const value = date!(scope);
    const unitName = unit!(scope);
    if (isNullish(value) || isNullish(unitName)) return null;
    const size = binSize ? toNumber(binSize(scope)) : 1;
    if (size === undefined || size < 1 || !Number.isInteger(size))
      throw new CommandError(5439017, "$dateTrunc requires 'binSize' to be a positive integer");
    const zone = zoneOf(timezone, scope);
    const local = toLocal(toTime(value), zone).getTime();
    return fromLocal(truncate(local, unitOf(unitName, name), size, startOfWeek?.(scope)), zone);
  };
};

function truncate(local: number, unit: string, size: number, startOfWeek: Value | undefined): number {
  const months = MONTHS_PER_UNIT[unit];
  if (months !== undefined) {
    const date = new Date(local);
    const since = (date.getUTCFullYear() - 2000) * 12 + date.getUTCMonth();
    const bin = months * size;
    return Date.UTC(2000, Math.floor(since / bin) * bin, 1);
  }
  let reference = REFERENCE;
  if (unit === "week") {
    const start =
      typeof startOfWeek === "string" ? WEEKDAYS.indexOf(startOfWeek.toLowerCase().slice(0, 3)) : 0;
    // The first such weekday on or after the reference date, which was a Saturday.
    reference += ((start - 6 + 7) % 7) * DAY;
  }
  const bin = FIXED_UNITS[unit]! * size;
  return reference + Math.floor((local - reference) / bin) * bin;
}

function dateShift(sign: 1 | -1): Operator {
  return (argument, name) => {
    const { startDate, unit, amount, timezone } = compileNamed(
      argument,
      name,
      ["startDate", "unit", "amount"],
      ["timezone"],
    );
    return (scope) => {
      const start = startDate!(scope);
      const count = amount!(scope);
      const unitName = unit!(scope);
      if (isNullish(start) || isNullish(count) || isNullish(unitName)) return null;
      const by = toNumber(count);
      if (by === undefined || !Number.isInteger(by))
        throw new CommandError(5166405, `${name} expects integer amount of time units`);
      return shifted(toTime(start), unitOf(unitName, name), sign * by, zoneOf(timezone, scope));
    };
  };
}

function shifted(time: number, unit: string, by: number, zone: string | undefined): Date {
  const months = MONTHS_PER_UNIT[unit];
  // Hours and less are elapsed time, days and more follow the calendar of the zone.
  if (months === undefined && FIXED_UNITS[unit]! < DAY) return new Date(time + by * FIXED_UNITS[unit]!);
  const local = toLocal(time, zone);
  if (months === undefined) return fromLocal(local.getTime() + by * FIXED_UNITS[unit]!, zone);
  const day = local.getUTCDate();
  const target = new Date(local);
  target.setUTCDate(1);
  target.setUTCMonth(target.getUTCMonth() + by * months);
  const lastDay = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate();
  target.setUTCDate(Math.min(day, lastDay));
  return fromLocal(target.getTime(), zone);
}

const dateDiff: Operator = (argument, name) => {
  const { startDate, endDate, unit, timezone, startOfWeek } = compileNamed(
    argument,
    name,
    ["startDate", "endDate", "unit"],
    ["timezone", "startOfWeek"],
  );
  return (scope) => {
    const start = startDate!(scope);
    const end = endDate!(scope);
    const unitName = unit!(scope);
    if (isNullish(start) || isNullish(end) || isNullish(unitName)) return null;
    const zone = zoneOf(timezone, scope);
    const checked = unitOf(unitName, name);
    const [from, to] = [start, end].map((value) =>
      truncate(toLocal(toTime(value), zone).getTime(), checked, 1, startOfWeek?.(scope)),
    );
    const months = MONTHS_PER_UNIT[checked];
    if (months === undefined) return BigInt(Math.round((to! - from!) / FIXED_UNITS[checked]!));
    const count = (time: number) => new Date(time).getUTCFullYear() * 12 + new Date(time).getUTCMonth();
    return BigInt((count(to!) - count(from!)) / months);
  };
};

export const DATE_OPERATORS: Record<string, Operator> = {
  $dateToString: dateToString,
  $dateTrunc: dateTrunc,
  $dateAdd: dateShift(1),
  $dateSubtract: dateShift(-1),
  $dateDiff: dateDiff,
  $year: datePart((local) => local.getUTCFullYear()),
  $month: datePart((local) => local.getUTCMonth() + 1),
  $dayOfMonth: datePart((local) => local.getUTCDate()),
  $dayOfYear: datePart(dayOfYear),
  $dayOfWeek: datePart((local) => local.getUTCDay() + 1),
  $isoDayOfWeek: datePart((local) => local.getUTCDay() || 7),
  $isoWeek: datePart((local) => isoWeek(local).week),
  $hour: datePart((local) => local.getUTCHours()),
  $minute: datePart((local) => local.getUTCMinutes()),
  $second: datePart((local) => local.getUTCSeconds()),
  $millisecond: datePart((local) => local.getUTCMilliseconds()),
};
