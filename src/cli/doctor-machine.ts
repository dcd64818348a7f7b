import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { childEnvironment, type CommonConfig, type Environment, isConfigured } from '../runtime/config.ts';
import { fine, type Finding, found, off } from './doctor-check.ts';
import { runProgram } from './doctor-run.ts';

export interface MachineFacts {
  readonly programDir: string;
  readonly env: Environment | undefined;
  /** Null: the configuration cannot be read. */
  readonly config: CommonConfig | null;
  /** `process.versions.node` */
  readonly node: string;
}

/** Node, the program, time zone and clock. */
export async function checkMachine(facts: MachineFacts): Promise<readonly Finding[]> {
  const all = await Promise.all([nodeFinding(facts), buildFinding(facts), clockFinding(facts)]);
  return [...all, ...(facts.config === null ? [] : [zoneFinding(facts.config, facts.env)])];
}

async function nodeFinding({ programDir, node }: MachineFacts): Promise<Finding> {
  const text = await readFile(join(programDir, 'package.json'), 'utf8').catch(() => '');
  const wanted = /"node": ">=(\d+)\.(\d+)\.\d+"/.exec(text);
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const [least, leastMinor] = [Number(wanted?.[1] ?? 0), Number(wanted?.[2] ?? 0)];
  const old = major < least || (major === least && minor < leastMinor);
  if (old) return found('node-old', `Node ${node} is older than ${least}.${leastMinor}`);
  return fine('machine', `Node ${node}`);
}

/** Is what runs what was last built? A program that was delivered without its sources cannot be compared. */
async function buildFinding({ programDir, env }: MachineFacts): Promise<Finding> {
  const isThere = (path: string): Promise<boolean> =>
    access(join(programDir, path)).then(
      () => true,
      () => false,
    );
  if (!(await isThere('dist/cli/handover.js')))
    return found('not-built', 'dist/ is missing: nothing can start');
  if (!(await isThere('src')) || !(await isThere('deployment/ensure.mjs'))) {
    return fine('machine', 'the program is built');
  }
  const script = join(programDir, 'deployment', 'ensure.mjs');
  const { exit } = await runProgram(process.execPath, [script, 'check'], pathOf(env));
  if (exit === 0) return fine('machine', 'the program is built from these sources');
  return found('build-old', 'dist/ is older than src/: what runs is not what lies here');
}

/** systemd knows whether somebody sets the clock; without it nobody is asked. */
async function clockFinding({ env }: MachineFacts): Promise<Finding> {
  const asked = ['show', '--property=NTPSynchronized', '--value'];
  const { exit, out } = await runProgram('timedatectl', asked, pathOf(env));
  if (exit === 0 && out.trim() === 'yes') return fine('machine', 'the clock is set by a time server');
  if (exit === 0 && out.trim() === 'no') {
    return found(
      'clock-not-synced',
      'the clock is not set by a time server: times of mails and of the other machine may not fit',
    );
  }
  return off('machine', 'whether the clock is set by a time server cannot be asked here');
}

function zoneFinding({ TIMEZONE: zone }: CommonConfig, env: Environment | undefined): Finding {
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (isConfigured(['TIMEZONE'], env)) return fine('machine', `times are those of ${zone}`);
  if (own === zone || own === 'Etc/UTC') return fine('machine', `times are those of ${zone}`);
  return found(
    'zone-not-set',
    `TIMEZONE is not set, so quiet hours and dates are those of ${zone}; this machine is in ${own}`,
  );
}

function pathOf(env: Environment | undefined): Record<string, string> {
  return { PATH: childEnvironment(env)['PATH'] ?? '' };
}
