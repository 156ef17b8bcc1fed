// @ts-check
/** Rows of the matrix that this suite does not run itself, and why. */
export const notes = [
  {
    id: 68,
    name: 'seeded chaos soak of 90 s',
    requirement: '0 lost of 25,000 acknowledged; run twice 0.1 % at most; longest call 1.1 s',
    reason: 'not run yet: npm run soak',
  },
  {
    id: 70,
    name: 'an upgrade of BullMQ, old workers beside new producers',
    reason:
      'needs two releases of the engine at once; the version is pinned, and raised only with this suite green',
  },
].map((note) => ({ ...note, status: 'not run', note: note.reason }));
