import { gvkOf } from '../apimachinery/gvk.ts';
import { cloneJson } from '../apimachinery/json.ts';
import { changeCauseOf, recordChangeCause, recordFlag } from '../cli/change-cause.ts';
import { answersOfAnyType } from '../cli/typed-answers.ts';
import { type CommandContext, defineCommand } from '../cli/command.ts';
import { throwVisited } from '../cli/exit.ts';
import {
  dryRunFlag,
  fieldManagerFlag,
  filenameFlags,
  printFlags,
  saveConfigFlag,
  standardFormats,
} from '../cli/flags.ts';
import { type ManifestInput, manifestInput } from '../cli/manifest-input.ts';
import { type Overrides, override, overrideFlags, overridesOf } from '../cli/overrides.ts';
import { type LoadedTarget, loadTargets, resolveTargets } from '../cli/resource-targets.ts';
import { typedPrinter, withConfiguration, withNamespace } from '../cli/typed-objects.ts';
import { checkExposable, labelPairs, portProtocolsOf, selectorPairsOf } from '../generators/exposed-object.ts';
import { GeneratorError } from '../generators/flag-texts.ts';
import { typedShape } from '../generators/typed-shapes.ts';
import { makeService, type ServiceSource } from '../generators/service.ts';
import { dryRunSuffix, NamePrinter } from '../printers/name-printer.ts';
import type { ObjectPrinter } from '../printers/printer.ts';
import type { DryRun } from '../resource/dry-run.ts';
import { dryRunOf } from '../cli/dry-run-flag.ts';

interface ExposeOptions {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  /** What the flags say of the service; what they leave open is filled in from the first object. */
  readonly source: ServiceSource;
  readonly overrides: Overrides;
  readonly dryRun: DryRun;
  readonly fieldManager: string;
  readonly saveConfig: boolean;
  readonly cause: string | undefined;
  readonly printer: ObjectPrinter;
}

const text = (
  name: string,
  description: string,
): { name: string; type: 'string'; default: ''; description: string } => ({
  name,
  type: 'string',
  default: '',
  description,
});

/** `expose`: a service for the pods behind something. */
export const exposeCommand = defineCommand<ExposeOptions>({
  path: ['expose'],
  usage:
    '(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type]',
  short: 'Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service',
  long:
    'Make a service in front of the pods of a deployment, a replica set, a replication controller, another service or a pod: with its selector, ports and labels, as far as the flags do not say otherwise.\n\n' +
    'Possible kinds: pod (po), service (svc), replicationcontroller (rc), deployment (deploy), replicaset (rs)',
  examples:
    '  # The ports of a deployment\n  kubectl expose deployment web\n\n' +
    '  # Port 80, served on 8080\n  kubectl expose deployment web --port=80 --target-port=8080\n\n' +
    '  # Another name and type\n  kubectl expose pod web-0 --port=443 --name=frontend --type=NodePort',
  flags: [
    ...printFlags({ formats: standardFormats }),
    ...filenameFlags('that name what to expose'),
    ...overrideFlags,
    dryRunFlag,
    fieldManagerFlag('kubectl-expose'),
    saveConfigFlag,
    recordFlag,
    text('cluster-ip', 'Address of the service; None for a headless one, nothing to have one chosen.'),
    text('external-ip', 'A further address, which is not managed here, that the service answers on.'),
    { ...text('labels', 'Labels of the service, a=b,c=d; those of what is exposed when not given.'), shorthand: 'l' },
    text('load-balancer-ip', 'Address for the load balancer; nothing to have one chosen.'),
    text('name', 'Name of the service; that of what is exposed when not given.'),
    text('port', 'Port of the service, or several with commas; those of what is exposed when not given.'),
    text('protocol', "Network protocol of the service; 'TCP' when nothing says otherwise."),
    text('selector', 'Selector of the service, a=b,c=d; that of what is exposed when not given.'),
    text('session-affinity', "'None' or 'ClientIP'."),
    text('target-port', 'Number or name of the port of the container; that of the service when not given.'),
    text('type', 'ClusterIP, NodePort, LoadBalancer or ExternalName.'),
  ],
  async toOptions(args, flags, context) {
    const dryRun = dryRunOf(flags, context);
    const printer =
      (await typedPrinter(flags, context)) ?? new NamePrinter({ operation: `exposed${dryRunSuffix[dryRun]}` });
    return {
      args,
      input: manifestInput(flags),
      source: {
        name: flags.string('name'),
        labels: flags.string('labels'),
        selector: flags.string('selector'),
        ports: flags.string('port'),
        protocol: flags.string('protocol'),
        targetPort: flags.string('target-port'),
        type: flags.string('type'),
        externalIp: flags.string('external-ip'),
        loadBalancerIp: flags.string('load-balancer-ip'),
        sessionAffinity: flags.string('session-affinity'),
        clusterIp: flags.string('cluster-ip'),
      },
      overrides: overridesOf(flags),
      dryRun,
      fieldManager: flags.string('field-manager'),
      saveConfig: flags.bool('save-config'),
      cause: changeCauseOf(flags, ['expose'], args),
      printer,
    };
  },
  async run(options, context) {
    const request = { selector: '', fieldSelector: '', all: false, allNamespaces: false, isTyped: true };
    const targets = await resolveTargets({ ...request, args: options.args, input: options.input }, context);
    const { objects, errors } = await loadTargets(targets, context, { manifests: 'as-given' });
    const failures: unknown[] = [];
    let { source } = options;
    for (const target of objects) {
      try {
        // What one object fills in holds for those behind it as well.
        source = filledIn(source, target);
        await expose(target, source, options, context);
      } catch (error) {
        failures.push(error);
      }
    }
    throwVisited(failures, errors, options.input.filenames.length > 0);
  },
});

