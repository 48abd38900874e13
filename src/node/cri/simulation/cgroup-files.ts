import type { LinuxResources } from '../runtime.ts';
import type { MemoryFiles } from './memory-files.ts';

/** Shows a container what the kernel would hold it to, as version 2 of control groups does. */
export function writeCgroupFiles(files: MemoryFiles, resources: LinuxResources): void {
  const { cpuShares, cpuQuota, cpuPeriod, memoryLimitBytes, oomScoreAdjust } = resources;
  const write = (folder: string, name: string, text: string): void => {
    files.makeFolder(folder);
    files.writeFile(`${folder}/${name}`, Buffer.from(`${text}\n`));
  };
  // Shares from 2 to 262,144 become weights from 1 to 10,000.
  const weight = 1 + Math.floor(((cpuShares - 2) * 9999) / 262_142);
  write('/sys/fs/cgroup', 'cpu.weight', `${weight}`);
  write('/sys/fs/cgroup', 'cpu.max', `${cpuQuota < 0 ? 'max' : cpuQuota} ${cpuPeriod}`);
  write('/sys/fs/cgroup', 'memory.max', memoryLimitBytes === 0 ? 'max' : `${memoryLimitBytes}`);
  write('/proc/1', 'oom_score_adj', `${oomScoreAdjust}`);
}
