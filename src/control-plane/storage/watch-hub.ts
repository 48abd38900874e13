import type { StorageEvent, StorageWatch, WatchHandlers } from './storage.ts';

interface Watcher {
  readonly handlers: WatchHandlers;
  /** The revision up to which it has been told. */
  told: number;
  open: boolean;
}

/** Watchers of one prefix. */
interface Group {
  readonly prefix: string;
  readonly watchers: Set<Watcher>;
}

/**
 * Takes changes to the watchers whose prefix they match. Groups are found by the folder of their prefix (up to its
 * last slash), one look for each slash of the changed key, so watchers of other resources cost nothing.
 */
export class WatchHub {
  readonly #folders = new Map<string, Map<string, Group>>();

  /** @param told the revision up to which the watcher knows everything. */
  add(prefix: string, told: number, handlers: WatchHandlers): StorageWatch {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const groups = this.#folders.get(folder) ?? new Map<string, Group>();
    this.#folders.set(folder, groups);
    const group = groups.get(prefix) ?? { prefix, watchers: new Set() };
    groups.set(prefix, group);
    const watcher: Watcher = { handlers, told, open: true };
    group.watchers.add(watcher);
    return {
      close: () => {
        watcher.open = false;
        if (!group.watchers.delete(watcher) || group.watchers.size > 0) return;
        groups.delete(prefix);
        if (groups.size === 0) this.#folders.delete(folder);
      },
    };
  }

  /** Delivers one change. */
  publish(event: StorageEvent): void {
    // Every watcher gets the same array.
    const events = [event];
    const { key } = event;
    for (let end = 0; ; end = key.indexOf('/', end) + 1) {
      const groups = this.#folders.get(key.slice(0, end));
      if (groups !== undefined) {
        for (const group of groups.values()) if (key.startsWith(group.prefix)) deliver(group, events, event.revision);
      }
      if (key.indexOf('/', end) < 0) return;
    }
  }

  /** Ends all watches. */
  end(error: Error | undefined): void {
    const groups = [...this.#folders.values()].flatMap((folder) => [...folder.values()]);
    this.#folders.clear();
    for (const group of groups) {
      for (const watcher of group.watchers) endWatcher(watcher, error);
      group.watchers.clear();
    }
  }
}

function deliver(group: Group, events: readonly StorageEvent[], revision: number): void {
  for (const watcher of group.watchers) {
    // A watcher that came while this was being delivered has read it in the history.
    if (watcher.told >= revision) continue;
    watcher.told = revision;
    try {
      watcher.handlers.onEvents(events);
    } catch (error) {
      // Handlers must not throw. One that does loses its watch, and the others get theirs.
      group.watchers.delete(watcher);
      endWatcher(watcher, error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function endWatcher(watcher: Watcher, error: Error | undefined): void {
  if (!watcher.open) return;
  watcher.open = false;
  try {
    watcher.handlers.onEnd(error);
  } catch {
    // There is nobody left to tell.
  }
}
