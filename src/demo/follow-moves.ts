import { setTimeout as sleep } from 'node:timers/promises';
import type { Screen } from './screen.ts';
import { type SeenNote, seeNotes } from './vault-view.ts';

const EVERY_MS = 150;

/** What a folder means to the one who sees a note come into it. */
const MEANING: readonly (readonly [RegExp, string])[] = [
  [/^Approved$/, 'your yes; it may still be taken back'],
  [/^In_Progress\/local-agent$/, 'claimed: checked, sealed, carried out once'],
  [/^Done\//, 'done'],
  [/^Rejected$/, 'your no: nothing happens'],
  [/^Needs_Action\//, 'to be drafted again'],
  [/^In_Progress\/cloud-agent$/, 'being drafted'],
  [/^Pending_Approval\//, 'waits for you'],
  [/^Quarantine$/, 'could not be read; the reason lies beside it'],
];

/** From now on says which note moved where, while a person moves notes and the processes do. A move back and forth between two looks is not seen. */
export async function followMoves(vaultDir: string, screen: Screen): Promise<{ stop(): Promise<void> }> {
  const stopping = new AbortController();
  let before = placesOf(await seeNotes(vaultDir));
  const follow = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await sleep(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      const now = placesOf(await seeNotes(vaultDir));
      for (const [note, folder] of now) {
        const from = before.get(note);
        if (from === undefined || from === folder) continue;
        screen.item(folder, `${note}: ${MEANING.find(([name]) => name.test(folder))?.[1] ?? 'moved'}`);
      }
      // One that is between two folders at this moment is remembered where it was.
      before = new Map([...before, ...now]);
    }
  };
  const finished = follow();
  return {
    stop: async () => {
      stopping.abort();
      await finished;
    },
  };
}

/** Folder by what a note is called, without its id. */
function placesOf(notes: readonly SeenNote[]): Map<string, string> {
  return new Map(
    notes.map(({ name, folder }) => [name.replace(/(?: (?:em|od)-[0-9a-f]{16})?\.md$/, ''), folder]),
  );
}
