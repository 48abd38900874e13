import { formatGoFloat } from '../../../apimachinery/go-float.ts';
import type { HttpResponse } from '../../../apimachinery/http.ts';
import { metricHeader, metricLabelText } from '../../../apimachinery/prometheus-text.ts';

/** Labels by name. */
export type MetricLabels = Readonly<Record<string, string>>;

/** A value with its labels, and when it was so where that is said (milliseconds since the epoch). */
export type MetricSample = readonly [labels: MetricLabels, value: number, at?: number];

/** All samples of one name. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  /** How far its name may be relied on; not said of those of other projects. */
  readonly stability?: 'ALPHA' | 'BETA' | 'STABLE';
  readonly samples: readonly MetricSample[];
}

/** Prometheus' text format, version 0.0.4: families by name, samples by labels; a family without samples is not there. */
export function metricText(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const { name, help, type, stability, samples } of families.toSorted((a, b) => compare(a.name, b.name))) {
    if (samples.length === 0) continue;
    const written = samples.map(([labels, value, at]) => ({ labels: labelText(labels), value, at }));
    lines.push(...metricHeader(name, type, help, stability));
    for (const { labels, value, at } of written.toSorted((a, b) => compare(a.labels, b.labels))) {
      lines.push(`${name}${labels} ${formatGoFloat(value)}${at === undefined ? '' : ` ${at}`}`);
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** An answer of metrics. */
export function metricAnswer(families: readonly MetricFamily[]): HttpResponse {
  const type = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';
  return { status: 200, headers: { 'content-type': type }, body: Buffer.from(metricText(families)) };
}

function labelText(labels: MetricLabels): string {
  const pairs = Object.entries(labels)
    .toSorted(([left], [right]) => compare(left, right))
    .map(([name, value]) => metricLabelText(name, value));
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
