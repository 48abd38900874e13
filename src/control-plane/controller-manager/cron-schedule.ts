/** When something is due. */
export interface CronSchedule {
  /** The first time after `after`, both in milliseconds since the epoch; undefined when there is none in five years. */
  next(after: number): number | undefined;
}

/** A schedule, or a time zone, that cannot be read. */
export class CronScheduleError extends Error {}

interface Field {
  readonly low: number;
  readonly high: number;
  readonly names: readonly string[];
}

/** The values of one field; `any` when it was written as a star, which matters for the two fields of days. */
interface Values {
  readonly any: boolean;
  readonly values: ReadonlySet<number>;
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const minuteField: Field = { low: 0, high: 59, names: [] };
const hourField: Field = { low: 0, high: 23, names: [] };
const dayField: Field = { low: 1, high: 31, names: [] };
const monthField: Field = { low: 1, high: 12, names: monthNames };
const weekdayField: Field = { low: 0, high: 6, names: dayNames };

const shortcuts: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const minuteMillis = 60_000;
const hourMillis = 60 * minuteMillis;
const horizonMillis = 5 * 366 * 24 * hourMillis;

/**
 * Reads a schedule of five fields, a shortcut such as `@daily`, or `@every 1h30m`, as robfig/cron does.
 * @param timeZone an IANA name; UTC when absent
 * @throws CronScheduleError
 */
export function parseCronSchedule(schedule: string, timeZone = 'UTC'): CronSchedule {
  const text = schedule.trim();
  if (text.startsWith('@every ')) return everyInterval(text.slice('@every '.length));
  if (text.startsWith('@') && shortcuts[text] === undefined) {
    throw new CronScheduleError(`unrecognized descriptor: ${text}`);
  }
  const parts = (shortcuts[text] ?? text).split(/\s+/);
  const [minute, hour, day, month, weekday] = parts;
  if (
    parts.length !== 5 ||
    minute === undefined ||
    hour === undefined ||
    day === undefined ||
    month === undefined ||
    weekday === undefined
  ) {
    throw new CronScheduleError(`expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`);
  }
  return new FieldSchedule(
    {
      minute: parseField(minute, minuteField),
      hour: parseField(hour, hourField),
      day: parseField(day, dayField),
      month: parseField(month, monthField),
      weekday: parseField(weekday, weekdayField),
    },
    wallClock(timeZone),
  );
}

const unitMillis: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: minuteMillis, h: hourMillis };

function everyInterval(text: string): CronSchedule {
  if (!/^(\d+(\.\d+)?(ms|h|m|s))+$/.test(text)) throw new CronScheduleError(`failed to parse duration @every ${text}`);
  let total = 0;
  for (const [, amount = '0', , unit = 's'] of text.matchAll(/(\d+(\.\d+)?)(ms|h|m|s)/g)) {
    total += Number(amount) * (unitMillis[unit] ?? 0);
  }
  const interval = Math.max(1, Math.floor(total / 1000)) * 1000;
  return { next: (after) => Math.floor(after / 1000) * 1000 + interval };
}

function parseField(text: string, field: Field): Values {
  const values = new Set<number>();
  let any = false;
  for (const item of text.split(',')) {
    const [range = '', stepText, tooMany] = item.split('/');
    if (tooMany !== undefined) throw new CronScheduleError(`too many slashes: ${item}`);
    const step = stepText === undefined ? 1 : Number(stepText);
    if (!Number.isInteger(step) || step < 1) throw new CronScheduleError(`step of range should be positive: ${item}`);
    const isStar = range === '*' || range === '?';
    any ||= isStar && step === 1;
    const { start, end } = isStar ? { start: field.low, end: field.high } : bounds(range, item, field, stepText);
    for (let value = start; value <= end; value += step) values.add(value);
  }
  return { any, values };
}

function bounds(
  range: string,
  item: string,
  field: Field,
  step: string | undefined,
): { readonly start: number; readonly end: number } {
  const [low = '', high, tooMany] = range.split('-');
  if (tooMany !== undefined) throw new CronScheduleError(`too many hyphens: ${item}`);
  const start = parseValue(low, field);
  // `5/10` means `5-59/10`.
  const single = step === undefined ? start : field.high;
  const end = high === undefined ? single : parseValue(high, field);
  if (start < field.low) {
    throw new CronScheduleError(`beginning of range (${start}) below minimum (${field.low}): ${item}`);
  }
  if (end > field.high) throw new CronScheduleError(`end of range (${end}) above maximum (${field.high}): ${item}`);
  if (start > end) throw new CronScheduleError(`beginning of range (${start}) beyond end of range (${end}): ${item}`);
  return { start, end };
}

function parseValue(text: string, field: Field): number {
  const named = field.names.indexOf(text.toLowerCase());
  if (named >= 0) return named + field.low;
  if (!/^\d+$/.test(text)) throw new CronScheduleError(`failed to parse int from ${text}`);
  return Number(text);
}

interface WallTime {
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
}

/** What clocks in a time zone show. */
function wallClock(timeZone: string): (millis: number) => WallTime {
  if (timeZone === 'UTC' || timeZone === 'Etc/UTC') {
    return (millis) => {
      const date = new Date(millis);
      return {
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
        weekday: date.getUTCDay(),
        hour: date.getUTCHours(),
        minute: date.getUTCMinutes(),
      };
    };
  }
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      month: 'numeric',
      day: 'numeric',
      weekday: 'short',
      hour: 'numeric',
      minute: 'numeric',
    });
  } catch {
    throw new CronScheduleError(`unknown time zone ${timeZone}`);
  }
  return (millis) => {
    const parts = new Map(format.formatToParts(millis).map(({ type, value }) => [type, value]));
    const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
    return {
      month: number('month'),
      day: number('day'),
      weekday: dayNames.indexOf((parts.get('weekday') ?? '').toLowerCase()),
      hour: number('hour'),
      minute: number('minute'),
    };
  };
}

interface Fields {
  readonly minute: Values;
  readonly hour: Values;
  readonly day: Values;
  readonly month: Values;
  readonly weekday: Values;
}

/** Walks real time and looks at the wall clock, so that hours which a zone skips or repeats need no rule of their own. */
class FieldSchedule implements CronSchedule {
  readonly #fields: Fields;
  readonly #wallTime: (millis: number) => WallTime;

  constructor(fields: Fields, wallTime: (millis: number) => WallTime) {
    this.#fields = fields;
    this.#wallTime = wallTime;
  }

  next(after: number): number | undefined {
    const { minute, hour, month } = this.#fields;
    let time = (Math.floor(after / minuteMillis) + 1) * minuteMillis;
    while (time - after < horizonMillis) {
      const wall = this.#wallTime(time);
      const toFullHour = (60 - wall.minute) * minuteMillis;
      if (!month.values.has(wall.month) || !this.#isDay(wall)) {
        // Up to 22:00 in one step: a change of clocks in between cannot carry it past midnight.
        time += toFullHour + Math.max(0, 21 - wall.hour) * hourMillis;
      } else if (!hour.values.has(wall.hour)) time += toFullHour;
      else if (!minute.values.has(wall.minute)) time += minuteMillis;
      else return time;
    }
    return undefined;
  }

  /** Both fields of days must match when one of them is a star; else one is enough. */
  #isDay(wall: WallTime): boolean {
    const { day, weekday } = this.#fields;
    const isDay = day.values.has(wall.day);
    const isWeekday = weekday.values.has(wall.weekday);
    return day.any || weekday.any ? isDay && isWeekday : isDay || isWeekday;
  }
}
