import { gvkOf } from '../apimachinery/gvk.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { escapeTerminal } from '../printers/printer.ts';
import { describeConfigMap } from './config-map.ts';
import { describeDaemonSet } from './daemon-set.ts';
import { describeDeployment } from './deployment.ts';
import { DescribeText } from './describe-text.ts';
import type { DescribeContext, Describer } from './describer.ts';
import { describeGeneric } from './generic.ts';
import { describeJob } from './job.ts';
import { describeNamespace } from './namespace.ts';
import { describeNode } from './node.ts';
import { describePod } from './pod.ts';
import { describeReplicaSet } from './replica-set.ts';
import { describeSecret } from './secret.ts';
import { describeService } from './service.ts';
import { describeStatefulSet } from './stateful-set.ts';

/** By group and kind. */
const describers: Readonly<Record<string, Describer>> = {
  '/ConfigMap': describeConfigMap,
  '/Namespace': describeNamespace,
  '/Node': describeNode,
  '/Pod': describePod,
  '/Secret': describeSecret,
  '/Service': describeService,
  'apps/DaemonSet': describeDaemonSet,
  'apps/Deployment': describeDeployment,
  'apps/ReplicaSet': describeReplicaSet,
  'apps/StatefulSet': describeStatefulSet,
  'batch/Job': describeJob,
};

/** What `kubectl describe` prints of an object: in the form of its kind, or as a tree of its fields. */
export async function describeObject(object: Unstructured, context: DescribeContext): Promise<string> {
  const { group, kind } = gvkOf(object);
  const text = new DescribeText();
  await (describers[`${group}/${kind}`] ?? describeGeneric)(object, text, context);
  return escapeTerminal(text.toString());
}
