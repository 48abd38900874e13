import { equalSemantic } from '../../apimachinery/semantic-equality.ts';
import type { OwnerReference } from '../../apimachinery/object-meta.ts';
import { accessQuestion, type AdmissionContext, type AdmissionPlugin } from './admission-plugin.ts';
import { refusal } from './refusal.ts';

const anything = { group: '*', version: '*', resource: '*' } as const;

/** Who hands an object to an owner must be allowed to delete it, and to hold up the owner's end if it shall do that. */
export function ownerReferencesPermissionEnforcement(context: AdmissionContext): AdmissionPlugin {
  const { access } = context;
  return {
    name: 'OwnerReferencesPermissionEnforcement',
    async validate(attributes) {
      const { operation, object, oldObject, user, resource, namespace, name, subresource } = attributes;
      if (object === undefined) return;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return;
      if (resource.group === '' && resource.resource === 'pods' && subresource === 'status') return;
      const owners = object.metadata.ownerReferences ?? [];
      const before = oldObject?.metadata.ownerReferences ?? [];
      if (equalSemantic(owners, before)) return;
      const refuse = (text: string): Error => refusal(attributes, text);
      if (operation === 'UPDATE') {
        const question = accessQuestion(user, 'delete', resource, { namespace, name, subresource });
        const { allowed, reason } = await access.authorize(question);
        if (!allowed) throw refuse(`cannot set an ownerRef on a resource you can't delete: ${reason}, <nil>`);
      }
      const blocking = newlyBlocking(owners, before);
      if (blocking.length === 0) return;
      const all = accessQuestion(user, 'update', anything, { name: '*', subresource: 'finalizers' });
      if ((await access.authorize(all)).allowed) return;
      for (const owner of blocking) {
        const found = context.resourceOf(owner.apiVersion, owner.kind);
        if (found === undefined) {
          const what = `APIVersion ${owner.apiVersion} Kind ${owner.kind}`;
          const why = `no matches for kind "${owner.kind}" in version "${owner.apiVersion}"`;
          throw refuse(
            `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for ${what}: ${why}`,
          );
        }
        const place = { name: owner.name, subresource: 'finalizers', namespace: found.namespaced ? namespace : '' };
        const { allowed, reason } = await access.authorize(accessQuestion(user, 'update', found.resource, place));
        if (allowed) continue;
        throw refuse(
          `cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ${reason}, <nil>`,
        );
      }
    },
  };
}

function newlyBlocking(owners: readonly OwnerReference[], before: readonly OwnerReference[]): OwnerReference[] {
  return owners.filter(({ blockOwnerDeletion, uid }) => {
    const old = before.find((owner) => owner.uid === uid);
    return blockOwnerDeletion === true && old?.blockOwnerDeletion !== true;
  });
}
