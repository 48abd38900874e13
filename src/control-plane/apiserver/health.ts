import type { HttpResponse } from '../../apimachinery/http.ts';
import type { ApiRequest } from './request-context.ts';
import { textResponse } from './responses.ts';

/** One thing that must be well for the server to be healthy, live or ready. */
export interface HealthCheck {
  readonly name: string;
  /** Which of the endpoints ask it. */
  readonly endpoints: readonly HealthEndpoint[];
  /** @throws Error saying what is wrong. */
  check(): void | Promise<void>;
}

export type HealthEndpoint = 'healthz' | 'livez' | 'readyz';

/** A check that is well as long as the server answers at all. */
export const pingCheck: HealthCheck = {
  name: 'ping',
  endpoints: ['healthz', 'livez', 'readyz'],
  check: () => undefined,
};

/**
 * Answers `/healthz`, `/livez`, `/readyz` (`?verbose`, `?exclude=NAME`) and one check at `/livez/NAME`.
 * @returns undefined when the path is none of these.
 */
export async function handleHealth(
  request: ApiRequest,
  checks: readonly HealthCheck[],
): Promise<HttpResponse | undefined> {
  const [, endpoint = '', name, ...rest] = request.info.path.split('/');
  if ((endpoint !== 'healthz' && endpoint !== 'livez' && endpoint !== 'readyz') || rest.length > 0) return undefined;
  const asked = checks.filter((check) => check.endpoints.includes(endpoint));
  if (name !== undefined && name !== '') {
    const check = asked.find((candidate) => candidate.name === name);
    if (check === undefined) return undefined;
    const failure = await failureOf(check);
    return failure === undefined ? textResponse(200, 'ok') : textResponse(500, `internal server error: ${failure}\n`);
  }
  return runChecks(request, endpoint, asked);
}

async function runChecks(
  request: ApiRequest,
  endpoint: HealthEndpoint,
  checks: readonly HealthCheck[],
): Promise<HttpResponse> {
  const excluded = new Set(request.query.getAll('exclude'));
  const lines: string[] = [];
  let failed = false;
  for (const check of checks) {
    if (excluded.delete(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`);
      continue;
    }
    const failure = await failureOf(check);
    failed ||= failure !== undefined;
    lines.push(failure === undefined ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`);
  }
  if (excluded.size > 0) {
    const names = [...excluded].map((name) => JSON.stringify(name)).join(', ');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  const text = lines.map((line) => `${line}\n`).join('');
  if (failed) return textResponse(500, `${text}${endpoint} check failed\n`);
  return request.query.has('verbose')
    ? textResponse(200, `${text}${endpoint} check passed\n`)
    : textResponse(200, 'ok');
}

async function failureOf(check: HealthCheck): Promise<string | undefined> {
  try {
    await check.check();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
