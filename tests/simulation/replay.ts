/** Tells what happens in one schedule: `npx tsx tests/simulation/replay.ts <seed>`. */
import { tapeOfSeed, told } from './search.ts';

const seed = Number(process.argv[2]);
if (!Number.isInteger(seed)) throw new Error('a seed is a whole number');
console.log(await told(seed, tapeOfSeed(seed)));
