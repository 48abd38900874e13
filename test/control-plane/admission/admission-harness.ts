import { builtInSchemas } from '../../../src/api/registry.ts';
import type { GroupVersionResource } from '../../../src/apimachinery/gvk.ts';
import type { KubeObject, Unstructured } from '../../../src/apimachinery/object-meta.ts';
import { StatusError } from '../../../src/apimachinery/status.ts';
import type { Client } from '../../../src/client/client.ts';
import { createInProcessTransport } from '../../../src/client/in-process-transport.ts';
import { createClient } from '../../../src/client/rest-client.ts';
import { admissionChain } from '../../../src/control-plane/admission/admission-chain.ts';
import type {
  AdmissionAttributes,
  AdmissionContext,
  AdmissionPlugin,
} from '../../../src/control-plane/admission/admission-plugin.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { FixedInformer } from '../../support/fixed-informer.ts';

/** A cluster as plugins see it: objects by plural resource, and a client for which nothing else exists. */
export function clusterOf(
  objects: Readonly<Record<string, readonly unknown[]>>,
  more: Partial<AdmissionContext> = {},
): AdmissionContext {
  return {
    client: more.client ?? nothingElse(),
    clock: new FakeClock(),
    access: { authorize: () => Promise.resolve({ allowed: true, reason: '' }) },
    rules: { rulesFor: () => [], rulesOfRole: () => undefined },
    resourceOf: () => undefined,
    callWebhook: () => Promise.reject(new Error('no webhook is expected to be called')),
    kinds: {
      find: () => ({
        schema: {},
        types: builtInSchemas,
        isCustom: false,
        decode: refuseToRead,
        fillIn: () => undefined,
      }),
      equivalents: () => [],
      convert: (object) => Promise.resolve(object),
    },
    informer: <T extends KubeObject>(gvr: GroupVersionResource) =>
      new FixedInformer<T>(gvr, (objects[gvr.resource] ?? []) as T[]),
    ...more,
  };
}

const refuseToRead = (): never => {
  throw new Error('nothing is expected to be read');
};

function nothingElse(): Client {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason: 'NotFound',
    message: 'gone',
    code: 404,
  };
  const transport = createInProcessTransport(() =>
    Promise.resolve({
      status: 404,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(status)),
    }),
  );
  return createClient({ transport, userAgent: 'test/1.0' });
}

const kinds: Readonly<Record<string, string>> = {
  certificatesigningrequests: 'CertificateSigningRequest',
  deployments: 'Deployment',
  namespaces: 'Namespace',
  nodes: 'Node',
  persistentvolumeclaims: 'PersistentVolumeClaim',
  pods: 'Pod',
  roles: 'Role',
  serviceaccounts: 'ServiceAccount',
  services: 'Service',
};

/** The outcome of one request. */
export interface Outcome {
  /** Empty when it was let through. */
  readonly refusal: string;
  readonly error: StatusError | undefined;
  readonly warnings: readonly string[];
  /** As changed. */
  readonly object: Unstructured;
}

/** Sends an object through plugins; `what` says what else there is to know of the request. */
export async function admitted(
  plugins: readonly AdmissionPlugin[],
  resource: string,
  object: object,
  what: Partial<AdmissionAttributes> & { readonly group?: string; readonly old?: object } = {},
): Promise<Outcome> {
  const warnings: string[] = [];
  const candidate = structuredClone(object) as Unstructured;
  const { group = '', old, ...rest } = what;
  const attributes: AdmissionAttributes = {
    operation: old === undefined ? 'CREATE' : 'UPDATE',
    kind: { group, version: 'v1', kind: kinds[resource] ?? resource },
    resource: { group, version: 'v1', resource },
    subresource: '',
    namespace: 'ns',
    name: candidate.metadata.name ?? '',
    object: candidate,
    oldObject: old as Unstructured | undefined,
    dryRun: false,
    options: {},
    user: { username: 'ann', uid: '', groups: ['system:authenticated'], extra: {} },
    warn: (text) => warnings.push(text),
    ...rest,
  };
  const chain = admissionChain(plugins);
  try {
    await chain.mutate(attributes);
    await chain.validate(attributes);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { refusal: error.message, error, warnings, object: candidate };
  }
  return { refusal: '', error: undefined, warnings, object: candidate };
}

/** A pod with one container, and what else its spec has. */
export function podWith(spec: object = {}, container: object = {}, metadata: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'ns', ...metadata },
    spec: { containers: [{ name: 'c', image: 'i', ...container }], ...spec },
  };
}
