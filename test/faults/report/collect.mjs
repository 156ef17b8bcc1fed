// @ts-check

/** @typedef {Record<string, any>} Result a line of `.run/faults` */

/**
 * The newest result of each row and the newest soak, all of one commit and one machine.
 *
 * @param {readonly Result[]} lines results of rows, oldest first
 * @param {Result | undefined} soak
 * @returns {{ rows: Result[], measured: Result }} `measured` tells of what and where
 */
export function collect(lines, soak) {
  const newest = new Map(lines.map((line) => [line.id, line]));
  const all = [...newest.values(), ...(soak ? [{ ...soak, id: 68 }] : [])];
  const [measured] = all;
  if (!measured)
    throw new Error('no results in .run/faults: run `npm run test:faults && npm run soak` first');
  refuseMixed(all);
  const rows = [...newest.values()].map((row) => {
    const failed = lines.filter(
      (line) =>
        line !== row && line.id === row.id && line.status === 'fail' && sourceOf(line) === sourceOf(row),
    ).length;
    const told = failed > 0 ? `failed ${failed} times before at this commit` : '';
    return { ...row, note: [row.note, told].filter(Boolean).join('; ') };
  });
  return { rows, measured };
}

/** @param {Result} line */
function sourceOf({ commit, dirty, machine }) {
  const changed = dirty ? ' with changes that are not committed' : '';
  return commit ? `${commit.slice(0, 12)}${changed} on ${machine}` : 'an unknown commit';
}

/** @param {readonly Result[]} results */
function refuseMixed(results) {
  const idsOf = new Map();
  for (const result of results) {
    const source = sourceOf(result);
    idsOf.set(source, [...(idsOf.get(source) ?? []), result.id]);
  }
  if (idsOf.size < 2) return;
  const list = [...idsOf].map(([source, ids]) => `  ${source}: rows ${ids.join(', ')}`);
  throw new Error(
    `the results are of different commits or machines; run all rows and the soak (row 68) of one:\n${list.join('\n')}`,
  );
}
