/** The user: moves and edits notes on the laptop and on the phone, as Obsidian does. */
import { moveFile, namesIn, writeFile } from './sim-vault.ts';
import { LAPTOP, nameOf, PHONE, type World } from './world.ts';

const PENDING = 'Pending_Approval/email';
const INBOX = 'Needs_Action/email';
const REPLY_ENDS = '\n## Feedback';
const FEEDBACK_ENDS = '\n## Original';

type Act = (user: User, path: string, name: string) => void;

interface User {
  readonly world: World;
  readonly node: number;
  readonly move: (from: string, to: string) => boolean;
  readonly write: (path: string, made: string, from: string) => void;
  readonly read: (path: string) => string;
  readonly mark: () => string;
}

const approve: Act = (user, path, name) => {
  const source = user.read(path);
  if (user.move(path, `Approved/${name}`)) user.world.saidYes(source);
};

const edit: Act = (user, path) => {
  const source = user.read(path);
  const made = source.replace(REPLY_ENDS, `\nWord ${user.mark()}.\n${REPLY_ENDS}`);
  user.world.counters.edits += 1;
  user.write(path, made, source);
  if (path.startsWith('Approved/')) user.world.saidYes(made);
};

const giveBack: Act = (user, path, name) => {
  const source = user.read(path);
  if (user.world.net.node(user.node).disk.has(`${INBOX}/${name}`)) return;
  user.write(path, source.replace(FEEDBACK_ENDS, `\nShorter, ${user.mark()}.\n${FEEDBACK_ENDS}`), source);
  if (user.move(path, `${INBOX}/${name}`)) user.world.counters.redrafts += 1;
};

const reject: Act = (user, path, name) => {
  if (user.move(path, `Rejected/${name}`)) user.world.counters.rejections += 1;
};

const undo: Act = (user, path, name) => {
  if (user.move(path, `${PENDING}/${name}`)) user.world.counters.undos += 1;
};

const editAndApprove: Act = (user, path, name) => {
  edit(user, path, name);
  approve(user, path, name);
};

/** What the user does with a note, by the folder it lies in; the likelier things more often. */
const HABITS: readonly { readonly folder: string; readonly acts: readonly Act[] }[] = [
  {
    folder: PENDING,
    acts: [approve, approve, approve, edit, editAndApprove, giveBack, reject],
  },
  { folder: 'Approved', acts: [undo, edit] },
  { folder: INBOX, acts: [edit] },
  { folder: 'Rejected', acts: [undo] },
];

export function userActs(world: World): void {
  const node = world.tape.next(3) === 2 ? PHONE : LAPTOP;
  const machine = world.machine(node, `user on the ${nameOf(node)}`, false);
  const disk = machine.disk();
  // Notes that wait for a draft are rarely touched.
  const habits = world.tape.next(6) === 5 ? HABITS : HABITS.filter(({ folder }) => folder !== INBOX);
  const lies = habits.flatMap(({ folder, acts }) =>
    namesIn(disk, folder)
      .filter((name) => name.endsWith('.md') && !name.includes('.sync-conflict-'))
      .map((name) => ({ path: `${folder}/${name}`, name, acts })),
  );
  const note = world.tape.pick(lies);
  const act = note && world.tape.pick(note.acts);
  if (!note || !act) return;
  act(
    {
      world,
      node,
      move: (from, to) => moveFile(machine, from, to),
      write: (path, made, from) => writeFile(machine, path, made, [from]),
      read: (path) => disk.get(path)?.text ?? '',
      mark: () => `${(world.serial += 1)} ${nameOf(node)}`,
    },
    note.path,
    note.name,
  );
}

/** Says yes to every card that waits on the laptop. */
export function approveAll(world: World): boolean {
  const machine = world.machine(LAPTOP, 'user on the laptop', false);
  const names = namesIn(machine.disk(), PENDING).filter((name) => name.endsWith('.md'));
  for (const name of names) {
    const path = `${PENDING}/${name}`;
    const source = machine.disk().get(path)?.text ?? '';
    if (moveFile(machine, path, `Approved/${name}`)) world.saidYes(source);
  }
  return names.length > 0;
}
