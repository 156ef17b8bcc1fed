import { DeadLetterService, defineJob } from 'scalr-queue';
import { vi } from 'vitest';
import { startDashboard } from '../support/dashboard.js';
import { seedDead } from '../support/dead-jobs.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Mail = defineJob<object>('mail', { queue: 'post' });
const KIB = 1_024;

/** A dashboard over so many dead jobs. */
async function over(count: number, payload?: object, dashboard = {}) {
  const board = await startDashboard(dashboard);
  await board.queue.enqueue(Mail, {}, { delay: '1h' });
  await seedDead(sharedRedisUrl(), { app: board.app, queue: 'post', name: 'mail', count, payload });
  await eventually(async () => expect((await board.call('/queues/api/queues')).status).toBe(200));
  return { ...board, dead: board.web.get(DeadLetterService, { strict: false }) };
}

type Shown = { queues: { jobs: { data: unknown }[] }[] };
const PAGE = '/queues/api/queues?activeQueue=post&status=failed&jobsPerPage=100';

describe('a page of a hundred large jobs', () => {
  const items = Array.from({ length: 2_600 }, (_, id) => ({ id, name: `item ${id}`, password: 'hunter2' }));
  const large = { first: 'shown', credentials: { key: 'hunter2' }, items, last: 'not shown' };

  it('parses no more than it shows, and lets other work in between', async () => {
    expect(JSON.stringify(large).length).toBeGreaterThan(120 * KIB);
    const { call } = await over(100, large);
    const answer = await call(PAGE);
    let [longest, turns] = [0, 0];
    const parse = vi.spyOn(JSON, 'parse');
    const tick = () => (turns++, (next = setImmediate(tick)));
    let next = setImmediate(tick);
    expect((await call(PAGE)).status).toBe(200);
    clearImmediate(next);
    for (const [text] of parse.mock.calls) longest = Math.max(longest, text.length);
    parse.mockRestore();
    expect(longest).toBeLessThan(24 * KIB);
    expect(turns).toBeGreaterThan(100);
    const body = await answer.text();
    expect(body.length).toBeLessThan(2_000 * KIB);
    const { queues } = JSON.parse(body) as Shown;
    const [job] = queues[0]!.jobs;
    expect(queues[0]!.jobs).toHaveLength(100);
    expect(job!.data).toMatch(/^\{"first":"shown","credentials":"\[redacted\]".*in all$/);
    expect(body).not.toMatch(/hunter2|not shown/);
  });

  it('asks the hook of the app about whole payloads, one after the other', async () => {
    const redact = (payload: unknown) =>
      (payload as typeof large).last === 'not shown' ? { hidden: true } : payload;
    const { json } = await over(3, large, { redact });
    const { queues } = (await json(PAGE)) as unknown as Shown;
    expect(queues[0]!.jobs.map(({ data }) => data)).toEqual(
      Array.from({ length: 3 }, () => ({ hidden: true })),
    );
  });
});

describe('a click on all', () => {
  const all = (what: string) => `/queues/api/queues/post/${what}/failed`;

  it('retries all jobs to the oldest, and a second click joins the first', async () => {
    const { put, dead } = await over(2_300);
    const clicks = await Promise.all([put(all('retry')), put(all('retry'))]);
    for (const click of clicks) expect(await click.json()).toEqual({ retried: 2_300, skipped: 0 });
    expect(await dead.count()).toBe(0);
  });

  it('removes all jobs to the oldest', async () => {
    const { put, dead } = await over(2_300);
    expect((await put(all('clean'))).status).toBe(200);
    expect(await dead.count()).toBe(0);
  });

  it('is offered with the number of jobs', async () => {
    const { call } = await over(1);
    const page = await (await call('/queues')).text();
    const [, path] = /<script defer src="([^"]*counts\.js)"/.exec(page) ?? [];
    const script = await call(`/queues/${path}`);
    expect(script.headers.get('content-type')).toContain('javascript');
    expect(await script.text()).toContain('queueActions-');
    expect((await call(`/queues/${path}`, { as: null })).status).toBe(401);
  });
});
