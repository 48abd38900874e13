import type { HttpResponse } from '../../../apimachinery/http.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { badRequest } from '../../../apimachinery/status.ts';
import { negotiateOutput } from '../negotiation.ts';
import type { UpdateRequest } from '../registry/store.ts';
import { managerOf } from '../request-context.ts';
import { readObject } from './create.ts';
import {
  admissionRequest,
  answerObject,
  dropDuplicateOwners,
  matchNamespace,
  writeContext,
  type Endpoint,
} from './endpoint.ts';
import { parseWriteOptions } from './request-options.ts';

/** PUT of an object or of a subresource that speaks the object's own kind. */
export async function handleUpdate(endpoint: Endpoint): Promise<HttpResponse> {
  const { request, server, store, name } = endpoint;
  const format = negotiateOutput(request, server.codecs, { transforms: true });
  const options = parseWriteOptions(request.query, 'UpdateOptions');
  const object = await readObject(endpoint, options);
  matchNamespace(endpoint, object);
  matchName(endpoint, object);
  const manager = managerOf(request);
  const result = await store.update(name, writeContext(endpoint, options.dryRun), {
    ...admissionSteps(endpoint, options.dryRun, 'UpdateOptions', {
      object(old) {
        const wanted = endpoint.view === undefined || old === undefined ? object : endpoint.view.merge(old, object);
        const writer = { manager, subresource: endpoint.subresource?.name ?? '', now: server.clock.now() };
        return server.fieldManagement.afterUpdate(store.resource, old, structuredClone(wanted), writer);
      },
    }),
    allowCreate: false,
    ...(object.metadata.uid === undefined || endpoint.view !== undefined ? {} : { uid: object.metadata.uid }),
  });
  return answerObject(endpoint, format, result.created ? 201 : 200, result.object);
}

/** The part of an update that admission has a say in, the same for PUT and PATCH. */
export function admissionSteps(
  endpoint: Endpoint,
  dryRun: boolean,
  optionsKind: 'UpdateOptions' | 'PatchOptions',
  make: { object(old: Unstructured | undefined): Promise<Unstructured> },
): Pick<UpdateRequest, 'transform' | 'validateUpdate' | 'validateCreate'> {
  const { server, request } = endpoint;
  const fieldManager = request.query.get('fieldManager') ?? '';
  const options = {
    kind: optionsKind,
    apiVersion: 'meta.k8s.io/v1',
    ...(dryRun ? { dryRun: ['All'] } : {}),
    ...(fieldManager === '' ? {} : { fieldManager }),
  };
  return {
    async transform(old) {
      const object = await make.object(old);
      const facts = { object, dryRun, options };
      const admission =
        old === undefined
          ? admissionRequest(endpoint, 'CREATE', facts)
          : admissionRequest(endpoint, 'UPDATE', { ...facts, oldObject: old });
      await server.admission.mutate(admission);
      dropDuplicateOwners(endpoint, object);
      return object;
    },
    validateUpdate: (object, oldObject) =>
      server.admission.validate(admissionRequest(endpoint, 'UPDATE', { object, oldObject, dryRun, options })),
    validateCreate: (object) =>
      server.admission.validate(admissionRequest(endpoint, 'CREATE', { object, dryRun, options })),
  };
}

function matchName(endpoint: Endpoint, object: Unstructured): void {
  const own = object.metadata.name ?? '';
  if (own === '') {
    throw badRequest(
      `the name of the object (${endpoint.name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (own !== endpoint.name) {
    throw badRequest(`the name of the object (${own}) does not match the name on the URL (${endpoint.name})`);
  }
}
