import type { ResourceDefinition, TypeDefinition } from '../../api/resource-definition.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { serveRequest } from '../../apimachinery/serve-http.ts';
import type { RouteHandler } from '../../control-plane/apiserver/server.ts';
import type { ApiServer } from '../../control-plane/apiserver/server.ts';
import { createDiscoveryRoute } from '../../control-plane/apiserver/discovery/discovery-route.ts';
import { createOpenApiRoute } from '../../control-plane/apiserver/openapi/openapi-route.ts';
import { renderedOpenApi } from '../../control-plane/apiserver/openapi/rendered-openapi.ts';
import { parseFlags } from '../../node/cri/simulation/images/program-flags.ts';
import { serve } from '../../node/cri/simulation/images/web-server.ts';
import type { ServerIdentity } from '../../node/cri/simulation/port-server.ts';
import type { ProcessContext, Program } from '../../node/cri/simulation/process-context.ts';
import type { Logger } from '../../system/logger.ts';

/** Takes what closes a part of a program when that ends, however it does; the last that was opened is closed first. */
export type OnEnd = (close: () => unknown) => void;

/** A program that is the API server of an extension. */
export interface ExtensionProgram {
  /** What it is called in our log. */
  readonly name: string;
  readonly log: Logger;
  /** Puts the server together; what runs behind it ends with the context's signal. @throws Error that says why it cannot run */
  readonly start: (
    context: ProcessContext,
    flags: ReadonlyMap<string, string>,
    onEnd: OnEnd,
  ) => Promise<Pick<ApiServer, 'handle'>>;
  /** Runs with the certificate that it shows. @returns what the program ends with */
  readonly withIdentity: (
    context: ProcessContext,
    flags: ReadonlyMap<string, string>,
    run: (identity: ServerIdentity) => Promise<number>,
  ) => Promise<number>;
}

/** A program that serves an API over TLS at `--secure-port` until it is ended. */
export function extensionProgram({ name, log, start, withIdentity }: ExtensionProgram): Program {
  return async (outer) => {
    const ended = new AbortController();
    const context = { ...outer, signal: AbortSignal.any([outer.signal, ended.signal]) };
    const closers: (() => unknown)[] = [];
    const flags = parseFlags(context.args.slice(1));
    try {
      const server = await start(context, flags, (close) => closers.unshift(close));
      const port = Number(flags.get('secure-port') ?? 443);
      const served = {
        handle: server.handle,
        onFailure: (error: unknown) => log.warn(`${name} failed`, { error: messageOf(error) }),
      };
      return await withIdentity(context, flags, async (identity) => {
        await context.stderr.write(Buffer.from(`Serving securely on [::]:${port}\n`));
        const shown = { ...identity, requestsCertificate: true };
        return serve(context, port, (request, response) => serveRequest(served, request, response), shown);
      });
    } catch (error) {
      await context.stderr.write(Buffer.from(`Error: ${messageOf(error)}\n`));
      return 1;
    } finally {
      ended.abort();
      for (const close of closers) await close();
    }
  };
}

/** What an extension's API tells of itself. */
export interface ExtensionApi {
  readonly resources: readonly ResourceDefinition[];
  readonly types: ReadonlyMap<string, TypeDefinition>;
  readonly documentation: (name: string) => string | undefined;
  readonly title: string;
  readonly version: string;
}

/** Where it tells it: discovery and OpenAPI. */
export function extensionRoutes(api: ExtensionApi, { podIp }: Pick<ProcessContext, 'podIp'>): RouteHandler[] {
  return [createDiscoveryRoute({ serverAddress: () => `${podIp}:443` }), createOpenApiRoute(renderedOpenApi(api))];
}
