import { messageOf } from '../../apimachinery/error-message.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { type CommandContext, CommandError, defineCommand } from '../../cli/command.ts';
import { throwFailures } from '../../cli/exit.ts';
import { printWarning } from '../../cli/warnings.ts';
import {
  changeObjects,
  checkLocal,
  loadForChange,
  type SetOptions,
  setFlags,
  setOptions,
  setSelectorFlag,
} from './change-objects.ts';
import {
  changedEnvironment,
  checkNotOverwritten,
  type EnvironmentChanges,
  parseEnvironment,
  sourceText,
  splitEnvironment,
  VariableResolver,
} from './environment.ts';
import { type ChangeableContainer, type EnvironmentVariable, podSpecOf, selectContainers } from './pod-spec.ts';

interface EnvOptions extends SetOptions {
  readonly changes: EnvironmentChanges;
  readonly containers: string;
  readonly from: string;
  readonly prefix: string;
  /** Keys to take from what --from names; empty for all. */
  readonly keys: readonly string[];
  readonly list: boolean;
  readonly resolve: boolean;
  readonly overwrite: boolean;
  /** Whether changes stood among the arguments. */
  readonly hasArguments: boolean;
}

/** `set env`. */
export const setEnvCommand = defineCommand<EnvOptions>({
  path: ['set', 'env'],
  usage: 'RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N',
  short: 'Update environment variables on a pod template',
  long:
    'List the variables of containers, set them with NAME=VALUE and remove them with NAME-. With `-` they are read from standard input, a NAME=VALUE on each line.\n\n' +
    'Possible kinds: pod (po), replicationcontroller (rc), deployment (deploy), daemonset (ds), statefulset (sts), cronjob (cj), replicaset (rs)',
  examples:
    '  # Set one and remove one\n  kubectl set env deployment/web MODE=fast DEBUG-\n\n' +
    '  # See them, with the values that they refer to\n  kubectl set env deployment/web --list --resolve\n\n' +
    '  # One for each key of a secret\n  kubectl set env --from=secret/database --prefix=DB_ deployment/web\n\n' +
    '  # In a manifest, without a server\n  kubectl set env --local -f web.yaml MODE=fast -o yaml',
  flags: [
    ...setFlags,
    setSelectorFlag,
    {
      name: 'containers',
      shorthand: 'c',
      type: 'string',
      default: '*',
      description: 'Name of the containers to change; * stands for any letters.',
    },
    { name: 'env', shorthand: 'e', type: 'stringArray', default: '[]', description: 'A variable to set, NAME=VALUE.' },
    { name: 'from', type: 'string', default: '', description: 'A secret or config map whose keys become variables.' },
    { name: 'keys', type: 'stringSlice', default: '[]', description: 'With --from: only these keys.' },
    { name: 'list', type: 'bool', default: 'false', description: 'Show the variables there would be.' },
    { name: 'overwrite', type: 'bool', default: 'true', description: 'Change variables that have a value.' },
    { name: 'prefix', type: 'string', default: '', description: 'Text before the names of what is set.' },
    { name: 'resolve', type: 'bool', default: 'false', description: 'With --list: show the values referred to.' },
  ],
  async toOptions(args, flags, context) {
    if (flags.bool('all') && flags.string('selector') !== '') {
      throw new CommandError('cannot set --all and --selector at the same time');
    }
    const { resources, changes } = splitEnvironment(args);
    const common = await setOptions(resources, flags, 'env updated', context);
    checkLocal(common);
    // The real one does not take a kustomization alone for naming anything.
    if ((common.input.filenames.length === 0 || common.input.isKustomization === true) && resources.length === 0) {
      throw new CommandError('one or more resources must be specified as <resource> <name> or <resource>/<name>');
    }
    if (flags.bool('list') && flags.string('output') !== '') {
      throw new CommandError('--list and --output may not be specified together');
    }
    const [keys, from] = [flags.list('keys'), flags.string('from')];
    if (keys.length > 0 && from === '') {
      throw new CommandError('when specifying --keys, a configmap or secret must be provided with --from');
    }
    const environment = [...flags.list('env'), ...changes];
    if (environment.includes('-') && common.input.filenames.includes('-')) {
      throw new CommandError('standard input cannot be used for multiple arguments');
    }
    const readInput = async (): Promise<string> => Buffer.from(await context.streams.in.readAll()).toString('utf8');
    return {
      ...common,
      selector: flags.string('selector'),
      changes: await parseEnvironment(environment, readInput),
      containers: flags.string('containers'),
      from,
      prefix: flags.string('prefix'),
      keys,
      list: flags.bool('list'),
      resolve: flags.bool('resolve'),
      overwrite: flags.bool('overwrite'),
      hasArguments: changes.length > 0,
    };
  },
  async run(options, context) {
    const imported = options.from === '' ? [] : await importVariables(options, context);
    const set = [...options.changes.set, ...imported].map((variable) => ({
      ...variable,
      name: options.prefix + variable.name,
    }));
    const changes = { set, remove: options.changes.remove };
    const targets = await loadForChange(options, context, true);
    const { name: namespace } = await context.cluster.namespace();
    const resolver = new VariableResolver(() => context.cluster.client(), namespace);
    const change = {
      apply: (object: Unstructured) => changeOne(object, changes, options, resolver, context),
      failure: 'failed to patch env update to pod template: ',
      afterwards() {
        if (set.length > 0 || options.hasArguments) return;
        throw new CommandError('at least one environment variable must be provided');
      },
    };
    const errors = await changeObjects(targets, change, options, context);
    // The list tells what is wrong itself, and nothing is an error of it.
    if (!options.list) throwFailures(errors);
  },
});

