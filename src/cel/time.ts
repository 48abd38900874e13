import { checkedTimestamp } from './arithmetic.ts';
import { CelDuration, CelEvaluationError, type CelTimestamp } from './values.ts';

const second = 1_000_000_000n;
const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: second,
  m: 60n * second,
  h: 3600n * second,
};

/** Reads Go's form of a duration, `1h2m3.5s`, to the nanosecond; undefined for what is none or does not fit. */
export function readDuration(text: string): CelDuration | undefined {
  const [, sign = '', body = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (body === '0') return new CelDuration(0n);
  if (body === '' || !/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(body)) return undefined;
  let total = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of body.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const size = units[unit] ?? 0n;
    total += BigInt(whole === '' ? '0' : whole) * size;
    if (fraction !== '') total += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
  }
  if (total > 2n ** 63n - (sign === '-' ? 0n : 1n)) return undefined;
  return new CelDuration(sign === '-' ? -total : total);
}

/** `3.5s`: seconds, without an exponent, as exact as a double is. */
export function writeDuration({ nanoseconds }: CelDuration): string {
  const seconds = Number(nanoseconds / second) + Number(nanoseconds % second) / 1e9;
  return `${withoutExponent(seconds)}s`;
}

/** A number with the fewest digits that read back, none of them an exponent's. */
function withoutExponent(value: number): string {
  const text = String(value);
  const [, sign = '', whole = '', fraction = '', power] = /^(-?)(\d)(?:\.(\d+))?e-(\d+)$/.exec(text) ?? [];
  return power === undefined ? text : `${sign}0.${'0'.repeat(Number(power) - 1)}${whole}${fraction}`;
}

/** Reads RFC 3339; undefined for what is none. @throws CelEvaluationError for years that do not fit. */
export function readTimestamp(text: string): CelTimestamp | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})T(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '', day = '', hours = '', minutes = '', seconds = '', fraction = '', zone = ''] = match;
  const days = new Date(0);
  days.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isDay = days.getUTCMonth() === Number(month) - 1 && days.getUTCDate() === Number(day);
  if (!isDay || Number(month) < 1 || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) {
    return undefined;
  }
  const offset = zone === 'Z' ? 0 : Number(`${zone[0]}1`) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4)));
  if (Number(zone.slice(1, 3)) > 24 || Number(zone.slice(4)) > 59) return undefined;
  const clock = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) - offset * 60;
  const whole = BigInt(days.getTime() / 1000 + clock) * second;
  return checkedTimestamp(whole + BigInt(fraction.slice(0, 9).padEnd(9, '0')), offset);
}

/** RFC 3339 in its own zone with as many digits as there are. */
export function writeTimestamp({ nanoseconds, offsetMinutes }: CelTimestamp): string {
  const seconds = floorDivide(nanoseconds, second);
  const fraction = String(nanoseconds - seconds * second)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const text = new Date((Number(seconds) + offsetMinutes * 60) * 1000).toISOString();
  const ahead = Math.abs(offsetMinutes);
  const part = (value: number): string => String(value).padStart(2, '0');
  const zone =
    offsetMinutes === 0 ? 'Z' : `${offsetMinutes < 0 ? '-' : '+'}${part(Math.floor(ahead / 60))}:${part(ahead % 60)}`;
  return `${text.slice(0, -5)}${fraction === '' ? '' : `.${fraction}`}${zone}`;
}

/** Division that rounds down. */
export function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

/** The calendar of a point in time in a zone: a name, `+hh:mm`, or UTC. The date's UTC fields are the zone's local ones. */
export function localDate(time: CelTimestamp, zone: string): Date {
  const millis = Number(floorDivide(time.nanoseconds, 1_000_000n));
  return new Date(millis + zoneOffsetMinutes(zone, millis) * 60_000);
}

function zoneOffsetMinutes(zone: string, millis: number): number {
  if (zone === '' || zone === 'UTC') return 0;
  const colon = zone.indexOf(':');
  if (colon >= 0) {
    const [hours, minutes] = [zone.slice(0, colon), zone.slice(colon + 1)];
    for (const part of [hours, minutes]) {
      if (!/^[+-]?\d+$/.test(part)) {
        throw new CelEvaluationError(`strconv.Atoi: parsing ${JSON.stringify(part)}: invalid syntax`);
      }
    }
    const whole = Number(hours) * 60;
    return zone.startsWith('-') ? whole - Number(minutes) : whole + Number(minutes);
  }
  let shown: string;
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    shown = format.formatToParts(millis).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  } catch {
    throw new CelEvaluationError(`unknown time zone ${zone}`);
  }
  const [, sign, hours, minutes] = /GMT([+-])(\d{2}):(\d{2})/.exec(shown) ?? [];
  if (sign === undefined) return 0;
  return Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes));
}
