import { Trail, type TrailSink } from './trail.js';

/** A trail whose writes are noted, each with the time, and end when they are told to, or at once. */
function start({ held = false } = {}) {
  vi.useFakeTimers({ now: 0, toFake: ['performance', 'setTimeout', 'clearTimeout', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const writes: [at: number, kind: string, what?: unknown][] = [];
  const ends: (() => void)[] = [];
  const begunAt = performance.now();
  const note = (kind: string, what?: unknown) => {
    writes.push([performance.now() - begunAt, kind, what]);
    return held ? new Promise<void>((resolve) => void ends.push(resolve)) : Promise.resolve();
  };
  const sink: TrailSink = {
    progress: (value) => note('progress', value),
    log: (lines) => note('log', lines),
    ignored: () => void note('ignored'),
  };
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  return { trail: new Trail(sink), writes, ends, pass };
}

describe('the trail of an attempt', () => {
  it('is written at once, and then five times a second at most, with the latest progress', async () => {
    const { trail, writes, pass } = start();
    for (let percent = 0; percent < 10; percent++) {
      void trail.progress(percent);
      await pass(100);
    }
    expect(writes).toEqual([
      [0, 'progress', 0],
      [200, 'progress', 1],
      [400, 'progress', 3],
      [600, 'progress', 5],
      [800, 'progress', 7],
      [1_000, 'progress', 9],
    ]);
    await pass(1_000);
    expect(writes).toHaveLength(6);
  });

  it('is written at once after a calm time', async () => {
    const { trail, writes, pass } = start();
    void trail.log('first');
    await pass(200);
    void trail.log('second');
    expect(writes).toEqual([
      [0, 'log', ['first']],
      [200, 'log', ['second']],
    ]);
  });

  it('is written for a handler that computes, and leaves no timer a turn', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const written: unknown[] = [];
    const progress = async (value: unknown) => void written.push(value);
    const trail = new Trail({ progress, log: progress, ignored: () => undefined });
    for (let percent = 0; percent < 5; percent++) {
      await trail.progress(percent);
      vi.advanceTimersByTime(150);
    }
    expect(written).toEqual([0, 2, 4]);
  });

  it('has one write on its way at a time, however long that takes', async () => {
    const { trail, writes, ends, pass } = start({ held: true });
    void trail.progress(1);
    await pass(1_000);
    void trail.progress(2);
    void trail.log('meanwhile');
    await pass(1_000);
    expect(writes).toEqual([[0, 'progress', 1]]);
    ends[0]!();
    await pass(400);
    expect(writes.slice(1).map(([, ...what]) => what)).toEqual([
      ['progress', 2],
      ['log', ['meanwhile']],
    ]);
  });

  it('is written to the end when the attempt ends, and takes nothing any more', async () => {
    const { trail, writes, pass } = start();
    void trail.log('first');
    void trail.log('second');
    void trail.progress({ page: 2 });
    await trail.end();
    expect(writes.slice(1)).toEqual([
      [0, 'progress', { page: 2 }],
      [0, 'log', ['second']],
    ]);
    await Promise.all([trail.log('late'), trail.progress(100)]);
    await pass(1_000);
    expect(writes).toHaveLength(3);
  });

  it('ends also while a write is on its way', async () => {
    const { trail, writes, ends } = start({ held: true });
    void trail.log('first');
    void trail.log('second');
    const ended = trail.end();
    expect(writes.map(([, , lines]) => lines)).toEqual([['first'], ['second']]);
    for (const end of ends) end();
    await ended;
  });

  it('does not fail the attempt when it cannot be written, and goes on', async () => {
    const log = vi.fn<TrailSink['log']>(() => Promise.reject(new Error('Redis is away')));
    const trail = new Trail({
      progress: () => Promise.reject(new Error('away')),
      log,
      ignored: () => undefined,
    });
    await trail.log('lost');
    await trail.progress(5);
    await trail.log('last');
    await trail.end();
    expect(log.mock.calls).toEqual([[['lost']], [['last']]]);
  });
});

describe('the lines of a trail', () => {
  it('are as many as are kept with a job; of more the last ones are, and a line counts the others', async () => {
    const { trail, writes } = start();
    void trail.log('first');
    for (let n = 1; n <= 100; n++) void trail.log(n);
    await trail.end();
    expect(writes[1]![2]).toEqual(Array.from({ length: 100 }, (_, n) => String(n + 1)));

    const other = start();
    void other.trail.log('first');
    for (let n = 1; n <= 101; n++) void other.trail.log(n);
    await other.trail.end();
    const lines = other.writes[1]![2] as string[];
    expect(lines).toHaveLength(100);
    expect(lines.slice(0, 2)).toEqual([
      '(1 line of ctx.log was dropped: there were too many at a time)',
      '3',
    ]);
    expect(lines.at(-1)).toBe('101');
  });

  it('say how many were dropped', async () => {
    const { trail, writes } = start();
    void trail.log('first');
    for (let n = 1; n <= 150; n++) void trail.log(n);
    await trail.end();
    expect((writes[1]![2] as string[])[0]).toBe(
      '(50 lines of ctx.log were dropped: there were too many at a time)',
    );
  });

  it.each<[string, unknown, string]>([
    ['text', 'as it is', 'as it is'],
    ['a number', 5, '5'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an object', { a: [1] }, '{"a":[1]}'],
    ['an error', new RangeError('too much'), 'RangeError: too much'],
    ['an error without words', new RangeError(), 'RangeError'],
    ['a large object', { text: 'x'.repeat(9_000) }, '[object Object]'],
    [
      'what has no text',
      Object.create(null, { a: { value: 1n, enumerable: true } }),
      'a value of type object',
    ],
    ['half of a character', 'a\ud800', 'a\ufffd'],
  ])('are made of %s', async (_kind, told, line) => {
    const { trail, writes } = start();
    await trail.log(told);
    expect(writes[0]![2]).toEqual([line]);
  });

  it('have 8,192 characters at most', async () => {
    const { trail, writes } = start();
    await trail.log('x'.repeat(10_000));
    expect((writes[0]![2] as string[])[0]).toHaveLength(8_192);
  });
});

describe('progress', () => {
  it.each<[unknown, unknown]>([
    [0, 0],
    [12.5, 12.5],
    [{ page: 2, of: undefined }, { page: 2 }],
    [['a'], ['a']],
  ])('may be %o', async (told, stored) => {
    const { trail, writes } = start();
    await trail.progress(told);
    expect(writes).toEqual([[0, 'progress', stored]]);
  });

  it.each([Number.NaN, Infinity, '50 %', undefined, null, true, new Date(), { text: 'x'.repeat(17_000) }])(
    'is ignored, and that is said, where it cannot be stored: %o',
    async (told) => {
      const { trail, writes } = start();
      await trail.progress(told);
      expect(writes).toEqual([[0, 'ignored', undefined]]);
    },
  );
});
