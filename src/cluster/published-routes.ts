import type { RouteHandler } from '../control-plane/apiserver/server.ts';

/** Paths beside the API's own that a cluster's server answers. */
export function publishedRoutes(): readonly RouteHandler[] {
  return [];
}
