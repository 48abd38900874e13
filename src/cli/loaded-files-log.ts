import { kubeconfigFiles, type KubeconfigPlaces, shownFile } from '../kubeconfig/kubeconfig.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { VerboseLog } from '../system/klog.ts';

/** Tells which kubeconfig files were read (-v=6), or that none of those of $KUBECONFIG is there (-v=1). */
export async function tellLoadedFiles(files: FileSystem, places: KubeconfigPlaces, log: VerboseLog): Promise<void> {
  const missing: string[] = [];
  let isAny = false;
  for (const file of kubeconfigFiles(places)) {
    const shown = shownFile(places, file);
    if (await files.exists(file)) {
      isAny = true;
      log(6, 'loader.go:407', `Config loaded from file:  ${shown}`);
    } else {
      missing.push(shown);
    }
  }
  const isOfEnvironment = places.explicit === '' && places.environment !== '';
  if (!isAny && isOfEnvironment) log(1, 'loader.go:141', `Config not found: ${missing.join(', ')}`);
}
