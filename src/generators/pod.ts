import { isClassicEnvVarName } from '../apimachinery/names.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { GeneratorError, parseAtoi, parseLabelPairs } from './flag-texts.ts';
import { defined, sortedMap, typedObject } from './typed-json.ts';

/** What a pod of one container is made of; texts as flags give them, empty where they are not given. */
export interface PodSource {
  readonly name: string;
  readonly image: string;
  /** `a=b,c=d`; `run=NAME` when empty. */
  readonly labels: string;
  readonly annotations: readonly string[];
  readonly env: readonly string[];
  readonly port: string;
  readonly args: readonly string[];
  /** Whether `args` are the command rather than its arguments. */
  readonly isCommand: boolean;
  readonly imagePullPolicy: string;
  readonly restartPolicy: string;
  readonly stdin: boolean;
  readonly leaveStdinOpen: boolean;
  readonly tty: boolean;
  readonly privileged: boolean;
}

/** Makes a pod of one container. @throws GeneratorError */
export function makePod(source: PodSource): Unstructured {
  const { name, args, stdin, tty } = source;
  const env = source.env.filter((text) => text !== '').map(envVariable);
  const annotations = sortedMap(annotationPairs(source.annotations));
  const labels = source.labels === '' ? { run: name } : sortedMap(parseLabelPairs(source.labels));
  const container = defined({
    name,
    image: source.image,
    command: args.length > 0 && source.isCommand ? args : undefined,
    args: args.length > 0 && !source.isCommand ? args : undefined,
    ports: source.port === '' ? undefined : [{ containerPort: parseAtoi(source.port) }],
    env: env.length === 0 ? undefined : env,
    resources: {},
    imagePullPolicy: source.imagePullPolicy === '' ? undefined : source.imagePullPolicy,
    securityContext: source.privileged ? { privileged: true } : undefined,
    stdin: stdin ? true : undefined,
    stdinOnce: stdin && !source.leaveStdinOpen ? true : undefined,
    tty: tty ? true : undefined,
  });
  const spec = {
    containers: [container],
    restartPolicy: source.restartPolicy === '' ? 'Always' : source.restartPolicy,
    dnsPolicy: 'ClusterFirst',
  };
  return typedObject('v1', 'Pod', { name, labels, annotations }, { spec, status: {} });
}

function envVariable(text: string): { readonly name: string; readonly value?: string } {
  const sign = text.indexOf('=');
  const name = text.slice(0, sign);
  if (sign < 1 || isClassicEnvVarName(name).length > 0) throw new GeneratorError(`invalid env: ${text}`);
  const value = text.slice(sign + 1);
  return value === '' ? { name } : { name, value };
}

function annotationPairs(texts: readonly string[]): readonly (readonly [string, string])[] {
  const given = texts.filter((text) => text !== '');
  const wrong = given.filter((text) => text.indexOf('=') < 1);
  if (wrong.length > 0) throw new GeneratorError(`invalid annotations format: ${wrong.join(', ')}`);
  return given.map((text) => {
    const sign = text.indexOf('=');
    return [text.slice(0, sign), text.slice(sign + 1)];
  });
}
