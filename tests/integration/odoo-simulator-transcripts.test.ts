/** Every recorded answer of a real Odoo, held against the demo's: the same status, class of error, keys and types. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOT_PLAYED } from './odoo-transcripts/judged.ts';
import { type Player, startPlayer } from './odoo-transcripts/play.ts';
import { everyFolder, type Folder, FOLDERS, recorded } from './odoo-transcripts/recorded.ts';
import { answeredShape, recordedShape } from './odoo-transcripts/shape.ts';

const left = new Set(Object.values(NOT_PLAYED).flat());

describe('the recorded answers', () => {
  const all = FOLDERS.flatMap((folder) => recorded(folder)).map(({ id }) => id);

  it('are all looked at', () => {
    expect([...everyFolder()].sort()).toEqual([...FOLDERS].sort());
    expect(all.length).toBeGreaterThanOrEqual(454);
  });

  it('are played, but for those that are named with a reason; and these exist', () => {
    expect([...left].filter((id) => !all.includes(id))).toEqual([]);
    expect(left.size).toBeLessThan(all.length / 4);
  });
});

const played = (folder: Folder) => recorded(folder).filter(({ id }) => !left.has(id));

describe.each(FOLDERS.filter((folder) => played(folder).length > 0))('%s', (folder) => {
  let player: Player;
  beforeAll(async () => {
    player = await startPlayer(folder);
  });
  afterAll(() => player.server.stop());

  // In their order: one makes what the next asks for.
  it.each(played(folder))('$id', async (transcript) => {
    const like = recordedShape(transcript);
    expect(answeredShape(await player.play(transcript), like)).toEqual(like);
  });
});
