/**
 * The acknowledged claim, searched exhaustively: two agents, one note, every interleaving of raise, scan,
 * index batch, pull, acknowledgement, look, decision, withdrawal, crash and partition, up to a bound. Each
 * decision is the product's own `claimStep`; below it runs the simulated Syncthing pair.
 */
import { createHash } from 'node:crypto';
import type { ClaimFacts, ClaimMove } from '../../src/core/claim-protocol.ts';
import { type Agent, inProgress } from '../../src/core/states.ts';
import type { FileInfo } from './file-info.ts';
import { Network } from './network.ts';

export type Step = (facts: ClaimFacts) => ClaimMove;

export interface ClaimBounds {
  /** How often the link may go down, and how often each agent may be killed. */
  readonly partitions: number;
  readonly crashes: number;
  /** In what order an agent gathers its facts: the answers of its Syncthing first, or the look first. */
  readonly look: 'after-ack' | 'before-ack';
  /** Enough when one contradiction is found. */
  readonly firstFault?: boolean;
}

/** What an agent remembers; a crash wipes it, the note on its disk stays. */
interface Mind {
  readonly asked: { readonly acknowledged: boolean; readonly connected: boolean } | null;
  readonly rival: boolean | null;
  readonly wentOn: boolean | null;
  /** `proceed` and `proceed_apart` are for good: it drafts. */
  readonly end: 'proceed' | 'proceed_apart' | null;
  readonly crashes: number;
}

interface State {
  readonly net: Network;
  readonly minds: readonly [Mind, Mind];
  readonly partitions: number;
}

export interface ClaimReport {
  readonly states: number;
  readonly moves: number;
  /** Both agents went on, each with the other's acknowledgement. */
  readonly unsafe: readonly string[];
  /** From here, with the link up for ever and nobody killed, nobody can go on. */
  readonly stuck: readonly string[];
  readonly ends: Readonly<Record<string, number>>;
}

const AGENTS: readonly [Agent, Agent] = ['cloud-agent', 'local-agent'];
const SOURCE = 'Needs_Action/email/x';
const FLAGS = AGENTS.map((agent) => `${inProgress(agent)}/x`) as [string, string];
const OFFERED = 'Pending_Approval/email/x';
const FRESH: Mind = { asked: null, rival: null, wentOn: null, end: null, crashes: 0 };

function start(): State {
  const net = new Network({
    nodes: 2,
    rules: 'v1',
    shares: () => true,
    versioning: () => false,
    now: () => 0,
  });
  net.node(0).disk.set(SOURCE, { text: 'mail', mtime: 1 });
  net.settle();
  return { net, minds: [FRESH, FRESH], partitions: 0 };
}

/** A move of the world: its name, whether it is one of the faults, and what comes of it. */
interface Move {
  readonly name: string;
  readonly fault: boolean;
  /** Changes only what an agent remembers: the network need not be copied. */
  readonly mindOnly: boolean;
  readonly apply: (state: Draft) => void;
}

interface Draft {
  net: Network;
  minds: [Mind, Mind];
  partitions: number;
}

function moves(state: State, step: Step, bounds: ClaimBounds): Move[] {
  const { net, minds } = state;
  const list: Move[] = [];
  const add = (name: string, apply: Move['apply'], fault = false) =>
    list.push({ name, fault, apply, mindOnly: /(?:ask|look|further|wait|crash|proceed\w*)$/.test(name) });
  for (const node of [0, 1] as const) {
    const replica = net.node(node);
    const who = node === 0 ? 'cloud' : 'laptop';
    if (unscanned(state, node)) add(`${who}: scan`, (s) => s.net.node(node).scan());
    if (replica.current || replica.needed().length > 0) {
      // Between unlink and rename lie 2.3 ms at most (facts section 2); the look is repeated after 10.
      const pull: Move['apply'] = (s) => {
        s.net.pullStep(node);
        if (s.net.node(node).current?.step === 'remove') s.net.pullStep(node);
        if (s.net.node(node).current?.step === 'place') s.net.pullStep(node);
      };
      add(`${who}: pull ${replica.current?.step ?? 'begin'}`, pull);
    }
    agentMoves(state, node, step, bounds, (name, apply) => add(`${who}: ${name}`, apply));
    if (minds[node].crashes < bounds.crashes && minds[node] !== FRESH) {
      const crashes = minds[node].crashes + 1;
      add(`${who}: crash`, (s) => (s.minds[node] = { ...FRESH, crashes }), true);
    }
  }
  for (const [index, link] of net.links.entries()) {
    const name = `batch from ${link.from === 0 ? 'cloud' : 'laptop'}`;
    if (!net.connected(0, 1)) continue;
    if (net.node(link.from).sequence > link.sent)
      add(`${name} leaves`, (s) => s.net.send(s.net.links[index]!));
    if (link.inFlight.length > 0) add(`${name} arrives`, (s) => s.net.deliver(s.net.links[index]!));
  }
  if (!net.connected(0, 1)) add('link up', (s) => s.net.setConnected(0, 1, true));
  else if (state.partitions < bounds.partitions) {
    const down: Move['apply'] = (s) => {
      s.partitions += 1;
      s.net.setConnected(0, 1, false);
    };
    add('link down', down, true);
  }
  return list;
}

