import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { StatusError } from '../../apimachinery/status.ts';
import { type CommandContext, CommandError, defineCommand, type FlagValues } from '../../cli/command.ts';
import { throwVisited } from '../../cli/exit.ts';
import { errorsOf, type FailedManifest, readTypedInput } from '../../cli/typed-input.ts';
import { dryRunOf } from '../../cli/dry-run-flag.ts';
import { dryRunFlag, filenameFlags, printFlags, standardFormats } from '../../cli/flags.ts';
import { requireKnownType } from '../../cli/known-types.ts';
import { type ManifestInput, manifestInput } from '../../cli/manifest-input.ts';
import { checkNamespace } from '../../cli/resource-targets.ts';
import { typedPrinter } from '../../cli/typed-objects.ts';
import { typedShape } from '../../generators/typed-shapes.ts';
import { dryRunSuffix, NamePrinter } from '../../printers/name-printer.ts';
import type { ObjectPrinter } from '../../printers/printer.ts';
import { type DryRun, DryRunError } from '../../resource/dry-run.ts';
import { type ReconcileResult, reconcileObject } from './reconcile/reconcile-object.ts';

interface ReconcileOptions {
  readonly input: ManifestInput;
  readonly isDryRun: boolean;
  readonly removeExtraPermissions: boolean;
  readonly removeExtraSubjects: boolean;
  readonly printer: ObjectPrinter;
}

/** What --dry-run asks for, and in the words of this command what is wrong with it. @throws CommandError */
function dryRunAsked(flags: FlagValues, context: CommandContext): DryRun {
  try {
    return dryRunOf(flags, context);
  } catch (error) {
    if (!(error instanceof DryRunError)) throw error;
    throw new CommandError(`error accessing --dry-run flag for command reconcile: ${error.message}`);
  }
}

/** `auth reconcile`: brings roles and bindings to what manifests say. */
export const reconcileCommand = defineCommand<ReconcileOptions>({
  path: ['auth', 'reconcile'],
  usage: '-f FILENAME',
  short: 'Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects',
  long:
    'Bring roles and role bindings to what manifests say: what is not there is made, with its namespace; rules and subjects that are missing are added, and others stay unless they are to be removed. A binding of another role is made anew.\n\n' +
    'Manifests of other kinds are left alone. For roles this is better than apply, for it knows what rules mean.',
  examples: '  kubectl auth reconcile -f my-roles.yaml',
  flags: [
    ...printFlags({ formats: standardFormats }),
    ...filenameFlags('with roles and bindings'),
    dryRunFlag,
    {
      name: 'remove-extra-permissions',
      type: 'bool',
      default: 'false',
      description: 'Remove what roles allow beyond the manifests.',
    },
    {
      name: 'remove-extra-subjects',
      type: 'bool',
      default: 'false',
      description: 'Remove whom bindings name beyond the manifests.',
    },
  ],
  async toOptions(args, flags, context) {
    const input = manifestInput(flags);
    if (input.filenames.length === 0 && flags.string('kustomize') === '') {
      throw new CommandError('must specify one of -f and -k');
    }
    if (args.length > 0) throw new CommandError('no arguments are allowed');
    const dryRun = dryRunAsked(flags, context);
    if (dryRun === 'server') throw new CommandError('--dry-run=server for command reconcile is not supported yet');
    return {
      input,
      isDryRun: dryRun === 'client',
      removeExtraPermissions: flags.bool('remove-extra-permissions'),
      removeExtraSubjects: flags.bool('remove-extra-subjects'),
      printer:
        (await typedPrinter(flags, context)) ?? new NamePrinter({ operation: `reconciled${dryRunSuffix[dryRun]}` }),
    };
  },
  async run(options, context) {
    const ofInput: FailedManifest[] = [];
    const failures: unknown[] = [];
    for (const entry of await readTypedInput(options.input, context)) {
      if ('error' in entry) {
        ofInput.push(entry);
        continue;
      }
      try {
        await reconcile(entry.object, options, context);
      } catch (error) {
        failures.push(error);
      }
    }
    throwVisited(failures, errorsOf(ofInput), true);
  },
});

const kinds = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding']);
const conflictAttempts = 3;

async function reconcile(object: Unstructured, options: ReconcileOptions, context: CommandContext): Promise<void> {
  checkNamespace(object.metadata.namespace ?? '', await context.cluster.namespace(), context);
  await requireKnownKind(object, context);
  const [group = '', version = ''] = object.apiVersion.split('/');
  if (group !== 'rbac.authorization.k8s.io' || !kinds.has(object.kind)) {
    const type = `&v1.TypeMeta{Kind:"${object.kind}", APIVersion:"${object.apiVersion}"}`;
    context.log?.(1, 'reconcile.go:306', `skipping ${type}`);
    return;
  }
  if (version !== 'v1') {
    throw new CommandError(`only rbac.authorization.k8s.io/v1 is supported: not *${version}.${object.kind}`);
  }
  const client = await context.cluster.client();
  for (let attempt = 1; ; attempt++) {
    try {
      tell(await reconcileObject(object, client, options), options, context);
      return;
    } catch (error) {
      const isConflict = error instanceof StatusError && error.reason === 'Conflict';
      if (!isConflict || attempt === conflictAttempts) throw error;
    }
  }
}

/** Old versions of roles are known by name, to say that they are not supported. */
async function requireKnownKind(object: Unstructured, context: CommandContext): Promise<void> {
  const isOld = /^rbac\.authorization\.k8s\.io\/v1(alpha|beta)1$/.test(object.apiVersion) && kinds.has(object.kind);
  if (!isOld) await requireKnownType(object, context);
}

function tell(result: ReconcileResult, options: ReconcileOptions, { streams }: CommandContext): void {
  const { out, err } = streams;
  out.write(options.printer.print(typedShape(result.object)));
  if (result.operation === 'none') return;
  const caveat = result.isProtected
    ? ', but object opted out (rbac.authorization.kubernetes.io/autoupdate: false)'
    : '';
  err.write(`\treconciliation required ${result.operation}${caveat}\n`);
  const list = (title: string, lines: readonly string[]): void => {
    if (lines.length > 0) err.write(`\t${title}:\n${lines.map((line) => `\t\t${line}\n`).join('')}`);
  };
  list('missing subjects added', result.missingSubjects.map(goSubject));
  if (options.removeExtraSubjects) list('extra subjects removed', result.extraSubjects.map(goSubject));
  list('missing rules added', result.missingRules.map(goRule));
  if (options.removeExtraPermissions) list('extra rules removed', result.extraRules.map(goRule));
}

function goSubject({ kind, apiGroup = '', name, namespace = '' }: ReconcileResult['missingSubjects'][number]): string {
  return `{Kind:${kind} APIGroup:${apiGroup} Name:${name} Namespace:${namespace}}`;
}

function goRule(rule: ReconcileResult['missingRules'][number]): string {
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule;
  const list = (values: readonly string[] | undefined): string => `[${(values ?? []).join(' ')}]`;
  return `{Verbs:${list(verbs)} APIGroups:${list(apiGroups)} Resources:${list(resources)} ResourceNames:${list(resourceNames)} NonResourceURLs:${list(nonResourceURLs)}}`;
}
