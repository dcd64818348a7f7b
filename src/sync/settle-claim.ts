/**
 * Whose a claim is when two machines may both have it: the flag is raised already (the claim itself), now wait
 * until the peer has it, then look; decided by the pure `claimStep`. Nothing is moved here: a claim that is to be
 * withdrawn is withdrawn by its owner.
 */
import { type ClaimFacts, type ClaimMove, claimStep, type Settled } from '../core/claim-protocol.ts';
import { type Agent, inProgress, type StateFolder } from '../core/states.ts';
import type { Clock } from '../runtime/clock.ts';
import type { NoteRef, Vault } from '../vault/vault.ts';
import type { Acknowledgement } from './acknowledge.ts';

export interface SettleClaimDeps {
  readonly vault: Pick<Vault, 'exists' | 'find'>;
  readonly me: Agent;
  /** May the other agent claim this too now? Asked after the claim; see stages/takeover-notice.ts. */
  readonly shared: () => Promise<boolean>;
  readonly acknowledge: (path: string, signal: AbortSignal) => Promise<Acknowledgement>;
  readonly clock: Clock;
  /** How long to wait for a rival to go before it is asked again in the next pass. */
  readonly patienceMs: number;
}

/** For a claim that both machines may have, the same on both; in ms. */
export const SHARED_CLAIM = {
  /** How long the other side may take to see it. */
  acknowledgeMs: 10_000,
  /** How long its own claim may take to go, before it is asked again. */
  patienceMs: 5_000,
  /** A machine that is connected and takes nothing for so long (a full disk) is as good as not there. */
  deafMs: 120_000,
} as const;

const LOOK_MS = 50;
/** A move that came by sync is seen as a disappearance for up to 2.3 ms (measured). */
const BETWEEN_MS = 10;
/** In two steps, when the peer's Syncthing found it in two scans: 250 ms, rarely more (measured). */
const NOWHERE_MS = 2_000;

/** Further along than a claim: the rival did not withdraw, it went on. */
const WENT_ON: readonly StateFolder[] = ['Pending_Approval/email', 'Approved', 'Rejected'];
const WITHDRAWN: readonly StateFolder[] = ['Conflicts', 'Quarantine'];

export function settleClaim(deps: SettleClaimDeps): (ref: NoteRef, signal: AbortSignal) => Promise<Settled> {
  return async (ref, signal) => {
    const end = deps.clock.now() + deps.patienceMs;
    let sawRival = false;
    for (;;) {
      const shared = await deps.shared();
      const answer = shared ? await deps.acknowledge(`${ref.folder}/${ref.name}`, signal) : 'apart';
      // After the answer, in this order: the look.
      const seen: Seen = shared ? await look(deps, ref, sawRival, signal) : NOBODY;
      sawRival ||= seen.rival;
      const move = claimStep({
        ...seen,
        me: deps.me,
        mine: await deps.vault.exists(ref),
        acknowledged: answer === 'acknowledged',
        lookedAfterAck: answer === 'acknowledged',
        peerConnected: answer !== 'apart',
        shared,
      });
      const settled = SETTLED[move];
      if (settled !== null) return settled;
      if (deps.clock.now() >= end || signal.aborted) return 'waiting';
      await deps.clock.sleep(LOOK_MS, signal);
    }
  };
}

const SETTLED: Readonly<Record<ClaimMove, Settled | null>> = {
  proceed: 'mine',
  proceed_apart: 'apart',
  withdraw: 'withdrawn',
  gone: 'gone',
  wait: null,
};

type Seen = Pick<Required<ClaimFacts>, 'rival' | 'wentOn'>;

const NOBODY: Seen = { rival: false, wentOn: false };

/**
 * Who else has the task. Nobody is believed only at the second look: between two places a file is in neither for
 * a moment. Of a rival that was seen before, the next place is waited for; when there is none it was deleted,
 * and the task is ours.
 */
async function look(
  deps: SettleClaimDeps,
  ref: NoteRef,
  sawRival: boolean,
  signal: AbortSignal,
): Promise<Seen> {
  const { vault, clock } = deps;
  const folder = inProgress(deps.me === 'cloud-agent' ? 'local-agent' : 'cloud-agent');
  const end = clock.now() + (sawRival ? NOWHERE_MS : BETWEEN_MS);
  for (;;) {
    const last = clock.now() >= end || signal.aborted;
    const rival = await vault.exists({ folder, name: ref.name });
    const wentOn = (await vault.find(ref.name, WENT_ON)) !== null;
    if (rival || wentOn || last) return { rival, wentOn };
    if (sawRival && (await vault.find(ref.name, WITHDRAWN)) !== null) return NOBODY;
    await clock.sleep(BETWEEN_MS, signal);
  }
}
