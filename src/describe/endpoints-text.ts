import type { Endpoint, EndpointSlice } from '../api/types/discovery-v1.ts';

const maxShown = 3;

/** Up to three addresses of ready endpoints behind a port, and how many more there are; `<none>` without slices. */
export function endpointsText(slices: readonly EndpointSlice[], portName: string): string {
  if (slices.length === 0) return '<none>';
  let isMore = false;
  let count = 0;
  const shown: string[] = [];
  const add = ({ addresses, conditions }: Endpoint, port: number | undefined): void => {
    // As in the real program, one endpoint beyond those shown is enough for the mark, ready or not.
    if (shown.length === maxShown) isMore = true;
    if (conditions?.ready === false) return;
    const [address = ''] = addresses;
    if (!isMore) shown.push(port === undefined ? address : hostAndPort(address, port));
    count++;
  };
  for (const slice of slices) {
    const endpoints = slice.endpoints ?? [];
    const ports = slice.ports ?? [];
    if (ports.length === 0) for (const endpoint of endpoints) add(endpoint, undefined);
    for (const { name = '', port } of ports) {
      if (name === portName) for (const endpoint of endpoints) add(endpoint, port ?? 0);
    }
  }
  return `${shown.join(',')}${isMore ? ` + ${count - maxShown} more...` : ''}`;
}

function hostAndPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
