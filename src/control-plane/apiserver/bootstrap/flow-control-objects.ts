import { defaultFlowSchemas, defaultPriorityLevels } from '../../../api/flowcontrol/v1/default-flow-control.ts';
import type { GroupVersionResource } from '../../../apimachinery/gvk.ts';
import { equalJson, type JsonValue } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Client } from '../../../client/client.ts';
import type { Clock, Timer } from '../../../system/clock.ts';
import type { Logger } from '../../../system/logger.ts';
import { createMissing } from './create-missing.ts';

const autoupdate = 'apf.kubernetes.io/autoupdate-spec';
const fieldManager = 'api-priority-and-fairness-config-producer-v1';
/** Those that are put back as they must be, whatever somebody made of them. */
const mandatory: ReadonlySet<string> = new Set(['exempt', 'catch-all']);
const upkeepMillis = 60_000;

/** Creates the flow schemas and priority levels that every cluster has, and puts the specs of mandatory ones right. */
export async function ensureFlowControl(client: Client): Promise<void> {
  const create = createMissing(client, fieldManager);
  const flow = (resource: string): GroupVersionResource => ({
    group: 'flowcontrol.apiserver.k8s.io',
    version: 'v1',
    resource,
  });
  await Promise.all([
    create(
      flow('prioritylevelconfigurations'),
      objectsOf('PriorityLevelConfiguration', defaultPriorityLevels),
      restoreSpec,
    ),
    create(flow('flowschemas'), objectsOf('FlowSchema', defaultFlowSchemas), restoreSpec),
  ]);
}

/** Ensures them anew each minute, until the returned function is called. */
export function keepFlowControl(client: Client, clock: Clock, log: Logger): () => void {
  let timer: Timer;
  let isStopped = false;
  const schedule = (): void => {
    timer = clock.setTimer(
      () => {
        ensureFlowControl(client)
          .catch((error: unknown) => log.warn('keeping up flow control failed', { error: String(error) }))
          .finally(() => {
            if (!isStopped) schedule();
          });
      },
      upkeepMillis,
      { unref: true },
    );
  };
  schedule();
  return () => {
    isStopped = true;
    timer.cancel();
  };
}

function objectsOf(kind: string, specs: Readonly<Record<string, object>>): Unstructured[] {
  return Object.entries(specs).map(([name, spec]) => ({
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind,
    metadata: { name, annotations: { [autoupdate]: 'true' } },
    spec,
  }));
}

function restoreSpec(current: Unstructured, wanted: Unstructured): Unstructured | undefined {
  const { name = '', annotations } = current.metadata;
  if (!mandatory.has(name) && annotations?.[autoupdate] !== 'true') return undefined;
  const spec = wanted['spec'] as JsonValue;
  return hasAll(current['spec'] as JsonValue, spec) ? undefined : { ...current, spec };
}

/** Whether everything wanted is there; what defaults add does not matter. */
function hasAll(current: JsonValue, wanted: JsonValue): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(current) &&
      current.length === wanted.length &&
      wanted.every((item, index) => hasAll(current[index] ?? null, item))
    );
  }
  if (typeof wanted !== 'object' || wanted === null) return equalJson(current, wanted);
  if (typeof current !== 'object' || current === null || Array.isArray(current)) return false;
  return Object.entries(wanted).every(([key, value]) => hasAll(current[key] ?? null, value));
}
