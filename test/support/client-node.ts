import workerThreads from 'node:worker_threads';
import zlib from 'node:zlib';

/** What of an object the informers of `@kubernetes/client-node` are held against. */
export interface ForeignObject {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
}

/** An informer of `@kubernetes/client-node`. */
export interface ForeignInformer {
  on(verb: 'change' | 'error' | 'connect', callback: (value: unknown) => void): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  list(): readonly ForeignObject[];
}

interface KubeConfig {
  loadFromOptions(options: object): void;
}

interface Watch {
  readonly config: KubeConfig;
}

/** The parts of `@kubernetes/client-node` that tests use, in types of our own: its own take seconds to check. */
export interface ClientNode {
  readonly KubeConfig: new () => KubeConfig;
  readonly Watch: new (config: KubeConfig) => Watch;
  readonly ListWatch: new (
    path: string,
    watch: Watch,
    list: () => Promise<unknown>,
    autoStart: boolean,
    labelSelector: string | undefined,
    fieldSelector: string | undefined,
    options: { readonly delayFn: () => Promise<void> },
  ) => ForeignInformer;
}

const packageName = '@kubernetes/client-node';

/** Promise.withResolvers, which Node 20 does not have. */
function withResolvers(): object {
  const parts = {};
  const promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return { promise, ...parts };
}

/** Loads the client, which no one here wrote. Its HTTP library uses three functions that Node 20 does not have. */
export async function loadClientNode(): Promise<ClientNode> {
  const missing: readonly [object, string, () => unknown][] = [
    [zlib, 'createZstdDecompress', () => undefined],
    [workerThreads, 'markAsUncloneable', () => undefined],
    [Promise, 'withResolvers', withResolvers],
  ];
  for (const [owner, name, stub] of missing) if (!Reflect.has(owner, name)) Reflect.set(owner, name, stub);
  return (await import(packageName)) as ClientNode;
}
