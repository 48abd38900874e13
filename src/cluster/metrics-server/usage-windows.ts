import type { NodeReading, UsePoint } from './read-resource-metrics.ts';

/** What was used on average between two looks. */
export interface WindowedUse {
  /** The end of the window, in milliseconds since the epoch. */
  readonly at: number;
  readonly windowMillis: number;
  /** Billionths of a processor. */
  readonly nanoCores: number;
  readonly memoryBytes: number;
}

/** The same for a pod: the window is that of the container that was looked at first. */
export interface PodUse {
  readonly at: number;
  readonly windowMillis: number;
  readonly containers: readonly (readonly [name: string, use: WindowedUse])[];
}

/** A container that has run that long is told of after one look: its start is the other. */
const freshMillis = 10_000;

interface Looks {
  readonly last: UsePoint;
  readonly before: UsePoint | undefined;
}

/**
 * Keeps the last two looks at everything and makes averages of them, by the rules of metrics-server: two looks have to be
 * of the same run of a container and of different times, and a pod is told of when all its containers can be.
 */
export class UsageWindows {
  readonly #resolution: number;
  #nodes: ReadonlyMap<string, Looks> = new Map();
  #pods: ReadonlyMap<string, ReadonlyMap<string, Looks>> = new Map();

  /** @param resolutionMillis how long it is from one look to the next */
  constructor(resolutionMillis: number) {
    this.#resolution = resolutionMillis;
  }

  /** Whether there is anything to tell. */
  get isReady(): boolean {
    const hasTwo = ({ before }: Looks): boolean => before !== undefined;
    return (
      [...this.#nodes.values()].some(hasTwo) ||
      [...this.#pods.values()].some((containers) => [...containers.values()].some(hasTwo))
    );
  }

  /** Takes what was seen of all nodes; what is not in it is forgotten. @param readings by the names of nodes */
  add(readings: ReadonlyMap<string, NodeReading>): void {
    const nodes = new Map<string, Looks>();
    const pods = new Map<string, ReadonlyMap<string, Looks>>();
    for (const [name, { node, pods: ofNode }] of readings) {
      if (node !== undefined) nodes.set(name, looksAt(node, this.#nodes.get(name)));
      for (const [pod, containers] of ofNode) {
        const known = this.#pods.get(pod);
        const looks = [...containers].map(([container, point]): [string, Looks] => [
          container,
          this.#looksAtContainer(point, known?.get(container)),
        ]);
        pods.set(pod, new Map(looks));
      }
    }
    this.#nodes = nodes;
    this.#pods = pods;
  }

  /** What a node used; undefined when that is not known (yet). */
  ofNode(name: string): WindowedUse | undefined {
    const looks = this.#nodes.get(name);
    return looks === undefined ? undefined : averageOf(looks);
  }

  /** What the containers of a pod used. @param pod `NAMESPACE/NAME` */
  ofPod(pod: string): PodUse | undefined {
    const containers = [...(this.#pods.get(pod) ?? [])];
    if (containers.length === 0 || containers.some(([, { before }]) => before === undefined)) return undefined;
    const uses = containers.flatMap(([name, looks]): [string, WindowedUse][] => {
      const use = averageOf(looks);
      return use === undefined ? [] : [[name, use]];
    });
    const [first] = uses.map(([, use]) => use).toSorted((left, right) => left.at - right.at);
    return first === undefined ? undefined : { at: first.at, windowMillis: first.windowMillis, containers: uses };
  }

  #looksAtContainer(point: UsePoint, known: Looks | undefined): Looks {
    const age = point.at - point.startedAt;
    if (age >= freshMillis && age < this.#resolution) {
      return { last: point, before: { ...point, at: point.startedAt, cpuNanoSeconds: 0 } };
    }
    // Started since: what was seen is of another run.
    const isSame = known !== undefined && point.startedAt < known.last.at;
    return looksAt(point, isSame ? known : undefined);
  }
}

function looksAt(point: UsePoint, known: Looks | undefined): Looks {
  if (known === undefined) return { last: point, before: undefined };
  if (point.at > known.last.at) return { last: point, before: known.last };
  const { before } = known;
  return { last: point, before: before !== undefined && before.at < point.at ? before : undefined };
}

function averageOf({ last, before }: Looks): WindowedUse | undefined {
  if (before === undefined || last.startedAt < before.startedAt) return undefined;
  const nanoSeconds = last.cpuNanoSeconds - before.cpuNanoSeconds;
  const windowMillis = last.at - before.at;
  if (nanoSeconds < 0 || windowMillis <= 0) return undefined;
  return {
    at: last.at,
    windowMillis,
    nanoCores: Math.trunc((nanoSeconds * 1000) / windowMillis),
    memoryBytes: last.memoryBytes,
  };
}
