// @ts-check
import { parseArgs } from 'node:util';

export const usage = `npm run mutants                     a sample of every folder; fails when a score falls below its baseline
npm run mutants -- --folder NAME    one folder; may be given more than once
                   --update         write the scores as the new baseline
                   --sample N       mutants of a folder (20; the baseline holds for 20)
                   --seed TEXT      another sample (the baseline holds for "scalr")
                   --lanes N        how many at a time (2)
                   --fresh          look again at what every test file reaches`;
const STANDARD = { sample: '20', seed: 'scalr' };

/**
 * @typedef {object} Command
 * @property {string[]} folders    to run
 * @property {boolean} update
 * @property {number} size         of the sample of a folder
 * @property {string} seed
 * @property {number} lanes
 * @property {boolean} isStandard  whether the baseline holds for this sample
 * @property {boolean} fresh
 * @property {boolean} help
 */

/** @param {string[]} args @param {readonly string[]} existing folders @returns {Command} */
export function commandOf(args, existing) {
  const { values } = parseArgs({
    args,
    options: {
      folder: { type: 'string', multiple: true },
      update: { type: 'boolean', default: false },
      sample: { type: 'string', default: STANDARD.sample },
      seed: { type: 'string', default: STANDARD.seed },
      lanes: { type: 'string', default: '2' },
      fresh: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const unknown = (values.folder ?? []).filter((folder) => !existing.includes(folder));
  if (unknown.length > 0) throw new Error(`no folder "${unknown[0]}"; there are ${existing.join(', ')}`);
  const [size, lanes] = [Number(values.sample), Number(values.lanes)];
  for (const number of [size, lanes]) {
    if (!Number.isInteger(number) || number < 1)
      throw new Error('--sample and --lanes take a whole number from 1');
  }
  const isStandard = values.sample === STANDARD.sample && values.seed === STANDARD.seed;
  if (values.update && !isStandard) {
    throw new Error('the baseline holds for the standard sample: --update takes no --sample or --seed');
  }
  const { update, seed, fresh, help } = values;
  return { folders: values.folder ?? [...existing], update, size, seed, lanes, isStandard, fresh, help };
}
