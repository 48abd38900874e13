import type { Transport } from '../apimachinery/http.ts';
import { NoMatchError } from '../apimachinery/rest-mapping.ts';
import type { Discovery } from '../schema-cache/discovery.ts';

/** Paths of objects and collections, below those of discovery. */
const resourcePath = /^\/(api\/[^/?]+|apis\/[^/?]+\/[^/?]+)\/[^?]/;

/** A transport whose reads of objects ask for those too that are not initialized, where that is wanted. */
export function readUninitialized(transport: Transport, isWanted: () => Promise<boolean>): Transport {
  return {
    async send(request) {
      const isRead = request.method === 'GET' && resourcePath.test(request.path);
      if (!isRead || !(await isWanted())) return transport.send(request);
      const path = `${request.path}${request.path.includes('?') ? '&' : '?'}includeUninitialized=true`;
      return transport.send({ ...request, path });
    },
    close: () => transport.close(),
  };
}

/** Whether a server has initializers at all, by what it serves. */
export async function servesInitializers(discovery: Discovery): Promise<boolean> {
  const mapper = await discovery.mapper();
  try {
    mapper.mappingForKind({ group: 'admissionregistration.k8s.io', kind: 'InitializerConfiguration' });
    return true;
  } catch (error) {
    if (error instanceof NoMatchError) return false;
    throw error;
  }
}
