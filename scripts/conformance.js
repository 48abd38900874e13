// `npm run conformance`: plays the stories of test/scripts with our kubectl and with every real one found (the one on
// the PATH, those named kubectl.1.NN beside it, $KUBECTL_REAL) against a cluster of ours, and compares what they say
// with what is recorded in the stories. `-- --record` writes the stories anew; read the difference before it is kept.
// `-- NAME…` plays the stories of these names alone. `-- --kubeconfig FILE` plays them against the cluster of that file:
// a real kube-apiserver with its controllers can answer all but the stories that need nodes, and is whom to record.
// `-- --kubectl 1.36` plays them with the real one of this version alone, beside ours.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');
const stories = join(root, 'test', 'scripts');
const ours = join(root, 'bin', 'kubectl-ts.js');
const { values: flags, positionals: chosen } = parseArgs({
  options: { record: { type: 'boolean', default: false }, kubeconfig: { type: 'string' }, kubectl: { type: 'string' } },
  allowPositionals: true,
});

/** What chance and time make, by the word that stands for it. */
const changing = [
  [/(https?:\/\/)?127\.0\.0\.1:\d+/g, '<server>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>'],
  [/\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '<time>'],
  [/(resourceVersion"?: ?"?)\d+/g, '$1<version>'],
  [/\b10\.\d+\.\d+\.\d+\b/g, '<ip>'],
  [/(?<=[ (])(\d+d)?(\d+h)?(\d+m)?\d+(\.\d+)?m?s(?=[\s)]|$)/gm, '<age>'],
  [/-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '-<hash>-<rand>'],
  [/(?<=[a-z0-9])-[bcdfghjklmnpqrstvwxz2456789]{5}(?=[\s"/,:)]|$)/gm, '-<rand>'],
  [/-[bcdfghjklmnpqrstvwxz2456789]{8,10}(?=[\s"/,:)]|$)/gm, '-<hash>'],
  [/^[EWI]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ /gm, '<log> '],
  [/:3[0-2]\d{3}\//g, ':<port>/'],
  // Columns are as wide as what chance put in them.
  [/ {2,}/g, '  '],
  [/ +$/gm, ''],
];

/** A story: comments, files, and commands with what they answer. */
function parseStory(text) {
  const parts = [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  let step;
  let answer;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index];
    const file = /^-- (\S+) --$/.exec(line);
    if (file !== null) {
      const end = lines.indexOf('-- end --', index);
      if (end < 0) throw new Error(`the file ${file[1]} has no line "-- end --"`);
      parts.push({ file: file[1], content: `${lines.slice(index + 1, end).join('\n')}\n` });
      index = end;
      step = undefined;
    } else if (line.startsWith('$ ')) {
      answer = { versions: undefined, lines: [] };
      step = { command: line.slice(2), modes: [], answers: [answer] };
      while (parts.at(-1)?.mode !== undefined) step.modes.unshift(parts.pop().mode);
      parts.push(step);
    } else if (/^@(retry|loose|silent|once)$/.test(line)) {
      parts.push({ mode: line.slice(1) });
      step = undefined;
    } else if (step !== undefined && /^\[[\d. ]+\]$/.test(line)) {
      answer = { versions: line.slice(1, -1).split(' '), lines: [] };
      step.answers.push(answer);
    } else if (step !== undefined && line !== '' && !line.startsWith('# ')) {
      answer.lines.push(line);
    } else {
      step = undefined;
      parts.push({ comment: line });
    }
  }
  return parts;
}

function formatStory(parts) {
  const lines = [];
  for (const part of parts) {
    if (part.comment !== undefined) lines.push(part.comment);
    else if (part.file !== undefined) lines.push(`-- ${part.file} --`, part.content.replace(/\n$/, ''), '-- end --');
    else {
      lines.push(...part.modes.map((mode) => `@${mode}`), `$ ${part.command}`);
      for (const { versions, lines: said } of part.answers) {
        if (versions !== undefined) lines.push(`[${versions.join(' ')}]`);
        lines.push(...said);
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Lines of standard output behind `| `, of standard error behind `! `, and an exit code other than 0 behind `? `. */
function answerLines({ code, stdout, stderr }, modes, replacements) {
  const lines = (text, mark) => {
    let clean = text;
    for (const [from, to] of replacements) clean = clean.replaceAll(from, to);
    for (const [pattern, word] of changing) clean = clean.replaceAll(pattern, word);
    const all = clean.split('\n');
    if (all.at(-1) === '') all.pop();
    if (modes.includes('loose')) all.sort();
    return all.map((line) => `${mark}${line === '' ? '' : ` ${line}`}`);
  };
  return [
    ...(modes.includes('silent') ? [] : lines(stdout, '|')),
    ...lines(stderr, '!'),
    ...(code === 0 ? [] : [`? ${code}`]),
  ];
}

function execute(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
    const said = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => (said.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (said.stderr += text));
    child.on('error', reject).on('close', (code) => resolve({ code: code ?? 124, ...said }));
  });
}

/** Our own program and every real one, oldest first. */
function programs() {
  const found = new Map();
  const add = (path) => {
    try {
      accessSync(path, constants.X_OK);
    } catch {
      return;
    }
    const run = spawnSync(path, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
    if (run.status !== 0) return;
    const { major, minor } = JSON.parse(run.stdout).clientVersion;
    const version = `${major}.${Number.parseInt(minor, 10)}`;
    if (!found.has(version)) found.set(version, path);
  };
  if (process.env.KUBECTL_REAL) add(process.env.KUBECTL_REAL);
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'kubectl');
    try {
      const real = realpathSync(path);
      add(real);
      for (const name of readdirSync(dirname(real))) if (/^kubectl\.1\.\d+$/.test(name)) add(join(dirname(real), name));
    } catch {
      // No kubectl in this folder.
    }
  }
  const minorOf = (version) => Number(version.split('.')[1]);
  const wanted = [...found].filter(([version]) => flags.kubectl === undefined || version === flags.kubectl);
  const real = wanted.sort(([left], [right]) => minorOf(left) - minorOf(right));
  return [...real.map(([version, path]) => ({ version, name: `kubectl ${version}`, command: [path] })), ourProgram()];
}

function ourProgram() {
  return { version: '1.36', isOurs: true, name: 'kubectl-ts', command: [process.execPath, ours] };
}

/** The recorded answer for a version: its own, or that of the newest. */
function expectedAnswer({ answers }, version) {
  return answers.find(({ versions }) => versions?.includes(version)) ?? answers[0];
}

/** Plays a story with one program in a namespace of its own. @returns what each command answered */
async function play(story, parts, program, folder, kubeconfig) {
  const namespace = `${story}-${program.isOurs ? 'ours' : program.version.replace('.', '-')}`;
  const home = await mkdtemp(join(folder, `${namespace}-`));
  const bin = join(home, '.bin');
  await mkdir(bin);
  const launcher = join(bin, 'kubectl');
  writeFileSync(launcher, `#!/bin/sh\nexec ${program.command.map((word) => `'${word}'`).join(' ')} "$@"\n`);
  chmodSync(launcher, 0o755);
  const config = join(home, '.kubeconfig');
  writeFileSync(config, kubeconfig.replace('"NAMESPACE"', JSON.stringify(namespace)));
  const env = {
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    HOME: home,
    KUBECONFIG: config,
    NS: namespace,
    LC_ALL: 'C',
    TERM: 'dumb',
  };
  const shell = (command) => execute('bash', ['-c', command], { cwd: home, env });
  await shell('kubectl create namespace "$NS"');
  for (let tries = 0; tries < 100 && (await shell('kubectl get serviceaccount default')).code !== 0; tries++) {
    await sleep(50);
  }
  const replacements = [
    [home, '<home>'],
    [namespace, '<namespace>'],
  ];
  const answers = new Map();
  for (const part of parts) {
    if (part.file !== undefined) {
      await mkdir(dirname(join(home, part.file)), { recursive: true });
      writeFileSync(join(home, part.file), part.content.replaceAll('$NS', namespace));
    }
    if (part.command === undefined) continue;
    let outcome = await shell(part.command);
    for (let tries = 0; part.modes.includes('retry') && outcome.code !== 0 && tries < 100; tries++) {
      await sleep(100);
      outcome = await shell(part.command);
    }
    answers.set(part, answerLines(outcome, part.modes, replacements));
  }
  await shell('kubectl delete namespace "$NS" --wait=false');
  return answers;
}

/** Puts the answers of all programs into a story: that of the newest real one first, others with their versions. */
function record(parts, played) {
  for (const part of parts.filter(({ command }) => command !== undefined)) {
    const groups = new Map();
    for (const { program, answers } of played.filter((entry) => !entry.program.isOurs).reverse()) {
      const lines = answers.get(part);
      const key = lines.join('\n');
      groups.set(key, { lines, versions: [program.version, ...(groups.get(key)?.versions ?? [])] });
    }
    part.answers = [...groups.values()].map((group, index) => (index === 0 ? { lines: group.lines } : group));
  }
}

function tellDifference(program, story, part, expected, actual) {
  console.log(`\n${story}: ${program.name} differs at\n  $ ${part.command}`);
  for (const line of expected) if (!actual.includes(line)) console.log(`  - ${line}`);
  for (const line of actual) if (!expected.includes(line)) console.log(`  + ${line}`);
}

async function main(folder) {
  const home = join(folder, 'home');
  await mkdir(home);
  const env = { ...process.env, HOME: home, KUBECONFIG: resolve(flags.kubeconfig ?? join(home, 'kubeconfig')) };
  delete env.NODE_EXTRA_CA_CERTS;
  const kubectl = async (...args) => {
    const result = await execute(process.execPath, [ours, ...args], { env });
    if (result.code !== 0) throw new Error(`kubectl-ts ${args.join(' ')}: ${result.stderr.trim()}`);
    return result.stdout;
  };
  const all = programs();
  const names = readdirSync(stories)
    .filter((name) => name.endsWith('.story'))
    .map((name) => basename(name, '.story'))
    .filter((name) => chosen.length === 0 || chosen.includes(name));
  if (names.length === 0) throw new Error(`no story is called ${chosen.join(' ')}`);
  console.log(`Programs: ${all.map(({ name }) => name).join(', ')}`);
  if (flags.kubeconfig === undefined) await kubectl('cluster', 'start', 'conformance');
  let compared = 0;
  let different = 0;
  try {
    const config = JSON.parse(await kubectl('config', 'view', '--raw', '--minify', '-o', 'json'));
    config.contexts[0].context.namespace = 'NAMESPACE';
    for (const name of names) {
      const path = join(stories, `${name}.story`);
      const parts = parseStory(readFileSync(path, 'utf8'));
      const played = [];
      for (const program of all) {
        const answers = await play(name, parts, program, folder, JSON.stringify(config));
        played.push({ program, answers });
      }
      if (flags.record) {
        record(parts, played);
        writeFileSync(path, formatStory(parts));
      }
      for (const { program, answers } of played) {
        for (const [part, actual] of answers) {
          const expected = expectedAnswer(part, program.version).lines;
          compared++;
          if (expected.join('\n') === actual.join('\n')) continue;
          different++;
          tellDifference(program, name, part, expected, actual);
        }
      }
    }
  } finally {
    if (flags.kubeconfig === undefined) await kubectl('cluster', 'delete', 'conformance');
  }
  console.log(`\n${compared - different} passed, ${different} failed`);
  return different === 0;
}

const folder = await mkdtemp(join(tmpdir(), 'kubectl-ts-conformance-'));
try {
  process.exitCode = (await main(folder)) ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
