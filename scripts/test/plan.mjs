// @ts-check

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {string} [script]   an npm script
 * @property {string} [types]    a tsconfig to check
 * @property {string[]} [projects] of vitest
 * @property {string[]} [filters] test files of those projects
 * @property {boolean} [decisive] nothing after it makes sense when it fails
 *
 * @typedef {Step[][]} Stage lanes that run side by side, each step of a lane after the one before
 *
 * @typedef {object} Plan
 * @property {Stage[]} stages  one after the other
 * @property {boolean} needsServers Redis and PostgreSQL
 */

/** All but the last run with every `npm test`; it runs the quick half of the last. */
const projects = ['unit', 'integration', 'e2e', 'package', 'faults-quick', 'soak', 'faults'];
/** They run what was built; of the integration tests those of threads and of other processes. */
const ofTheBuild = ['integration', 'e2e', 'package', 'faults-quick', 'soak', 'faults'];

export const usage = `npm test                                   everything
node scripts/test.mjs PART [FILTER...]     one part: ${projects.join(', ')}; only the test files
                                           whose path contains a FILTER

SCALR_REDIS_URL=redis://host:6379/0        use this Redis; otherwise one is started and removed
SCALR_POSTGRES_URL=postgres://…            the same for PostgreSQL
SCALR_TEST_STRICT=1                        fail for a skipped test that this machine could have run`;

/** @type {Step} */
const build = { title: 'build', script: 'build', decisive: true };

/** @param {string[]} args @returns {Plan} */
export function planOf([part, ...filters]) {
  if (part === undefined) return { stages: everything(), needsServers: true };
  if (!projects.includes(part)) throw new Error(`unknown part "${part}"\n\n${usage}`);

  const tests = { ...of(part), filters };
  return { stages: [[ofTheBuild.includes(part) ? [build, tests] : [tests]]], needsServers: part !== 'unit' };
}

/**
 * Integration tests mostly wait, and end-to-end tests for processes: others fill the time, and the checks of the sources the rest
 * of it. Faults and soak have the machine to themselves, for they look at the clock.
 *
 * @returns {Stage[]}
 */
function everything() {
  const format = { title: 'format', script: 'format:check' };
  const lint = { title: 'lint', script: 'lint' };
  const types = { title: 'types', script: 'typecheck' };
  const typesOfScripts = { title: 'types of the scripts', types: 'scripts/tsconfig.json' };
  return [
    [[build], [format]],
    [[of('e2e')], [of('package'), of('unit'), lint, types, typesOfScripts], [of('integration')]],
    [[of('faults-quick')]],
    [[of('soak')]],
  ];
}

/** @param {string} part @returns {Step} */
function of(part) {
  return { title: part, projects: part === 'integration' ? [part, 'integration-alone'] : [part] };
}
