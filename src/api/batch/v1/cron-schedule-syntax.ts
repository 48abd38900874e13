const fields: readonly {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly names?: string;
}[] = [
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day of month', low: 1, high: 31 },
  { name: 'month', low: 1, high: 12, names: 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec' },
  { name: 'day of week', low: 0, high: 6, names: 'sun|mon|tue|wed|thu|fri|sat' },
];

const shortcuts = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);

/** What is wrong with a schedule of five fields (robfig/cron's standard parser); undefined when nothing is. */
export function isCronSchedule(schedule: string): string | undefined {
  if (shortcuts.has(schedule) || schedule.startsWith('@every ')) return undefined;
  if (schedule.startsWith('@')) return `unrecognized descriptor: ${schedule}`;
  const parts = schedule.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== 5) return `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`;
  for (const [index, part] of parts.entries()) {
    const field = fields[index];
    if (field === undefined) continue;
    for (const item of part.split(',')) {
      const problem = checkItem(item, field);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function checkItem(item: string, field: (typeof fields)[number]): string | undefined {
  const [range = '', step, extra] = item.split('/');
  const [low = '', high, more] = range.split('-');
  const isAny = low === '*' || low === '?';
  const start = isAny ? field.low : valueOf(low, field);
  if (typeof start === 'string') return start;
  if (!isAny && more !== undefined) return `too many hyphens: ${item}`;
  const last = isAny ? field.high : high === undefined ? start : valueOf(high, field);
  if (typeof last === 'string') return last;
  if (extra !== undefined) return `too many slashes: ${item}`;
  const every = step === undefined ? 1 : valueOf(step, {});
  if (typeof every === 'string') return every;
  // A number with a step goes on to the end of the field.
  const end = step !== undefined && high === undefined ? field.high : last;
  if (start < field.low) return `beginning of range (${start}) below minimum (${field.low}): ${item}`;
  if (end > field.high) return `end of range (${end}) above maximum (${field.high}): ${item}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${item}`;
  return every === 0 ? `step of range should be a positive number: ${item}` : undefined;
}

/** A number, or what is wrong with it. */
function valueOf(text: string, { names, low = 0 }: Partial<(typeof fields)[number]>): number | string {
  const named = names?.split('|').indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + low;
  if (!/^[-+]?\d+$/.test(text)) {
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
  }
  return Number(text) < 0 ? `negative number (${Number(text)}) not allowed: ${text}` : Number(text);
}
