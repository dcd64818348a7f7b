import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { PROCESSES } from '../core/heartbeat.ts';
import { isInside } from '../files/inside.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { fine, type Finding, found, off } from './doctor-check.ts';
import { type Host, isWanted, variable } from './doctor-host.ts';
import { callsHome, lookAtPm2, pm2Home, type Pm2Look, type Pm2Process, startsOnBoot } from './doctor-pm2.ts';

export interface ProcessLook {
  readonly pm2: Pm2Look;
  readonly findings: readonly Finding[];
}

/** PM2, and in its list every process of this machine. Never starts anything. */
export async function checkProcesses(host: Host): Promise<ProcessLook> {
  const pm2 = await lookAtPm2(host);
  if (pm2.is !== 'running') return { pm2, findings: [NOT_THERE[pm2.is]] };
  const findings = [
    ...(await daemonFindings(host, pm2.daemon)),
    ...missing(host, pm2.processes),
    ...twice(pm2.processes),
    ...(await Promise.all(ours(pm2.processes).map((one) => processFindings(host, one)))).flat(),
  ];
  return { pm2, findings };
}

const NOT_THERE = {
  missing: found('pm2-missing', 'PM2 is not installed beside the program'),
  'not-running': found('pm2-not-running', 'PM2 does not run, so nothing drafts and nothing is sent'),
  silent: found('pm2-silent', 'PM2 runs and does not say what it runs'),
} as const;

/** PM2 7.0.4 ends what a process started by asking `ps` for it; without one it goes on twice, and starts two (measured). */
async function hasPs(host: Host): Promise<boolean> {
  const folders = variable(host, 'PATH')?.split(delimiter);
  if (folders === undefined) return true;
  const there = await Promise.all(
    folders.map((folder) =>
      access(join(folder, 'ps'), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return there.includes(true);
}

async function daemonFindings(host: Host, daemon: number): Promise<readonly Finding[]> {
  const out: Finding[] = [];
  if ((await callsHome(host, daemon)) === true) {
    out.push(
      found('pm2-calls-home', 'PM2 was started without the variables that keep it from calling its makers'),
    );
  }
  const home = pm2Home(host);
  const mode = (await stat(home).catch(() => null))?.mode ?? 0;
  if ((mode & 0o077) !== 0) {
    out.push(
      found('pm2-home-open', 'other users of this machine can read what PM2 keeps', `run: chmod 700 ${home}`),
    );
  }
  if (!(await hasPs(host)))
    out.push(found('pm2-no-ps', 'there is no ps here, and PM2 restarts wrongly without'));
  const boot = await startsOnBoot(host);
  if (boot === null)
    out.push(off('processes', 'no systemd here: see docs/setup.md for a start with the machine'));
  else if (boot) out.push(fine('processes', 'PM2 starts with the machine'));
  else out.push(found('pm2-no-boot', 'after a restart of this machine PM2 does not start by itself'));
  return out;
}

const NAMES: ReadonlySet<string> = new Set(PROCESSES.map(({ process }) => process));

function ours(processes: readonly Pm2Process[]): readonly Pm2Process[] {
  return processes.filter(({ name }) => NAMES.has(name));
}

function missing(host: Host, processes: readonly Pm2Process[]): readonly Finding[] {
  const wanted = PROCESSES.filter(
    ({ agent, process }) => host.agents.includes(agent) && isWanted(process, host.env),
  );
  const absent = new Set(wanted.map(({ process }) => process));
  for (const { name } of processes) absent.delete(name as (typeof wanted)[number]['process']);
  return [...absent].map((name) => found('process-missing', `${name} is not in PM2's list`));
}

function twice(processes: readonly Pm2Process[]): readonly Finding[] {
  const names = ours(processes).map(({ name }) => name);
  const more = new Set(names.filter((name, at) => names.indexOf(name) !== at));
  return [...more].map((name) => found('process-twice', `${name} is more than once in PM2's list`));
}

/** A process that PM2 gave up on keeps some status and has no pid. */
export function isUp({ pid, status }: Pm2Process): boolean {
  return pid > 0 && (status === 'online' || status === 'launching');
}

const RECENT_MS = 10 * 60_000;
/** `pm2 restart` counts too, and nobody types it this often. */
const MANY_RESTARTS = 5;

async function processFindings(host: Host, one: Pm2Process): Promise<readonly Finding[]> {
  const { name, status, exitCode, restarts, unstable } = one;
  if (!isUp(one)) {
    const words = `${name} does not run (${status}${exitCode === null ? '' : `, exit ${exitCode}`})`;
    return exitCode === EXIT.config
      ? [
          found(
            'process-config',
            `${name} does not start: its configuration is wrong`,
            cured('process-config', name),
          ),
        ]
      : [found('process-down', words, cured('process-down', name))];
  }
  const elsewhere = await codeFinding(host, one);
  if (elsewhere !== null) return [elsewhere];
  const often = restarts >= MANY_RESTARTS && host.now - one.startedAt < RECENT_MS;
  if (unstable === 0 && !often) return [fine('processes', `${name} runs`)];
  return [
    found(
      'process-restarts',
      `${name} was started ${restarts} times, the last time a moment ago`,
      cured('process-restarts', name),
    ),
  ];
}

function cured(code: 'process-config' | 'process-down' | 'process-restarts', name: string): string {
  const logs = `npx pm2 logs ${name} --nostream`;
  switch (code) {
    case 'process-config':
      return `${logs} names the keys; mend .env, then npx pm2 restart ${name}`;
    case 'process-down':
      return `${logs} says why; then npx pm2 restart ${name}`;
    case 'process-restarts':
      return `${logs} says why it ended`;
  }
}

/** Clocks of files and of processes may differ by a tick. */
const SLACK_MS = 1_000;

async function codeFinding(host: Host, { name, script, startedAt }: Pm2Process): Promise<Finding | null> {
  if (script === '') return null;
  const own = await realpath(host.programDir);
  const real = await realpath(script).catch(() => script);
  if (!isInside(own, real))
    return found('process-elsewhere', `${name} runs the program of another folder: ${script}`);
  const built = await stat(join(own, 'dist', '.built')).catch(() => null);
  if (built === null || built.mtimeMs <= startedAt + SLACK_MS) return null;
  return found(
    'process-old-code',
    `${name} was started before the program was built anew`,
    `run: npx pm2 restart ${name}`,
  );
}
