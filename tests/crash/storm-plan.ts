import { CRASH_POINTS } from '../../src/core/crash-points.ts';
import type { SmtpFault } from '../helpers/smtp.ts';
import type { CrashMail } from './world.ts';
import type { Random } from './random.ts';
import type { ProcessName } from './supervisor.ts';

/** What the weather is made of; every choice comes from the seed. */

export const STORM = {
  mailEveryMs: [300, 1500],
  killEveryMs: [150, 1100],
  userEveryMs: [80, 500],
  restartAfterMs: [0, 600],
} as const satisfies Record<string, readonly [number, number]>;

export type Victim = ProcessName | 'email-mcp';

/** Those that hold a mail in their hands die more often than the one that draws the page. */
const VICTIMS: readonly Victim[] = [
  'cloud-email-watcher',
  'cloud-email-watcher',
  'draft-replier',
  'draft-replier',
  'approval-handler',
  'approval-handler',
  'email-mcp',
  'email-mcp',
  'email-mcp',
  'orchestrator',
];

export function nextVictim(random: Random): Victim {
  return random.pick(VICTIMS);
}

/** After about every second death the next life is told to end at a named point. */
export function nextWish(random: Random, name: ProcessName): string | undefined {
  const prefixes: Record<ProcessName, readonly string[]> = {
    'cloud-email-watcher': ['watcher:'],
    'draft-replier': ['replier:'],
    'approval-handler': ['handler:', 'email-mcp:'],
    orchestrator: [],
    'odoo-mcp': [],
  };
  const points = CRASH_POINTS.filter((point) => prefixes[name].some((prefix) => point.startsWith(prefix)));
  if (points.length === 0 || !random.chance(0.5)) return undefined;
  return `${random.pick(points)}@${random.between(1, 2)}`;
}

export function nextKind(random: Random): CrashMail['kind'] {
  const dice = random.next();
  if (dice < 0.08) return 'newsletter';
  return dice < 0.25 ? 'attachment' : 'plain';
}

/** A server on a bad day: about every fourth connection goes wrong, somewhere. */
export function nextSmtpFault(random: Random): SmtpFault | undefined {
  const faults: readonly (readonly [SmtpFault, number])[] = [
    ['drop-after-dot', 0.08],
    ['rcpt-450', 0.05],
    ['rcpt-550', 0.04],
    ['drop-in-body', 0.02],
    ['drop-before-354', 0.02],
    ['drop-at-greeting', 0.02],
    ['after-dot-451', 0.02],
    ['drop-at-quit', 0.02],
  ];
  let dice = random.next();
  for (const [fault, share] of faults) {
    if (dice < share) return fault;
    dice -= share;
  }
  return undefined;
}
