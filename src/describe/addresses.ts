import type { IPAddress, ServiceCIDR } from '../api/types/networking-v1.ts';
import { longTime } from './describe-text.ts';
import type { Describer } from './describer.ts';
import { describeEvents } from './events.ts';

/** A range of services' addresses. */
export const describeServiceCidr: Describer = async (object, text, context) => {
  const { metadata, spec, status } = object as unknown as ServiceCIDR;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  text.line(0, `CIDRs:\t${(spec?.cidrs ?? []).join(', ')}`);
  const conditions = status?.conditions ?? [];
  if (conditions.length > 0) {
    text.line(0, 'Status:');
    text.line(0, 'Conditions:');
    text.table(
      1,
      ['Type', 'Status', 'LastTransitionTime', 'Reason', 'Message'],
      conditions.map(({ type, status: value, lastTransitionTime, reason, message }) => {
        return [type, value, longTime(lastTransitionTime), reason, message];
      }),
    );
  }
  await describeEvents(object, text, context);
};

/** An address that is taken. */
export const describeIpAddress: Describer = async (object, text, context) => {
  const { metadata, spec } = object as unknown as IPAddress;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  if (spec?.parentRef !== undefined) {
    const { group = '', resource, namespace = '', name } = spec.parentRef;
    text.line(0, 'Parent Reference:');
    text.line(1, `Group:\t${group}`);
    text.line(1, `Resource:\t${resource}`);
    text.line(1, `Namespace:\t${namespace}`);
    text.line(1, `Name:\t${name}`);
  }
  await describeEvents(object, text, context);
};