function agentMoves(
  state: State,
  node: 0 | 1,
  step: Step,
  bounds: ClaimBounds,
  add: (name: string, apply: Move['apply']) => void,
): void {
  const mind = state.minds[node];
  const { disk } = state.net.node(node);
  const flag = FLAGS[node];
  const mine = disk.has(flag);
  if (mind.end !== null) return finishMoves(state, node, add);
  const think =
    (change: Partial<Mind>): Move['apply'] =>
    (s) => {
      s.minds[node] = { ...s.minds[node], ...change };
    };
  if (!mine) {
    if (disk.has(SOURCE)) add('raise', (s) => rename(s.net, node, SOURCE, flag));
    return;
  }
  const ask = (): void => {
    const acknowledged = state.net.availability(node, flag).length > 0;
    add('ask', think({ asked: { acknowledged, connected: state.net.connected(0, 1) } }));
  };
  // The peer's folder first, then the further states: a file on its way from one to the other is not missed.
  const look = (): void => {
    if (mind.rival === null) add('look', think({ rival: disk.has(FLAGS[1 - node]!) }));
    else add('look further', think({ wentOn: disk.has(OFFERED) }));
  };
  const [first, second] = bounds.look === 'after-ack' ? [ask, look] : [look, ask];
  const done = bounds.look === 'after-ack' ? mind.asked !== null : mind.wentOn !== null;
  if (!done) return first();
  if (mind.asked === null || mind.rival === null || mind.wentOn === null) return second();
  const { asked, rival, wentOn } = mind;
  const decision = step({
    me: AGENTS[node],
    mine,
    acknowledged: asked.acknowledged,
    // A lie when the look came first: that is the bug this order stands for.
    lookedAfterAck: asked.acknowledged,
    rival,
    wentOn,
    peerConnected: asked.connected,
    shared: true,
  });
  switch (decision) {
    case 'proceed':
    case 'proceed_apart':
      return add(decision, think({ end: decision }));
    case 'wait':
      return add('wait', think({ asked: null, rival: null, wentOn: null }));
    case 'withdraw':
      return add('withdraw', (s) => {
        rename(s.net, node, flag, `Conflicts/x of ${AGENTS[node]}`);
        s.minds[node] = { ...s.minds[node], asked: null, rival: null, wentOn: null };
      });
    case 'gone':
  }
}

/** Drafted: the note goes on to the user, or aside when a card of the task is there already. */
function finishMoves(state: State, node: 0 | 1, add: (name: string, apply: Move['apply']) => void): void {
  const { disk } = state.net.node(node);
  if (!disk.has(FLAGS[node])) return;
  const to = disk.has(OFFERED) ? `Conflicts/x of ${AGENTS[node]}` : OFFERED;
  add('offer', (s) => rename(s.net, node, FLAGS[node], to));
}

function rename(net: Network, node: number, from: string, to: string): void {
  const { disk } = net.node(node);
  const file = disk.get(from);
  if (!file) return;
  disk.delete(from);
  disk.set(to, file);
}

function unscanned(state: State, node: number): boolean {
  const { disk, db } = state.net.node(node);
  for (const path of disk.keys()) if (db.get(path)?.deleted !== false) return true;
  for (const info of db.values()) if (!info.deleted && !disk.has(info.path)) return true;
  return false;
}

const infoWords = new WeakMap<FileInfo, string>();
const netWords = new WeakMap<Network, string>();

function wordsOf(info: FileInfo): string {
  let words = infoWords.get(info);
  if (words === undefined) {
    words = `${info.path}${info.deleted ? '-' : '+'}${info.version.join('.')}`;
    infoWords.set(info, words);
  }
  return words;
}

/** The same for states that behave the same: sequence numbers count only relative to what was sent. */
function keyOf(state: Draft): string {
  let words = netWords.get(state.net);
  if (words === undefined) {
    words = createHash('sha256').update(netKey(state.net)).digest('base64').slice(0, 24);
    netWords.set(state.net, words);
  }
  const minds = state.minds.map(
    (m) => `${m.crashes}${m.end ?? ''}${String(m.rival)}${String(m.wentOn)}${word(m.asked)}`,
  );
  return `${words}#${minds.join('#')}#${state.partitions}`;
}

