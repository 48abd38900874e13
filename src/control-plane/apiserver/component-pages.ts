import { header, type HttpResponse } from '../../apimachinery/http.ts';
import type { JsonObject } from '../../apimachinery/json.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';
import { stringifyYaml } from '../../apimachinery/yaml.ts';
import { notAcceptable } from './negotiation.ts';
import { addWarning, type ApiRequest } from './request-context.ts';
import { bytesResponse } from './responses.ts';
import type { RouteHandler, VersionInfo } from './server.ts';

/** What the pages tell of. */
export interface ComponentPagesOptions {
  /** The flags with the values that they have, by name. */
  readonly flags: ReadonlyMap<string, string>;
  readonly version: VersionInfo;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

interface Page {
  readonly kind: 'Flagz' | 'Statusz';
  readonly text: string;
  readonly fields: JsonObject;
}

const warning =
  'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.';

/**
 * Answers `/flagz` (KEP-4828) and `/statusz` (KEP-4827): plain text for people, or an object of config.k8s.io in JSON
 * or YAML for who asks for that.
 */
export function createComponentPagesRoute(options: ComponentPagesOptions): RouteHandler {
  return async (request, server) => {
    const { path } = request.info;
    if (path === '/flagz') return pageResponse(request, flagsPage(options.flags));
    if (path === '/statusz') return pageResponse(request, statusPage(options, server.clock.now()));
    return undefined;
  };
}

function flagsPage(flags: ReadonlyMap<string, string>): Page {
  const sorted = [...flags].toSorted(([left], [right]) => (left < right ? -1 : 1));
  const lines = sorted.map(([name, value]) => `${name}: ${value}\n`).join('');
  return {
    kind: 'Flagz',
    text: `\napiserver flagz\n${warning}\n${lines}`,
    fields: { flags: Object.fromEntries(sorted) },
  };
}

const paths = ['/flagz', '/healthz', '/livez', '/metrics', '/readyz', '/statusz', '/version'];

function statusPage({ version, startedAt }: ComponentPagesOptions, now: number): Page {
  const binaryVersion = version.gitVersion.replace(/^v/, '');
  const emulationVersion = `${version.emulationMajor}.${version.emulationMinor}`;
  const uptimeSeconds = Math.floor((now - startedAt) / 1000);
  return {
    kind: 'Statusz',
    text: [
      `\napiserver statusz\n${warning}\n`,
      `Started: ${unixDate(startedAt)}`,
      `Up: ${uptimeText(uptimeSeconds)}`,
      `Go version: ${version.goVersion}`,
      `Binary version: ${binaryVersion}`,
      `Emulation version: ${emulationVersion}`,
      `Paths: ${paths.join(' ')}\n`,
    ].join('\n'),
    fields: {
      startTime: formatTime(startedAt),
      uptimeSeconds,
      goVersion: version.goVersion,
      binaryVersion,
      emulationVersion,
      paths,
    },
  };
}

/** `Sat Nov 28 12:57:43 UTC 2026` */
function unixDate(millis: number): string {
  const [day = '', date = '', month = '', year = '', time = ''] = new Date(millis).toUTCString().split(/,? /);
  return `${day} ${month} ${date.replace(/^0/, ' ')} ${time} UTC ${year}`;
}

/** `1 hr 05 min 09 sec` */
function uptimeText(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)} hr ${two(Math.floor(seconds / 60) % 60)} min ${two(seconds % 60)} sec`;
}

/** @throws StatusError 406 */
function pageResponse(request: ApiRequest, page: Page): HttpResponse {
  const form = askedForm(header(request.headers, 'accept') ?? '', page.kind);
  if (form === undefined) throw notAcceptable(['application/json', 'application/yaml', 'text/plain']);
  if (form === 'text') {
    return bytesResponse(request, 200, 'text/plain; charset=utf-8', Buffer.from(page.text));
  }
  const { mediaType, version } = form;
  if (version === 'v1alpha1') {
    const name = page.kind.toLowerCase();
    addWarning(request, `This version of the ${name} endpoint is deprecated. Please use a newer version.`);
  }
  const object = {
    kind: page.kind,
    apiVersion: `config.k8s.io/${version}`,
    metadata: { name: 'apiserver' },
    ...page.fields,
  };
  const text = mediaType === 'application/json' ? JSON.stringify(object, null, 2) : stringifyYaml(object);
  const contentType = `${mediaType};g=config.k8s.io;v=${version};as=${page.kind}`;
  return bytesResponse(request, 200, contentType, Buffer.from(text));
}

type Form = 'text' | { readonly mediaType: string; readonly version: string };

/** The first of the accepted forms that there is. */
function askedForm(accept: string, kind: string): Form | undefined {
  if (accept === '') return 'text';
  for (const clause of accept.split(',')) {
    const [mediaType = '', ...parameters] = clause.split(';').map((part) => part.trim());
    if (['text/plain', 'text/*', '*/*'].includes(mediaType)) return 'text';
    if (mediaType !== 'application/json' && mediaType !== 'application/yaml') continue;
    const asked = new Map(parameters.map((parameter): [string, string] => splitOnce(parameter)));
    const version = asked.get('v') ?? '';
    const isKnown = version === 'v1alpha1' || version === 'v1beta1';
    if (asked.get('g') === 'config.k8s.io' && asked.get('as') === kind && isKnown) return { mediaType, version };
  }
  return undefined;
}

function splitOnce(parameter: string): [string, string] {
  const at = parameter.indexOf('=');
  return at < 0 ? [parameter, ''] : [parameter.slice(0, at), parameter.slice(at + 1)];
}
