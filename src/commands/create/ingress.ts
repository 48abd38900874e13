import { parseIntOrString } from '../../apimachinery/int-or-string.ts';
import { CommandError } from '../../cli/command.ts';
import { defined, sortedMap, typedObject } from '../../generators/typed-json.ts';
import { createFromFlags } from './create-from-flags.ts';

const rulePattern = /^[\w*\-.]*\/.*=[\w-]+:[\w-]+(,tls=?([\w-]+)?)?/;

/** `create ingress`. */
export const createIngressCommand = createFromFlags({
  path: ['create', 'ingress'],
  aliases: ['ing'],
  usage: 'NAME --rule=host/path=service:port[,tls[=secret]] ',
  short: 'Create an ingress with the specified name',
  long: 'Create an ingress. A rule is host/path=service:port; a path that ends with * matches all below it, and `,tls` or `,tls=secret` behind the rule makes the host use TLS.',
  examples: '  # Everything of a host\n  kubectl create ingress web --rule="example.com/*=web:80,tls=web-cert"',
  flags: [
    { name: 'annotation', type: 'stringArray', default: '[]', description: 'An annotation, key=value' },
    { name: 'class', type: 'string', default: '', description: 'The ingress class' },
    { name: 'default-backend', type: 'string', default: '', description: 'service:port for what no rule matches' },
    { name: 'rule', type: 'stringArray', default: '[]', description: 'host/path=service:port[,tls[=secret]]' },
  ],
  resource: { group: 'networking.k8s.io', version: 'v1', resource: 'ingresses' },
  namespaced: true,
  failure: 'failed to create ingress: ',
  prepare({ name, flags }) {
    const rules = flags.list('rule');
    const backend = flags.string('default-backend');
    const className = flags.string('class');
    if (backend === '' && rules.length === 0) {
      throw new CommandError(
        'not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)',
      );
    }
    const bad = rules.find((rule) => !rulePattern.test(rule));
    if (bad !== undefined) {
      throw new CommandError(`rule ${bad} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`);
    }
    const annotations = annotationsOf(flags.list('annotation'));
    if (backend !== '' && backend.split(':').length !== 2) {
      throw new CommandError('default-backend should be in format servicename:serviceport');
    }
    const spec = defined({
      ingressClassName: className === '' ? undefined : className,
      defaultBackend: backend === '' ? undefined : backendOf(backend),
      tls: tlsOf(rules),
      rules: rulesOf(rules),
    });
    return () =>
      typedObject('networking.k8s.io/v1', 'Ingress', { name, annotations }, { spec, status: { loadBalancer: {} } });
  },
});

function annotationsOf(texts: readonly string[]): Record<string, string> | undefined {
  const annotations = new Map<string, string>();
  for (const text of texts) {
    const sign = text.indexOf('=');
    if (sign < 0) throw new CommandError(`annotation ${text} is invalid and should be in format key=[value]`);
    annotations.set(text.slice(0, sign), text.slice(sign + 1));
  }
  return sortedMap(annotations);
}

function backendOf(text: string): { readonly service: Record<string, unknown> } {
  const [name = '', portText = ''] = text.split(':');
  const port = parseIntOrString(portText);
  if (port === 0 || port === '') return { service: { name, port: {} } };
  return { service: { name, port: typeof port === 'number' ? { number: port } : { name: port } } };
}

interface Tls {
  hosts: string[];
  readonly secretName: string;
}

/** The hosts of rules that ask for TLS, by secret; a host counts once. */
function tlsOf(rules: readonly string[]): readonly Record<string, unknown>[] | undefined {
  const found: Tls[] = [];
  const seen = new Set<string>();
  for (const rule of rules) {
    const parts = rule.split(',');
    const host = rule.split('/')[0] ?? '';
    if (parts.length !== 2 || seen.has(host)) continue;
    seen.add(host);
    const secretName = parts[1]?.split('=')[1] ?? '';
    const same = found.find((entry) => entry.secretName === secretName);
    if (same !== undefined) same.hosts.push(host);
    else if (host !== '' || secretName !== '') found.push({ hosts: host === '' ? [] : [host], secretName });
  }
  if (found.length === 0) return undefined;
  return found.map(({ hosts, secretName }) =>
    defined({
      hosts: hosts.length === 0 ? undefined : hosts,
      secretName: secretName === '' ? undefined : secretName,
    }),
  );
}

function rulesOf(rules: readonly string[]): readonly Record<string, unknown>[] | undefined {
  const paths = new Map<string, unknown[]>();
  for (const rule of rules) {
    const plain = rule.split(',')[0] ?? '';
    const slash = plain.indexOf('/');
    const host = plain.slice(0, slash);
    const entries = paths.get(host) ?? [];
    entries.push(pathOf(plain.slice(slash + 1)));
    paths.set(host, entries);
  }
  if (paths.size === 0) return undefined;
  return [...paths].map(([host, entries]) =>
    defined({ host: host === '' ? undefined : host, http: { paths: entries } }),
  );
}

function pathOf(text: string): Record<string, unknown> {
  const [place = '', service = ''] = text.split('=');
  const isPrefix = place.endsWith('*');
  return {
    path: `/${isPrefix ? place.slice(0, -1) : place}`,
    pathType: isPrefix ? 'Prefix' : 'Exact',
    backend: backendOf(service),
  };
}