/** The variables for the keys of a secret or config map. */
async function importVariables(options: EnvOptions, context: CommandContext): Promise<EnvironmentVariable[]> {
  const sources = await loadForChange({ ...options, resources: [options.from] }, context, true);
  const variables: EnvironmentVariable[] = [];
  for (const { object, name } of sources) {
    const isSecret = object.kind === 'Secret';
    if (object.apiVersion !== 'v1' || !(isSecret || object.kind === 'ConfigMap')) {
      throw new CommandError('unsupported resource specified in --from');
    }
    for (const key of Object.keys(object['data'] ?? {}).toSorted()) {
      if (options.keys.length > 0 && !options.keys.includes(key)) continue;
      const reference = { name, key };
      const valueFrom = isSecret ? { secretKeyRef: reference } : { configMapKeyRef: reference };
      variables.push({ name: variableName(key, context), valueFrom });
    }
  }
  return variables;
}

function variableName(key: string, context: CommandContext): string {
  const name = key.replaceAll(/[^a-zA-Z0-9_]/g, '_').toUpperCase();
  if (name !== key) printWarning(`key ${key} transferred to ${name}`, context);
  return name;
}

async function changeOne(
  object: Unstructured,
  changes: EnvironmentChanges,
  options: EnvOptions,
  resolver: VariableResolver,
  context: CommandContext,
): Promise<boolean> {
  const spec = podSpecOf(object);
  const containers = selectContainers(spec, options.containers);
  if (containers.length === 0) {
    const name = `${object.kind}/${object.metadata.name ?? ''}`;
    printWarning(`${name} does not have any containers matching ${goQuote(options.containers)}`, context);
    return false;
  }
  let isWhole = true;
  for (const container of containers) {
    const existing = container.env ?? [];
    if (!options.overwrite) checkNotOverwritten(existing, changes.set);
    const env = changedEnvironment(existing, changes);
    if (env.length > 0) container.env = env;
    else delete container.env;
    if (options.list) isWhole = (await list(object, container, options, resolver, context)) && isWhole;
  }
  if (!isWhole) throw new CommandError('failed to retrieve valueFrom references');
  return !options.list;
}

/** Shows the variables of a container. @returns whether all could be resolved that should be */
async function list(
  object: Unstructured,
  container: ChangeableContainer,
  options: EnvOptions,
  resolver: VariableResolver,
  { streams }: CommandContext,
): Promise<boolean> {
  const { out, err } = streams;
  out.write(`# ${object.kind} ${object.metadata.name ?? ''}, container ${container.name}\n`);
  const unresolved = new Map<string, string[]>();
  for (const { name, value = '', valueFrom } of container.env ?? []) {
    if (valueFrom === undefined) {
      out.write(`${name}=${value}\n`);
      continue;
    }
    if (!options.resolve) {
      out.write(`# ${name} from ${sourceText(valueFrom)}\n`);
      continue;
    }
    try {
      out.write(`${name}=${await resolver.value(valueFrom, object, container)}\n`);
    } catch (error) {
      out.write(`# ${name} from ${sourceText(valueFrom)}\n`);
      const reason = messageOf(error);
      unresolved.set(reason, [...(unresolved.get(reason) ?? []), name]);
    }
  }
  const lines = [...unresolved].map(
    ([reason, names]) => `error retrieving reference for ${names.toSorted().join(', ')}: ${reason}\n`,
  );
  for (const line of lines.toSorted()) err.write(line);
  return unresolved.size === 0;
}