function word(asked: Mind['asked']): string {
  return asked === null ? '' : `${Number(asked.acknowledged)}${Number(asked.connected)}`;
}

function netKey(net: Network): string {
  const parts: string[] = [String(net.connected(0, 1))];
  for (const r of net.replicas) {
    parts.push([...r.disk.keys()].sort().join(), [...r.db.values()].map(wordsOf).sort().join());
    for (const infos of r.known) parts.push([...infos.values()].map(wordsOf).sort().join());
    if (r.current) parts.push(`${r.current.path} ${r.current.kind} ${r.current.step}`);
    parts.push(r.queue.join(), r.deletions.join());
  }
  for (const { from, to, sent, received, inFlight } of net.links) {
    const unsent = (after: number): string =>
      net.node(from).entriesAfter(after, to).infos.map(wordsOf).join();
    parts.push(unsent(sent), unsent(received));
    for (const batch of inFlight) parts.push(batch.infos.map(wordsOf).join());
  }
  return parts.join('|');
}

interface Node {
  readonly from: number;
  readonly by: string;
  /** Predecessors that lead here without a fault. */
  readonly before: number[];
  readonly goal: boolean;
}

function isOffered({ net }: Draft): boolean {
  return net.replicas.some((replica) => replica.disk.has(OFFERED));
}

/** Nothing that comes can contradict what was decided: the other has no claim and nothing to claim. */
function isDecided({ net, minds }: State): boolean {
  return ([0, 1] as const).some((node) => {
    const other = node === 0 ? 1 : 0;
    if (minds[node].end === null) return false;
    const { disk } = net.node(other);
    return minds[other].end !== null || (!disk.has(FLAGS[other]) && !disk.has(SOURCE));
  });
}

/** Breadth first over every reachable state. */
export function searchClaims(step: Step, bounds: ClaimBounds): ClaimReport {
  const first = start();
  const nodes: Node[] = [{ from: -1, by: 'start', before: [], goal: false }];
  /** Forgotten once their moves were made: half a million of them would not fit. */
  const open: (State | null)[] = [first];
  const index = new Map([[keyOf({ ...first, minds: [...first.minds] }), 0]]);
  const unsafe: string[] = [];
  const ends: Record<string, number> = {};
  let made = 0;
  for (let at = 0; at < nodes.length && !(bounds.firstFault === true && unsafe.length > 0); at++) {
    const state = open[at];
    open[at] = null;
    if (!state || isDecided(state)) continue;
    for (const move of moves(state, step, bounds)) {
      made += 1;
      const net = move.mindOnly ? state.net : state.net.clone();
      const draft: Draft = { net, minds: [...state.minds], partitions: state.partitions };
      move.apply(draft);
      const key = keyOf(draft);
      let next = index.get(key);
      if (next === undefined) {
        next = nodes.length;
        index.set(key, next);
        open.push(draft);
        const [cloud, laptop] = draft.minds;
        const both = cloud.end !== null && laptop.end !== null;
        nodes.push({
          from: at,
          by: move.name,
          before: [],
          goal: cloud.end !== null || laptop.end !== null || isOffered(draft),
        });
        const word = `${cloud.end ?? '-'} / ${laptop.end ?? '-'}`;
        ends[word] = (ends[word] ?? 0) + 1;
        // Apart nothing can be settled (design, Claim 3): only two settled claims contradict each other.
        if (both && cloud.end === laptop.end && cloud.end === 'proceed') unsafe.push(pathTo(nodes, next));
      }
      if (!move.fault) nodes[next]!.before.push(at);
    }
  }
  return { states: nodes.length, moves: made, unsafe, stuck: stuckStates(nodes), ends };
}

/** Backwards from the states in which somebody drafts: what is not met can never get there. */
function stuckStates(nodes: readonly Node[]): string[] {
  const reaches = new Uint8Array(nodes.length);
  const queue: number[] = [];
  for (const [at, node] of nodes.entries()) if (node.goal) queue.push(at);
  for (const at of queue) reaches[at] = 1;
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const before of nodes[at]!.before) {
      if (reaches[before] === 1) continue;
      reaches[before] = 1;
      queue.push(before);
    }
  }
  return nodes.flatMap((_, at) => (reaches[at] === 1 ? [] : [pathTo(nodes, at)])).slice(0, 5);
}

function pathTo(nodes: readonly Node[], at: number): string {
  const path: string[] = [];
  for (let here = at; here > 0; here = nodes[here]!.from) path.push(nodes[here]!.by);
  return path.reverse().join(' > ');
}
