import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ageWords } from '../core/age.ts';
import { type Heartbeat, PROCESSES } from '../core/heartbeat.ts';
import { presenceOf, SILENT_AFTER_MS } from '../core/presence.ts';
import { readHeartbeat } from '../vault/read-heartbeat.ts';
import type { Vault } from '../vault/vault.ts';
import { fine, type Finding, found, off } from './doctor-check.ts';
import type { Host } from './doctor-host.ts';
import type { Pm2Look } from './doctor-pm2.ts';
import { isUp } from './doctor-processes.ts';

interface Seen {
  readonly agent: (typeof PROCESSES)[number]['agent'];
  readonly process: string;
  readonly optional: boolean;
  readonly beat: Heartbeat | null;
  /** When its file came to this disk, by this machine's clock; null: it is not there. */
  readonly cameAt: number | null;
}

/** What the processes say of themselves, here and on the other machine, and whether the two clocks agree. */
export async function checkAgents(host: Host, pm2: Pm2Look): Promise<readonly Finding[]> {
  const { vault } = host;
  if (vault === null) return [off('agents', 'there is no vault to read their heartbeats from')];
  const seen = await Promise.all(PROCESSES.map((row) => seenOf(vault, row)));
  const own = seen.filter(({ agent }) => host.agents.includes(agent));
  const others = seen.filter(({ agent }) => !host.agents.includes(agent));
  const findings = [
    ...ownFindings(host, own, pm2),
    ...(others.length === 0 ? [] : peerFindings(host, others)),
  ];
  if (findings.some(({ level }) => level !== 'ok')) return findings;
  const alive = own.filter(({ beat }) => presenceOf(beat, host.now).presence === 'alive');
  if (alive.length === 0) return [off('agents', 'no process of this machine says anything'), ...findings];
  const names = alive.map(({ process }) => process).join(', ');
  return [fine('agents', `all is well with ${names}`), ...findings];
}

async function seenOf(vault: Vault, { agent, process, optional }: (typeof PROCESSES)[number]): Promise<Seen> {
  const beat = await readHeartbeat(vault, agent, process);
  const file = join(vault.root, 'Updates', agent, `${process}.json`);
  const cameAt = beat === null ? null : ((await lstat(file).catch(() => null))?.ctimeMs ?? null);
  return { agent, process, optional, beat, cameAt };
}

function ownFindings({ now }: Host, own: readonly Seen[], pm2: Pm2Look): readonly Finding[] {
  const startedOf = (name: string): number | null => {
    if (pm2.is !== 'running') return null;
    const one = pm2.processes.find((process) => process.name === name && isUp(process));
    return one?.startedAt ?? null;
  };
  return own.flatMap(({ process, beat }) => {
    const presence = presenceOf(beat, now);
    if (presence.presence === 'alive') return stateFindings(process, presence);
    const startedAt = startedOf(process);
    // One that just started, or does not run, has its own line.
    if (startedAt === null || now - startedAt < SILENT_AFTER_MS) return [];
    return [
      found(
        'heartbeat-silent',
        `${process} runs, and has said nothing for more than ${SILENT_AFTER_MS / 60_000} minutes: it hangs, or cannot write into Updates`,
        `run: npx pm2 restart ${process}`,
      ),
    ];
  });
}

/** The reason is for the user and holds the cure. */
function stateFindings(
  process: string,
  { state, reason }: { readonly state: Heartbeat['state']; readonly reason: string | null },
): readonly Finding[] {
  if (state === 'paused')
    return [found('process-paused', `${process} is paused: ${reason ?? 'no reason given'}`)];
  if (state !== 'degraded') return [];
  return [found('process-degraded', `${process}: ${reason ?? 'something is wrong'}`)];
}

/** Nobody misses an optional process before it was seen. */
function peerFindings({ now }: Host, peer: readonly Seen[]): readonly Finding[] {
  const expected = peer.filter(({ optional, beat }) => !optional || beat !== null);
  if (expected.every(({ beat }) => beat === null)) {
    return [found('peer-never', 'nothing was ever heard of the other machine')];
  }
  const states = expected.flatMap(({ process, beat }) => {
    const presence = presenceOf(beat, now);
    switch (presence.presence) {
      case 'alive':
        return stateFindings(process, presence);
      case 'never':
        return [found('peer-silent', `the other machine's ${process} was never heard of`)];
      case 'stopped':
        return [
          found(
            'peer-silent',
            `the other machine's ${process} was stopped ${ago(now - presence.lastSeen)} ago`,
          ),
        ];
      case 'silent':
        return [
          found(
            'peer-silent',
            `the other machine's ${process} was last heard of ${ago(now - presence.lastSeen)} ago`,
          ),
        ];
      case 'clock-ahead':
        return [];
    }
  });
  const clock = clockFinding(now, peer);
  return [...states, ...(clock === null ? [] : [clock])];
}

const ago = (ms: number): string => ageWords(Math.max(0, ms));

const AHEAD_MS = 30_000;
const BEHIND_MS = 5 * 60_000;
/** A file that came long ago says nothing of the clocks today. */
const FRESH_MS = 10 * 60_000;

/**
 * A heartbeat is stamped by the other clock, then travels, then gets its ctime from this one. So stamp minus ctime is
 * the difference of the clocks less the time on the way: above zero the other clock is surely ahead; far below zero it is
 * behind, or the way was long.
 */
function clockFinding(now: number, peer: readonly Seen[]): Finding | null {
  const differences = peer.flatMap(({ beat, cameAt }) =>
    beat === null || cameAt === null || now - cameAt > FRESH_MS ? [] : [beat.at - cameAt],
  );
  if (differences.length === 0) return null;
  const difference = Math.max(...differences);
  const seconds = Math.round(Math.abs(difference) / 1000);
  if (difference > AHEAD_MS) {
    return found(
      'peer-clock-ahead',
      `the clock of the other machine is at least ${seconds} s ahead of this one`,
    );
  }
  if (difference < -BEHIND_MS) {
    return found(
      'peer-clock-behind',
      `what the other machine stamps arrives ${seconds} s later by this clock`,
    );
  }
  return fine('agents', 'the clocks of the two machines agree');
}
