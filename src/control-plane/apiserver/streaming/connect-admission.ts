import type { JsonObject } from '../../../apimachinery/json.ts';
import { badRequest } from '../../../apimachinery/status.ts';
import { admissionRequest, type Endpoint } from '../endpoints/endpoint.ts';

/**
 * Asks admission whether a connection may be made, with its options as the object.
 * @param kind of the options, of the core group
 * @returns the options as plugins leave them
 * @throws StatusError of a plugin that refuses, or for a dry run, which connections cannot be
 */
export async function admitConnect(endpoint: Endpoint, kind: string, fields: JsonObject): Promise<JsonObject> {
  const { request, server } = endpoint;
  if (request.query.getAll('dryRun').length > 0) throw badRequest('dryRun is not supported');
  const object = { kind, apiVersion: 'v1', metadata: {}, ...fields };
  const facts = { object, dryRun: false, kind: { group: '', version: 'v1', kind } };
  await server.admission.mutate(admissionRequest(endpoint, 'CONNECT', facts));
  await server.admission.validate(admissionRequest(endpoint, 'CONNECT', facts));
  return object;
}
