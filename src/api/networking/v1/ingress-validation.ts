import { isIP } from 'node:net';
import {
  checkOptionalChoice,
  type FieldError,
  FieldPath,
  invalid,
  invalidFor,
  required,
} from '../../../apimachinery/field-error.ts';
import { ipWarnings, isValidIp } from '../../../apimachinery/ip-address.ts';
import {
  isDns1123Label,
  isDns1123Subdomain,
  isPathSegmentName,
  isValidPortName,
  isValidPortNumber,
  isWildcardDns1123Subdomain,
} from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { TypedLocalObjectReference } from '../../types/core-v1.ts';
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressRule,
  IngressSpec,
  IngressTLS,
} from '../../types/networking-v1.ts';

const specPath = new FieldPath('spec');
const statusIngressPath = new FieldPath('status').child('loadBalancer', 'ingress');
const classAnnotation = 'kubernetes.io/ingress.class';

/** What the registry does with ingresses. */
export const ingressStrategy: Strategy = {
  validateCreate(object) {
    const { metadata, spec } = ingressOf(object);
    const errors = validateSpec(spec, undefined);
    const annotated = metadata.annotations?.[classAnnotation];
    const named = spec?.ingressClassName;
    if (annotated === undefined || named === undefined || annotated === named) return errors;
    const path = new FieldPath('annotations').child(classAnnotation);
    return [...errors, invalid(path, annotated, 'must match `ingressClassName` when both are specified')];
  },
  validateUpdate(object, old, { subresource }) {
    if (subresource === 'status') return validateStatus(ingressOf(object), ingressOf(old));
    return validateSpec(ingressOf(object).spec, ingressOf(old).spec);
  },
  warningsOnCreate(object) {
    const { metadata, spec } = ingressOf(object);
    if (metadata.annotations?.[classAnnotation] === undefined || spec?.ingressClassName !== undefined) return [];
    return [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`];
  },
  warningsOnUpdate(object, _old, { subresource }) {
    if (subresource !== 'status') return [];
    return (ingressOf(object).status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '' }, index) =>
      ipWarnings(statusIngressPath.index(index).toString(), ip),
    );
  },
};

function ingressOf(object: Unstructured): Ingress {
  return object;
}

function validateSpec(spec: IngressSpec | undefined, old: IngressSpec | undefined): FieldError[] {
  const { defaultBackend, ingressClassName, rules = [], tls = [] } = spec ?? {};
  const errors: FieldError[] = [];
  if (rules.length === 0 && defaultBackend === undefined) {
    errors.push(invalid(specPath, null, 'either `defaultBackend` or `rules` must be specified'));
  }
  if (defaultBackend !== undefined) errors.push(...validateBackend(defaultBackend, specPath.child('defaultBackend')));
  const lenientRules = (old?.rules ?? []).some(
    (rule) => rule.host?.includes('*') === true && validateRuleValue(rule, specPath).length > 0,
  );
  const lenientSecrets = (old?.tls ?? []).some(({ secretName }) => secretProblems(secretName).length > 0);
  rules.forEach((rule, index) => {
    const at = specPath.child('rules').index(index);
    errors.push(...validateHost(rule.host ?? '', at.child('host')));
    if (rule.host?.includes('*') === true && lenientRules) return;
    errors.push(...validateRuleValue(rule, at));
  });
  errors.push(...tls.flatMap((item, index) => validateTls(item, specPath.child('tls').index(index), lenientSecrets)));
  if (ingressClassName !== undefined) {
    const at = specPath.child('ingressClassName');
    errors.push(...invalidFor(at, ingressClassName, isDns1123Subdomain(ingressClassName)));
  }
  return errors;
}

function validateHost(host: string, path: FieldPath): FieldError[] {
  if (host === '') return [];
  const check = host.includes('*') ? isWildcardDns1123Subdomain : isDns1123Subdomain;
  return [
    ...(isIP(host) === 0 ? [] : [invalid(path, host, 'must be a DNS name, not an IP address')]),
    ...invalidFor(path, host, check(host)),
  ];
}

function validateRuleValue({ http }: IngressRule, path: FieldPath): FieldError[] {
  if (http === undefined) return [];
  const at = path.child('http', 'paths');
  // What the schema requires may be null all the same.
  const paths = (http.paths as HTTPIngressPath[] | null) ?? [];
  if (paths.length === 0) return [required(at)];
  return paths.flatMap((item, index) => validatePath(item, at.index(index)));
}

const forbiddenSequences = ['//', '/./', '/../', '%2f', '%2F'];
const forbiddenSuffixes = ['/..', '/.'];

function validatePath(item: HTTPIngressPath, path: FieldPath): FieldError[] {
  const { path: text = '', backend } = item;
  const pathType = item.pathType as string | undefined;
  if (pathType === undefined) return [required(path.child('pathType'), 'pathType must be specified')];
  const at = path.child('path');
  const errors = checkOptionalChoice(path.child('pathType'), pathType, ['Exact', 'ImplementationSpecific', 'Prefix']);
  const isPlain = pathType === 'Exact' || pathType === 'Prefix';
  const mustBeAbsolute = isPlain || (pathType === 'ImplementationSpecific' && text !== '');
  if (mustBeAbsolute && !text.startsWith('/')) errors.push(invalid(at, text, 'must be an absolute path'));
  if (isPlain) {
    for (const sequence of forbiddenSequences) {
      if (text.includes(sequence)) errors.push(invalid(at, text, `must not contain '${sequence}'`));
    }
    for (const suffix of forbiddenSuffixes) {
      if (text.endsWith(suffix)) errors.push(invalid(at, text, `cannot end with '${suffix}'`));
    }
  }
  return [...errors, ...validateBackend(backend, path.child('backend'))];
}

function validateBackend({ resource, service }: IngressBackend, path: FieldPath): FieldError[] {
  if (resource !== undefined && service !== undefined) {
    return [invalid(path, '', 'cannot set both resource and service backends')];
  }
  if (resource !== undefined) return validateReference(resource, path.child('resource'));
  if (service === undefined) return [invalid(path, '', 'resource or service backend is required')];
  const { name, port = {} } = service;
  const nameAt = path.child('service', 'name');
  const errors = name === '' ? [required(nameAt)] : invalidFor(nameAt, name, isDns1123Label(name));
  const { name: portName = '', number = 0 } = port;
  if (portName !== '' && number !== 0) errors.push(invalid(path, '', 'cannot set both port name & port number'));
  else if (portName !== '') {
    errors.push(...invalidFor(path.child('service', 'port', 'name'), portName, isValidPortName(portName)));
  } else if (number !== 0) {
    errors.push(...invalidFor(path.child('service', 'port', 'number'), number, isValidPortNumber(number)));
  } else errors.push(required(path, 'port name or number is required'));
  return errors;
}

/** Checks what points to an object of another kind by group, kind and name. */
export function validateReference(
  reference: Pick<TypedLocalObjectReference, 'kind' | 'name'> & { apiGroup?: string | null },
  path: FieldPath,
): FieldError[] {
  const { apiGroup, kind, name } = reference;
  return [
    ...(apiGroup === undefined || apiGroup === null
      ? []
      : invalidFor(path.child('apiGroup'), apiGroup, isDns1123Subdomain(apiGroup))),
    ...(kind === '' ? [required(path.child('kind'))] : invalidFor(path.child('kind'), kind, isPathSegmentName(kind))),
    ...(name === '' ? [required(path.child('name'))] : invalidFor(path.child('name'), name, isPathSegmentName(name))),
  ];
}

function validateTls({ hosts = [], secretName }: IngressTLS, path: FieldPath, lenient: boolean): FieldError[] {
  const errors = hosts.flatMap((host, index) => {
    const check = host.includes('*') ? isWildcardDns1123Subdomain : isDns1123Subdomain;
    return invalidFor(path.child('hosts').index(index), host, check(host));
  });
  return lenient
    ? errors
    : [...errors, ...invalidFor(path.child('secretName'), secretName, secretProblems(secretName))];
}

function secretProblems(name = ''): string[] {
  return name === '' ? [] : isDns1123Subdomain(name);
}

function validateStatus({ status }: Ingress, old: Ingress): FieldError[] {
  const known = (old.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip);
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '', hostname = '' }, index) => {
    const at = statusIngressPath.index(index);
    const errors = ip === '' || known.includes(ip) ? [] : invalidFor(at.child('ip'), ip, isValidIp(ip));
    if (hostname === '') return errors;
    errors.push(...invalidFor(at.child('hostname'), hostname, isDns1123Subdomain(hostname)));
    if (isIP(hostname) !== 0)
      errors.push(invalid(at.child('hostname'), hostname, 'must be a DNS name, not an IP address'));
    return errors;
  });
}
