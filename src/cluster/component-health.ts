import { readBody } from '../apimachinery/http.ts';
import { createHttpTransport } from '../client/http-transport.ts';
import { asTransportError } from '../client/transport-error.ts';
import { transportReason } from '../client/transport-reason.ts';
import type { ClusterComponent } from '../control-plane/apiserver/registry/component-statuses.ts';
import type { Storage } from '../control-plane/storage/storage.ts';

/** Where components that are programs of their own tell of their health. */
const ports: Readonly<Record<string, number>> = { scheduler: 10_259, 'controller-manager': 10_257 };

/**
 * What componentstatuses tells of: those of this process are well while it runs, those left out are asked where
 * Kubernetes' own listen.
 * @param without the components that another program does the work of
 */
export function clusterComponents(storage: Storage, without: readonly string[]): readonly ClusterComponent[] {
  const own = Object.entries(ports).map(([name, port]) => ({
    name,
    check: () => (without.includes(name) ? askHealth(port) : Promise.resolve('ok')),
  }));
  return [...own, { name: 'etcd-0', check: () => storage.get('health').then(() => 'ok') }];
}

async function askHealth(port: number): Promise<string> {
  const address = `127.0.0.1:${port}`;
  const transport = createHttpTransport({ server: `https://${address}`, insecureSkipTlsVerify: true });
  try {
    const { status, body } = await transport.send({ method: 'GET', path: '/healthz', headers: {} });
    const text = Buffer.from(await readBody(body)).toString('utf8');
    if (status !== 200) throw new Error(text);
    return text;
  } catch (error) {
    const reason = transportReason(asTransportError(error, address));
    throw new Error(`Get "https://${address}/healthz": ${reason}`, { cause: error });
  } finally {
    await transport.close();
  }
}
