// @ts-check
/** Rows of the matrix that no test of this suite does, and why. */
export const notes = [
  {
    id: 15,
    name: 'one-way loss of packets',
    reason: 'needs network namespaces; row 14 does the same to the sockets',
  },

  {
    id: 40,
    name: 'split brain',
    reason: 'not written yet; asynchronous replication can lose acknowledged writes',
  },
  {
    id: 48,
    name: 'async throw in an event listener',
    reason: 'does not apply: the library has no event listeners for app code',
  },
  { id: 56, name: 'processors imported in a web process', reason: 'tested in test/e2e/roles.e2e-spec.ts' },
  { id: 58, name: '20 replicas write schedules at once', reason: 'not written yet' },
  { id: 59, name: 'schedule removed or changed in code', reason: 'not written yet' },
  { id: 60, name: 'clock skew', reason: 'needs libfaketime' },
  { id: 61, name: 'change to and from daylight saving time', reason: 'needs libfaketime' },
  { id: 62, name: 'worker down over ten slots of a schedule', reason: 'not written yet' },
  {
    id: 63,
    name: 'wrong options',
    reason: 'refused at enqueue: test/integration/hostile-options.int-spec.ts',
  },
].map((note) => ({ ...note, status: 'not run', note: note.reason }));
