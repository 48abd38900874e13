/** Text that is no duration; the message is Go's. */
export class DurationError extends Error {}

const unitNanos: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Reads Go's form, `1h2m3.5s`. @returns milliseconds. @throws DurationError with Go's text. */
export function parseDuration(text: string): number {
  const quoted = JSON.stringify(text);
  const match = /^([+-]?)(.*)$/.exec(text);
  const sign = match?.[1] === '-' ? -1 : 1;
  let rest = match?.[2] ?? '';
  if (rest === '0') return 0;
  if (rest === '') throw new DurationError(`time: invalid duration ${quoted}`);
  let nanos = 0;
  while (rest !== '') {
    const part = /^(\d*\.?\d*)([^\d.]*)/.exec(rest);
    const [whole = '', number = '', unit = ''] = part ?? [];
    if (number === '' || number === '.') throw new DurationError(`time: invalid duration ${quoted}`);
    if (unit === '') throw new DurationError(`time: missing unit in duration ${quoted}`);
    const size = unitNanos[unit];
    if (size === undefined) throw new DurationError(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    nanos += Number(number) * size;
    rest = rest.slice(whole.length);
  }
  return (sign * nanos) / 1e6;
}

/** Writes Go's form: `1h0m5s`, `1.5s`, `300ms`, `0s`. */
export function formatDuration(millis: number): string {
  if (millis === 0) return '0s';
  const sign = millis < 0 ? '-' : '';
  const size = Math.abs(millis);
  if (size < 0.001) return `${sign}${Math.round(size * 1e6)}ns`;
  if (size < 1) return `${sign}${trimNumber(size * 1000)}µs`;
  if (size < 1000) return `${sign}${trimNumber(size)}ms`;
  const hours = Math.floor(size / 3_600_000);
  const minutes = Math.floor((size % 3_600_000) / 60_000);
  const seconds = trimNumber((size % 60_000) / 1000);
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`;
}

function trimNumber(value: number): string {
  return `${Number(value.toFixed(9))}`;
}

/** How long ago, short: `45s`, `3m20s`, `5h`, `2d3h`, `400d`, `3y20d` (apimachinery's duration.HumanDuration). */
export function humanDuration(millis: number): string {
  const seconds = Math.trunc(millis / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(millis / 60_000);
  if (minutes < 10) return joined(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(millis / 3_600_000);
  if (hours < 8) return joined(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 192) return joined(days, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return `${days}d`;
  if (hours < 24 * 365 * 8) return joined(Math.trunc(days / 365), 'y', days % 365, 'd');
  return `${Math.trunc(days / 365)}y`;
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}

/** Like humanDuration with the largest unit alone: `3m`, `5h`, `2d`. */
export function shortHumanDuration(millis: number): string {
  const seconds = Math.trunc(millis / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.trunc(millis / 60_000);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.trunc(millis / 3_600_000);
  if (hours < 24) return `${hours}h`;
  return hours < 24 * 365 ? `${Math.trunc(hours / 24)}d` : `${Math.trunc(hours / 24 / 365)}y`;
}
