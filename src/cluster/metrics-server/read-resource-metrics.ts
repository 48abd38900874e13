/** What something used at a time. */
export interface UsePoint {
  /** Milliseconds since the epoch; 0 for what does not say. */
  readonly startedAt: number;
  readonly at: number;
  /** Since the start. */
  readonly cpuNanoSeconds: number;
  readonly memoryBytes: number;
}

/** What a kubelet tells: of its node, and of containers by their pod (`NAMESPACE/NAME`) and name. */
export interface NodeReading {
  readonly node: UsePoint | undefined;
  readonly pods: ReadonlyMap<string, ReadonlyMap<string, UsePoint>>;
}

type MutablePoint = { -readonly [Key in keyof UsePoint]: UsePoint[Key] };

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([^ ]+)(?: (-?\d+))?$/;
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/**
 * Reads `/metrics/resource` of a kubelet. A node, or a pod with a container, of which not all is known is left out.
 * @param now the time of values that come without
 * @throws Error for what is no text of metrics
 */
export function readResourceMetrics(text: string, now: number): NodeReading {
  const node = emptyPoint();
  const pods = new Map<string, Map<string, MutablePoint>>();
  for (const written of text.split('\n')) {
    if (written === '' || written.startsWith('#')) continue;
    const match = line.exec(written);
    if (match === null) throw new Error(`failed parsing metrics: ${JSON.stringify(written)}`);
    const [, name = '', labels = '', value = '', time] = match;
    const amount = Number(value);
    const at = time === undefined ? now : Number(time);
    if (name === 'node_cpu_usage_seconds_total') setCpu(node, amount, at);
    else if (name === 'node_memory_working_set_bytes') setMemory(node, amount, at);
    else if (name === 'container_cpu_usage_seconds_total') setCpu(pointOf(pods, labels), amount, at);
    else if (name === 'container_memory_working_set_bytes') setMemory(pointOf(pods, labels), amount, at);
    else if (name === 'container_start_time_seconds') pointOf(pods, labels).startedAt = amount * 1000;
  }
  const whole = [...pods].filter(([, containers]) => [...containers.values()].every(isWhole));
  return { node: isWhole(node) ? node : undefined, pods: new Map(whole) };
}

function emptyPoint(): MutablePoint {
  return { startedAt: 0, at: 0, cpuNanoSeconds: 0, memoryBytes: 0 };
}

function setCpu(point: MutablePoint, seconds: number, at: number): void {
  point.cpuNanoSeconds = Math.trunc(seconds * 1e9);
  point.at = at;
}

function setMemory(point: MutablePoint, bytes: number, at: number): void {
  point.memoryBytes = Math.trunc(bytes);
  point.at = at;
}

function isWhole({ at, cpuNanoSeconds, memoryBytes }: UsePoint): boolean {
  return at > 0 && cpuNanoSeconds > 0 && memoryBytes > 0;
}

function pointOf(pods: Map<string, Map<string, MutablePoint>>, labels: string): MutablePoint {
  const of = new Map([...labels.matchAll(label)].map(([, name = '', value = '']) => [name, value]));
  const pod = `${of.get('namespace') ?? ''}/${of.get('pod') ?? ''}`;
  const containers = pods.get(pod) ?? new Map<string, MutablePoint>();
  pods.set(pod, containers);
  const container = of.get('container') ?? '';
  const point = containers.get(container) ?? emptyPoint();
  containers.set(container, point);
  return point;
}
