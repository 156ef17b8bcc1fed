// @ts-check
/** One measurement of one side, in a process of its own: `side-process.mjs SIDE MEASURE URL SCALE`. Its last line is the result. */
import { measures } from './measures.mjs';

const [side = '', measure = '', url = '', scale = '1'] = process.argv.slice(2);
const { open } = await import(`./sides/${side}.mjs`);
const measured = await measures[/** @type {keyof typeof measures} */ (measure)](
  await open(url),
  Number(scale),
);
console.log(JSON.stringify(measured ?? null));
process.exit();
