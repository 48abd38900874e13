import { formatGoFloat } from '../../../apimachinery/go-float.ts';
import { metricHeader, metricLabelText } from '../../../apimachinery/prometheus-text.ts';
import type { Clock } from '../../../system/clock.ts';
import { RecentValues } from './recent-values.ts';

/** How much a metric's name may be relied on, as Kubernetes says in its HELP line. */
export type StabilityLevel = 'INTERNAL' | 'ALPHA' | 'BETA' | 'STABLE';

/** What every family of metrics has. */
export interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly stability?: StabilityLevel;
  /** Since which version of Kubernetes the name is not to be used any more. */
  readonly deprecatedSince?: string;
  /** Names of the labels; each value is given in this order. */
  readonly labels?: readonly string[];
}

interface Family extends MetricOptions {
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  samples(): Iterable<string>;
  reset(): void;
}

/** A number that grows. */
export interface Counter {
  add(labels: readonly string[], amount?: number): void;
  /** The same for labels that are known beforehand; shown as 0 before anything was counted. */
  bind(labels: readonly string[]): (amount?: number) => void;
}

/** A number that is set, or goes up and down. */
export interface Gauge extends Counter {
  set(labels: readonly string[], value: number): void;
  /** Forgets all values, before they are set anew. */
  clear(): void;
  /** Forgets one value. */
  remove(labels: readonly string[]): void;
}

/** Counts observations by size. */
export interface Histogram {
  /** @param times how often the value was seen; once when absent. */
  observe(labels: readonly string[], value: number, times?: number): void;
  /** The same for labels that are known beforehand, without looking for them each time. */
  bind(labels: readonly string[]): (value: number) => void;
}

/** Observations of the last hours, of which quantiles are shown. */
export interface Summary {
  observe(labels: readonly string[], value: number): void;
}

/** Upper bounds in seconds that Prometheus' libraries take where none are given. */
export const usualBuckets: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Families of metrics, shown in Prometheus' text format 0.0.4. */
export class MetricRegistry {
  readonly #families = new Map<string, Family>();
  readonly #refreshers: (() => void | Promise<void>)[] = [];
  #hidden: ReadonlySet<string> = new Set();
  #disabled: Counter | undefined;

  /** Families of these names are not shown, whatever they count. */
  hide(names: readonly string[]): void {
    this.#hidden = new Set(names);
    this.#disabled?.add([], names.filter((name) => this.#families.has(name)).length);
  }

  counter(options: MetricOptions): Counter {
    return this.#numbers('counter', options);
  }

  gauge(options: MetricOptions): Gauge {
    return this.#numbers('gauge', options);
  }

