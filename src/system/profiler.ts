import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';

/** What can be recorded of this process. */
export type ProfileKind = 'cpu' | 'heap';

/**
 * Records what the process spends its time or memory on, in the form that Chrome's developer tools and other readers of
 * V8's profiles load.
 * @param path where the profile goes, absolute
 * @returns ends the recording and writes the file. @throws the file system's errors, at once where it cannot be made
 */
export async function startProfile(kind: ProfileKind, path: string): Promise<() => Promise<void>> {
  await writeFile(path, '');
  const session = new Session();
  session.connect();
  if (kind === 'cpu') {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
  } else {
    await session.post('HeapProfiler.enable');
    await session.post('HeapProfiler.startSampling');
  }
  return async () => {
    const { profile } =
      kind === 'cpu' ? await session.post('Profiler.stop') : await session.post('HeapProfiler.stopSampling');
    session.disconnect();
    await writeFile(path, JSON.stringify(profile));
  };
}
