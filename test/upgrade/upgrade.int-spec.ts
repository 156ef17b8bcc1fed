import { resolve } from 'node:path';
import { uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { OldRelease } from './old.release.js';
import { type Run, VersionProcess } from './version.process.js';

const OLD = '0.1.0';
const SCRIPT = resolve(import.meta.dirname, 'apps/app.mjs');
const patience = { timeout: 20_000, interval: 50 };

/** Two versions of one application on the same Redis. */
async function versionsOf(release: OldRelease, lockDuration: string) {
  const runs: Run[] = [];
  const app = { name: uniqueApp(), lockDuration, runs };
  const oldScript = await release.place(SCRIPT);
  const started: VersionProcess[] = [];
  const start = async (script: string, version: string) => {
    const one = await VersionProcess.start(script, version, app);
    started.push(one);
    return one;
  };
  onTestFinished(async () => {
    await Promise.all(started.map((one) => one.kill()));
  });
  return {
    runs,
    runsOf: (id: string) => runs.filter((run) => run.id === id),
    old: () => start(oldScript, OLD),
    next: () => start(SCRIPT, 'next'),
  };
}

describe('from release 0.1.0', () => {
  let release: OldRelease;
  beforeAll(async () => {
    release = await OldRelease.unpack(OLD);
  });
  afterAll(() => release[Symbol.asyncDispose]());

  it('everything that is stored goes on', async () => {
    const { runs, runsOf, old, next } = await versionsOf(release, '2s');
    const [web, doomed, later] = await Promise.all([old(), old(), next()]);
    await doomed.work();

    const retrying = await web.enqueue('Act', { [OLD]: 'fail' });
    const dead = await web.enqueue('Act', { [OLD]: 'fail' }, { retry: false });
    const asked = await web.enqueue('Act', { [OLD]: 'hang', next: 'hang' });
    const orphan = await web.enqueue('Act', { [OLD]: 'hang' });
    const done = await web.enqueue('Act', {}, { id: 'done' });
    await eventually(async () => {
      expect((await web.jobs.get(dead.id))?.state).toBe('dead');
      expect((await web.jobs.get(done.id))?.state).toBe('completed');
      expect((await web.jobs.get(retrying.id))?.attempt).toBeGreaterThan(0);
      expect([runsOf(asked.id).length, runsOf(orphan.id).length]).toEqual([1, 1]);
      expect(runs.some(({ name }) => name === 'tick')).toBe(true);
    }, patience);
    await doomed.kill();
    // Nobody is there to answer it.
    expect(await web.jobs.cancel(asked.id)).toBe('cancelling');
    const waiting = await web.enqueue('Act', {});
    const urgent = await web.enqueue('Act', {}, { priority: 5 });
    const delayed = await web.enqueue('Act', {}, { delay: 500 });
    const called = await web.enqueue('Act', {}, { delay: '1h' });
    const unique = await web.enqueue('Solo', { account: 'a' });
    const windowed = await web.enqueue('Solo', {}, { unique: { key: 'day', for: '1h' } });
    const named = await web.enqueue('Act', {}, { id: 'chosen', delay: '1h' });
    await web.kill();

    expect(await later.enqueue('Solo', { account: 'a' })).toMatchObject({
      id: unique.id,
      status: 'duplicate',
    });
    expect(await later.enqueue('Act', {}, { id: named.id })).toMatchObject({ status: 'duplicate' });
    expect(await later.enqueue('Act', {}, { id: done.id })).toMatchObject({ status: 'duplicate' });
    expect(await later.dead.list()).toMatchObject({
      jobs: [{ id: dead.id, reason: 'attempts', error: { message: `${OLD} cannot do it` } }],
    });
    expect(await later.jobs.cancel(called.id)).toBe('cancelled');
    expect(await later.dead.retry(dead.id)).toMatchObject({ matched: 1, retried: 1 });
    const slotsBefore = runs.filter(({ name }) => name === 'tick').length;
    await later.work();

    await eventually(async () => {
      for (const { id } of [waiting, urgent, delayed, retrying, orphan, dead, unique, windowed]) {
        expect(await later.jobs.get(id)).toMatchObject({ id, state: 'completed', result: 'next' });
      }
      expect(await later.jobs.get(asked.id)).toMatchObject({ state: 'dead', reason: 'cancelled' });
      expect(await later.jobs.get(called.id)).toMatchObject({ state: 'dead', reason: 'cancelled' });
      expect(await later.jobs.get(named.id)).toMatchObject({ state: 'delayed' });
      expect(runs.filter(({ name }) => name === 'tick').length).toBeGreaterThan(slotsBefore);
    }, patience);
    expect(runsOf(waiting.id)).toHaveLength(1);
    // The run that its worker took along when it died used up no attempt.
    expect(runsOf(orphan.id).map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(runsOf(asked.id)).toHaveLength(1);
    expect(await later.jobs.get(retrying.id)).toMatchObject({ attempt: runsOf(retrying.id).length });
    // It is over, so its key is free; the window is not over, whatever became of its job.
    expect(await later.enqueue('Solo', { account: 'a' })).toMatchObject({ status: 'created' });
    expect(await later.enqueue('Solo', {}, { unique: { key: 'day', for: '1h' } })).toMatchObject({
      id: windowed.id,
      status: 'duplicate',
    });
  });

  it('both versions side by side lose nothing, and each sees and handles what the other one made', async () => {
    const { runs, runsOf, old, next } = await versionsOf(release, '10s');
    const [before, after] = await Promise.all([old(), next()]);
    await Promise.all([before.work(), after.work()]);

    const count = 40;
    const plain = await Promise.all(
      Array.from({ length: count }, async (_, n) => {
        const payload = n % 4 === 0 ? { [n % 8 === 0 ? OLD : 'next']: 'fail' } : {};
        return (n % 2 === 0 ? before : after).enqueue('Act', payload, n % 5 === 0 ? { delay: 100 } : {});
      }),
    );
    // Asked for by both at the same moment.
    const twice = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        Promise.all([before, after].map((one) => one.enqueue('Act', {}, { id: `order-${n}` }))),
      ),
    );
    for (const pair of twice)
      expect(pair.map(({ status }) => status).toSorted()).toEqual(['created', 'duplicate']);
    const held = { unique: { key: 'one' }, delay: '1h' } as const;
    const same = await Promise.all(
      [before, after, before, after].map((one) => one.enqueue('Solo', {}, held)),
    );
    expect(new Set(same.map(({ id }) => id)).size).toBe(1);
    const novel = await after.enqueue('Novel');

    const runningIn = async (version: typeof OLD | 'next') => {
      const other = version === OLD ? 'next' : OLD;
      // The other version gives it back until this one has it.
      const job = await before.enqueue('Act', { [version]: 'wait', [other]: 'fail' });
      await eventually(() => expect(runsOf(job.id).at(-1)).toMatchObject({ version }), patience);
      return job.id;
    };
    const [inOld, inNext] = [await runningIn(OLD), await runningIn('next')];
    expect(await after.jobs.cancel(inOld)).toBe('cancelling');
    expect(await before.jobs.cancel(inNext)).toBe('cancelling');
    await eventually(async () => {
      expect(await after.jobs.get(inOld)).toMatchObject({ state: 'dead', reason: 'cancelled' });
      expect(await before.jobs.get(inNext)).toMatchObject({ state: 'dead', reason: 'cancelled' });
    }, patience);

    const everybody = [...plain, ...twice.map(([one]) => one!)];
    await Promise.all(
      everybody.map(({ id }, n) => (n % 2 ? before : after).jobs.waitFor(id, { timeout: '20s' })),
    );
    await Promise.all([before.jobs.get(plain[0]!.id), after.jobs.get(plain[1]!.id)]).then((found) =>
      expect(found).toMatchObject([{ state: 'completed' }, { state: 'completed' }]),
    );
    const succeeded = everybody.map(({ id }) => runsOf(id));
    for (const attempts of succeeded) {
      // One run for each attempt: none is started a second time because of the other version.
      expect(attempts.map(({ attempt }) => attempt)).toEqual(attempts.map((_, n) => n + 1));
    }
    expect(new Set(runs.map(({ version }) => version))).toEqual(new Set([OLD, 'next']));

    // The old version goes in the middle of a job; the rest is done by the next one.
    const handedOn = await after.enqueue('Act', { [OLD]: 'hang', next: 'fail' });
    await eventually(() => expect(runsOf(handedOn.id).at(-1)).toMatchObject({ version: OLD }), patience);
    const attempts = runsOf(handedOn.id).length;
    await before.leave();
    await eventually(() => expect(runsOf(handedOn.id).length).toBeGreaterThan(attempts), patience);
    expect(runsOf(handedOn.id)[attempts]).toMatchObject({ version: 'next', attempt: attempts });
    expect(await after.jobs.waitFor(novel.id, { timeout: '20s' })).toBe('next');
    const slots = runs.filter(({ name }) => name === 'tick').map(({ slot }) => slot);
    expect(new Set(slots).size).toBe(slots.length);
    await eventually(
      async () =>
        expect(await after.queues.list()).toMatchObject([{ name: 'default', running: 0, workers: 1 }]),
      patience,
    );
  });
});
