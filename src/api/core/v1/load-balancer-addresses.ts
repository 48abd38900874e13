/** Addresses or host names of a load balancer's ingress points, sorted, each once. */
export function ingressAddresses(
  ingress: readonly { readonly ip?: string; readonly hostname?: string }[] | undefined,
): string[] {
  const addresses = (ingress ?? []).map(({ ip, hostname }) => ip || (hostname ?? '')).filter((text) => text !== '');
  return [...new Set(addresses)].toSorted();
}
