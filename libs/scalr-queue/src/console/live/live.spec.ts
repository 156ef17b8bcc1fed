import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { QueueUnavailableError } from '../../contract/errors/enqueue.errors.js';
import type { ActProgress } from '../acts.js';
import type { ConsoleSettings } from '../console.settings.js';
import type { ConsoleOverview } from '../console.source.js';
import type { Viewer } from '../router.js';
import { Live, type LiveLimits } from './live.js';

const SETTINGS: ConsoleSettings = { accounts: [], title: 'x', maxBytes: 1_024 };
const ALL: Viewer = { user: 'vera', role: 'view', payload: false };
const SHOP: Viewer = { ...ALL, user: 'sam', apps: ['shop'] };

const appOf = (app: string, waiting: number) => ({
  app,
  waiting,
  queues: [],
  running: 0,
  delayed: 0,
  dead: 0,
  oldestPendingAgeMs: 0,
  workers: 1,
  versions: [],
});

const overviewOf = (waiting: number, notes: string[] = []): ConsoleOverview => ({
  at: new Date(),
  server: {},
  problems: [],
  apps: [appOf('shop', waiting), appOf('mail', waiting)],
  notes,
});

interface Event {
  readonly event: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

/** A hub behind a real server, and what it reads: both can be changed while it runs. */
async function serve(limits: Partial<LiveLimits> = {}) {
  const world = {
    overview: (): ConsoleOverview | Promise<ConsoleOverview> => overviewOf(1),
    acts: [] as ActProgress[],
    looks: 0,
  };
  const source = {
    overview: () => {
      world.looks++;
      return Promise.resolve().then(() => world.overview());
    },
  };
  const live = new Live(source, { all: () => world.acts }, SETTINGS, { pause: 5, ...limits });
  const server = createServer((request, response) => {
    try {
      live.join(request.url === '/shop' ? SHOP : ALL, request, response);
    } catch (error) {
      response.statusCode = (error as { status: number }).status;
      response.end();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    live.close();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const open = async (path = '/', headers: Record<string, string> = {}) => {
    const request = get({ port, host: '127.0.0.1', path, headers, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => undefined);
    return { response, close: () => request.destroy() };
  };
  return { live, world, open };
}

/** The events of a viewer, one after the other. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<Event> {
  let text = '';
  response.setEncoding('utf8');
  for await (const part of response) {
    text += String(part);
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
      if (field('event'))
        yield { event: field('event'), id: field('id'), data: JSON.parse(field('data')) as Event['data'] };
    }
  }
}

async function nextOf(events: AsyncGenerator<Event>, ...kinds: string[]): Promise<Event> {
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error('the stream has ended');
    if (kinds.includes(value.event)) return value;
  }
}

it('tells the overview at once, then only what has changed', async () => {
  const { world, open } = await serve();
  const { response } = await open();
  expect(response.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
  });
  const events = eventsOf(response);
  expect(await nextOf(events, 'overview')).toMatchObject({
    data: { apps: [{ app: 'shop', waiting: 1 }, { app: 'mail' }] },
  });
  expect(await nextOf(events, 'acts')).toMatchObject({ data: { acts: [] } });
  expect(await nextOf(events, 'same', 'overview', 'acts')).toMatchObject({
    event: 'same',
    data: { at: expect.any(String) },
  });
  world.overview = () => overviewOf(2);
  expect(await nextOf(events, 'overview', 'acts')).toMatchObject({
    event: 'overview',
    data: { apps: [{ waiting: 2 }, { waiting: 2 }] },
  });
  const act = {
    id: '1',
    act: 'retry',
    app: 'mail',
    by: 'ada',
    state: 'running',
    matched: 9,
    done: 3,
  } as const;
  world.acts = [act];
  expect(await nextOf(events, 'overview', 'acts')).toMatchObject({ event: 'acts', data: { acts: [act] } });
});

it('tells nobody of apps that they may not see', async () => {
  const { world, open } = await serve();
  world.acts = [{ id: '1', act: 'retry', app: 'mail', by: 'ada', state: 'running', matched: 9, done: 3 }];
  const events = eventsOf((await open('/shop')).response);
  expect((await nextOf(events, 'overview')).data['apps']).toMatchObject([{ app: 'shop' }]);
  expect((await nextOf(events, 'acts')).data).toEqual({ acts: [] });
});

it('tells one who has lost the connection only what is new since', async () => {
  const { world, open } = await serve();
  const first = await open();
  await nextOf(eventsOf(first.response), 'acts');
  const keeper = eventsOf((await open()).response);
  const { id } = await nextOf(keeper, 'acts');
  const back = eventsOf((await open('/', { 'last-event-id': id })).response);
  expect((await nextOf(back, 'overview', 'acts', 'same')).event).toBe('same');
  world.overview = () => overviewOf(7);
  expect((await nextOf(back, 'overview', 'acts')).data).toMatchObject({ apps: [{ waiting: 7 }, {}] });
  // Of another process, or none at all.
  for (const other of [`deadbeef-1`, `${id.split('-')[0]}-999`, 'x'])
    expect(
      (await nextOf(eventsOf((await open('/', { 'last-event-id': other })).response), 'overview', 'same'))
        .event,
    ).toBe('overview');
});

it('says why it knows nothing, and goes on', async () => {
  const { world, open } = await serve();
  world.overview = () => {
    throw new QueueUnavailableError('Redis at x is not reachable');
  };
  const events = eventsOf((await open()).response);
  expect((await nextOf(events, 'trouble')).data).toEqual({ message: 'Redis at x is not reachable' });
  world.overview = () => overviewOf(1);
  expect((await nextOf(events, 'overview')).data).toMatchObject({ apps: [{}, {}] });
});

it('looks once for all, and not at all without any', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { live, world, open } = await serve({ pause: 1_000 });
  const viewers = await Promise.all(Array.from({ length: 200 }, () => open()));
  const streams = viewers.map(({ response }) => eventsOf(response));
  await Promise.all(streams.map((events) => nextOf(events, 'overview')));
  expect([live.size, world.looks]).toEqual([200, 1]);
  for (let second = 1; second <= 3; second++) {
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all(streams.map((events) => nextOf(events, 'same')));
    expect(world.looks).toBe(1 + second);
  }
  for (const { close } of viewers) close();
  await expect.poll(() => live.size, { timeout: 30_000 }).toBe(0);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([world.looks, vi.getTimerCount()]).toEqual([4, 0]);
});

it('sends signs of life while a look takes long', async () => {
  const { world, open } = await serve({ heartbeat: 10 });
  let answer: ((value: ConsoleOverview) => void) | undefined;
  world.overview = () => new Promise<ConsoleOverview>((resolve) => (answer = resolve));
  const { response } = await open();
  const [part] = (await once(response, 'data')) as [Buffer];
  expect(part.toString()).toBe(':\n\n');
  answer?.(overviewOf(1));
});

it('drops one that does not read, and holds no more than a beat for it', async () => {
  const { live, world, open } = await serve({ heartbeat: 30, patience: 200 });
  let number = 0;
  world.overview = () => overviewOf(number++, ['x'.repeat(1_000_000)]);
  const slow = await open();
  slow.response.pause();
  const events = eventsOf((await open()).response);
  await nextOf(events, 'overview');
  expect(live.size).toBe(2);
  // The other one is told all the while.
  while (live.size > 1) await nextOf(events, 'overview');
  expect((await nextOf(events, 'overview')).data['notes']).toHaveLength(1);
});

it('lets only so many look on', async () => {
  const { open } = await serve({ viewers: 1 });
  expect((await open()).response.statusCode).toBe(200);
  expect((await open()).response.statusCode).toBe(503);
});
