import type { Pod, Service } from '../../api/types/core-v1.ts';
import type { KubeObject } from '../../apimachinery/object-meta.ts';

const triggerAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

/** What was known of a service when its endpoints were looked at last. */
interface KnownTimes {
  readonly service: string;
  /** By the names of pods. */
  readonly pods: ReadonlyMap<string, string>;
}

/**
 * Tells since when the endpoints of services are outdated: what clients measure the way of a change to the nodes by.
 * A service that is seen for the first time has changed when it was created; later changes are those of the readiness
 * of pods. Times are compared as text, all of them being of one form.
 */
export class TriggerTimes {
  readonly #known = new Map<string, KnownTimes>();

  /** The first of the changes since the last call for this service; undefined when nothing has changed. */
  changeOf(service: Service, pods: readonly Pod[]): string | undefined {
    const key = `${service.metadata.namespace ?? ''}/${service.metadata.name ?? ''}`;
    const former = this.#known.get(key);
    const created = service.metadata.creationTimestamp ?? '';
    const times = new Map<string, string>();
    for (const { metadata, status } of pods) {
      const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '';
      if (ready !== '') times.set(metadata.name ?? '', ready);
    }
    this.#known.set(key, { service: created, pods: times });
    if (former === undefined) return created === '' ? undefined : created;
    const changes = [...times].filter(([name, time]) => time > (former.pods.get(name) ?? '')).map(([, time]) => time);
    if (created > former.service) changes.push(created);
    return changes.toSorted()[0];
  }

  /** A service is gone; one of its name begins anew. */
  forget(key: string): void {
    this.#known.delete(key);
  }
}

/** An object that says what change made it what it is; one without such a change says nothing. */
export function withTriggerTime<T extends KubeObject>(object: T, time: string | undefined): T {
  const { annotations: given, ...metadata } = object.metadata;
  const { [triggerAnnotation]: _former, ...others } = given ?? {};
  const annotations = time === undefined ? others : { ...others, [triggerAnnotation]: time };
  const isBare = Object.keys(annotations).length === 0;
  return { ...object, metadata: isBare ? metadata : { ...metadata, annotations } };
}
