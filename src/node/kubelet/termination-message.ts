import type { Container, Pod } from '../../api/types/core-v1.ts';
import type { ContainerStatus, RuntimeService } from '../cri/runtime.ts';
import { terminationLog } from './container-mounts.ts';
import type { NodeFiles } from './node-files.ts';

const longestMessage = 4096;
const longestFallback = 2048;
const fallbackLines = 80;

/** What a container that ended left as its last word: its file, or the end of its log where that is asked for. */
export async function terminationMessage(
  pod: Pod,
  status: ContainerStatus,
  { files, runtime }: { readonly files: NodeFiles; readonly runtime: RuntimeService },
): Promise<string> {
  const path = terminationLog(pod, status.metadata.name, status.metadata.attempt);
  const written = files.find(path)?.kind === 'file' ? Buffer.from(files.readFile(path)) : Buffer.alloc(0);
  if (written.length > 0) return written.subarray(0, longestMessage).toString('utf8');
  const container = containerOf(pod, status.metadata.name);
  if (container?.terminationMessagePolicy !== 'FallbackToLogsOnError' || status.exitCode === 0) return status.message;
  const log = await runtime.containerLog(status.id);
  const text = Buffer.concat(log.read(0).map(({ content }) => content)).toString('utf8');
  return text
    .split(/(?<=\n)/)
    .slice(-fallbackLines)
    .join('')
    .slice(-longestFallback);
}

function containerOf({ spec }: Pod, name: string): Container | undefined {
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []), ...(spec?.ephemeralContainers ?? [])];
  return all.find((container) => container.name === name);
}
