import type { Container, PersistentVolume, Pod } from '../../api/types/core-v1.ts';
import type { NodeFiles } from './node-files.ts';
import { VolumeModeError } from './volume-sources.ts';

/** Whether a pod uses a claimed volume as what it is: a file system is mounted, a device is not. @throws VolumeModeError */
export function checkVolumeMode(pod: Pod, name: string, mode: string): void {
  const uses = (list: (container: Container) => readonly { readonly name: string }[] | undefined): boolean =>
    [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].some((container) =>
      list(container)?.some((use) => use.name === name),
    );
  const wrong =
    mode !== 'Filesystem' && uses(({ volumeMounts }) => volumeMounts)
      ? 'volumeMounts'
      : mode !== 'Block' && uses(({ volumeDevices }) => volumeDevices)
        ? 'volumeDevices'
        : undefined;
  if (wrong === undefined) return;
  const problem = `volume ${name} has volumeMode ${mode}, but is specified in ${wrong}`;
  const which = `unmounted volumes=[${name}], unattached volumes=[], failed to process volumes=[${name}]`;
  throw new VolumeModeError('FailedMount', `Unable to attach or mount volumes: ${which}: ${problem}`);
}

/** The device of a volume that is one, on the node; local volumes alone can be. @throws VolumeModeError */
export function blockDevice(files: NodeFiles, { metadata, spec }: PersistentVolume): string {
  const of = `for volume ${JSON.stringify(metadata.name ?? '')}`;
  const path = spec?.local?.path;
  if (path === undefined) {
    throw new VolumeModeError(
      'FailedMapVolume',
      `MapVolume.FindMapperPluginBySpec failed ${of} : volumes of its kind are no devices`,
    );
  }
  if (files.find(path)?.special !== 'block device') {
    throw new VolumeModeError('FailedMapVolume', `MapVolume.MapPodDevice failed ${of} : ${path} is not a block device`);
  }
  return path;
}
