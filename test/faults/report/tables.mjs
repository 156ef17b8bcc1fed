// @ts-check

/**
 * @typedef {object} Row
 * @property {number} id
 * @property {string} name
 * @property {string} [requirement]
 * @property {number} [acknowledged]
 * @property {number} [lost]
 * @property {number} [twice]
 * @property {number} [longestMs]
 * @property {number} [resumeMs]
 * @property {number} [seed]
 * @property {'pass' | 'fail' | 'not run'} status
 * @property {string} [note]
 */

/** Groups by the numbers of the rows. @type {readonly [title: string, ids: (id: number) => boolean][]} */
const GROUPS = [
  ['Redis is away', (id) => id < 8],
  ['Redis does not answer', (id) => id < 13],
  ['The network', (id) => id < 20],
  ['Passwords and permissions', (id) => id < 25],
  ['Redis refuses, or loses data', (id) => id < 38 || id === 78],
  ['Another Redis takes over', (id) => id < 41],
  ['Workers and handlers', (id) => id < 50 || id === 72 || id === 73],
  ['Processes end', (id) => id < 56],
  ['Deploys, schedules and clocks', (id) => id < 64],
  ['What is stored', (id) => id >= 74 && id <= 77],
  ['Crowds and limits', () => true],
];

const HEAD = `| # | fault | required | acknowledged | lost | twice | longest call | resumed | seed | outcome |
|--|--|--|--|--|--|--|--|--|--|`;

/** @param {readonly Row[]} rows in the order of their numbers */
export function tablesOf(rows) {
  let left = [...rows];
  return GROUPS.map(([title, holds]) => {
    const group = left.filter(({ id }) => holds(id));
    left = left.filter((row) => !group.includes(row));
    return group.length > 0 ? `## ${title}\n\n${HEAD}\n${group.map(tableRow).join('\n')}` : '';
  })
    .filter(Boolean)
    .join('\n\n');
}

/** @param {readonly Row[]} rows */
export function totalsOf(rows) {
  /** @param {Row['status']} status */
  const of = (status) => rows.filter((row) => row.status === status).length;
  /** @param {'acknowledged' | 'lost'} figure */
  const sum = (figure) => rows.reduce((total, row) => total + (row[figure] ?? 0), 0);
  const lostIn = rows.filter(({ lost }) => lost).map(({ id }) => id);
  const counts = { pass: of('pass'), fail: of('fail'), 'not run': of('not run') };
  return { ...counts, acknowledged: sum('acknowledged'), lost: sum('lost'), lostIn };
}

/** @param {number} value */
export const count = (value) => value.toLocaleString('en');

/** @param {number | undefined} value */
const ms = (value) => (value === undefined ? '' : `${count(value)} ms`);

/** @param {Row} row */
function tableRow({
  id,
  name,
  requirement,
  acknowledged,
  lost,
  twice,
  longestMs,
  resumeMs,
  seed,
  status,
  note,
}) {
  const cells = [
    [id, name, requirement, acknowledged === undefined ? '' : count(acknowledged), lost, twice],
    [ms(longestMs), ms(resumeMs), seed, `**${status}**${note ? `: ${note}` : ''}`],
  ].flat();
  return `| ${cells.map((cell) => String(cell ?? '').replaceAll('|', '\\|')).join(' | ')} |`;
}

/** The soak as a row of the matrix. @param {any} soak @returns {Row} */
export function rowOfSoak({ seed, minutes, acknowledged, lost, twice, twiceShare, longestMs, faults }) {
  const enough = acknowledged >= (25_000 / 1.5) * minutes;
  const passed = lost === 0 && twiceShare <= 0.001 && longestMs <= 1_100 * 1.5 && enough;
  return {
    id: 68,
    name: `seeded chaos: ${minutes} minutes, ${faults} faults in an order that the seed decides`,
    requirement: '25,000 acknowledged in 90 s, none lost, 0.1 % run twice at most, calls settle in 1.1 s',
    acknowledged,
    lost,
    twice,
    longestMs,
    seed,
    status: passed ? 'pass' : 'fail',
    note: 'see below',
  };
}

/** @param {any} soak */
export function soakSection({ seed, minutes, tally, acknowledged, lost, twice, twiceShare, ...rest }) {
  const kinds = Object.entries(tally).map(([fault, times]) => `${fault} ${times} times`);
  return `## The soak

${minutes} minutes of load from 2 producers on 3 workers, everything through a proxy, and one fault after the other: ${kinds.join(', ')}.
An unknown outcome is asked again with the same id until it is known, as callers are told to.

| acknowledged | lost | run twice | share | asked again | longest call | all done after |
|--|--|--|--|--|--|--|
| ${count(acknowledged)} | ${lost} | ${twice} | ${(twiceShare * 100).toFixed(3)} % | ${count(rest.unknown)} | ${ms(rest.longestMs)} | ${ms(rest.drainedMs)} |

Again: \`npm run build && npm run soak -- --seed ${seed} --minutes ${minutes}\`
`;
}
