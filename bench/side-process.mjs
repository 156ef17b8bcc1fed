// @ts-check
/**
 * One measurement of one side, in a process of its own: `side-process.mjs SIDE MEASURE URL SCALE DIRECT PID`. DIRECT is the store where URL
 * leads over a slow network, PID its process. The last line is the result.
 */
import { storeCpu } from './cpu.mjs';
import { measures } from './measures.mjs';

const [name = '', measure = '', url = '', scale = '1', direct = url, pid = ''] = process.argv.slice(2);
const { open } = await import(`./sides/${name}.mjs`);
const side = await open(url);
const measured = await measures[/** @type {keyof typeof measures} */ (measure)]({
  side,
  filler: direct === url ? side : await open(direct),
  scale: Number(scale),
  storeCpu: storeCpu(direct, Number(pid)),
});
console.log(JSON.stringify(measured ?? null));
process.exit();
