import {
  checkPolicyTypes,
  expandedSchema,
  type PolicyTypes,
} from '../../api/admissionregistration/policies/type-checking.ts';
import { builtInResources, builtInSchemas } from '../../api/registry.ts';
import type { ValidatingAdmissionPolicy } from '../../api/types/admissionregistration-v1.ts';
import type { CustomResourceDefinition } from '../../api/types/apiextensions-v1.ts';
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf } from './keyed-controller.ts';

const name = 'validatingadmissionpolicy-status-controller';
const fieldManager = 'validatingadmissionpolicy-status';
const policiesResource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  resource: 'validatingadmissionpolicies',
} as const;
const definitionsResource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
} as const;
const objectMeta = { ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' };

/** Says in the status of ValidatingAdmissionPolicies what their expressions do not fit (KEP-3488). */
export function createPolicyStatusController(context: ControllerContext): Controller {
  const policies = context.informers.informer<ValidatingAdmissionPolicy>(policiesResource);
  const definitions = context.informers.informer<CustomResourceDefinition>(definitionsResource);
  const types = policyTypes(() => definitions.list());
  return createKeyedController({
    name,
    context,
    register(queue) {
      const enqueue = (policy: ValidatingAdmissionPolicy): void => queue.add(keyOf(policy));
      policies.addHandler({ added: enqueue, updated: enqueue });
    },
    async sync(key) {
      const policy = policies.get('', key);
      const generation = policy?.metadata.generation ?? 0;
      if (policy === undefined || generation <= (policy.status?.observedGeneration ?? 0)) return;
      const expressionWarnings = checkPolicyTypes(policy, types);
      const status = {
        observedGeneration: generation,
        typeChecking: expressionWarnings.length === 0 ? {} : { expressionWarnings },
      };
      const wanted = {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name: key },
        status,
      };
      try {
        await context.client
          .resource<ValidatingAdmissionPolicy>(policiesResource)
          .patch(key, 'application/apply-patch+yaml', wanted, {
            force: true,
            fieldManager,
            subresource: 'status',
          });
      } catch (error) {
        if (!hasReason(error, 'NotFound')) throw error;
      }
    },
  });
}

function policyTypes(definitions: () => readonly CustomResourceDefinition[]): PolicyTypes {
  return {
    kindOf(group, version, resource) {
      const builtIn = builtInResources.find(
        (one) => one.group === group && one.version === version && one.resource === resource,
      );
      if (builtIn !== undefined) return { group, version, kind: builtIn.kind };
      const custom = definitions().find(({ spec }) => spec.group === group && spec.names.plural === resource);
      const isServed = custom?.spec.versions.some((one) => one.name === version && one.served) ?? false;
      return custom === undefined || !isServed ? undefined : { group, version, kind: custom.spec.names.kind };
    },
    schemaOf({ group, version, kind }) {
      const builtIn = builtInResources.find(
        (one) => one.group === group && one.version === version && one.kind === kind,
      );
      if (builtIn !== undefined) return expandedSchema({ ref: builtIn.type }, builtInSchemas);
      const { versions = [] } =
        definitions().find(({ spec }) => spec.group === group && spec.names.kind === kind)?.spec ?? {};
      const schema = versions.find((one) => one.name === version)?.schema?.openAPIV3Schema as JsonObject | undefined;
      if (schema === undefined) return undefined;
      return {
        ...schema,
        type: 'object',
        properties: {
          ...(isJsonObject(schema['properties']) ? schema['properties'] : {}),
          apiVersion: { type: 'string' },
          kind: { type: 'string' },
          metadata: expandedSchema(objectMeta, builtInSchemas),
        },
      };
    },
  };
}
