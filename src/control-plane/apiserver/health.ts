import { messageOf } from '../../apimachinery/error-message.ts';
import type { HttpResponse } from '../../apimachinery/http.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import type { Logger } from '../../system/logger.ts';
import type { ApiRequest } from './request-context.ts';
import { textResponse } from './responses.ts';

/** One thing that must be well for the server to be healthy, live or ready. */
export interface HealthCheck {
  /** May have slashes in it: `poststarthook/rbac/bootstrap-roles`. */
  readonly name: string;
  /** Which of the endpoints ask it. */
  readonly endpoints: readonly HealthEndpoint[];
  /** Checks of a group can be excluded together. */
  readonly group?: string;
  /** @throws Error saying what is wrong. */
  check(): void | Promise<void>;
}

export type HealthEndpoint = 'healthz' | 'livez' | 'readyz';

/** Told how each check of an answer went; `type` is the endpoint. */
export type HealthObserver = (name: string, type: HealthEndpoint, isWell: boolean) => void;

/** All endpoints. */
export const everyHealthEndpoint: readonly HealthEndpoint[] = ['healthz', 'livez', 'readyz'];

/** A check that is well as long as the server answers at all. */
export const pingCheck: HealthCheck = { name: 'ping', endpoints: everyHealthEndpoint, check: () => undefined };

/** What is needed to answer about health. */
export interface HealthContext {
  readonly checks: readonly HealthCheck[];
  readonly log: Logger;
  readonly observe?: HealthObserver;
}

/**
 * Answers `/healthz`, `/livez`, `/readyz` (`?verbose`, `?exclude=NAME`) and one check at `/livez/NAME`, in the texts of
 * k8s.io/apiserver. What is wrong with a check is told at its own path and in the log alone, as the others are public.
 * @returns undefined when the path is none of these.
 */
export async function handleHealth(request: ApiRequest, context: HealthContext): Promise<HttpResponse | undefined> {
  const [, endpoint, , name] = /^\/(healthz|livez|readyz)(\/(.+))?$/.exec(request.info.path) ?? [];
  if (endpoint !== 'healthz' && endpoint !== 'livez' && endpoint !== 'readyz') return undefined;
  const asked = context.checks.filter((check) => check.endpoints.includes(endpoint));
  if (name === undefined) return runChecks(request, endpoint, { ...context, checks: asked });
  const check = asked.find((candidate) => candidate.name === name);
  if (check === undefined) return undefined;
  const failure = await failureOf(check);
  return failure === undefined
    ? textResponse(200, 'ok', { 'x-content-type-options': undefined })
    : textResponse(500, `internal server error: ${failure}\n`);
}

/** The paths of the endpoints and of their checks. */
export function healthPaths(checks: readonly HealthCheck[]): string[] {
  return everyHealthEndpoint.flatMap((endpoint) => [
    `/${endpoint}`,
    ...checks.filter(({ endpoints }) => endpoints.includes(endpoint)).map(({ name }) => `/${endpoint}/${name}`),
  ]);
}

/** Whether a path is about health: those are answered while the server shuts down. */
export function isHealthPath(path: string): boolean {
  return /^\/(healthz|livez|readyz)(\/|$)/.test(path);
}

async function runChecks(
  request: ApiRequest,
  endpoint: HealthEndpoint,
  { checks, log, observe }: HealthContext,
): Promise<HttpResponse> {
  const excluded = new Set(request.query.getAll('exclude'));
  const unknown = new Set(excluded);
  const lines: string[] = [];
  const failures: Record<string, string> = {};
  for (const check of checks) {
    const { name, group } = check;
    if (excluded.has(name)) {
      unknown.delete(name);
      lines.push(`[+]${name} excluded: ok`);
    } else if (group !== undefined && excluded.has(group)) {
      unknown.delete(group);
      lines.push(`[+]${name} excluded with ${group}: ok`);
    } else {
      const failure = await failureOf(check);
      observe?.(name, endpoint, failure === undefined);
      if (failure !== undefined) failures[name] = failure;
      lines.push(failure === undefined ? `[+]${name} ok` : `[-]${name} failed: reason withheld`);
    }
  }
  if (unknown.size > 0) {
    const names = [...unknown].toSorted().map(goQuote).join(',');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  const text = lines.map((line) => `${line}\n`).join('');
  if (Object.keys(failures).length > 0) {
    log.info(`${endpoint} check failed`, { failures });
    return textResponse(500, `${text}${endpoint} check failed\n`);
  }
  return request.query.has('verbose')
    ? textResponse(200, `${text}${endpoint} check passed\n`)
    : textResponse(200, 'ok');
}

async function failureOf(check: HealthCheck): Promise<string | undefined> {
  try {
    await check.check();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