  /** @param buckets upper bounds, ascending, without the infinite one. */
  histogram(options: MetricOptions & { readonly buckets: readonly number[] }): Histogram {
    const { buckets, labels = [] } = options;
    const labelText = labelWriter(options);
    const series = new Map<string, { readonly counts: number[]; sum: number; count: number }>();
    let resets = 0;
    type Observed = { readonly counts: number[]; sum: number; count: number };
    const seriesOf = (key: string): Observed => {
      let known = series.get(key);
      if (known === undefined) series.set(key, (known = { counts: buckets.map(() => 0), sum: 0, count: 0 }));
      return known;
    };
    this.#add({
      ...options,
      type: 'histogram',
      reset() {
        series.clear();
        resets++;
      },
      *samples() {
        // What has no labels is there before anything was observed.
        if (labels.length === 0) seriesOf('');
        for (const [text, { counts, sum, count }] of sorted(series)) {
          let below = 0;
          for (const [index, bound] of buckets.entries()) {
            below += counts[index] ?? 0;
            yield `${options.name}_bucket${braces(text, `le="${formatGoFloat(bound)}"`)} ${formatGoFloat(below)}`;
          }
          yield `${options.name}_bucket${braces(text, 'le="+Inf"')} ${formatGoFloat(count)}`;
          yield `${options.name}_sum${braces(text)} ${formatGoFloat(sum)}`;
          yield `${options.name}_count${braces(text)} ${formatGoFloat(count)}`;
        }
      },
    });
    const add = (known: Observed, value: number, times = 1): void => {
      const index = buckets.findIndex((bound) => value <= bound);
      if (index >= 0) known.counts[index] = (known.counts[index] ?? 0) + times;
      known.sum += value * times;
      known.count += times;
    };
    return {
      observe: (labels, value, times) => add(seriesOf(labelText(labels)), value, times),
      bind(labels) {
        const key = labelText(labels);
        let bound: Observed | undefined;
        let boundTo = resets;
        return (value) => {
          if (bound === undefined || boundTo !== resets) {
            bound = seriesOf(key);
            boundTo = resets;
          }
          add(bound, value);
        };
      },
    };
  }

  /** Shows the quantiles 0.5, 0.9 and 0.99 of what was observed not longer ago than `maxAgeSeconds`. */
  summary(options: MetricOptions & { readonly maxAgeSeconds: number; readonly clock: Clock }): Summary {
    const labelText = labelWriter(options);
    const series = new Map<string, RecentValues>();
    this.#add({
      ...options,
      type: 'summary',
      reset: () => series.clear(),
      *samples() {
        for (const [labels, values] of sorted(series)) {
          for (const quantile of [0.5, 0.9, 0.99]) {
            const shown = formatGoFloat(values.quantile(quantile));
            yield `${options.name}${braces(labels, `quantile="${quantile}"`)} ${shown}`;
          }
          yield `${options.name}_sum${braces(labels)} ${formatGoFloat(values.sum)}`;
          yield `${options.name}_count${braces(labels)} ${values.count}`;
        }
      },
    });
    return {
      observe(labels, value) {
        const key = labelText(labels);
        let values = series.get(key);
        if (values === undefined) series.set(key, (values = new RecentValues(options.clock, options.maxAgeSeconds)));
        values.add(value);
      },
    };
  }

  /** Tells how many families there are, by how far their names may be relied on, and how many are not shown. */
  countFamilies(): void {
    this.#disabled = this.#numbers('counter', {
      name: 'disabled_metrics_total',
      help: 'Families of metrics that are switched off.',
      stability: 'BETA',
    });
    this.#disabled.add([], 0);
    const families = this.#numbers('counter', {
      name: 'registered_metrics_total',
      help: 'Families of metrics, by stability and by the version that deprecated them.',
      stability: 'BETA',
      labels: ['stability_level', 'deprecated_version'],
    });
    this.onShow(() => {
      families.clear();
      for (const { stability, deprecatedSince = '' } of this.#families.values()) {
        if (stability !== undefined) families.add([stability, deprecatedSince]);
      }
    });
  }

  /** Runs before metrics are shown, to set those that are only read then. */
  onShow(refresh: () => void | Promise<void>): void {
    this.#refreshers.push(refresh);
  }

  /** Begins to count anew. */
  reset(): void {
    for (const family of this.#families.values()) family.reset();
  }

  /** All families that have values, in the order of their names. */
  async show(): Promise<string> {
    for (const refresh of this.#refreshers) await refresh();
    const lines: string[] = [];
    for (const [, family] of sorted(this.#families)) {
      if (this.#hidden.has(family.name)) continue;
      const samples = [...family.samples()];
      if (samples.length === 0) continue;
      lines.push(...metricHeader(family.name, family.type, family.help, family.stability), ...samples);
    }
    return lines.map((line) => `${line}\n`).join('');
  }

  #numbers(type: 'counter' | 'gauge', options: MetricOptions): Gauge {
    const labelText = labelWriter(options);
    const series = new Map<string, number>();
    this.#add({
      ...options,
      type,
      reset() {
        // A gauge says how things are, which does not change by forgetting it.
        if (type !== 'counter') return;
        const isBare = series.has('');
        series.clear();
        // What has no labels is there before anything was counted.
        if (isBare && (options.labels ?? []).length === 0) series.set('', 0);
      },
      *samples() {
        for (const [labels, value] of sorted(series)) yield `${options.name}${braces(labels)} ${formatGoFloat(value)}`;
      },
    });
    return {
      add(labels, amount = 1) {
        const key = labelText(labels);
        series.set(key, (series.get(key) ?? 0) + amount);
      },
      bind(labels) {
        const key = labelText(labels);
        if (!series.has(key)) series.set(key, 0);
        return (amount = 1) => void series.set(key, (series.get(key) ?? 0) + amount);
      },
      set: (labels, value) => void series.set(labelText(labels), value),
      clear: () => series.clear(),
      remove: (labels) => void series.delete(labelText(labels)),
    };
  }

  #add(family: Family): void {
    if (this.#families.has(family.name)) throw new Error(`there is a metric ${family.name} already`);
    this.#families.set(family.name, family);
  }
}

function sorted<T>(entries: ReadonlyMap<string, T>): [string, T][] {
  return [...entries].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** Writes labels in the order of their names, as Prometheus' own client shows them; what was written is kept. */
function labelWriter({ name, labels = [] }: MetricOptions): (values: readonly string[]) => string {
  const written = new Map<string, string>();
  return (values) => {
    if (labels.length !== values.length) throw new Error(`${name} has the labels ${labels.join(', ')}`);
    const key = values.join('\0');
    const known = written.get(key);
    if (known !== undefined) return known;
    const text = labels
      .map((label, index) => metricLabelText(label, values[index] ?? ''))
      .toSorted()
      .join(',');
    written.set(key, text);
    return text;
  };
}

function braces(labels: string, more = ''): string {
  const all = [labels, more].filter((part) => part !== '').join(',');
  return all === '' ? '' : `{${all}}`;
}
