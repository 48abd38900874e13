// `npm run bench -- commands`: everyday commands beside the real kubectl, with the memory they take, changes of many
// objects, and long lists, whose memory is to stay as it is for short ones.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { call, inMegabytes, inSeconds, measure, measureInTurn, peakMegabytes, writeConfigMaps } from './programs.js';

const runs = 15;

/**
 * Measures one command after the other, the programs in turn.
 * @param programs ours, and the real one where there is one; the cluster is there
 * @returns rows of a table: what, then a figure for each program
 */
export async function measureCommands(programs, folder, { objects, pods }) {
  const one = join(folder, 'one.yaml');
  await writeFile(one, manifestOf(podNamed('one')));
  await call(programs[0], ['apply', '-f', one]);
  const rows = [];
  console.error('Starting programs …');
  for (const args of [
    ['version', '--client'],
    ['get', 'pods'],
    ['get', 'pod', 'one', '-o', 'yaml'],
    ['apply', '-f', one],
  ]) {
    const title = args.join(' ').replace(one, 'one.yaml');
    const { wall, cpu } = await measureInTurn(programs, runs, args);
    rows.push([`${title}, wall`, wall], [`${title}, CPU`, cpu], [`${title}, memory`, await peaks(programs, args)]);
  }
  console.error(`Changing and describing ${objects} ConfigMaps, which takes the real kubectl a while …`);
  rows.push(...(await changesOfMany(programs, folder, objects)));
  console.error(`Listing ${pods} pods …`);
  rows.push(...(await longLists(programs, folder, pods)));
  return rows;
}

/** Each program once, with objects of its own. */
async function changesOfMany(programs, folder, objects) {
  const configMaps = join(folder, 'configmaps');
  await writeConfigMaps(configMaps, objects);
  const steps = [
    { title: 'label', args: ['label', '-f', configMaps, 'tier=gold'] },
    { title: 'label --all', args: ['label', 'configmaps', '--all', 'tier=silver', '--overwrite'] },
    { title: 'describe', args: ['describe', '-f', configMaps] },
    { title: 'describe of all', args: ['describe', 'configmaps'] },
  ];
  const figures = steps.map(() => []);
  for (const program of programs) {
    await call(programs[0], ['create', 'namespace', program.name]);
    await call(programs[0], ['apply', '-f', configMaps, '-n', program.name]);
    for (const [step, { args }] of steps.entries()) {
      const { wall } = await measure(program, [...args, '-n', program.name]);
      figures[step].push(inSeconds(wall));
    }
  }
  return steps.map(({ title }, step) => [`${title}, ${objects} ConfigMaps`, figures[step]]);
}

/** A tenth of the pods, then all: what grows with the list is held in memory. */
async function longLists(programs, folder, pods) {
  const rows = [];
  for (const [namespace, count] of [
    ['short', Math.ceil(pods / 10)],
    ['long', pods],
  ]) {
    const file = join(folder, `${namespace}.yaml`);
    const names = Array.from({ length: count }, (_, index) => `pod-${String(index).padStart(6, '0')}`);
    await writeFile(file, names.map((name) => manifestOf(podNamed(name))).join('---\n'));
    await call(programs[0], ['create', 'namespace', namespace]);
    await call(programs[0], ['create', '-f', file, '-n', namespace]);
    for (const output of [[], ['-o', 'name'], ['-o', 'custom-columns=NAME:.metadata.name'], ['-o', 'yaml']]) {
      const args = ['get', 'pods', '-n', namespace, ...output];
      const title = `get pods ${output.join(' ')}`.trim();
      const { wall } = await measureInTurn(programs, 3, args);
      rows.push([`${title}, ${count} pods, wall`, wall]);
      rows.push([`${title}, ${count} pods, memory`, await peaks(programs, args)]);
    }
  }
  return rows;
}

async function peaks(programs, args) {
  const found = [];
  for (const program of programs) found.push(await peakMegabytes(program, args));
  return found.map((value) => (value === undefined ? undefined : inMegabytes(value)));
}

function podNamed(name) {
  const container = { name: 'main', image: 'registry.example/main:1', resources: { requests: { cpu: '10m' } } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'bench' } },
    spec: { containers: [container] },
  };
}

/** JSON is YAML. */
function manifestOf(object) {
  return `${JSON.stringify(object)}\n`;
}
