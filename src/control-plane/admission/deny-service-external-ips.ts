import type { Service } from '../../api/types/core-v1.ts';
import { type AdmissionPlugin, resourceKey } from './admission-plugin.ts';
import { refusal } from './refusal.ts';

/** Services get no new external addresses, which could take over others' traffic (CVE-2020-8554). */
export const denyServiceExternalIps: AdmissionPlugin = {
  name: 'DenyServiceExternalIPs',
  validate(attributes) {
    const { operation, subresource, object, oldObject } = attributes;
    if (operation !== 'CREATE' && operation !== 'UPDATE') return;
    if (resourceKey(attributes) !== 'services' || subresource !== '') return;
    const own = (object as unknown as Service).spec?.externalIPs ?? [];
    const before = (oldObject as unknown as Service | undefined)?.spec?.externalIPs ?? [];
    if (own.every((address) => before.includes(address))) return;
    throw refusal(attributes, 'Use of external IPs is denied by admission control');
  },
};
