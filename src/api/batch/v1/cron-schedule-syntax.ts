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
  if (extra !== undefined) return `too many slashes: ${item}`;
  if (step !== undefined && !/^[1-9]\d*$/.test(step)) return `failed to parse int from ${step}`;
  if (range === '*' || range === '?') return undefined;
  const [low = '', high = low, more] = range.split('-');
  if (more !== undefined) return `too many hyphens: ${item}`;
  const start = valueOf(low, field);
  const end = valueOf(high, field);
  if (start === undefined || end === undefined) {
    return `failed to parse int from ${start === undefined ? low : high}: strconv.Atoi: parsing "${start === undefined ? low : high}": invalid syntax`;
  }
  if (start < field.low) return `beginning of range (${start}) below minimum (${field.low}): ${item}`;
  if (end > field.high) return `end of range (${end}) above maximum (${field.high}): ${item}`;
  return start > end ? `beginning of range (${start}) beyond end of range (${end}): ${item}` : undefined;
}

function valueOf(text: string, field: (typeof fields)[number]): number | undefined {
  const named = field.names?.split('|').indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + field.low;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
