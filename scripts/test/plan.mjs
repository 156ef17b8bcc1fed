// @ts-check

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {string} [script]   an npm script
 * @property {string} [types]    a tsconfig to check
 * @property {string} [project]  a vitest project
 * @property {string[]} [filters] test files of that project
 * @property {boolean} [decisive] nothing after it makes sense when it fails
 *
 * @typedef {object} Plan
 * @property {Step[]} steps
 * @property {boolean} needsRedis
 */

/** All but the last run with every `npm test`; it runs the quick half of the last. */
export const projects = ['unit', 'integration', 'e2e', 'faults-quick', 'soak', 'faults'];
const always = projects.filter((project) => project !== 'faults');
/** They run what was built. */
const ofTheBuild = ['e2e', 'faults-quick', 'soak', 'faults'];

export const usage = `npm test                                   everything
node scripts/test.mjs PART [FILTER...]     one part: ${projects.join(', ')}; only the test files
                                           whose path contains a FILTER

SCALR_REDIS_URL=redis://host:6379/0        use this Redis; otherwise one is started and removed`;

/** @type {Step} */
const build = { title: 'build', script: 'build', decisive: true };

/** @param {string[]} args @returns {Plan} */
export function planOf([part, ...filters]) {
  if (part === undefined) return { steps: everything(), needsRedis: true };
  if (!projects.includes(part)) throw new Error(`unknown part "${part}"\n\n${usage}`);

  const tests = { title: part, project: part, filters };
  return { steps: ofTheBuild.includes(part) ? [build, tests] : [tests], needsRedis: part !== 'unit' };
}

/** @returns {Step[]} */
function everything() {
  return [
    { title: 'format', script: 'format:check' },
    { title: 'lint', script: 'lint' },
    build,
    { title: 'types', script: 'typecheck' },
    { title: 'types of the scripts', types: 'scripts/tsconfig.json' },
    ...always.map((project) => ({ title: project, project })),
  ];
}
