import type { Endpoints } from '../api/types/core-v1.ts';
import type { EndpointSlice } from '../api/types/discovery-v1.ts';
import { joined } from './describe-text.ts';
import type { Describer } from './describer.ts';
import { describeEvents } from './events.ts';

/** Endpoints. */
export const describeEndpoints: Describer = async (object, text, context) => {
  const { metadata, subsets } = object as unknown as Endpoints;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata?.namespace ?? ''}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  text.line(0, 'Subsets:');
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets ?? []) {
    text.line(1, `Addresses:\t${addresses.map(({ ip }) => ip).join(',') || '<none>'}`);
    text.line(1, `NotReadyAddresses:\t${notReadyAddresses.map(({ ip }) => ip).join(',') || '<none>'}`);
    if (ports.length > 0) {
      text.line(1, 'Ports:');
      text.table(
        2,
        ['Name', 'Port', 'Protocol'],
        ports.map(({ name = '', port, protocol = '' }) => [name === '' ? '<unset>' : name, port, protocol]),
      );
    }
    text.line(0, '');
  }
  await describeEvents(object, text, context);
};

/** A slice of endpoints. */
export const describeEndpointSlice: Describer = async (object, text, context) => {
  const { metadata, addressType, ports, endpoints } = object as unknown as EndpointSlice;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata?.namespace ?? ''}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  text.line(0, `AddressType:\t${addressType}`);
  if ((ports ?? []).length === 0) text.line(0, 'Ports: <unset>');
  else {
    text.line(0, 'Ports:');
    text.table(
      1,
      ['Name', 'Port', 'Protocol'],
      (ports ?? []).map(({ name = '', port, protocol = 'TCP' }) => [
        name === '' ? '<unset>' : name,
        port ?? '<unset>',
        protocol,
      ]),
    );
  }
  const members = endpoints ?? [];
  text.line(0, members.length === 0 ? 'Endpoints: <none>' : 'Endpoints:');
  for (const { addresses, conditions, hostname, targetRef, nodeName, zone } of members) {
    text.line(1, `- Addresses:\t${joined(addresses.join(', ') === '' ? [] : addresses, ', ')}`);
    text.line(2, 'Conditions:');
    text.line(3, `Ready:\t${conditions?.ready ?? '<unset>'}`);
    text.line(2, `Hostname:\t${hostname ?? '<unset>'}`);
    if (targetRef !== undefined) text.line(2, `TargetRef:\t${targetRef.kind ?? ''}/${targetRef.name ?? ''}`);
    text.line(2, `NodeName:\t${nodeName ?? '<unset>'}`);
    text.line(2, `Zone:\t${zone ?? '<unset>'}`);
  }
  await describeEvents(object, text, context);
};
