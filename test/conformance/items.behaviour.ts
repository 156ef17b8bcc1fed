import { defineJob, type EachOptions, type EachSource, type JobContext } from 'scalr-queue';
import { appThat, fail, Work } from './acting.app.js';
import type { StartDriver } from './driver.js';

const ROWS = Array.from({ length: 7 }, (_row, at) => ({ id: `r${at + 1}` }));
type Row = (typeof ROWS)[number];

const after = (cursor: string | undefined, limit = Infinity): Row[] => {
  const from = cursor === undefined ? 0 : ROWS.findIndex(({ id }) => id === cursor) + 1;
  return ROWS.slice(from, from + limit);
};

async function* stream(cursor?: string): AsyncGenerator<Row> {
  for (const row of after(cursor)) yield await Promise.resolve(row);
}

const byId = { cursor: ({ id }: Row) => id };

const SOURCES: [string, EachSource<Row, never>, EachOptions<Row, never>?][] = [
  ['an array', ROWS],
  ['a function that gives all of them', () => ROWS],
  ['a function that gives all of them later', async () => new Set(ROWS)],
  ['pages by the cursor of their last item', async (cursor?: string) => after(cursor, 2), byId],
  ['a stream after a cursor', (cursor?: string) => stream(cursor), byId],
  [
    'pages that name the next one',
    (page: unknown) => {
      const at = Number(page ?? 0);
      return { items: ROWS.slice(at * 3, at * 3 + 3), next: at < 2 ? at + 1 : null };
    },
  ],
] as [string, EachSource<Row, unknown>, EachOptions<Row, unknown>?][] as never;

/** Lists that a job goes through, over retries. */
export function itemBehaviours(start: StartDriver) {
  /** A handler that does this with each item, and the items that it was given. */
  const listing = async (
    source: EachSource<Row, never>,
    options: EachOptions<Row, never> | undefined,
    act: (row: Row, context: JobContext) => unknown,
  ) => {
    const given: string[] = [];
    const app = await appThat(start, async (context) => {
      for await (const row of context.each<Row, never>('rows', source, options)) {
        given.push(row.id);
        await act(row, context);
      }
      return 'all';
    });
    return { ...app, given };
  };
  const ids = ROWS.map(({ id }) => id);

  describe('a list', () => {
    it.each(SOURCES)('of %s is gone through once, and says so', async (_what, source, options) => {
      const { queue, in: inState, given } = await listing(source, { ...options, total: 7 }, () => undefined);
      const info = await inState('completed', await queue.enqueue(Work, 'x'));
      expect(given).toEqual(ids);
      expect(info.result).toBe('all');
      expect(info.items).toEqual([
        expect.objectContaining({
          name: 'rows',
          done: 7,
          total: 7,
          left: 0,
          ended: true,
          at: expect.any(Date),
        }),
      ]);
    });

    it.each(SOURCES)('of %s goes on with the item that failed', async (_what, source, options) => {
      const {
        queue,
        in: inState,
        given,
      } = await listing(source, options, ({ id }, { attempt }) => {
        if (attempt < 3 && id === `r${attempt * 2}`) fail();
      });
      await inState('completed', await queue.enqueue(Work, 'x'));
      expect(given).toEqual(['r1', 'r2', 'r2', 'r3', 'r4', 'r4', 'r5', 'r6', 'r7']);
    });

    it('that is finished stays so in a later attempt', async () => {
      const given: string[] = [];
      const { queue, in: inState } = await appThat(start, async (context) => {
        for await (const { id } of context.each('rows', ROWS)) given.push(id);
        if (context.attempt === 1) fail();
        for await (const { id } of context.each('more', ROWS.slice(0, 1))) given.push(id);
      });
      const { items } = await inState('completed', await queue.enqueue(Work, 'x'));
      expect(given).toEqual([...ids, 'r1']);
      expect(items!.map(({ name, ended }) => [name, ended])).toEqual([
        ['more', true],
        ['rows', true],
      ]);
    });

    it('that is left is gone on with at the item in which it was left', async () => {
      const given: string[] = [];
      const { queue, in: inState } = await appThat(start, async (context) => {
        for (let round = 0; round < 2; round++) {
          for await (const { id } of context.each('rows', ROWS)) {
            given.push(id);
            if (round === 0 && id === 'r3') break;
          }
        }
      });
      await inState('completed', await queue.enqueue(Work, 'x'));
      expect(given).toEqual(['r1', 'r2', 'r3', 'r3', 'r4', 'r5', 'r6', 'r7']);
    });

    it('goes on where the time of its attempt was up', async () => {
      const Slow = defineJob<string>('slow', { timeout: 400, retry: { attempts: 3, delay: 20, jitter: 0 } });
      const given: string[] = [];
      const { queue, in: inState } = await appThat(
        start,
        async (context) => {
          for await (const { id } of context.each('rows', ROWS)) {
            given.push(id);
            if (id === 'r3' && context.attempt === 1) await new Promise(() => undefined);
          }
        },
        Slow,
      );
      await inState('completed', await queue.enqueue(Slow, 'x'));
      expect(given).toEqual(['r1', 'r2', 'r3', 'r3', 'r4', 'r5', 'r6', 'r7']);
    });

    it('is noted less often where that is asked for, and where the attempt ends', async () => {
      const {
        queue,
        in: inState,
        given,
      } = await listing(ROWS, { checkpointEvery: '1h' }, ({ id }, { attempt }) => {
        if (attempt === 1 && id === 'r5') fail();
      });
      await inState('completed', await queue.enqueue(Work, 'x'));
      expect(given).toEqual(['r1', 'r2', 'r3', 'r4', 'r5', 'r5', 'r6', 'r7']);
    });

    it.each<[string, (context: JobContext) => AsyncIterable<unknown>, RegExp]>([
      ['does not heed its cursor', (it) => it.each('rows', () => ROWS, byId), /gave again what it had given/],
      ['is a text', (it) => it.each('rows', 'text' as never), /source of ctx\.each\("rows"\) to be items/],
      ['gives nothing', (it) => it.each('rows', () => undefined as never), /to be items, or a function/],
      [
        'has a cursor that JSON cannot hold',
        (it) => it.each('rows', () => ROWS, { cursor: () => 1n }),
        /cursor of ctx/,
      ],
      ['has no name', (it) => it.each('', ROWS), /name of ctx\.each to be a string/],
      ['has a wrong total', (it) => it.each('rows', ROWS, { total: -1 }), /total of ctx\.each/],
    ])('is refused where its source %s', async (_what, list, message) => {
      const { queue, in: inState } = await appThat(start, async (context) => {
        for await (const _item of list(context));
      });
      const { error } = await inState('dead', await queue.enqueue(Work, 'x', { retry: false }));
      expect(error!.message).toMatch(message);
    });

    it('cannot be gone through twice at a time', async () => {
      const { queue, in: inState } = await appThat(start, async (context) => {
        for await (const _outer of context.each('rows', ROWS))
          for await (const _inner of context.each('rows', ROWS));
      });
      const { error } = await inState('dead', await queue.enqueue(Work, 'x', { retry: false }));
      expect(error!.message).toMatch(/each list needs a name of its own/);
    });
  });
}
