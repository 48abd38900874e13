/**
 * The name servers that the system asks, such as `10.0.0.2` or `[::1]:5353`. The module that
 * knows them is loaded with the first call alone, as hardly a run needs it.
 */
export function nameServers(): readonly string[] {
  return process.getBuiltinModule('node:dns').getServers();
}