function filledIn(source: ServiceSource, { mapping, object }: LoadedTarget): ServiceSource {
  checkExposable(mapping.gvk);
  const { labels = {} } = object.metadata;
  return {
    ...source,
    selector: source.selector === '' ? introspected(() => selectorPairsOf(object)) : source.selector,
    ports: source.ports === '' ? portsOf(object, source.clusterIp === 'None') : source.ports,
    protocols: portProtocolsOf(object),
    labels: source.labels === '' ? labelPairs(labels) : (source.labels ?? ''),
  };
}

function introspected(find: () => string): string {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof GeneratorError)) throw error;
    throw new GeneratorError(`couldn't retrieve selectors via --selector flag or introspection: ${error.message}`);
  }
}

function portsOf(object: LoadedTarget['object'], isHeadless: boolean): string {
  const ports = [...portProtocolsOf(object).keys()];
  if (ports.length === 0 && !isHeadless) {
    throw new GeneratorError("couldn't find port via --port flag or introspection");
  }
  return ports.join(',');
}

/** What a name of a service may have at most. */
const maxNameLength = 63;

async function expose(
  target: LoadedTarget,
  source: ServiceSource,
  options: ExposeOptions,
  context: CommandContext,
): Promise<void> {
  const name = source.name === '' ? target.name.slice(0, maxNameLength) : source.name;
  const made = await override(cloneJson(makeService({ ...source, name })), options.overrides, context);
  recordChangeCause(made, options.cause);
  const { name: namespace, explicit } = await context.cluster.namespace();
  if (options.dryRun === 'client') {
    context.streams.out.write(options.printer.print(explicit ? withNamespace(made, namespace) : made));
    return;
  }
  const object = options.saveConfig ? withConfiguration(made) : made;
  const client = await context.cluster.client();
  const mapping = (await context.cluster.discovery()).withMapper((mapper) =>
    mapper.mappingForKind(gvkOf(object), gvkOf(object).version),
  );
  const { gvr } = await mapping;
  const stored = await client.resource(gvr, namespace, answersOfAnyType(context)).create(object, {
    ...(options.fieldManager === '' ? {} : { fieldManager: options.fieldManager }),
    ...(options.dryRun === 'server' ? { dryRun: 'All' as const } : {}),
  });
  context.streams.out.write(options.printer.print(typedShape(stored)));
}
