import type { HttpResponse } from '../../../apimachinery/http.ts';
import { equalJson, cloneJson } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { badRequest } from '../../../apimachinery/status.ts';
import { withOwnersIfTheyFit } from '../registry/request-size.ts';
import type { UpdateRequest } from '../registry/store.ts';
import { managerOf } from '../request-context.ts';
import { readObject } from './create.ts';
import {
  admissionRequest,
  answerObject,
  authorizeCreate,
  dropDuplicateOwners,
  type Endpoint,
  matchNamespace,
  negotiateAnswer,
  writeContext,
} from './endpoint.ts';
import { type MadeObject, ownedView, updateThroughView } from './view-writes.ts';
import { admitChanges } from './mutating-admission.ts';
import { parseWriteOptions, type ParsedWriteOptions, writeOptionsObject } from './request-options.ts';
import type { AdmissionAttributes } from '../../admission/admission-plugin.ts';

/** PUT of an object or of a subresource that speaks the object's own kind. */
export async function handleUpdate(endpoint: Endpoint): Promise<HttpResponse> {
  const { request, server, store, name } = endpoint;
  const format = negotiateAnswer(endpoint);
  const options = parseWriteOptions(request.query, 'UpdateOptions');
  const object = await readObject(endpoint, options, true);
  matchNamespace(endpoint, object);
  matchName(endpoint, object);
  dropDuplicateOwners(endpoint, object);
  const manager = managerOf(request);
  const make = async (old: Unstructured | undefined): Promise<MadeObject> => {
    const writer = { manager, subresource: endpoint.subresource?.name ?? '', now: server.clock.now() };
    if (endpoint.view !== undefined && old !== undefined) {
      return updateThroughView(server, endpoint.view, old, object, writer);
    }
    return { object: await server.fieldManagement.afterUpdate(store.resource, old, cloneJson(object), writer) };
  };
  const result = await withOwnersIfTheyFit((leavesOut) =>
    store.update(name, writeContext(endpoint, options.dryRun), {
      ...admissionSteps(endpoint, options, { object: make, leavesOutOwners: leavesOut }),
      allowCreate: false,
      ...(object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }),
    }),
  );
  return answerObject(endpoint, format, result.created ? 201 : 200, result.object);
}

/** The part of an update that admission has a say in, the same for PUT and PATCH. */
export function admissionSteps(
  endpoint: Endpoint,
  write: ParsedWriteOptions,
  make: { object(old: Unstructured | undefined): Promise<MadeObject>; readonly leavesOutOwners: boolean },
): Pick<UpdateRequest, 'transform' | 'validateUpdate' | 'validateCreate'> {
  const { server, view } = endpoint;
  const { dryRun } = write;
  const creating = { dryRun, options: writeOptionsObject('CreateOptions', write) };
  const updating = { dryRun, options: writeOptionsObject('UpdateOptions', write) };
  // Admission sees what travels: of a scale no more than the scale.
  const shown = (object: Unstructured): Unstructured => (view === undefined ? object : view.project(object, true));
  const update = (object: Unstructured, oldObject: Unstructured): AdmissionAttributes =>
    admissionRequest(endpoint, 'UPDATE', { ...updating, object, oldObject });
  return {
    async transform(old) {
      const { object, viewed: admitted = object } = await make.object(old);
      if (old === undefined) matchNamespace(endpoint, object);
      const before = view === undefined ? undefined : cloneJson(admitted);
      await admitChanges(
        server,
        old === undefined
          ? admissionRequest(endpoint, 'CREATE', { ...creating, object: admitted })
          : update(admitted, view === undefined ? old : ownedView(view, old)),
      );
      if (view !== undefined && !equalJson(before, admitted)) return view.merge(object, admitted);
      dropDuplicateOwners(endpoint, object, true);
      if (make.leavesOutOwners) delete object.metadata.managedFields;
      return object;
    },
    validateUpdate: (object, old) => server.admission.validate(update(shown(object), shown(old))),
    async validateCreate(object) {
      await authorizeCreate(endpoint);
      await server.admission.validate(admissionRequest(endpoint, 'CREATE', { ...creating, object: shown(object) }));
    },
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
