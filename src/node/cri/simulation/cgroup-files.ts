import type { LinuxResources } from '../runtime.ts';
import type { MemoryFiles } from './memory-files.ts';

/** Shows a container what the kernel would hold it to, as version 2 of control groups does. */
export function writeCgroupFiles(files: MemoryFiles, resources: LinuxResources): void {
  const write = (folder: string, name: string, text: string): void => {
    files.makeFolder(folder);
    files.writeFile(`${folder}/${name}`, Buffer.from(`${text}\n`));
  };
  for (const [name, text] of cgroupTexts(resources)) write('/sys/fs/cgroup', name, text);
  write('/proc/1', 'oom_score_adj', `${resources.oomScoreAdjust}`);
}

/** The files of a control group, and what is in them. */
export function cgroupTexts({
  cpuShares,
  cpuQuota,
  cpuPeriod,
  memoryLimitBytes,
}: Omit<LinuxResources, 'oomScoreAdjust'>): readonly (readonly [name: string, text: string])[] {
  // Shares from 2 to 262,144 become weights from 1 to 10,000.
  const weight = 1 + Math.floor(((cpuShares - 2) * 9999) / 262_142);
  return [
    ['cpu.weight', `${weight}`],
    ['cpu.max', `${cpuQuota < 0 ? 'max' : cpuQuota} ${cpuPeriod}`],
    ['memory.max', memoryLimitBytes === 0 ? 'max' : `${memoryLimitBytes}`],
  ];
}
