import type * as Copies from './copies.js';

const KEY = Symbol.for('scalr-queue.copies');
const world = globalThis as { [KEY]?: unknown };

/** One copy of the package, of so many in a process: each has loaded this file for itself. */
async function load(): Promise<typeof Copies> {
  vi.resetModules();
  return import('./copies.js');
}

class Jobs {}
class TheirJobs {}
class TheirQueues {}
for (const theirs of [TheirJobs, TheirQueues])
  Object.defineProperty(theirs, 'name', { value: theirs.name.slice('Their'.length) });

describe('the copies of the package in a process', () => {
  let before: unknown;
  beforeEach(() => {
    before = world[KEY];
    delete world[KEY];
  });
  afterEach(() => {
    Object.defineProperty(globalThis, KEY, { value: before, configurable: true });
    vi.resetModules();
  });

  it('are one, most often, of which nothing is said', async () => {
    const copies = await load();
    expect(copies.severalCopies()).toBeUndefined();
    const own = copies.registerCopy([Jobs]);
    expect(copies.severalCopies()).toBeUndefined();
    expect(copies.aliasesFor(own)).toEqual([]);
  });

  it('know each other, and where they are', async () => {
    const [ours, theirs] = [await load(), await load()];
    ours.registerCopy([Jobs]);
    theirs.registerCopy([TheirJobs]);
    for (const copies of [ours, theirs])
      expect(copies.severalCopies()).toMatch(/^\S+scalr-queue\/src and \S+scalr-queue\/src$/);
  });

  it('have their services answered for by those of the same name', async () => {
    const [ours, theirs] = [await load(), await load()];
    const own = ours.registerCopy([Jobs]);
    const other = theirs.registerCopy([TheirJobs, TheirQueues]);
    expect(ours.aliasesFor(own)).toEqual([{ provide: TheirJobs, useExisting: Jobs }]);
    expect(theirs.aliasesFor(other)).toEqual([{ provide: Jobs, useExisting: TheirJobs }]);
  });
});
