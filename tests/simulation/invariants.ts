/** What must hold once the links are up and nothing moves any more. */
import { isConflictCopy } from './file-info.ts';
import { CLOUD, LAPTOP, nameOf, PHONE, type World } from './world.ts';

export function checkAtRest(world: World): void {
  // Who owns the cloud can delete and double what travels; that nothing leaves was held at every effect.
  if (world.hostile) return;
  replicasAreEqual(world);
  oneStateEach(world);
  nothingIsLost(world);
  noLeftOvers(world);
}

function replicasAreEqual(world: World): void {
  for (const node of [CLOUD, PHONE]) {
    const mine = visible(world, LAPTOP, node);
    const theirs = visible(world, node, LAPTOP);
    const paths = [...new Set([...mine.keys(), ...theirs.keys()])];
    const differ = paths.filter((path) => mine.get(path) !== theirs.get(path));
    if (differ.length > 0) world.violate('P4', `laptop and ${nameOf(node)} differ in ${differ.join(', ')}`);
  }
}

function visible(world: World, node: number, peer: number): Map<string, string> {
  const replica = world.net.node(node);
  const files = [...replica.disk].filter(([path]) => replica.options.shares(path, peer));
  return new Map(files.map(([path, { text }]) => [path, text]));
}

/** P4 and P5: each task in exactly one state folder, the same everywhere. */
function oneStateEach(world: World): void {
  for (const id of world.ids) {
    const places = world.placesOf(LAPTOP, id);
    if (places.length === 1) continue;
    // Conflicts is a state folder too: two answers of the user that contradict each other may end there alone.
    const aside = [...world.net.node(LAPTOP).disk.keys()].some(
      (p) => p.includes(id) && p.startsWith('Conflicts/'),
    );
    if (places.length === 0 && aside) {
      world.counters.onlyInConflicts += 1;
      continue;
    }
    const words = `${id} lies in ${places.length === 0 ? 'no state folder' : places.join(' and ')}`;
    world.violate(places.length > 1 ? 'P5' : 'P4', words);
  }
}

/** Every version that lost is kept: in a folder of the vault, or in the laptop's versions. */
function nothingIsLost(world: World): void {
  const kept = world.net.replicas.flatMap((r) => [
    ...[...r.disk.values()].map((file) => file.text),
    ...r.archive.map((file) => file.text),
  ]);
  // What Syncthing itself destroys between its check and its rename nobody can keep, but only two devices of one
  // user may meet there: an agent and somebody else never write one path (design, Claim 7).
  const gaps = new Set(world.net.replicas.flatMap((r) => r.gapLosses.map((loss) => loss.text)));
  world.counters.gaps += gaps.size;
  const excused = [...gaps].filter((text) => world.lineage.writerOf(text).startsWith('user'));
  for (const text of world.lineage.lost([...kept, ...excused])) {
    world.violate('P4', `a version of ${world.lineage.writerOf(text)} is lost:\n${text}`);
  }
}

/** A conflict copy in a state folder is waiting for somebody; at rest nobody waits. */
function noLeftOvers(world: World): void {
  const copies = [...world.net.node(LAPTOP).disk.keys()].filter(
    (path) => isConflictCopy(path) && !path.startsWith('Conflicts/'),
  );
  if (copies.length > 0) world.violate('P4', `conflict copies are left: ${copies.join(', ')}`);
}
